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
from dataclasses import dataclass
from typing import Protocol

from wsproto.connection import Connection as Machine

from .channel import Outbox
from .codes import Close
from .core import frames
from .core.deflate import WINDOW_BITS
from .core.frames import Closing, Failed, Pinged, Ponged, Receiver
from .core.rendering import FORMS
from .crew import Task
from .deadline import Deadline, limit_waits
from .errors import Closed
from .refusals import Refusal
from .settings import Settings

log = logging.getLogger(__name__)

#: Bytes asked of the kernel at once. A blocked `recv` holds a buffer of this size.
READ_SIZE = 16 * 1024

#: Seconds a peer gets to hang up after the closing handshake, before the server does.
LINGER = 2.0


class Dialect(Protocol):
    """What is spoken over one connection. Its reader thread calls all but `refuse`."""

    def opened(self, connection: Connection) -> None:
        """The connection takes messages from now on. May raise `Closed`: the server is stopping.

        The peer is told of the upgrade only after this: whatever is said by anyone who knows that
        the peer is there, the peer hears. (In goChat it can miss what is said in between.)
        """

    def received(self, connection: Connection, messages: list[str | bytes]) -> None:
        """The peer has sent `messages`, never none. May wait; may raise `Closed` as above."""

    def closed(self, connection: Connection) -> None:
        """Nothing more will be received."""

    def patience(self) -> float | None:
        """Seconds in which the peer has to say something that must come first; else None."""

    def kept_waiting(self, connection: Connection) -> None:
        """The peer has let that time pass."""

    def refuse(self, connection: Connection, refusal: Refusal) -> None:
        """Tell the peer that something it asked for was not done. Any thread; never blocks."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A socket on which a WebSocket was agreed on, though the peer does not know it yet.

    `address` is the peer's own, also behind a trusted proxy. `machine` is wsproto's, open.
    `greeting` is the answer to the upgrade request, still to be sent. `trailing` are bytes that
    came in one piece with the request: the kernel will not give them again. `window_bits` is what
    the peer inflates with, None if it takes plain messages only. `writer` is a thread that waits
    for what it is to do: it was there before anything was agreed on.
    """

    sock: socket.socket
    address: str
    machine: Machine
    writer: Task
    greeting: bytes = b""
    trailing: bytes = b""
    subprotocol: str | None = None
    window_bits: int | None = None


class Connection:
    """One WebSocket peer. `run` is called once, by the thread that becomes the reader."""

    __slots__ = (
        "_dialect",
        "_outbox",
        "_reader_done",
        "_receiver",
        "_settings",
        "_sock",
        "_trailing",
        "_writer",
        "address",
        "form",
        "offer",
        "vanished",
        "window_bits",
    )

    def __init__(self, upgrade: Upgrade, settings: Settings, dialect: Dialect) -> None:
        self.address = upgrade.address
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
            first=upgrade.greeting,
        )
        #: Hands over joined frames and how many messages they are, without ever blocking; any
        #: thread may call it. See `Outbox.offer`, which this is: one call less in each delivery.
        self.offer = self._outbox.offer
        self._reader_done = threading.Event()
        #: The peer was gone, or silent, without a close frame. The reader's, and its dialect's.
        self.vanished = False

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

    def close(self, code: int, reason: str = "") -> None:
        """Ask for the end: what is queued, then a close frame. Returns at once; the first wins."""
        if self._outbox.close(frames.close(code, reason)):
            log.debug("closing %s: %d %s", self.address, code, reason)

    # -- the reader thread -----------------------------------------------------------------------

    def run(self) -> None:
        """Serve the peer until the connection is over. The reader thread lives here."""
        limit_waits(self._sock, receive=self._settings.pong_wait, send=self._settings.write_wait)
        name = threading.current_thread().name.replace("reader", "writer")
        try:
            try:
                self._dialect.opened(self)
            finally:
                self._writer.start(self._write, name)
            self._read()
        except Closed:
            self.close(Close.GOING_AWAY)
        except MemoryError:
            self.close(Close.TRY_AGAIN_LATER)
        except Exception:
            log.exception("the connection from %s failed", self.address)
            self.close(Close.INTERNAL_ERROR)
        finally:
            self._reader_done.set()
            self._outbox.close()
            self._dialect.closed(self)
            self._writer.join()
            self._linger()

    def _read(self) -> None:
        """Take in what the peer sends, until it closes, fails, falls silent, or is gone."""
        data, self._trailing = self._trailing, b""
        answered = time.monotonic()
        hurried = False
        while True:
            messages: list[str | bytes] = []
            end: Closing | Failed | None = None
            for event in self._receiver.receive(data):
                if isinstance(event, str | bytes):
                    messages.append(event)
                elif isinstance(event, Pinged):
                    self.offer(frames.pong(event.payload), 0)
                elif isinstance(event, Ponged):
                    answered = time.monotonic()
                else:
                    end = event
            if messages and not self._outbox.closed:
                self._dialect.received(self, messages)
            if end is not None:
                # A close frame is answered with the same code (RFC 6455, 5.5.1).
                self.close(end.code, end.reason if isinstance(end, Failed) else "")
                return
            patience = self._dialect.patience()
            if hurried or patience is not None:
                hurried = patience is not None
                wait = self._settings.pong_wait if patience is None else patience
                limit_waits(self._sock, receive=wait, send=self._settings.write_wait)
            try:
                data = self._sock.recv(READ_SIZE)
            except BlockingIOError:
                if hurried:
                    self._dialect.kept_waiting(self)
                    return
                data = b""
                log.debug("%s was silent for pong_wait", self.address)
            except OSError as error:
                data = b""
                log.debug("%s is gone: %s", self.address, error)
            if not data:
                self.vanished = True
                self._reader_done.set()  # before the writer is woken, so that it need not wait
                self._outbox.abandon()
                return
            if time.monotonic() - answered > self._settings.pong_wait:
                log.debug("%s did not answer a ping", self.address)
                self.close(Close.PROTOCOL_ERROR, "no pong")
                return

    def _linger(self) -> None:
        """Say that nothing more will be sent, and read until the peer has hung up, or `LINGER`.

        Closing a socket that holds unread bytes sends a reset, which can destroy the close frame
        before the peer has read it (RFC 6455, 7.1.1).
        """
        deadline = Deadline(LINGER)
        try:
            self._sock.shutdown(socket.SHUT_WR)
            while left := deadline.remaining():
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
            if self._reader_done.wait(self._settings.write_wait):
                return
        except OSError as error:
            log.debug("%s takes nothing: %s", self.address, error)
        self._outbox.abandon()
        _shut_down(self._sock)

    def _send_all(self, data: bytes) -> None:
        """Send all of `data`. Raises OSError if the peer took nothing of it for `write_wait`."""
        view = memoryview(data)
        while view:
            view = view[self._sock.send(view) :]


def _shut_down(sock: socket.socket) -> None:
    """End both directions, which wakes whoever waits on `sock`; the owner still closes it."""
    with contextlib.suppress(OSError):  # it may be gone already
        sock.shutdown(socket.SHUT_RDWR)
