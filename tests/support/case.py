"""The base class of every test. It fails a test that leaves threads, files or processes."""

from __future__ import annotations

import gc
import os
import threading
import unittest
from collections.abc import Callable
from pathlib import Path

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # most tests run without it
    pass
else:
    # A slow or busy machine fails no property test.
    settings.register_profile(
        "no time", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("no time")

#: Seconds a test waits for an event that must come. Generous: only a broken program reaches it.
PATIENCE = 30.0


class TestCase(unittest.TestCase):
    """Checks after each test that no thread, descriptor or child process outlived it.

    What a class sets up for all its tests (`setUpClass`) is there before the first and is not
    counted. A test's own cleanups run before the check.
    """

    def setUp(self) -> None:
        super().setUp()
        self._threads = set(threading.enumerate())
        self._descriptors = descriptors()
        self._children = children()
        self.addCleanup(self._check_nothing_left)

    def _check_nothing_left(self) -> None:
        for thread in set(threading.enumerate()) - self._threads:
            thread.join(PATIENCE)
            self.assertFalse(thread.is_alive(), f"the test left the thread {thread.name!r} behind")
        self.assertEqual(children() - self._children, set(), "the test left processes behind")
        gc.collect()
        left = {
            number: what
            for number, what in descriptors().items()
            if self._descriptors.get(number) != what
        }
        self.assertEqual(left, {}, "the test left descriptors open")


def descriptors(pid: int | str = "self") -> dict[int, str]:
    """The open descriptors of a process, each with what it points to. Empty where /proc is not."""
    found = {}
    folder = Path(f"/proc/{pid}/fd")
    for entry in folder.iterdir() if folder.is_dir() else ():
        try:
            found[int(entry.name)] = os.readlink(entry)
        except OSError:  # the descriptor that lists the folder is gone by now
            continue
    return found


def children() -> set[int]:
    """The pids of this process's own children, living or not yet waited for."""
    found: set[int] = set()
    for listing in Path("/proc/self/task").glob("*/children"):
        try:
            found.update(int(pid) for pid in listing.read_text().split())
        except OSError:  # that thread ended meanwhile
            continue
    return found


def eventually(condition: Callable[..., object], what: str, every: float = 0.02) -> None:
    """Return once `condition()` is true; fail after `PATIENCE` naming `what` did not happen.

    For what can only be observed, like another process's memory; whatever can be waited for by an
    event is waited for by that event.
    """
    pause = threading.Event()
    waited = 0.0
    while not condition():
        if waited > PATIENCE:
            raise AssertionError(f"did not happen within {PATIENCE:g} s: {what}")
        pause.wait(every)
        waited += every
