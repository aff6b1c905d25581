"""A connection: one peer, one socket, and the two threads that serve it.

The thread that accepted the upgrade becomes the **reader**: it owns the socket, the incoming half
of the protocol, and the end of both. The **writer** waits on the outbox, or on the socket to take
what it got there, and sends pings. Anybody may `offer` messages or ask for the end with `close`;
both return at once.

How it ends: whoever wants the end closes the outbox with a close frame as the last thing in it.
The writer sends what is left, gives the peer a while to answer, then shuts the socket down, which
wakes a reader that still waits. The reader waits for the writer, lets the peer hang up first if it
will (so that no reset overtakes the close frame), and returns; the socket is then closed by the
thread that accepted it, and by nobody else.
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

#: Bytes asked of the kernel at once. A blocked `recv` holds a buffer of this size.
READ_SIZE = 16 * 1024

#: Frames taken in at once, and paid for before the next are. In what was read at once there may be
#: thousands, which would keep the interpreter lock for long; and each that is deflated may become
#: as long as a message can be.
FRAMES = 64
DEFLATED_FRAMES = 8

#: Bytes of an answer that have `write_wait` to leave in. So a peer that takes a byte now and then
#: does not hold what waits for it for ever, and 1.6 KB/s is still enough.
SEND_PIECE = 16 * 1024

#: Seconds for which a connection that has spent too much waits, at the most, before it is closed.
PATIENCE = 10.0

#: Seconds after which one that waits looks whether the connection is to end.
LOOK_EVERY = 0.5

#: Seconds a peer gets to hang up after the closing handshake, before the server does.
LINGER = 2.0

#: Reads that it gets meanwhile: whoever goes on sending without end is not waited for.
LINGER_READS = 64


class Connection:
    """One WebSocket peer. `run` is called once, by the thread that becomes the reader."""

    __slots__ = (
        "_dialect",
        "_frames",
        "_hurried",
        "_outbox",
        "_reader_done",
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
        "vanished",
        "window_bits",
    )

    def __init__(self, upgrade: Upgrade, settings: Settings, dialect: Dialect[Connection]) -> None:
        self.address = upgrade.address
        #: What it costs the server is spent here. Any thread may spend.
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
        #: Hands over joined frames and how many messages they are, without ever blocking; any
        #: thread may call it. See `Outbox.offer`, which this is: one call less in each delivery.
        self.offer = self._outbox.offer
        self._reader_done = threading.Event()
        #: The peer was gone, or silent, without a close frame. The reader's, and its dialect's.
        self.vanished = False
        #: Why it ended. Set once, by whoever ends it.
        self.end = GONE
        #: For log records that this peer can bring about.
        self.log_limit = upgrade.log_limit
        self.messages = 0  # that the peer has sent; the reader's own
        self._hurried = False  # whether `recv` waits less than pong_wait; the reader's own
        self._frames = FRAMES if upgrade.window_bits is None else DEFLATED_FRAMES
        self._used = 0.0  # microseconds of this thread's time that are settled; the reader's own

    # -- any thread ------------------------------------------------------------------------------

    def tell(self, event: bytes) -> None:
        """Send one text message to this peer alone; one that is full is evicted."""
        payload = frames.text(event)
        if self.form.deflated and len(event) >= self._settings.compress_from:
            payload = frames.deflated_text(event)
        if not self.offer(payload, 1):
            self.close(Close.SLOW, "too slow; come back")

    def refuse(self, refusal: Refusal) -> None:
        """Tell the peer that something it asked for was not done, in its dialect."""
        self._dialect.refuse(self, refusal)

    def close(self, code: int, reason: str = "", *, by: str = US) -> None:
        """Ask for the end: what is queued, then a close frame. Returns at once; the first wins."""
        if self._outbox.close(frames.close(code, reason)):
            self.end = End(int(code), by, reason)
            log.debug("closing %s: %d %s", self.address, code, reason)

    # -- the reader thread -----------------------------------------------------------------------

    def run(self) -> None:
        """Serve the peer until the connection is over. The reader thread lives here."""
        limit_waits(self._sock, receive=self._settings.pong_wait, send=self._settings.write_wait)
        name = threading.current_thread().name.replace("reader", "writer")
        registered = False
        try:
            try:
                self._dialect.opened(self)
                registered = True
            finally:
                self._writer.start(self._write, name)
            self._read()
        except Closed:
            if registered:  # the hub ends it, once all that was written before is given out
                self._outbox.wait_closed(self._settings.write_wait)
            self.close(Close.GOING_AWAY)
        except MemoryError:
            self.close(Close.TRY_AGAIN_LATER)
        except Exception:
            log.exception("the connection from %s failed", self.address)
            self.close(Close.INTERNAL_ERROR)
        finally:
            with self.meter.gate:
                give_way()  # a message need not wait behind thousands who leave
                self._reader_done.set()  # before the writer is woken, so that it need not wait
                if self.vanished:
                    self._outbox.abandon()
                self._outbox.close()
                try:
                    self._dialect.closed(self)
                except Exception:  # the writer is waited for all the same: it has the socket
                    log.exception("the end of the connection from %s failed", self.address)
            self._writer.join()
            self._outbox.abandon()
            if not self.vanished:
                self._linger()

    def pause(self, seconds: float) -> None:
        """Read nothing for so long, or until nothing more is sent to the peer either."""
        begun = time.monotonic()
        while not self._outbox.closed and (left := begun + seconds - time.monotonic()) > 0.0:
            pause(self._sock, min(left, LOOK_EVERY))

    def drained(self) -> None:
        """Wait until the kernel has all that was offered to this peer.

        Raises `Closed` once nothing more is taken; the writer sees to it that this ends.
        """
        while not self._outbox.drain(self._settings.write_wait):
            pass

    def _read(self) -> None:
        """Take in what the peer sends, until it closes, fails, falls silent, or is gone."""
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
        """Let the peer pay for what `data` completes, then act on it; gives the end, if it is."""
        messages: list[str | bytes] = []
        pings: list[Pinged] = []
        end: Closing | Failed | None = None
        frames_before = self._receiver.frames
        for event in self._receiver.receive(data, self._frames):
            if isinstance(event, str | bytes):
                messages.append(event)
            elif isinstance(event, Pinged):
                pings.append(event)
            elif not isinstance(event, Ponged):  # it has shown that it lives, as any byte does
                end = event
        cost = 0.0
        if not self.meter.free:
            read = self._receiver.frames - frames_before
            cost = prices.of_read(messages, len(pings), read, self._dialect.price)
            wait = self.meter.spend(cost, time.monotonic())
            if wait > PATIENCE or (wait and self._outbox.closed):  # then it need not be heard out
                return Failed(Close.TRY_AGAIN_LATER, "too much at once; come back later")
            if wait:
                self.pause(wait)
        for ping in pings:
            self.offer(frames.pong(ping.payload), 0)
        self.messages += len(messages)
        if messages and not self._outbox.closed:
            self._dialect.received(self, messages)
        self._settle(cost)
        return end

    def _settle(self, estimate: float) -> None:
        """Let the peer pay for what this thread has really done since the last time.

        What it had to pay before was an estimate, and what it asked for cannot be foreseen.
        """
        if self.meter.free:
            return
        used = time.thread_time() * 1e6
        more = used - self._used - estimate
        self._used = used
        if more > 0.0:
            self.meter.spend(more, time.monotonic())

    def _receive(self) -> bytes:
        """What comes next from the peer; nothing if it is gone, silent, or kept us waiting.

        Any byte is a sign of life. A peer that sent none for `pong_wait`, of which this process was
        running all the time, is asked to come back (4008): it may have been the way that failed.
        """
        patience = self._dialect.patience()
        wait = self._settings.pong_wait if patience is None else patience
        if self._hurried or patience is not None:
            self._hurried = patience is not None
            limit_waits(self._sock, receive=wait, send=self._settings.write_wait)
        while True:
            try:
                data = self._sock.recv(READ_SIZE)
            except BlockingIOError:
                whole = wait if patience is None else self._settings.hello_wait
                if left := WATCH.more(whole):
                    self._hurried = True
                    limit_waits(self._sock, receive=left, send=self._settings.write_wait)
                    continue
                if patience is not None:
                    self._dialect.kept_waiting(self)
                    return b""
                self.close(Close.SLOW, "nothing was heard from you for too long; come back")
                data = b""
            except OSError:
                data = b""
            self.vanished = not data
            if not data:
                self._outbox.discard_offers()
            return data

    def _linger(self) -> None:
        """Say that nothing more will be sent, and read until the peer has hung up, for a while.

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
            return  # it is gone, or would not hang up: nothing is owed to it any more

    # -- the writer thread -----------------------------------------------------------------------

    def _write(self) -> None:
        """Send what the outbox gives, and pings between. The writer thread lives here."""
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
            # Everything is said. The reader ends when the peer has answered, or here.
            if Deadline(self._settings.write_wait).wait(self._reader_done.wait):
                return
        except OSError as error:
            if isinstance(error, BlockingIOError | TimeoutError) and not self._outbox.closed:
                self.end = End(1006, US, "took nothing for write_wait")
            log.debug("%s takes nothing: %s", self.address, error)
        except Exception:
            log.exception("writing to %s failed", self.address)
        self._outbox.abandon()
        # This wakes whoever waits on the socket; the owner still closes it.
        with contextlib.suppress(OSError):  # it may be gone already
            self._sock.shutdown(socket.SHUT_RDWR)

    def _send_all(self, data: bytes) -> None:
        """Send all of `data`. Raises `OSError` if a piece of it did not leave in `write_wait`."""
        rest = memoryview(data)
        while rest:
            piece, rest = rest[:SEND_PIECE], rest[SEND_PIECE:]
            deadline = Deadline(self._settings.write_wait)
            while piece := piece[send_some(self._sock, piece, self._settings.write_wait) :]:
                if deadline.passed:
                    raise TimeoutError("the peer takes what it is sent too slowly")
