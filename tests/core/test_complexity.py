"""Eight times as much text of a peer costs about eight times as much, and never 64 times.

Each function that takes a peer's text or bytes runs on its worst inputs, of two sizes. Seconds
would tell more of the machine than of the code, and Python's own counters see nothing of `re`,
`json`, `zlib` or `unicodedata`, where the quadratic steps were. So Valgrind counts instructions:
the same number on every run, whatever else the machine does. Without Valgrind this is skipped.
"""

from __future__ import annotations

import json
import unittest
import zlib
from collections.abc import Callable, Iterator

from wsproto.connection import SERVER
from wsproto.connection import Connection as Machine

from gochat_py.core import names, rendering, text, wire
from gochat_py.core.deflate import BoundedDeflate, read_offer
from gochat_py.core.entry_json import entry_json
from gochat_py.core.frames import Receiver
from gochat_py.core.origin import Authority, Origin, Proxies
from gochat_py.errors import GochatError
from gochat_py.http import requests
from gochat_py.http.responses import HttpProblem
from gochat_py.message import Entry, Kind
from tests.support import frames as client
from tests.support import instructions
from tests.support.case import TestCase

SMALL = 1_000
TIMES = 8
LIMIT = 10  #: times the instructions for `TIMES` times the input
PATIENCE = 300.0

#: Texts that are the worst for what looks at characters; each is repeated up to the size.
CHARACTERS = {
    "letters": "a",
    "ideographs": "聊",
    "marks out of order": "\u0301\u0316",
    "marks beyond the basic plane": "\U0001e944\U0001e948",
    "double marks": "\u0344",
    "marks just few enough": "a" + "\u0316\u0301" * 15,
    "suspicious runs": "a" + "\u0301" * 12,
    "letters made of one and marks": "ǘ",
    "ﷺ, of 18 letters": "\ufdfa",
    "jamo": "\u1100\u1161\u11a8",
    "line breaks": "\r\n",
    "controls": "\x1b",
    "tags": "\U000e0041",
    "flags": "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "flags without an end": "\U0001f3f4\U000e0067",
}

#: Texts that are the worst for what reads a grammar.
GRAMMAR = {
    "letters": "a",
    "brackets": "[",
    "braces": '{"a":',
    "quotes": '"',
    "backslashes": "\\",
    "digits": "9",
    "fractions": "1.",
    "spaces": " ",
    "commas": ",",
    "semicolons": ";",
    "colons": ":",
    "line breaks": "\r\n",
}

OF_CHARACTERS: dict[str, Callable[[str], object]] = {
    "wrong_with": lambda t: text.wrong_with(t, lines=True),
    "clean_line": text.clean_line,
    "cut_runs": text.cut_runs,
    "one_line": text.one_line,
    "is_blank, of what is blank": lambda t: text.is_blank(" \u200b\u0301" + t),
    "fold": text.fold,
    "is_blank": text.is_blank,
    "check_room": names.check_room,
    "check_nick": names.check_nick,
    "decode": lambda t: wire.decode(
        json.dumps({"type": "send", "room": "lobby", "id": "1", "text": t[:4_000]})
    ),
}

