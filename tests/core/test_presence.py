from gochat_py.core.presence import SHOWN, Changes, Member, Presence
from gochat_py.message import User
from tests.support.case import TestCase

ADA, BOB, CYN, DAN = (
    Member(User(f"u{n}", nick)) for n, nick in enumerate(["Ada", "Bob", "Cyn", "Dan"])
)
IDA = Member(User(ADA.user.id, "Ida"))
ADA_AWAY = Member(ADA.user, away=True)


class PresenceTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.presence = Presence()

    def test_a_change_is_in_one_event(self):
        self.assertFalse(self.presence.changed)
        self.presence.update(ADA)
        self.assertTrue(self.presence.changed)
        self.assertEqual(self.presence.flush(), Changes((ADA,), (), 1))
        self.assertFalse(self.presence.changed)

    def test_a_thousand_users_who_join_together_are_in_one_event(self):
        for number in range(1000):
            self.presence.update(Member(User(f"u{number}", "x")))
        self.assertEqual(len(self.presence.flush().joined), 1000)

    def test_a_user_who_joins_and_leaves_between_events_is_in_none(self):
        self.presence.update(ADA)
        self.presence.remove(ADA.user.id)
        self.assertFalse(self.presence.changed)

    def test_a_user_who_leaves_and_rejoins_between_events_is_in_none(self):
        self.presence.update(ADA)
        self.presence.flush()
        self.presence.remove(ADA.user.id)
        self.presence.update(ADA)
        self.assertFalse(self.presence.changed)

    def test_a_user_who_rejoins_under_another_nick_is_in_the_event(self):
        self.presence.update(ADA)
        self.presence.flush()
        self.presence.remove(ADA.user.id)
        self.presence.update(IDA)
        self.assertEqual(self.presence.flush(), Changes((IDA,), (), 1))

    def test_a_list_sent_between_two_events_is_completed_by_the_next_event(self):
        """Ada leaves, a user gets the list, Ada is back: that user must still see her."""
        self.presence.update(ADA)
        self.presence.flush()
        self.presence.remove(ADA.user.id)
        given = set(self.presence.shown)
        self.presence.update(ADA)
        self.presence.update(BOB)
        news = self.presence.flush()
        self.assertEqual((given | set(news.joined)) - set(), {ADA, BOB})
        self.assertEqual(news.member_count, 2)

    def test_a_new_nick_is_shown(self):
        self.presence.update(ADA)
        self.presence.flush()
        self.presence.renamed(IDA.user)
        self.assertEqual(list(self.presence.shown), [IDA])
        self.assertFalse(self.presence.changed)


class AwayTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.presence = Presence()
        self.presence.update(ADA)

    def test_a_user_who_is_away_or_back_is_in_the_next_event(self):
        self.presence.flush()
        self.presence.set_away(ADA.user.id, True)
        self.assertEqual(self.presence.flush(), Changes((ADA_AWAY,), (), 1))
        self.presence.set_away(ADA.user.id, False)
        self.assertEqual(self.presence.flush(), Changes((ADA,), (), 1))

    def test_a_user_who_is_away_only_between_events_is_in_none(self):
        self.presence.flush()
        self.presence.set_away(ADA.user.id, True)
        self.presence.set_away(ADA.user.id, False)
        self.assertFalse(self.presence.changed)

    def test_a_user_who_joins_and_is_away_at_once_is_in_one_event(self):
        self.presence.set_away(ADA.user.id, True)
        self.assertEqual(self.presence.flush(), Changes((ADA_AWAY,), (), 1))

    def test_a_rename_keeps_a_user_away(self):
        self.presence.set_away(ADA.user.id, True)
        self.presence.renamed(IDA.user)
        self.assertEqual(self.presence.flush().joined, (Member(IDA.user, away=True),))
        self.presence.renamed(ADA.user)
        self.assertEqual(list(self.presence.shown), [ADA_AWAY])


class CrowdTest(TestCase):
    """More members than are named; here the limit is two."""

    def setUp(self) -> None:
        super().setUp()
        self.presence = Presence(most=2)
        for member in (ADA, BOB, CYN):
            self.presence.update(member)

    def test_members_beyond_the_first_are_only_counted(self):
        self.assertEqual(self.presence.flush(), Changes((ADA, BOB), (), 3))
        self.presence.update(DAN)
        self.assertEqual(self.presence.flush(), Changes((), (), 4))
        self.assertEqual(list(self.presence.shown), [ADA, BOB])
        self.presence.remove(CYN.user.id)
        self.assertEqual(self.presence.flush(), Changes((), (), 3))

    def test_the_first_counted_member_takes_the_place_of_one_that_leaves(self):
        self.presence.flush()
        self.presence.update(DAN)
        self.presence.remove(ADA.user.id)
        self.assertEqual(self.presence.flush(), Changes((CYN,), (ADA.user.id,), 3))
        self.presence.remove(BOB.user.id)
        self.presence.remove(CYN.user.id)
        self.presence.update(ADA)
        news = Changes((DAN, ADA), (BOB.user.id, CYN.user.id), 2)
        self.assertEqual(self.presence.flush(), news)

    def test_a_counted_member_is_shown_with_its_current_state(self):
        self.presence.flush()
        self.presence.set_away(CYN.user.id, True)
        self.presence.renamed(User(CYN.user.id, "Cynthia"))
        self.assertFalse(self.presence.changed)
        self.presence.remove(ADA.user.id)
        cynthia = Member(User(CYN.user.id, "Cynthia"), away=True)
        self.assertEqual(self.presence.flush().joined, (cynthia,))

    def test_a_counted_member_that_rejoins_between_events_keeps_its_place(self):
        self.presence.flush()
        self.presence.update(DAN)
        self.presence.flush()
        self.presence.remove(CYN.user.id)
        self.presence.update(CYN)
        self.assertFalse(self.presence.changed)
        self.presence.remove(ADA.user.id)
        self.assertEqual(self.presence.flush().joined, (CYN,))

    def test_a_shown_member_is_counted_once(self):
        self.assertEqual(self.presence.count_with(CYN.user.id), 1)
        self.presence.flush()
        self.assertEqual(self.presence.count_with(CYN.user.id), 3)
        self.assertEqual(self.presence.count_with(DAN.user.id), 4)

    def test_a_thousand_members_are_named(self):
        presence = Presence()
        for number in range(SHOWN + 1):
            presence.update(Member(User(f"u{number}", "x")))
        news = presence.flush()
        self.assertEqual((len(news.joined), news.member_count), (1_000, 1_001))
