"""The fast path reads any bytes, however they are split, as wsproto alone would."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from wsproto.connection import SERVER, ConnectionState
from wsproto.connection import Connection as Machine
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from gochat_py.core.frames import Closing, Event, Failed, Pinged, Ponged, Receiver
from tests.support import frames as client
from tests.support.case import TestCase

HUGE = 1 << 62


def by_wsproto_alone(data: bytes) -> list[Event]:
    machine, found = Machine(SERVER), list[Event]()
    text, binary = list[str](), list[bytes]()
    machine.receive_data(data)
    for event in machine.events():
        if isinstance(event, TextMessage):
            text.append(event.data)
            if event.message_finished:
                found.append("".join(text))
                text.clear()
        elif isinstance(event, BytesMessage):
            binary.append(bytes(event.data))
            if event.message_finished:
                found.append(b"".join(binary))
                binary.clear()
        elif isinstance(event, Ping):
            found.append(Pinged(bytes(event.payload)))
        elif isinstance(event, Pong):
            found.append(Ponged())
        elif isinstance(event, CloseConnection):
            kind = Failed if machine.state is ConnectionState.OPEN else Closing
            found.append(kind(event.code, event.reason or ""))
            break
    return found


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    at = [0, *sorted(c % (len(data) + 1) for c in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(at)]


def by_receiver(pieces: list[bytes], limit: int = HUGE) -> list[Event]:
    unit = Receiver(Machine(SERVER), limit)
    return [event for piece in pieces for event in unit.receive(piece)]


good = st.one_of(
    st.text(max_size=300).map(client.text),
    st.binary(max_size=200).map(lambda b: client.masked(0x82, b)),
    st.binary(max_size=125).map(lambda b: client.masked(0x89, b)),
    st.tuples(st.text(max_size=40), st.text(max_size=40)).map(
        lambda two: client.masked(0x01, two[0].encode()) + client.masked(0x80, two[1].encode())
    ),
)
odd = st.one_of(
    st.builds(client.masked, st.integers(0, 255), st.binary(max_size=140)),
    st.binary(max_size=30),
)
cuts = st.lists(st.integers(0, 5000), max_size=8)


class ReceiverProperties(TestCase):
    @given(st.lists(good, max_size=8), cuts)
    def test_valid_frames_are_read_as_wsproto_reads_them(self, sent, at):
        data = b"".join(sent)
        self.assertEqual(by_receiver(cut(data, at)), by_wsproto_alone(data))

    @settings(max_examples=400)
    @given(st.lists(st.one_of(good, odd), max_size=6), cuts)
    def test_any_bytes_are_read_as_wsproto_reads_them(self, sent, at):
        """A whole header is waited for: a failure may be seen a few bytes later, never missed."""
        data = b"".join(sent)
        found, expected = by_receiver(cut(data, at)), by_wsproto_alone(data)
        if found != expected and isinstance(expected[-1], Failed):
            expected.pop()
            found += by_receiver([data, bytes(14)])[len(found) :]
            self.assertIsInstance(found.pop(), Failed)
        self.assertEqual(found, expected)

    @given(st.lists(st.one_of(good, odd), max_size=6), cuts, st.integers(1, 100))
    def test_no_message_is_larger_than_the_limit(self, sent, at, limit):
        for event in by_receiver(cut(b"".join(sent), at), limit):
            if isinstance(event, str | bytes):
                size = len(event.encode() if isinstance(event, str) else event)
                self.assertLessEqual(size, limit)
