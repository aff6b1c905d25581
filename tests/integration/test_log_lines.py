"""The log at `info`: a line for each connection that ended, and for notable refusals."""

import contextlib
import json
import re
import signal
import socket
import urllib.error
import urllib.request

from websockets.exceptions import ConnectionClosed

from gochat_py.log_limit import About
from tests.support import frames
from tests.support.case import PATIENCE, TestCase, eventually
from tests.support.raw import RawClient, request
from tests.support.server import ServerProcess
from tests.support.v1 import Client

FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)')


def lives(server: ServerProcess) -> list[dict[str, str]]:
    """The fields of each connection's log line so far, as a program would read them."""
    found = []
    for line in server.errors().splitlines():
        _, mark, rest = line.partition("connection ended: ")
        if mark:
            found.append(
                {
                    name: json.loads(value) if value.startswith('"') else value
                    for name, value in FIELD.findall(rest)
                }
            )
    return found


def life(server: ServerProcess, count: int = 1) -> dict[str, str]:
    """The line about the last of so many connections, once it is there."""
    eventually(lambda: len(lives(server)) >= count, f"line {count} about a connection")
    return lives(server)[count - 1]


class ConnectionLineTest(TestCase):
    def test_each_connection_has_one_log_line(self):
        with ServerProcess() as server:
            with Client(server.ws_url, "Ada L.", "tea", "lobby") as ada:
                user = ada.welcome["user"]
                for number in range(3):
                    ada.send("tea", f"the text of message {number}")
            said = life(server)
            self.assertEqual(
                {name: said[name] for name in said.keys() - {"seconds", "bytes_in", "bytes_out"}},
                {
                    "address": "127.0.0.1",
                    "dialect": "gochat.v1",
                    "user": user,
                    "nick": "Ada L.",
                    "client": "test",
                    "rooms": "2",
                    "messages_in": "6",
                    "code": "1000",
                    "by": "client",
                },
            )
            self.assertGreater(int(said["bytes_in"]), 300)
            self.assertGreater(int(said["bytes_out"]), 1_000)
            self.assertLess(float(said["seconds"]), PATIENCE)
            self.assertNotIn("the text of", server.errors())
            self.assertNotIn(ada.welcome["token"], server.errors())

    def test_the_line_has_the_reason_and_the_side_that_ended_it(self):
        flags = ("--hello-wait", "0.2", "--ping-period", "0.2", "--pong-wait", "0.4")
        with ServerProcess(*flags) as server:
            count = 0

            def ended() -> tuple[str, ...]:
                nonlocal count
                count += 1
                said = life(server, count)
                return tuple(said.get(name, "") for name in ("dialect", "code", "by", "reason"))

            with RawClient(server.port) as client:
                client.close()
            gone = ("classic", "1006", "client", "gone without a close frame")
            self.assertEqual(ended(), gone)
            with RawClient(server.port) as client:
                client.sock.sendall(frames.masked(0x82, b"binary"))
                client.close_code()
            self.assertEqual(
                ended(), ("classic", "1003", "server", "only text messages are allowed")
            )
            with RawClient(server.port) as client:
                self.assertEqual(client.close_code(), 4008)
            self.assertEqual(ended()[:3], ("classic", "4008", "server"))
            with RawClient(server.port, "Sec-WebSocket-Protocol: gochat.v1") as client:
                self.assertEqual(client.close_code(), 4000)
            self.assertEqual(ended()[:3], ("gochat.v1", "4000", "server"))
            with RawClient(server.port) as client:
                server.stop(signal.SIGTERM)
            self.assertEqual(ended()[:3], ("classic", "1001", "server"))

    def test_no_name_of_a_client_can_look_like_a_field_or_a_line(self):
        names = (
            'x" code=1000 by=server nick="Bob',
            "x\\",
            "code=4001",
            "=",
            "\u2066\u200f",
            "聊天 1.0",
        )
        with ServerProcess() as server:
            for count, name in enumerate(names, 1):
                with Client(server.ws_url) as client:
                    client.ask("hello", nick=f"u{count}", client=name)
                said = life(server, count)
                self.assertEqual((said["nick"], said["by"]), (f"u{count}", "client"))
                self.assertEqual(said["client"].encode().decode("unicode_escape") if "\\u" in
                                 said["client"] else said["client"], name)  # fmt: skip

    def test_in_json_the_fields_are_separate(self):
        with ServerProcess("--log-format", "json") as server:
            with Client(server.ws_url, "Ada", "tea"):
                pass
            eventually(lambda: "connection ended" in server.errors(), "it is logged")
            server.stop()
            found = [json.loads(line) for line in server.errors().splitlines()]
            (fields,) = [each["fields"] for each in found if "fields" in each]
            self.assertEqual((fields["nick"], fields["rooms"], fields["code"]), ("Ada", 1, 1000))

    def test_a_client_that_reconnects_all_the_time_does_not_fill_the_log(self):
        most = About.ENDED.of_a_key
        with ServerProcess() as server:
            for _ in range(most + 12):
                RawClient(server.port).close()
            with RawClient(server.port) as last:
                last.send("all were served")
                self.assertEqual(last.line(), "all were served")
            self.assertEqual(server.stop(), 0)
            self.assertEqual(len(lives(server)), most)
            self.assertIn("13 more log records about connections that ended", server.errors())


