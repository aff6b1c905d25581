"""Long-lived threads that may not die unnoticed."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

#: Seconds after which a thread that waits for the interpreter lock asks for it. Python's 5 ms suit
#: a few threads that compute; here thousands wait, and each would wake so often only to ask again.
#: When 5,000 clients hung up at once, their 10,000 threads took over a minute of nothing but that;
#: with 0.1 s they end within 5 s (2 cores, CPython 3.11). Nobody waits longer for it: whoever holds
#: the lock lets go of it with each system call, some microseconds later.
SWITCH_INTERVAL = 0.1

#: Bytes of stack for each thread. Memory is spent only on pages that are touched, but 20,000
#: threads times the usual 8 MiB is more address space than some machines grant. What recurses, the
#: JSON reader, is kept shallow (`core.wire.MAX_DEPTH`).
STACK_SIZE = 512 * 1024


def prepare() -> None:
    """Set what holds for every thread that is started from now on; before the first of them is.

    Where the system has it, they are scheduled as a batch (sched(7)): one that is woken does not
    take the processor from the one that woke it, only to wait for the interpreter lock that this
    one holds. Each hop of a message then takes one switch in place of three. A policy that somebody
    chose from outside is left alone.
    """
    threading.stack_size(STACK_SIZE)
    sys.setswitchinterval(SWITCH_INTERVAL)
    if hasattr(os, "SCHED_BATCH") and os.sched_getscheduler(0) == os.SCHED_OTHER:
        with contextlib.suppress(OSError):  # not allowed here: it is slower, and no less right
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def give_way() -> None:
    """Let the threads that could run right now on this processor run first. Any thread's.

    A thread that serves many gets more done at once that way: they may all be about to ask. Where
    the system has no such call, it does nothing.
    """
    if hasattr(os, "sched_yield"):
        os.sched_yield()


def start(run: Callable[[], None], name: str, failed: Callable[[], None]) -> threading.Thread:
    """Start a thread that lives as long as the server; if `run` raises, log it and call `failed`.

    The server cannot do its work with one of them gone, so `failed` is to stop it.
    """

    def body() -> None:
        try:
            run()
        except Exception:
            log.critical("the %s thread failed; the server stops", name, exc_info=True)
            failed()

    thread = threading.Thread(target=body, name=name)
    thread.start()
    return thread
