"""A chat server inside another Python program, for example in the tests of a client."""

from __future__ import annotations

import threading
from typing import Any, Self

from . import threads
from .app import App
from .settings import Settings


class Server:
    """A chat server on threads of this process; it runs while the context is open.

    ::

        with Server(port=0, memory=True) as server:
            print(server.url)

    The arguments are the settings of ``gochat --help`` as Python names: ``--max-message-size`` is
    `max_message_size`, in the same unit. A setting that may be given several times is a tuple of
    strings. Environment variables are not read, signals are not handled, and log records go through
    `logging` only.

    A server can be started once. Any thread may start it, read `url`, and close it.
    """

    def __init__(self, **settings: Any) -> None:
        """Check the settings. Raises `StartupError` (with the remedy) or `TypeError`."""
        self._settings = Settings(**settings)
        self._lock = threading.Lock()  # guards `_app` and `_thread`
        self._app: App | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen, and serve in other threads. Raises `StartupError`, e.g. if the port is in use."""
        with self._lock:
            if self._app is not None:
                raise RuntimeError("this server was started before; make another one")
            app = self._app = App(self._settings)
            self._thread = threads.start(
                lambda: _run(app), "main", failed=app.stop, stopping=lambda: app.stopping
            )

    @property
    def url(self) -> str:
        """The URL of the page, as in ``http://127.0.0.1:40123/``. RuntimeError before `start`."""
        with self._lock:
            if self._app is None:
                raise RuntimeError("this server is not started; call start() or use with")
            return self._app.url

    def close(self) -> None:
        """Stop: persist and send what is queued, close all connections with 1001, and wait.

        It takes at most `drain_timeout` seconds, and the time that the disk needs. It does nothing
        if the server is closed already or was never started.
        """
        with self._lock:
            app, thread = self._app, self._thread
        if app is not None and thread is not None:
            app.stop()
            thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _run(app: App) -> None:
    """Serve until the app is stopped. The server's main thread runs this."""
    app.run()
