from gochat_py.core.presence import Member
from gochat_py.core.replay import Hole
from gochat_py.core.room import Room
from gochat_py.message import Entry, Kind, User
from tests.support.case import TestCase

ADA, BOB = User("u1", "Ada"), User("u2", "Bob")


def entries(*seqs: int) -> list[Entry]:
    return [
        Entry(
            kind=Kind.MESSAGE, room="a", key="a", seq=seq, user="u1", nick="Ada", time=0.0, text="x"
        )
        for seq in seqs
    ]


class RoomTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.room: Room[str] = Room(held=3)

    def test_who_catches_up_gets_nothing_live_until_they_have(self):
        self.room.enter("tab", ADA)
        self.assertEqual(list(self.room.publish(entries(2, 3))), [])
        self.assertEqual(self.room.caught_up("tab", entries(1, 2), 2), entries(1, 2, 3))
        self.assertEqual(list(self.room.publish(entries(4))), ["tab"])

    def test_two_tabs_are_one_member(self):
        self.room.enter("one", ADA)
        self.room.presence.flush(0.0)
        self.room.enter("two", User(ADA.id, "the nick of yesterday"))
        self.assertIsNone(self.room.presence.due(9.0))
        self.assertEqual((len(self.room), self.room.member_count), (2, 1))
        self.room.leave("one")
        self.assertIsNone(self.room.presence.due(9.0))
        self.room.leave("two")
        self.assertEqual(self.room.presence.flush(9.0).left, (ADA.id,))
        self.assertEqual((len(self.room), self.room.member_count), (0, 0))

    def test_too_much_held_is_let_go_and_read_again(self):
        self.room.enter("tab", ADA)
        self.room.publish(entries(1, 2))
        self.room.publish(entries(3, 4))
        self.room.publish(entries(5))
        with self.assertRaises(Hole):
            self.room.caught_up("tab", [], 0)
        self.room.publish(entries(6))
        self.assertEqual(
            self.room.caught_up("tab", entries(1, 2, 3, 4, 5), 5), entries(1, 2, 3, 4, 5, 6)
        )

    def test_a_hole_is_read_again_too(self):
        self.room.enter("tab", ADA)
        self.room.publish(entries(4))
        with self.assertRaises(Hole):
            self.room.caught_up("tab", entries(1, 2), 2)
        self.assertEqual(list(self.room.live), [])
        self.assertEqual(self.room.caught_up("tab", entries(1, 2, 3, 4), 4), entries(1, 2, 3, 4))

    def test_who_enters_again_catches_up_again(self):
        for _ in range(2):
            self.room.enter("tab", ADA)
            self.assertEqual(list(self.room.publish(entries(2))), [])
            self.assertEqual(self.room.caught_up("tab", entries(1), 1), entries(1, 2))
        self.assertEqual((len(self.room), list(self.room.live)), (1, ["tab"]))

    def test_who_left_while_reading_gets_nothing(self):
        self.room.enter("tab", ADA)
        self.room.leave("tab")
        self.room.leave("tab")
        self.assertIsNone(self.room.caught_up("tab", entries(1), 1))
        self.assertEqual(len(self.room), 0)

    def test_only_those_who_are_here_are_renamed(self):
        self.room.enter("tab", ADA)
        self.room.presence.flush(0.0)
        self.assertTrue(self.room.renamed(User(ADA.id, "Ida")))
        self.assertFalse(self.room.renamed(BOB))
        self.assertEqual([each.user.nick for each in self.room.presence.shown], ["Ida"])

    def test_a_member_is_away_when_all_of_their_connections_are(self):
        def told(now: float) -> tuple[Member, ...] | None:
            presence = self.room.presence
            return None if presence.due(now) is None else presence.flush(now).joined

        here, away = (Member(ADA),), (Member(ADA, away=True),)
        self.room.enter("one", ADA)
        self.assertEqual(told(1.0), here)
        self.room.set_away("one", True)
        self.assertEqual(told(2.0), away)
        self.room.enter("two", ADA)
        self.assertEqual(told(3.0), here)
        self.room.enter("three", ADA, away=True)
        self.assertIsNone(told(4.0))
        self.room.leave("two")
        self.assertEqual(told(5.0), away)
        self.room.set_away("three", False)
        self.assertEqual(told(6.0), here)
        self.room.set_away("three", True)
        self.room.enter("one", ADA)
        self.assertEqual(told(7.0), away)

    def test_who_comes_in_away_is_shown_so_and_nobody_inherits_it(self):
        self.room.enter("tab", ADA, away=True)
        self.assertEqual(self.room.presence.flush(0.0).joined, (Member(ADA, away=True),))
        self.room.leave("tab")
        self.room.enter("tab", ADA)
        self.assertEqual(self.room.presence.flush(1.0).joined, (Member(ADA),))
