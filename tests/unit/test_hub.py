import json
import zlib
from typing import Any

from gochat_py.admission import Meter
from gochat_py.channel import Reply
from gochat_py.connection import Connection
from gochat_py.connection_log import US
from gochat_py.core import frames, prices
from gochat_py.core.deflate import TAIL
from gochat_py.core.delivery import JOIN, JOIN_CHARS
from gochat_py.core.entry_json import entry_json
from gochat_py.core.presence import SHOWN
from gochat_py.core.rendering import FORMS
from gochat_py.errors import GochatError
from gochat_py.hub import Hub
from gochat_py.hub_room import PRESENCE_AT_ONCE, PRESENCE_PERIOD, PRESENCE_REST
from gochat_py.message import Entry, Kind, OnlineUser, RoomInfo, User
from gochat_py.orders import (
    Away,
    Barrier,
    CatchUp,
    Census,
    Enter,
    First,
    Identified,
    Leave,
    Order,
    Publish,
    ReadMark,
    Register,
    Renamed,
    Typing,
    Unregister,
)
from tests.support.case import PATIENCE, TestCase
from tests.support.narrow import not_none
from tests.support.written import written

ANN, BOB, GUEST = User("1", "Ann"), User("2", "Bob"), User("guest-abcd-1", "guest-abcd")


class Spent(Meter):
    """Adds up what a connection was charged."""

    free = False

    def __init__(self) -> None:
        self.cost = 0.0

    def spend(self, cost: float, now: float) -> float:
        self.cost += cost
        return 0.0

    def new_room(self, now: float) -> float:
        return 0.0


class FakeConnection(Connection):
    """Accepts what is offered, until it is full."""

    meter: Spent

    def __init__(self, *, classic: bool = False, deflated: bool = False, room: int = 10**9):
        self.address = "test"
        self.form = FORMS[classic, deflated]
        self.room = room
        self.meter = Spent()
        self.offers: list[tuple[bytes, int]] = []
        self.closed_with: list[int] = []

    def offer(self, joined: bytes, count: int) -> bool:
        if len(self.offers) >= self.room:
            return False
        self.offers.append((joined, count))
        return True

    def close(self, code: int, reason: str = "", *, by: str = US) -> None:
        self.closed_with.append(code)

    @property
    def bytes(self) -> bytes:
        return b"".join(joined for joined, _ in self.offers)

    @property
    def events(self) -> list[dict[str, Any]]:
        """What was offered, as JSON; each message must be a plain frame of its own."""
        found, data = [], self.bytes
        while data:
            size = {126: 4, 127: 10}.get(data[1], 2)
            length = data[1] if size == 2 else int.from_bytes(data[2:size], "big")
            found.append(json.loads(data[size : size + length]))
            data = data[size + length :]
        return found


def lines(*said: str | None) -> bytes:
    return b"".join(frames.text(not_none(line).encode()) for line in said)


def entry(seq: int, text: str | None = "x", user: User = ANN, key: str = "lobby", **more) -> Entry:
    fields = {"kind": Kind.MESSAGE, "room": key, "key": key, "time": 1.5, "text": text, **more}
    return Entry(seq=seq, user=user.id, nick=user.nick, **fields)


def publish(*entries: Entry) -> Publish:
    return Publish(tuple(written(each) for each in entries))


