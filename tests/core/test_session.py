from functools import partial

from gochat_py.codes import Close
from gochat_py.core import commands as c
from gochat_py.core.decisions import (
    AnswerPing,
    EnterRoom,
    Identify,
    LeaveRoom,
    ListRooms,
    MarkRead,
    ReadHistory,
    Rename,
    RunSearch,
    SetAway,
    ShowTyping,
)
from gochat_py.core.limits import TokenBucket
from gochat_py.core.session import RULES, Allowance, Session, State
from gochat_py.message import Draft, Kind, OnlineUser, Position, User
from gochat_py.refusals import Code, Refusal
from tests.support.case import TestCase
from tests.support.narrow import as_a, not_none

ADA = User("u1", "Ada")


class SessionTestCase(TestCase):
    allowance = Allowance(
        rate=1.0, burst=3, asking_rate=1.0, asking_burst=5, rooms=2, flood_count=3
    )

    def setUp(self) -> None:
        super().setUp()
        self.session = Session(self.allowance, 100.0)

    def refused(self, command: c.Command, now: float = 100.0) -> Refusal:
        with self.assertRaises(Refusal) as caught:
            self.session.receive(command, now)
        self.assertEqual(caught.exception.answers, command.id)
        return caught.exception


class GreetingTest(SessionTestCase):
    def test_hello_identifies_the_user(self):
        decision = self.session.receive(c.Hello("Bill", "t", "p", "curl", "1"), 100.0)
        self.assertEqual(decision, Identify("Bill", "blll", "t", "p", "curl", "1"))

    def test_other_commands_are_refused_before_the_user_is_identified(self):
        for command in (c.Ping({}, "1"), c.Join("a", id="2"), c.Send("a", "x", "3"), c.Rooms("4")):
            self.assertIs(self.refused(command).code, Code.HELLO_FIRST)
        self.session.welcomed(ADA, TokenBucket(self.allowance.rate, self.allowance.burst))
        self.assertIsInstance(self.session.receive(c.Rooms(), 100.0), ListRooms)

    def test_hello_may_be_sent_again_after_a_failure(self):
        self.session.receive(c.Hello("Ada"), 100.0)
        self.assertIsInstance(self.session.receive(c.Hello("Ida"), 100.0), Identify)

    def test_hello_is_due_within_ten_seconds(self):
        self.assertEqual(self.session.hello_due(100.0), 10.0)
        self.assertEqual(self.session.hello_due(111.0), 0.0)
        self.assertEqual(self.session.too_late().close, Close.NO_HELLO)
        self.session.welcomed(ADA, TokenBucket(self.allowance.rate, self.allowance.burst))
        self.assertIsNone(self.session.hello_due(111.0))


