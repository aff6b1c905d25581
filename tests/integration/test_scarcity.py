"""The system's limits are reached: clear answers, open connections work, and a stop in time.

Each server is a process of its own, with a limit as `ulimit` sets it.
"""

import contextlib
import json
import resource
import signal
import subprocess
import sys
import unittest
from collections import Counter
from collections.abc import Iterator

from tests.support.case import PATIENCE, TestCase, descriptors
from tests.support.edge import Client as HttpClient
from tests.support.edge import upgrade
from tests.support.process import FREE_THREADED, status
from tests.support.raw import RawClient
from tests.support.server import ROOT, ServerProcess, limited
from tests.support.v1 import Client

#: Runs the server in a process that grants no thread beyond so many: root has no such limit.
FEW_THREADS = """
import sys, threading
start, most = threading.Thread.start, int(sys.argv.pop(1))
def scarce(thread):
    if threading.active_count() >= most:
        raise RuntimeError("can't start new thread")
    start(thread)
threading.Thread.start = scarce
from gochat_py.cli import main
sys.exit(main())
"""

#: Runs the server where there is hardly more address space than it takes before it has begun.
NO_SPACE = """
import re, resource, sys
from gochat_py.cli import main
size = int(re.search(r"VmSize:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (size + 8_000_000,) * 2)
sys.exit(main(["--port", "0", "--memory"]))
"""


class ScarcityTest(TestCase):
    @contextlib.contextmanager
    def crowded(self, server: ServerProcess, count: int) -> Iterator[Counter[int]]:
        """Two who talk, and beside them `count` who try to get in, each told why if they may not.

        Afterwards there is room again, and the server stops with status 0.
        """
        host = f"127.0.0.1:{server.port}"
        with Client(server.ws_url, "Ada", "tea") as ada, Client(server.ws_url, "Bob", "tea") as bob:
            answers: Counter[int] = Counter()
            with contextlib.ExitStack() as crowd:
                for _ in range(count):
                    client = HttpClient(server.port)
                    crowd.callback(client.sock.close)
                    client.send(upgrade(Host=host))
                    answer = client.answer()
                    answers[answer.status] += 1
                    if answer.status != 101:
                        self.assertEqual(answer.status, 503)
                        self.assertIn("retry-after", answer.headers)
                        self.assertGreater(len(json.loads(answer.body)["detail"].split()), 5)
                yield answers
                for number in range(20):
                    sent = ada.send("tea", f"still here {number}")
                    self.assertEqual(bob.next("message", seq=sent["seq"])["text"], sent["text"])
                self.assertEqual(len(bob.ask("history", room="tea")["entries"]), 20)
                self.assertEqual(bob.ask("search", query="here 7", room="tea")["type"], "results")
            self.assertGreater(answers[101], 2)
            self.assertGreater(answers[503], 2)
            for _ in range(200):  # the crowd leaves when it likes
                with contextlib.suppress(AssertionError, OSError), RawClient(server.port) as late:
                    late.send("hello")
                    self.assertEqual(late.line(), "hello")
                    break
            else:
                self.fail("there was no room again")
            # Full again, and asked to stop in the midst of it.
            full = [HttpClient(server.port) for _ in range(count)]
            for client in full:
                self.addCleanup(client.sock.close)
                with contextlib.suppress(OSError):
                    client.send(upgrade(Host=host))
            self.assertEqual(server.stop(signal.SIGTERM), 0, server.errors())
        self.assertNotIn("Traceback", server.errors())

    def test_few_descriptors(self) -> None:
        with (
            ServerProcess(prefix=limited("-n 64")) as server,
            self.crowded(server, 100) as answers,
        ):
            self.assertIn("at most 24 connections", server.errors())
            self.assertEqual(answers[101], 22)
            self.assertLess(len(descriptors(server.process.pid)), 64)

    def test_the_server_s_own_descriptors_are_within_its_reserve(self) -> None:
        from gochat_py.http.refused import OWN_DESCRIPTORS

        with ServerProcess() as server, Client(server.ws_url, "Ada", "tea") as ada:
            ada.send("tea", "hello")
            ada.ask("search", query="hello", room="tea")
            held = len(descriptors(server.process.pid))
            with Client(server.ws_url, "Bob", "tea") as bob:
                bob.ask("history", room="tea")
                self.assertEqual(len(descriptors(server.process.pid)), held + 1, "only its socket")
            self.assertLessEqual(held - 1 + 6, OWN_DESCRIPTORS)

    def test_too_few_descriptors_are_refused_with_the_remedy(self) -> None:
        done = subprocess.run(
            [*limited("-n 47"), sys.executable, "-m", "gochat_py", "--port", "0", "--memory"],
            cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, r"^gochat: the system allows 47 .*ulimit -n\) to 48 or more$")
        with ServerProcess(prefix=limited("-n 48")) as server, Client(server.ws_url, "Ada", "tea"):
            self.assertIn("at most 8 connections", server.errors())

    def test_few_threads(self) -> None:
        program = ("-c", FEW_THREADS, "40")
        with ServerProcess(program=program) as server, self.crowded(server, 60) as answers:
            self.assertLess(answers[101], 20)
            self.assertIn("can't start new thread", server.errors())

    @unittest.skipUnless(sys.platform == "linux", "Only Linux enforces this limit.")
    def test_little_address_space(self) -> None:
        # Without the interpreter lock each thread reserves 32 MiB and more for its heaps.
        for limit in (600_000, 1_200_000) if FREE_THREADED else (150_000, 250_000):
            with (
                self.subTest(limit),
                ServerProcess(prefix=limited(f"-v {limit}")) as server,
                self.crowded(server, 300),
            ):
                self.assertIn("ulimit -v", server.errors())

    @unittest.skipUnless(sys.platform == "linux", "Only Linux enforces this limit.")
    def test_address_space_that_runs_out_while_the_server_runs(self) -> None:
        with ServerProcess() as server:
            pid = server.process.pid
            with Client(server.ws_url, "Ada", "tea") as ada:
                ada.send("tea", "before")
                size = status(pid, "VmSize") * 1024
                resource.prlimit(pid, resource.RLIMIT_AS, (size, size))
                for _ in range(50):
                    client = HttpClient(server.port)
                    self.addCleanup(client.sock.close)
                    client.send(upgrade(Host=f"127.0.0.1:{server.port}"))
                    self.assertEqual(client.answer().status, 503)
                ada.send("tea", "after")
            self.assertEqual(server.stop(), 0)

    @unittest.skipUnless(sys.platform == "linux", "Only Linux enforces this limit.")
    def test_too_little_address_space_is_refused_with_the_remedy(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", NO_SPACE], cwd=ROOT, capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertRegex(done.stderr, r"^gochat: the system grants no thread .*ulimit -v.*\n$")
