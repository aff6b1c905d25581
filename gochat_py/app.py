"""The composition root: builds the parts, starts them, and stops them in reverse.

    main thread     accepts connections until told to stop
    hub             one thread
    reader, writer  two threads a connection; the reader begins as the request's handler

Stopping follows the water: no new connections, then the hub gives out what it still has and
dismisses everyone, then each connection's threads finish, all within one deadline.
"""

from __future__ import annotations

import logging

from . import threads
from .classic import Classic
from .connection import Connection, Upgrade
from .deadline import Deadline
from .http.assets import Assets, web_root
from .http.server import ChatServer
from .hub import Hub
from .settings import Settings

log = logging.getLogger(__name__)


class App:
    """One chat server. `run` is called once, by the main thread; `stop` by anybody."""

    def __init__(self, settings: Settings) -> None:
        """Build everything and listen. Raises `StartupError` with the cure where that fails."""
        self._settings = settings
        self._hub = Hub(settings.compress_from)
        self._classic = Classic(self._hub)
        self._server = ChatServer(settings, Assets.load(web_root()), self._serve)
        self.url = self._server.url

    def run(self) -> bool:
        """Serve until `stop`. Returns whether everything ended by itself within the deadline."""
        hub = threads.start(self._hub.run, "hub", failed=self.stop)
        try:
            self._server.serve_forever()
        finally:
            deadline = Deadline(self._settings.drain_timeout)
            self._server.hang_up()
            self._hub.inbox.close()
            hub.join()
            left = self._server.join(deadline)
            self._server.server_close()
        if left:
            log.warning("%d connections did not end in time", left)
        return not left

    def stop(self) -> None:
        """Ask `run` to end. Returns at once; a signal handler or any thread may call this."""
        self._server.shutdown()

    def _serve(self, upgrade: Upgrade) -> None:
        """Serve one upgraded socket to its end, in the thread that read the request."""
        Connection(upgrade, self._settings, self._classic).run()