class RefusalLineTest(TestCase):
    def warned(self, server: ServerProcess, *words: str) -> None:
        def told() -> bool:
            lines = [line for line in server.errors().splitlines() if " WARNING " in line]
            return any(all(word in line for word in words) for line in lines)

        eventually(told, f"a warning with {words}")

    def test_a_full_server(self):
        with ServerProcess("--max-connections-per-address", "1") as server:
            with RawClient(server.port), contextlib.suppress(AssertionError, OSError):
                RawClient(server.port).close()
            self.warned(server, "refusing connections", "127.0.0.1", "limit on connections")

    def test_a_proxy_s_client_that_has_too_many(self):
        flags = ("--max-connections-per-address", "1", "--trusted-proxy", "127.0.0.1")
        with ServerProcess(*flags) as server:
            forwarded = "X-Forwarded-For: 203.0.113.7"
            with RawClient(server.port, forwarded), contextlib.suppress(AssertionError, OSError):
                RawClient(server.port, forwarded).close()
            self.warned(server, "refusing connections", "203.0.113.7", "from one address")

    def test_a_foreign_page_and_a_foreign_host(self):
        with ServerProcess() as server:
            with contextlib.suppress(AssertionError, OSError):
                RawClient(server.port, "Origin: https://evil.example\x1b[2J").close()
            with contextlib.suppress(AssertionError, OSError):
                RawClient(server.port, "Origin: https://evil.example").close()
            self.warned(server, "https://evil.example", "--origin", "127.0.0.1")
            asked = urllib.request.Request(server.url, headers={"Host": "rebound.example"})
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(asked, timeout=PATIENCE)
            caught.exception.close()
            self.warned(server, "rebound.example", "--name", "127.0.0.1")
            self.assertNotIn("\x1b", server.errors())

    def test_a_flood(self):
        with ServerProcess() as server:
            with Client(server.ws_url, "Ada") as ada, contextlib.suppress(ConnectionClosed):
                for _ in range(100):
                    ada.raw("no json")
                while True:
                    ada.read()
            self.assertEqual(life(server)["code"], "4029")
            self.warned(server, "refused 127.0.0.1", "Too many rejected commands")

    def test_quotas_and_limits(self):
        flags = ("--new-users", "0.002", "--new-rooms", "0.002", "--max-rooms-total", "2")
        with (
            ServerProcess(*flags) as server,
            Client(server.ws_url, "Ada") as ada,
            Client(server.ws_url, "Bob"),
            Client(server.ws_url) as third,
        ):
            third.refusal("hello", nick="Cyn")
            self.warned(server, "refused 127.0.0.1", "rate_limited", "users")
            for number in range(3):
                ada.say("join", room=f"r{number}", id=str(number))
            for number in range(3):
                ada.wait_for(lambda event, number=number: event.get("id") == str(number))
            self.warned(server, "refused 127.0.0.1", "rate_limited", "rooms")


class QuietTest(TestCase):
    def test_a_request_without_an_upgrade_has_no_line(self):
        with ServerProcess() as server:
            for _ in range(3):
                urllib.request.urlopen(server.url, timeout=PATIENCE).close()
            with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as sock:
                sock.sendall(request(server.port).replace(b"Version: 13", b"Version: 1"))
                while sock.recv(65_536):
                    pass
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.errors(), "")

    def test_at_the_warning_level_there_is_no_line(self):
        with ServerProcess("--log-level", "warning") as server:
            RawClient(server.port).close()
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.errors(), "")
