"""The threads that connections need, used again. Knows nothing of chat."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable

from . import threads
from .deadline import Deadline

log = logging.getLogger(__name__)

#: Threads that wait for something to do, at the most, and for how many seconds they do.
#: Enough for a storm of people who come and go; after it, nothing of it is left.
MOST_IDLE = 64
IDLE_FOR = 1.0


class _Seat:
    """Where one thread waits for its next task. To give it one takes no memory, so cannot fail."""

    __slots__ = ("_bell", "_task")

    def __init__(self) -> None:
        self._task: Task | None = None
        self._bell = threading.Lock()  # released when a task is given, and held at all other times
        self._bell.acquire()

    def give(self, task: Task | None) -> None:
        """Wake the thread with a task; with None, to end. Only who has chosen it calls this."""
        self._task = task
        self._bell.release()

    def wait(self, timeout: float = -1) -> bool:
        """Wait until a task is given, `timeout` seconds at the most; whether one was."""
        return self._bell.acquire(timeout=timeout)

    def take(self) -> Task | None:
        """The task that was given."""
        task, self._task = self._task, None
        return task


class Task:
    """Something that a thread of the pool does, from beginning to end; at first, its thread waits.

    `ThreadPool.reserve` makes it. Whoever reserved it calls `start` or `release`, in one thread.
    """

    __slots__ = ("_chosen", "_ended", "_run", "name", "seat")

    def __init__(self) -> None:
        self.name = "reserved"
        self.seat: _Seat | None = None
        self._run: Callable[[], None] | None = None
        self._chosen = False
        self._ended = threading.Lock()  # released when it has ended, and held until then
        self._ended.acquire()

    def start(self, run: Callable[[], None], name: str) -> None:
        """Have `run` called in the thread that was reserved, under that name. Cannot fail."""
        assert not self._chosen, "the thread was started, or released, before"
        self._run, self.name = run, name
        self.release()

    def release(self) -> None:
        """Let the thread go, with nothing to do. Does nothing if it was started."""
        if self.seat is not None and not self._chosen:
            self._chosen = True
            self.seat.give(self)

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, at most `timeout` seconds. Any other thread's, often."""
        if self._ended.acquire(timeout=-1 if timeout is None else timeout):
            self._ended.release()

    def do(self) -> None:
        """Do it; what it raises is logged, and concerns nothing else. The pool calls this."""
        if self._run is None:
            return
        try:
            with contextlib.suppress(MemoryError):  # the task matters more than its name
                threading.current_thread().name = self.name
            self._run()
        except Exception:
            log.exception("the %s thread failed", self.name)

    def end(self) -> None:
        """Wake who waits for its end. The pool calls this, once."""
        self._ended.release()


class ThreadPool:
    """Threads that are used again, as many as there are tasks at a time. For any thread to call.

    To start a thread and see its end takes 130 µs, to give a waiting one something to do and see
    the end of that takes 13 (CPython 3.11). A connection has two of them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the four below
        #: What is reserved, or has not ended.
        self._tasks: set[Task] = set()
        #: Each thread until its last step.
        self._threads: set[threading.Thread] = set()
        #: Where each thread waits that has nothing to do.
        self._idle: list[_Seat] = []
        self._closed = False

    def start(self, run: Callable[[], None], name: str) -> Task:
        """Have `run` called in a thread of that name. Raises as `reserve` does."""
        task = self.reserve()
        task.start(run, name)
        return task

    def reserve(self) -> Task:
        """A thread that waits for what it is to do: from then on, nothing can be missing for it.

        Raises `RuntimeError` or `MemoryError` (`threads.NO_THREAD`) if the system grants no
        further thread.
        """
        task = Task()
        with self._lock:
            self._tasks.add(task)
            if self._idle:
                task.seat = self._idle.pop()
                return task
        try:
            seat = _Seat()
            thread = threads.launch(lambda: self._work(seat), task.name)
            task.seat = seat
            with self._lock:
                self._threads.add(thread)
        except BaseException:
            with self._lock:
                self._tasks.discard(task)
            task.release()
            raise
        return task

    def close(self) -> None:
        """Let each thread end with the task that it has, and those that have none at once."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for seat in idle:
            seat.give(None)

    def join(self, deadline: Deadline) -> int:
        """Wait for the threads of a closed pool to end; the number still alive.

        A task that another one starts meanwhile is waited for by that other.
        """
        with self._lock:
            tasks = list(self._tasks)
        for task in tasks:
            task.join(deadline.remaining())
        with self._lock:
            left = list(self._threads)
        for thread in left:
            thread.join(deadline.remaining())
        return sum(thread.is_alive() for thread in left)

    def _work(self, seat: _Seat) -> None:
        """Do one task after another. Each thread of the pool lives here."""
        seat.wait()
        try:
            while (task := seat.take()) is not None:
                try:
                    task.do()
                finally:  # without memory, even logging what went wrong goes wrong
                    with self._lock:
                        self._tasks.discard(task)
                    task.end()
                if not self._wait_for_next(seat):
                    return
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _wait_for_next(self, seat: _Seat) -> bool:
        """Wait for the next task of this thread; False if nobody has one."""
        threading.current_thread().name = "idle"  # before it can be chosen: this may raise
        with self._lock:
            if self._closed or len(self._idle) >= MOST_IDLE:
                return False
            self._idle.append(seat)
        if seat.wait(IDLE_FOR):
            return True
        with self._lock:
            if seat in self._idle:
                self._idle.remove(seat)
                return False
        return seat.wait()  # it was chosen at the last moment, and a task is on its way
