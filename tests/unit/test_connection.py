import contextlib
import socket
import threading
import time
from typing import Self
from unittest import mock

from wsproto.connection import SERVER
from wsproto.connection import Connection as Machine
from wsproto.events import CloseConnection, Ping, Pong, TextMessage

from gochat_py.admission import AT_ONCE, OWN_BURST, Meter
from gochat_py.connection import DEFLATED_FRAMES, READ_SIZE, Connection
from gochat_py.connection import PATIENCE as PATIENCE_WITH_DEBT
from gochat_py.core import frames
from gochat_py.core.deflate import BoundedDeflate
from gochat_py.errors import Closed
from gochat_py.stall import WATCH, StallWatch
from tests.support import frames as client
from tests.support.case import PATIENCE, TestCase, eventually
from tests.support.narrow import as_a
from tests.support.peer import Peer, Recorder, free


class Stalls:
    """Makes each timeout look like a stall of the process, until `end`."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._noticed = threading.Semaphore(0)

    def __enter__(self) -> Self:
        # Nobody beats: so any time in which nobody asked for the time is a stall.
        self._stack.enter_context(WATCH.watching(0.01))
        more = WATCH.more

        def counted(seconds: float) -> float:
            left = more(seconds)
            if left:
                self._noticed.release()
            return left

        self._stack.enter_context(mock.patch.object(StallWatch, "more", lambda _, s: counted(s)))
        return self

    def noticed(self, count: int) -> None:
        """Wait until so many waits were begun again."""
        for _ in range(count):
            if not self._noticed.acquire(timeout=PATIENCE):
                raise AssertionError("no stall was noticed")

    def end(self) -> None:
        """From now on the process runs."""
        self._stack.close()

    def __exit__(self, *_: object) -> None:
        self.end()


class TalkingTest(TestCase):
    def test_messages_of_the_peer_are_received_and_offered_ones_reach_it(self):
        with Peer() as peer:
            self.assertEqual(peer.dialect.next(), "opened")
            peer.sock.sendall(client.text("hello"))
            self.assertEqual(peer.dialect.next(), "hello")
            self.assertTrue(peer.connection.offer(frames.text(b"hi"), 1))
            self.assertEqual(as_a(TextMessage, peer.receive()).data, "hi")

    def test_bytes_that_came_with_the_upgrade_request_are_read_first(self):
        with Peer(trailing=client.text("early")) as peer:
            peer.sock.sendall(client.text("later"))
            self.assertEqual([peer.dialect.next() for _ in range(3)], ["opened", "early", "later"])

    def test_nothing_is_sent_before_the_greeting(self):
        class Eager(Recorder):
            def opened(self, connection):
                connection.offer(frames.text(b"first"), 1)

        with Peer(Eager(), greeting=b"HTTP/1.1 101 \r\n\r\n") as peer:
            said = peer.sock.recv(100)
            while len(said) < 24:
                said += peer.sock.recv(100)
            self.assertEqual(said, b"HTTP/1.1 101 \r\n\r\n" + frames.text(b"first"))

    def test_a_ping_is_answered_with_its_payload(self):
        with Peer() as peer:
            peer.sock.sendall(client.masked(0x89, b"are you there"))
            self.assertEqual(as_a(Pong, peer.receive()).payload, b"are you there")

    def test_more_than_the_kernel_takes_arrives_whole_and_in_order(self):
        with Peer(send_buffer=100_000, send_buffer_bytes=1 << 30) as peer:
            count, line = 3000, "x" * 1000
            for number in range(count):
                self.assertTrue(peer.connection.offer(frames.text(f"{number} {line}".encode()), 1))
            for number in range(count):
                self.assertEqual(as_a(TextMessage, peer.receive()).data, f"{number} {line}")


class LeavingTest(TestCase):
    """Disconnecting, as thousands do at the same moment when a network fails."""

    def test_nothing_is_sent_to_a_peer_that_is_gone_while_its_reader_waits_at_the_gate(self):
        """To send to each of 5,000 peers that were gone kept the hub busy for 60 ms."""
        meter = free()
        with Peer(meter=meter) as peer, contextlib.ExitStack() as inside:
            self.assertEqual(peer.dialect.next(), "opened")
            for _ in range(AT_ONCE):
                inside.enter_context(meter.gate)
            peer.sock.close()
            outbox = peer.connection._outbox
            eventually(lambda: outbox.closed, "the end of the stream to be noticed")
            self.assertTrue(peer.dialect.happened.empty(), "the rest waits at the gate")
            with mock.patch.object(outbox, "_sock") as sock:
                self.assertTrue(peer.connection.offer(b"news", 1))
                sock.send.assert_not_called()
            inside.close()
            self.assertEqual(peer.dialect.next(), "closed")

    def test_a_disconnecting_thread_yields_before_it_does_anything(self):
        with (
            Peer() as peer,
            mock.patch(
                "gochat_py.connection.give_way", lambda: peer.dialect.happened.put("gave way")
            ),
        ):
            peer.sock.close()
            peer.join()
            self.assertEqual(
                [peer.dialect.next() for _ in range(3)], ["opened", "gave way", "closed"]
            )


class BudgetTest(TestCase):
    """Everything that a peer sends is charged before it is handled."""

    def paused(self) -> list[float]:
        """The seconds for which connections pause from now on; they do not really wait."""
        pauses: list[float] = []
        self.enterContext(mock.patch.object(Connection, "pause", lambda _, s: pauses.append(s)))
        return pauses

    def test_a_peer_that_sends_too_much_is_read_more_slowly_and_loses_nothing(self):
        pauses = self.paused()
        with Peer(meter=free(connection_budget=1_000.0, address_budget=1e9)) as peer:
            self.assertEqual(peer.dialect.next(), "opened")
            for number in range(200):  # at 25 µs each, at the least; 2,000 may be spent at once
                peer.sock.sendall(client.text(str(number)))
                self.assertEqual(peer.dialect.next(), str(number))
                if pauses:
                    break
            self.assertTrue(pauses)
            peer.sock.sendall(client.text("more"))
            self.assertEqual(peer.dialect.next(), "more")

    def test_the_time_that_the_reader_really_used_is_charged(self):
        class Busy(Recorder):
            def received(self, connection, messages):
                until = time.thread_time() + 0.02
                while time.thread_time() < until:
                    pass
                super().received(connection, messages)

        meter = free(connection_budget=1e6, address_budget=1e9)
        spent: list[float] = []

        def spend(_: object, cost: float, now: float) -> float:
            spent.append(cost)
            return 0.0

        with (
            mock.patch.object(Meter, "spend", spend),
            Peer(Busy(), meter=meter) as peer,
        ):
            peer.sock.sendall(client.text("x"))
            self.assertEqual([peer.dialect.next() for _ in range(2)], ["opened", "x"])
            peer.sock.sendall(client.close())
            self.assertIsInstance(peer.receive(), CloseConnection)
        self.assertGreater(sum(spent), 20_000)

    def test_a_connection_that_pauses_ends_with_the_server(self):
        meter = free(connection_budget=100.0, address_budget=1e9)
        with Peer(meter=meter, write_wait=PATIENCE) as peer:
            self.assertEqual(peer.dialect.next(), "opened")
            meter.spend(100.0 * (PATIENCE_WITH_DEBT + OWN_BURST - 1.0), time.monotonic())
            peer.sock.sendall(client.text("more"))
            peer.connection.close(1001)
            self.assertEqual(as_a(CloseConnection, peer.receive()).code, 1001)
            peer.sock.sendall(client.close(1001))
            self.assertIsNone(peer.receive())

    def test_a_peer_that_floods_after_the_close_frame_is_not_read_to_the_end(self):
        meter = free(connection_budget=1_000.0, address_budget=1e9)
        with Peer(meter=meter, write_wait=PATIENCE) as peer:
            self.assertEqual(peer.dialect.next(), "opened")
            peer.connection.close(4029)
            self.assertEqual(as_a(CloseConnection, peer.receive()).code, 4029)
            with contextlib.suppress(OSError):
                while peer.dialect.happened.empty():
                    peer.sock.sendall(100 * client.masked(0x8A, b""))
            self.assertEqual(peer.dialect.next(), "closed")

    def test_frames_without_a_message_are_charged_too(self):
        for frame in (
            client.masked(0x8A, b""),  # a pong that nobody asked for
            client.masked(0x89, b""),
            client.masked(0x00, b""),  # a fragment that holds nothing
        ):
            meter = free(connection_budget=10_000.0, address_budget=1e9)
            with self.subTest(frame=frame), Peer(meter=meter) as peer:
                peer.sock.sendall(client.masked(0x01, b"") + 10 * frame)
                peer.sock.sendall(client.masked(0x80, b""))
                self.assertEqual([peer.dialect.next() for _ in range(2)], ["opened", ""])
                self.assertGreater(meter.spend(0.0, 0.0), 0.0, "twelve frames and a clock at 0")

    def test_a_peer_that_would_have_to_wait_too_long_is_closed_with_1013(self):
        meter = free(connection_budget=100.0, address_budget=1e9)
        with Peer(meter=meter) as peer:
            self.assertEqual(peer.dialect.next(), "opened")
            meter.spend(100.0 * (PATIENCE_WITH_DEBT + OWN_BURST + 60.0), time.monotonic())
            peer.sock.sendall(client.text("more"))
            self.assertEqual(as_a(CloseConnection, peer.receive()).code, 1013)
            self.assertEqual(peer.dialect.next(), "closed")

    def test_well_compressed_messages_are_charged_in_small_groups(self):
        """Many messages fit into what is read at once, and each of them grows a thousandfold."""
        prices = []

        class Priced(Recorder):
            def received(self, connection, messages):
                prices.append(sum(map(len, messages)))
                super().received(connection, messages)

        agreed = BoundedDeflate(65_536)
        agreed.accept("permessage-deflate")
        machine = Machine(SERVER, [agreed])
        bomb = client.masked(0xC1, client.deflated(bytes(65_000)))
        count = READ_SIZE // len(bomb)
        with Peer(Priced(), machine=machine, window_bits=15) as peer:
            peer.sock.sendall(count * bomb)
            self.assertEqual(peer.dialect.next(), "opened")
            for _ in range(count):
                self.assertEqual(len(peer.dialect.next()), 65_000)
        self.assertLessEqual(max(prices), 65_000 * DEFLATED_FRAMES)

    def test_a_peer_that_reads_only_a_byte_now_and_then_is_closed(self):
        """Progress is not enough: what waits for it is held for as long."""
        with Peer(write_wait=0.3, send_buffer_bytes=1 << 30) as peer:
            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.connection.offer(frames.text(bytes(8 * 1024 * 1024)), 1)
            peer.sock.settimeout(0.05)
            self.assertEqual(peer.dialect.next(), "opened")
            with contextlib.suppress(OSError):
                while peer.dialect.happened.empty():
                    peer.sock.recv(64)
                    threading.Event().wait(0.02)  # the pace of a slow peer
            self.assertEqual(peer.dialect.next(), "closed")


class EndingTest(TestCase):
    def test_the_peers_close_frame_is_answered_with_its_code_then_the_stream_ends(self):
        with Peer() as peer:
            peer.sock.sendall(client.close(4321))
            answer = as_a(CloseConnection, peer.receive())
            self.assertEqual(answer.code, 4321)
            self.assertIsNone(peer.receive())
            self.assertEqual([peer.dialect.next() for _ in range(2)], ["opened", "closed"])

    def test_closing_sends_what_is_queued_then_the_close_frame_and_waits_for_the_answer(self):
        with Peer(send_buffer=100_000, send_buffer_bytes=1 << 30) as peer:
            for _ in range(1000):
                peer.connection.offer(frames.text(b"x" * 1000), 1)
            peer.connection.close(1001, "the server is stopping")
            for _ in range(1000):
                self.assertIsInstance(peer.receive(), TextMessage)
            end = as_a(CloseConnection, peer.receive())
            self.assertEqual((end.code, end.reason), (1001, "the server is stopping"))
            peer.sock.sendall(client.close(1001))
            self.assertIsNone(peer.receive())
            peer.join()

    def test_only_the_first_close_counts(self):
        with Peer() as peer:
            peer.connection.close(4008)
            peer.connection.close(1001)
            self.assertEqual(as_a(CloseConnection, peer.receive()).code, 4008)

    def test_messages_that_arrive_after_close_are_ignored(self):
        with Peer() as peer:
            self.assertEqual(peer.dialect.next(), "opened")
            peer.connection.close(1001)
            peer.sock.sendall(client.text("too late") + client.close(1001))
            self.assertEqual(peer.dialect.next(), "closed")

    def test_a_broken_frame_is_refused_with_its_code(self):
        for data, code in (
            (frames.text(b"unmasked"), 1002),
            (client.masked(0x81, b"\xff"), 1007),
            (client.masked(0x81, b"", length=1 << 30), 1009),
        ):
            with self.subTest(code=code), Peer() as peer:
                peer.sock.sendall(data)
                self.assertEqual(as_a(CloseConnection, peer.receive()).code, code)

    def test_the_close_frame_reaches_a_peer_that_is_still_sending(self):
        """Closing a socket with unread bytes sends a reset, which can destroy what was sent."""
        with Peer() as peer:
            peer.sock.sendall(client.masked(0x81, b"", length=1 << 30) + bytes(100_000))
            self.assertEqual(as_a(CloseConnection, peer.receive()).code, 1009)
            peer.sock.shutdown(socket.SHUT_WR)
            self.assertIsNone(peer.receive())

    def test_a_peer_that_vanishes_ends_the_connection(self):
        with Peer() as peer:
            self.assertEqual(peer.dialect.next(), "opened")
            peer.sock.close()
            self.assertEqual(peer.dialect.next(), "closed")

    def test_an_exception_in_the_dialect_closes_the_connection_with_1011(self):
        class Failing(Recorder):
            def received(self, connection, messages):
                raise ZeroDivisionError

        with self.assertLogs("gochat_py.connection", "ERROR"), Peer(Failing()) as peer:
            peer.sock.sendall(client.text("x"))
            self.assertEqual(as_a(CloseConnection, peer.receive()).code, 1011)
            peer.join()

    def test_a_hub_that_is_closed_closes_the_connection_with_1001(self):
        class Stopping(Recorder):
            def opened(self, connection):
                raise Closed

        with Peer(Stopping()) as peer:
            self.assertEqual(as_a(CloseConnection, peer.receive()).code, 1001)


class WaitingTest(TestCase):
    """Law 1: each wait on a peer has a deadline."""

    def test_a_peer_that_answers_pings_stays_connected(self):
        with Peer(ping_period=0.05, pong_wait=PATIENCE) as peer:
            for _ in range(3):
                self.assertIsInstance(peer.receive(), Ping)
                peer.sock.sendall(client.masked(0x8A, b""))
            peer.sock.sendall(client.text("still here"))
            self.assertEqual([peer.dialect.next() for _ in range(2)], ["opened", "still here"])

    def test_a_silent_peer_is_closed_with_4008(self):
        """The network may have failed. With 1002 the page never reconnected."""
        with Peer(ping_period=0.05, pong_wait=0.2) as peer:
            while isinstance(event := peer.receive(), Ping):
                pass
            self.assertEqual(as_a(CloseConnection, event).code, 4008)
            self.assertEqual([peer.dialect.next() for _ in range(2)], ["opened", "closed"])
            peer.join()

    def test_any_byte_from_a_peer_shows_that_it_is_alive(self):
        """Also a late pong, and a frame that arrives byte by byte."""
        with Peer(ping_period=0.2, pong_wait=0.5) as peer:
            self.assertEqual(peer.dialect.next(), "opened")
            begun = time.monotonic()
            for byte in client.masked(0x8A, b"late") + client.text("still here"):
                peer.sock.sendall(bytes([byte]))
                threading.Event().wait(0.1)  # the pace of a slow peer
            self.assertEqual(peer.dialect.next(), "still here")
            self.assertGreater(time.monotonic() - begun, 2 * 0.5)

    def test_a_stall_of_the_server_does_not_count_as_silence_of_the_peer(self):
        """The kernel's timers run out during the stall; then the wait begins again."""
        with Stalls() as stalls, Peer(ping_period=0.1, pong_wait=0.2) as peer:
            self.assertEqual(peer.dialect.next(), "opened")
            stalls.noticed(3)
            peer.sock.sendall(client.text("still here"))
            self.assertEqual(peer.dialect.next(), "still here")
            stalls.noticed(2)
            stalls.end()
            while isinstance(event := peer.receive(), Ping):
                pass
            self.assertEqual(as_a(CloseConnection, event).code, 4008)

    def test_a_stall_of_the_server_does_not_count_for_hello(self):
        class Greeting(Recorder):
            def __init__(self):
                super().__init__()
                self.by = time.monotonic() + 0.1

            def patience(self):
                return max(0.0, self.by - time.monotonic())

            def timed_out(self, connection):
                super().timed_out(connection)
                connection.close(4000)

        with Stalls() as stalls, Peer(Greeting(), hello_wait=0.1) as peer:
            self.assertEqual(peer.dialect.next(), "opened")
            stalls.noticed(3)
            peer.sock.sendall(client.text("hello"))
            self.assertEqual(peer.dialect.next(), "hello")
            stalls.end()
            self.assertEqual(peer.dialect.next(), "kept waiting")

    def test_a_stall_of_the_server_does_not_count_as_slow_reading(self):
        with Stalls() as stalls, Peer(write_wait=0.2, send_buffer_bytes=1 << 30) as peer:
            self.assertEqual(peer.dialect.next(), "opened")
            line = "x" * 4_000_000
            peer.connection.offer(frames.text(line.encode()), 1)
            stalls.noticed(3)  # the peer took nothing for longer than write_wait
            stalls.end()
            self.assertEqual(as_a(TextMessage, peer.receive()).data, line)

    def test_a_peer_that_reads_nothing_is_closed_after_write_wait(self):
        with Peer(write_wait=0.2, send_buffer_bytes=1 << 30) as peer:
            peer.connection.offer(frames.text(bytes(8 * 1024 * 1024)), 1)
            self.assertEqual([peer.dialect.next() for _ in range(2)], ["opened", "closed"])
            peer.join()

    def test_a_peer_that_never_answers_the_close_frame_is_disconnected(self):
        with Peer(write_wait=0.2) as peer:
            self.assertEqual(peer.dialect.next(), "opened")
            peer.connection.close(1001)
            self.assertEqual(peer.dialect.next(), "closed")
            peer.join()

    def test_offering_to_a_peer_that_does_not_read_never_waits_and_is_refused_in_the_end(self):
        with Peer(send_buffer=4, write_wait=PATIENCE) as peer:
            refused = threading.Event()

            def fill() -> None:
                while peer.connection.offer(frames.text(bytes(100_000)), 1):
                    pass
                refused.set()

            filler = threading.Thread(target=fill)
            filler.start()
            self.assertTrue(refused.wait(PATIENCE))
            filler.join(PATIENCE)