OF_GRAMMAR: dict[str, Callable[[str], object]] = {
    "decode": wire.decode,
    "decode, in a string": lambda t: wire.decode('{"type":"ping","x":"' + t + '"}'),
    "decode, in a list": lambda t: wire.decode('{"type":"ping","x":[' + t + "0]}"),
    "decode, in a fraction": lambda t: wire.decode('{"type":"ping","x":0.' + t + "1}"),
    "entry_json": lambda t: entry_json(_entry(t)),
    "classic_line": lambda t: rendering.classic_line(_entry(t), verbatim=False),
    "Authority.parse": Authority.parse,
    "Origin.parse": Origin.parse,
    "Proxies.client": lambda t: Proxies(["127.0.0.0/8"]).client("127.0.0.1", [t]),
    "read_offer": read_offer,
    "a request's target": lambda t: _head(f"GET /{t} HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a request's header": lambda t: _head(f"GET / HTTP/1.1\r\nHost: a\r\nX: {t}\r\n\r\n"),
}


def _entry(said: str) -> Entry:
    return Entry(Kind.MESSAGE, "lobby", "lobby", 1, "u1", "Ada", 1.0, text=said)


def _head(head: str) -> object:
    data = head.encode("utf-8", "replace")
    buffer = bytearray()
    at: int | None = None
    for start in range(0, len(data), 100):
        searched = len(buffer)
        buffer += data[start : start + 100]
        at = requests.end_of_head(buffer, searched)
    return requests.parse(data[:at]) if at else None


# --- What comes as bytes ------------------------------------------------------------------------


def _received(sent: bytes, step: int) -> Callable[[], object]:
    extension = BoundedDeflate(1 << 20)
    extension.accept("permessage-deflate")
    receiver = Receiver(Machine(SERVER, [extension]), 1 << 20)
    pieces = [sent[at : at + step] for at in range(0, len(sent), step)]
    return lambda: [receiver.receive(piece) for piece in pieces]


def _varied(size: int) -> bytes:
    return b"".join(b"%d" % number for number in range(10_000, 10_000 + size // 5))


def _many_last_blocks(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(b"") + packer.flush(zlib.Z_FINISH)) * (size // 2) + b"\0"


BYTES: dict[str, Callable[[int], Callable[[], object]]] = {
    "one message": lambda n: _received(client.text("a" * n), 4096),
    "one message, byte by byte": lambda n: _received(client.text("é" * (n // 2)), 1),
    "small messages": lambda n: _received(client.text("hello") * (n // 8), 1 << 20),
    "small messages, byte by byte": lambda n: _received(client.text("hello") * (n // 8), 1),
    "fragments": lambda n: _received(
        client.masked(0x01, b"a") + client.masked(0x00, b"a" * 16) * (n // 16), 4096
    ),
    "empty fragments": lambda n: _received(
        client.masked(0x01, b"") + client.masked(0x00, b"") * (n // 8), 4096
    ),
    "pings": lambda n: _received(client.masked(0x89, b"?") * (n // 8), 4096),
    "a deflated message": lambda n: _received(
        client.masked(0xC1, client.deflated(_varied(n))), 4096
    ),
    "a bomb": lambda n: _received(client.masked(0xC1, client.deflated(bytes(n * 100))), 4096),
    "a deflated message, byte by byte": lambda n: _received(
        client.masked(0xC1, client.deflated(_varied(n // 2))), 1
    ),
    "blocks marked as the last": lambda n: _received(
        client.masked(0xC1, _many_last_blocks(n)), 1 << 20
    ),
}


def cases() -> Iterator[tuple[str, Callable[[int], Callable[[], object]]]]:
    """What is measured: a name, and what makes a call for a size."""
    for functions, texts in ((OF_CHARACTERS, CHARACTERS), (OF_GRAMMAR, GRAMMAR)):
        for function, take in functions.items():
            for worst, unit in texts.items():
                yield f"{function}: {worst}", _taking(take, unit)
    for name, make in BYTES.items():
        yield f"Receiver: {name}", make


def _taking(take: Callable[[str], object], unit: str) -> Callable[[int], Callable[[], object]]:
    def make(size: int) -> Callable[[], object]:
        given = (unit * size)[:size]

        def call() -> None:
            try:
                take(given)
            except (GochatError, HttpProblem, ValueError):
                return

        return call

    return make


@unittest.skipUnless(
    instructions.available, "This test counts instructions with Valgrind, which is not installed."
)
class ComplexityTest(TestCase):
    def test_the_cost_of_text_work_is_linear(self):
        found = instructions.counts("tests.core.test_complexity", PATIENCE)
        named = [name for name, _ in cases()]
        for name, (small, large) in zip(named, found, strict=True):
            with self.subTest(name):
                self.assertLess(large, LIMIT * small)


def main() -> None:
    for _, make in cases():
        make(SMALL)()  # what is made at the first use is not counted
        instructions.measured(make(SMALL), make(SMALL * TIMES))


if __name__ == "__main__":
    main()
