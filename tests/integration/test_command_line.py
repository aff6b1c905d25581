import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

from tests.support.case import PATIENCE, TestCase, eventually
from tests.support.narrow import not_none
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


def answers(port: int) -> bool:
    """Whether something listens on that port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    except ConnectionRefusedError:
        return False
    return True


class MistakesTest(TestCase):
    """One sentence with the remedy, exit status 2, no traceback."""

    def refused(self, *flags: str, words: tuple[str, ...], **environment: str) -> None:
        done = run(*flags, **environment)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_an_unknown_flag(self):
        self.refused("--prot", "1", words=("--prot", "--port", "--help"))
        self.refused("--pasword-file=x", words=("'--pasword-file=x'", "nearest"))
        self.refused("serve", words=("'serve'", "--help"))

    def test_an_unknown_environment_variable(self):
        """GOCHAT_PASSWORD=x started a server that was open to all, without a word."""
        self.refused(words=("GOCHAT_PASSWORD", "--help"), GOCHAT_PASSWORD="secret")
        self.refused(words=("GOCHAT_PROT", "GOCHAT_PORT"), GOCHAT_PROT="1")
        self.refused(words=("gochat_port", "GOCHAT_PORT"), gochat_port="1")

    def test_an_empty_text(self):
        """--data '' used the current directory; --host '' listened on all addresses."""
        for flag in ("--data", "--host", "--name", "--origin", "--trusted-proxy"):
            for value in ("", " \t\n"):
                with self.subTest(flag=flag, value=value):
                    self.refused(flag, value, words=(flag, "omit"))
        for flag in ("--port", "--retention", "--log-level", "--rate"):
            with self.subTest(flag=flag):
                self.refused(flag, "", words=(flag, "takes"))

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

    def test_a_host_of_another_machine(self):
        self.refused("--port", "0", "--host", "192.0.2.1", words=("192.0.2.1", "--host"))

    def test_an_invalid_host(self):
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


class StreamsTest(TestCase):
    """With closed, full or abandoned standard streams the server runs without a traceback."""

    def trace(self, *flags: str, redirected: str) -> subprocess.CompletedProcess[bytes]:
        """Run the command to its end with a shell's redirections."""
        return subprocess.run(
            ["sh", "-c", f'"$@" {redirected}', "sh", sys.executable, "-m", "gochat_py", *flags],
            cwd=ROOT,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )

    def test_help_and_version_need_no_standard_output(self):
        for flag in ("--help", "--version"):
            for redirected in (">&-", ">/dev/full", "<&- >&- 2>&-"):
                with self.subTest(flag=flag, redirected=redirected):
                    done = self.trace(flag, redirected=redirected)
                    self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_an_error_needs_no_standard_error(self):
        for redirected in ("2>&-", "2>/dev/full"):
            with self.subTest(redirected=redirected):
                done = self.trace("--nope", redirected=redirected)
                self.assertEqual((done.returncode, done.stdout), (2, b""))

    def test_the_server_runs_with_any_standard_streams(self):
        for redirected in (
            *(">&-", ">/dev/full", "<&- >&-", "<&- >&- 2>&-", "2>&-", "2>/dev/full"),
            *("| true", "2>&1 | true"),
        ):
            with self.subTest(redirected=redirected), socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
                probe.close()
                with tempfile.TemporaryFile() as errors:
                    command = (sys.executable, "-m", "gochat_py")
                    flags = ("--memory", "--port", str(port))
                    server = subprocess.Popen(
                        ["sh", "-c", f'"$@" {redirected}', "sh", *command, *flags],
                        cwd=ROOT,
                        stderr=errors,
                        stdout=subprocess.DEVNULL,
                        start_new_session=True,
                    )
                    try:
                        eventually(lambda port=port: answers(port), "it serves")
                        with RawClient(port) as client:
                            client.send("hello")
                            self.assertEqual(client.line(), "hello")
                    finally:
                        os.killpg(server.pid, signal.SIGTERM)
                        server.wait(PATIENCE)
                    eventually(lambda port=port: not answers(port), "it has ended")
                    errors.seek(0)
                    self.assertNotIn(b"Traceback", errors.read())


