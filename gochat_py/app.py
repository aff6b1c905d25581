"""The composition root: builds the parts, starts them, and stops them in reverse.

    main thread     accepts connections until `stop` is called
    journal         one thread
    hub             one thread
    reader, writer  two threads for each connection; the reader begins as the request's handler

Shutdown follows the message flow: first no new connections are accepted; then the journal persists
its inbox; then the hub delivers it and closes all connections; then their threads end. All this has
one deadline.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

from . import admission, connection_log, threads
from .backplane.local import Journal
from .backplane.maintenance import Maintenance
from .classic import LOBBY, Classic
from .connection import Connection
from .core.encode import Limits
from .core.session import Allowance
from .core.wire import MAX_TEXT, SUBPROTOCOL
from .deadline import Deadline
from .dialect import Upgrade
from .http.server import ChatServer
from .http.static.assets import Assets, web_root
from .hub import Hub
from .password import PasswordFile
from .settings import Settings
from .store import open_directory, open_memory
from .store.history import NEWEST
from .v1 import V1, Terms

log = logging.getLogger(__name__)


class App:
    """One chat server. `run` is called once, by the main thread; `stop` by any."""

    def __init__(self, settings: Settings) -> None:
        """Build everything and listen. Raises `StartupError`, which names the remedy."""
        self._settings = settings
        path = settings.password_file
        self._password = None if path is None else PasswordFile(Path(path))
        self._terms = _terms(settings, self._password)
        self._hub = Hub(settings.compress_from)
        self._server = ChatServer(
            settings,
            Assets.load(web_root()),
            self._serve,
            subprotocols=(SUBPROTOCOL,),
            terms=_admission_terms(settings),
            unready=lambda: self._journal.unready(),
            reloaded=self._password.read_again if self._password is not None else lambda: None,
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
                self._hub.inbox,
                maintenance,
                most_rooms=settings.max_rooms_total,
                most_users=settings.max_users,
            )
        except BaseException:
            self._directory.close()
            self._server.server_close()
            raise
        self.url = self._server.url
        #: Whether the server stops because one of its own threads failed. Set by any thread, once.
        self.failed = False

    def run(self) -> bool:
        """Serve until `stop`. Returns whether all threads ended within the deadline.

        If the hub, the journal or the loop that accepts connections fails, the error is logged, the
        server stops in order, and `failed` is set.
        """
        hub = self._start(self._hub.run, "hub")
        journal = self._start(self._journal.run, "journal")
        try:
            self._server.serve_forever()
        except Exception as error:
            threads.log_end("main", error)
            self._fail()
        finally:
            deadline = Deadline(self._settings.drain_timeout)
            self._server.hang_up()
            self._journal.inbox.close()
            journal.join()
            self._hub.inbox.close()
            hub.join()
            left = self._server.join(deadline)
            self._server.site.log_limit.report(at_the_end=True)
            self._server.server_close()
            self._directory.close()
        if left:
            log.warning("%d threads of connections did not end in time", left)
        return not left

    def _start(self, run: Callable[[], None], name: str) -> threading.Thread:
        return threads.start(run, name, failed=self._fail, stopping=lambda: self.stopping)

    def _fail(self) -> None:
        self.failed = True
        self.stop()

    def stop(self) -> None:
        """Ask `run` to end. Returns at once; a signal handler or any thread may call this."""
        self._server.shutdown()

    def reload(self) -> None:
        """Ask `run` to read the page's files and the password again.

        Returns at once; may be called as `stop`.
        """
        self._server.reload()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called. Any thread may ask."""
        return self._server.visits.stopping

    @property
    def waker(self) -> int:
        """The descriptor for `signal.set_wakeup_fd`; a byte there ends the main thread's wait.

        Otherwise a signal that arrives just before the wait, or in another thread, would have no
        effect until a client connects.
        """
        return self._server.waker.fileno()

    def _serve(self, upgrade: Upgrade) -> None:
        """Serve one upgraded socket until it ends, in the thread that read the request."""
        dialect: V1 | Classic
        if upgrade.subprotocol == SUBPROTOCOL:
            dialect = V1(self._hub.inbox, self._journal, self._terms)
        else:
            dialect = Classic(
                self._hub.inbox, self._journal, self._settings.rate, self._settings.burst
            )
        connection = Connection(upgrade, self._settings, dialect)
        begun = time.monotonic()
        try:
            connection.run()
        finally:
            seconds = time.monotonic() - begun
            connection_log.ended(connection, upgrade.sock, dialect.described(), seconds)


def _admission_terms(settings: Settings) -> admission.Terms:
    """The limits of what one connection, user and address may cost.

    The budgets grow with `--rate` and `--max-connections-per-address`: an operator who raises these
    wants more work to be done for each address.
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


def _terms(settings: Settings, password: PasswordFile | None) -> Terms:
    """The terms of every gochat.v1 connection."""
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
            rooms=settings.max_rooms,
        ),
        ping_period=settings.ping_period,
        lobby=LOBBY,
        unknown=password.refusal if password is not None else lambda _given, _meter: None,
    )
