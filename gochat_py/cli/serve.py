"""`gochat`: run the server until a signal says to stop."""

from __future__ import annotations

import logging
import resource
import signal
from types import FrameType

from .. import threads
from ..app import App
from ..settings import Settings
from .logs import configure

log = logging.getLogger(__name__)

#: Descriptors the server needs beside one a connection: listener, log, wake-up pair, spare, …
OTHER_DESCRIPTORS = 32


def serve(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; a second signal ends the process at once.

    Prints one line to standard output once connections are accepted. Raises `StartupError` where
    it cannot start. Returns the exit status.
    """
    configure(settings.log_level, settings.log_format)
    threads.prepare()
    _raise_descriptor_limit(settings.max_connections)
    app = App(settings)

    def on_signal(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        app.stop()

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, on_signal)
    signal.set_wakeup_fd(app.waker, warn_on_full_buffer=False)
    try:
        print(f"listening on {app.url}", flush=True)
        app.run()
    finally:
        signal.set_wakeup_fd(-1)
    return 0


def _raise_descriptor_limit(connections: int) -> None:
    """Let the process open a descriptor for each connection, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    want = connections + OTHER_DESCRIPTORS
    if soft == resource.RLIM_INFINITY or soft >= want:
        return
    allowed = want if hard == resource.RLIM_INFINITY else min(want, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < want:
        log.warning(
            "the system allows %d open files, fewer than --max-connections %d needs; "
            "raise the limit (ulimit -Hn) to hold more",
            allowed,
            connections,
        )
