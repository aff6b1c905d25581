"""Nicks of a user with several connections: docs/protocol.md, "nick" and "renamed"."""

from __future__ import annotations

import json

from tests.integration.test_order import FREE
from tests.integration.test_v1 import V1TestCase
from tests.support.case import eventually
from tests.support.raw import RawClient
from tests.support.v1 import Client, Event, Refused


def received(client: Client) -> list[Event]:
    """The received events except presence."""
    return [event for event in client.take_events() if event["type"] != "presence"]


class NicksTest(V1TestCase):
    flags = FREE

    def setUp(self) -> None:
        super().setUp()
        self.watcher = self.client("Watcher", "tea")
        self.phone = self.client("Ada", "tea")
        self.token = self.phone.welcome["token"]
        self.user = self.phone.welcome["user"]

    def device(self, nick: str, *rooms: str) -> Client:
        return self.client(nick, *rooms, token=self.token)

    def wait_until_listed(self, nick: str) -> None:
        """Let another user join, and wait until they know the user by this nick."""
        own = {"user": self.user, "nick": nick}
        late = self.client("Late")
        if own not in late.join("tea")["members"]:  # then the presence event is yet to come
            late.wait_for(lambda event: own in event.get("joined", ()))

    def test_messages_and_changes_of_another_device_have_the_new_nick(self):
        laptop = self.device("Ada", "tea")
        self.phone.ask("nick", nick="Countess")
        self.assertEqual(laptop.next("renamed"), {
            "type": "renamed", "user": self.user, "nick": "Countess"})  # fmt: skip
        laptop.say("typing", room="tea")
        self.assertEqual(self.watcher.next("typing")["nick"], "Countess")
        self.assertEqual(laptop.send("tea", "hello")["nick"], "Countess")
        laptop.say("away", away=True)
        self.phone.say("away", away=True)
        away = self.watcher.wait_for(
            lambda event: any(each.get("away") for each in event.get("joined", ()))
        )
        self.assertEqual(away["joined"], [{"user": self.user, "nick": "Countess", "away": True}])
        other = self.client("Other", "milk")
        own = {"user": self.user, "nick": "Countess", "away": True}
        self.assertIn(own, laptop.join("milk")["members"])
        other.wait_for(lambda event: own in event.get("joined", ()))

    def test_a_device_in_no_room_gets_the_rename(self):
        laptop = self.device("Ada")
        self.phone.ask("nick", nick="Countess")
        self.assertEqual(laptop.next("renamed")["nick"], "Countess")

    def test_hello_with_another_nick_renames_the_user_for_all(self):
        idle = self.device("Ada")
        laptop = self.device("Countess")
        self.assertEqual(laptop.welcome["user"], self.user)
        expected = {"type": "renamed", "user": self.user, "nick": "Countess"}
        for client in (self.watcher, self.phone, idle):
            self.assertEqual(client.next("renamed"), expected)
        self.assertEqual(received(laptop), [], "welcome says it")
        self.wait_until_listed("Countess")
        self.phone.say("typing", room="tea")
        self.assertEqual(self.watcher.next("typing")["nick"], "Countess")
        self.assertEqual(self.phone.send("tea", "hello")["nick"], "Countess")

    def test_an_unchanged_nick_is_not_sent_to_others(self):
        self.device("Ada")
        self.phone.ask("nick", nick="Ada")
        self.assertEqual([received(self.watcher), received(self.phone)], [[], []])

    def test_each_of_a_hundred_devices_gets_each_rename_once(self):
        devices = [self.device("Ada", *(["tea"] if number % 2 else [])) for number in range(100)]
        nicks = [f"Ada {number}" for number in range(5)]
        for number, nick in enumerate(nicks):
            devices[number].ask("nick", nick=nick)
        for number, device in enumerate([*devices, self.phone, self.watcher]):
            expected = [e["nick"] for e in received(device) if e["type"] == "renamed"]
            own = nicks[number : number + 1]  # that one was the answer
            self.assertEqual(expected, [nick for nick in nicks if nick not in own])
        for device in devices[1:20:2]:
            device.say("typing", room="tea")
            self.assertEqual(self.watcher.next("typing")["nick"], "Ada 4")

    def test_devices_that_rename_concurrently_agree_in_the_end(self):
        devices = [self.device("Ada", "tea") for _ in range(4)]
        for number in range(25):
            for index, device in enumerate(devices):
                device.say("nick", nick=f"Ada {index} {number}")
                device.say("typing", room="tea")
        expected = []
        for client in (*devices, self.phone, self.watcher):
            events = client.take_events()
            while (renames := [e["nick"] for e in events if e["type"] == "renamed"]) and len(
                renames
            ) < 100:
                events.append(client.next("renamed"))
            expected.append(renames)
        for renames in expected[1:]:
            self.assertEqual(renames, expected[0], "all get all renames, in one order")
        last = expected[0][-1]
        self.assertEqual(self.phone.send("tea", "hello")["nick"], last)
        self.wait_until_listed(last)

    def test_the_nick_of_a_lost_first_connection_stays_taken_by_a_second_one(self):
        """The first one sent only `hello`; the second one shows that the token was received."""
        first = self.enterContext(RawClient(self.server.port, "Sec-WebSocket-Protocol: gochat.v1"))
        first.send(json.dumps({"type": "hello", "nick": "Bob", "id": "1"}))
        welcome = json.loads(first.line())
        second = self.client("Bob", "bobs", token=welcome["token"])
        other = self.client("Eve", "bobs")
        first.close()
        # The server knows that it is lost when it has recorded it; it does so in order, and what is
        # written next is after that.
        with self.subTest("a connection of a new user is known to be lost"):
            lost = self.enterContext(
                RawClient(self.server.port, "Sec-WebSocket-Protocol: gochat.v1")
            )
            lost.send(json.dumps({"type": "hello", "nick": "Lost", "id": "1"}))
            lost.line()
            lost.close()
            eventually(lambda: self.is_free(other, "Lost"), "that nick is free")
        self.assert_refused("nick_taken", other, "nick", nick="Bob")
        self.assertEqual(second.send("bobs", "still here")["nick"], "Bob")

    @staticmethod
    def is_free(client: Client, nick: str) -> bool:
        try:
            return bool(client.ask("nick", nick=nick))
        except Refused:
            return False
