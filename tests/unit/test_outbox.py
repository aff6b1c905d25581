import queue
import socket
import threading
from collections.abc import Callable
from functools import partial

from gochat_py.core.ending import State
from gochat_py.errors import Closed
from gochat_py.outbox import PIECE, Outbox
from gochat_py.sharing import Pool
from tests.support.case import PATIENCE, TestCase
from tests.support.narrow import not_none


class Kernel:
    """A stand-in for the socket: takes `room` bytes, then no more."""

    def __init__(self, room: int = 1 << 30) -> None:
        self.room = room
        self.taken = b""

    def send(self, data: bytes, flags: int) -> int:
        assert flags == socket.MSG_DONTWAIT, "nobody waits for a slow peer"
        if not self.room:
            raise BlockingIOError
        took = data[: self.room]
        self.room -= len(took)
        self.taken += took
        return len(took)


class OutboxTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.purse = Pool(1_000)

    def outbox(self, kernel: Kernel, capacity: int = 4, capacity_bytes: int = 100) -> Outbox:
        return Outbox(kernel, capacity, capacity_bytes, self.purse)

    def test_an_idle_outbox_writes_through(self):
        kernel = Kernel()
        outbox = self.outbox(kernel)
        self.assertTrue(outbox.offer(b"hello", 1))
        self.assertEqual(kernel.taken, b"hello")
        self.assertIsNone(outbox.get(0))

    def test_what_the_kernel_does_not_accept_waits_for_the_writer(self):
        kernel = Kernel(room=3)
        outbox = self.outbox(kernel)
        outbox.offer(b"hello", 1)
        outbox.offer(b"world", 1)
        self.assertEqual(kernel.taken, b"hel")
        self.assertEqual(outbox.get(0), b"loworld")

    def test_offering_to_a_peer_that_is_gone_is_no_error_and_queues_nothing(self):
        class Gone:
            def send(self, data: bytes, flags: int) -> int:
                raise BrokenPipeError

        outbox = Outbox(Gone(), 4, 100, self.purse)
        self.assertTrue(outbox.offer(b"a", 1))
        self.assertIsNone(outbox.get(0))
        self.assertTrue(outbox.close(b"!"))

    def test_the_close_frame_is_sent_at_once_if_nothing_waits(self):
        kernel = Kernel(room=1)
        outbox = self.outbox(kernel)
        outbox.close(b"!?")
        self.assertEqual(kernel.taken, b"!")
        self.assertEqual(outbox.get(0), b"?")

    def test_nothing_is_sent_before_the_first_bytes(self):
        kernel = Kernel()
        outbox = Outbox(kernel, 4, 100, self.purse, first=b"101")
        outbox.offer(b"a", 1)
        self.assertEqual(kernel.taken, b"")
        self.assertEqual(outbox.get(0), b"101a")

    def test_nothing_is_sent_directly_while_the_writer_sends(self):
        kernel = Kernel(room=0)
        outbox = self.outbox(kernel)
        outbox.offer(b"a", 1)
        self.assertEqual(outbox.get(0), b"a")
        kernel.room = 100
        outbox.offer(b"b", 1)
        self.assertEqual(kernel.taken, b"")
        self.assertEqual(outbox.get(0), b"b")
        self.assertIsNone(outbox.get(0))
        outbox.offer(b"c", 1)
        self.assertEqual(kernel.taken, b"c")

    def test_a_full_outbox_takes_nothing_more(self):
        for capacity, capacity_bytes in ((4, 1000), (1000, 4)):
            outbox = self.outbox(Kernel(room=0), capacity, capacity_bytes)
            for _ in range(4):
                self.assertTrue(outbox.offer(b"x", 1))
            self.assertFalse(outbox.offer(b"y", 1))
            self.assertEqual(outbox.get(0), b"xxxx")

    def test_the_close_frame_follows_all_that_waits_and_nothing_follows_it(self):
        outbox = self.outbox(Kernel(room=0))
        outbox.offer(b"a", 1)
        self.assertTrue(outbox.close(b"!"))
        self.assertFalse(outbox.close(b"?"))
        self.assertTrue(outbox.offer(b"b", 1))
        self.assertEqual(outbox.get(0), b"a!")
        with self.assertRaises(Closed):
            outbox.get(0)

    def test_what_waits_is_dropped_when_sending_fails(self):
        outbox = self.outbox(Kernel(room=0))
        outbox.offer(b"a", 1)
        self.assertTrue(outbox.fail())
        self.assertFalse(outbox.fail(), "it was not open any more")
        self.assertTrue(outbox.closed)
        with self.assertRaises(Closed):
            outbox.get(0)

    def test_offers_to_a_peer_that_is_gone_make_no_system_call(self):
        kernel = Kernel()
        outbox = self.outbox(kernel)
        outbox.peer_gone()
        self.assertTrue(outbox.offer(b"a", 1), "nobody evicts it: its end is on its way")
        self.assertTrue(outbox.closed)
        self.assertEqual((kernel.taken, self.purse.waiting), (b"", 0))

    def test_the_writer_of_a_peer_that_is_gone_is_woken_only_at_the_end(self):
        outbox = self.outbox(Kernel())
        outbox._bell.expected = True  # as of a writer that waits
        outbox.peer_gone()
        self.assertTrue(outbox._bell.expected)
        outbox.reader_done()
        self.assertFalse(outbox._bell.expected)
        with self.assertRaises(Closed):
            outbox.get(0)

    def test_a_waiting_writer_is_woken_when_something_is_queued(self):
        kernel = Kernel(room=0)
        outbox = self.outbox(kernel)
        got: queue.Queue[bytes | None] = queue.Queue()
        writer = threading.Thread(target=lambda: got.put(outbox.get(PATIENCE)))
        writer.start()
        outbox.offer(b"a", 1)
        self.assertEqual(got.get(timeout=PATIENCE), b"a")
        writer.join(PATIENCE)

    def test_the_size_of_an_offer_counts_before_it_is_queued(self):
        outbox = self.outbox(Kernel(room=0))
        self.assertTrue(outbox.offer(bytes(60), 1))
        self.assertFalse(outbox.offer(bytes(41), 1))
        self.assertTrue(outbox.offer(bytes(40), 1))

    def test_one_offer_of_any_size_is_accepted_if_nothing_waits(self):
        outbox = self.outbox(Kernel(room=0))
        self.assertTrue(outbox.offer(bytes(500), 1))
        self.assertFalse(outbox.offer(b"x", 1))

    def test_bytes_count_until_the_kernel_has_them(self):
        outbox = self.outbox(Kernel(room=0))
        outbox.offer(bytes(90), 1)
        self.assertEqual(len(not_none(outbox.get(0))), 90)
        self.assertFalse(outbox.offer(bytes(11), 1), "the writer holds the others yet")
        self.assertEqual(self.purse.waiting, 90)
        self.assertIsNone(outbox.get(0))
        self.assertEqual(self.purse.waiting, 0)
        self.assertTrue(outbox.offer(bytes(11), 1))

    def test_the_writer_gets_a_piece_at_a_time(self):
        self.purse = Pool(1 << 30)
        outbox = self.outbox(Kernel(room=0), 100, 1 << 20)
        for _ in range(5):
            outbox.offer(bytes(PIECE // 2), 1)
        self.assertEqual(
            [len(not_none(outbox.get(0))) for _ in range(3)], [PIECE, PIECE, PIECE // 2]
        )
        self.assertIsNone(outbox.get(0))

    def test_if_the_shared_limit_is_reached_nothing_is_accepted(self):
        other, outbox = self.outbox(Kernel(room=0)), self.outbox(Kernel(room=0))
        other.offer(bytes(900), 1)
        self.assertFalse(outbox.offer(bytes(101), 1))
        other.fail()
        self.assertTrue(outbox.offer(bytes(101), 1))

    def test_a_frame_that_is_sent_in_part_ends_the_connection_if_its_rest_does_not_fit(self):
        """What follows would be read as the rest, so nothing may follow."""
        self.purse.claim(1_000)
        kernel = Kernel(room=3)
        outbox = self.outbox(kernel)
        self.assertTrue(outbox.offer(b"hello", 1))
        self.assertTrue(outbox.closed)
        kernel.room = 100
        self.assertFalse(outbox.close(b"!"))
        with self.assertRaises(Closed):
            outbox.get(0)
        self.assertEqual(kernel.taken, b"hel")

    def ends(self, outbox: Outbox) -> queue.Queue[bool]:
        """What the writer learns that waits for the reader's end, in a thread of its own."""
        learned: queue.Queue[bool] = queue.Queue()
        writer = threading.Thread(target=lambda: learned.put(outbox.reader_ends(PATIENCE)))
        writer.start()
        self.addCleanup(writer.join, PATIENCE)
        return learned

    def test_the_writer_waits_for_the_reader_to_end(self):
        outbox = self.outbox(Kernel())
        outbox.close(b"!")
        self.assertFalse(outbox.reader_ends(0))
        learned = self.ends(outbox)
        outbox.reader_done()
        self.assertTrue(learned.get(timeout=PATIENCE))
        self.assertEqual(outbox.state, State.ENDED)

    def test_the_writer_does_not_wait_for_the_reader_of_a_peer_that_is_gone(self):
        outbox = self.outbox(Kernel())
        outbox.peer_gone()
        self.assertTrue(outbox.reader_ends(0))

    def test_of_several_threads_that_end_it_exactly_one_is_the_first(self):
        """The first one says why it ended."""
        for _ in range(50):
            outbox = self.outbox(Kernel(room=0))
            start = threading.Barrier(3)
            first: queue.Queue[bool] = queue.Queue()

            def end(
                how: Callable[[], bool],
                start: threading.Barrier = start,
                first: queue.Queue[bool] = first,
            ) -> None:
                start.wait(PATIENCE)
                first.put(how())

            ends: tuple[Callable[[], bool], ...] = (
                outbox.fail,
                partial(outbox.close, b"!"),
                partial(outbox.close, b"?"),
            )
            threads = [threading.Thread(target=end, args=(each,)) for each in ends]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE)
            self.assertEqual(
                sorted(first.get(timeout=PATIENCE) for _ in ends), [False, False, True]
            )

    def test_what_is_queued_is_sent_after_the_reader_has_ended_unless_the_peer_is_gone(self):
        for gone in (False, True):
            outbox = self.outbox(Kernel(room=0))
            outbox.offer(b"a", 1)
            outbox.close(b"!")
            if gone:
                outbox.peer_gone()
            outbox.reader_done()
            if not gone:
                self.assertEqual(outbox.get(0), b"a!")
            with self.assertRaises(Closed):
                outbox.get(0)
        self.assertEqual(self.purse.waiting, 0)

    def test_drain_returns_when_everything_is_sent(self):
        outbox = self.outbox(Kernel(room=0))
        self.assertTrue(outbox.drain(0))
        outbox.offer(b"a", 1)
        self.assertFalse(outbox.drain(0))
        drained: queue.Queue[bool] = queue.Queue()
        reader = threading.Thread(target=lambda: drained.put(outbox.drain(PATIENCE)))
        reader.start()
        self.assertEqual(outbox.get(0), b"a")
        self.assertIsNone(outbox.get(0))
        self.assertTrue(drained.get(timeout=PATIENCE))
        reader.join(PATIENCE)

    def test_drain_raises_closed_when_the_connection_ends(self):
        for end in (lambda outbox: outbox.close(b"!"), lambda outbox: outbox.fail()):
            outbox = self.outbox(Kernel(room=0))
            outbox.offer(b"a", 1)
            said: queue.Queue[str] = queue.Queue()

            def wait(outbox: Outbox = outbox, said: queue.Queue[str] = said) -> None:
                try:
                    outbox.drain(PATIENCE)
                except Closed:
                    said.put("closed")

            reader = threading.Thread(target=wait)
            reader.start()
            end(outbox)
            self.assertEqual(said.get(timeout=PATIENCE), "closed")
            reader.join(PATIENCE)
            outbox.fail()
        self.assertEqual(self.purse.waiting, 0)

    def test_the_reader_can_wait_until_it_is_closed(self):
        outbox = self.outbox(Kernel())
        outbox.wait_closed(0.0)
        self.assertFalse(outbox.closed)
        threading.Timer(0.0, outbox.close, (b"!",)).start()
        outbox.wait_closed(PATIENCE)
        self.assertTrue(outbox.closed)
        outbox.wait_closed(PATIENCE)
