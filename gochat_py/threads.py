"""How threads are started: with a limit on every wait, and so that none dies unnoticed."""

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

#: Seconds after which a thread that waits for the interpreter lock asks for it. Python's 5 ms suit
#: a few threads that compute; here thousands wait, and each would wake so often only to ask again.
#: When 5,000 clients hung up at once, their 10,000 threads took over a minute of nothing but that
#: (2 cores, CPython 3.11), and with 0.1 s, 16,000 threads would still wake 160,000 times a second.
#: Nobody waits longer for it: whoever holds the lock lets go of it with each system call, some
#: microseconds later, and nothing that a peer can ask for computes for long without one.
SWITCH_INTERVAL = 2.0

#: Objects made, and not freed by their last reference, before the garbage collector looks at the
#: youngest of them; and how many such looks come before one at the older ones (gc.set_threshold).
#: A connection is some fifty objects that stay, and makes no garbage that is cyclic: with Python's
#: 700, looking at all of them again and again took 16 % of the time in which 4,000 came back.
GARBAGE = (100_000, 20, 100)

#: Bytes of stack for each thread. Memory is spent only on pages that are touched, but 20,000
#: threads times the usual 8 MiB is more address space than some machines grant. What recurses, the
#: JSON reader, is kept shallow (`core.wire.MAX_DEPTH`).
STACK_SIZE = 512 * 1024

#: Seconds a new thread has to begin. It usually takes 100 µs; one that has not begun by then has
#: died of a lack of memory before it could say so, or the machine is so busy that it had better
#: not begin at all.
BEGIN_WITHIN = 5.0

#: Bytes of address space that must be free beside what a new thread takes. Where there is none at
#: all, CPython 3.11 cannot even raise its errors in order (a `SystemError` in place of a
#: `MemoryError`), so no connection may take what those inside, and the server itself, need.
HEADROOM = 32 * 1024 * 1024

#: A parameter of mallopt(3), as malloc.h numbers it.
M_ARENA_MAX = -8

#: Slots of the process's futex hash table: a power of two, about one for each thread of 8,000
#: connections. A slot takes 64 bytes. From Linux 6.17 on, each process has a table of its own, and
#: the kernel sizes it by the number of processors: 16 slots where there are two. Each wait and each
#: wake then searches a list of a thousand threads, with 16,000 threads. See PR_FUTEX_HASH(2const).
FUTEX_SLOTS = 16_384

#: Operations of prctl(2), as linux/prctl.h numbers them.
PR_FUTEX_HASH = 78
PR_FUTEX_HASH_SET_SLOTS = 1

#: What `launch` raises where the system grants no thread, or no memory for one.
NO_THREAD = (RuntimeError, MemoryError)


def prepare() -> None:
    """Set what holds for every thread that is started from now on; before the first of them is.

    Where the system has it, they are scheduled as a batch (sched(7)): one that is woken does not
    take the processor from the one that woke it, only to wait for the interpreter lock that this
    one holds. Each hop of a message then takes one switch in place of three. A policy that somebody
    chose from outside is left alone.
    """
    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        _share_one_heap()
    _enlarge_futex_table()
    threading.stack_size(STACK_SIZE)
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.set_threshold(*GARBAGE)
    if hasattr(os, "SCHED_BATCH") and os.sched_getscheduler(0) == os.SCHED_OTHER:
        with contextlib.suppress(OSError):  # not allowed here: it is slower, and no less right
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _share_one_heap() -> None:
    """Have glibc keep one heap for all threads: each further one takes 64 MiB of address space.

    See M_ARENA_MAX in mallopt(3). Another C library has no such call, or no such heaps.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def _enlarge_futex_table() -> None:
    """Ask for `FUTEX_SLOTS`. An older kernel, or another system, refuses; that is no error."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        unsigned = ctypes.c_ulong
        ctypes.CDLL(None).prctl(
            PR_FUTEX_HASH,
            unsigned(PR_FUTEX_HASH_SET_SLOTS), unsigned(FUTEX_SLOTS), unsigned(0), unsigned(0),
        )  # fmt: skip


def give_way() -> None:
    """Let the threads that could run right now on this processor run first. Any thread's.

    It releases the interpreter lock. A thread that serves many gets more done at once that way:
    they may all be about to ask. And a message does not wait for a thread whose work is not urgent.
    Where the system has no such call, it does nothing.
    """
    if hasattr(os, "sched_yield"):
        os.sched_yield()


class _Unawaited(threading.Event):
    """The event of a `threading.Thread` that says it has begun, which `start` waits for.

    It waits for it without limit, and a thread that dies of a lack of memory first never sets it
    (CPython 3.11 to 3.14). `launch` waits itself.
    """

    def wait(self, timeout: float | None = None) -> bool:
        """Return at once whether the thread has begun."""
        return self.is_set()


class _Thread(threading.Thread):
    """A thread whose `start` waits for nothing."""

    def __init__(self, run: Callable[[], None], name: str) -> None:
        # A daemon: where stopping itself fails, it must not keep the process from ending.
        super().__init__(target=run, name=name, daemon=True)
        self._started = _Unawaited()

    def is_alive(self) -> bool:
        """Whether it has not ended; also of one that is about to begin."""
        return not self._started.is_set() or super().is_alive()

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, at most `timeout` seconds; also one that is about to begin."""
        begun = time.monotonic()
        if threading.Event.wait(self._started, timeout):
            left = None if timeout is None else max(0.0, begun + timeout - time.monotonic())
            super().join(left)


def launch(run: Callable[[], None], name: str) -> threading.Thread:
    """Call `run` in a thread of that name. Any thread may call this.

    Raises `RuntimeError` or `MemoryError` (`NO_THREAD`) if the system grants none. Where the
    address space is limited, it returns once the thread has begun, and raises these as well if
    less than `HEADROOM` would be left, or if it has not begun within `BEGIN_WITHIN`; then `run` is
    not called later, either. (Elsewhere there is memory for a thread that the system has granted,
    and to wait for each takes two switches between threads.)
    """
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        thread = _Thread(run, name)
        thread.start()
        return thread
    _check_headroom()
    lock = threading.Lock()  # guards `given_up`
    given_up = False
    begun = threading.Lock()  # released by the thread once it has begun, and held until then
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
            # `threading` lists it among those that are about to begin, and would do so for ever.
            getattr(threading, "_limbo", {}).pop(thread, None)
            raise RuntimeError(f"a new thread did not begin within {BEGIN_WITHIN:g} s")
    return thread


def _check_headroom() -> None:
    """Raise `RuntimeError` unless `HEADROOM` and a stack could be had: takes it, and gives it back.

    No page of it is touched, so that takes 10 µs (Linux).
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
    """Start a thread that lives as long as the server; where it ends before, call `failed`.

    That is when `run` raises, and when it returns though the server is not `stopping`. The server
    cannot do its work with one of them gone, so `failed` is to stop it; the log says why. Raises
    `StartupError` if the system grants no thread.
    """

    def body() -> None:
        error: BaseException | None = None
        try:
            run()
        except BaseException as caught:  # sys.exit(), too, would end it without a word
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
    """Log that a thread has ended which the server cannot do without, and why."""
    if error is None:
        log.critical("the %s thread has ended too early; the server stops", name)
    else:
        why = f"{type(error).__name__}: {error}"
        log.critical("the %s thread failed (%s); the server stops", name, why, exc_info=error)
