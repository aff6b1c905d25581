"""The HTTP part of one connection: it answers requests until it ends or becomes a WebSocket.

Runs in the connection's own thread (reader-N). Each wait for the peer is bounded: the whole header
by `header_timeout`, the time between requests by `idle_timeout`, an answer by `write_wait`.
"""

from __future__ import annotations

import contextlib
import logging
import socket

import h11

from ..deadline import Deadline, limit_waits, send_some
from ..dialect import Upgrade
from ..threads import NO_THREAD
from . import costs, error_page, refusal_log, upgrade
from .requests import Request, blank, end_of_head, parse
from .resources import respond
from .responses import FULL, NO_ROOM, STOPPING, HttpProblem, Response, problem
from .site import Site
from .visits import Visit, Visits

log = logging.getLogger(__name__)

#: Bytes read from the kernel at once. A request is smaller; bytes after an upgrade request are
#: buffered until they are read as frames, so they should be few.
RECEIVE = 8 * 1024

#: Bytes of an unused body, which is read to find the next request after it; more gets 413.
MAX_IDLE_BODY = 64 * 1024

#: The same on the wire, in chunks with sizes, extensions and trailers; and the largest number of
#: chunks. h11 takes 15 µs to read a chunk, however small it is.
MAX_IDLE_BODY_SENT = 2 * MAX_IDLE_BODY
MAX_PIECES = 1_000

#: Bytes of empty lines before a request; "at least one" is allowed (RFC 9112, section 2.2).
MAX_BLANK = 64

#: Bytes of an answer that must be sent within `write_wait`. A peer that reads a byte a minute
#: cannot hold a thread for ever, and the slowest network still gets the longest file.
SEND_PIECE = 16 * 1024

#: Seconds and bytes for which the server reads on after the last answer. Closing with unread input
#: resets the connection, and a reset may destroy the answer in transit (RFC 9112, 9.6).
LINGER = 2.0
LINGER_BYTES = 256 * 1024

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Handler:
    """Answers the requests of one connection; the last one may be an upgrade."""

    __slots__ = ("site", "visit", "visits")

    def __init__(self, visit: Visit, visits: Visits, site: Site) -> None:
        self.visit = visit
        self.visits = visits
        self.site = site

    def handle(self) -> None:
        """Answer requests; after an upgrade call the endpoint. Called by the connection's thread.

        Objects that only HTTP needs are released before: a WebSocket may be open for days.
        """
        upgraded = self._serve_requests()
        if upgraded is not None:
            endpoint = self.site.endpoint
            del self.site  # so that its files are freed when SIGHUP replaces it
            try:
                endpoint(upgraded)
            finally:
                upgraded.writer.release()  # in case the endpoint has not used it

    def _serve_requests(self) -> Upgrade | None:
        """Answer requests in order, until either side ends the connection."""
        buffer = bytearray()
        head: bytes | None = None
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
                self._send(error_page.dress(error.response, head or bytes(buffer)), close=True)
            except MemoryError:
                self._send(NO_ROOM, close=True)
            self._linger()
        except OSError as error:  # the peer has disconnected or does not read
            log.debug("%s: %s", self.visit.address, error)
        return None

    # ---- reading ------------------------------------------------------------------------------

    def _read_head(self, buffer: bytearray, keeping: bool) -> bytes | None:
        """Take one head out of `buffer`, receiving as needed; None at the end of the connection.

        One deadline, from the first byte, holds for the whole head, so slow bytes do not extend it.
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
                    raise HttpProblem(problem(400, "Too many empty lines before the request."))
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
        """The received bytes, `b""` at the end of the stream, None after `deadline`."""
        sock = self.visit.sock
        send = self.site.settings.write_wait
        while left := deadline.remaining():
            limit_waits(sock, receive=left, send=send)
            with contextlib.suppress(BlockingIOError):
                return sock.recv(RECEIVE)
        return None

    def _drain(self, request: Request, buffer: bytearray) -> None:
        """Read the request's body and drop it; bytes after it stay in `buffer`.

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
                raise HttpProblem(problem(413, "No request here needs a body; send none."))
            try:
                event = machine.next_event()
            except h11.RemoteProtocolError as error:
                what = str(error).partition(": bytearray")[0]
                raise HttpProblem(problem(400, f"The body is malformed: {what}.")) from None
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
                raise ConnectionResetError("the peer disconnected in the middle of a body")
            sent += len(data)
            machine.receive_data(data)

    # ---- deciding -----------------------------------------------------------------------------

    def _count_client(self, request: Request) -> None:
        """Behind a trusted proxy, count the client; raise `HttpProblem` if it has too many."""
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
        """Answer one request. Returns whether another may follow."""
        costs.pay(self.visit, request, self.site.settings.header_timeout)
        try:
            response = respond(
                request,
                self.visit.peer,
                self.site,
                stopping=self.visits.stopping,
                is_full=lambda: self.visits.is_full(self.visit),
            )
        except MemoryError:
            raise
        except Exception:  # a bug; the client gets an answer all the same
            log.exception("%s %r failed", request.method, request.path)
            response = problem(500, "Internal error; see the server log.", kind="failed")
        keeping = request.wants_more and not self.visits.stopping
        if request.machine.they_are_waiting_for_100_continue:
            if keeping and response.status < 400:
                self.visit.sock.sendall(CONTINUE)
            else:
                keeping = False  # whether a body follows is unknown (RFC 9110, 10.1.1)
        if keeping:
            self._drain(request, buffer)
        response = error_page.dress(response, request.head)
        self._send(response, head_only=request.method == "HEAD", close=not keeping)
        log.debug("%s %r %s", request.method, request.path, response.status)
        return keeping

    def _upgrade(self, request: Request, buffer: bytearray) -> Upgrade:
        """Perform the WebSocket handshake. Raises `HttpProblem`."""
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
            why = str(error) or "no memory is left; raise ulimit -v"
            refusal_log.no_room(self.site.log_limit, self.visit.address, why, "WebSockets")
            raise HttpProblem(NO_ROOM) from None
        assert self.visit.meter is not None, "a client is counted at its first request"
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
        """Send an answer. Raises `OSError` if the peer does not read it in time."""
        head, body = response.parts(head_only=head_only, close=close)
        # A large body is not copied: thousands of slow peers may receive it at the same time.
        for part in (head + body,) if len(body) <= SEND_PIECE else (head, body):
            for start in range(0, len(part), SEND_PIECE):
                piece = memoryview(part)[start : start + SEND_PIECE]
                deadline = Deadline(self.site.settings.write_wait)
                while piece:
                    if deadline.passed:
                        raise TimeoutError("the peer reads the answer too slowly")
                    sent = send_some(self.visit.sock, piece, self.site.settings.write_wait)
                    piece = piece[sent:]

    def _linger(self) -> None:
        """Shut down the sending side, and read on for a while so that the answer arrives."""
        with contextlib.suppress(OSError):  # the peer has closed already
            self.visit.sock.shutdown(socket.SHUT_WR)
        deadline = Deadline(LINGER)
        left = LINGER_BYTES
        while left > 0 and not self.visits.hung_up and (data := self._receive(deadline)):
            left -= len(data)


def _too_slow() -> HttpProblem:
    return HttpProblem(problem(408, "The request timed out; try again."))
