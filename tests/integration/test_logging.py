"""The server runs and stops normally if its output is not read."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys

from tests.support import frames
from tests.support.case import PATIENCE, TestCase, eventually
from tests.support.raw import RawClient, request
from tests.support.server import ROOT, ServerProcess
from tests.support.v1 import Client

#: Raises in the server, wherever somebody connects, what is not logged by anybody.
LOUD = """
import sys, threading, traceback, warnings
from gochat_py import classic
from gochat_py.cli import main

def opened(dialect, connection, before=classic.Classic.opened):
    for _ in range(100):
        warnings.warn("x" * 4000)
        print("y" * 4000, file=sys.stderr)
        traceback.print_stack()
        dying = threading.Thread(target=lambda: 1 / 0)
        dying.start()
        dying.join()
    before(dialect, connection)

classic.Classic.opened = opened
warnings.simplefilter("always")
sys.exit(main())
"""


class StuckLogTest(TestCase):
    def full_pipe(self) -> tuple[int, int]:
        """The ends of a pipe that takes nothing more."""
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        os.set_blocking(writing, False)
        for size in (65_536, 1):
            with contextlib.suppress(BlockingIOError):
                while True:
                    os.write(writing, b"." * size)
        os.set_blocking(writing, True)
        return reading, writing

    def assert_talk(self, server: ServerProcess) -> None:
        with Client(server.ws_url, "Ada", "tea") as ada, Client(server.ws_url, "Bob", "tea") as bob:
            for number in range(20):
                sent = ada.send("tea", f"hello {number}")
                self.assertEqual(bob.next("message", seq=sent["seq"])["text"], sent["text"])

    def test_an_eviction_logged_to_a_full_pipe_delays_no_other(self) -> None:
        """One log line blocked the hub, and with it all users; SIGTERM had no effect."""
        _, writing = self.full_pipe()
        flags = (
            *("--log-level", "debug", "--write-wait", "1"),
            *("--send-buffer", "2", "--send-buffer-bytes", "1024"),
            *("--rate", "1000000", "--burst", "1000000"),
        )
        with ServerProcess(*flags, stderr=writing) as server, RawClient(server.port) as listener:
            slow = socket.socket()
            self.addCleanup(slow.close)
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect(("127.0.0.1", server.port))
            slow.sendall(request(server.port))
            for _ in range(100):  # with a debug record for nearly everything that happens
                exchange(server.port)
            with RawClient(server.port) as speaker:
                line = "x" * 4_000
                frame = frames.text(line)  # masked once: that takes Python a while
                for _ in range(2_000):
                    speaker.sock.sendall(frame)
                    self.assertEqual((speaker.line(), listener.line()), (line, line))
            # Evicted, whatever became of the record that says so.
            slow.settimeout(PATIENCE)
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)  # now it reads fast
            with contextlib.suppress(ConnectionResetError):
                while slow.recv(1 << 20):
                    continue
            self.assert_talk(server)
            self.assertEqual(server.stop(signal.SIGTERM), 0)

    def test_output_of_python_itself_to_a_full_pipe_delays_no_thread(self) -> None:
        _, writing = self.full_pipe()
        with ServerProcess(program=("-c", LOUD), stderr=writing) as server:
            with RawClient(server.port) as one, RawClient(server.port) as other:
                one.send("hello")
                self.assertEqual((one.line(), other.line()), ("hello", "hello"))
            self.assert_talk(server)
            self.assertEqual(server.stop(signal.SIGTERM), 0)

    def test_dropped_log_lines_are_counted_when_the_pipe_is_read_again(self) -> None:
        reading, writing = self.full_pipe()
        flags = ("--log-level", "debug", "--log-format", "json")
        with ServerProcess(*flags, stderr=writing) as server:
            for _ in range(30):
                # Each answer is logged with its path, which is as long as a path may be.
                exchange(server.port, "/" + "%7f" * 2_000, 20)
            read = bytearray()
            os.set_blocking(reading, False)

            def told() -> bool:
                with contextlib.suppress(BlockingIOError):
                    while data := os.read(reading, 65_536):
                        read.extend(data)
                return b"log records were dropped" in read

            eventually(told, "it was told how many were dropped")
            self.assertEqual(server.stop(signal.SIGTERM), 0)

    def test_a_full_standard_output_does_not_prevent_the_start(self) -> None:
        _, writing = self.full_pipe()
        process = subprocess.Popen(
            [sys.executable, "-m", "gochat_py", "--port", "0", "--memory"],
            cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stderr is not None
        try:
            found = re.search(r"listening on http://127.0.0.1:(\d+)/", process.stderr.readline())
            assert found
            with RawClient(int(found[1])) as client:
                client.send("hello")
                self.assertEqual(client.line(), "hello")
            process.terminate()
            self.assertEqual(process.wait(PATIENCE), 0)
        finally:
            process.kill()
            process.communicate()

    def test_closed_standard_descriptors_are_not_reused_for_files(self) -> None:
        """Descriptor 2 would be the database's, and a log line written into it."""
        with ServerProcess(
            "--log-level", "debug", prefix=("sh", "-c", 'exec "$@" 0<&- 2>&-', "sh")
        ) as server:
            held = {number: os.readlink(f"/proc/{server.process.pid}/fd/{number}") for number in
                    (0, 2)}  # fmt: skip
            self.assertEqual(held, {0: "/dev/null", 2: "/dev/null"})
            self.assert_talk(server)
            self.assertEqual(server.stop(signal.SIGTERM), 0)

    def test_a_broken_log_pipe_is_no_failure(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        self.addCleanup(os.close, writing)
        with ServerProcess("--log-level", "debug", stderr=writing) as server:
            self.assert_talk(server)
            self.assertEqual(server.stop(signal.SIGTERM), 0)

    def test_no_peer_can_forge_a_log_line(self) -> None:
        with ServerProcess("--log-level", "debug") as server:
            exchange(server.port, "/%0a2026-01-01%2000:00:00,000%20INFO%20forged%1b%5b2J%e2%80%a8")
            eventually(lambda: "forged" in server.errors(), "it was logged")
            for line in server.errors().splitlines():
                self.assertNotRegex(line, "^2026-01-01|\x1b|\u2028")


def exchange(port: int, path: str = "/none", times: int = 1) -> None:
    """Ask for `path` on one connection, so many times; look at nothing but the end."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        ask = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n".encode()
        sock.sendall((ask + b"\r\n") * (times - 1) + ask + b"Connection: close\r\n\r\n")
        while sock.recv(65_536):
            continue
