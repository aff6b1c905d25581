"""The door: listens, counts, and gives each connection a thread of its own.

Owns    the listening socket, the table of connections (`Visits`), and their threads.
Waits   in the thread that called `serve_forever`, on the listener and on a wake-up, nothing else.
Gives   each admitted connection to a `Handler`, each one too many a 503 without spending a thread.
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
from .listening import cure, resolve
from .refused import Refused, most_refused
from .site import Site
from .static.assets import Assets
from .visits import Visit, Visits
from .waker import Waker

log = logging.getLogger(__name__)

#: `accept` fails with these when the machine or the process has run out of something. The
#: connection stays in the backlog, so trying again at once would only spin.
EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

#: Seconds to leave the listener alone when it cannot be helped.
PAUSE = 0.1

#: Seconds that threads get to end after their sockets were shut down under them.
LAST_JOIN = 1.0


class ChatServer(ThreadingHTTPServer):
    """Serves until `shutdown`; then `hang_up` and `join` end what is left.

    `endpoint` is called with each upgraded connection, in that connection's thread, and returns
    when it is over. `terms` say what each connection, user and address may cost; `unready` is as
    `Site` has it. Construction binds and listens, or raises `StartupError` with the cure.
    """

    # 5 would drop a storm of reconnects at the door. The kernel caps this at net.core.somaxconn.
    request_queue_size = 4096
    # The threads are the pool's. `server_close` of the standard library would look for its own, and
    # wait for them for ever; `join` waits with a deadline.
    block_on_close = False
    # Or a restart within a minute finds its port taken by connections in TIME_WAIT.
    allow_reuse_address = True
    # Or a second server on the same port would quietly take half of the connections.
    allow_reuse_port = False

    def __init__(
        self,
        settings: Settings,
        assets: Assets,
        endpoint: Callable[[Upgrade], None],
        subprotocols: tuple[str, ...] = (),
        terms: admission.Terms | None = None,
        unready: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.site = Site.of(settings, assets, endpoint, subprotocols, unready)
        #: Where each connection gets its threads. Closed by `join`.
        self.thread_pool = self.site.thread_pool
        #: Who is here. Its own lock guards it.
        self.visits = Visits(
            admission.Admission(terms or admission.Terms(), settings.max_connections_per_address),
            settings.max_connections,
        )
        self._reload_wanted = False  # set by `reload`; cleared by the serving thread
        self._period = period_for(settings.shortest_wait)
        self._not_serving = threading.Event()
        self._not_serving.set()
        self._admitted = 0  # the serving thread's own
        self._pause = threading.Lock()  # never released: to wait for it takes time, and no memory
        self._pause.acquire()
        self.address_family, address = resolve(settings.host, settings.port)
        self.waker = Waker()
        # Given up to accept and refuse one more connection when there is no other left.
        self._spare: int | None = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        try:
            # `_live` makes a `Handler` for each connection; this class of handlers is not used.
            super().__init__(address, BaseRequestHandler)
        except OSError as error:  # the base class has called server_close
            raise StartupError(cure(error, settings.host, settings.port)) from None
        self.socket.setblocking(False)

    def server_bind(self) -> None:
        """Bind, without the look-up of the host's name that `http.server` makes for CGI's sake.

        Without a name server that look-up waits for seconds, and nobody asks for its result.
        """
        if self.address_family == socket.AF_INET6:
            # "::" is to mean every address, IPv4 too, whatever the system's default.
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
                    except MemoryError:  # somebody may give some back; nobody is let in until then
                        with contextlib.suppress(MemoryError):
                            refused.close()
                        self._pause.acquire(timeout=PAUSE)
                refused.close()
        finally:
            self._not_serving.set()

    def _step(self, selector: selectors.BaseSelector, refused: Refused) -> None:
        """Wait for what happens next, and handle it."""
        events = selector.select(min(self._period, refused.wait or self._period))
        WATCH.now()
        if seconds := WATCH.take_stall():
            log.warning("the server was not run for %.1f s; its deadlines begin anew", seconds)
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
                else:  # the client left before it was its turn; accept(2) has the list
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
            # Answers and chat lines are small: waiting to fill a segment, while the client waits
            # to acknowledge the last one, would cost them 40 ms.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.thread_pool.start(lambda: self._live(visit), f"reader-{self._admitted}")
        except (OSError, *NO_THREAD) as error:  # it has left; or there can be no more threads
            self.visits.forget(visit)
            refused.refuse(sock, str(error) or "no memory is left; see ulimit -v", client)

    def _shed(self, selector: selectors.BaseSelector, refused: Refused) -> None:
        """Refuse one connection though there is no descriptor left to accept it with.

        The spare one is given up for it and taken back. Where even that fails, the listener is
        left alone for a moment: it stays readable, and the loop would spin.
        """
        refused.close()
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None
            with contextlib.suppress(OSError):  # another thread took the place; then it waits
                sock, _ = self.socket.accept()
                refused.refuse(sock, "no descriptors are left; see ulimit -n", at_once=True)
        with contextlib.suppress(OSError):
            self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        if self._spare is None:
            selector.unregister(self.socket)
            selector.select(PAUSE)
            selector.register(self.socket, selectors.EVENT_READ)

    # ---- a connection's own thread ------------------------------------------------------------

    def _live(self, visit: Visit) -> None:
        """See one connection from its first request to its end. The body of reader-N."""
        try:
            Handler(visit, self.visits, self.site).handle()
        except Exception:
            log.exception("the connection from %s failed", visit.address)
        finally:
            # Out of the table first: what is in there is open, so nobody shuts down a descriptor
            # that has meanwhile become another connection's.
            self.visits.forget(visit)
            visit.sock.close()

    # ---- the end ------------------------------------------------------------------------------

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

        Those between requests end at once; one in the middle of an answer may finish it. What a
        client was still sending is not waited for.
        """
        self.shutdown()
        self._not_serving.wait()
        self.socket.close()
        self.visits.hang_up()

    def join(self, deadline: Deadline) -> int:
        """Wait for the connections' threads, at the end by force; how many are still alive."""
        self.thread_pool.close()
        if not self.thread_pool.join(deadline):
            return 0
        self.visits.cut()
        return self.thread_pool.join(Deadline(LAST_JOIN))

    def server_close(self) -> None:
        """Close what this object holds, for good; the connections' sockets are their threads'."""
        super().server_close()
        self.waker.close()
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None
