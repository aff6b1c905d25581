"""gochat.v1 as docs/protocol.md describes it, with the real server and another library's client."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from gochat_py.core.names import nick_key
from gochat_py.message import Draft, Kind, User
from gochat_py.store import open_directory
from gochat_py.store.directory import MEMORY_PREFIX
from tests.support.case import PATIENCE, TestCase, descriptors, eventually
from tests.support.raw import RawClient
from tests.support.server import ROOT, ServerProcess
from tests.support.v1 import LOST, Client, Refused, whole_room

#: Nothing of what is tested here is about the limits on sending.
FAST = ("--rate", "100000", "--burst", "100000")


class V1TestCase(TestCase):
    """A server for the test, and clients that end with it."""

    flags: tuple[str, ...] = FAST

    def setUp(self) -> None:
        super().setUp()
        self.server = self.enterContext(ServerProcess(*self.flags))

    def client(self, nick: str | None = None, *rooms: str, **options: Any) -> Client:
        return self.enterContext(Client(self.server.ws_url, nick, *rooms, **options))

    def assert_refused(self, code: str, client: Client, command: str, **fields: Any) -> None:
        error = client.refusal(command, **fields)
        self.assertEqual(error["code"], code, error)
        self.assertFalse(error.get("fatal"))


class GreetingTest(V1TestCase):
    def test_commands_before_hello_are_refused(self):
        client = self.client()
        for command, fields in (
            ("join", {"room": "lobby"}),
            ("send", {"room": "lobby", "text": "hi"}),
            ("ping", {}),
        ):
            self.assert_refused("hello_first", client, command, **fields)
        self.assertEqual(client.hello("Ada")["nick"], "Ada")

    def test_welcome_has_what_a_client_needs(self):
        welcome = self.client("Ada").welcome
        self.assertEqual(welcome["protocol"], 1)
        self.assertRegex(welcome["server"], r"^gochat_py \d")
        self.assertEqual(welcome["lobby"], "lobby")
        self.assertEqual(welcome["ping_period"], 25.0)
        self.assertEqual(
            welcome["limits"],
            {
                "max_message_bytes": 65_536,
                "max_text_chars": 4_000,
                "rate": 100_000.0,
                "burst": 100_000,
                "history": 50,
                "rooms": 50,
            },
        )
        self.assertGreaterEqual(len(welcome["token"]), 43, "32 random bytes in base64")

    def test_a_second_hello_is_refused(self):
        client = self.client("Ada")
        self.assert_refused("bad_field", client, "hello", nick="Bob")

    def test_a_token_identifies_the_same_user(self):
        first = self.client("Ada").welcome
        second = self.client("Ada", token=first["token"]).welcome
        self.assertEqual(second["user"], first["user"])
        self.assertEqual(second["token"], first["token"])

    def test_a_token_with_another_nick_renames_the_user(self):
        first = self.client("Ada").welcome
        second = self.client("Ada L.", token=first["token"]).welcome
        self.assertEqual((second["user"], second["nick"]), (first["user"], "Ada L."))
        self.assertNotEqual(self.client("Ada").welcome["user"], first["user"], "the nick is free")

    def test_a_nick_without_its_token_is_refused_in_all_similar_spellings(self):
        self.client("Bill Li")
        stranger = self.client()
        for nick in (
            "Bill Li", "bill li", "BILL LI", "BiII Li", "B1ll Li", "Bill  Li", "Ｂｉｌｌ Li",
            "𝐁𝐢𝐥𝐥 Li", "Bi\u217cl Li",
        ):  # fmt: skip
            with self.subTest(nick=nick):
                self.assertEqual(nick_key(nick), nick_key("Bill Li"))
                self.assert_refused("nick_taken", stranger, "hello", nick=nick)
        for nick in ("B\u0456ll Li", "Bill\u200bLi", " Bill Li", "Bill\u3164Li", ""):
            with self.subTest(nick=nick):
                error = stranger.refusal("hello", nick=nick)
                self.assertIn(error["code"], ("bad_nick", "nick_taken"))
        self.assertEqual(stranger.hello("William")["nick"], "William")

    def test_renaming_to_a_taken_nick_is_refused(self):
        self.client("Ada")
        self.assert_refused("nick_taken", self.client("Bob"), "nick", nick="ＡＤａ")

    def raw(self, *commands: dict[str, str]) -> RawClient:
        """A connection on which each of `commands` was answered; it ends without a close frame."""
        peer = self.enterContext(RawClient(self.server.port, "Sec-WebSocket-Protocol: gochat.v1"))
        for number, command in enumerate(commands):
            peer.send(json.dumps({**command, "id": str(number)}))
            while json.loads(peer.line()).get("id") != str(number):
                pass
        return peer

    def test_a_nick_is_free_again_if_the_client_may_not_have_its_token(self):
        self.raw({"type": "hello", "nick": "Ada"}).close()
        client = self.client()

        def greeted() -> bool:
            try:
                return client.hello("Ada")["nick"] == "Ada"
            except Refused as refused:
                self.assertEqual(refused.code, "nick_taken")  # the server has yet to learn it
                return False

        eventually(greeted, "the nick is free")

    def test_a_nick_stays_taken_if_its_user_sent_a_command(self):
        watcher = self.client("Bob", "lobby")
        peer = self.raw({"type": "hello", "nick": "Ada"}, {"type": "join", "room": "lobby"})
        # The watcher's coming may be news by itself; who comes and goes in between is none.
        watcher.wait_for(lambda event: "Ada" in {each["nick"] for each in event.get("joined", ())})
        peer.close()
        watcher.next("presence", joined=[])  # so the server knows that they are gone
        self.assert_refused("nick_taken", self.client(), "hello", nick="Ada")

    def test_a_nick_stays_taken_if_its_client_sent_a_close_frame(self):
        self.client("Ada").close()
        self.assert_refused("nick_taken", self.client(), "hello", nick="Ada")

    def test_binary_messages_close_with_1003(self):
        client = self.client("Ada")
        client.raw(b"{}")
        self.assertEqual(client.close_code(), 1003)

    def test_an_invalid_command_is_refused_and_the_connection_continues(self):
        client = self.client("Ada")
        for message, code in (
            ("hello", "bad_json"),
            ("[]", "bad_json"),
            ("[" * 40 + "]" * 40, "bad_json"),
            ('{"type": "dance"}', "unknown_type"),
            ('{"type": "join"}', "bad_field"),
            ('{"type": "join", "room": "no room"}', "bad_room"),
            ('{"type": "search", "query": "%s"}' % ("x" * 201), "too_long"),
        ):
            with self.subTest(message=message):
                client.raw(message)
                self.assertEqual(client.read()["code"], code)
        self.assertEqual(client.ask("ping", sent=1.5, nested={"a": [1]})["nested"], {"a": [1]})


class HelloWaitTest(V1TestCase):
    flags = ("--hello-wait", "0.3")

    def test_a_client_without_hello_is_refused_and_closed_with_4000(self):
        client = self.client()
        self.assertEqual(client.close_code(), 4000)
        self.assertEqual([(e["code"], e["fatal"]) for e in client.events], [("hello_first", True)])

    def test_a_client_with_hello_in_time_stays_connected(self):
        quiet, client = self.client(), self.client("Ada")
        self.assertEqual(quiet.close_code(), 4000)
        self.assertEqual(client.ask("ping")["type"], "pong")


class RoomTest(V1TestCase):
    def test_a_message_is_sent_once_to_all_members_and_to_its_sender(self):
        ada, bob = self.client("Ada", "tea"), self.client("Bob", "tea")
        cyn = self.client("Cyn", "coffee")
        sent = ada.send("tea", "hello\n\t你好", id="a-1", reply_to=None)
        self.assertEqual(bob.next("message"), sent)
        self.assertEqual(
            {key: value for key, value in sent.items() if key != "time"},
            {
                "type": "message",
                "room": "tea",
                "seq": 1,
                "id": "a-1",
                "user": ada.welcome["user"],
                "nick": "Ada",
                "text": "hello\n\t你好",
            },
        )
        for client in (ada, bob, cyn):
            self.assertNotIn("message", [event["type"] for event in client.take_events()])

    def test_commands_can_be_sent_without_waiting(self):
        client = self.client()
        client.say("hello", nick="Ada")
        client.say("join", room="tea")
        client.say("send", room="tea", text="1", id="x")
        client.say("send", room="tea", text="2", id="y")
        self.assertEqual(client.next("message", id="y")["seq"], 2)

    def test_rooms_with_the_same_case_folded_name_are_the_same(self):
        ada, bob = self.client("Ada", "Straße"), self.client("Bob", "STRASSE")
        ada.send("STRASSE", "hello")
        self.assertEqual(bob.next("message")["text"], "hello")
        self.assert_refused("duplicate_join", ada, "join", room="strasse")

    def test_commands_for_a_room_require_joining_it(self):
        client = self.client("Ada", "tea")
        client.ask("leave", room="tea")
        for command, fields in (
            ("leave", {}),
            ("send", {"text": "x"}),
            ("edit", {"seq": 1, "text": "x"}),
            ("delete", {"seq": 1}),
            ("react", {"seq": 1, "emoji": "👍", "on": True}),
            ("typing", {}),
            ("read", {"seq": 1}),
            ("history", {}),
            ("search", {"query": "x"}),
            ("topic", {"text": "x"}),
        ):
            with self.subTest(command=command):
                self.assert_refused("not_joined", client, command, room="tea", **fields)

    def test_joined_has_members_entries_and_topic(self):
        ada = self.client("Ada", "tea")
        first = [ada.send("tea", str(number)) for number in range(60)]
        ada.ask("topic", room="tea", text="All about tea")
        joined = self.client("Bob").ask("join", room="tea")
        self.assertEqual([entry["seq"] for entry in joined["entries"]], list(range(12, 62)))
        self.assertEqual(joined["entries"][:-1], first[11:])
        self.assertEqual((joined["seq"], joined["topic"]), (61, "All about tea"))
        self.assertEqual((joined["more"], joined["recovered"], joined["read"]), (True, False, 0))
        self.assertEqual({each["nick"] for each in joined["members"]}, {"Ada", "Bob"})
        self.assertEqual(joined["member_count"], 2)

    def test_joining_and_leaving_are_sent_and_several_connections_are_one_member(self):
        ada = self.client("Ada", "tea")
        bob = Client(self.server.ws_url, "Bob", "tea")
        user = {"user": bob.welcome["user"], "nick": "Bob"}
        news = ada.wait_for(lambda e: e["type"] == "presence" and user in e["joined"])
        self.assertEqual(news["member_count"], 2)
        ada.take_events()
        tab = Client(self.server.ws_url, "Bob", token=bob.welcome["token"])
        joined = tab.ask("join", room="tea")
        self.assertEqual(joined["member_count"], 2)
        bob.send("tea", "from one tab")
        self.assertEqual(tab.next("message")["user"], bob.welcome["user"])
        bob.close()
        # He is still here; the next news is of somebody else.
        cyn = self.client("Cyn", "tea")
        news = ada.next("presence")
        self.assertEqual((news["joined"][0]["nick"], news["left"]), ("Cyn", []))
        self.assertEqual(news["member_count"], 3)
        tab.ask("leave", room="tea")
        for client in (ada, cyn):
            gone = client.wait_for(lambda e: e["type"] == "presence" and bool(e["left"]))
            self.assertEqual((gone["left"], gone["member_count"]), ([user["user"]], 2))
        tab.close()

    def test_a_member_is_away_if_all_of_its_connections_are(self):
        ada = self.client("Ada", "tea")
        bob = self.client("Bob", "tea")
        user = {"user": bob.welcome["user"], "nick": "Bob"}
        away = {**user, "away": True}
        ada.wait_for(lambda e: e["type"] == "presence" and user in e["joined"])
        tab = self.client("Bob", token=bob.welcome["token"])
        self.assertEqual(tab.ask("away", away=True)["type"], "ok")
        self.assertIn(user, tab.ask("join", room="tea")["members"])
        bob.say("away", away=True)
        gone = ada.wait_for(lambda e: e["type"] == "presence" and away in e["joined"])
        self.assertEqual((gone["left"], gone["member_count"]), ([], 2))
        self.assertIn(away, self.client("Cyn").ask("join", room="tea")["members"])
        # To say something is not to be back; the client says that, too.
        bob.send("tea", "from my pocket")
        tab.say("away", away=False)
        ada.wait_for(lambda e: e["type"] == "presence" and user in e["joined"])
        tab.close()
        ada.wait_for(lambda e: e["type"] == "presence" and away in e["joined"])
        self.assertEqual(bob.refusal("away", away="yes")["code"], "bad_field")

    def test_after_leave_no_event_of_the_room_is_sent(self):
        ada, bob = self.client("Ada", "tea"), self.client("Bob", "tea")
        bob.ask("leave", room="tea")
        ada.send("tea", "anybody?")
        events = [event["type"] for event in bob.take_events()]
        self.assertNotIn("message", events)
        self.assertEqual(bob.ask("join", room="tea")["entries"][-1]["text"], "anybody?")

    def test_rooms_are_listed_in_pages_including_rooms_without_entries(self):
        ann = self.client("Ann", *(f"Room-{number}" for number in range(7)))
        for number in (1, 2, 5):
            ann.send(f"Room-{number}", "hi")
        listed, after = list[tuple[str, int]](), dict[str, str]()
        while True:
            page = ann.ask("rooms", limit=2, **after)
            self.assertLessEqual(len(page["rooms"]), 2)
            listed += [(room["room"], room["seq"]) for room in page["rooms"]]
            after = {"after": page["rooms"][-1]["room"]}
            if not page["more"]:
                break
        said = [f"Room-{number}" for number in range(7)]
        self.assertEqual(listed, [(room, int(room[-1] in "125")) for room in said])
        self.assertEqual(ann.ask("rooms", after="room-6")["rooms"], [])
        self.assert_refused("bad_field", ann, "rooms", limit=201)
        self.assert_refused("bad_room", ann, "rooms", after="not a room")

    def test_rooms_has_the_newest_seq_and_the_member_count(self):
        ada, bob = self.client("Ada", "tea", "Empty"), self.client("Bob", "tea")
        ada.send("tea", "1")
        ada.ask("topic", room="tea", text="Green")
        listed = bob.ask("rooms")["rooms"]
        self.assertEqual(
            listed,
            [
                {"room": "Empty", "topic": "", "member_count": 1, "seq": 0},
                {"room": "tea", "topic": "Green", "member_count": 2, "seq": 2},
            ],
        )

    def test_a_topic_is_sent_to_all_members_and_can_be_removed(self):
        ada, bob = self.client("Ada", "tea"), self.client("Bob", "tea")
        told = ada.ask("topic", room="tea", text="Oolong")
        self.assertEqual((told["type"], told["seq"], told["text"]), ("topic", 1, "Oolong"))
        heard = bob.next("topic")
        self.assertNotIn("id", heard)
        self.assertEqual({**heard, "id": told["id"]}, told)
        ada.ask("topic", room="tea", text="")
        bob.ask("leave", room="tea")
        self.assertEqual(bob.ask("join", room="tea")["topic"], "")
        self.assert_refused("too_long", ada, "topic", room="tea", text="x" * 251)

    def test_a_rename_is_sent_to_all_and_old_entries_keep_the_old_nick(self):
        ada, bob = self.client("Ada", "tea"), self.client("Bob", "tea")
        tab = self.client("Ada", "tea", token=ada.welcome["token"])
        ada.send("tea", "before")
        told = ada.ask("nick", nick="Countess")
        self.assertEqual(told["nick"], "Countess")
        for client in (bob, tab):
            heard = client.next("renamed")
            self.assertEqual((heard["user"], heard["nick"]), (told["user"], "Countess"))
            self.assertNotIn("id", heard)
        for client in (ada, tab):
            self.assertEqual(client.send("tea", "after")["nick"], "Countess")
        joined = self.client("Cyn").ask("join", room="tea")
        self.assertEqual([e["nick"] for e in joined["entries"]], ["Ada", "Countess", "Countess"])
        self.assertIn({"user": told["user"], "nick": "Countess"}, joined["members"])
        self.assertEqual(self.client("Ada").welcome["nick"], "Ada", "the old nick is free")

    def test_typing_is_sent_to_the_others_once_in_three_seconds(self):
        ada, bob = self.client("Ada", "tea"), self.client("Bob", "tea")
        ada.say("typing", room="tea")
        ada.say("typing", room="tea")
        self.assertNotIn("typing", [event["type"] for event in ada.take_events()])
        ada.send("tea", "done")
        bob.next("message")
        shown = [event for event in bob.events if event["type"] == "typing"]
        user = {"user": ada.welcome["user"], "nick": "Ada"}
        self.assertEqual(shown, [{"type": "typing", "room": "tea", **user}])

    def test_a_read_mark_is_stored_for_the_user_and_never_decreases(self):
        ada = self.client("Ada", "tea")
        for number in range(5):
            ada.send("tea", str(number))
        ada.say("read", room="tea", seq=4)
        ada.say("read", room="tea", seq=2)
        ada.send("tea", "written after it was read")  # by the one thread that writes
        tab = self.client("Ada", token=ada.welcome["token"])
        self.assertEqual(tab.ask("join", room="tea")["read"], 4)
        self.assertEqual(self.client("Bob").ask("join", room="tea")["read"], 0)

    def test_a_read_mark_is_sent_to_the_user_s_other_devices(self):
        ada = self.client("Ada", "tea")
        tab = self.client("Ada", "tea", token=ada.welcome["token"])
        bob = self.client("Bob", "tea")
        ada.send("tea", "one")
        tab.say("read", room="tea", seq=1)
        event = ada.next("read")
        self.assertEqual(event, {"type": "read", "room": "tea", "seq": 1})
        for client in (tab, bob):
            self.assertNotIn("read", [event["type"] for event in client.take_events()])

    def test_welcome_has_the_limit_of_rooms(self):
        ada = self.client("Ada")
        most = ada.welcome["limits"]["rooms"]
        for number in range(most):
            ada.ask("join", room=f"room-{number}")
        refusal = ada.refusal("join", room="one-more")
        self.assertEqual(refusal["code"], "rate_limited")
        self.assertNotIn("retry_after", refusal)

    def test_history_can_be_read_in_both_directions(self):
        ada = self.client("Ada", "tea")
        said = [ada.send("tea", str(number)) for number in range(10)]
        for fields, seqs, more in (
            ({}, range(1, 11), False),
            ({"limit": 3}, range(8, 11), True),
            ({"before": 5, "limit": 2}, range(3, 5), True),
            ({"before": 3}, range(1, 3), False),
            ({"after": 0, "limit": 4}, range(1, 5), True),
            ({"after": 7}, range(8, 11), False),
            ({"after": 10}, range(0), False),
        ):
            with self.subTest(fields=fields):
                page = ada.ask("history", room="tea", **fields)
                self.assertEqual(page["entries"], [said[seq - 1] for seq in seqs])
                self.assertEqual(page["more"], more)
        self.assert_refused("bad_field", ada, "history", room="tea", before=5, after=1)
        self.assert_refused("bad_field", ada, "history", room="tea", limit=201)

    def test_search_finds_words_in_any_case_and_chinese(self):
        ada = self.client("Ada", "tea", "茶")
        said = {
            text: ada.send(room, text)["seq"]
            for room, text in (
                ("tea", "A cup of Darjeeling"),
                ("tea", "我们在北京喝茶"),
                ("茶", "darjeeling 和 乌龙茶"),
                ("tea", '100% "quoted" AND (odd)'),
            )
        }
        self.client("Bob", "coffee").send("coffee", "Darjeeling is not ours")

        def found(query: str, **fields: Any) -> list[str]:
            return [entry["text"] for entry in ada.ask("search", query=query, **fields)["entries"]]

        for round_ in ("before it is indexed", "after that"):
            with self.subTest(round_):
                self.assertEqual(
                    found("DARJEELING"), ["darjeeling 和 乌龙茶", "A cup of Darjeeling"]
                )
                self.assertEqual(found("darjeeling", room="tea"), ["A cup of Darjeeling"])
                self.assertEqual(found("北京"), ["我们在北京喝茶"])
                self.assertEqual(found("喝茶"), ["我们在北京喝茶"])
                self.assertEqual(found("乌龙茶"), ["darjeeling 和 乌龙茶"])
                self.assertEqual(found("茶"), ["darjeeling 和 乌龙茶", "我们在北京喝茶"])
                self.assertEqual(found('"quoted" AND ('), ['100% "quoted" AND (odd)'])
                self.assertEqual(found("green"), [])
                self.assertEqual(found("a", room="tea", before=said["A cup of Darjeeling"]), [])
            eventually(self.all_is_indexed, "the server is idle, and all is indexed")
        self.assert_refused("bad_field", ada, "search", query="x", before=1)

    def all_is_indexed(self) -> bool:
        with contextlib.closing(sqlite3.connect(self.server.data / "gochat.db")) as connection:
            (left,) = connection.execute("SELECT sum(seq - indexed) FROM rooms").fetchone()
        return left == 0

    def test_a_long_message_is_the_same_with_and_without_compression(self):
        packed, plain = self.client("Ada", "tea"), self.client("Bob", "tea", compression=None)
        sent = packed.send("tea", "聊天室 " * 900)
        self.assertEqual(plain.next("message"), sent)
        self.assertEqual(len(sent["text"]), 3600)
        self.assert_refused("too_long", plain, "send", room="tea", text="x" * 4001)


class ChangesTest(V1TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.ada, self.bob = self.client("Ada", "tea"), self.client("Bob", "tea")
        self.said = self.ada.send("tea", "Earl Grey", id="a-1")
        self.bob.next("message")

    def test_a_retry_returns_the_first_message_to_its_sender_only(self):
        self.ada.say("send", room="tea", text="another text", id="a-1")
        self.assertEqual(self.ada.next("message", id="a-1"), self.said)
        self.assertNotIn("message", [event["type"] for event in self.bob.take_events()])
        # An id is the user's own, and the room's.
        self.assertEqual(self.bob.send("tea", "mine", id="a-1")["seq"], 2)
        self.ada.take_events()
        self.ada.ask("join", room="coffee")
        self.assertEqual(self.ada.send("coffee", "there", id="a-1")["room"], "coffee")

    def test_an_edit_changes_the_history(self):
        told = self.ada.ask("edit", room="tea", seq=1, text="Darjeeling", id="e-1")
        self.assertEqual((told["type"], told["target"], told["seq"]), ("edited", 1, 2))
        heard = self.bob.next("edited")
        self.assertEqual({**heard, "id": "e-1"}, told)
        message, change = whole_room(self.bob, "tea")
        self.assertEqual((message["text"], message["edited"]), ("Darjeeling", told["time"]))
        self.assertEqual(change, heard)
        self.assertEqual(self.ada.ask("edit", room="tea", seq=1, text="Darjeeling", id="e-1"), told)
        self.assertEqual(len(whole_room(self.bob, "tea")), 2, "the same again is no second edit")

    def test_only_its_author_may_change_a_message(self):
        self.assert_refused("not_yours", self.bob, "edit", room="tea", seq=1, text="Coffee")
        self.assert_refused("not_yours", self.bob, "delete", room="tea", seq=1)
        self.assertEqual(whole_room(self.bob, "tea"), [self.said])

    def test_a_missing_message_is_not_found(self):
        self.ada.ask("edit", room="tea", seq=1, text="Darjeeling")
        for seq in (2, 3, 2**53 - 1):  # an edit is no message
            with self.subTest(seq=seq):
                self.assert_refused("not_found", self.ada, "edit", room="tea", seq=seq, text="x")
                self.assert_refused("not_found", self.ada, "delete", room="tea", seq=seq)
                fields = {"room": "tea", "seq": seq, "emoji": "👍", "on": True}
                self.assert_refused("not_found", self.ada, "react", **fields)
        self.assert_refused("not_found", self.ada, "send", room="tea", text="x", reply_to=99)

    def test_only_an_undeleted_message_can_be_replied_to(self):
        self.ada.ask("edit", room="tea", seq=1, text="Darjeeling")
        self.bob.ask("react", room="tea", seq=1, emoji="👍", on=True)
        self.ada.ask("topic", room="tea", text="Tea")
        for seq in (2, 3, 4, 99):
            self.assert_refused("not_found", self.bob, "send", room="tea", text="x", reply_to=seq)
        answer = self.bob.send("tea", "with milk?", reply_to=1, id="b-1")
        self.ada.ask("delete", room="tea", seq=1)
        self.assert_refused("not_found", self.bob, "send", room="tea", text="x", reply_to=1)
        again = self.bob.ask("send", room="tea", text="with milk?", reply_to=1, id="b-1")
        self.assertEqual(again, answer, "a retry is safe")

    def test_text_without_visible_characters_is_refused(self):
        for text in (
            "\u200b",
            "\u2800",
            "\u3164",
            "\xad",
            "\u2060\u200d",
            "\ufe0f",
            " \n\t ",
            "\u0301",
        ):
            with self.subTest(text=ascii(text)):
                self.assert_refused("bad_field", self.ada, "send", room="tea", text=text)
                self.assert_refused("bad_field", self.ada, "edit", room="tea", seq=1, text=text)
        self.assert_refused("bad_field", self.ada, "topic", room="tea", text="\u200b")
        fields = {"room": "tea", "seq": 1, "on": True}
        self.assert_refused("bad_field", self.ada, "react", emoji="\u200d\ufe0f", **fields)
        self.assertEqual(self.ada.ask("topic", room="tea", text="")["text"], "")
        self.assertEqual(len(whole_room(self.bob, "tea")), 2)

    def test_an_emoji_is_one_reaction_in_every_spelling(self):
        fields = {"room": "tea", "seq": 1}
        for form, others in (
            ("❤️", ("❤", "❤︎")),
            ("1️⃣", ("1⃣",)),
            ("é", ("e\u0301",)),
            ("🏳️‍🌈", ("🏳‍🌈",)),
        ):
            told = self.ada.ask("react", emoji=form, on=True, **fields)
            self.assertEqual(told["emoji"], form)
            for other in others:
                with self.subTest(other=ascii(other)):
                    again = self.ada.ask("react", emoji=other, on=True, **fields)
                    self.assertEqual(again["seq"], told["seq"], "it is there already")
                    self.assertEqual(
                        self.bob.ask("react", emoji=other, on=True, **fields)["emoji"], form
                    )
                    self.bob.ask("react", emoji=other, on=False, **fields)
            self.assertFalse(self.ada.ask("react", emoji=others[0], on=False, **fields)["on"])
        for skin in ("👍🏻", "👍🏿", "👍"):
            self.ada.ask("react", emoji=skin, on=True, **fields)
        said = whole_room(self.bob, "tea")[0]
        self.assertEqual(list(said["reactions"]), ["👍🏻", "👍🏿", "👍"])

    def test_a_deletion_is_idempotent_and_no_change_follows_it(self):
        told = self.ada.ask("delete", room="tea", seq=1, id="d-1")
        self.assertEqual((told["type"], told["target"]), ("deleted", 1))
        self.assertEqual({**self.bob.next("deleted"), "id": "d-1"}, told)
        self.assertEqual(self.ada.ask("delete", room="tea", seq=1, id="d-2"), {**told, "id": "d-2"})
        message, _ = whole_room(self.bob, "tea")
        self.assertTrue(message["deleted"])
        self.assertNotIn("text", message)
        self.assert_refused("not_found", self.ada, "edit", room="tea", seq=1, text="x")
        self.assertEqual(self.ada.ask("search", query="Earl")["entries"], [])

    def test_reactions_are_idempotent_and_belong_to_each_user(self):
        fields = {"room": "tea", "seq": 1, "emoji": "👍"}
        told = self.bob.ask("react", on=True, id="r-1", **fields)
        self.assertEqual((told["type"], told["target"], told["on"]), ("reacted", 1, True))
        self.assertEqual({**self.ada.next("reacted"), "id": "r-1"}, told)
        self.assertEqual(self.bob.ask("react", on=True, id="r-2", **fields), {**told, "id": "r-2"})
        self.assertEqual(self.ada.ask("react", on=False, **fields)["type"], "ok", "never there")
        self.ada.ask("react", on=True, **fields)
        both = [self.bob.welcome["user"], self.ada.welcome["user"]]
        self.assertEqual(sorted(whole_room(self.ada, "tea")[0]["reactions"]["👍"]), sorted(both))
        for client in (self.ada, self.bob):
            self.assertFalse(client.ask("react", on=False, **fields)["on"])
        self.assertFalse(whole_room(self.ada, "tea")[0].get("reactions"))
        self.assertEqual(len(whole_room(self.ada, "tea")), 5)
        self.assert_refused("bad_field", self.ada, "react", **{**fields, "emoji": "a b"}, on=True)

    def test_changes_of_messages_are_replayed_in_order(self):
        self.ada.ask("edit", room="tea", seq=1, text="Darjeeling")
        self.bob.ask("react", room="tea", seq=1, emoji="👍", on=True)
        self.ada.ask("topic", room="tea", text="Tea")
        self.ada.ask("delete", room="tea", seq=1)
        live = [self.bob.next(kind) for kind in ("edited", "topic", "deleted")]
        epoch = self.ada.ask("join", room="other")["epoch"]
        cyn = self.client("Cyn")
        joined = cyn.ask("join", room="tea", since={"epoch": epoch, "seq": 1})
        self.assertTrue(joined["recovered"])
        kinds = [entry["type"] for entry in joined["entries"]]
        self.assertEqual(kinds, ["edited", "reacted", "topic", "deleted"])
        self.assertNotIn("text", joined["entries"][0], "an edit of what was deleted")
        self.assertEqual(joined["entries"][2:], live[1:])


class ReplayTest(V1TestCase):
    def test_since_returns_exactly_the_later_entries(self):
        ada = self.client("Ada", "tea")
        said = [ada.send("tea", str(number)) for number in range(1_005)]
        epoch = self.client("Bob").ask("join", room="tea")["epoch"]
        cyn = self.client("Cyn")
        for seq, recovered in ((1_005, True), (1_004, True), (5, True), (4, False), (1_006, False)):
            with self.subTest(seq=seq):
                joined = cyn.ask("join", room="tea", since={"epoch": epoch, "seq": seq})
                self.assertEqual(joined["recovered"], recovered)
                expected = said[seq:] if recovered else said[-50:]
                self.assertEqual(joined["entries"], expected)
                cyn.ask("leave", room="tea")
        joined = cyn.ask("join", room="tea", since={"epoch": "another", "seq": 1_000})
        self.assertEqual((joined["recovered"], joined["entries"]), (False, said[-50:]))
        self.assertEqual(joined["epoch"], epoch)

    def test_messages_sent_during_a_join_arrive_once(self):
        ada, bob = self.client("Ada", "tea"), self.client("Bob", "tea")
        epoch = bob.ask("join", room="other")["epoch"]
        seen: list[int] = []
        for number in range(40):
            for each in range(5):
                ada.say("send", room="tea", text="x", id=f"{number}-{each}")
            bob.events.clear()
            bob.ask("leave", room="tea")
            seen += [event["seq"] for event in bob.events if event["type"] == "message"]
            bob.events.clear()
            since = {"epoch": epoch, "seq": seen[-1] if seen else 0}
            joined = bob.ask("join", room="tea", since=since)
            self.assertTrue(joined["recovered"])
            seen += [entry["seq"] for entry in joined["entries"]]
        while seen[-1] < 200:
            seen.append(bob.next("message")["seq"])
        self.assertEqual(seen, list(range(1, 201)))


class SlowReaderTest(V1TestCase):
    """A slow client does not affect others (the protocol's fifth promise)."""

    flags = (*FAST, "--send-buffer", "64", "--send-buffer-bytes", "65536")

    def test_a_slow_client_is_closed_with_4008_and_misses_nothing_after_reconnecting(self):
        ada = self.client("Ada", "tea", compression=None)
        protocol = "Sec-WebSocket-Protocol: gochat.v1"
        slow = self.enterContext(RawClient(self.server.port, protocol))
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 131_072)  # else it grows
        slow.send('{"type": "hello", "nick": "Slow", "id": "1"}')
        slow.send('{"type": "join", "room": "tea", "id": "2"}')
        token = json_line(slow)["token"]
        joined = json_line(slow)
        said = []
        while "evicting" not in self.server.errors():
            said.append(ada.send("tea", "🫖" * 4_000))  # 16 kB
            self.assertLess(len(said), 1_000, "it is never evicted")
        seq = 0
        with self.assertRaises(AssertionError) as ended:
            while True:
                event = json_line(slow)
                if event["type"] == "message":
                    self.assertEqual(event, said[seq])
                    seq += 1
        self.assertIn("4008", str(ended.exception))
        again = self.client("Slow", token=token)
        since = {"epoch": joined["epoch"], "seq": seq}
        back = again.ask("join", room="tea", since=since)
        self.assertTrue(back["recovered"])
        self.assertEqual(back["entries"], said[seq:])
        self.assertLess(seq, len(said), "it has missed something")
        self.assertEqual(ada.send("tea", "and on"), again.next("message"))


