"""A gochat.v1 connection waits for its own drafts before a command that would overtake them."""

import json
import math
from typing import Any, cast

from gochat_py.backplane import Backplane
from gochat_py.channel import Inbox
from gochat_py.codes import Close
from gochat_py.connection import Connection
from gochat_py.core.encode import Limits
from gochat_py.core.limits import TokenBucket
from gochat_py.core.session import Allowance
from gochat_py.log_limit import LogLimit
from gochat_py.message import OnlineUser, RoomInfo, User
from gochat_py.orders import Barrier, CatchUp, Census, Order
from gochat_py.refusals import Code, Refusal
from gochat_py.store.history import Page, Replay
from gochat_py.store.search import Found
from gochat_py.v1 import V1, Terms
from tests.support.case import TestCase
from tests.support.narrow import as_a, not_none
from tests.support.peer import free

Fields = dict[str, Any]

WRITTEN: dict[str, Fields] = {
    "send": {"room": "tea", "text": "x", "id": "1"},
    "edit": {"room": "tea", "seq": 1, "text": "x"},
    "delete": {"room": "tea", "seq": 1},
    "react": {"room": "tea", "seq": 1, "emoji": "x", "on": True},
    "topic": {"room": "tea", "text": "x"},
    "read": {"room": "tea", "seq": 1},
}
OVERTAKING: dict[str, Fields] = {
    "join": {"room": "other"},
    "leave": {"room": "tea"},
    "typing": {"room": "tea"},
    "away": {"away": True},
    "history": {"room": "tea"},
    "search": {"query": "x"},
    "rooms": {},
}
OTHERS: dict[str, Fields] = {
    "ping": {},
    "nick": {"nick": "Ida"},
    "hello": {"nick": "Ida"},
    "unheard of": {},
}


class Log(list[object]):
    """Records calls in order, in place of both the backplane and the connection."""

    meter = free()
    log_limit = LogLimit()
    address = "192.0.2.1"
    end = None

    def __init__(self) -> None:
        super().__init__()
        self.busy = False

    def publish(self, draft, sender) -> None:
        self.append("written")

    def mark_read(self, *_) -> None:
        self.append("written")

    def rename(self, *_) -> None:
        self.append("renamed")

    def barrier(self) -> None:
        self.append("barrier")
        if self.busy:
            raise Refusal(Code.BUSY, "busy")

    def page(self, *_) -> Page:
        self.append("done")
        return Page((), False)

    def search(self, *_) -> Found:
        self.append("done")
        return Found((), False, True)

    def name_of(self, key: str) -> str:
        return key

    def rooms(self, *_) -> tuple[list[RoomInfo], bool]:
        return [], False

    def replay(self, *_) -> tuple[Replay, int]:
        return Replay((), False, False, 0, "other", "", "e"), 0

    def send_event(self, event: bytes) -> None:
        self.append(json.loads(event))

    def close(self, code: int, reason: str = "") -> None:
        self.append(code)


class AnsweringInbox(Inbox[Order]):
    """The hub's inbox; each order is handled at once."""

    def __init__(self, log: Log) -> None:
        super().__init__(1)
        self.log = log

    def put(self, item: Order, block: bool = True, timeout: float | None = None) -> None:
        self.log.append("asked the hub" if isinstance(item, Barrier) else "done")
        match item:
            case Barrier():
                item.reply.give(None)
            case Census():
                item.reply.give({})
            case CatchUp():
                item.reply.give(True)
                if item.named is not None:
                    item.named.give(not_none(item.first).info.room)


class OrderingTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.begin()

    def begin(self) -> None:
        """A new connection, which is in one room."""
        self.log = Log()
        self.connection = cast(Connection, self.log)
        limits = Limits(
            max_message_bytes=1, max_text_chars=1, rate=1.0, burst=1, history=1, rooms=1
        )
        terms = Terms(
            Allowance(asking_rate=math.inf), limits, 54.0, "tea", lambda _given, _meter: None
        )
        self.dialect = V1(AnsweringInbox(self.log), cast(Backplane, self.log), terms)
        bucket = TokenBucket(math.inf, 1)
        self.dialect._session.welcomed(OnlineUser(User("u", "Ada")), bucket)
        self.say("join", room="tea")
        self.happened()

    def say(self, kind: str, **fields) -> None:
        self.dialect.received(self.connection, [json.dumps({"type": kind, "id": "1", **fields})])

    def happened(self) -> list[str | int]:
        happened, self.log[:] = self.log[:], []
        return [each for each in happened if isinstance(each, str | int)]

    def test_drafts_do_not_wait_for_earlier_drafts(self):
        for _ in range(3):
            for kind, fields in WRITTEN.items():
                self.say(kind, **fields)
        self.assertEqual(self.happened(), ["written"] * 18)

    def test_a_command_that_would_overtake_a_draft_waits_once(self):
        for written, its in WRITTEN.items():
            for kind, fields in OVERTAKING.items():
                with self.subTest(f"{written}, {kind}"):
                    self.begin()
                    self.say(written, **its)
                    self.say(kind, **fields)
                    first, *rest = self.happened()
                    self.assertEqual((first, rest[0]), ("written", "barrier"))
                    self.assertIn("done", rest)
                    self.say("away", away=False)
                    self.assertEqual(self.happened(), ["done"], "it is known to be done by now")

    def test_a_command_does_not_wait_if_no_draft_is_pending(self):
        for kind, fields in OVERTAKING.items():
            self.say(kind, **fields)
        self.assertNotIn("barrier", self.happened())
        self.say("join", room="tea")
        self.happened()
        self.say("send", **WRITTEN["send"])
        for kind, fields in OTHERS.items():
            self.say(kind, **fields)
        self.assertEqual(self.happened(), ["written", "renamed"])
        self.say("typing", room="tea")
        self.assertNotIn("barrier", self.happened(), "the answer to nick came after the message")

    def test_a_command_that_waits_too_long_is_refused_and_not_carried_out(self):
        self.say("send", **WRITTEN["send"])
        self.log.busy = True
        self.say("leave", room="tea", id="2")
        refusal = as_a(dict, self.log[-1])
        self.assertEqual((refusal["code"], refusal["id"]), ("busy", "2"))
        self.assertEqual(self.happened(), ["written", "barrier"])
        self.log.busy = False
        self.say("leave", room="tea", id="3")
        self.assertEqual(self.happened(), ["barrier", "done"], "it is still a member")

    def test_the_end_waits_only_for_answers_that_are_pending(self):
        self.dialect.ending(self.connection)
        self.assertEqual(self.happened(), [])
        self.say("send", **WRITTEN["send"])
        self.dialect.ending(self.connection)
        self.assertEqual(self.happened(), ["written", "barrier", "asked the hub"])
        self.say("leave", room="tea")
        self.dialect.ending(self.connection)
        self.dialect.ending(self.connection)
        self.assertEqual(self.happened(), ["done", "asked the hub"])

    def test_before_the_server_closes_a_connection_it_answers_all_commands(self):
        self.say("send", **WRITTEN["send"])
        self.dialect.received(self.connection, [b"binary"])
        self.assertEqual(
            self.happened(), ["written", "barrier", "asked the hub", Close.UNSUPPORTED_DATA]
        )
        self.say("send", **WRITTEN["send"])
        for _ in range(50):
            self.say("unheard of")
        self.assertEqual(self.happened(), ["written", "barrier", "asked the hub", Close.FLOODING])

    def test_a_busy_server_does_not_delay_the_end(self):
        self.say("send", **WRITTEN["send"])
        self.log.busy = True
        self.dialect.ending(self.connection)
        self.assertEqual(self.happened(), ["written", "barrier"])
