"""A thread pool for connections: threads are reused. Nothing here depends on chat."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable

from . import threads
from .deadline import Deadline

log = logging.getLogger(__name__)

#: Most idle threads, and the seconds for which a thread stays idle before it ends. That is enough
#: when many users connect and disconnect at once; a second later the threads are gone.
MOST_IDLE = 64
IDLE_FOR = 1.0


class _Seat:
    """Where one thread waits for its next task. `give` allocates no memory, so it cannot fail."""

    __slots__ = ("_bell", "_task")

    def __init__(self) -> None:
        self._task: Task | None = None
        self._bell = threading.Lock()  # released when a task is given, and held at all other times
        self._bell.acquire()

    def give(self, task: Task | None) -> None:
        """Give the waiting thread a task, or None to end it. Called once for each wait."""
        self._task = task
        self._bell.release()

    def wait(self, timeout: float = -1) -> bool:
        """Wait until a task is given, at most `timeout` seconds; returns whether one was."""
        return self._bell.acquire(timeout=timeout)

    def take(self) -> Task | None:
        """The task that was given."""
        task, self._task = self._task, None
        return task


class Task:
    """A function call on a thread of the pool; first its thread is reserved, then it is started.

    `ThreadPool.reserve` makes it. The thread that reserved it calls `start` or `release`.
    """

    __slots__ = ("_chosen", "_ended", "_run", "name", "seat")

    def __init__(self) -> None:
        self.name = "reserved"
        self.seat: _Seat | None = None
        self._run: Callable[[], None] | None = None
        self._chosen = False
        self._ended = threading.Lock()  # held until the task has ended
        self._ended.acquire()

    def start(self, run: Callable[[], None], name: str) -> None:
        """Call `run` in the reserved thread, with the thread name `name`. Cannot fail."""
        assert not self._chosen, "the task was started or released before"
        self._run, self.name = run, name
        self.release()

    def release(self) -> None:
        """Return the reserved thread to the pool. Does nothing if the task was started."""
        if self.seat is not None and not self._chosen:
            self._chosen = True
            self.seat.give(self)

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, at most `timeout` seconds. Any other thread may call this."""
        if self._ended.acquire(timeout=-1 if timeout is None else timeout):
            self._ended.release()

    def do(self) -> None:
        """Run it; an exception is logged and has no other effect. The pool calls this."""
        if self._run is None:
            return
        try:
            with contextlib.suppress(MemoryError):  # run the task even if it cannot be named
                threading.current_thread().name = self.name
            self._run()
        except Exception:
            log.exception("the %s thread failed", self.name)

    def end(self) -> None:
        """Wake the threads in `join`. The pool calls this, once."""
        self._ended.release()


class ThreadPool:
    """As many threads as there are tasks at a time; they are reused. Any thread may call it.

    To start a thread and wait for its end takes 130 µs; to give a task to an idle thread and wait
    for its end takes 13 µs (CPython 3.11). A connection has two threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the four below
        #: Tasks that are reserved or running.
        self._tasks: set[Task] = set()
        #: Threads that have not ended.
        self._threads: set[threading.Thread] = set()
        #: The seats of idle threads.
        self._idle: list[_Seat] = []
        self._closed = False

    def start(self, run: Callable[[], None], name: str) -> Task:
        """Call `run` in a thread named `name`. Raises the same errors as `reserve`."""
        task = self.reserve()
        task.start(run, name)
        return task

    def reserve(self) -> Task:
        """Reserve a thread for a task. It waits until `Task.start`, which then cannot fail.

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
        """End the idle threads now, and each other thread after its current task."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for seat in idle:
            seat.give(None)

    def join(self, deadline: Deadline) -> int:
        """Wait for the threads of a closed pool to end; returns the number still alive.

        If a task starts another one meanwhile, that task waits for it, not this method.
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
        """Run one task after another. Each thread of the pool runs this."""
        seat.wait()
        try:
            while (task := seat.take()) is not None:
                try:
                    task.do()
                finally:  # without memory, logging the error may fail, too
                    with self._lock:
                        self._tasks.discard(task)
                    task.end()
                if not self._wait_for_next(seat):
                    return
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _wait_for_next(self, seat: _Seat) -> bool:
        """Wait for the next task of this thread; False if there is none and it must end."""
        threading.current_thread().name = "idle"  # may raise, so before a task can be given
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
        return seat.wait()  # it was reserved after the timeout: a task will be given