class LimitsTest(V1TestCase):
    flags = ("--rate", "5", "--burst", "10", "--max-rooms", "2")

    def test_a_client_that_sends_too_fast_gets_retry_after(self):
        ada = self.client("Ada", "tea")
        for number in range(60):
            ada.say("send", room="tea", text="quick", id=f"q-{number}")
        refused = ada.next("error")
        self.assertEqual(refused["code"], "rate_limited")
        self.assertGreater(refused["retry_after"], 0)
        self.assertLessEqual(refused["retry_after"], 0.2)
        self.assertRegex(refused["id"], "^q-")

    def test_a_client_that_obeys_retry_after_is_never_closed(self):
        """It waits exactly for `retry_after`, and then sends the next message at once."""
        ada = self.client("Ada", "tea")
        refusals = 0
        for number in range(75):
            while True:
                try:
                    ada.send("tea", "quick", id=f"q-{number}")
                    break
                except Refused as refused:
                    self.assertEqual(refused.code, "rate_limited")
                    refusals += 1
                    time.sleep(refused.error["retry_after"])  # what a client is asked to do
        self.assertGreater(refusals, 50)

    def test_one_user_has_one_rate_over_all_connections(self):
        ada = self.client("Ada", "tea")
        others = [self.client("Ada", "tea", token=ada.welcome["token"]) for _ in range(9)]
        started = time.monotonic()
        for client in (ada, *others):
            for number in range(10):
                client.say("send", room="tea", text="x", id=f"{id(client)}-{number}")
        for client in (ada, *others):
            client.take_events()
        allowed = 10 + 5 * (time.monotonic() - started)
        self.assertLessEqual(
            ada.ask("history", room="tea", limit=1)["entries"][0]["seq"], allowed + 1
        )

    def test_a_client_with_too_many_refusals_is_closed_with_4029(self):
        flood = self.client("Flood", "tea")
        ada = self.client("Ada", "tea")
        with contextlib.suppress(*LOST):  # it may be closed before it has said all of this
            for number in range(200):
                flood.say("send", room="coffee", text="buy", id=f"f-{number}")
        self.assertEqual(flood.close_code(), 4029)
        errors = [event for event in flood.events if event["type"] == "error"]
        self.assertEqual(len(errors), 50)
        self.assertEqual([event.get("fatal", False) for event in errors], [False] * 49 + [True])
        self.assertEqual(ada.send("tea", "peace")["text"], "peace")

    def test_the_number_of_rooms_of_a_connection_is_limited(self):
        ada = self.client("Ada", "tea", "coffee")
        self.assert_refused("rate_limited", ada, "join", room="water")
        ada.ask("leave", room="tea")
        self.assertEqual(ada.ask("join", room="water")["room"], "water")


