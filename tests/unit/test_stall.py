"""After a stall of the process its deadlines restart, and only then."""

import queue
import threading
import unittest.mock
from pathlib import Path

from gochat_py import channel, deadline
from gochat_py.channel import Inbox, Reply
from gochat_py.deadline import Deadline
from gochat_py.stall import PERIODS_MISSED, StallWatch, period_for
from gochat_py.store import read_pool
from gochat_py.store.errors import ReadPoolBusy
from tests.support.case import PATIENCE, TestCase


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


class StallWatchTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.watch = StallWatch(self.clock)
        self.enterContext(self.watch.watching(1.0))

    def pass_by(self, *gaps: float) -> None:
        """Let time pass, with a reading of the clock after each gap."""
        for gap in gaps:
            self.clock.time += gap
            self.watch.now()

    def test_a_wait_during_a_stall_starts_again(self):
        self.pass_by(90.0)
        self.assertEqual(self.watch.more(10.0), 10.0)
        self.pass_by(1.0, 1.0)
        self.assertEqual(self.watch.more(10.0), 8.0)
        self.pass_by(*[1.0] * 8)
        self.assertEqual(self.watch.more(10.0), 0.0)

    def test_a_process_that_runs_has_no_stall(self):
        self.pass_by(*[1.0, 0.2, PERIODS_MISSED - 1.0] * 50)
        self.assertEqual((self.watch.more(1e9), self.watch.take_stall()), (0.0, 0.0))

    def test_stalls_are_added_up_and_reported_once(self):
        self.pass_by(90.0, 1.0, 10.0)
        self.assertEqual(self.watch.take_stall(), 100.0)
        self.assertEqual(self.watch.take_stall(), 0.0)

    def test_any_thread_that_asks_first_detects_the_stall(self):
        begun = Deadline(10.0, self.watch)
        self.clock.time += 90.0
        self.assertFalse(begun.passed)
        self.assertEqual(begun.remaining(), 10.0)

    def test_a_deadline_counts_only_time_in_which_the_process_ran(self):
        one = Deadline(10.0, self.watch)
        self.pass_by(*[1.0] * 9)
        self.assertEqual(one.remaining(), 1.0)
        self.pass_by(90.0)
        self.assertEqual(one.remaining(), 10.0, "it begins anew")
        self.pass_by(*[1.0] * 10)
        self.assertTrue(one.passed)
        self.assertEqual(Deadline(2.0, self.watch).remaining(), 2.0, "the stall was before it")

    def test_without_a_watching_thread_nothing_is_a_stall(self):
        watch = StallWatch(self.clock)
        one = Deadline(10.0, watch)
        self.clock.time += 90.0
        self.assertTrue(one.passed)
        self.assertEqual(watch.more(10.0), 0.0)

    def test_the_longest_period_of_the_watching_threads_counts(self):
        with self.watch.watching(60.0):
            self.pass_by(90.0)
            self.assertEqual(self.watch.take_stall(), 0.0)
        self.pass_by(90.0)
        self.assertEqual(self.watch.take_stall(), 90.0)

    def test_the_period_depends_on_the_shortest_wait_within_limits(self):
        self.assertEqual([period_for(each) for each in (0.01, 2.0, 10.0)], [0.25, 0.5, 1.0])


class WaitingTest(TestCase):
    """Each wait of one thread for another ends with `busy`, but not because of a stall."""

    def setUp(self) -> None:
        super().setUp()
        self.stalls = 0

    def stalled(self, module: object, times: int) -> None:
        """Make the deadlines of `module` report a stall so many times."""
        case = self

        class Stalled(Deadline):
            __slots__ = ("_left",)

            def __init__(self, seconds: float) -> None:
                super().__init__(seconds)
                self._left = times

            def remaining(self) -> float:
                left = super().remaining()
                if not left and self._left:
                    self._left -= 1
                    case.stalls += 1
                    return 0.01
                return left

        self.enterContext(unittest.mock.patch.object(module, "Deadline", Stalled))

    def test_waiting_for_an_answer_starts_again_after_a_stall(self):
        self.stalled(channel, 2)
        reply: Reply[int] = Reply()
        with self.assertRaises(queue.Empty):
            reply.wait(0.01)
        self.assertEqual(self.stalls, 2)
        reply.give(7)
        self.assertEqual(reply.wait(PATIENCE), 7)

    def test_waiting_for_space_in_an_inbox_starts_again_after_a_stall(self):
        self.stalled(channel, 2)
        inbox: Inbox[int] = Inbox(1)
        inbox.put(1)
        with self.assertRaises(queue.Full):
            inbox.put(2, timeout=0.01)
        self.assertEqual(self.stalls, 2)

    def test_waiting_for_a_database_handle_starts_again_after_a_stall(self):
        self.stalled(read_pool, 2)
        self.enterContext(unittest.mock.patch.object(read_pool.ReadPool, "_open"))
        pool = read_pool.ReadPool(Path("no database"), "process", 1, patience=0.01)
        with pool._places, self.assertRaises(ReadPoolBusy), pool.borrow():
            self.fail("there was no place")
        self.assertEqual(self.stalls, 2)
        pool.close()

    def test_without_a_stall_an_attempt_is_made_once(self):
        attempts: list[float] = []
        self.assertIsNone(Deadline(0.0).wait(attempts.append))
        self.assertEqual(attempts, [0.0])
        event = threading.Event()
        self.assertFalse(deadline.Deadline(0.01).wait(event.wait))
        event.set()
        self.assertTrue(deadline.Deadline(PATIENCE).wait(event.wait))
