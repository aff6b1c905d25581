import queue
import socket
import threading

from gochat_py.channel import Bell, Inbox, Outbox
from gochat_py.errors import Closed
from tests.support.case import PATIENCE, TestCase, eventually


class BellTest(TestCase):
    def test_it_wakes_who_waits_once(self):
        bell, guard = Bell(), threading.Lock()
        for _ in range(2):
            bell.expected = True
            bell.ring()
            bell.wait(PATIENCE, guard)
            self.assertFalse(bell.expected)

    def test_it_does_not_ring_for_nobody(self):
        bell, guard = Bell(), threading.Lock()
        bell.ring()
        bell.expected = True
        bell.wait(0, guard)
        self.assertFalse(bell.expected)

    def test_a_ring_at_the_last_moment_is_not_left_for_the_next_wait(self):
        bell = Bell()

        class Late:
            """A guard that is got only after somebody has rung."""

            def __enter__(self):
                bell.ring()

            def __exit__(self, *_):
                pass

        bell.expected = True
        bell.wait(0, Late())
        self.assertFalse(bell.expected)
        bell.expected = True
        bell.wait(0, threading.Lock())
        self.assertFalse(bell.expected, "it was woken by the ring of before")


class InboxTest(TestCase):
    def test_all_that_waits_is_taken_at_once_in_order(self):
        inbox: Inbox[int] = Inbox(10)
        for number in range(5):
            inbox.put(number)
        self.assertEqual(inbox.take(), [0, 1, 2, 3, 4])

    def test_what_was_put_before_closing_still_comes_out(self):
        inbox: Inbox[int] = Inbox(10)
        inbox.put(1)
        inbox.close()
        self.assertEqual(list(inbox), [[1]])
        with self.assertRaises(Closed):
            inbox.take()

    def test_what_is_put_while_a_woken_owner_gives_way_is_taken_with_the_rest(self):
        inbox: Inbox[int] = Inbox(10, woken=lambda: inbox.put(2))
        taken: list[list[int]] = []
        owner = threading.Thread(target=lambda: taken.append(inbox.take()))
        owner.start()
        eventually(lambda: inbox._bell.expected, "the owner waits")
        inbox.put(1)
        owner.join(PATIENCE)
        self.assertEqual(taken, [[1, 2]])

    def test_an_owner_that_need_not_wait_gives_way_to_nobody(self):
        inbox: Inbox[int] = Inbox(10, woken=lambda: inbox.put(2))
        inbox.put(1)
        self.assertEqual(inbox.take(), [1])

    def test_nothing_can_be_put_after_closing(self):
        inbox: Inbox[int] = Inbox(10)
        inbox.close()
        with self.assertRaises(Closed):
            inbox.put(1)

    def test_a_full_inbox_makes_the_producer_wait_and_gives_up_at_its_timeout(self):
        inbox: Inbox[int] = Inbox(1)
        inbox.put(1)
        with self.assertRaises(queue.Full):
            inbox.put(2, timeout=0.01)
        with self.assertRaises(queue.Full):
            inbox.put(2, block=False)
        self.assertEqual(inbox.take(), [1])

    def test_a_waiting_producer_goes_on_when_there_is_room(self):
        inbox: Inbox[int] = Inbox(1)
        inbox.put(1)
        producer = threading.Thread(target=inbox.put, args=(2,))
        producer.start()
        taken = inbox.take()
        while len(taken) < 2:
            taken += inbox.take()
        producer.join(PATIENCE)
        self.assertEqual(taken, [1, 2])

    def test_closing_frees_a_waiting_producer_and_a_waiting_owner(self):
        full: Inbox[int] = Inbox(1)
        full.put(1)
        empty: Inbox[int] = Inbox(1)
        ended: queue.Queue[str] = queue.Queue()

        def until_closed(call, name):
            try:
                call()
            except Closed:
                ended.put(name)

        threads = [
            threading.Thread(target=until_closed, args=(lambda: full.put(2), "producer")),
            threading.Thread(target=until_closed, args=(empty.take, "owner")),
        ]
        for thread in threads:
            thread.start()
        full.close()
        empty.close()
        self.assertEqual({ended.get(timeout=PATIENCE) for _ in threads}, {"producer", "owner"})
        for thread in threads:
            thread.join(PATIENCE)

    def test_every_item_of_many_producers_comes_out_once_and_in_its_producers_order(self):
        inbox: Inbox[tuple[int, int]] = Inbox(3)
        producers = [
            threading.Thread(target=lambda who=who: [inbox.put((who, n)) for n in range(200)])
            for who in range(4)
        ]
        for producer in producers:
            producer.start()
        taken: list[tuple[int, int]] = []
        while len(taken) < 800:
            taken += inbox.take(0.0001)
        for producer in producers:
            producer.join(PATIENCE)
        for who in range(4):
            self.assertEqual([n for w, n in taken if w == who], list(range(200)))


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
    def outbox(self, kernel: Kernel, capacity: int = 4, capacity_bytes: int = 100) -> Outbox:
        return Outbox(kernel, capacity, capacity_bytes)

    def test_an_idle_outbox_writes_through(self):
        kernel = Kernel()
        outbox = self.outbox(kernel)
        self.assertTrue(outbox.offer(b"hello", 1))
        self.assertEqual(kernel.taken, b"hello")
        self.assertIsNone(outbox.get(0))

    def test_what_the_kernel_does_not_take_waits_for_the_writer(self):
        kernel = Kernel(room=3)
        outbox = self.outbox(kernel)
        outbox.offer(b"hello", 1)
        outbox.offer(b"world", 1)
        self.assertEqual(kernel.taken, b"hel")
        self.assertEqual(outbox.get(0), b"loworld")

    def test_a_peer_that_is_gone_is_no_error_and_leaves_nothing_waiting(self):
        class Gone:
            def send(self, data: bytes, flags: int) -> int:
                raise BrokenPipeError

        outbox = Outbox(Gone(), 4, 100)
        self.assertTrue(outbox.offer(b"a", 1))
        self.assertIsNone(outbox.get(0))
        self.assertTrue(outbox.close(b"!"))

    def test_the_last_word_is_sent_at_once_where_nothing_waits(self):
        kernel = Kernel(room=1)
        outbox = self.outbox(kernel)
        outbox.close(b"!?")
        self.assertEqual(kernel.taken, b"!")
        self.assertEqual(outbox.get(0), b"?")

    def test_what_comes_first_is_overtaken_by_nothing(self):
        kernel = Kernel()
        outbox = Outbox(kernel, 4, 100, first=b"101")
        outbox.offer(b"a", 1)
        self.assertEqual(kernel.taken, b"")
        self.assertEqual(outbox.get(0), b"101a")

    def test_nothing_overtakes_the_writer_at_work(self):
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

    def test_the_last_word_follows_all_that_waits_and_nothing_follows_it(self):
        outbox = self.outbox(Kernel(room=0))
        outbox.offer(b"a", 1)
        self.assertTrue(outbox.close(b"!"))
        self.assertFalse(outbox.close(b"?"))
        self.assertTrue(outbox.offer(b"b", 1))
        self.assertEqual(outbox.get(0), b"a!")
        with self.assertRaises(Closed):
            outbox.get(0)

    def test_abandoning_forgets_what_waits(self):
        outbox = self.outbox(Kernel(room=0))
        outbox.offer(b"a", 1)
        outbox.abandon()
        self.assertTrue(outbox.closed)
        with self.assertRaises(Closed):
            outbox.get(0)

    def test_a_waiting_writer_is_woken_by_what_only_it_can_do(self):
        kernel = Kernel(room=0)
        outbox = self.outbox(kernel)
        got: queue.Queue[bytes | None] = queue.Queue()
        writer = threading.Thread(target=lambda: got.put(outbox.get(PATIENCE)))
        writer.start()
        outbox.offer(b"a", 1)
        self.assertEqual(got.get(timeout=PATIENCE), b"a")
        writer.join(PATIENCE)
