"""Hostile input: each client is refused, and the others are served meanwhile."""

import socket

from gochat_py.core import frames as server_frames
from tests.support import frames, process
from tests.support.case import PATIENCE, TestCase
from tests.support.raw import RawClient, exchange, request
from tests.support.server import ServerProcess


class HostileTest(TestCase):
    server: ServerProcess

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = cls.enterClassContext(ServerProcess("--header-timeout", "0.5"))

    def setUp(self) -> None:
        super().setUp()
        self.others = [self.enterContext(RawClient(self.server.port)) for _ in range(2)]

    def assert_others_are_served(self) -> None:
        self.others[0].send("still here")
        for client in self.others:
            self.assertEqual(client.line(), "still here")

    def assert_closed_with(self, code: int, data: bytes, *more: str) -> None:
        with RawClient(self.server.port, *more) as client:
            client.sock.sendall(data)
            self.assertEqual(client.close_code(), code)
        self.assert_others_are_served()

    def assert_refused(self, status: int, data: bytes, *words: str) -> None:
        answer = exchange(self.server.port, data).decode()
        self.assertTrue(answer.startswith(f"HTTP/1.1 {status} "), answer)
        for word in words:
            self.assertIn(word, answer)
        self.assert_others_are_served()

    def test_an_unmasked_frame(self):
        self.assert_closed_with(1002, server_frames.text(b"hello"))

    def test_bad_utf_8(self):
        self.assert_closed_with(1007, frames.masked(0x81, b"\xc0\xaf"))

    def test_a_frame_header_of_a_gibibyte(self):
        before = process.status(self.server.process.pid, "VmHWM")
        self.assert_closed_with(1009, frames.masked(0x81, b"x" * 1000, length=1 << 30))
        self.assertLess(process.status(self.server.process.pid, "VmHWM") - before, 8 * 1024)

    def test_a_frame_that_inflates_to_64_mebibytes(self):
        before = process.status(self.server.process.pid, "VmHWM")
        bomb = frames.masked(0xC1, frames.deflated(bytes(64 * 1024 * 1024)))
        self.assertLess(len(bomb), 66_000)
        self.assert_closed_with(1009, bomb, "Sec-WebSocket-Extensions: permessage-deflate")
        self.assertLess(process.status(self.server.process.pid, "VmHWM") - before, 8 * 1024)

    def test_an_upgrade_from_a_foreign_origin(self):
        foreign = request(self.server.port, "Origin: https://evil.example")
        self.assert_refused(403, foreign, "--origin")

    def test_an_upgrade_from_the_server_s_own_page(self):
        origin = f"Origin: http://127.0.0.1:{self.server.port}"
        with RawClient(self.server.port, origin) as client:
            client.send("welcome")
            self.assertEqual(client.line(), "welcome")
            for other in self.others:
                self.assertEqual(other.line(), "welcome")

    def test_window_bits_that_are_no_number(self):
        offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=x"
        self.assert_refused(400, request(self.server.port, offer), "client_max_window_bits")

    def test_an_unknown_subprotocol(self):
        data = request(self.server.port, "Sec-WebSocket-Protocol: soap")
        self.assert_refused(400, data, "gochat.v1")

    def test_paths_with_parent_directories(self):
        for path in (
            "/../setup.cfg", "/assets/../../setup.cfg", "/assets/%2e%2e/%2e%2e/setup.cfg",
            "/assets/..%2f..%2fsetup.cfg", "/assets//etc/passwd", "/assets/....//setup.cfg",
            "/assets/..\\..\\setup.cfg", "/assets/%00", "/r/../../setup.cfg", "/r/a%2f..%2f..",
        ):  # fmt: skip
            with self.subTest(path=path):
                answer = exchange(
                    self.server.port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
                ).decode()
                self.assertRegex(answer, r"^HTTP/1\.1 4\d\d ")
                self.assertNotIn("[metadata]", answer)
        self.assert_others_are_served()

    def test_a_header_sent_one_byte_at_a_time(self):
        """Each byte comes well within any limit on one `recv`; the header as a whole does not."""
        with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE) as sock:
            sock.settimeout(0.02)
            answer = b""
            for byte in b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 4000:
                try:
                    sock.send(bytes([byte]))
                    answer = sock.recv(65_536)
                except TimeoutError:
                    continue
                except OSError:
                    break
                break
            self.assertTrue(answer.startswith(b"HTTP/1.1 408 "), answer)
        self.assert_others_are_served()

    def test_two_hundred_half_open_requests(self):
        halves = []
        for _ in range(200):
            sock = socket.create_connection(("127.0.0.1", self.server.port), PATIENCE)
            self.addCleanup(sock.close)
            sock.sendall(b"GET / HTTP/1.1\r\nHost:")
            halves.append(sock)
        self.assert_others_are_served()
        for sock in halves:
            self.assertTrue(sock.recv(65_536).startswith(b"HTTP/1.1 408 "))
        self.assert_others_are_served()
