"""A room has one name for all users, in whatever spelling they joined it."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from websockets.sync.client import connect

from gochat_py.connection import Connection
from gochat_py.core.decisions import EnterRoom
from gochat_py.core.names import room_key
from gochat_py.hub import Hub
from gochat_py.joining import join
from gochat_py.message import User
from gochat_py.orders import Register
from gochat_py.store import Replay
from tests.integration.test_v1 import V1TestCase
from tests.support.case import PATIENCE, TestCase
from tests.support.v1 import Client
from tests.unit.test_hub import FakeConnection


def names_in(value: object) -> set[str]:
    """The name of every room in any event of the server."""
    if isinstance(value, list):
        return {name for each in value for name in names_in(each)}
    if isinstance(value, dict):
        own = {value["room"]} if "room" in value else set()
        return own | {name for each in value.values() for name in names_in(each)}
    return set()


class OneNameTest(V1TestCase):
    def talk(self, ada: Client, bob: Client, spelled: str, otherwise: str) -> set[str]:
        """Let both send everything that names a room; returns the names in the events."""
        told: list[dict[str, Any]] = [
            ada.ask("join", room=spelled),
            bob.ask("join", room=otherwise),
        ]
        seq = bob.send(otherwise, "hello")["seq"]
        ada.say("typing", room=otherwise)
        for client, room in ((ada, spelled), (bob, otherwise)):
            told += [
                client.ask("react", room=room, seq=seq, emoji="👍", on=True),
                client.ask("topic", room=room, text=f"as {room}"),
                client.send(room, "answer", reply_to=seq),
                client.ask("history", room=room),
                client.ask("history", room=room, after=0, limit=1),
                client.ask("search", query="hello"),
                client.ask("search", query="hello", room=room),
                client.ask("rooms"),
            ]
        told += [
            bob.next("typing"),
            bob.ask("edit", room=otherwise, seq=seq, text="hello again"),
            bob.ask("delete", room=otherwise, seq=seq),
            ada.wait_for(lambda event: "Bob" in str(event.get("joined"))),
            bob.ask("leave", room=otherwise),
            ada.next("presence", left=[bob.welcome["user"]]),
            *ada.take_events(),
            *bob.take_events(),
        ]
        return {name for name in names_in(told) if room_key(name) == room_key(spelled)}

    def test_without_entries_the_first_member_s_spelling_is_the_name(self):
        pairs = (("Tea", "tEA"), ("Straße", "STRASSE"), ("İzmir", "ızmir"), ("ｔｅａ２", "TEA2"))
        for number, (spelled, otherwise) in enumerate(pairs):
            with self.subTest(spelled):
                ada, bob = self.client(f"Ada {number}"), self.client(f"Bob {number}")
                self.assertEqual(self.talk(ada, bob, spelled, otherwise), {spelled})

    def test_with_entries_the_stored_spelling_is_the_name(self):
        with Client(self.server.ws_url, "Cyn", "Tea") as cyn:
            cyn.send("Tea", "the first word")
        ada, bob = self.client("Ada"), self.client("Bob")
        self.assertEqual(self.talk(ada, bob, "tea", "TEA"), {"Tea"})
        answer = self.client("Dan").ask("join", room="tEA", id="mine")
        self.assertEqual((answer["id"], answer["room"]), ("mine", "Tea"))

    def test_an_unused_room_without_members_may_be_spelled_anew(self):
        with Client(self.server.ws_url, "Ada", "Tea") as ada:
            ada.ask("leave", room="tea")
            self.assertEqual(self.client("Bob").ask("join", room="teA")["room"], "teA")
            self.assertEqual(ada.ask("join", room="TEA")["room"], "teA")

    def test_a_client_that_joins_while_the_first_entry_is_written_gets_its_spelling(self):
        for number in range(10):
            with Client(self.server.ws_url, f"Ada {number}", f"Cup{number}") as ada:
                ada.say("send", room=f"Cup{number}", text="the first word")
            bob = self.client(f"Bob {number}")
            told = [bob.ask("join", room=f"cUP{number}"), bob.send(f"CUP{number}", "x")]
            self.assertEqual(names_in([*told, *bob.take_events()]), {f"Cup{number}"})

    def test_the_lobby_has_the_server_s_spelling(self):
        ada = self.client("Ada")
        self.assertEqual(ada.ask("join", room="LOBBY")["room"], ada.welcome["lobby"])
        classic = self.enterContext(connect(self.server.ws_url, proxy=None))
        classic.send("a line")
        self.assertEqual(ada.next("message")["room"], "lobby")
        self.assertEqual(ada.send("Lobby", "another")["room"], "lobby")


class SlowFirstWord:
    """A backplane in which a room's first entry is being written while a user joins."""

    def __init__(self) -> None:
        self.written = threading.Event()

    def replay(self, user: User, key: str, since: object) -> tuple[Replay, int]:
        room = "Tea" if self.written.is_set() else ""
        return Replay((), False, False, 0, room, "", "e"), 0

    def name_of(self, key: str) -> str:
        self.written.set()
        return "Tea"


class EnteringTest(TestCase):
    def test_a_join_waits_for_an_entry_that_is_being_written(self):
        hub = Hub(compress_from=1_000)
        thread = threading.Thread(target=hub.run)
        thread.start()
        self.addCleanup(thread.join, PATIENCE)
        self.addCleanup(hub.inbox.close)
        peer: Any = FakeConnection()
        peer.meter.gate = contextlib.nullcontext()
        hub.inbox.put(Register(peer))
        room = self.enter(hub, peer)
        self.assertEqual(room, "Tea")
        self.assertEqual(peer.events[0]["room"], "Tea")

    def enter(self, hub: Hub, peer: Connection) -> str:
        wanted = EnterRoom("tea", "tea", None, "1")
        backplane: Any = SlowFirstWord()
        return join(hub.inbox, backplane, peer, User("1", "Ann"), wanted)
