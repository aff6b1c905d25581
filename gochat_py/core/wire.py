"""Decodes the commands of gochat.v1: one JSON text in, one frozen command out.

`COMMANDS` is the whole grammar: the fields of each ``type``, and the rule for the value of each
field. `decode` returns a command, or raises a `Refusal` that names the field and has the command's
``id`` if that could be read. It raises nothing else for any text. Pure; any thread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

from ..message import Position
from ..refusals import Code, Refusal
from .commands import (
    Away,
    Command,
    Delete,
    Edit,
    Hello,
    History,
    Join,
    Leave,
    Nick,
    Ping,
    React,
    Read,
    Rooms,
    Search,
    Send,
    Topic,
    Typing,
)
from .cursor import read as read_cursor
from .emoji import emoji_form
from .names import check_nick, check_room
from .text import is_blank, wrong_with

SUBPROTOCOL = "gochat.v1"

MAX_ID = 64  #: characters of a command's id
MAX_TEXT = 4_000  #: characters of a message
MAX_TOPIC = 250  #: characters of a topic; it is shown in one line
MAX_QUERY = 200  #: characters of a search
MAX_EMOJI = 32  #: characters of a reaction; the longest emoji sequences have about a dozen
MAX_SECRET = 256  #: characters of a token or password
MAX_CLIENT = 200  #: characters of a client's name and version
MAX_PAGE = 200  #: entries in one answer

#: The greatest integer that every JSON parser represents exactly (RFC 8259, section 6).
MAX_SEQ = 2**53 - 1

#: Deepest nesting of objects and arrays. Python's JSON parser has its own limit, but in CPython
#: 3.13 it is too high for a thread with half a MiB of stack: 5,000 brackets crash the process. So
#: the depth is checked before parsing.
MAX_DEPTH = 32


#: Checks one value: returns it as the command holds it, or raises `Refusal` without an id.
Rule = Callable[[str, Any], Any]


#: One field of a command: its name on the wire and in the dataclass, its rule, if it is required.
Field = tuple[str, Rule, bool]

REQUIRED = True
OPTIONAL = False


# --- Rules --------------------------------------------------------------------------------------


def _bad(name: str, expected: str) -> NoReturn:
    raise Refusal(Code.BAD_FIELD, f'"{name}" must be {expected}.')


def _string(
    longest: int, *, lines: bool = False, empty: bool = False, of: str | None = None
) -> Rule:
    """A string of at most `longest` characters (code points), all of them allowed (`wrong_with`).

    If it is the text `of` a message, topic or reaction, it must not be blank; it may be empty if
    `empty` is true.
    """

    def rule(name: str, value: Any) -> str:
        if type(value) is not str:
            _bad(name, "a string")
        if len(value) > longest:
            raise Refusal(
                Code.TOO_LONG,
                f'"{name}" must be at most {longest:,} characters, not {len(value):,}.',
            )
        if not value and not empty:
            _bad(name, "at least one character long")
        if (wrong := wrong_with(value, lines=lines)) is not None:
            _bad(name, wrong)
        if of is not None and value and is_blank(value):
            raise Refusal(Code.BAD_FIELD, f'The {of} is blank: "{name}" has no visible character.')
        return value

    return rule


def _integer(low: int, high: int) -> Rule:
    """An integer from `low` to `high`; not a float, and not true, which is an int in Python."""

    def rule(name: str, value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            _bad(name, f"an integer from {low} to {high}")
        return value

    return rule


def _boolean(name: str, value: Any) -> bool:
    if type(value) is not bool:
        _bad(name, "true or false")
    return value


def _room(name: str, value: Any) -> str:
    if type(value) is not str:
        _bad(name, "a string")
    return check_room(value)


def _nick(name: str, value: Any) -> str:
    if type(value) is not str:
        _bad(name, "a string")
    return check_nick(value)


def _emoji(name: str, value: Any) -> str:
    emoji: str = _short(name, emoji_form(_short(name, value)))
    if any(map(str.isspace, emoji)):
        _bad(name, "without a space")
    return emoji


def _cursor(name: str, value: Any) -> str:
    if type(value) is not str:
        _bad(name, "a string")
    try:
        read_cursor(value)
    except ValueError:
        _bad(name, 'a value of "next" from an earlier "results"')
    return value


def _position(name: str, value: Any) -> Position:
    if type(value) is not dict:
        _bad(name, 'an object with "epoch" and "seq"')
    return Position(
        _identifier(f"{name}.epoch", value.get("epoch")), _from_0(f"{name}.seq", value.get("seq"))
    )


_identifier = _string(MAX_ID)
_secret = _string(MAX_SECRET)
_text = _string(MAX_TEXT, lines=True, of="message")
_from_0 = _integer(0, MAX_SEQ)
_seq = _integer(1, MAX_SEQ)
_short = _string(MAX_EMOJI, of="reaction")
_limit = _integer(1, MAX_PAGE)

# --- The grammar --------------------------------------------------------------------------------

_ID: Field = ("id", _identifier, OPTIONAL)
_ROOM: Field = ("room", _room, REQUIRED)
_SEQ: Field = ("seq", _seq, REQUIRED)
_BEFORE: Field = ("before", _seq, OPTIONAL)
_LIMIT: Field = ("limit", _limit, OPTIONAL)

#: For each type its command class and its fields. `ping` is missing: it may have any field.
COMMANDS: dict[str, tuple[type[Command], tuple[Field, ...]]] = {
    "hello": (
        Hello,
        (
            _ID,
            ("nick", _nick, REQUIRED),
            ("token", _secret, OPTIONAL),
            ("password", _secret, OPTIONAL),
            ("client", _string(MAX_CLIENT, empty=True), OPTIONAL),
        ),
    ),
    "join": (Join, (_ID, _ROOM, ("since", _position, OPTIONAL))),
    "leave": (Leave, (_ID, _ROOM)),
    "send": (
        Send,
        (
            ("id", _identifier, REQUIRED),
            _ROOM,
            ("text", _text, REQUIRED),
            ("reply_to", _seq, OPTIONAL),
        ),
    ),
    "edit": (Edit, (_ID, _ROOM, _SEQ, ("text", _text, REQUIRED))),
    "delete": (Delete, (_ID, _ROOM, _SEQ)),
    "react": (
        React,
        (_ID, _ROOM, _SEQ, ("emoji", _emoji, REQUIRED), ("on", _boolean, REQUIRED)),
    ),
    "typing": (Typing, (_ID, _ROOM)),
    "read": (Read, (_ID, _ROOM, ("seq", _from_0, REQUIRED))),
    "away": (Away, (_ID, ("away", _boolean, REQUIRED))),
    "history": (History, (_ID, _ROOM, _BEFORE, ("after", _from_0, OPTIONAL), _LIMIT)),
    "search": (
        Search,
        (
            _ID,
            ("query", _string(MAX_QUERY, empty=True), OPTIONAL),
            ("user", _identifier, OPTIONAL),
            ("room", _room, OPTIONAL),
            _BEFORE,
            ("next", _cursor, OPTIONAL),
            _LIMIT,
        ),
    ),
    "rooms": (Rooms, (_ID, ("after", _room, OPTIONAL), _LIMIT)),
    "topic": (Topic, (_ID, _ROOM, ("text", _string(MAX_TOPIC, empty=True, of="topic"), REQUIRED))),
    "nick": (Nick, (_ID, ("nick", _nick, REQUIRED))),
}

# --- Decoding -----------------------------------------------------------------------------------


def decode(text: str) -> Command:
    """The command encoded in `text`; raises `Refusal` and no other error, for any text.

    Unknown fields are ignored. An optional field that is null counts as absent. If a field occurs
    twice, the last one counts. These refusals never close the connection.
    """
    value = _parse(text)
    if type(value) is not dict:
        raise Refusal(Code.BAD_JSON, "A command must be one JSON object.")
    try:
        return _command(value)
    except Refusal as refusal:
        refusal.answers = _readable_id(value)
        raise


def _command(value: dict[str, Any]) -> Command:
    kind = value.get("type")
    if type(kind) is not str:
        _bad("type", "a string")
    if kind == "ping":
        return _ping(value)
    if kind not in COMMANDS:
        known = ", ".join(sorted([*COMMANDS, "ping"]))
        raise Refusal(Code.UNKNOWN_TYPE, f'"type" must be one of {known}.')
    make, fields = COMMANDS[kind]
    found: dict[str, Any] = {}
    for name, rule, required in fields:
        given = value.get(name)
        if given is not None:
            found[name] = rule(name, given)
        elif required:
            raise Refusal(Code.BAD_FIELD, f'"{name}" is missing.')
    command = make(**found)
    if make in _TOGETHER:
        _TOGETHER[make](command)
    return command


def _one_direction(command: History) -> None:
    if command.before is not None and command.after is not None:
        raise Refusal(Code.BAD_FIELD, '"before" and "after" cannot both be given.')


def _one_search(command: Search) -> None:
    if not command.query and command.user is None:
        raise Refusal(Code.BAD_FIELD, '"query" is missing; it may be left out with a "user".')
    if command.before is not None and command.room is None:
        raise Refusal(Code.BAD_FIELD, '"before" is the seq of one room; "room" is missing.')
    if command.before is not None and command.next is not None:
        raise Refusal(Code.BAD_FIELD, '"before" and "next" cannot both be given.')


#: Checks that concern several fields of a command.
_TOGETHER: dict[type[Command], Callable[[Any], None]] = {
    History: _one_direction,
    Search: _one_search,
}


def _ping(value: dict[str, Any]) -> Ping:
    """A ping with any fields that can be sent back as JSON in UTF-8."""
    given = value.get("id")
    identifier = None if given is None else _identifier("id", given)
    fields = {name: each for name, each in value.items() if name != "type"}
    try:
        json.dumps(fields, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:  # half of a surrogate pair; a number that became infinite, like 1e999
        raise Refusal(
            Code.BAD_FIELD,
            "A field of this ping has a number or string that cannot be sent back as JSON.",
        ) from None
    return Ping(fields, identifier)


def _readable_id(value: dict[str, Any]) -> str | None:
    try:
        return None if value.get("id") is None else str(_identifier("id", value["id"]))
    except Refusal:
        return None


def _parse(text: str) -> Any:
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise Refusal(Code.BAD_JSON, f"The JSON is nested more than {MAX_DEPTH} levels deep.")
    try:
        if text.startswith("{"):  # nearly always; this skips the search for spaces around it
            value, end = _DECODER.raw_decode(text)
            if end == len(text):
                return value
        return _DECODER.decode(text)
    except ValueError:  # also for integers with too many digits for Python, and _no_constant
        raise Refusal(Code.BAD_JSON, "This is not JSON.") from None


def _no_constant(name: str) -> NoReturn:
    """Refuse NaN, Infinity and -Infinity, which Python's parser accepts but JSON does not have."""
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)

#: A string, up to its end or to the end of the text; possessive, so that it never backtracks.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


def _depth(text: str) -> int:
    """The greatest nesting depth of objects and arrays; an upper bound if `text` is not JSON."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest
