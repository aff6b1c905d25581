"""A connection over a socketpair, of which the test is the peer."""

from __future__ import annotations

import dataclasses
import queue
import socket
import threading
from typing import Any

from wsproto.connection import CLIENT, SERVER
from wsproto.connection import Connection as Machine
from wsproto.events import Event, TextMessage

from gochat_py.admission import Admission, Meter, Terms
from gochat_py.connection import Connection
from gochat_py.deadline import Deadline
from gochat_py.dialect import Upgrade
from gochat_py.refusals import Refusal
from gochat_py.settings import Settings
from gochat_py.thread_pool import ThreadPool

from .case import PATIENCE


class Recorder:
    """A dialect that records its calls, for which the test can wait."""

    def __init__(self) -> None:
        self.happened: queue.Queue[Any] = queue.Queue()

    def opened(self, connection: Connection) -> None:
        self.happened.put("opened")

    def price(self, text: str) -> float:
        return 0.0

    def received(self, connection: Connection, messages: list[str | bytes]) -> None:
        for message in messages:
            self.happened.put(message)

    def ending(self, connection: Connection) -> None:
        pass

    def closed(self, connection: Connection) -> None:
        self.happened.put("closed")

    def patience(self) -> float | None:
        return None

    def timed_out(self, connection: Connection) -> None:
        self.happened.put("kept waiting")

    def refuse(self, connection: Connection, refusal: Refusal) -> None:
        self.happened.put(refusal)

    def next(self) -> Any:
        """What happened next; waits for it."""
        return self.happened.get(timeout=PATIENCE)


def free(**terms: float) -> Meter:
    """A meter of its own, without limits but those in `terms`."""
    meter = Admission(Terms(**terms)).enter("peer")  # type: ignore[arg-type]  # numbers, all of them
    assert meter is not None
    return meter


class Peer:
    """The other end of a `Connection` that runs in a thread of its own. A context manager."""

    def __init__(
        self,
        dialect: Any = None,
        *,
        meter: Meter | None = None,
        machine: Machine | None = None,
        window_bits: int | None = None,
        greeting: bytes = b"",
        trailing: bytes = b"",
        **changed: Any,
    ) -> None:
        self.dialect = dialect or Recorder()
        settings = dataclasses.replace(Settings(), **changed)
        self.sock, self._server_end = socket.socketpair()
        self.sock.settimeout(PATIENCE)
        self._thread_pool = ThreadPool()
        upgrade = Upgrade(
            self._server_end,
            "peer",
            machine or Machine(SERVER),
            meter or free(),
            self._thread_pool.reserve(),
            greeting,
            trailing,
            window_bits=window_bits,
        )
        self.connection = Connection(upgrade, settings, self.dialect)
        self._machine = Machine(CLIENT)
        self._events: list[Event] = []
        self._thread = threading.Thread(target=self._serve, name="reader-test")
        self._thread.start()

    def _serve(self) -> None:
        self.connection.run()
        self._server_end.close()

    def receive(self) -> Event | None:
        """The next event from the server, a message whole, or None at the end of the stream."""
        text = ""
        while True:
            while not self._events:
                data = self.sock.recv(65_536)
                if not data:
                    return None
                self._machine.receive_data(data)
                self._events += self._machine.events()
            event = self._events.pop(0)
            if not isinstance(event, TextMessage):
                return event
            text += event.data
            if event.message_finished:
                return TextMessage(data=text)

    def join(self) -> None:
        """Wait until the connection's threads have ended."""
        self._thread.join(PATIENCE)
        self._thread_pool.close()
        if self._thread.is_alive() or self._thread_pool.join(Deadline(PATIENCE)):
            raise AssertionError("the connection did not end")

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: Any) -> None:
        self.sock.close()
        self.join()
