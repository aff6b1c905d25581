import threading
from unittest import mock

from gochat_py import thread_pool
from gochat_py.deadline import Deadline
from gochat_py.thread_pool import ThreadPool
from tests.support.case import PATIENCE, TestCase, eventually


class ThreadPoolTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.thread_pool = ThreadPool()
        self.addCleanup(self.end)

    def end(self) -> None:
        self.thread_pool.close()
        self.assertEqual(self.thread_pool.join(Deadline(PATIENCE)), 0)

    def at_rest(self, count: int) -> None:
        """Return once so many threads wait for something to do, and there are no others."""
        eventually(
            lambda: len(self.thread_pool._idle) == len(self.thread_pool._threads) == count,
            f"{count} threads wait",
        )

    def test_a_thread_is_reused_under_a_new_name(self) -> None:
        seen: list[tuple[int, str]] = []

        def look() -> None:
            seen.append((threading.get_ident(), threading.current_thread().name))

        for name in ("first", "second"):
            self.thread_pool.start(look, name).join()
            self.at_rest(1)
        self.assertEqual([name for _, name in seen], ["first", "second"])
        self.assertEqual(len({ident for ident, _ in seen}), 1)

    def test_concurrent_tasks_have_different_threads(self) -> None:
        together = threading.Barrier(20)
        tasks = [
            self.thread_pool.start(lambda: void(together.wait(PATIENCE)), "x") for _ in range(20)
        ]
        for task in tasks:
            task.join()
        self.assertFalse(together.broken)

    def test_several_threads_can_wait_for_a_task_also_after_its_end(self) -> None:
        go = threading.Event()
        task = self.thread_pool.start(lambda: void(go.wait(PATIENCE)), "x")
        waiting = [threading.Thread(target=task.join) for _ in range(3)]
        for each in waiting:
            each.start()
        self.assertTrue(all(each.is_alive() for each in waiting), "nobody waited")
        go.set()
        for each in waiting:
            each.join(PATIENCE)
            self.assertFalse(each.is_alive())
        task.join()

    def test_an_exception_in_a_task_is_logged_and_its_thread_is_reused(self) -> None:
        with self.assertLogs("gochat_py.thread_pool", "ERROR") as said:
            self.thread_pool.start(lambda: void(1 / 0), "unlucky").join()
        self.assertIn("unlucky", said.output[0])
        self.at_rest(1)
        done = threading.Event()
        self.thread_pool.start(done.set, "next").join()
        self.assertTrue(done.is_set())

    def test_the_number_of_idle_threads_is_limited(self) -> None:
        go = threading.Event()
        with mock.patch.object(thread_pool, "MOST_IDLE", 2):
            for task in [
                self.thread_pool.start(lambda: void(go.wait(PATIENCE)), "x") for _ in range(5)
            ]:
                go.set()
                task.join()
            self.at_rest(2)

    def test_an_idle_thread_ends_after_a_while(self) -> None:
        with mock.patch.object(thread_pool, "IDLE_FOR", 0.0):
            self.thread_pool.start(lambda: None, "x").join()
            self.at_rest(0)

    def test_a_thread_that_is_chosen_while_it_times_out_runs_its_task(self) -> None:
        with mock.patch.object(thread_pool, "IDLE_FOR", 0.0):
            for _ in range(300):
                done = threading.Event()
                self.thread_pool.start(done.set, "x").join()
                self.assertTrue(done.is_set())

    def test_a_start_that_fails_for_lack_of_threads_is_reported_and_tried_again(self) -> None:
        with (
            mock.patch.object(threading.Thread, "start", side_effect=RuntimeError("no thread")),
            self.assertRaises(RuntimeError),
        ):
            self.thread_pool.start(lambda: None, "x")
        self.thread_pool.start(lambda: None, "x").join()

    def test_a_task_can_be_waited_for_before_its_thread_runs(self) -> None:
        starts, go = threading.Event(), threading.Event()
        start = threading.Thread.start

        def slowly(thread: threading.Thread) -> None:
            starts.set()
            go.wait(PATIENCE)
            start(thread)

        begins = threading.Thread(target=lambda: void(self.thread_pool.start(lambda: None, "x")))
        with mock.patch.object(threading.Thread, "start", slowly):
            start(begins)
            self.thread_pool.close()
            self.assertTrue(starts.wait(PATIENCE))
            self.assertEqual(self.thread_pool.join(Deadline(0.0)), 0)
            go.set()
            begins.join(PATIENCE)
        self.assertEqual(self.thread_pool.join(Deadline(PATIENCE)), 0)
        self.assertEqual(self.thread_pool._tasks, set())

    def test_a_reserved_thread_waits_for_its_task(self) -> None:
        done = threading.Event()
        for _ in range(3):  # of a new thread, and of one that was used before
            task = self.thread_pool.reserve()
            with mock.patch.object(threading.Thread, "start", side_effect=RuntimeError):
                task.start(done.set, "x")
            task.join()
            self.assertTrue(done.is_set())
            done.clear()

    def test_a_released_thread_is_used_by_other_tasks(self) -> None:
        task = self.thread_pool.reserve()
        task.release()
        task.release()
        task.join()
        self.at_rest(1)
        self.thread_pool.start(lambda: None, "x").join()
        self.at_rest(1)
        task.release()
        self.assertEqual(self.thread_pool._tasks, set())

    def test_a_started_task_is_not_released(self) -> None:
        go, done = threading.Event(), threading.Event()
        task = self.thread_pool.reserve()

        def run() -> None:
            go.wait(PATIENCE)
            done.set()

        task.start(run, "x")
        task.release()
        go.set()
        task.join()
        self.assertTrue(done.is_set())

    def test_a_task_ends_normally_if_there_is_no_memory_for_its_log_record(self) -> None:
        with (
            mock.patch.object(thread_pool.log, "exception", side_effect=MemoryError),
            mock.patch.object(threading, "excepthook"),
        ):
            self.thread_pool.start(lambda: void(1 / 0), "unlucky").join()
            eventually(lambda: not self.thread_pool._threads, "its thread ended")
        self.assertEqual((self.thread_pool._tasks, self.thread_pool._idle), (set(), []))

    def test_a_closed_pool_ends_with_its_tasks(self) -> None:
        go = threading.Event()
        self.thread_pool.start(lambda: None, "x").join()
        self.at_rest(1)
        busy = [self.thread_pool.start(lambda: void(go.wait(PATIENCE)), "x") for _ in range(2)]
        self.thread_pool.close()
        self.assertEqual(self.thread_pool.join(Deadline(0.0)), 2)
        late = threading.Event()
        self.thread_pool.start(
            late.set, "late"
        ).join()  # a connection's writer, while the server stops
        self.assertTrue(late.is_set())
        go.set()
        for task in busy:
            task.join()
        self.assertEqual(self.thread_pool.join(Deadline(PATIENCE)), 0)


def void(_: object) -> None:
    """Let an expression stand where nothing is to be returned."""
