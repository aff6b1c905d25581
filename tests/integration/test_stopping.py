"""SIGTERM: no new connections; queued messages are delivered; all connections get 1001."""

import ctypes
import os
import signal
import socket

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.case import PATIENCE, TestCase, eventually
from tests.support.narrow import not_none
from tests.support.raw import RawClient
from tests.support.server import ServerProcess


class StoppingTest(TestCase):
    def test_all_clients_get_what_was_sent_then_1001_and_the_status_is_0(self):
        with ServerProcess() as server:
            clients = [self.enterContext(connect(server.ws_url)) for _ in range(20)]
            for number in range(50):
                clients[0].send(str(number))
            self.assertEqual(clients[0].recv(PATIENCE), "0")
            server.process.send_signal(signal.SIGTERM)
            for client in clients[1:]:
                got = []
                with self.assertRaises(ConnectionClosed) as caught:
                    while True:
                        got.append(client.recv(PATIENCE))
                self.assertEqual(got, [str(number) for number in range(len(got))])
                self.assertEqual(not_none(caught.exception.rcvd).code, 1001)
            self.assertEqual(server.process.wait(PATIENCE), 0)
            self.assertNotIn("Traceback", server.errors())

    def test_a_peer_that_answers_nothing_does_not_delay_the_stop(self):
        with ServerProcess("--drain-timeout", "0.2") as server:
            silent = [self.enterContext(RawClient(server.port)) for _ in range(5)]
            idle = self.enterContext(socket.create_connection(("127.0.0.1", server.port)))
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            said = b""
            while not said.endswith(b"ok\n"):  # so it is not waiting to be accepted, but idle
                said += idle.recv(1000)
            self.assertEqual(server.stop(), 0)
            self.assertEqual([client.close_code() for client in silent], [1001] * 5)
            self.assertEqual(idle.recv(1), b"")

    def test_no_new_connection_is_accepted_during_the_stop(self):
        with ServerProcess("--drain-timeout", "60") as server:
            client = self.enterContext(RawClient(server.port))
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(client.close_code(), 1001)

            def refused() -> bool:
                try:
                    socket.create_connection(("127.0.0.1", server.port), PATIENCE).close()
                except ConnectionRefusedError:
                    return True
                return False

            eventually(refused, "the port is closed")
            client.close()
            self.assertEqual(server.process.wait(PATIENCE), 0)

    def test_a_signal_delivered_to_another_thread_stops_the_server(self):
        # Nothing interrupts the main thread then; nor does what comes just before it waits.
        try:
            tgkill = ctypes.CDLL(None).tgkill
        except (OSError, AttributeError):
            self.skipTest("This test needs tgkill(2) of the C library (Linux, glibc 2.30).")
        with ServerProcess() as server, RawClient(server.port) as client:
            pid = server.process.pid
            threads = {int(name) for name in os.listdir(f"/proc/{pid}/task")}
            self.assertEqual(tgkill(pid, max(threads - {pid}), signal.SIGTERM), 0)
            self.assertEqual(client.close_code(), 1001)

    def test_a_second_signal_ends_the_process_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with (
                self.subTest(number=number),
                ServerProcess("--drain-timeout", "600", "--write-wait", "600") as server,
                RawClient(server.port) as client,
            ):
                server.process.send_signal(signal.SIGTERM)
                self.assertEqual(client.close_code(), 1001)  # so the first one has been heard
                server.process.send_signal(number)
                self.assertEqual(server.process.wait(PATIENCE), -number)
