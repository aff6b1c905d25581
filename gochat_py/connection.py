"""A connection: one peer, one socket, and the two threads that serve it.

The thread that accepted the upgrade becomes the **reader**: it owns the socket and the incoming
half of the protocol, and it finishes both. The **writer** waits on the outbox or, while it sends,
on the socket; it also sends pings. Any thread may `offer` messages or `close` the connection; both
calls return at once.

`core.ending` says how a connection ends. Only the thread that accepted the socket closes it.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time

from .codes import Close
from .connection_log import GONE, THEM, US, End
from .core import frames, prices
from .core.deflate import WINDOW_BITS
from .core.ending import State
from .core.frames import Closing, Failed, Pinged, Ponged, Receiver
from .core.rendering import FORMS
from .deadline import Deadline, limit_waits, pause, send_some
from .dialect import Dialect, Upgrade
from .errors import Closed
from .outbox import Outbox
from .refusals import Refusal
from .settings import Settings
from .stall import WATCH
from .threads import give_way

log = logging.getLogger(__name__)

#: Bytes to read with one `recv`. A blocked `recv` holds a buffer of this size.
READ_SIZE = 16 * 1024

#: Frames parsed at once; they are paid for before the next are parsed. One read may hold thousands
#: of frames, which would hold the interpreter lock for long; and each deflated frame may grow to
#: the largest message size.
FRAMES = 64
DEFLATED_FRAMES = 8

#: Bytes that must be sent within `write_wait`. A peer that reads one byte now and then cannot hold
#: its send buffer for ever; 1.6 KB/s is fast enough.
SEND_PIECE = 16 * 1024

#: Longest wait in seconds of a connection that has spent too much; beyond it, it is closed.
PATIENCE = 10.0

#: Seconds between two checks, during such a wait, whether the connection is being closed.
LOOK_EVERY = 0.5

#: Seconds for the peer to close its side after the closing handshake, before the server closes, and
#: the most reads during that time: the server does not wait for a peer that sends without end.
LINGER = 2.0
LINGER_READS = 64


class Connection:
    """One WebSocket peer. `run` is called once, by the thread that becomes the reader."""

    __slots__ = (
        "_dialect",
        "_frames",
        "_outbox",
        "_receive_limit",
        "_receiver",
        "_settings",
        "_sock",
        "_trailing",
        "_used",
        "_writer",
        "address",
        "end",
        "form",
        "log_limit",
        "messages",
        "meter",
        "offer",
        "window_bits",
    )

    def __init__(self, upgrade: Upgrade, settings: Settings, dialect: Dialect[Connection]) -> None:
        self.address = upgrade.address
        #: Counts what this connection costs the server. Any thread may spend.
        self.meter = upgrade.meter
        self.window_bits = upgrade.window_bits
        self.form = FORMS[upgrade.subprotocol is None, upgrade.window_bits == WINDOW_BITS]
        self._sock = upgrade.sock
        self._trailing = upgrade.trailing
        self._settings = settings
        self._dialect = dialect
        self._writer = upgrade.writer
        self._receiver = Receiver(upgrade.machine, settings.max_message_size)
        self._outbox = Outbox(
            upgrade.sock,
            settings.send_buffer,
            settings.send_buffer_bytes,
            upgrade.meter,
            first=upgrade.greeting,
        )
        #: Takes joined frames and their number of messages, and never blocks; any thread may call
        #: it. It is `Outbox.offer` itself, which saves one call in each delivery.
        self.offer = self._outbox.offer
        #: Why it ended. Set once, by the thread that ends it.
        self.end = GONE
        #: For log records that this peer can bring about.
        self.log_limit = upgrade.log_limit
        self.messages = 0  # messages received; only the reader uses it
        self._receive_limit = 0.0  # seconds that `recv` waits; only the reader uses it
        self._frames = FRAMES if upgrade.window_bits is None else DEFLATED_FRAMES
        self._used = 0.0  # µs of the reader thread's time that are charged; only the reader uses it

    # -- any thread ------------------------------------------------------------------------------

    def send_event(self, event: bytes) -> None:
        """Send one text message to this peer; close with 4008 if its outbox is full."""
        payload = frames.text(event)
        if self.form.deflated and len(event) >= self._settings.compress_from:
            payload = frames.deflated_text(event)
        if not self.offer(payload, 1):
            self.close(Close.SLOW, "too slow; reconnect")

    def refuse(self, refusal: Refusal) -> None:
        """Tell the peer, in its dialect, that a request was refused."""
        self._dialect.refuse(self, refusal)

    def close(self, code: int, reason: str = "", *, by: str = US) -> None:
        """Send what is queued, then a close frame. Returns at once; only the first call counts."""
        if self._outbox.close(frames.close(code, reason)):
            self.end = End(int(code), by, reason)
            log.debug("closing %s: %d %s", self.address, code, reason)

    @property
    def vanished(self) -> bool:
        """Whether the peer was gone or silent, without a close frame."""
        return self._outbox.state is State.GONE

    # -- the reader thread -----------------------------------------------------------------------

    def run(self) -> None:
        """Serve the peer until the connection has ended. The reader thread runs this."""
        self._limit_waits(self._settings.pong_wait)
        name = threading.current_thread().name.replace("reader", "writer")
        try:
            try:
                self._dialect.opened(self)
            finally:
                self._writer.start(self._write, name)
            self._serve()
        except Closed:
            self.close(Close.GOING_AWAY)
        except MemoryError:
            self.close(Close.TRY_AGAIN_LATER)
        except Exception:
            log.exception("the connection from %s failed", self.address)
            self.close(Close.INTERNAL_ERROR)
        finally:
            with self.meter.gate:
                give_way()  # a message does not wait behind thousands of connections that end
                self._outbox.reader_done()
                try:
                    self._dialect.closed(self)
                except Exception:  # still wait for the writer: it uses the socket
                    log.exception("closing the connection from %s failed", self.address)
            self._writer.join()
            self._outbox.fail()  # nobody sends any more; drop what was not sent
            if not self.vanished:
                self._linger()

    def pause(self, seconds: float) -> None:
        """Read nothing for `seconds`, or until the outbox is closed."""
        begun = time.monotonic()
        while not self._outbox.closed and (left := begun + seconds - time.monotonic()) > 0.0:
            pause(self._sock, min(left, LOOK_EVERY))

    def drained(self) -> None:
        """Wait until the kernel has all that was offered to this peer.

        Raises `Closed` once the outbox is closed. The writer closes it if the peer does not read.
        """
        while not self._outbox.drain(self._settings.write_wait):
            pass

    def _serve(self) -> None:
        """Read until the connection ends; if the server stops, until the hub has closed it.

        The hub does so when it has sent everything that was committed before.
        """
        try:
            self._read()
        except Closed:
            self._outbox.wait_closed(self._settings.write_wait)
            raise

    def _read(self) -> None:
        """Handle what the peer sends, until it closes, fails, falls silent, or is gone."""
        data, self._trailing = self._trailing, b""
        self._used = time.thread_time() * 1e6
        while True:
            end = self._take_in(data)
            while end is None and self._receiver.more:
                end = self._take_in(b"")
            if end is not None:
                if not self._outbox.closed:
                    self._dialect.ending(self)
                # A close frame is answered with the same code (RFC 6455, 5.5.1).
                failed = isinstance(end, Failed)
                self.close(end.code, end.reason if failed else "", by=US if failed else THEM)
                return
            data = self._receive()
            if not data:
                return

    def _take_in(self, data: bytes) -> Closing | Failed | None:
        """Charge for the frames that `data` completes, then handle them; returns an end, if any."""
        messages: list[str | bytes] = []
        pings: list[Pinged] = []
        end: Closing | Failed | None = None
        frames_before = self._receiver.frames
        for event in self._receiver.receive(data, self._frames):
            if isinstance(event, str | bytes):
                messages.append(event)
            elif isinstance(event, Pinged):
                pings.append(event)
            elif not isinstance(event, Ponged):  # a pong only shows that the peer is alive
                end = event
        cost = 0.0
        if not self.meter.free:
            read = self._receiver.frames - frames_before
            cost = prices.of_read(messages, len(pings), read, self._dialect.price)
            wait = self.meter.spend(cost, time.monotonic())
            if wait > PATIENCE or (wait and self._outbox.closed):  # it is closing: do not wait
                return Failed(Close.TRY_AGAIN_LATER, "too many requests; reconnect later")
            if wait:
                self.pause(wait)
        for ping in pings:
            self.offer(frames.pong(ping.payload), 0)
        self.messages += len(messages)
        if messages and not self._outbox.closed:
            self._dialect.received(self, messages)
        self._charge_rest(cost)
        return end

    def _charge_rest(self, estimate: float) -> None:
        """Charge the peer for the time this thread has used since the last call, beyond `estimate`.

        The price that was charged before was an estimate; the real cost of a request is known only
        afterwards.
        """
        if self.meter.free:
            return
        used = time.thread_time() * 1e6
        more = used - self._used - estimate
        self._used = used
        if more > 0.0:
            self.meter.spend(more, time.monotonic())

    def _receive(self) -> bytes:
        """The next bytes from the peer; none if it is gone, silent, or missed its time limit.

        Any byte shows that the peer is alive. A peer that sent none for `pong_wait`, while this
        process was running all the time, is asked to reconnect (4008): the network may have failed.
        """
        patience = self._dialect.patience()
        wait = self._settings.pong_wait if patience is None else patience
        self._limit_waits(wait)
        while True:
            try:
                data = self._sock.recv(READ_SIZE)
            except BlockingIOError:
                whole = wait if patience is None else self._settings.hello_wait
                if left := WATCH.more(whole):
                    self._limit_waits(left)
                    continue
                if patience is not None:
                    self._dialect.timed_out(self)
                    return b""
                self.close(Close.SLOW, "no data was received for too long; reconnect")
                data = b""
            except OSError:
                data = b""
            if not data:
                self._outbox.peer_gone()
            return data

    def _limit_waits(self, receive: float) -> None:
        """Let `recv` wait for `receive` seconds at most, and `send` for `write_wait`."""
        if receive != self._receive_limit:
            self._receive_limit = receive
            limit_waits(self._sock, receive=receive, send=self._settings.write_wait)

    def _linger(self) -> None:
        """Shut down sending, and read until the peer has closed its side, at most `LINGER` seconds.

        Closing a socket that holds unread bytes sends a reset, which can destroy the close frame
        before the peer has read it (RFC 6455, 7.1.1).
        """
        deadline = Deadline(LINGER)
        try:
            self._sock.shutdown(socket.SHUT_WR)
            for _ in range(LINGER_READS):
                if not (left := deadline.remaining()):
                    return
                self._sock.settimeout(left)
                if not self._sock.recv(READ_SIZE):
                    return
        except OSError:
            return  # it is gone, or did not close in time

    # -- the writer thread -----------------------------------------------------------------------

    def _write(self) -> None:
        """Send what the outbox gives, and pings in between. The writer thread runs this."""
        next_ping = Deadline(self._settings.ping_period)
        try:
            while True:
                joined = self._outbox.get(next_ping.remaining())
                if joined:
                    self._send_all(joined)
                if next_ping.passed:
                    next_ping = Deadline(self._settings.ping_period)
                    self.offer(frames.ping(), 0)
        except Closed:
            # Everything is sent. The reader ends when the peer has answered, or by the shutdown.
            if Deadline(self._settings.write_wait).wait(self._outbox.reader_ends):
                return
        except OSError as error:
            if isinstance(error, BlockingIOError | TimeoutError) and self._outbox.fail():
                self.end = End(1006, US, "did not read for write_wait")
            log.debug("sending to %s failed: %s", self.address, error)
        except Exception:
            log.exception("writing to %s failed", self.address)
        self._outbox.fail()
        # This wakes a reader that waits on the socket; the owner still closes it.
        with contextlib.suppress(OSError):  # it may be gone already
            self._sock.shutdown(socket.SHUT_RDWR)

    def _send_all(self, data: bytes) -> None:
        """Send all of `data`. Raises `OSError` if a piece was not sent within `write_wait`."""
        rest = memoryview(data)
        while rest:
            piece, rest = rest[:SEND_PIECE], rest[SEND_PIECE:]
            deadline = Deadline(self._settings.write_wait)
            while piece := piece[send_some(self._sock, piece, self._settings.write_wait) :]:
                if deadline.passed:
                    raise TimeoutError("the peer reads too slowly")
