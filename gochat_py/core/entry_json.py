"""An entry as JSON: how it is written, how much it weighs, and how a message is read back.

`entry_json` is the form for clients and for the redo log. It is made once for each entry, then
joined into the events of all who receive it. `read_message` reads it back from the log of a killed
server. Pure; any thread.

An entry is joined from strings, not made by `json.dumps` of a dict: that takes less than half the
time (measured: 1.9 instead of 4.5 µs), and it is part of the latency of each message.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from json.encoder import encode_basestring as _string
from typing import Any

from ..message import Entry, Kind
from .names import check_room, room_key

#: Most bytes of an entry's JSON apart from its strings: for every entry, with the longest numbers;
#: more for one that replies to or changes another entry; and more for the time of an edit.
_FIXED = 190
_REFERENCE = 30
_EDITED = 36

#: A time as JSON. Many messages have the same time, and to find its shortest digits takes 0.5 µs.
_number = lru_cache(maxsize=32)(float.__repr__)

#: How `entry_json` begins for a message. Within a string, its quotes would be escaped.
BEGINNING = '{"type":"message"'

#: The fields of a message just written, and those that each one has. (A message that was edited,
#: deleted or reacted to has more; it is never in the redo log.)
FIELDS = frozenset({
    "type", "room", "seq", "id", "user", "nick", "time", "text", "reply_to", "bot",
})  # fmt: skip
NEEDED = frozenset({"type", "room", "seq", "user", "nick", "time", "text"})

#: The latest valid time, in seconds since 1970: in the year 5138.
LATEST = 1e11


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
    own = f',"id":{_string(answers)}' if answers is not None else ""
    target = f',"target":{entry.target}' if entry.target is not None else ""
    return f'{{"type":"{entry.kind.value}"{own},{number}{target},{author}{_change(entry)}}}'


def read_message(value: Any) -> Entry:
    """The message of which `value` is the parsed `entry_json`, as it was when it was written.

    Raises `ValueError` or `Refusal` if `entry_json` cannot have written it.
    """
    if not isinstance(value, dict) or not value.keys() <= FIELDS or not value.keys() >= NEEDED:
        raise ValueError("not the fields of a message")
    room, seq, time, reply_to = value["room"], value["seq"], value["time"], value.get("reply_to")
    strings = (room, value["user"], value["nick"], value["text"], value.get("id", ""))
    for string in strings:
        if not isinstance(string, str):
            raise ValueError("not a string")
        string.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError
    if value["type"] != "message" or check_room(room) != room or not value["user"]:
        raise ValueError("not a message")
    if not _is_seq(seq) or not (reply_to is None or (_is_seq(reply_to) and reply_to < seq)):
        raise ValueError("not a seq")
    if type(time) not in (int, float) or not 0 <= time < LATEST or not math.isfinite(time):
        raise ValueError("not a time")
    if type(value.get("bot", False)) is not bool:
        raise ValueError("not a truth value")
    return Entry(
        Kind.MESSAGE, room, room_key(room), seq, value["user"], value["nick"], float(time),
        value.get("id"), value["text"], reply_to, bot=value.get("bot", False),
    )  # fmt: skip


def weigh(entry: Entry) -> int:
    """The most bytes that `entry_json(entry)` can take; usually it takes about 80 less.

    It tells what fits into `encode.ANSWER_BYTES` before anything is encoded. It costs 0.6 µs.
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
        reactions = json.dumps(entry.reactions, ensure_ascii=False, separators=(",", ":"))
        text += f',"reactions":{reactions}'
    return text


def _change(entry: Entry) -> str:
    """The change that other kinds make; an edit has no text if the message was deleted since."""
    change = f',"text":{_string(entry.text)}' if entry.text is not None else ""
    if entry.emoji is not None:
        change += f',"emoji":{_string(entry.emoji)},"on":{"true" if entry.on else "false"}'
    return change


def _is_seq(value: Any) -> bool:
    return type(value) is int and value >= 1