class HubCase(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.hub = Hub(compress_from=100)

    def classic(self, **options) -> FakeConnection:
        connection = FakeConnection(classic=True, **options)
        self.hub.handle([Register(connection), Enter(connection, GUEST, "lobby", "lobby")])
        return connection

    def member(self, user: User = ANN, key: str = "lobby", **options) -> FakeConnection:
        """A gochat.v1 connection that is live; the events of its join are dropped."""
        connection = FakeConnection(**options)
        self.hub.handle([Register(connection), Identified(connection, OnlineUser(user), user.nick)])
        self.enter(connection, user, key)
        self.assertTrue(self.catch_up(connection, user, key))
        connection.offers.clear()
        return connection

    def enter(self, connection, user=ANN, key="lobby") -> None:
        self.hub.handle([Enter(connection, user, key, key, catches_up=True)])

    def catch_up(
        self, connection, user=ANN, key="lobby", entries=(), seq=0, first=True, last=True, kept=None
    ) -> bool:
        """Hand over a part of what was read, the first one or a further one."""
        live: Reply[bool] = Reply()
        info = RoomInfo(key if kept is None else kept, key, "", seq)
        part = ",".join(map(entry_json, entries))
        begins = First(user, info, "e", True, False, 0, "j") if first else None
        self.hub.handle([CatchUp(connection, key, seq, part, last, live, begins)])
        return live.wait(PATIENCE)

    def news(self) -> None:
        """Send the presence events that are due."""
        self.hub.send_presence(1e9)


class ClassicTest(HubCase):
    """goChat's rules: each client gets each message, in order, in a frame of its own."""

    def test_each_member_gets_each_message_in_a_frame_of_its_own(self):
        a, b = self.classic(), self.classic()
        self.hub.handle([publish(entry(1, "1", GUEST)), publish(entry(2, "2", GUEST))])
        self.assertEqual([c.bytes for c in (a, b)], [lines("1", "2")] * 2)

    def test_messages_that_wait_together_are_offered_together(self):
        a = self.classic()
        self.hub.handle([publish(entry(1, "1", GUEST)), publish(entry(2, "2", GUEST))])
        self.assertEqual(a.offers, [(lines("1", "2"), 2)])

    def test_a_message_reaches_only_connections_that_registered_before_it(self):
        a = self.classic()
        self.hub.handle([publish(entry(1, "1", GUEST))])
        b = self.classic()
        self.hub.handle(
            [publish(entry(2, "2", GUEST)), Unregister(a), publish(entry(3, "3", GUEST))]
        )
        self.assertEqual((a.bytes, b.bytes), (lines("1", "2"), lines("2", "3")))

    def test_unregistering_twice_is_no_error(self):
        a, b = self.classic(), self.classic()
        self.hub.handle([Unregister(a), Unregister(a), publish(entry(1, "1", GUEST))])
        self.assertEqual((a.bytes, b.bytes), (b"", lines("1")))

    def test_a_connection_with_a_full_send_buffer_is_evicted_and_the_others_get_everything(self):
        full, well = self.classic(room=1), self.classic()
        for seq in (1, 2, 3):
            self.hub.handle([publish(entry(seq, str(seq), GUEST))])
        self.assertEqual(full.closed_with, [4008])
        self.assertEqual(full.bytes, lines("1"))
        self.assertEqual((well.bytes, well.closed_with), (lines("1", "2", "3"), []))
        self.hub.handle([Unregister(full)])

    def test_a_large_batch_is_offered_in_portions(self):
        a = self.classic()
        said = [entry(seq, str(seq), GUEST) for seq in range(1, 3 * JOIN + 2)]
        self.hub.handle([publish(*said)])
        self.assertEqual([count for _, count in a.offers], [JOIN, JOIN, JOIN, 1])
        self.assertEqual(a.bytes, lines(*(each.text for each in said)))

    def test_long_messages_are_offered_a_few_at_a_time(self):
        a = self.classic()
        said = [entry(seq, "x" * (JOIN_CHARS // 2), GUEST) for seq in range(1, 6)]
        self.hub.handle([publish(*said)])
        self.assertEqual([count for _, count in a.offers], [2, 2, 1])
        self.hub.handle([publish(entry(6, "x" * (2 * JOIN_CHARS), GUEST), entry(7, "", GUEST))])
        self.assertEqual([count for _, count in a.offers], [2, 2, 1, 1, 1])

    def test_a_long_message_is_deflated_once_for_all_that_inflate(self):
        inflating = [self.classic(deflated=True) for _ in range(3)]
        plain = self.classic()
        long = "word " * 100
        self.hub.handle([publish(entry(1, "short", GUEST), entry(2, long, GUEST))])
        self.assertEqual(plain.bytes, lines("short", long))
        first = inflating[0].offers[0][0]
        self.assertTrue(all(c.offers[0][0] is first for c in inflating))
        self.assertTrue(first.startswith(lines("short")))
        frame = first[len(lines("short")) :]
        self.assertEqual(frame[0], 0xC1)
        self.assertEqual(zlib.decompressobj(-15).decompress(frame[2:] + TAIL), long.encode())

    def test_short_messages_are_the_same_bytes_for_all(self):
        a, b = self.classic(deflated=True), self.classic()
        self.hub.handle([publish(entry(1, "short", GUEST))])
        self.assertIs(a.offers[0][0], b.offers[0][0])

    def test_closing_the_inbox_delivers_what_waits_then_closes_all_connections(self):
        a = self.classic()
        self.hub.inbox.put(publish(entry(1, "last", GUEST)))
        self.hub.inbox.close()
        self.hub.run()
        self.assertEqual((a.bytes, a.closed_with), (lines("last"), [1001]))


class TwoDialectsTest(HubCase):
    def test_each_dialect_gets_the_messages_of_the_other_in_its_own_form(self):
        classic, v1 = self.classic(), self.member()
        self.hub.handle([publish(entry(1, "hi", GUEST), entry(2, "ho", ANN))])
        self.assertEqual(classic.bytes, lines("hi", "Ann: ho"))
        self.assertEqual([e["text"] for e in v1.events], ["hi", "ho"])

    def test_events_that_the_classic_dialect_lacks_are_not_sent_to_it(self):
        classic = self.classic()
        self.member()
        self.news()
        self.hub.handle([publish(entry(1, kind=Kind.DELETED, text=None, target=1))])
        self.assertEqual(classic.offers, [])


class RoomsTest(HubCase):
    def test_each_room_gets_its_own_messages(self):
        a, b = self.member(ANN, "one"), self.member(BOB, "two")
        self.hub.handle([publish(entry(1, "1", key="one"), entry(1, "2", key="two"))])
        self.assertEqual([e["text"] for e in a.events], ["1"])
        self.assertEqual([e["text"] for e in b.events], ["2"])

    def test_a_member_that_catches_up_gets_history_and_live_entries_once_and_in_order(self):
        connection = FakeConnection()
        self.hub.handle([Register(connection)])
        self.enter(connection)
        self.hub.handle([publish(entry(2, "2"), entry(3, "3"))])
        self.assertEqual(connection.offers, [])
        self.assertTrue(self.catch_up(connection, entries=[entry(1, "1"), entry(2, "2")], seq=2))
        self.hub.handle([publish(entry(4, "4"))])
        joined, live = connection.events
        self.assertEqual([e["seq"] for e in joined["entries"]], [1, 2, 3])
        self.assertEqual((joined["seq"], joined["id"]), (3, "j"))
        self.assertEqual(live["seq"], 4)

    def test_entries_read_before_they_were_published_are_not_sent_again(self):
        """The journal commits, and a client reads that and enters before the hub gets it."""
        connection = FakeConnection()
        self.hub.handle([Register(connection)])
        self.enter(connection)
        self.assertTrue(self.catch_up(connection, entries=[entry(1), entry(2)], seq=2))
        connection.offers.clear()
        self.hub.handle([publish(entry(1))])
        self.assertEqual(connection.events, [])
        self.hub.handle([publish(entry(2), entry(3))])
        self.hub.handle([publish(entry(4))])
        self.assertEqual([e["seq"] for e in connection.events], [3, 4])

    def test_entries_read_before_are_not_sent_again_with_an_answer(self):
        connection = FakeConnection()
        self.hub.handle([Register(connection)])
        self.enter(connection)
        self.assertTrue(self.catch_up(connection, entries=[entry(1)], seq=1))
        connection.offers.clear()
        answer = entry(2, "new", kind=Kind.EDITED, target=1, id="e")
        self.hub.handle([publish(entry(1)), Publish((written(answer, connection, "e"),))])
        self.assertEqual([e["seq"] for e in connection.events], [2])

    def test_a_member_that_missed_entries_reads_on(self):
        connection = FakeConnection()
        self.hub.handle([Register(connection)])
        self.enter(connection)
        self.hub.handle([publish(entry(5, "5"))])
        self.assertFalse(self.catch_up(connection, entries=[entry(1), entry(2)], seq=2))
        part = [entry(3), entry(4)]
        self.assertTrue(self.catch_up(connection, entries=part, seq=4, first=False))
        joined, replay = connection.events
        self.assertEqual([e["seq"] for e in joined["entries"]], [1, 2])
        self.assertTrue(joined["partial"])
        self.assertEqual([e["seq"] for e in replay["entries"]], [3, 4, 5])
        self.assertEqual((replay["type"], replay["room"], replay["end"]), ("replay", "lobby", True))

    def test_a_long_history_comes_in_parts_before_any_live_entry(self):
        connection, other = FakeConnection(), self.member(BOB)
        self.hub.send_presence(1.0)
        self.hub.handle([Register(connection)])
        self.enter(connection)
        self.assertFalse(self.catch_up(connection, entries=[entry(1)], seq=1, last=False))
        self.hub.handle([publish(entry(4))])
        self.hub.handle([Unregister(other)])
        self.news()
        part = {"first": False, "last": False}
        self.assertFalse(self.catch_up(connection, entries=[entry(2)], seq=2, **part))
        self.assertTrue(self.catch_up(connection, entries=[entry(3)], seq=3, first=False))
        self.hub.handle([publish(entry(5))])
        kinds = [event["type"] for event in connection.events]
        self.assertEqual(kinds, ["joined", "presence", "replay", "replay", "message"])
        seqs = [[e["seq"] for e in event.get("entries", ())] for event in connection.events]
        self.assertEqual(seqs, [[1], [], [2], [3, 4], []])
        self.assertEqual(["end" in event for event in connection.events[2:4]], [False, True])
        self.assertEqual(connection.events[1]["left"], ["2"])

    def test_a_room_has_its_stored_name_or_else_that_of_its_first_member(self):
        first, second = FakeConnection(), FakeConnection()
        self.hub.handle([Register(first), Register(second)])
        for connection, user, name in ((first, ANN, "teA"), (second, BOB, "TEA")):
            self.hub.handle([Enter(connection, user, name, "tea", catches_up=True)])
        self.catch_up(first, ANN, "tea", kept="")
        self.catch_up(second, BOB, "tea", kept="")
        self.hub.handle([Typing(first, "TEA", "tea", ANN)])
        self.news()
        self.assertEqual({e["room"] for e in [*first.events, *second.events]}, {"teA"})
        third = FakeConnection()
        self.hub.handle([Register(third), Enter(third, GUEST, "TEa", "tea", catches_up=True)])
        self.catch_up(third, GUEST, "tea", kept="Tea")
        second.offers.clear()
        self.hub.handle([Typing(first, "TEA", "tea", ANN)])
        self.news()
        self.assertEqual({e["room"] for e in [*second.events, *third.events]}, {"Tea"})
        self.assertEqual(self.census("tea"), {"tea": ("Tea", 3)})

    def test_a_room_takes_the_name_of_its_first_entry(self):
        """The user who wrote the first entry, with another spelling, was evicted."""
        connection = self.member(ANN, "tea")
        self.hub.handle([publish(entry(1, key="tea", room="Tea"))])
        self.hub.handle([Typing(connection, "tea", "tea", BOB)])
        self.assertEqual(self.census("tea"), {"tea": ("Tea", 1)})

    def test_a_topic_set_during_catch_up_is_the_topic_of_joined(self):
        connection = FakeConnection()
        self.hub.handle([Register(connection)])
        self.enter(connection)
        self.hub.handle([publish(entry(1, "new topic", kind=Kind.TOPIC))])
        self.catch_up(connection, seq=0)
        self.assertEqual(connection.events[0]["topic"], "new topic")

    def test_a_waiting_thread_is_answered_if_its_connection_is_gone(self):
        connection = FakeConnection()
        self.enter(connection)
        self.assertTrue(self.catch_up(connection))
        self.assertEqual(connection.offers, [])

    def test_leaving_is_confirmed_and_stops_the_messages(self):
        a = self.member()
        self.hub.handle([Leave(a, "lobby", "l"), publish(entry(1))])
        self.assertEqual(a.events, [{"type": "ok", "id": "l"}])

    def test_a_room_without_members_is_removed(self):
        a = self.member(ANN, "one")
        self.assertEqual(self.census(), {"one": ("one", 1)})
        self.hub.handle([Unregister(a)])
        self.assertEqual(self.census(), {})

    def census(self, *keys: str, after="", last=None, limit=10) -> dict[str, tuple[str, int]]:
        reply: Reply[dict[str, tuple[str, int]]] = Reply()
        self.hub.handle([Census(keys, after, last, limit, reply)])
        return reply.wait(PATIENCE)

    def test_a_census_counts_a_page_of_rooms_and_the_named_ones(self):
        for key in ("d", "b", "a", "c"):
            self.member(ANN, key)
        self.assertEqual(list(self.census(limit=2)), ["a", "b"])
        self.assertEqual(list(self.census(after="a", last="c")), ["b", "c"])
        self.assertEqual(list(self.census("d", "none", after="a", last="b")), ["d", "b"])


class AnswersTest(HubCase):
    def edited(self, sender, *, duplicate: bool = False) -> Publish:
        made = entry(2, "new", kind=Kind.EDITED, target=1, id="e")
        return Publish((written(made, sender, "e", duplicate),))

    def test_only_the_connection_that_asked_sees_the_id_of_a_change(self):
        a, b = self.member(ANN), self.member(BOB)
        self.hub.handle([self.edited(a)])
        self.assertEqual(a.events[0]["id"], "e")
        self.assertNotIn("id", b.events[0])

    def test_an_answer_stays_in_order_with_other_entries(self):
        a = self.member(ANN)
        self.hub.handle([publish(entry(1)), self.edited(a), publish(entry(3))])
        self.assertEqual([e["seq"] for e in a.events], [1, 2, 3])

    def test_a_retry_is_sent_only_to_its_sender(self):
        a, b = self.member(ANN), self.member(BOB)
        self.hub.handle([Publish((written(entry(1, id="m"), a, "m", True),))])
        self.assertEqual([e["id"] for e in a.events], ["m"])
        self.assertEqual(b.offers, [])


class PresenceTest(HubCase):
    def test_members_who_joined_and_left_are_sent_in_one_event(self):
        a = self.member(ANN)
        b = self.member(BOB)
        self.hub.send_presence(1.0)
        expected = [e for e in a.events if e["type"] == "presence"]
        self.assertEqual([m["nick"] for m in expected[0]["joined"]], ["Ann", "Bob"])
        a.offers.clear()
        self.hub.handle([Unregister(b)])
        self.hub.send_presence(1.0 + PRESENCE_PERIOD / 2)
        self.assertEqual(a.offers, [])
        self.hub.send_presence(1.0 + PRESENCE_PERIOD)
        self.assertEqual((a.events[0]["left"], a.events[0]["member_count"]), (["2"], 1))

    def test_a_user_who_joins_is_among_the_members(self):
        self.member(ANN)
        self.news()
        b = FakeConnection()
        self.hub.handle([Register(b)])
        self.enter(b, BOB)
        self.catch_up(b, BOB)
        joined = b.events[0]
        self.assertEqual([m["nick"] for m in joined["members"]], ["Ann", "Bob"])
        self.assertEqual(joined["member_count"], 2)

    def test_away_is_sent_to_all_rooms_of_the_user_and_answered_if_it_has_an_id(self):
        a, b = self.member(ANN), self.member(BOB)
        self.enter(a, ANN, "two")
        self.catch_up(a, ANN, "two")
        self.news()
        for connection in (a, b):
            connection.offers.clear()
        self.hub.handle([Away(a, True, "1"), Away(a, True, None)])
        self.assertEqual(a.events, [{"type": "ok", "id": "1"}])
        a.offers.clear()
        self.hub.send_presence(2e9)
        away = [{"user": "1", "nick": "Ann", "away": True}]
        news = {"type": "presence", "joined": away, "left": []}
        self.assertEqual(b.events, [{**news, "room": "lobby", "member_count": 2}])
        self.assertEqual(
            a.events,
            [
                {**news, "room": "lobby", "member_count": 2},
                {**news, "room": "two", "member_count": 1},
            ],
        )
        # The next who joins is told, though no news has come since.
        c = FakeConnection()
        self.hub.handle([Register(c)])
        self.enter(c, User("3", "Cy"))
        self.catch_up(c, User("3", "Cy"))
        self.assertIn(away[0], c.events[0]["members"])

    def test_a_user_who_is_away_joins_as_away_and_is_forgotten_after_leaving(self):
        a, b = FakeConnection(), self.member(BOB)
        self.hub.handle([Register(a), Away(a, True, None)])
        self.enter(a, ANN)
        self.catch_up(a, ANN)
        self.assertIn({"user": "1", "nick": "Ann", "away": True}, a.events[0]["members"])
        self.news()
        self.assertIn({"user": "1", "nick": "Ann", "away": True}, b.events[0]["joined"])
        self.hub.handle([Unregister(a), Away(a, True, "late")])
        self.assertEqual(self.hub._away, set())
        self.assertNotIn("late", json.dumps(a.events))

    def test_beyond_a_thousand_only_the_own_user_is_named(self):
        everyone = [User(str(number), f"nick {number}") for number in range(SHOWN + 2)]
        for user in everyone:
            self.hub.handle([Register(each := FakeConnection())])
            self.enter(each, user)
        self.news()
        late = self.joined(User("late", "Late"))
        self.assertEqual(late["member_count"], SHOWN + 3)
        self.assertEqual(len(late["members"]), SHOWN + 1)
        self.assertEqual(late["members"][-1], {"user": "late", "nick": "Late"})
        self.hub.send_presence(2e9)
        self.assertEqual(self.joined(everyone[0])["member_count"], SHOWN + 3)
        self.assertEqual(len(self.joined(everyone[0])["members"]), SHOWN)
        self.assertEqual(len(self.joined(everyone[-1])["members"]), SHOWN + 1)

    def joined(self, user: User) -> dict[str, Any]:
        """The `joined` event of a new connection of the user in the lobby."""
        connection = FakeConnection()
        self.hub.handle([Register(connection)])
        self.enter(connection, user)
        self.catch_up(connection, user)
        return connection.events[0]

    def test_the_pause_after_presence_events_grows_with_their_recipients(self):
        """However many users join and leave, presence takes a small part of the hub's time."""
        members = [self.member(User(str(number), "nick")) for number in range(1_200)]
        self.news()
        self.hub.handle([Unregister(members.pop(0))])
        self.hub.send_presence(2e9)
        self.hub.handle([Unregister(members.pop(0))])
        for connection in members:
            connection.offers.clear()
        self.hub.send_presence(2e9 + 0.9 * 1_199 * PRESENCE_REST)
        self.assertEqual(members[0].offers, [])
        self.hub.send_presence(2e9 + 1.1 * 1_199 * PRESENCE_REST)
        self.assertEqual(members[0].events[0]["left"], ["1"])

    def test_presence_events_of_many_rooms_are_sent_a_few_at_a_time_and_all_in_turn(self):
        members = [
            self.member(User(str(number), "nick"), key=f"room {number}")
            for number in range(PRESENCE_AT_ONCE + 100)
        ]
        self.hub.send_presence(1.0)
        self.assertEqual(sum(bool(each.offers) for each in members), PRESENCE_AT_ONCE)
        self.hub.send_presence(2.0)
        self.assertEqual({len(each.offers) for each in members}, {1})

    def test_a_change_with_many_recipients_is_charged_for_each(self):
        members = [self.member(User(str(number), "nick")) for number in range(100)]
        first = members[0]
        for order in (
            Typing(first, "lobby", "lobby", User("0", "nick")),
            Renamed(first, User("0", "other"), None),
            Away(first, True, None),
            Publish((written(entry(1), first, "m"),)),
        ):
            first.meter.cost = 0.0
            self.hub.handle([order])
            self.assertGreater(first.meter.cost, 90 * prices.DELIVERY, order)

    def test_typing_is_sent_to_the_other_members(self):
        a, b = self.member(ANN), self.member(BOB)
        self.hub.handle([Typing(a, "lobby", "lobby", ANN)])
        self.assertEqual(a.offers, [])
        self.assertEqual(b.events[0]["nick"], "Ann")

    def test_a_rename_is_sent_once_to_each_user_who_shares_a_room(self):
        a, b, c = self.member(ANN), self.member(BOB), self.member(User("3", "Cy"), "far")
        self.enter(b, BOB, "two")
        self.enter(a, ANN, "two")
        self.hub.handle([Renamed(a, User("1", "Anna"), "n")])
        self.assertEqual(a.events, [{"type": "renamed", "id": "n", "user": "1", "nick": "Anna"}])
        self.assertEqual(b.events, [{"type": "renamed", "user": "1", "nick": "Anna"}])
        self.assertEqual(c.offers, [])

    def test_a_rename_is_sent_to_the_user_s_other_connections_in_any_room(self):
        ann = OnlineUser(ANN)
        asking, elsewhere, nowhere = (self.member(ANN, key) for key in ("lobby", "far", "none"))
        self.hub.handle([Leave(nowhere, "none", None, silent=True)])
        self.hub.handle([Renamed(asking, User("1", "Anna"), "n")])
        expected = {"type": "renamed", "user": "1", "nick": "Anna"}
        self.assertEqual(asking.events, [{**expected, "id": "n"}])
        self.assertEqual([elsewhere.events, nowhere.events], [[expected], [expected]])
        ann.nick = "Anna"
        late = FakeConnection()
        self.hub.handle([Register(late), Identified(late, ann, "Ann")])
        self.assertEqual(late.events, [expected], "it was welcomed by the old nick")

    def test_a_nick_taken_by_hello_is_sent_to_all_except_that_connection(self):
        a, b, new = self.member(ANN), self.member(BOB), FakeConnection()
        self.hub.handle([Register(new), Renamed(new, User("1", "Anna"), None, greeting=True)])
        expected = {"type": "renamed", "user": "1", "nick": "Anna"}
        self.assertEqual([a.events, b.events, new.events], [[expected], [expected], []])

    def test_every_connection_of_a_user_uses_the_current_nick(self):
        """The reader of another connection may have put it before it could know the new one."""
        ann = OnlineUser(ANN)
        a, b = self.member(ANN), self.member(BOB)
        late = FakeConnection()
        self.hub.handle([Register(late), Identified(late, ann, "Ann")])
        orders: list[Order] = [Typing(a, "lobby", "lobby", ann), Enter(late, ann, "new", "new")]
        ann.nick = "Anna"
        self.hub.handle([Renamed(a, User("1", "Anna"), "n"), *orders])
        self.assertEqual([event["nick"] for event in b.events], ["Anna", "Anna"])
        self.news()
        self.assertEqual(late.events[-1]["joined"], [{"user": "1", "nick": "Anna"}])

    def test_an_unchanged_nick_is_answered_and_not_broadcast(self):
        a, b = self.member(ANN), self.member(BOB)
        self.hub.handle([Renamed(a, ANN, "n", changed=False)])
        self.assertEqual((len(a.events), len(b.events)), (1, 0))

    def test_nothing_is_remembered_of_connections_that_have_gone(self):
        a, gone = self.member(ANN), FakeConnection()
        self.hub.handle([Identified(gone, OnlineUser(ANN), "Ann"), Unregister(a)])
        self.assertEqual((self.hub._of_user, self.hub._user_of), ({}, {}))

    def test_a_barrier_is_answered_after_all_earlier_entries_are_delivered(self):
        a = self.member(ANN)
        there = []

        class Looking(Reply[None]):
            def give(self, answer: GochatError | None) -> None:
                there.append(len(a.events))

        barrier = Barrier(Looking())
        self.hub.handle([publish(entry(1)), publish(entry(2)), barrier, publish(entry(3))])
        self.assertEqual((there, len(a.events)), ([2], 3))


class ReadTest(HubCase):
    """A read mark of one connection is sent to the user's other connections."""

    def test_a_read_mark_is_sent_to_the_user_s_other_connections_in_the_room(self):
        reads, other, bob = self.member(ANN), self.member(ANN), self.member(BOB)
        elsewhere = self.member(ANN, "far")
        self.hub.handle([ReadMark(reads, ANN.id, "lobby", 7)])
        self.assertEqual(other.events, [{"type": "read", "room": "lobby", "seq": 7}])
        self.assertEqual([reads.offers, bob.offers, elsewhere.offers], [[], [], []])

    def test_a_connection_that_is_joining_gets_the_read_mark_in_joined(self):
        """Its reader thread may have read the database before the mark was stored there."""
        reads, late = self.member(ANN), FakeConnection()
        self.hub.handle([Register(late), Identified(late, OnlineUser(ANN), "Ann")])
        self.enter(late)
        self.hub.handle([ReadMark(reads, ANN.id, "lobby", seq) for seq in (7, 5)])
        self.assertEqual(late.offers, [])
        self.catch_up(late)
        self.assertEqual([event["type"] for event in late.events], ["joined"])
        self.assertEqual(late.events[0]["read"], 7)
        self.hub.handle([ReadMark(reads, ANN.id, "lobby", 8)])
        self.assertEqual(late.events[-1], {"type": "read", "room": "lobby", "seq": 8})

    def test_a_connection_with_a_first_part_gets_the_read_mark_at_once(self):
        reads, late = self.member(ANN), FakeConnection()
        self.hub.handle([Register(late), Identified(late, OnlineUser(ANN), "Ann")])
        self.enter(late)
        self.assertFalse(self.catch_up(late, last=False))
        self.hub.handle([ReadMark(reads, ANN.id, "lobby", 7)])
        self.assertEqual(late.events[-1], {"type": "read", "room": "lobby", "seq": 7})

    def test_no_read_mark_is_remembered_for_a_connection_that_left_while_joining(self):
        reads, late = self.member(ANN), FakeConnection()
        self.hub.handle([Register(late), Identified(late, OnlineUser(ANN), "Ann")])
        self.enter(late)
        self.hub.handle([ReadMark(reads, ANN.id, "lobby", 7), Leave(late, "lobby", None)])
        self.enter(late)
        self.catch_up(late)
        self.assertEqual(late.events[-1]["read"], 0)

    def test_a_read_mark_without_a_room_or_a_user_is_ignored(self):
        ann = self.member(ANN)
        self.hub.handle([ReadMark(ann, ANN.id, "nowhere", 1), ReadMark(ann, "gone", "lobby", 1)])
        self.assertEqual(ann.offers, [])

    def test_a_read_mark_with_many_recipients_is_charged_for_each(self):
        reads, *others = (self.member(ANN) for _ in range(100))
        reads.meter.cost = 0.0
        self.hub.handle([ReadMark(reads, ANN.id, "lobby", 1)])
        self.assertEqual({len(each.offers) for each in others}, {1})
        self.assertGreater(reads.meter.cost, 90 * prices.DELIVERY)
