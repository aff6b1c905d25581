import json
import os
import signal
import socket
import subprocess
import sys
import unittest
import urllib.request

from tests.support.case import PATIENCE, TestCase
from tests.support.raw import RawClient
from tests.support.server import ROOT, ServerProcess


def run(*flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gochat_py", *flags],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class MistakesTest(TestCase):
    """One sentence with its cure, exit status 2, no traceback."""

    def refused(self, *flags: str, words: tuple[str, ...], **environment: str) -> None:
        done = run(*flags, **environment)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_an_unknown_flag(self):
        self.refused("--prot", "1", words=("--prot", "--help"))

    def test_an_abbreviated_flag_is_unknown(self):
        self.refused("--por", "1", words=("--por",))

    def test_a_flag_without_its_value(self):
        self.refused("--port", words=("--port", "--help"))

    def test_a_value_out_of_range(self):
        self.refused("--port", "99999", words=("--port", "65535"))

    def test_a_bad_environment_variable(self):
        self.refused(words=("GOCHAT_PORT", "'x'"), GOCHAT_PORT="x")

    def test_a_taken_port(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            self.refused("--port", port, words=(port, "taken", "--port"))

    def test_a_host_that_is_not_ours(self):
        self.refused("--port", "0", "--host", "192.0.2.1", words=("192.0.2.1", "--host"))

    def test_a_host_that_is_no_host(self):
        self.refused("--port", "0", "--host", "no such host", words=("no such host", "--host"))


class HelpTest(TestCase):
    def test_every_flag_is_listed_with_its_default(self):
        from gochat_py.settings import options

        said = " ".join(run("--help").stdout.split())
        for option in options():
            self.assertIn(option.flag, said)
        self.assertIn("(default: 8080)", said)

    def test_the_version(self):
        from gochat_py import __version__

        self.assertEqual(run("--version").stdout, f"gochat {__version__}\n")


class ServingTest(TestCase):
    def test_one_line_on_standard_output_says_where(self):
        with ServerProcess() as server:
            self.assertRegex(server.url, r"^http://127\.0\.0\.1:\d+/$")
            with urllib.request.urlopen(server.url, timeout=PATIENCE) as answer:
                self.assertEqual(answer.status, 200)
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.process.stdout.read(), b"")

    def test_the_environment_is_heard(self):
        with ServerProcess(environment={"GOCHAT_HOST": "127.0.0.2"}) as server:
            self.assertIn("http://127.0.0.2:", server.url)

    def test_ipv6(self):
        if not socket.has_ipv6:
            self.skipTest("this machine has no IPv6")
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("this machine has no IPv6 loopback address")
        with ServerProcess("--host", "::1") as server:
            self.assertRegex(server.url, r"^http://\[::1\]:\d+/$")
            with urllib.request.urlopen(server.url, timeout=PATIENCE) as answer:
                self.assertEqual(answer.status, 200)

    def test_json_logs_are_one_object_a_line(self):
        with ServerProcess("--log-format", "json", "--log-level", "debug") as server:
            urllib.request.urlopen(server.url, timeout=PATIENCE).close()
            server.stop()
            for line in server.errors().splitlines():
                self.assertLessEqual({"time", "level", "message"}, json.loads(line).keys())

    @unittest.skipUnless(hasattr(os, "SCHED_BATCH"), "needs the scheduling policies of Linux")
    def test_all_its_threads_are_a_batch(self):
        with ServerProcess() as server, RawClient(server.port) as client:
            client.send("hello")
            self.assertEqual(client.line(), "hello")  # so every kind of thread is there
            threads = os.listdir(f"/proc/{server.process.pid}/task")
            self.assertGreaterEqual(len(threads), 5)
            policies = {os.sched_getscheduler(int(thread)) for thread in threads}
            self.assertEqual(policies, {os.SCHED_BATCH})

    @unittest.skipUnless(hasattr(os, "SCHED_BATCH"), "needs the scheduling policies of Linux")
    def test_a_scheduling_policy_that_somebody_chose_is_kept(self):
        program = (
            "import os; from gochat_py import threads\n"
            "os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\n"
            "threads.prepare(); print(os.sched_getscheduler(0) == os.SCHED_IDLE)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
        )
        self.assertEqual(done.stdout, "True\n")

    def test_both_signals_stop_it_with_status_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number=number), ServerProcess() as server:
                self.assertEqual(server.stop(number), 0)
                self.assertNotIn("Traceback", server.errors())
