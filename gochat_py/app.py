"""The composition root: builds the parts, starts them, and stops them in reverse.

    main thread     accepts connections until told to stop
    journal         one thread
    hub             one thread
    reader, writer  two threads a connection; the reader begins as the request's handler

Stopping follows the water: no new connections, then the journal writes what it still has, the hub
gives that out and dismisses everyone, then each connection's threads finish, all within one
deadline.
"""

from __future__ import annotations

import logging
import math

from . import admission, threads
from .backplane.local import Journal
from .backplane.maintenance import Maintenance
from .classic import LOBBY, Classic
from .connection import Connection
from .core.encode import Limits
from .core.session import Allowance
from .core.wire import MAX_TEXT, SUBPROTOCOL
from .deadline import Deadline
from .dialect import Dialect, Upgrade
from .http.assets import Assets, web_root
from .http.server import ChatServer
from .hub import Hub
from .settings import Settings
from .store import open_directory, open_memory
from .store.history import NEWEST
from .v1 import V1, Terms

log = logging.getLogger(__name__)


class App:
    """One chat server. `run` is called once, by the main thread; `stop` by anybody."""

    def __init__(self, settings: Settings) -> None:
        """Build everything and listen. Raises `StartupError` with the cure where that fails."""
        self._settings = settings
        self._terms = _terms(settings)
        self._hub = Hub(settings.compress_from)
        self._server = ChatServer(
            settings,
            Assets.load(web_root()),
            self._serve,
            subprotocols=(SUBPROTOCOL,),
            terms=_admission_terms(settings),
        )
        try:
            self._directory = (
                open_memory()
                if settings.memory
                else open_directory(
                    settings.data,
                    durability="power" if settings.durability == "power" else "process",
                )
            )
        except BaseException:
            self._server.server_close()
            raise
        maintenance = Maintenance(settings.retention, settings.history_limit)
        try:
            self._journal = Journal(
                self._directory,
                self._hub,
                maintenance,
                most_rooms=settings.max_rooms_total,
                most_users=settings.max_users,
            )
        except BaseException:
            self._directory.close()
            self._server.server_close()
            raise
        self.url = self._server.url

    def run(self) -> bool:
        """Serve until `stop`. Returns whether everything ended by itself within the deadline."""
        hub = threads.start(self._hub.run, "hub", failed=self.stop)
        journal = threads.start(self._journal.run, "journal", failed=self.stop)
        try:
            self._server.serve_forever()
        finally:
            deadline = Deadline(self._settings.drain_timeout)
            self._server.hang_up()
            self._journal.inbox.close()
            journal.join()
            self._hub.inbox.close()
            hub.join()
            left = self._server.join(deadline)
            self._server.server_close()
            self._directory.close()
        if left:
            log.warning("%d threads of connections did not end in time", left)
        return not left

    def stop(self) -> None:
        """Ask `run` to end. Returns at once; a signal handler or any thread may call this."""
        self._server.shutdown()

    @property
    def waker(self) -> int:
        """Where `signal.set_wakeup_fd` is to write, so that no signal goes unheard."""
        return self._server.waker

    def _serve(self, upgrade: Upgrade) -> None:
        """Serve one upgraded socket to its end, in the thread that read the request."""
        dialect: Dialect
        if upgrade.subprotocol == SUBPROTOCOL:
            dialect = V1(self._hub, self._journal, self._terms)
        else:
            dialect = Classic(self._hub, self._journal, self._settings.rate, self._settings.burst)
        Connection(upgrade, self._settings, dialect).run()


def _admission_terms(settings: Settings) -> admission.Terms:
    """What one connection, user and address may cost.

    The budgets follow the limits they stand beside: whoever raises `--rate`, or
    `--max-connections-per-address`, wants more work to be done for each.
    """
    held = settings.max_connections_per_address
    budget = settings.budget * 1000.0 * settings.rate or math.inf
    return admission.Terms(
        connection_budget=budget,
        address_budget=max(budget, budget * settings.address_share * held),
        rate=settings.rate,
        burst=settings.burst,
        new_users=settings.new_users * held or math.inf,
        new_rooms=settings.new_rooms * held or math.inf,
        address_bytes=settings.address_buffer_bytes,
        all_bytes=settings.total_buffer_bytes,
    )


def _terms(settings: Settings) -> Terms:
    """What every gochat.v1 connection is told, and held to."""
    return Terms(
        allowance=Allowance(
            hello_within=settings.hello_wait,
            rate=settings.rate,
            burst=settings.burst,
            asking_burst=max(100, 2 * settings.max_rooms),
            rooms=settings.max_rooms,
        ),
        limits=Limits(
            max_message_bytes=settings.max_message_size,
            max_text_chars=MAX_TEXT,
            rate=settings.rate,
            burst=settings.burst,
            history=NEWEST,
        ),
        ping_period=settings.ping_period,
        lobby=LOBBY,
    )
