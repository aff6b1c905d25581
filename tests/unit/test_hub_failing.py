"""After an error in the hub, the connections concerned are closed, and the others are served."""

from typing import cast
from unittest import mock

from gochat_py.channel import Reply
from gochat_py.codes import Close
from gochat_py.connection import Connection
from gochat_py.core.delivery import Written
from gochat_py.core.entry_json import entry_json
from gochat_py.errors import Closed
from gochat_py.hub import RULES, Hub
from gochat_py.hub_room import HubRoom
from gochat_py.message import Entry, Kind
from gochat_py.orders import (
    Away,
    CatchUp,
    Census,
    Leave,
    Publish,
    ReadMark,
    Renamed,
    Typing,
    Unregister,
)
from gochat_py.refusals import Refusal
from tests.unit.test_hub import ANN, BOB, HubCase

#: Whatever it is, it must not end the hub.
FAULTS = (MemoryError(), KeyError("nobody thought of it"), TypeError("not a str"))

INTERNAL = [Close.INTERNAL_ERROR]


#: The answer to a `Census`.
CensusReply = Reply[dict[str, tuple[str, int]]]


def written(seq: int, key: str = "lobby", **fields) -> Written[Connection]:
    entry = Entry(Kind.MESSAGE, key, key, seq, ANN.id, ANN.nick, 1.0, f"m{seq}", "hi", **fields)
    return Written(entry, None, None, False, entry_json(entry))


class HubFailingTest(HubCase):
    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob = self.member(ANN), self.member(BOB)
        self.cyn = self.member(BOB, "tea")
        self.news()
        for each in (self.ann, self.bob, self.cyn):
            each.offers.clear()

    def said(self, connection) -> bool:
        """Whether the connection gets messages of its room."""
        connection.offers.clear()
        key = "tea" if connection is self.cyn else "lobby"
        self.hub.handle([Publish((written(9, key),))])
        return any(b'"seq":9' in frames for frames, _ in connection.offers)

    def orders(self, reply):
        """Each kind of order, of Ann's."""
        return [
            CatchUp(self.ann, "lobby", 0, "", True, reply),
            Leave(self.ann, "lobby", None),
            Typing(self.ann, "lobby", "lobby", ANN),
            ReadMark(self.ann, ANN.id, "lobby", 1),
            Away(self.ann, True, None),
            Renamed(self.ann, ANN, None),
            Unregister(self.ann),
        ]

    def test_an_order_that_fails_closes_its_connection_and_no_other(self):
        for error in FAULTS:
            for number in range(len(self.orders(None))):
                with self.subTest(repr(error), number=number):
                    self.ann = self.member(ANN)
                    reply: Reply[bool] = Reply()
                    order = self.orders(reply)[number]
                    rule = mock.Mock(side_effect=error)
                    with (
                        mock.patch.dict(RULES, {type(order): rule}),
                        mock.patch.object(self.hub._failing, "_failures") as logged,
                    ):
                        self.hub.handle([order, Publish((written(1),))])
                    self.assertEqual(logged.log.call_args.args[0], error)
                    self.assertEqual(self.ann.closed_with, INTERNAL)
                    self.assertNotIn(self.ann, self.hub._connections)
                    self.assertEqual(self.bob.closed_with, [])
                    self.assertTrue(self.said(self.bob))
                    if isinstance(order, CatchUp):
                        with self.assertRaises(Refusal):
                            reply.wait(0)

    def test_the_error_is_logged_with_its_traceback(self):
        with (
            mock.patch.dict(RULES, {Typing: mock.Mock(side_effect=ValueError("why"))}),
            self.assertLogs("gochat_py.failures", "ERROR") as logs,
        ):
            for _ in range(5):
                self.hub.handle([Typing(self.ann, "lobby", "lobby", ANN)])
        (record,) = logs.records
        self.assertIn("Typing", record.getMessage())
        self.assertIsNotNone(record.exc_info)

    def test_a_census_that_fails_is_answered(self):
        reply = CensusReply()
        with (
            mock.patch.dict(RULES, {Census: mock.Mock(side_effect=KeyError)}),
            self.assertLogs("gochat_py.failures", "ERROR"),
        ):
            self.hub.handle([Census((), "", None, 10, reply)])
        with self.assertRaises(Refusal):
            reply.wait(0)

    def test_messages_that_cannot_be_delivered_close_the_connections_of_their_room_only(self):
        """Their clients reconnect with their position, and miss nothing."""
        broken = written(1)._replace(encoded=cast(str, b"not a str"))
        catching_up = self.member(ANN)
        self.enter(catching_up)
        with self.assertLogs("gochat_py.failures", "ERROR"):
            self.hub.handle([Publish((broken, written(1, "tea")))])
        for each in (self.ann, self.bob, catching_up):
            self.assertEqual(each.closed_with, INTERNAL)
            self.assertNotIn(each, self.hub._connections)
        self.assertEqual(self.cyn.closed_with, [])
        self.assertTrue(any(b'"seq":1' in frames for frames, _ in self.cyn.offers))
        self.assertNotIn("lobby", self.hub._rooms)

    def test_a_presence_event_that_cannot_be_sent_closes_the_connections_of_its_room_only(self):
        for victim in ("presence_event", "_send"):
            with self.subTest(victim):
                self.hub = Hub(compress_from=100)
                self.ann, self.cyn = self.member(ANN), self.member(BOB, "tea")
                dan = self.member(ANN, "tea")
                where = HubRoom if victim == "presence_event" else Hub
                real = getattr(where, victim)

                def fail(itself, *args, _real=real):
                    room = itself if isinstance(itself, HubRoom) else None
                    in_lobby = room.key == "lobby" if room else self.ann in list(args[0])
                    if in_lobby:
                        raise MemoryError
                    return _real(itself, *args)

                with (
                    mock.patch.object(where, victim, fail),
                    self.assertLogs("gochat_py.failures", "ERROR"),
                ):
                    self.hub.send_presence(2e9)
                self.assertEqual(self.ann.closed_with, INTERNAL)
                self.assertEqual((self.cyn.closed_with, dan.closed_with), ([], []))

    def test_a_hub_that_fails_closes_its_inbox_and_all_connections(self):
        reply, waits = CensusReply(), CensusReply()
        self.hub.inbox.put(Census((), "", None, 10, reply))
        with (
            mock.patch.object(self.hub, "send_presence", side_effect=SystemError("over")),
            mock.patch.object(self.hub, "handle"),
            self.assertRaises(SystemError),
        ):
            self.hub.inbox.put(Census((), "", None, 10, waits))
            self.hub.run()
        for each in (self.ann, self.bob, self.cyn):
            self.assertEqual(each.closed_with, INTERNAL)
        with self.assertRaises(Closed):
            self.hub.inbox.put(Unregister(self.ann))

    def test_threads_that_wait_for_a_hub_that_fails_are_answered(self):
        in_hand, waiting = CensusReply(), CensusReply()
        self.hub.inbox.put(Census((), "", None, 10, in_hand))

        def end(_batch):
            self.hub.inbox.put(Census((), "", None, 10, waiting))
            raise SystemError

        with mock.patch.object(self.hub, "handle", end), self.assertRaises(SystemError):
            self.hub.run()
        for reply in (in_hand, waiting):
            with self.assertRaises(Closed):
                reply.wait(0)
