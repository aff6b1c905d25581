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

    def test_what_is_new_is_told_once(self):
        self.assertFalse(self.presence.changed)
        self.presence.update(ADA)
        self.assertTrue(self.presence.changed)
        self.assertEqual(self.presence.flush(), Changes((ADA,), (), 1))
        self.assertFalse(self.presence.changed)

    def test_a_thousand_who_come_together_are_one_piece_of_news(self):
        for number in range(1000):
            self.presence.update(Member(User(f"u{number}", "x")))
        self.assertEqual(len(self.presence.flush().joined), 1000)

    def test_who_comes_and_goes_in_between_is_not_told_of(self):
        self.presence.update(ADA)
        self.presence.remove(ADA.user.id)
        self.assertFalse(self.presence.changed)

    def test_who_goes_and_comes_back_in_between_was_never_away(self):
        self.presence.update(ADA)
        self.presence.flush()
        self.presence.remove(ADA.user.id)
        self.presence.update(ADA)
        self.assertFalse(self.presence.changed)

    def test_who_comes_back_under_another_nick_is_told_of(self):
        self.presence.update(ADA)
        self.presence.flush()
        self.presence.remove(ADA.user.id)
        self.presence.update(IDA)
        self.assertEqual(self.presence.flush(), Changes((IDA,), (), 1))

    def test_a_list_given_in_between_is_put_right_by_the_next_news(self):
        """Ada leaves, somebody is given the list, Ada is back: leaving her out would lose her."""
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

    def test_who_is_away_is_told_of_again_and_so_is_who_is_back(self):
        self.presence.flush()
        self.presence.set_away(ADA.user.id, True)
        self.assertEqual(self.presence.flush(), Changes((ADA_AWAY,), (), 1))
        self.presence.set_away(ADA.user.id, False)
        self.assertEqual(self.presence.flush(), Changes((ADA,), (), 1))

    def test_who_looks_away_for_a_moment_is_not_told_of(self):
        self.presence.flush()
        self.presence.set_away(ADA.user.id, True)
        self.presence.set_away(ADA.user.id, False)
        self.assertFalse(self.presence.changed)

    def test_who_comes_and_is_away_at_once_is_told_of_once(self):
        self.presence.set_away(ADA.user.id, True)
        self.assertEqual(self.presence.flush(), Changes((ADA_AWAY,), (), 1))

    def test_a_new_nick_leaves_who_is_away_away(self):
        self.presence.set_away(ADA.user.id, True)
        self.presence.renamed(IDA.user)
        self.assertEqual(self.presence.flush().joined, (Member(IDA.user, away=True),))
        self.presence.renamed(ADA.user)
        self.assertEqual(list(self.presence.shown), [ADA_AWAY])


class CrowdTest(TestCase):
    """More members than are told by name: here, two."""

    def setUp(self) -> None:
        super().setUp()
        self.presence = Presence(most=2)
        for member in (ADA, BOB, CYN):
            self.presence.update(member)

    def test_beyond_the_first_they_are_only_counted(self):
        self.assertEqual(self.presence.flush(), Changes((ADA, BOB), (), 3))
        self.presence.update(DAN)
        self.assertEqual(self.presence.flush(), Changes((), (), 4))
        self.assertEqual(list(self.presence.shown), [ADA, BOB])
        self.presence.remove(CYN.user.id)
        self.assertEqual(self.presence.flush(), Changes((), (), 3))

    def test_the_next_in_the_row_takes_the_place_of_who_leaves(self):
        self.presence.flush()
        self.presence.update(DAN)
        self.presence.remove(ADA.user.id)
        self.assertEqual(self.presence.flush(), Changes((CYN,), (ADA.user.id,), 3))
        self.presence.remove(BOB.user.id)
        self.presence.remove(CYN.user.id)
        self.presence.update(ADA)
        news = Changes((DAN, ADA), (BOB.user.id, CYN.user.id), 2)
        self.assertEqual(self.presence.flush(), news)

    def test_who_is_only_counted_is_shown_as_they_are_then(self):
        self.presence.flush()
        self.presence.set_away(CYN.user.id, True)
        self.presence.renamed(User(CYN.user.id, "Cynthia"))
        self.assertFalse(self.presence.changed)
        self.presence.remove(ADA.user.id)
        cynthia = Member(User(CYN.user.id, "Cynthia"), away=True)
        self.assertEqual(self.presence.flush().joined, (cynthia,))

    def test_who_is_only_counted_and_gone_for_a_moment_keeps_the_place_in_the_row(self):
        self.presence.flush()
        self.presence.update(DAN)
        self.presence.flush()
        self.presence.remove(CYN.user.id)
        self.presence.update(CYN)
        self.assertFalse(self.presence.changed)
        self.presence.remove(ADA.user.id)
        self.assertEqual(self.presence.flush().joined, (CYN,))

    def test_who_is_told_of_is_counted_once(self):
        self.assertEqual(self.presence.count_with(CYN.user.id), 1)
        self.presence.flush()
        self.assertEqual(self.presence.count_with(CYN.user.id), 3)
        self.assertEqual(self.presence.count_with(DAN.user.id), 4)

    def test_a_thousand_are_told_by_name(self):
        presence = Presence()
        for number in range(SHOWN + 1):
            presence.update(Member(User(f"u{number}", "x")))
        news = presence.flush()
        self.assertEqual((len(news.joined), news.member_count), (1_000, 1_001))
