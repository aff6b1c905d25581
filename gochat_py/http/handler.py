"""One connection's HTTP: requests in, answers out, until it ends or becomes a WebSocket.

Runs in the connection's own thread (reader-N). Each wait on the peer is bounded: the header as a
whole by `header_timeout`, silence between requests by `idle_timeout`, an answer by `write_wait`.
"""

from __future__ import annotations

import contextlib
import logging
import socket

import h11

from ..deadline import Deadline, limit_waits, send_some
from ..dialect import Upgrade
from ..threads import NO_THREAD
from . import costs, refusal_log, upgrade
from .requests import Request, blank, end_of_head, parse
from .resources import respond
from .responses import FULL, NO_ROOM, STOPPING, HttpProblem, Response, problem
from .site import Site
from .visits import Visit, Visits

log = logging.getLogger(__name__)

#: Bytes asked of the kernel at once. A request is smaller; and what comes behind an upgrade is
#: kept until it is read as frames, so it should not be much.
RECEIVE = 8 * 1024

#: Bytes of a body that nobody wants, read to find the next request behind it; more gets 413.
MAX_IDLE_BODY = 64 * 1024

#: The same as it travels in chunks, with their sizes, extensions and trailers; and the pieces that
#: it may come in. To read a piece takes h11 15 µs, however small it is.
MAX_IDLE_BODY_SENT = 2 * MAX_IDLE_BODY
MAX_PIECES = 1_000

#: Bytes of empty lines before a request: "at least one" may be there (RFC 9112, section 2.2).
MAX_BLANK = 64

#: Bytes of an answer that have `write_wait` to leave in: a peer that takes a byte a minute does
#: not hold a thread for ever, and the slowest line still gets the longest file.
SEND_PIECE = 16 * 1024

