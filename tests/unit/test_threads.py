"""Threads start within a time limit, or not at all."""

import ctypes
import os
import resource
import subprocess
import sys
import threading
import unittest
from collections.abc import Callable
from unittest import mock

from gochat_py import threads
from gochat_py.errors import StartupError
from tests.support.case import PATIENCE, TestCase


class LaunchTest(TestCase):
    def limited(self) -> None:
        """Make the limit of the address space appear smaller."""
        patch = mock.patch.object(resource, "getrlimit", lambda _: (1 << 40, 1 << 40))
        self.enterContext(patch)

    def test_a_thread_can_be_joined_before_it_runs(self) -> None:
        go, done = threading.Event(), threading.Event()
        bootstrap = threading.Thread._bootstrap  # type: ignore[attr-defined]

        def slowly(thread: threading.Thread) -> None:
            go.wait(PATIENCE)
            bootstrap(thread)

        with mock.patch.object(threading.Thread, "_bootstrap", slowly):
            thread = threads.launch(done.set, "slow")
            thread.join(0.01)
            self.assertFalse(done.is_set())
            go.set()
            thread.join(PATIENCE)
        self.assertTrue(done.is_set())

    def test_a_thread_has_its_name_and_can_be_joined(self) -> None:
        seen: list[threading.Thread] = []
        thread = threads.launch(lambda: seen.append(threading.current_thread()), "a name")
        thread.join(PATIENCE)
        self.assertEqual((seen, thread.name, thread.is_alive()), ([thread], "a name", False))

    def test_a_thread_that_dies_at_its_start_does_not_block_the_caller(self) -> None:
        """Without memory CPython's own `Thread.start` waits for ever for such a thread."""
        self.limited()
        called = threading.Event()
        before = threading.enumerate()
        with (
            mock.patch.object(threading.Thread, "_bootstrap", lambda thread: None),
            mock.patch.object(threads, "BEGIN_WITHIN", 0.05),
            self.assertRaisesRegex(RuntimeError, "did not begin"),
        ):
            threads.launch(called.set, "stillborn")
        self.assertFalse(called.is_set())
        self.assertEqual(threading.enumerate(), before, "it is not listed for ever, either")

    def test_a_thread_that_starts_after_the_timeout_does_nothing(self) -> None:
        self.limited()
        called, late, go = threading.Event(), threading.Event(), threading.Event()
        bootstrap = threading.Thread._bootstrap  # type: ignore[attr-defined]

        def slowly(thread: threading.Thread) -> None:
            go.wait(PATIENCE)
            try:
                bootstrap(thread)
            finally:
                late.set()

        with (
            mock.patch.object(threading.Thread, "_bootstrap", slowly),
            mock.patch.object(threads, "BEGIN_WITHIN", 0.05),
            self.assertRaises(RuntimeError),
        ):
            threads.launch(called.set, "late")
        reported = threading.Event()
        with mock.patch.object(sys, "unraisablehook", lambda _: reported.set()):
            go.set()
            self.assertTrue(late.wait(PATIENCE))
            self.assertTrue(reported.wait(PATIENCE), "`threading` knows it no more, and says so")
        self.assertFalse(called.is_set())


#: From prctl(2), as linux/prctl.h numbers it.
PR_FUTEX_HASH_GET_SLOTS = 2


def futex_slots() -> int:
    """The size of this process's own futex hash table; 0 where it has none."""
    if not sys.platform.startswith("linux"):
        return 0
    number = ctypes.c_ulong
    prctl = ctypes.CDLL(None).prctl
    ask = number(PR_FUTEX_HASH_GET_SLOTS)
    return max(0, int(prctl(threads.PR_FUTEX_HASH, ask, number(0), number(0), number(0))))


