"""A process that was not run: its deadlines begin anew, and nobody else's do."""

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
    """Time that passes when the test says so."""

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
        """Let time pass, with somebody asking for the time after each gap."""
        for gap in gaps:
            self.clock.time += gap
            self.watch.now()

    def test_a_wait_during_a_stall_goes_on_for_its_whole_length(self):
        self.pass_by(90.0)
        self.assertEqual(self.watch.more(10.0), 10.0)
        self.pass_by(1.0, 1.0)
        self.assertEqual(self.watch.more(10.0), 8.0)
        self.pass_by(*[1.0] * 8)
        self.assertEqual(self.watch.more(10.0), 0.0)

    def test_a_process_that_runs_has_no_stall(self):
        self.pass_by(*[1.0, 0.2, PERIODS_MISSED - 1.0] * 50)
        self.assertEqual((self.watch.more(1e9), self.watch.take_stall()), (0.0, 0.0))

    def test_stalls_are_told_of_once_and_added_up(self):
        self.pass_by(90.0, 1.0, 10.0)
        self.assertEqual(self.watch.take_stall(), 100.0)
        self.assertEqual(self.watch.take_stall(), 0.0)

    def test_the_first_to_ask_notices_whoever_it_is(self):
        begun = Deadline(10.0, self.watch)
        self.clock.time += 90.0
        self.assertFalse(begun.passed)
        self.assertEqual(begun.remaining(), 10.0)

    def test_a_deadline_runs_out_by_the_time_in_which_the_process_ran(self):
        one = Deadline(10.0, self.watch)
        self.pass_by(*[1.0] * 9)
        self.assertEqual(one.remaining(), 1.0)
        self.pass_by(90.0)
        self.assertEqual(one.remaining(), 10.0, "it begins anew")
        self.pass_by(*[1.0] * 10)
        self.assertTrue(one.passed)
        self.assertEqual(Deadline(2.0, self.watch).remaining(), 2.0, "the stall was before it")

    def test_without_a_thread_that_beats_nothing_is_a_stall(self):
        watch = StallWatch(self.clock)
        one = Deadline(10.0, watch)
        self.clock.time += 90.0
        self.assertTrue(one.passed)
        self.assertEqual(watch.more(10.0), 0.0)

    def test_the_slowest_of_those_who_watch_counts(self):
        with self.watch.watching(60.0):
            self.pass_by(90.0)
            self.assertEqual(self.watch.take_stall(), 0.0)
        self.pass_by(90.0)
        self.assertEqual(self.watch.take_stall(), 90.0)

    def test_the_period_suits_the_shortest_wait_within_reason(self):
        self.assertEqual([period_for(each) for each in (0.01, 2.0, 10.0)], [0.25, 0.5, 1.0])


class WaitingTest(TestCase):
    """Each wait of one thread for another ends in `busy`, but not because of a stall."""

    def setUp(self) -> None:
        super().setUp()
        self.stalls = 0

    def stalled(self, module: object, times: int) -> None:
        """Let the deadlines that `module` makes say so many times that a stall used them up."""
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

    def test_an_answer_that_a_stall_held_up_is_waited_for(self):
        self.stalled(channel, 2)
        reply: Reply[int] = Reply()
        with self.assertRaises(queue.Empty):
            reply.wait(0.01)
        self.assertEqual(self.stalls, 2)
        reply.give(7)
        self.assertEqual(reply.wait(PATIENCE), 7)

    def test_room_in_an_inbox_that_a_stall_held_up_is_waited_for(self):
        self.stalled(channel, 2)
        inbox: Inbox[int] = Inbox(1)
        inbox.put(1)
        with self.assertRaises(queue.Full):
            inbox.put(2, timeout=0.01)
        self.assertEqual(self.stalls, 2)

    def test_a_place_to_read_that_a_stall_held_up_is_waited_for(self):
        self.stalled(read_pool, 2)
        self.enterContext(unittest.mock.patch.object(read_pool.ReadPool, "_open"))
        pool = read_pool.ReadPool(Path("no database"), "process", 1, patience=0.01)
        with pool._places, self.assertRaises(ReadPoolBusy), pool.borrow():
            self.fail("there was no place")
        self.assertEqual(self.stalls, 2)
        pool.close()

    def test_an_attempt_that_was_not_held_up_is_made_once(self):
        attempts: list[float] = []
        self.assertIsNone(Deadline(0.0).wait(attempts.append))
        self.assertEqual(attempts, [0.0])
        event = threading.Event()
        self.assertFalse(deadline.Deadline(0.01).wait(event.wait))
        event.set()
        self.assertTrue(deadline.Deadline(PATIENCE).wait(event.wait))
