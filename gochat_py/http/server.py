"""The HTTP server: it listens, counts connections, and gives each one a thread.

Owns    the listening socket, the table of connections (`Visits`), and their threads.
Waits   in the thread that called `serve_forever`, on the listener and the waker, nothing else.
Gives   each admitted connection to a `Handler`; answers 503 to the others without a thread.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import logging
import os
import selectors
import socket
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from socketserver import BaseRequestHandler

from .. import admission
from ..core.origin import counted_as, plain
from ..deadline import Deadline
from ..dialect import Upgrade
from ..errors import StartupError
from ..settings import Settings
from ..stall import WATCH, period_for
from ..threads import NO_THREAD
from .handler import Handler
from .listening import remedy, resolve
from .refused import Refused, most_refused
from .site import Site
from .static.assets import Assets
from .visits import Visit, Visits
from .waker import Waker

log = logging.getLogger(__name__)

#: `accept` fails with these errors when the machine or the process lacks a resource. The
#: connection stays in the backlog, so an immediate retry would only spin.
EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

#: Seconds without `accept` when a resource is lacking.
PAUSE = 0.1

#: Seconds that threads have to end after their sockets were shut down.
LAST_JOIN = 1.0


class ChatServer(ThreadingHTTPServer):
    """Serves until `shutdown`; then `hang_up` and `join` end the remaining connections.

    `endpoint` is called with each upgraded connection, in that connection's thread, and returns
    when the connection has ended. `terms` are the budgets of each connection, user and address;
    for `unready` see `Site`. The constructor binds and listens, or raises `StartupError` with the
    remedy.
    """

    # 5, the default, would drop many simultaneous reconnects. The kernel caps this at
    # net.core.somaxconn.
    request_queue_size = 4096
    # The pool owns the threads. `server_close` of the standard library would wait for its own
    # threads without limit; `join` waits with a deadline.
    block_on_close = False
    # Otherwise connections in TIME_WAIT keep the port in use for a minute after a stop.
    allow_reuse_address = True
    # Otherwise a second server could share the port and get half of the connections.
    allow_reuse_port = False

    def __init__(
        self,
        settings: Settings,
        assets: Assets,
        endpoint: Callable[[Upgrade], None],
        subprotocols: tuple[str, ...] = (),
        terms: admission.Terms | None = None,
        unready: Callable[[], str | None] = lambda: None,
        reloaded: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.site = Site.of(settings, assets, endpoint, subprotocols, unready)
        #: Provides the threads of each connection. `join` closes it.
        self.thread_pool = self.site.thread_pool
        #: The table of connections. It has its own lock.
        self.visits = Visits(
            admission.Admission(terms or admission.Terms(), settings.max_connections_per_address),
            settings.max_connections,
        )
        self._reloaded = reloaded  # called in the serving thread after each reload
        self._reload_wanted = False  # set by `reload`; cleared by the serving thread
        self._period = period_for(settings.shortest_wait)
        self._not_serving = threading.Event()
        self._not_serving.set()
        self._admitted = 0  # the serving thread's own
        self._pause = threading.Lock()  # never released: a timed wait that needs no memory
        self._pause.acquire()
        self.address_family, address = resolve(settings.host, settings.port)
        self.waker = Waker()
        # Closed to accept and refuse one more connection when no other descriptor is free.
        self._spare: int | None = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        try:
            # This handler class is not used: `_run_connection` makes a `Handler` instead.
            super().__init__(address, BaseRequestHandler)
        except OSError as error:  # the base class has called server_close
            raise StartupError(remedy(error, settings.host, settings.port)) from None
        self.socket.setblocking(False)

    def server_bind(self) -> None:
        """Bind, without the look-up of the host's name that `http.server` makes for CGI.

        Without a name server that look-up takes seconds, and its result is not used.
        """
        if self.address_family == socket.AF_INET6:
            # "::" means every address, IPv4 too, independent of the system's default.
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    @property
    def url(self) -> str:
        """The address to open in a browser on this machine, as in ``http://127.0.0.1:8080/``."""
        host = self.server_name
        return f"http://{f'[{host}]' if ':' in host else host}:{self.server_port}/"

    # ---- the thread that serves ---------------------------------------------------------------

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Accept connections until `shutdown`; wakes once a period for `WATCH`, in any case."""
        self._not_serving.clear()
        try:
            with WATCH.watching(self._period), selectors.DefaultSelector() as selector:
                selector.register(self.socket, selectors.EVENT_READ)
                selector.register(self.waker.readable, selectors.EVENT_READ)
                most = most_refused(self.settings.max_connections)
                refused = Refused(selector, most, self.site.log_limit)
                while not self.visits.stopping:
                    try:
                        self._step(selector, refused)
                        if self._reload_wanted:
                            self._reload_wanted = False
                            assets = self.site.assets.read_again()
                            self.site = dataclasses.replace(self.site, assets=assets)
                            self._reloaded()
                    except MemoryError:  # wait until memory is freed; accept nothing until then
                        with contextlib.suppress(MemoryError):
                            refused.close()
                        self._pause.acquire(timeout=PAUSE)
                refused.close()
        finally:
            self._not_serving.set()

    def _step(self, selector: selectors.BaseSelector, refused: Refused) -> None:
        """Wait for the next events, and handle them."""
        events = selector.select(min(self._period, refused.wait or self._period))
        WATCH.now()
        if seconds := WATCH.take_stall():
            log.warning("the server was stalled for %.1f s; all deadlines restart", seconds)
        for key, _ in events:
            if key.fileobj is self.socket:
                self._accept_all(selector, refused)
            elif key.fileobj is self.waker.readable:
                self.waker.drain()
            elif key.data is refused and isinstance(key.fileobj, socket.socket):
                refused.read(key.fileobj)
        refused.close(late_only=True)
        self.site.log_limit.report()

    def _accept_all(self, selector: selectors.BaseSelector, refused: Refused) -> None:
        while not self.visits.stopping:
            try:
                sock, address = self.socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in EXHAUSTED:
                    self._shed(selector, refused)
                else:  # the client disconnected while queued; accept(2) has the list
                    log.debug("accept: %s", error)
                return
            self._admit(sock, address[0], refused)

    def _admit(self, sock: socket.socket, address: str, refused: Refused) -> None:
        client = plain(address)
        visit = Visit(sock, client, client)
        try:
            counted = None if self.site.proxies.trusts(client) else counted_as(client)
            if not self.visits.register(visit, counted):
                refused.refuse(sock, "the limit on connections is reached", client)
                return
            self._admitted += 1
            # Answers and messages are small. Nagle's algorithm together with the client's delayed
            # acknowledgements would delay them by 40 ms.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.thread_pool.start(lambda: self._run_connection(visit), f"reader-{self._admitted}")
        except (OSError, *NO_THREAD) as error:  # it has disconnected; or no thread is available
            self.visits.forget(visit)
            refused.refuse(sock, str(error) or "no memory is left; raise ulimit -v", client)

    def _shed(self, selector: selectors.BaseSelector, refused: Refused) -> None:
        """Refuse one connection although no descriptor is free to accept it.

        The spare descriptor is closed for it and opened again afterwards. If that fails, the
        listener is not watched for `PAUSE` seconds: it stays readable, so the loop would spin.
        """
        refused.close()
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None
            with contextlib.suppress(OSError):  # another thread used the descriptor
                sock, _ = self.socket.accept()
                refused.refuse(sock, "no descriptors are left; raise ulimit -n", at_once=True)
        with contextlib.suppress(OSError):
            self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        if self._spare is None:
            selector.unregister(self.socket)
            selector.select(PAUSE)
            selector.register(self.socket, selectors.EVENT_READ)

    # ---- a connection's own thread ------------------------------------------------------------

    def _run_connection(self, visit: Visit) -> None:
        """Serve one connection from its first request to its end. Runs in reader-N."""
        try:
            Handler(visit, self.visits, self.site).handle()
        except Exception:
            log.exception("the connection from %s failed", visit.address)
        finally:
            # First out of the table: its sockets are open, so no thread shuts down a descriptor
            # that now belongs to another connection.
            self.visits.forget(visit)
            visit.sock.close()

    # ---- shutdown -----------------------------------------------------------------------------

    def shutdown(self) -> None:
        """Ask `serve_forever` to return; does not wait for it.

        A signal handler or any thread may call this, any number of times: it takes no lock.
        """
        self.visits.stopping = True
        self.waker.wake()

    def reload(self) -> None:
        """Ask `serve_forever` to read the page's files again. As `shutdown`, it takes no lock."""
        self._reload_wanted = True
        self.waker.wake()

    def hang_up(self) -> None:
        """Close the listener, and end the connections that are not WebSockets.

        A connection between requests ends at once; one that is sending an answer may finish it. The
        server does not wait for the rest of a request.
        """
        self.shutdown()
        self._not_serving.wait()
        self.socket.close()
        self.visits.hang_up()

    def join(self, deadline: Deadline) -> int:
        """Wait for the connections' threads; after `deadline` shut their sockets down.

        Returns how many threads are still alive.
        """
        self.thread_pool.close()
        if not self.thread_pool.join(deadline):
            return 0
        self.visits.cut()
        return self.thread_pool.join(Deadline(LAST_JOIN))

    def server_close(self) -> None:
        """Close the listener and the waker. The connections' threads close their own sockets."""
        super().server_close()
        self.waker.close()
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None
