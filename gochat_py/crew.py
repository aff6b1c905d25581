"""The threads that connections need, used again. Knows nothing of chat."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from .deadline import Deadline

log = logging.getLogger(__name__)

#: Threads that wait for something to do, at the most, and for how many seconds they do.
#: Enough for a storm of people who come and go; after it, nothing of it is left.
MOST_IDLE = 64
IDLE_FOR = 1.0


class Task:
    """Something that a thread of a crew does, from beginning to end."""

    __slots__ = ("_ended", "_run", "name")

    def __init__(self, run: Callable[[], None], name: str) -> None:
        self.name = name
        self._run = run
        self._ended = threading.Lock()  # released when it has ended, and held until then
        self._ended.acquire()

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, at most `timeout` seconds. Any other thread's, often."""
        if self._ended.acquire(timeout=-1 if timeout is None else timeout):
            self._ended.release()

    def do(self) -> None:
        """Do it; what it raises is logged, and concerns nothing else. The crew calls this."""
        try:
            self._run()
        except Exception:
            log.exception("the %s thread failed", self.name)
        finally:
            self._ended.release()


class Crew:
    """Threads that are used again, as many as there are tasks at a time. For any thread to call.

    To start a thread and see its end takes 130 µs, to give a waiting one something to do and see
    the end of that takes 13 (CPython 3.11). A connection has two of them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the four below
        #: What has not ended; the thread for it may be about to start.
        self._tasks: set[Task] = set()
        #: Each thread from its first step to its last.
        self._threads: set[threading.Thread] = set()
        #: Where each thread that waits is given its next task; None: there will be none.
        self._idle: list[queue.SimpleQueue[Task | None]] = []
        self._closed = False

    def start(self, run: Callable[[], None], name: str) -> Task:
        """Have `run` called in a thread of that name.

        Raises `RuntimeError` if the system grants no further thread.
        """
        task = Task(run, name)
        with self._lock:
            self._tasks.add(task)
            desk = self._idle.pop() if self._idle else None
        if desk is not None:
            desk.put(task)
            return task
        # A daemon: a thread that does not end must not keep the process. `join` waits for it.
        thread = threading.Thread(target=self._work, args=(task,), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            with self._lock:
                self._tasks.discard(task)
            raise
        return task

    def close(self) -> None:
        """Let each thread end with the task that it has, and those that have none at once."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for desk in idle:
            desk.put(None)

    def join(self, deadline: Deadline) -> int:
        """Wait for the threads of a closed crew to end; the number still alive.

        A task that another one starts meanwhile is waited for by that other.
        """
        with self._lock:
            tasks = list(self._tasks)
        for task in tasks:
            task.join(deadline.remaining())
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(deadline.remaining())
        return sum(thread.is_alive() for thread in threads)

    def _work(self, first: Task) -> None:
        """Do one task after another. Each thread of the crew lives here."""
        thread = threading.current_thread()
        with self._lock:
            self._threads.add(thread)
        desk: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        task: Task | None = first
        while task is not None:
            thread.name = task.name
            task.do()
            task = self._next(task, desk)
        with self._lock:
            self._threads.discard(thread)

    def _next(self, done: Task, desk: queue.SimpleQueue[Task | None]) -> Task | None:
        """What this thread is to do next; None if nobody wants it."""
        with self._lock:
            self._tasks.discard(done)
            if self._closed or len(self._idle) >= MOST_IDLE:
                return None
            self._idle.append(desk)
        threading.current_thread().name = "idle"
        try:
            return desk.get(timeout=IDLE_FOR)
        except queue.Empty:
            with self._lock:
                if desk in self._idle:
                    self._idle.remove(desk)
                    return None
        return desk.get()  # it was chosen at the last moment, and a task is on its way
