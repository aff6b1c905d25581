"""The server is suspended (SIGSTOP) for longer than each of its waits, then continues."""

import contextlib
import os
import signal
import socket
import threading

from tests.support import frames
from tests.support.case import PATIENCE, TestCase, eventually
from tests.support.edge import Client as HttpClient
from tests.support.raw import RawClient
from tests.support.server import ServerProcess
from tests.support.v1 import Client

#: Seconds of each wait of the server, and of the stall.
WAIT = 1.0
STALL = 2.5

FLAGS = (
    *("--pong-wait", str(WAIT), "--ping-period", str(WAIT / 2)),
    *("--write-wait", str(WAIT), "--hello-wait", str(WAIT)),
    *("--header-timeout", str(WAIT), "--idle-timeout", str(WAIT)),
)


class StallTest(TestCase):
    @contextlib.contextmanager
    def stopped(self, server: ServerProcess):
        """Stop the server for the block, and then for so long that each of its waits ran out."""
        os.kill(server.process.pid, signal.SIGSTOP)
        try:
            yield
            threading.Event().wait(STALL)  # this is the fault itself
        finally:
            os.kill(server.process.pid, signal.SIGCONT)

    def test_ten_active_clients_survive_a_stall_and_are_answered(self):
        """All ten were closed with 1002, and the page never reconnected."""
        with ServerProcess(*FLAGS) as server:
            clients = [
                self.enterContext(Client(server.ws_url, f"u{number}", "tea"))
                for number in range(10)
            ]
            with self.stopped(server):
                asked = [client.say("send", room="tea", text="meanwhile") for client in clients]
            for client, answers in zip(clients, asked, strict=True):
                self.assertEqual(client.next("message", id=answers)["text"], "meanwhile")
            for client in clients:
                self.assertEqual(client.send("tea", "afterwards")["text"], "afterwards")
            eventually(lambda: "was stalled for" in server.errors(), "the stall was logged")

    def test_a_silent_client_survives_a_stall(self):
        """It had answered every ping it got; what it was not sent it could not answer."""
        with ServerProcess(*FLAGS) as server:
            listener = self.enterContext(Client(server.ws_url, "Ada", "tea"))
            with self.stopped(server):
                pass
            speaker = self.enterContext(Client(server.ws_url, "Bob", "tea"))
            sent = speaker.send("tea", "are you there?")
            self.assertEqual(listener.next("message", id=sent["id"]), sent)

    def test_a_client_may_send_hello_after_a_stall(self):
        """It was closed with 4000, and the page never reconnected."""
        with ServerProcess(*FLAGS) as server:
            client = self.enterContext(Client(server.ws_url))
            with self.stopped(server):
                pass
            self.assertEqual(client.hello("Ada")["nick"], "Ada")

    def test_a_request_may_be_completed_after_a_stall(self):
        """It got 408."""
        with ServerProcess(*FLAGS) as server, HttpClient(server.port) as client:
            client.send(b"GET /healthz HTTP/1.1\r\n")
            with HttpClient(server.port) as other:  # so the first was accepted
                other.ask(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with self.stopped(server):
                pass
            self.assertEqual(client.ask(b"Host: localhost\r\n\r\n").status, 200)

    def test_a_client_that_was_reading_gets_the_rest_after_a_stall(self):
        with ServerProcess(*FLAGS, "--rate", "1000", "--burst", "1000") as server:
            line = frames.text("x" * 4_000)
            with RawClient(server.port) as taker, RawClient(server.port) as speaker:
                taker.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                with self.stopped(server):
                    speaker.sock.sendall(line * 20)
                for client in (taker, speaker):
                    self.assertEqual([len(client.line()) for _ in range(20)], [4_000] * 20)

    def test_a_peer_that_stays_silent_after_a_stall_is_closed(self):
        with ServerProcess(*FLAGS) as server, RawClient(server.port) as silent:
            with self.stopped(server):
                pass
            silent.sock.settimeout(PATIENCE)
            self.assertEqual(silent.close_code(), 4008)