class QuotaTest(V1TestCase):
    flags = ("--max-connections-per-address", "10", "--new-users", "0.4", "--new-rooms", "0.2")

    def test_the_number_of_new_users_and_rooms_of_an_address_is_limited(self):
        ada, bob = self.client("Ada"), self.client("Bob")
        for client, room in ((ada, "tea"), (bob, "coffee")):
            client.ask("join", room=room)
        refused = ada.refusal("join", room="water")
        self.assertEqual((refused["code"], refused.get("fatal")), ("rate_limited", None))
        self.assertGreater(refused["retry_after"], 60)
        ada.ask("join", room="coffee")  # it is there, and so need not be made
        self.client("Cyn")
        self.client("Dan")
        with self.client() as late:
            refused = late.refusal("hello", nick="Eve")
            self.assertEqual(refused["code"], "rate_limited")
            self.assertGreater(refused["retry_after"], 60)
            self.assertEqual(late.hello("Ada", ada.welcome["token"])["user"], ada.welcome["user"])
            # Who could not make it may try again, and is in no room meanwhile.
            self.assert_refused("not_joined", late, "send", room="water", text="x", id="1")
            late.ask("join", room="tea")


class BothDialectsTest(V1TestCase):
    def test_both_dialects_share_the_lobby(self):
        ada = self.client("Ada", "lobby")
        classic = self.enterContext(connect(self.server.ws_url, proxy=None))
        news = ada.wait_for(lambda e: e["type"] == "presence" and len(e["joined"]) == 1
                            and e["joined"][0]["nick"] != "Ada")  # fmt: skip
        guest = news["joined"][0]
        self.assertRegex(guest["nick"], "^guest-[a-z0-9]{4}$")
        classic.send('{"a": "line"}')
        self.assertEqual(classic.recv(PATIENCE), '{"a": "line"}')
        heard = ada.next("message")
        self.assertEqual((heard["text"], heard["nick"]), ('{"a": "line"}', guest["nick"]))
        self.assertEqual(heard["user"], guest["user"])
        self.assertNotIn("id", heard)
        ada.say("typing", room="lobby")
        ada.send("lobby", "hello there")
        self.assertEqual(classic.recv(PATIENCE), "Ada: hello there")
        ada.ask("join", room="tea")
        ada.send("tea", "not for the lobby")
        ada.send("lobby", "end")
        self.assertEqual(classic.recv(PATIENCE), "Ada: end")
        self.assertIn(guest, self.client("Bob").ask("join", room="lobby")["members"])
        classic.close()
        gone = ada.wait_for(lambda e: e["type"] == "presence" and bool(e["left"]))
        self.assertEqual(gone["left"], [guest["user"]])