class HangUpTest(TestCase):
    """SIGHUP reloads the page's files; no connection ends."""

    def copied(self) -> tuple[Path, ServerProcess]:
        """A server of its own copy of the package and the page, and where that is."""
        place = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for part in ("gochat_py", "web"):
            shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
        program = (
            f"import sys; sys.path.insert(0, {str(place)!r}); sys.dont_write_bytecode = True\n"
            "from gochat_py.cli import main; sys.exit(main())"
        )
        return place, self.enterContext(ServerProcess(program=("-c", program)))

    def page(self, server: ServerProcess) -> str:
        with urllib.request.urlopen(server.url, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def test_sighup_serves_the_upgraded_page(self):
        place, server = self.copied()
        with RawClient(server.port) as client:
            before = self.page(server)
            index = place / "web" / "index.html"
            index.write_text(index.read_text("utf-8").replace("<title>", "<title>New "), "utf-8")
            os.kill(server.process.pid, signal.SIGHUP)
            eventually(lambda: "<title>New " in self.page(server), "the new page is served")
            checksums = [
                not_none(re.search("assets/([0-9a-f]{12})/", page))[1]
                for page in (before, self.page(server))
            ]
            self.assertNotEqual(*checksums)
            self.assertIn(f"version {checksums[1]} replaces {checksums[0]}", server.errors())
            self.assertIn("restart", server.errors())
            client.send("still here")
            self.assertEqual(client.line(), "still here")

    def test_sighup_with_an_unreadable_page_keeps_the_old_one(self):
        place, server = self.copied()
        before = self.page(server)
        index = place / "web" / "index.html"
        for damaged in (b"no base", b"\xff\xfe", None):
            with self.subTest(damaged=damaged):
                if damaged is None:
                    index.unlink()
                else:
                    index.write_bytes(damaged)
                told = server.errors().count("old one is still served")
                os.kill(server.process.pid, signal.SIGHUP)
                eventually(
                    lambda told=told: server.errors().count("old one is still served") > told,
                    "it is logged",
                )
                self.assertEqual(self.page(server), before)

    def test_many_sighups_end_nothing(self):
        with ServerProcess() as server, RawClient(server.port) as client:
            for _ in range(50):
                os.kill(server.process.pid, signal.SIGHUP)
            eventually(lambda: "reloaded the page" in server.errors(), "one of them is heard")
            client.send("still here")
            self.assertEqual(client.line(), "still here")
            self.assertEqual(server.stop(), 0)

    def test_a_sighup_ignored_at_the_start_stays_ignored(self):
        """As under nohup(1): the terminal's end is none of its business."""
        prefix = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh")
        with ServerProcess(prefix=prefix) as server, RawClient(server.port) as client:
            os.kill(server.process.pid, signal.SIGHUP)
            client.send("still here")
            self.assertEqual(client.line(), "still here")
            self.assertEqual(server.stop(), 0)
            self.assertNotIn("reloaded", server.errors())


class ServingTest(TestCase):
    def test_standard_output_has_one_line_with_the_address(self):
        with ServerProcess() as server:
            self.assertRegex(server.url, r"^http://127\.0\.0\.1:\d+/$")
            with urllib.request.urlopen(server.url, timeout=PATIENCE) as answer:
                self.assertEqual(answer.status, 200)
            self.assertEqual(server.stop(), 0)
            self.assertEqual(not_none(server.process.stdout).read(), b"")

    def test_settings_are_read_from_the_environment(self):
        with ServerProcess(environment={"GOCHAT_HOST": "127.0.0.2"}) as server:
            self.assertIn("http://127.0.0.2:", server.url)

    def test_ipv6(self):
        if not socket.has_ipv6:
            self.skipTest("This machine has no IPv6.")
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("This machine has no IPv6 loopback address.")
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

    @unittest.skipUnless(hasattr(os, "SCHED_BATCH"), "Only Linux has this policy.")
    def test_all_threads_have_the_batch_scheduling_policy(self):
        with ServerProcess() as server, RawClient(server.port) as client:
            client.send("hello")
            self.assertEqual(client.line(), "hello")  # so every kind of thread is there
            threads = os.listdir(f"/proc/{server.process.pid}/task")
            self.assertGreaterEqual(len(threads), 5)
            policies = {os.sched_getscheduler(int(thread)) for thread in threads}
            self.assertEqual(policies, {os.SCHED_BATCH})

    @unittest.skipUnless(hasattr(os, "SCHED_BATCH"), "Only Linux has this policy.")
    def test_a_chosen_scheduling_policy_is_kept(self):
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
