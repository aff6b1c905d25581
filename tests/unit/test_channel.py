import queue
import threading
from typing import cast

from gochat_py.channel import Bell, Inbox
from gochat_py.errors import Closed
from tests.support.case import PATIENCE, TestCase, eventually


class BellTest(TestCase):
    def test_it_wakes_a_waiting_thread_once(self):
        bell, guard = Bell(), threading.Lock()
        for _ in range(2):
            bell.expected = True
            bell.ring()
            bell.wait(PATIENCE, guard)
            self.assertFalse(bell.expected)

    def test_ringing_without_a_waiting_thread_has_no_effect(self):
        bell, guard = Bell(), threading.Lock()
        bell.ring()
        bell.expected = True
        bell.wait(0, guard)
        self.assertFalse(bell.expected)

    def test_a_ring_during_a_timeout_does_not_end_the_next_wait(self):
        bell = Bell()

        class Late:
            """A lock that is acquired only after the bell has rung."""

            def __enter__(self):
                bell.ring()

            def __exit__(self, *_):
                pass

        bell.expected = True
        bell.wait(0, cast("threading.Lock", Late()))
        self.assertFalse(bell.expected)
        bell.expected = True
        bell.wait(0, threading.Lock())
        self.assertFalse(bell.expected, "it was woken by the ring of before")


class InboxTest(TestCase):
    def test_all_waiting_items_are_taken_at_once_in_order(self):
        inbox: Inbox[int] = Inbox(10)
        for number in range(5):
            inbox.put(number)
        self.assertEqual(inbox.take(), [0, 1, 2, 3, 4])

    def test_items_put_before_closing_are_still_taken(self):
        inbox: Inbox[int] = Inbox(10)
        inbox.put(1)
        inbox.close()
        self.assertEqual(list(inbox), [[1]])
        with self.assertRaises(Closed):
            inbox.take()

    def test_items_put_while_the_woken_owner_yields_are_taken_with_the_others(self):
        inbox: Inbox[int] = Inbox(10, woken=lambda: inbox.put(2))
        taken: list[list[int]] = []
        owner = threading.Thread(target=lambda: taken.append(inbox.take()))
        owner.start()
        eventually(lambda: inbox._bell.expected, "the owner waits")
        inbox.put(1)
        owner.join(PATIENCE)
        self.assertEqual(taken, [[1, 2]])

    def test_an_owner_that_does_not_wait_does_not_yield(self):
        inbox: Inbox[int] = Inbox(10, woken=lambda: inbox.put(2))
        inbox.put(1)
        self.assertEqual(inbox.take(), [1])

    def test_nothing_can_be_put_after_closing(self):
        inbox: Inbox[int] = Inbox(10)
        inbox.close()
        with self.assertRaises(Closed):
            inbox.put(1)

    def test_put_waits_while_the_inbox_is_full_and_raises_after_its_timeout(self):
        inbox: Inbox[int] = Inbox(1)
        inbox.put(1)
        with self.assertRaises(queue.Full):
            inbox.put(2, timeout=0.01)
        with self.assertRaises(queue.Full):
            inbox.put(2, block=False)
        self.assertEqual(inbox.take(), [1])

    def test_a_waiting_producer_continues_when_there_is_space(self):
        inbox: Inbox[int] = Inbox(1)
        inbox.put(1)
        producer = threading.Thread(target=inbox.put, args=(2,))
        producer.start()
        taken = inbox.take()
        while len(taken) < 2:
            taken += inbox.take()
        producer.join(PATIENCE)
        self.assertEqual(taken, [1, 2])

    def test_closing_wakes_a_waiting_producer_and_a_waiting_owner(self):
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

    def test_items_of_many_producers_are_taken_once_each_in_its_producers_order(self):
        inbox: Inbox[tuple[int, int]] = Inbox(3)

        def produce(who: int) -> None:
            for number in range(200):
                inbox.put((who, number))

        producers = [threading.Thread(target=produce, args=(who,)) for who in range(4)]
        for producer in producers:
            producer.start()
        taken: list[tuple[int, int]] = []
        while len(taken) < 800:
            taken += inbox.take(0.0001)
        for producer in producers:
            producer.join(PATIENCE)
        for who in range(4):
            self.assertEqual([n for w, n in taken if w == who], list(range(200)))