class OpenTest(SessionTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.session.welcomed(ADA, TokenBucket(self.allowance.rate, self.allowance.burst))
        self.session.receive(c.Join("Lobby"), 100.0)

    def test_a_second_hello_is_refused(self):
        self.assertIs(self.refused(c.Hello("Ida", id="1")).code, Code.BAD_FIELD)

    def test_every_command_has_its_rule(self):
        open_to = {command for state, command in RULES if state is State.OPEN}
        self.assertEqual(open_to, set(c.Command.__args__) - {c.Hello})

    def test_commands_that_write_become_drafts(self):
        made = partial(Draft, room="LOBBY", key="lobby", user=ADA, id="1")
        cases: tuple[tuple[c.Command, Draft], ...] = (
            (c.Send("LOBBY", "hi", "1", 7), made(kind=Kind.MESSAGE, text="hi", reply_to=7)),
            (c.Edit("LOBBY", 7, "ho", "1"), made(kind=Kind.EDITED, target=7, text="ho")),
            (c.Delete("LOBBY", 7, "1"), made(kind=Kind.DELETED, target=7)),
            (
                c.React("LOBBY", 7, "👍", False, "1"),
                made(kind=Kind.REACTED, target=7, emoji="👍", on=False),
            ),
            (c.Topic("LOBBY", "", "1"), made(kind=Kind.TOPIC, text="")),
        )
        for minute, (command, draft) in enumerate(cases, 2):
            with self.subTest(command=command):
                self.assertEqual(self.session.receive(command, 60.0 * minute), draft)

    def test_commands_that_read_become_decisions_to_read(self):
        now = 300.0
        for command, decision in (
            (c.Read("LOBBY", 4, "1"), MarkRead("lobby", ADA, 4, "1")),
            (c.History("LOBBY", 9, None, 20, "1"), ReadHistory("LOBBY", "lobby", 9, None, 20, "1")),
            (
                c.Search("tea", "u2", "LOBBY", 9, 20, "1"),
                RunSearch("tea", "u2", ("lobby",), 9, 20, "1"),
            ),
            (c.Search("tea", id="1"), RunSearch("tea", None, ("lobby",), None, 50, "1")),
            (
                c.Search("tea", id="1", next="1.1-7"),
                RunSearch("tea", None, ("lobby",), None, 50, "1", "1.1-7"),
            ),
            (c.Rooms("Lobby", 20, "1"), ListRooms("lobby", 20, "1")),
            (c.Nick("Bill", "1"), Rename(ADA, "Bill", "blll", "1")),
            (c.Ping({"id": "1"}, "1"), AnswerPing({"id": "1"})),
            (c.Leave("LOBBY", "1"), LeaveRoom("LOBBY", "lobby", "1")),
        ):
            with self.subTest(command=command):
                now += 1.0
                self.assertEqual(self.session.receive(command, now), decision)

    def test_a_room_can_be_joined_once_and_left_once(self):
        self.assertIs(self.refused(c.Join("lobby", id="1")).code, Code.DUPLICATE_JOIN)
        since = Position("e", 3)
        self.assertEqual(
            self.session.receive(c.Join("b", since, "2"), 100.0), EnterRoom("b", "b", since, "2")
        )
        self.assertIs(self.refused(c.Join("c", id="3")).code, Code.RATE_LIMITED)
        self.session.receive(c.Leave("lobby"), 100.0)
        self.assertIs(self.refused(c.Leave("lobby", id="4")).code, Code.NOT_JOINED)
        self.session.receive(c.Join("c"), 100.0)

    def test_commands_for_a_room_require_membership(self):
        for command in (
            c.Send("x", "t", "1"), c.Edit("x", 1, "t", "1"), c.Delete("x", 1, "1"),
            c.React("x", 1, "e", True, "1"), c.Topic("x", "t", "1"), c.Typing("x", "1"),
            c.Read("x", 1, "1"), c.History("x", id="1"), c.Search("t", room="x", id="1"),
            c.Leave("x", "1"),
        ):  # fmt: skip
            self.assertIs(self.refused(command).code, Code.NOT_JOINED)

    def test_a_failed_join_is_forgotten(self):
        self.session.left("lobby")
        self.assertIs(self.refused(c.Send("lobby", "t", "1")).code, Code.NOT_JOINED)

    def test_a_user_who_writes_too_fast_is_refused_with_the_time_to_wait(self):
        for number in range(3):
            self.session.receive(c.Send("lobby", "x", str(number)), 100.0)
        refusal = self.refused(c.Send("lobby", "x", "4"), 100.2501)
        self.assertEqual((refusal.code, refusal.retry_after), (Code.RATE_LIMITED, 0.75))
        self.session.receive(c.Send("lobby", "x", "4"), 100.2501 + not_none(refusal.retry_after))

    def test_reading_has_its_own_limit(self):
        for _ in range(4):
            self.session.receive(c.Rooms(), 100.0)
        self.assertIs(self.refused(c.Search("x", id="1")).code, Code.RATE_LIMITED)
        self.session.receive(c.Send("lobby", "x", "1"), 100.0)

    def test_joining_and_leaving_too_often_is_refused(self):
        for away in (True, False, True, False):
            decision = self.session.receive(c.Away(away, "1"), 100.0)
            self.assertEqual(decision, SetAway(away, "1"))
        self.assertIs(self.refused(c.Away(True, "1")).code, Code.RATE_LIMITED)

    def test_typing_is_sent_at_most_every_three_seconds_in_each_room(self):
        self.session.receive(c.Join("b"), 100.0)
        typing = c.Typing("lobby")
        self.assertEqual(self.session.receive(typing, 100.0), ShowTyping("lobby", "lobby", ADA))
        self.assertIsNone(self.session.receive(typing, 102.9))
        self.assertIsNotNone(self.session.receive(c.Typing("b"), 102.9))
        self.assertIsNotNone(self.session.receive(typing, 103.0))

    def test_a_rename_by_another_connection_is_used_in_the_next_draft(self):
        user = OnlineUser(User("u1", "Ada"))
        self.session.welcomed(user, TokenBucket(2.0, 3))
        user.nick = "Ida"
        draft = as_a(Draft, self.session.receive(c.Send("lobby", "x", "1"), 100.0))
        self.assertEqual(draft.user.nick, "Ida")

    def test_many_refused_commands_close_the_connection(self):
        refusals = [
            self.session.refused(self.refused(c.Typing("x", "1")), 100.0 + n) for n in range(3)
        ]
        self.assertEqual([refusal.close for refusal in refusals], [None, None, Close.FLOODING])
        self.assertTrue(refusals[-1].fatal)
        self.assertEqual(refusals[-1].answers, "1")
