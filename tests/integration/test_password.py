"""A server with a password: who can connect, and what others can learn."""

import json
import os
import signal
import tempfile
from pathlib import Path
from typing import Any

from tests.support.case import TestCase, eventually
from tests.support.raw import RawClient, exchange, request
from tests.support.server import ServerProcess
from tests.support.v1 import Client, Refused, whole_room

PASSWORD = "correct horse"


class PasswordCase(TestCase):
    def setUp(self) -> None:
        super().setUp()
        place = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="gochat-test-")))
        self.data, self.file = place / "data", place / "password"
        self.write(PASSWORD)

    def write(self, password: str) -> None:
        self.file.write_text(f"{password}\n", encoding="utf-8")
        self.file.chmod(0o600)

    def serve(self, *flags: str) -> ServerProcess:
        own = ("--data", str(self.data), "--password-file", str(self.file))
        return self.enterContext(ServerProcess(*own, *flags))

    def member(self, server: ServerProcess, nick: str, *rooms: str) -> Client:
        """A client that knows the password."""
        client = self.enterContext(Client(server.ws_url))
        client.welcome = client.ask("hello", nick=nick, password=PASSWORD)
        for room in rooms:
            client.ask("join", room=room)
        return client

    def refusal(self, server: ServerProcess, **hello: Any) -> tuple[str, str]:
        """The code and the sentence for a client that is not let in."""
        with Client(server.ws_url) as client:
            error = client.refusal("hello", **{"nick": "Stranger", **hello})
            if error.get("fatal"):
                self.assertEqual(client.close_code(), 4001)
            return error["code"], error["message"]


class DoorTest(PasswordCase):
    def test_a_client_with_the_password_can_connect_and_needs_it_only_once(self) -> None:
        server = self.serve()
        ada = self.member(server, "Ada", "tea")
        said = ada.send("tea", "hello")
        token = ada.welcome["token"]
        with Client(server.ws_url, "Ada", "tea", token=token) as again:
            self.assertEqual(again.welcome["user"], ada.welcome["user"])
            self.assertEqual(whole_room(again, "tea"), [said])

    def test_a_client_without_the_password_is_refused_with_the_reason(self) -> None:
        server = self.serve()
        for hello, sentence in (
            ({}, "This server requires a password."),
            ({"password": "wrong"}, "The password is wrong."),
            ({"token": "unknown"}, "This server requires a password."),
            ({"token": "unknown", "password": "wrong"}, "The password is wrong."),
        ):
            with self.subTest(hello):
                self.assertEqual(self.refusal(server, **hello), ("bad_password", sentence))

    def test_a_refusal_does_not_show_whether_a_nick_is_taken(self) -> None:
        server = self.serve()
        self.member(server, "Ada")
        answers = {self.refusal(server, nick=nick) for nick in ("Ada", "Nobody", "ada")}
        self.assertEqual(len(answers), 1)

    def test_a_client_without_the_password_reads_and_writes_nothing(self) -> None:
        server = self.serve()
        ada = self.member(server, "Ada", "tea")
        ada.send("tea", "a secret")
        for command in (
            {"type": "join", "room": "tea"},
            {"type": "send", "room": "tea", "text": "spam", "id": "1"},
            {"type": "history", "room": "tea", "before": 2},
            {"type": "search", "query": "secret"},
            {"type": "rooms"},
            {"type": "nick", "nick": "Ada"},
            {"type": "typing", "room": "tea"},
            {"type": "read", "room": "tea", "seq": 1},
        ):
            with self.subTest(command["type"]), Client(server.ws_url) as stranger:
                # In one piece with a hello that is refused: nothing of it is carried out.
                stranger.raw(json.dumps({"type": "hello", "nick": "S", "id": "h"}))
                stranger.raw(json.dumps(command))
                self.assertEqual(stranger.read()["code"], "bad_password")
                self.assertEqual(stranger.close_code(), 4001)
        self.assertEqual([e["text"] for e in whole_room(ada, "tea")], ["a secret"])
        ada.ask("ping")
        self.assertEqual([e for e in ada.events if e["type"] != "presence"], [])

    def test_goChat_s_own_protocol_is_refused_with_the_reason(self) -> None:
        server = self.serve()
        answer = exchange(server.port, request(server.port)).decode()
        self.assertTrue(answer.startswith("HTTP/1.1 403 "), answer)
        self.assertIn("start the server with --classic", answer)

    def test_with_classic_goChat_s_own_protocol_is_accepted(self) -> None:
        server = self.serve("--classic")
        ada = self.member(server, "Ada", "lobby")
        with RawClient(server.port) as guest:
            guest.send("Guest: hello")
            self.assertEqual(ada.next("message")["text"], "Guest: hello")
        self.assertEqual(self.refusal(server)[0], "bad_password")


class TriesTest(PasswordCase):
    def test_the_eleventh_wrong_password_of_an_address_is_not_compared(self) -> None:
        server = self.serve()
        ada = self.member(server, "Ada")
        codes = [self.refusal(server, password=f"wrong {n}")[0] for n in range(100)]
        self.assertEqual(codes[:10], ["bad_password"] * 10)
        self.assertEqual(set(codes[10:]), {"rate_limited"})
        with Client(server.ws_url) as late, self.assertRaises(Refused) as refused:
            late.ask("hello", nick="Late", password=PASSWORD)
        self.assertEqual(refused.exception.code, "rate_limited", "also the right one")
        self.assertGreater(refused.exception.error["retry_after"], 0)
        with Client(server.ws_url, "Ada", token=ada.welcome["token"]) as again:
            self.assertEqual(again.welcome["nick"], "Ada", "a token still lets in")

    def test_right_passwords_are_not_counted(self) -> None:
        server = self.serve()
        for number in range(30):
            self.member(server, f"User {number}")
        self.assertEqual(self.refusal(server, password="wrong")[0], "bad_password")


class ChangeTest(PasswordCase):
    def test_sighup_reads_the_new_password_and_known_users_stay(self) -> None:
        server = self.serve()
        ada = self.member(server, "Ada", "tea")
        self.write("battery staple")
        os.kill(server.process.pid, signal.SIGHUP)
        eventually(lambda: "the password was read again" in server.errors(), "it is read")
        self.assertTrue(self.changed(server))
        ada.send("tea", "still here")
        with Client(server.ws_url, "Ada", token=ada.welcome["token"]):
            pass
        self.assertEqual(self.refusal(server, password=PASSWORD)[0], "bad_password")

    def changed(self, server: ServerProcess) -> bool:
        with Client(server.ws_url) as client:
            client.say("hello", nick="Newcomer", password="battery staple")
            return client.read()["type"] == "welcome"

    def test_a_password_that_cannot_be_read_keeps_the_old_one(self) -> None:
        server = self.serve()
        self.file.write_text("")
        os.kill(server.process.pid, signal.SIGHUP)
        eventually(lambda: "is empty" in server.errors(), "it is logged")
        self.member(server, "Ada")

    def test_users_of_an_open_server_stay_known_when_it_gets_a_password(self) -> None:
        with (
            ServerProcess("--data", str(self.data)) as server,
            Client(server.ws_url, "Ada", "tea") as ada,
        ):
            ada.send("tea", "open")
            token = ada.welcome["token"]
            server.kill()
        server = self.serve()
        with Client(server.ws_url, "Ada", "tea", token=token) as ada:
            self.assertEqual([e["text"] for e in whole_room(ada, "tea")], ["open"])