class PrepareTest(TestCase):
    def test_the_futex_table_has_a_slot_for_each_of_thousands_of_threads(self) -> None:
        """With the kernel's 16 slots, each wake searched a list of a thousand threads."""
        code = (
            "import threading\n"
            "from gochat_py import threads\n"
            "from tests.unit.test_threads import futex_slots\n"
            "thread = threading.Thread(target=int); thread.start(); thread.join()\n"
            "before = futex_slots(); threads.prepare(); print(before, futex_slots())"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        before, after = map(int, done.stdout.split())
        if not before:
            self.skipTest("This kernel has one futex table for all processes.")
        self.assertLess(before, threads.FUTEX_SLOTS)
        self.assertEqual(after, threads.FUTEX_SLOTS)

    def test_a_system_without_a_futex_table_is_no_error(self) -> None:
        for error in (OSError("no library"), AttributeError("prctl"), TypeError("None")):
            with mock.patch.object(ctypes, "CDLL", side_effect=error):
                threads._enlarge_futex_table()


class GiveWayTest(TestCase):
    @unittest.skipUnless(hasattr(os, "sched_yield"), "This system has no sched_yield(2).")
    def test_it_releases_the_interpreter_lock(self) -> None:
        """Otherwise no other thread can run meanwhile: each waits for the lock."""
        code = (
            "import sys, threading\n"
            "from gochat_py.threads import give_way\n"
            "go, ready = threading.Lock(), threading.Event(); go.acquire()\n"
            "ran = []\n"
            "def run():\n"
            "    ready.set(); go.acquire(); ran.append(True)\n"
            "thread = threading.Thread(target=run); thread.start(); ready.wait()\n"
            "sys.setswitchinterval(3600.0)  # nobody asks for the lock; it has to be released\n"
            "go.release()\n"
            "tries = 0\n"
            "while not ran and tries < 1_000_000: give_way(); tries += 1\n"
            "print(bool(ran)); thread.join()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        self.assertEqual(done.stdout.strip(), "True")


class StartTest(TestCase):
    def test_a_failure_of_a_thread_is_logged_and_reported(self) -> None:
        failed = threading.Event()
        with self.assertLogs("gochat_py.threads", "CRITICAL") as said:
            threads.start(lambda: void(1 / 0), "hub", failed.set, stopping=lambda: False).join(
                PATIENCE
            )
        self.assertTrue(failed.is_set())
        self.assertIn("hub", said.output[0])

    def test_the_log_says_which_thread_and_why_in_one_record(self) -> None:
        with self.assertLogs("gochat_py.threads", "CRITICAL") as said:
            start(lambda: void(1 / 0), lambda: None).join(PATIENCE)
        (record,) = said.records
        self.assertIn("hub thread failed (ZeroDivisionError: ", record.getMessage())
        self.assertIsNotNone(record.exc_info)

    def test_a_thread_that_returns_before_the_server_stops_is_reported(self) -> None:
        for run in (sys.exit, lambda: None):
            failed = threading.Event()
            with self.assertLogs("gochat_py.threads", "CRITICAL") as said:
                start(run, failed.set).join(PATIENCE)
            self.assertTrue(failed.is_set())
            self.assertIn("hub", said.output[0])

    def test_a_thread_that_returns_while_the_server_stops_is_no_failure(self) -> None:
        failed = threading.Event()
        with self.assertNoLogs("gochat_py.threads", "CRITICAL"):
            start(lambda: None, failed.set, stopping=True).join(PATIENCE)
        self.assertFalse(failed.is_set())

    def test_a_failure_is_reported_even_if_there_is_no_memory_to_log_it(self) -> None:
        failed = threading.Event()
        with (
            mock.patch.object(threads.log, "critical", side_effect=MemoryError),
            mock.patch.object(threading, "excepthook"),
        ):
            threads.start(lambda: void(1 / 0), "hub", failed.set, stopping=lambda: False).join(
                PATIENCE
            )
        self.assertTrue(failed.is_set())

    def test_a_start_without_a_free_thread_raises_one_sentence(self) -> None:
        for error in (RuntimeError("can't start new thread"), MemoryError()):
            with (
                mock.patch.object(threading.Thread, "start", side_effect=error),
                self.assertRaisesRegex(StartupError, "no thread for the hub.*ulimit -u"),
            ):
                threads.start(lambda: None, "hub", lambda: None, lambda: False)


def start(
    run: Callable[[], None], failed: Callable[[], None], *, stopping: bool = False
) -> threading.Thread:
    return threads.start(run, "hub", failed, lambda: stopping)


def void(_: object) -> None:
    """Let an expression stand where nothing is to be returned."""
