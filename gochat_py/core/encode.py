"""Encodes the events of gochat.v1 as JSON: one function for each event (docs/protocol.md).

Whole events are bytes, ready to be framed. Entries and members are text (`entry_json`,
`member_json`): one that many clients get is encoded once, then joined into the event for each.
`answers` is the ``id`` of the command that an event answers, None if it had none. Text is sent as
UTF-8 without escapes, and without spaces between tokens. Pure; any thread.

An entry is joined from strings, not made by `json.dumps` of a dict: that takes less than half the
time (measured: 1.9 instead of 4.5 µs), and it is part of the latency of each message.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring as _string
from typing import Any

from ..message import Author, Entry, Kind, RoomInfo, User
from ..refusals import Refusal
from .text import one_line

PROTOCOL = 1

#: Most bytes of JSON for the entries or rooms of one answer. Many clients accept no message above
#: 1 MiB (Python's `websockets` by default), and each answer is held in memory.
ANSWER_BYTES = 256 * 1024

#: Most bytes of an entry's JSON apart from its strings: for every entry, with the longest numbers;
#: more for one that replies to or changes another entry; and more for the time of an edit.
_FIXED = 190
_REFERENCE = 30
_EDITED = 36

#: A time as JSON. Many messages have the same time, and to find its shortest digits takes 0.5 µs.
_number = lru_cache(maxsize=32)(float.__repr__)


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


def entry_json(entry: Entry, *, answers: str | None = None) -> str:
    """One entry as a JSON object: the live event, and an element of ``entries``.

    A message always has the id that its sender gave it. The other kinds have `answers` as their id,
    which only the connection that asked for the change may see.
    """
    number = f'"room":{_string(entry.room)},"seq":{entry.seq}'
    time = _number(entry.time)
    author = f'"user":{_string(entry.user)},"nick":{_string(entry.nick)},"time":{time}'
    if entry.kind is Kind.MESSAGE:
        own = f',"id":{_string(entry.id)}' if entry.id is not None else ""
        return f'{{"type":"message",{number}{own},{author}{_body(entry)}}}'
    target = f',"target":{entry.target}' if entry.target is not None else ""
    return (
        f'{{"type":"{entry.kind.value}"{_answering(answers)},{number}{target},{author}'
        f"{_change(entry)}}}"
    )


def weigh(entry: Entry) -> int:
    """The most bytes that `entry_json(entry)` can take; usually it takes about 80 less.

    It tells what fits into `ANSWER_BYTES` before anything is encoded. It costs 0.6 µs.
    """
    strings = f"{entry.room}{entry.user}{entry.nick}{entry.id or ''}{entry.emoji or ''}"
    size = _FIXED + _size(strings)
    if entry.text is not None:
        size += _size(entry.text)
    if entry.reply_to is not None or entry.target is not None:
        size += _REFERENCE
    if entry.edited is not None:
        size += _EDITED
    for emoji, users in entry.reactions.items():
        size += _size(emoji) + 4 + sum(map(_size, users)) + len(users)
    return size


def _size(string: str) -> int:
    """Bytes of a string as JSON in UTF-8, with its quotes."""
    if string.isprintable():  # then only quotes and backslashes are escaped
        size = len(string) if string.isascii() else len(string.encode())
        return size + string.count('"') + string.count("\\") + 2
    encoded = _string(string)
    return len(encoded) if encoded.isascii() else len(encoded.encode(errors="surrogatepass"))


def member_json(user: User, *, away: bool = False) -> str:
    """One member of a room as a JSON object, as ``members`` and ``presence`` list them."""
    flag = ',"away":true' if away else ""
    return f'{{"user":{_string(user.id)},"nick":{_string(user.nick)}{flag}}}'


def classic_line(entry: Entry, *, verbatim: bool) -> str | None:
    """The line that classic connections get for `entry`; None if they get nothing.

    A message is sent as ``nick: text``; a `verbatim` one came from a classic client and is sent as
    it is. Line breaks become `text.LINE_BREAK`: the text behind a line break would look like the
    message of another user. Only the newline that some clients (websocat) send at the end of a line
    is kept in a verbatim message.
    """
    if entry.kind is not Kind.MESSAGE or entry.text is None:
        return None
    if not verbatim:
        return f"{entry.nick}: {one_line(entry.text)}"
    line = entry.text.removesuffix("\n")
    return one_line(line) + entry.text[len(line) :]


def _body(entry: Entry) -> str:
    """The text of a message, and its state: edited, deleted, reactions."""
    text = f',"text":{_string(entry.text)}' if entry.text is not None else ""
    if entry.reply_to is not None:
        text += f',"reply_to":{entry.reply_to}'
    if entry.bot:
        text += ',"bot":true'
    if entry.edited is not None:
        text += f',"edited":{entry.edited}'
    if entry.deleted:
        text += ',"deleted":true'
    if entry.reactions:
        text += f',"reactions":{_dump(entry.reactions)}'
    return text


def _change(entry: Entry) -> str:
    """The change that other kinds make; an edit has no text if the message was deleted since."""
    change = f',"text":{_string(entry.text)}' if entry.text is not None else ""
    if entry.emoji is not None:
        change += f',"emoji":{_string(entry.emoji)},"on":{"true" if entry.on else "false"}'
    return change


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
