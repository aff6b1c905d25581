"""Starts threads: no start waits without limit, and no thread ends without a log record."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import mmap
import os
import resource
import sys
import threading
import time
from collections.abc import Callable

from .deadline import Deadline
from .errors import StartupError

log = logging.getLogger(__name__)

#: Seconds after which a thread that waits for the interpreter lock requests it (the switch
#: interval). Python's 5 ms suit a few threads that compute; here thousands wait, and each would
#: wake that often only to request it again. When 5,000 clients disconnected at once, their 10,000
#: threads spent over a minute on that alone (2 cores, CPython 3.11); with 0.1 s, 16,000 threads
#: would still wake 160,000 times a second. No thread waits longer because of it: the lock is
#: released with each system call, some microseconds later, and no request of a peer computes for
#: long without one.
SWITCH_INTERVAL = 2.0

#: Thresholds of the garbage collector (gc.set_threshold): new objects, minus freed ones, before a
#: collection of the youngest generation; and how many collections come before one of the next
#: generation. A connection is some fifty objects that stay, and makes no cyclic garbage: with
#: Python's 700, collections took 16 % of the time while 4,000 clients reconnected.
GARBAGE = (100_000, 20, 100)

#: Bytes of stack for each thread. Only touched pages use memory, but 20,000 threads times the usual
#: 8 MiB is more address space than some machines grant. The only deep recursion, the JSON parser,
#: is bounded (`core.wire.MAX_DEPTH`).
STACK_SIZE = 512 * 1024

#: Seconds within which a new thread must begin to run. It usually takes 100 µs; one that has not
#: begun by then has died of a lack of memory, or the machine is too busy for another thread.
BEGIN_WITHIN = 5.0

#: Bytes of address space that must stay free besides those of a new thread. Without any, CPython
#: 3.11 cannot even raise its errors properly (a `SystemError` instead of a `MemoryError`), so a new
#: connection must not take what the existing ones, and the server itself, need.
HEADROOM = 32 * 1024 * 1024

#: A parameter of mallopt(3), from malloc.h.
M_ARENA_MAX = -8

#: Slots of the process's futex hash table: a power of two, about one for each thread of 8,000
#: connections. A slot takes 64 bytes. Since Linux 6.17 each process has its own table, and the
#: kernel sizes it by the number of processors: 16 slots for two processors. With 16,000 threads,
#: each wait and each wake then searches a list of a thousand. See PR_FUTEX_HASH(2const).
FUTEX_SLOTS = 16_384

#: Operations of prctl(2), from linux/prctl.h.
PR_FUTEX_HASH = 78
PR_FUTEX_HASH_SET_SLOTS = 1

#: What `launch` raises if the system grants no thread, or no memory for one.
NO_THREAD = (RuntimeError, MemoryError)


def prepare() -> None:
    """Configure the process for many threads. Call it before the first thread is started.

    On Linux, threads get the scheduling policy SCHED_BATCH (sched(7)): a woken thread does not take
    the processor from the thread that woke it, only to wait for the interpreter lock that this
    thread holds. Each hop of a message then takes one switch instead of three. If the process was
    started with another policy than SCHED_OTHER, that policy is kept.
    """
    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        _share_one_heap()
    _enlarge_futex_table()
    threading.stack_size(STACK_SIZE)
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.set_threshold(*GARBAGE)
    if hasattr(os, "SCHED_BATCH") and os.sched_getscheduler(0) == os.SCHED_OTHER:
        with contextlib.suppress(OSError):  # not permitted: slower, but still correct
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _share_one_heap() -> None:
    """Make glibc use one heap for all threads: each further one takes 64 MiB of address space.

    See M_ARENA_MAX in mallopt(3). Another C library has no such call, or no such heaps.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def _enlarge_futex_table() -> None:
    """Request `FUTEX_SLOTS`. An older kernel, or another system, refuses; that is not an error."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        unsigned = ctypes.c_ulong
        ctypes.CDLL(None).prctl(
            PR_FUTEX_HASH,
            unsigned(PR_FUTEX_HASH_SET_SLOTS), unsigned(FUTEX_SLOTS), unsigned(0), unsigned(0),
        )  # fmt: skip


def give_way() -> None:
    """Yield the processor, and the interpreter lock, to other runnable threads (sched_yield(2)).

    Any thread may call this. A thread that serves many others then finds more requests at once. A
    thread whose work is not urgent does not delay messages. On a system without the call it does
    nothing.
    """
    if hasattr(os, "sched_yield"):
        os.sched_yield()


class _Unawaited(threading.Event):
    """The event of a `threading.Thread` that is set when the thread has begun.

    `Thread.start` waits for it without limit. A thread that dies of a lack of memory before it
    begins never sets it (CPython 3.11 to 3.14). So `wait` returns at once, and `launch` waits
    itself.
    """

    def wait(self, timeout: float | None = None) -> bool:
        """Return at once whether the thread has begun."""
        return self.is_set()


class _Thread(threading.Thread):
    """A thread whose `start` does not wait."""

    def __init__(self, run: Callable[[], None], name: str) -> None:
        # A daemon: if the shutdown fails, the thread must not keep the process from ending.
        super().__init__(target=run, name=name, daemon=True)
        self._started = _Unawaited()

    def is_alive(self) -> bool:
        """Whether it has not ended; True also before it has begun."""
        return not self._started.is_set() or super().is_alive()

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, at most `timeout` seconds; also if it has not begun yet."""
        begun = time.monotonic()
        if threading.Event.wait(self._started, timeout):
            left = None if timeout is None else max(0.0, begun + timeout - time.monotonic())
            super().join(left)


