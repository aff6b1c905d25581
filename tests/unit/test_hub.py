import zlib

from gochat_py.core import frames
from gochat_py.core.deflate import TAIL
from gochat_py.hub import JOIN, Broadcast, Hub, Register, Unregister
from tests.support.case import TestCase


class FakeConnection:
    """Takes what it is offered, until it is full."""

    def __init__(self, *, window_bits: int | None = None, room: int = 10**9) -> None:
        self.address = "test"
        self.window_bits = window_bits
        self.room = room
        self.offers: list[tuple[bytes, int]] = []
        self.closed_with: list[int] = []

    def offer(self, joined: bytes, count: int) -> bool:
        if len(self.offers) >= self.room:
            return False
        self.offers.append((joined, count))
        return True

    def close(self, code: int, reason: str = "") -> None:
        self.closed_with.append(code)

    @property
    def bytes(self) -> bytes:
        return b"".join(joined for joined, _ in self.offers)


def lines(*said: str) -> bytes:
    return b"".join(frames.text(line.encode()) for line in said)


class HubTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.hub = Hub(compress_from=100)

    def test_everyone_registered_gets_every_line_in_a_frame_of_its_own(self):
        a, b = FakeConnection(), FakeConnection()
        self.hub.handle([Register(a), Register(b), Broadcast(("1",)), Broadcast(("2", "3"))])
        self.assertEqual([c.bytes for c in (a, b)], [lines("1", "2", "3")] * 2)

    def test_lines_that_wait_together_are_handed_over_together(self):
        a = FakeConnection()
        self.hub.handle([Register(a), Broadcast(("1",)), Broadcast(("2",))])
        self.assertEqual(a.offers, [(lines("1", "2"), 2)])

    def test_a_line_reaches_only_those_registered_before_it(self):
        a, b = FakeConnection(), FakeConnection()
        self.hub.handle([Register(a), Broadcast(("1",)), Register(b), Broadcast(("2",)), Unregister(a), Broadcast(("3",))])
        self.assertEqual((a.bytes, b.bytes), (lines("1", "2"), lines("2", "3")))

    def test_unregistering_twice_does_no_harm(self):
        a, b = FakeConnection(), FakeConnection()
        self.hub.handle([Register(a), Register(b), Unregister(a), Unregister(a), Broadcast(("1",))])
        self.assertEqual((a.bytes, b.bytes), (b"", lines("1")))

    def test_a_connection_that_is_full_is_dropped_and_the_others_get_everything(self):
        full, well = FakeConnection(room=1), FakeConnection()
        self.hub.handle([Register(full), Register(well)])
        for line in ("1", "2", "3"):
            self.hub.handle([Broadcast((line,))])
        self.assertEqual(full.closed_with, [4008])
        self.assertEqual(full.bytes, lines("1"))
        self.assertEqual((well.bytes, well.closed_with), (lines("1", "2", "3"), []))
        self.hub.handle([Unregister(full)])

    def test_a_flood_is_handed_over_in_pieces(self):
        a = FakeConnection()
        said = tuple(str(number) for number in range(3 * JOIN + 1))
        self.hub.handle([Register(a), Broadcast(said)])
        self.assertEqual([count for _, count in a.offers], [JOIN, JOIN, JOIN, 1])
        self.assertEqual(a.bytes, lines(*said))

    def test_a_long_line_is_deflated_once_for_those_who_inflate(self):
        inflating = [FakeConnection(window_bits=15) for _ in range(3)]
        plain, narrow = FakeConnection(), FakeConnection(window_bits=10)
        long = "word " * 100
        self.hub.handle([Register(c) for c in (*inflating, plain, narrow)])
        self.hub.handle([Broadcast(("short", long))])
        self.assertEqual([c.bytes for c in (plain, narrow)], [lines("short", long)] * 2)
        first = inflating[0].offers[0][0]
        self.assertTrue(all(c.offers[0][0] is first for c in inflating))
        self.assertTrue(first.startswith(lines("short")))
        frame = first[len(lines("short")) :]
        self.assertEqual(frame[0], 0xC1)
        self.assertEqual(zlib.decompressobj(-15).decompress(frame[2:] + TAIL), long.encode())

    def test_short_lines_are_the_same_bytes_for_all(self):
        a, b = FakeConnection(window_bits=15), FakeConnection()
        self.hub.handle([Register(a), Register(b), Broadcast(("short",))])
        self.assertIs(a.offers[0][0], b.offers[0][0])

    def test_closing_the_inbox_gives_out_what_waits_then_dismisses_everyone(self):
        a = FakeConnection()
        self.hub.inbox.put(Register(a))
        self.hub.inbox.put(Broadcast(("last",)))
        self.hub.inbox.close()
        self.hub.run()
        self.assertEqual((a.bytes, a.closed_with), (lines("last"), [1001]))
