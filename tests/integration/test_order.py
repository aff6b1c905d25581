"""Commands of one connection are carried out in order, and each is answered once: docs/protocol.md.

Whatever a client sends in one breath, it gets one answer for each id, also to what it asked right
before `leave` or a close frame; and what a command did is there for the next one.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import signal
import sqlite3
from collections.abc import Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.integration.test_v1 import FAST, V1TestCase
from tests.support.case import PATIENCE
from tests.support.v1 import Client, Event

#: No limit plays a part in what is tested here.
FREE = (*FAST, "--budget", "0", "--new-users", "0", "--new-rooms", "0", "--max-rooms", "1000")

#: Every command, with the fields that it has in a room where entry 1 is a message of one's own;
#: and the type of its answer, None where only a refusal is told.
COMMANDS: dict[str, tuple[dict[str, Any], str | None]] = {
    "hello": ({"nick": "Another"}, "error"),
    "join": ({"room": "ROOM-other"}, "joined"),
    "leave": ({"room": "ROOM"}, "ok"),
    "send": ({"room": "ROOM", "text": "something new"}, "message"),
    "edit": ({"room": "ROOM", "seq": 1, "text": "edited"}, "edited"),
    "delete": ({"room": "ROOM", "seq": 1}, "deleted"),
    "react": ({"room": "ROOM", "seq": 1, "emoji": "👍", "on": True}, "reacted"),
    "typing": ({"room": "ROOM"}, None),
    "read": ({"room": "ROOM", "seq": 1}, None),
    "away": ({"away": True}, "ok"),
    "history": ({"room": "ROOM"}, "history"),
    "search": ({"query": "something"}, "results"),
    "rooms": ({}, "rooms"),
    "topic": ({"room": "ROOM", "text": "tea"}, "topic"),
    "nick": ({"nick": "Countess ROOM"}, "renamed"),
    "ping": ({}, "pong"),
}
#: What is refused after another command, though it is not by itself.
ABOUT_A_ROOM = {name for name, (fields, _) in COMMANDS.items() if fields.get("room") == "ROOM"}
REFUSED = (
    {("leave", second): "not_joined" for second in ABOUT_A_ROOM}
    | {("delete", "edit"): "not_found", ("delete", "react"): "not_found"}
    | {("join", "join"): "duplicate_join"}
)  # fmt: skip


class OrderCase(V1TestCase):
    flags = FREE

    def setUp(self) -> None:
        super().setUp()
        self.numbers = itertools.count(1)

    def newcomer(self) -> tuple[Client, str]:
        """A client in a room of its own, with a message in it."""
        number = next(self.numbers)
        room = f"room-{number}"
        client = self.client(f"user {number}", room)
        client.send(room, "something to find")
        client.events.clear()
        return client, room

    def say(self, client: Client, room: str, name: str, **changed: Any) -> str:
        fields = {
            field: value.replace("ROOM", room) if isinstance(value, str) else value
            for field, value in COMMANDS[name][0].items()
        }
        return client.say(name, **{**fields, **changed})

    def answers(self, client: Client, code: int = 1000) -> dict[str, list[Event]]:
        """Close; return the answers that were received until the server closed, by their ids."""
        with client._socket.protocol_mutex:
            client._socket.protocol.send_close(code)
            client._socket.send_data()
        self.assertEqual(client.close_code(), code)
        found: dict[str, list[Event]] = collections.defaultdict(list)
        for event in client.events:
            if "id" in event:
                found[event["id"]].append(event)
        return found

    def check_once(self, found: dict[str, list[Event]], said: Mapping[str, str | None]) -> None:
        """Each id has one answer of the type it should have, and what is silent has none."""
        kinds = {name: [event["type"] for event in found[name]] for name in said}
        self.assertEqual(kinds, {name: [kind] if kind else [] for name, kind in said.items()})


class PairTest(OrderCase):
    def test_any_two_commands_are_answered_once_each_before_the_close_frame(self):
        for first, second in itertools.product(COMMANDS, repeat=2):
            with self.subTest(f"{first}, {second}"):
                client, room = self.newcomer()
                ids = [self.say(client, room, first), self.say(client, room, second)]
                kinds = [COMMANDS[first][1], COMMANDS[second][1]]
                refused = REFUSED.get((first, second))
                if refused is not None:
                    kinds[1] = "error"
                found = self.answers(client)
                self.check_once(found, dict(zip(ids, kinds, strict=True)))
                if refused is not None:
                    self.assertEqual(found[ids[1]][0]["code"], refused)

    def test_the_effect_of_a_command_is_in_the_next_join(self):
        """`leave` and `join` right behind it, without waiting for anything."""
        for name in COMMANDS:
            if name in ("leave", "hello", "join"):
                continue
            with self.subTest(name):
                client, room = self.newcomer()
                ids = [
                    self.say(client, room, name),
                    client.say("leave", room=room),
                    client.say("join", room=room),
                ]
                found = self.answers(client)
                kinds = [COMMANDS[name][1], "ok", "joined"]
                self.check_once(found, dict(zip(ids, kinds, strict=True)))
                (joined,) = found[ids[2]]
                self.check_effect(name, room, joined)

    def check_effect(self, name: str, room: str, joined: Event) -> None:
        message, last = joined["entries"][0], joined["entries"][-1]
        (member,) = joined["members"]
        changes = {"edit": "edited", "delete": "deleted", "react": "reacted", "topic": "topic"}
        self.assertEqual(last["type"], changes.get(name, "message"))
        self.assertEqual(last["seq"], joined["seq"])
        self.assertEqual(len(joined["entries"]), 2 if name in (*changes, "send") else 1)
        self.assertEqual(message.get("text"), {"edit": "edited", "delete": None}.get(
            name, "something to find"))  # fmt: skip
        self.assertEqual("reactions" in message, name == "react")
        self.assertEqual(joined["topic"], "tea" if name == "topic" else "")
        self.assertEqual(joined["read"], 1 if name == "read" else 0)
        self.assertEqual(member["nick"].startswith("Countess"), name == "nick")
        self.assertEqual(member.get("away", False), name == "away")

    def test_a_written_message_is_in_the_next_history_and_search(self):
        for name in ("send", "edit", "delete", "react", "topic"):
            with self.subTest(name):
                client, room = self.newcomer()
                self.say(client, room, name)
                ids = [
                    self.say(client, room, "history"),
                    self.say(client, room, "search", query="something new"),
                    self.say(client, room, "search", query="something to find"),
                    self.say(client, room, "rooms", after=None, limit=200),
                ]
                history, new, old, rooms = (found for (found,) in map(
                    self.answers(client).__getitem__, ids))  # fmt: skip
                self.assertEqual(len(history["entries"]), 2)
                self.assertEqual(len(new["entries"]), 1 if name == "send" else 0)
                self.assertEqual(len(old["entries"]), 0 if name in ("edit", "delete") else 1)
                (listed,) = (each for each in rooms["rooms"] if each["room"] == room)
                self.assertEqual(listed["seq"], 2)
                self.assertEqual(listed["topic"], "tea" if name == "topic" else "")

    def test_the_next_message_has_the_new_nick(self):
        client, room = self.newcomer()
        watcher = self.client("Watcher", room)
        self.say(client, room, "nick", nick="Countess")
        self.say(client, room, "typing")
        self.say(client, room, "send")
        self.assertEqual(watcher.next("renamed")["nick"], "Countess")
        self.assertEqual(watcher.next("typing")["nick"], "Countess")
        self.assertEqual(watcher.next("message")["nick"], "Countess")
        self.assertEqual(self.answers(client)["x"], [])

    def test_other_clients_get_everything_in_the_order_of_the_commands(self):
        client, room = self.newcomer()
        watcher = self.client("Watcher", room)
        watcher.events.clear()
        for _ in range(20):
            self.say(client, room, "send")
        self.say(client, room, "typing")
        self.say(client, room, "nick", nick="Countess")
        self.say(client, room, "send")
        self.say(client, room, "leave")
        self.answers(client)
        received = [watcher.wait_for(lambda e: e["type"] != "presence")["type"] for _ in range(23)]
        self.assertEqual(received, ["message"] * 20 + ["typing", "renamed", "message"])


class RetryTest(OrderCase):
    def test_a_change_repeated_after_another_is_done_again(self):
        """A bot shows a state, and gives the same id to the same words."""
        client, room = self.newcomer()
        for command, more in (("topic", {}), ("edit", {"seq": 1})):
            said = (("Online", "3"), ("Offline", "4"), ("Online", "3"), ("Online", "3"))
            seqs = [
                client.ask(command, room=room, text=text, id=name, **more)["seq"]
                for text, name in said
            ]
            self.assertEqual([seq - seqs[0] for seq in seqs], [0, 1, 2, 2])
        (listed,) = (each for each in client.ask("rooms")["rooms"] if each["room"] == room)
        self.assertEqual(listed["topic"], "Online")
        self.assertEqual(client.ask("history", room=room)["entries"][0]["text"], "Online")


class ManyTest(OrderCase):
    def test_leave_does_not_overtake_messages(self):
        """In 149 of 150 such rounds, the commands before `leave` were not answered."""
        client, room = self.newcomer()
        written = [name for name in COMMANDS if name in ("send", "edit", "react", "topic")]
        said: dict[str, str | None] = {}
        for number in range(150):
            for name in written:
                changed: dict[str, Any] = {}
                if name == "react":
                    changed = {"on": number % 2 == 0}
                elif name != "send":
                    changed = {"text": f"text {number}"}
                if name == "edit" and number >= 100:
                    continue  # a message can be edited so often
                said[self.say(client, room, name, **changed)] = COMMANDS[name][1]
            said[client.say("leave", room=room)] = "ok"
            said[client.say("join", room=room)] = "joined"
        said[self.say(client, room, "delete")] = "deleted"
        said[client.say("leave", room=room)] = "ok"
        self.check_once(self.answers(client), said)

    def test_a_read_mark_is_in_the_next_join(self):
        """Of 30 such rounds, all had given the mark of the time before."""
        client, room = self.newcomer()
        joins = []
        for number in range(2, 32):
            self.say(client, room, "send")
            client.say("read", room=room, seq=number)
            client.say("leave", room=room)
            joins.append(client.say("join", room=room))
        found = self.answers(client)
        self.assertEqual([found[each][0]["read"] for each in joins], [*range(2, 32)])

    def test_commands_before_a_close_frame_are_answered_before_it(self):
        for _ in range(50):
            client, room = self.newcomer()
            said = {self.say(client, room, "send"): "message" for _ in range(3)}
            self.check_once(self.answers(client), said)

    def test_all_commands_of_a_visit_can_be_sent_at_once(self):
        client = self.client()
        said: dict[str, str | None] = {
            client.say("hello", nick="Ada"): "welcome",
            client.say("join", room="tea"): "joined",
            client.say("send", room="tea", text="hello"): "message",
            client.say("react", room="tea", seq=1, emoji="👍", on=False): "ok",
            client.say("edit", room="tea", seq=9, text="x"): "error",
            client.say("leave", room="tea"): "ok",
            client.say("send", room="tea", text="hello?"): "error",
        }
        self.check_once(self.answers(client), said)

    def test_a_command_sent_twice_has_two_answers(self):
        client, room = self.newcomer()
        for name in ("send", "edit", "topic", "react", "delete"):
            for _ in range(2):
                self.say(client, room, name, id=name)
        client.say("leave", room=room)
        found = self.answers(client)
        self.assertEqual([len(found[name]) for name in
                          ("send", "edit", "topic", "react", "delete")], [2] * 5)  # fmt: skip

    def test_commands_are_answered_before_the_server_closes(self):
        """Commands before a binary message, a broken frame or too many refusals are answered."""
        for end, code in (
            (lambda client: client.raw(b"binary"), 1003),
            (lambda client: client._socket.socket.sendall(b"\xff\x80\0\0\0\0"), 1002),
            (lambda client: [client.say("unheard of") for _ in range(50)], 4029),
        ):
            with self.subTest(code):
                client, room = self.newcomer()
                said: dict[str, str | None] = {}
                said |= {self.say(client, room, "send"): "message" for _ in range(3)}
                said[self.say(client, room, "away")] = "ok"
                said[self.say(client, room, "topic")] = "topic"
                end(client)
                self.assertEqual(client.close_code(), code)
                found = collections.Counter(e["id"] for e in client.events if e.get("id") in said)
                self.assertEqual(found, dict.fromkeys(said, 1))

    def test_a_server_that_stops_answers_all_that_it_has_stored(self):
        client, room = self.newcomer()
        with contextlib.suppress(ConnectionClosed):
            for number in range(20_000):
                client.say("send", room=room, text=str(number), id=f"m{number}")
                if number == 500:
                    self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(client.close_code(), 1001)
        self.assertEqual(self.server.process.wait(PATIENCE), 0)
        with contextlib.closing(sqlite3.connect(self.server.data / "gochat.db")) as db:
            stored = {sent for (sent,) in db.execute("SELECT sent FROM entries") if sent[0] == "m"}
        self.assertTrue(stored)
        answered = {event["id"] for event in client.events if event["type"] == "message"}
        self.assertEqual(stored - answered, set())