def launch(run: Callable[[], None], name: str) -> threading.Thread:
    """Call `run` in a new thread named `name`. Any thread may call this.

    Raises `RuntimeError` or `MemoryError` (`NO_THREAD`) if the system grants none. If the address
    space is limited, it returns once the thread has begun; it raises the same errors if less than
    `HEADROOM` would be left, or if the thread has not begun within `BEGIN_WITHIN`. After an error
    `run` is never called. (Without such a limit there is memory for each thread that the system
    grants, and to wait for each would take two switches between threads.)
    """
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        thread = _Thread(run, name)
        thread.start()
        return thread
    _check_headroom()
    lock = threading.Lock()  # guards `given_up`
    given_up = False
    begun = threading.Lock()  # held until the new thread has begun, which releases it
    begun.acquire()

    def body() -> None:
        with lock:
            if given_up:
                return
            begun.release()
        run()

    thread = _Thread(body, name)
    thread.start()
    if not Deadline(BEGIN_WITHIN).wait(lambda left: begun.acquire(timeout=left)):
        with lock:
            given_up = not begun.acquire(blocking=False)
        if given_up:
            # Otherwise `threading` would list it for ever as a thread that is about to begin.
            getattr(threading, "_limbo", {}).pop(thread, None)
            raise RuntimeError(f"a new thread did not begin within {BEGIN_WITHIN:g} s")
    return thread


def _check_headroom() -> None:
    """Raise `RuntimeError` unless `HEADROOM` and a stack can be mapped; they are unmapped again.

    No page is touched, so it takes 10 µs (Linux).
    """
    try:
        mmap.mmap(-1, HEADROOM + STACK_SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError:
        raise RuntimeError(
            f"less than {HEADROOM >> 20} MiB of address space are left; see ulimit -v"
        ) from None


def start(
    run: Callable[[], None],
    name: str,
    failed: Callable[[], None],
    stopping: Callable[[], bool],
) -> threading.Thread:
    """Start a thread that runs as long as the server; if it ends too early, call `failed`.

    It ends too early if `run` raises, or if it returns while the server is not `stopping`. The
    server cannot work without such a thread, so `failed` must stop the server; the reason is
    logged. Raises `StartupError` if the system grants no thread.
    """

    def body() -> None:
        error: BaseException | None = None
        try:
            run()
        except BaseException as caught:  # sys.exit() would end the thread without a log record, too
            error = caught
        if error is None and stopping():
            return
        try:
            log_end(name, error)
        finally:
            failed()

    try:
        return launch(body, name)
    except NO_THREAD as error:
        raise StartupError(
            f"the system grants no thread for the {name} ({error}); raise its limits "
            "(ulimit -u, ulimit -v)"
        ) from None


def log_end(name: str, error: BaseException | None) -> None:
    """Log that an essential thread has ended, and why."""
    if error is None:
        log.critical("the %s thread ended unexpectedly; the server stops", name)
    else:
        why = f"{type(error).__name__}: {error}"
        log.critical("the %s thread failed (%s); the server stops", name, why, exc_info=error)
