"""Encodes the events of gochat.v1 as JSON: one function for each event (docs/protocol.md).

Whole events are bytes, ready to be framed. Entries (`core.entry_json`) and members (`member_json`)
are text: one that many clients get is encoded once, then joined into the event for each. `answers`
is the ``id`` of the command that an event answers, None if it had none. Text is sent as UTF-8
without escapes, and without spaces between tokens. Pure; any thread.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring as _string
from typing import Any

from ..message import Author, RoomInfo, User
from ..refusals import Refusal

PROTOCOL = 1

#: Most bytes of JSON for the entries or rooms of one answer. Many clients accept no message above
#: 1 MiB (Python's `websockets` by default), and each answer is held in memory.
ANSWER_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The server's limits in `welcome`.

    `rate` is in messages a second, `history` in messages; `rooms` are joined at a time.
    """

    max_message_bytes: int
    max_text_chars: int
    rate: float
    burst: int
    history: int
    rooms: int


# --- Pieces -------------------------------------------------------------------------------------


def member_json(user: User, *, away: bool = False) -> str:
    """One member of a room as a JSON object, as ``members`` and ``presence`` list them."""
    flag = ',"away":true' if away else ""
    return f'{{"user":{_string(user.id)},"nick":{_string(user.nick)}{flag}}}'


def _answering(answers: str | None) -> str:
    return "" if answers is None else f',"id":{_string(answers)}'


def _list(pieces: Iterable[str]) -> str:
    return f"[{','.join(pieces)}]"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _event(kind: str, fields: Mapping[str, Any], answers: str | None = None) -> bytes:
    """A rare event, whose encoding need not be fast."""
    head = {"type": kind} if answers is None else {"type": kind, "id": answers}
    return _dump({**head, **fields}).encode()


# --- Answers ------------------------------------------------------------------------------------


def welcome(
    user: User,
    *,
    server: str,
    token: str,
    time: float,
    limits: Limits,
    ping_period: float,
    lobby: str,
    answers: str | None = None,
) -> bytes:
    """The answer to `hello`. `time` is seconds since 1970, `ping_period` seconds."""
    fields = {
        "protocol": PROTOCOL,
        "server": server,
        "user": user.id,
        "nick": user.nick,
        "token": token,
        "time": time,
        "limits": {name: getattr(limits, name) for name in Limits.__slots__},
        "ping_period": ping_period,
        "lobby": lobby,
    }
    return _event("welcome", fields, answers)


def joined(
    room: RoomInfo,
    *,
    epoch: str,
    members: str,
    member_count: int,
    entries: str,
    recovered: bool,
    more: bool,
    read: int,
    partial: bool = False,
    truncated: bool = False,
    answers: str | None = None,
) -> bytes:
    """The answer to `join`; `members` and `entries` are JSON objects, joined by commas."""
    part = (',"truncated":true' if truncated else "") + (',"partial":true' if partial else "")
    return (
        f'{{"type":"joined"{_answering(answers)},"room":{_string(room.room)},'
        f'"topic":{_string(room.topic)},"epoch":{_string(epoch)},"seq":{room.seq},'
        f'"recovered":{_flag(recovered)},"more":{_flag(more)},"read":{read}{part},'
        f'"member_count":{member_count},"members":[{members}],"entries":[{entries}]}}'
    ).encode()


def replay(room: str, entries: str, *, end: bool) -> bytes:
    """A further part of the history after a partial ``joined``; `entries` as there."""
    last = ',"end":true' if end else ""
    return f'{{"type":"replay","room":{_string(room)}{last},"entries":[{entries}]}}'.encode()


def history(
    room: str,
    entries: Iterable[str],
    *,
    more: bool,
    truncated: bool = False,
    answers: str | None = None,
) -> bytes:
    """The answer to `history`; `entries` are JSON objects, oldest first."""
    cut = ',"truncated":true' if truncated else ""
    return (
        f'{{"type":"history"{_answering(answers)},"room":{_string(room)},'
        f'"more":{_flag(more)}{cut},"entries":{_list(entries)}}}'
    ).encode()


def results(
    entries: Iterable[str],
    *,
    more: bool,
    complete: bool,
    place: str | None = None,
    answers: str | None = None,
) -> bytes:
    """The answer to `search`; `entries` are JSON objects, newest first.

    `place` is the cursor where the search continues, None if it is finished (`core.cursor`).
    """
    following = f',"next":{_string(place)}' if place is not None else ""
    return (
        f'{{"type":"results"{_answering(answers)},"more":{_flag(more)},'
        f'"complete":{_flag(complete)}{following},"entries":{_list(entries)}}}'
    ).encode()


def room_json(room: RoomInfo, member_count: int) -> str:
    """One room as a JSON object, as `rooms` lists them."""
    return (
        f'{{"room":{_string(room.room)},"topic":{_string(room.topic)},'
        f'"member_count":{member_count},"seq":{room.seq}}}'
    )


def fitting(pieces: Sequence[str]) -> tuple[Sequence[str], bool]:
    """The first `pieces` that fit into one answer, at least one; and whether these are all."""
    left = ANSWER_BYTES
    for index, piece in enumerate(pieces):
        left -= len(piece.encode()) + 1
        if left < 0 and index:
            return pieces[:index], False
    return pieces, True


def rooms(listed: Iterable[str], *, more: bool, answers: str | None = None) -> bytes:
    """The answer to `rooms`; `listed` are JSON objects."""
    return (
        f'{{"type":"rooms"{_answering(answers)},"more":{_flag(more)},"rooms":{_list(listed)}}}'
    ).encode()


def pong(fields: Mapping[str, Any], *, time: float) -> bytes:
    """The answer to `ping`, with its fields; `time` is seconds since 1970."""
    return _event("pong", {**fields, "type": "pong", "time": time})


def ok(*, answers: str | None = None) -> bytes:
    """The answer to a command that was done and has no other answer."""
    return _event("ok", {}, answers)


def error(refusal: Refusal) -> bytes:
    """The answer to a refused command."""
    fields: dict[str, Any] = {"code": refusal.code.value, "message": refusal.message}
    if refusal.retry_after is not None:
        fields["retry_after"] = refusal.retry_after
    if refusal.fatal:
        fields["fatal"] = True
    return _event("error", fields, refusal.answers)


# --- Notifications ------------------------------------------------------------------------------


def presence(room: str, *, joined: Iterable[str], left: Iterable[str], member_count: int) -> bytes:
    """Users who joined or left the room; `joined` are JSON objects, `left` user ids."""
    gone = _list(map(_string, left))
    return (
        f'{{"type":"presence","room":{_string(room)},"joined":{_list(joined)},"left":{gone},'
        f'"member_count":{member_count}}}'
    ).encode()


def typing(room: str, user: Author) -> bytes:
    """`user` is typing in `room`."""
    return _event("typing", {"room": room, "user": user.id, "nick": user.nick})


def read(room: str, seq: int) -> bytes:
    """The user has read `room` up to `seq`, on another connection."""
    return f'{{"type":"read","room":{_string(room)},"seq":{seq}}}'.encode()


def renamed(user: User, *, answers: str | None = None) -> bytes:
    """`user` has a new nick; only the connection that asked for it gets `answers`."""
    return _event("renamed", {"user": user.id, "nick": user.nick}, answers)
