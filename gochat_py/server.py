"""A chat server inside another program: for a test of a client, or beside what else it does."""

from __future__ import annotations

import threading
from typing import Any, Self

from . import threads
from .app import App
from .settings import Settings


class Server:
    """A chat server on threads of this process, while the context is open.

    ::

        with Server(port=0, memory=True) as server:
            print(server.url)

    The arguments are the settings of ``gochat --help`` as Python names: ``--max-message-size`` is
    `max_message_size`, in the same unit. What may be given several times is a tuple of strings. The
    environment is not read, no signal is handled, and nothing is logged but through `logging`.

    A server can be started once. Any thread may start it, read `url`, and close it.
    """

    def __init__(self, **settings: Any) -> None:
        """Check the settings. Raises `StartupError`, a sentence with the remedy, or `TypeError`."""
        self._settings = Settings(**settings)
        self._lock = threading.Lock()  # guards `_app` and `_thread`
        self._app: App | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen, and serve in threads of its own. Raises `StartupError`, as for a port taken."""
        with self._lock:
            if self._app is not None:
                raise RuntimeError("this server was started before; make another one")
            app = self._app = App(self._settings)
            self._thread = threads.start(
                lambda: _run(app), "main", failed=app.stop, stopping=lambda: app.stopping
            )

    @property
    def url(self) -> str:
        """The address of the page, as in ``http://127.0.0.1:40123/``. Once started."""
        with self._lock:
            if self._app is None:
                raise RuntimeError("this server is not started; call start() or use with")
            return self._app.url

    def close(self) -> None:
        """Stop: persist and send what is queued, close all connections with 1001, and wait.

        Takes at most `drain_timeout` seconds and what the disk needs. Does nothing when the server
        is closed, or was never started.
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
    """Serve until the app is stopped. The thread lives here."""
    app.run()
