"""The command `gochat`: it runs the server until a signal stops it."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import resource
import select
import signal
from types import FrameType

from .. import threads
from ..app import App
from ..errors import StartupError
from ..http.refused import LEAST_REFUSED, MAX_REFUSED, OWN_DESCRIPTORS
from ..settings import Settings
from .logs import logging_to_standard_error

log = logging.getLogger(__name__)

#: The server does not start if fewer connections than this are possible.
LEAST_CONNECTIONS = 8

#: Exit status after an essential thread (main, hub or journal) has failed.
FAILED = 1

#: Seconds to wait until standard output accepts the one line that is written to it.
ANNOUNCE_WITHIN = 1.0


def serve(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; a second signal ends the process at once.

    SIGHUP reloads the page's files and the password, and never ends the process; if it is ignored
    at the start (`nohup`), it stays ignored. Prints one line to standard output once connections
    are accepted. Raises `StartupError` if the server cannot start. Returns the exit status: 0, or
    `FAILED`, so that a supervisor restarts the server.
    """
    _hold_standard_descriptors()
    hangs_up = signal.signal(signal.SIGHUP, signal.SIG_IGN) is not signal.SIG_IGN
    threads.prepare()
    with logging_to_standard_error(settings.log_level, settings.log_format):
        app = App(_within_descriptors(settings))

        def on_signal(number: int, frame: FrameType | None) -> None:
            for each in (signal.SIGINT, signal.SIGTERM):
                signal.signal(each, signal.SIG_DFL)
            app.stop()

        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, on_signal)
        if hangs_up:
            signal.signal(signal.SIGHUP, lambda *_: app.reload())
        signal.set_wakeup_fd(app.waker, warn_on_full_buffer=False)
        try:
            _announce(app.url)
            app.run()
        finally:
            signal.set_wakeup_fd(-1)
    return FAILED if app.failed else 0


def _hold_standard_descriptors() -> None:
    """Open those of the descriptors 0, 1 and 2 that are closed, on ``/dev/null``.

    Otherwise the next opened file, for example the database, would get such a number, and log lines
    would be written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number: this one


def _announce(url: str) -> None:
    """Print the address; if standard output is blocked for `ANNOUNCE_WITHIN`, log it instead."""
    poll = select.poll()
    poll.register(1, select.POLLOUT)
    if not poll.poll(ANNOUNCE_WITHIN * 1000):
        log.warning("standard output is blocked; listening on %s", url)
        return
    with contextlib.suppress(OSError):  # standard output is closed
        os.write(1, f"listening on {url}\n".encode())


def _within_descriptors(settings: Settings) -> Settings:
    """`settings` with a limit on connections that leaves the server its own descriptors.

    First raises the process's limit on descriptors as far as allowed and useful. Raises
    `StartupError` if fewer than `LEAST_CONNECTIONS` connections would be possible.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    want = settings.max_connections + OWN_DESCRIPTORS + MAX_REFUSED
    if soft == resource.RLIM_INFINITY or soft >= want:
        return settings
    allowed = want if hard == resource.RLIM_INFINITY else min(want, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    left = allowed - OWN_DESCRIPTORS - LEAST_REFUSED
    if left >= settings.max_connections:
        return settings
    if left < LEAST_CONNECTIONS:
        raise StartupError(
            f"the system allows {allowed} open files, too few for a server; "
            f"raise the limit (ulimit -n) to {allowed - left + LEAST_CONNECTIONS} or more"
        )
    log.warning(
        "the system allows %d open files, so at most %d connections are possible, fewer than "
        "--max-connections %d; to allow them all, raise the limit (ulimit -n) to %d",
        allowed,
        left,
        settings.max_connections,
        want,
    )
    return dataclasses.replace(settings, max_connections=left)