#: Seconds and bytes for which a client is still listened to after its last answer. Closing with
#: unread data resets the connection, and a reset may destroy the answer on its way (RFC 9112, 9.6).
LINGER = 2.0
LINGER_BYTES = 256 * 1024

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Handler:
    """The conversation on one connection; its last word may be an `Upgrade`."""

    __slots__ = ("site", "visit", "visits")

    def __init__(self, visit: Visit, visits: Visits, site: Site) -> None:
        self.visit = visit
        self.visits = visits
        self.site = site

    def handle(self) -> None:
        """Converse; if that ends in an upgrade, serve it. Called by the connection's thread.

        What HTTP needed is gone by then: a WebSocket may stay for days, and memory with it.
        """
        upgraded = self._converse()
        if upgraded is not None:
            endpoint = self.site.endpoint
            del self.site  # it may be replaced, and its files with it, while the WebSocket is open
            try:
                endpoint(upgraded)
            finally:
                upgraded.writer.release()  # in case the endpoint did not come to need it

    def _converse(self) -> Upgrade | None:
        """Answer requests in the order they come, until either side ends it."""
        buffer = bytearray()
        keeping = False
        costs.arrive(self.visit, self.site.settings.header_timeout)
        try:
            try:
                while not self.visits.hung_up:
                    head = self._read_head(buffer, keeping)
                    if head is None:
                        return None
                    with self.visits.admission.gate:
                        request = parse(head)
                        self._count_client(request)
                        self.site.addressing.check(request, self.visit.peer)
                        if request.path == "/ws" and upgrade.is_asked(request):
                            return self._upgrade(request, buffer)
                    keeping = self._serve(request, buffer)
                    if not keeping:
                        break
            except HttpProblem as error:
                self._send(error.response, close=True)
            except MemoryError:
                self._send(NO_ROOM, close=True)
            self._linger()
        except OSError as error:  # the peer is gone or takes nothing: no one is left to tell
            log.debug("%s: %s", self.visit.address, error)
        return None

    # ---- reading ------------------------------------------------------------------------------

    def _read_head(self, buffer: bytearray, keeping: bool) -> bytes | None:
        """Take one head out of `buffer`, receiving as needed; None if nothing more will come.

        One deadline for all of it, begun with its first byte: a byte now and then buys no time.
        """
        settings = self.site.settings
        begun = bool(buffer) or not keeping
        deadline = Deadline(settings.header_timeout if begun else settings.idle_timeout)
        searched = skipped = 0
        while True:
            if empty := blank(buffer):
                del buffer[:empty]
                searched = 0
                skipped += empty
                if skipped > MAX_BLANK:
                    raise HttpProblem(problem(400, "These are empty lines; send a request."))
            end = end_of_head(buffer, searched)
            if end is not None:
                head = bytes(buffer[:end])
                del buffer[:end]
                return head
            searched = len(buffer)
            data = self._receive(deadline)
            if data is None and buffer:
                raise _too_slow()
            if not data:
                return None
            if not begun:
                begun, deadline = True, Deadline(settings.header_timeout)
            buffer += data

    def _receive(self, deadline: Deadline) -> bytes | None:
        """What has come, `b""` at the end, None when the time is up."""
        sock = self.visit.sock
        send = self.site.settings.write_wait
        while left := deadline.remaining():
            limit_waits(sock, receive=left, send=send)
            with contextlib.suppress(BlockingIOError):
                return sock.recv(RECEIVE)
        return None

    def _drain(self, request: Request, buffer: bytearray) -> None:
        """Read the request's body and forget it; what is behind it stays in `buffer`.

        Raises `HttpProblem` if it is too long, too slow or malformed.
        """
        machine = request.machine
        announced = int((request.values(b"content-length") or ["0"])[0])
        received = sent = pieces = 0
        deadline = Deadline(self.site.settings.header_timeout)
        while True:
            if (
                max(announced, received) > MAX_IDLE_BODY
                or sent > MAX_IDLE_BODY_SENT
                or pieces > MAX_PIECES
            ):
                raise HttpProblem(problem(413, "Nothing here reads a body; send none."))
            try:
                event = machine.next_event()
            except h11.RemoteProtocolError as error:
                what = str(error).partition(": bytearray")[0]
                raise HttpProblem(problem(400, f"The body is not well-formed: {what}.")) from None
            if isinstance(event, h11.EndOfMessage):
                buffer[:0] = machine.trailing_data[0]
                return
            if isinstance(event, h11.Data):
                received += len(event.data)
                pieces += 1
                continue
            data = bytes(buffer) or self._receive(deadline)
            buffer.clear()
            if data is None:
                raise _too_slow()
            if not data:
                raise ConnectionResetError("the peer left in the middle of a body")
            sent += len(data)
            machine.receive_data(data)

    # ---- deciding -----------------------------------------------------------------------------

    def _count_client(self, request: Request) -> None:
        """Behind a trusted proxy, find out who the client is, and refuse it if it has too many."""
        proxies = self.site.proxies
        if proxies.trusts(self.visit.peer):
            forwarded = request.values(b"x-forwarded-for")
            client = proxies.client(self.visit.peer, forwarded)
            if not self.visits.count(self.visit, client):
                why = "the limit on connections from one address is reached"
                refusal_log.no_room(self.site.log_limit, self.visit.address, why)
                raise HttpProblem(FULL)

    # ---- answering ----------------------------------------------------------------------------

    def _serve(self, request: Request, buffer: bytearray) -> bool:
        """Answer one request, and say whether another may come."""
        costs.pay(self.visit, request, self.site.settings.header_timeout)
        try:
            response = respond(request, self.visit.peer, self.site, stopping=self.visits.stopping)
        except MemoryError:
            raise
        except Exception:  # a fault of ours in one answer is no reason to leave the client without
            log.exception("%s %r failed", request.method, request.path)
            response = problem(500, "The server failed at this; its log says how.")
        keeping = request.wants_more and not self.visits.stopping
        if request.machine.they_are_waiting_for_100_continue:
            if keeping and response.status < 400:
                self.visit.sock.sendall(CONTINUE)
            else:
                keeping = False  # the body may come or not (RFC 9110, 10.1.1): nobody can tell
        if keeping:
            self._drain(request, buffer)
        self._send(response, head_only=request.method == "HEAD", close=not keeping)
        log.debug("%s %r %s", request.method, request.path, response.status)
        return keeping

    def _upgrade(self, request: Request, buffer: bytearray) -> Upgrade:
        """Shake hands. Raises `HttpProblem`."""
        names, scheme = self.site.addressing.names(request, self.visit.peer)
        try:
            agreement = self.site.doorkeeper.admit(request, names, scheme)
        except HttpProblem as refused:
            if refused.response.status == 403:
                origin = request.joined(b"origin")
                refusal_log.foreign_origin(self.site.log_limit, self.visit.address, origin)
            raise
        try:
            writer = self.site.thread_pool.reserve()
        except NO_THREAD as error:
            why = str(error) or "no memory is left; see ulimit -v"
            refusal_log.no_room(self.site.log_limit, self.visit.address, why, "WebSockets")
            raise HttpProblem(NO_ROOM) from None
        assert self.visit.meter is not None, "a client is counted with its first request"
        try:
            if not self.visits.promote(self.visit):
                raise HttpProblem(STOPPING)
            return Upgrade(
                sock=self.visit.sock,
                address=self.visit.address,
                machine=agreement.machine,
                meter=self.visit.meter,
                writer=writer,
                greeting=agreement.reply,
                trailing=bytes(buffer),
                subprotocol=agreement.subprotocol,
                window_bits=agreement.deflate.window_bits if agreement.deflate else None,
                log_limit=self.site.log_limit,
            )
        except BaseException:
            writer.release()
            raise

    def _send(self, response: Response, *, head_only: bool = False, close: bool) -> None:
        """Send an answer. Raises `OSError` if the peer does not take it in time."""
        head, body = response.parts(head_only=head_only, close=close)
        # A file is not copied: thousands may be about to take it, as slowly as they may.
        for part in (head + body,) if len(body) <= SEND_PIECE else (head, body):
            for start in range(0, len(part), SEND_PIECE):
                piece = memoryview(part)[start : start + SEND_PIECE]
                deadline = Deadline(self.site.settings.write_wait)
                while piece:
                    if deadline.passed:
                        raise TimeoutError("the peer takes the answer too slowly")
                    sent = send_some(self.visit.sock, piece, self.site.settings.write_wait)
                    piece = piece[sent:]

    def _linger(self) -> None:
        """Say that this was all, and listen a little longer so that it arrives."""
        with contextlib.suppress(OSError):  # the peer was quicker
            self.visit.sock.shutdown(socket.SHUT_WR)
        deadline = Deadline(LINGER)
        left = LINGER_BYTES
        while left > 0 and not self.visits.hung_up and (data := self._receive(deadline)):
            left -= len(data)


def _too_slow() -> HttpProblem:
    return HttpProblem(problem(408, "The request did not arrive in time; send it again, faster."))