class DataTest(TestCase):
    """What is on the disk, and what is not."""

    def setUp(self) -> None:
        super().setUp()
        place = tempfile.TemporaryDirectory(prefix="gochat-test-")
        self.addCleanup(place.cleanup)
        self.data = Path(place.name) / "data"

    def serve(self, *flags: str, **options: Any) -> ServerProcess:
        return ServerProcess("--data", str(self.data), *FAST, *flags, **options)

    def serve_trimming(self) -> ServerProcess:
        """A server that keeps ten messages a room, and trims soon after its start.

        For six minutes one would else trim nothing that may have to be recognised.
        """
        program = (
            "from gochat_py.core import clock; clock.MOST = 1.0\n"
            "from gochat_py.cli import main; raise SystemExit(main())"
        )
        return self.serve("--history-limit", "10", program=("-c", program))

    def raw(self) -> bytes:
        """Every byte that the directory holds."""
        return b"".join(path.read_bytes() for path in self.data.iterdir())

    def test_everything_is_there_after_a_restart(self):
        with self.serve() as server, Client(server.ws_url, "Ada", "tea") as ada:
            token, user = ada.welcome["token"], ada.welcome["user"]
            said = [ada.send("tea", str(number), id=f"a-{number}") for number in range(3)]
            ada.ask("topic", room="tea", text="Tea")
            ada.say("read", room="tea", seq=2)
            epoch = ada.ask("join", room="other")["epoch"]
            self.assertEqual(server.stop(), 0)
        self.assertNotIn(token.encode(), self.raw(), "only its hash is kept")
        with self.serve() as server:
            with Client(server.ws_url) as thief, self.assertRaises(Refused) as refused:
                thief.hello("ADA")
            self.assertEqual(refused.exception.code, "nick_taken")
            with Client(server.ws_url, "Ada", token=token) as ada:
                self.assertEqual(ada.welcome["user"], user)
                joined = ada.ask("join", room="tea", since={"epoch": epoch, "seq": 1})
                self.assertTrue(joined["recovered"])
                self.assertNotEqual(joined["epoch"], epoch, "each start has its own")
                self.assertEqual(joined["entries"][:2], said[1:])
                self.assertEqual((joined["topic"], joined["read"]), ("Tea", 2))
                self.assertEqual(ada.send("tea", "a retry", id="a-1"), said[1])
                self.assertEqual(ada.send("tea", "next")["seq"], 5)

    def test_deleted_text_is_gone_from_the_files_after_a_short_idle_time(self):
        secrets = ["xyzzy-plugh-frotz", "密码是芝麻开门啊", "quux-corge-grault"]
        with self.serve() as server, Client(server.ws_url, "Ada", "tea") as ada:
            for number, secret in enumerate(secrets):
                ada.send("tea", f"said {secret} once", id=f"s-{number}")
            ada.ask("edit", room="tea", seq=1, text=f"then {secrets[2]}2")
            for number in range(200):
                ada.send("tea", f"other talk {number}")
            for secret in secrets:
                eventually(lambda s=secret: s.encode() in self.raw(), "it was there")
            found = ada.ask("search", query=secrets[2])["entries"]
            self.assertEqual(len(found), 2, "it could be found")
            for seq in (1, 2, 3):
                ada.ask("delete", room="tea", seq=seq)
            # The index keeps texts as trigrams: none that only these messages have may stay.
            for trace in [secret.encode() for secret in secrets] + [b"xyz", "芝麻开".encode()]:
                eventually(lambda t=trace: t not in self.raw(), f"{trace!r} is gone")
            self.assertEqual(ada.ask("search", query=secrets[0])["entries"], [])

    def test_memory_mode_leaves_no_files(self):
        had_data = (ROOT / "gochat-data").exists()  # of a server that was run in this checkout
        with ServerProcess("--memory", *FAST) as server:
            with Client(server.ws_url, "Ada", "tea") as ada:
                ada.send("tea", "for now")
                self.assertEqual(ada.ask("search", query="for now")["entries"][0]["seq"], 1)
            self.assertEqual(list(server.data.iterdir()), [])
            opened = map(Path, descriptors(server.process.pid).values())
            places = {path.parent for path in opened if path.parent.name.startswith(MEMORY_PREFIX)}
            self.assertEqual(len(places), Path("/proc").is_dir())
            server.stop()
        self.assertFalse(any(place.exists() for place in places))
        self.assertEqual((ROOT / "gochat-data").exists(), had_data)
        with ServerProcess("--memory", *FAST) as server, Client(server.ws_url, "Ada") as ada:
            self.assertEqual(ada.ask("join", room="tea")["seq"], 0)

    def test_each_start_in_memory_mode_has_a_new_epoch(self):
        epochs = set()
        for _ in range(2):
            with ServerProcess("--memory") as server, Client(server.ws_url, "Ada") as ada:
                epochs.add(ada.ask("join", room="tea")["epoch"])
        self.assertEqual(len(epochs), 2)

    def refused(self, *flags: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "gochat_py", "--port", "0", *flags],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr

    def test_a_second_server_on_one_directory_is_refused_with_a_sentence(self):
        with self.serve() as server, Client(server.ws_url, "Ada", "tea") as ada:
            said = self.refused("--data", str(self.data))
            self.assertIn(str(self.data), said)
            self.assertIn(f"process {server.process.pid}", said)
            self.assertIn("--data", said)
            self.assertEqual(ada.send("tea", "undisturbed")["seq"], 1)
        with self.serve() as server:
            self.assertNotIn("Traceback", server.errors())

    def test_a_directory_that_cannot_be_written_is_refused_with_a_sentence(self):
        self.data.write_text("this is a file")
        for place in (self.data, self.data / "below"):
            with self.subTest(place=place):
                said = self.refused("--data", str(place))
                self.assertIn(str(place), said)
                self.assertIn("--memory", said)
        if os.getuid() != 0:  # whom no mode keeps out
            self.data.unlink()
            self.data.mkdir(mode=0o500)
            self.assertIn("--memory", self.refused("--data", str(self.data)))

    def test_retention_deletes_old_entries_and_a_replay_across_them_is_not_recovered(self):
        with self.serve("--retention", "1s") as server, Client(server.ws_url, "Ada") as ada:
            epoch = ada.ask("join", room="tea")["epoch"]
            for number in range(20):
                ada.send("tea", f"fleeting {number}")
            old = time.time()
        # Nothing is trimmed in the first tenth of a second, which is a tenth of the retention.
        eventually(lambda: time.time() - old > 1.5, "they are too old")
        with self.serve("--retention", "1s") as server, Client(server.ws_url, "Ada L.") as ada:
            eventually(lambda: b"fleeting" not in self.raw(), "they are forgotten")
            joined = ada.ask("join", room="tea", since={"epoch": epoch, "seq": 5})
            self.assertFalse(joined["recovered"])
            self.assertEqual((joined["entries"], joined["seq"]), ([], 20))
            self.assertFalse(joined["more"])
            self.assertEqual(ada.send("tea", "goes on counting")["seq"], 21)
            ada.ask("leave", room="tea")
            joined = ada.ask("join", room="tea", since={"epoch": epoch, "seq": 20})
            self.assertTrue(joined["recovered"], "nothing after this was trimmed")
            self.assertEqual([entry["seq"] for entry in joined["entries"]], [21])

    def test_a_history_limit_deletes_the_oldest_entries_except_what_may_be_retried(self):
        with self.serve() as server, Client(server.ws_url, "Ada", "tea") as ada:
            token = ada.welcome["token"]
            said = [ada.send("tea", f"line {number}", id=f"l-{number}") for number in range(30)]
            epoch = ada.ask("join", room="other")["epoch"]
        self.let_two_hours_pass()
        with (
            self.serve_trimming() as server,
            Client(server.ws_url, "Ada", token=token) as ada,
        ):
            fresh = ada.ask("join", room="other")
            self.assertFalse(fresh["recovered"])
            eventually(lambda: b"line 19" not in self.raw(), "the oldest are forgotten")
            joined = ada.ask("join", room="tea", since={"epoch": epoch, "seq": 15})
            self.assertFalse(joined["recovered"])
            self.assertEqual([entry["seq"] for entry in joined["entries"]], list(range(21, 31)))
            ada.ask("leave", room="tea")
            joined = ada.ask("join", room="tea", since={"epoch": epoch, "seq": 20})
            self.assertTrue(joined["recovered"])
            self.assertEqual(
                [entry["text"] for entry in joined["entries"]], [e["text"] for e in said[20:]]
            )
            self.assertEqual(ada.send("tea", "a retry", id="l-25")["seq"], 26)
            self.assertEqual(ada.ask("history", room="tea", before=21)["entries"], [])

    def test_trimmed_history_is_reported(self):
        with self.serve() as server, Client(server.ws_url, "Ada", "tea") as ada:
            for number in range(30):
                ada.send("tea", f"line {number}")
            self.assertNotIn("truncated", ada.ask("history", room="tea", before=3))
        self.let_two_hours_pass()
        with self.serve_trimming() as server, Client(server.ws_url, "Bob") as bob:
            eventually(lambda: b"line 19" not in self.raw(), "the oldest are forgotten")
            joined = bob.ask("join", room="tea")
            self.assertEqual((joined["more"], joined["truncated"]), (False, True))
            for after in (0, 5, 19):
                error = bob.refusal("history", room="tea", after=after)
                self.assertEqual(error["code"], "history_truncated")
                self.assertIn("21", error["message"])
            page = bob.ask("history", room="tea", after=20)
            self.assertEqual([entry["seq"] for entry in page["entries"]], list(range(21, 31)))
            for before in (21, 10, 1):
                page = bob.ask("history", room="tea", before=before)
                self.assertEqual((page["entries"], page["more"]), ([], False))
                self.assertTrue(page["truncated"])
            self.assertNotIn("truncated", bob.ask("history", room="tea", before=25, limit=2))

    def test_a_search_that_times_out_can_be_continued_to_the_end(self):
        self.data.parent.mkdir(exist_ok=True)
        with (
            contextlib.closing(open_directory(self.data)) as directory,
            contextlib.closing(directory.writer()) as writer,
        ):
            user = User("ada", "Ada")
            for start in range(0, 100_000, 1_000):
                writer.begin()
                for number in range(start, start + 1_000):
                    text = (
                        "zebra"
                        if number in (0, 50_000)
                        else f"line {number} of one hundred thousand"
                    )
                    writer.apply(Draft(Kind.MESSAGE, "Tea", "tea", user, text=text), 1.0)
                writer.commit()
        with self.serve() as server, Client(server.ws_url, "Ada", "tea", "milk") as ada:
            for fields in ({}, {"room": "tea"}):
                found, place, asked = list[int](), dict[str, Any](), 0
                while True:
                    asked += 1
                    part = ada.ask("search", query="z", **fields, **place)
                    found += [entry["seq"] for entry in part["entries"]]
                    if "next" not in part:
                        break
                    self.assertTrue(part["more"])
                    place = {"next": part["next"]}
                self.assertEqual((part["more"], part["complete"]), (False, True))
                self.assertGreater(asked, 1, "all at once proves nothing")
                self.assertEqual(found, [50_001, 1])

    def let_two_hours_pass(self) -> None:
        """Make everything two hours older, while no server runs."""
        connection = sqlite3.connect(self.data / "gochat.db")
        with connection:
            connection.execute("UPDATE entries SET time = time - 7200")
        connection.close()


def json_line(client: RawClient) -> dict[str, Any]:
    """The next event of a raw connection."""
    event = json.loads(client.line())
    assert isinstance(event, dict)
    return event
