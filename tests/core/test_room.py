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
        self.room: Room[str] = Room(held=3, held_chars=5)

    def test_a_member_that_catches_up_gets_no_live_entries(self):
        self.room.enter("tab", ADA)
        self.assertEqual(list(self.room.publish(entries(2, 3))), [])
        self.assertEqual(self.room.caught_up("tab", 2), entries(3))
        self.assertEqual(list(self.room.publish(entries(4))), ["tab"])

    def test_two_connections_of_a_user_are_one_member(self):
        self.room.enter("one", ADA)
        self.room.presence.flush()
        self.room.enter("two", User(ADA.id, "the nick of yesterday"))
        self.assertFalse(self.room.presence.changed)
        self.assertEqual((len(self.room), self.room.member_count), (2, 1))
        self.room.leave("one")
        self.assertFalse(self.room.presence.changed)
        self.room.leave("two")
        self.assertEqual(self.room.presence.flush().left, (ADA.id,))
        self.assertEqual((len(self.room), self.room.member_count), (0, 0))

    def test_only_the_newest_entries_are_held_and_the_others_are_read(self):
        self.room.enter("tab", ADA)
        self.room.publish(entries(1, 2))
        self.room.publish(entries(3, 4))
        self.room.publish(entries(5))
        with self.assertRaises(Hole):
            self.room.caught_up("tab", 1)
        self.assertEqual(list(self.room.live), [])
        self.room.publish(entries(6))
        self.assertEqual(self.room.caught_up("tab", 3), entries(4, 5, 6))

    def test_the_length_of_held_texts_is_limited(self):
        self.room.enter("tab", ADA)
        long = entries(1)[0]._replace(text="xxxxxx")
        self.room.publish([long])
        with self.assertRaises(Hole):  # though nothing is held that could show it
            self.room.caught_up("tab", 0)
        self.room.publish(entries(2))
        self.assertEqual(self.room.caught_up("tab", 1), entries(2))

    def test_a_gap_is_read_again(self):
        self.room.enter("tab", ADA)
        self.room.publish(entries(4))
        with self.assertRaises(Hole):
            self.room.caught_up("tab", 2)
        self.assertEqual(list(self.room.live), [])
        self.assertEqual(self.room.caught_up("tab", 4), [])

    def test_nothing_is_held_if_no_member_catches_up(self):
        self.room.enter("tab", ADA)
        self.room.publish(entries(1, 2, 3, 4))
        self.room.caught_up("tab", 4)
        self.room.publish(entries(5))
        self.room.enter("two", BOB)
        self.assertEqual(self.room.caught_up("two", 5), [])

    def test_a_member_that_knows_the_others_gets_presence_events_while_catching_up(self):
        self.room.enter("tab", ADA)
        self.assertEqual(list(self.room.introduced), [])
        self.room.introduce("tab")
        self.assertEqual(list(self.room.introduced), ["tab"])
        self.assertEqual(list(self.room.publish(entries(1))), [])
        self.room.caught_up("tab", 1)
        self.assertEqual(list(self.room.introduced), ["tab"])

    def test_a_member_that_enters_again_catches_up_again(self):
        for _ in range(2):
            self.room.enter("tab", ADA)
            self.assertEqual(list(self.room.publish(entries(2))), [])
            self.assertEqual(self.room.caught_up("tab", 1), entries(2))
        self.assertEqual((len(self.room), list(self.room.live)), (1, ["tab"]))

    def test_a_member_that_left_while_catching_up_gets_nothing(self):
        self.room.enter("tab", ADA)
        self.room.leave("tab")
        self.room.leave("tab")
        self.assertIsNone(self.room.caught_up("tab", 1))
        self.assertEqual(len(self.room), 0)

    def test_only_members_are_renamed(self):
        self.room.enter("tab", ADA)
        self.room.presence.flush()
        self.assertTrue(self.room.renamed(User(ADA.id, "Ida")))
        self.assertFalse(self.room.renamed(BOB))
        self.assertEqual([each.user.nick for each in self.room.presence.shown], ["Ida"])

    def test_a_member_is_away_when_all_of_their_connections_are(self):
        def presence() -> tuple[Member, ...] | None:
            presence = self.room.presence
            return presence.flush().joined if presence.changed else None

        here, away = (Member(ADA),), (Member(ADA, away=True),)
        self.room.enter("one", ADA)
        self.assertEqual(presence(), here)
        self.room.set_away("one", True)
        self.assertEqual(presence(), away)
        self.room.enter("two", ADA)
        self.assertEqual(presence(), here)
        self.room.enter("three", ADA, away=True)
        self.assertIsNone(presence())
        self.room.leave("two")
        self.assertEqual(presence(), away)
        self.room.set_away("three", False)
        self.assertEqual(presence(), here)
        self.room.set_away("three", True)
        self.room.enter("one", ADA)
        self.assertEqual(presence(), away)

    def test_a_user_who_enters_as_away_is_shown_as_away_and_no_other_is(self):
        self.room.enter("tab", ADA, away=True)
        self.assertEqual(self.room.presence.flush().joined, (Member(ADA, away=True),))
        self.room.leave("tab")
        self.room.enter("tab", ADA)
        self.assertEqual(self.room.presence.flush().joined, (Member(ADA),))
