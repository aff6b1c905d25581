from gochat_py.core.presence import SHOWN, Member, News, Presence
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
        self.presence = Presence(0.1)

    def test_the_first_news_is_due_at_once_and_the_next_a_tenth_of_a_second_later(self):
        self.assertIsNone(self.presence.due(5.0))
        self.presence.came(ADA)
        self.assertEqual(self.presence.due(5.0), 0.0)
        self.assertEqual(self.presence.flush(5.0), News((ADA,), (), 1))
        self.assertIsNone(self.presence.due(5.0))
        self.presence.came(BOB)
        self.assertAlmostEqual(self.presence.due(5.025), 0.075)
        self.assertEqual(self.presence.due(6.0), 0.0)

    def test_a_thousand_who_come_together_are_one_piece_of_news(self):
        for number in range(1000):
            self.presence.came(Member(User(f"u{number}", "x")))
        self.assertEqual(len(self.presence.flush(0.0).joined), 1000)

    def test_who_comes_and_goes_in_between_is_not_told_of(self):
        self.presence.came(ADA)
        self.presence.went(ADA.user.id)
        self.assertIsNone(self.presence.due(0.0))

    def test_who_goes_and_comes_back_in_between_was_never_away(self):
        self.presence.came(ADA)
        self.presence.flush(0.0)
        self.presence.went(ADA.user.id)
        self.presence.came(ADA)
        self.assertIsNone(self.presence.due(9.0))

    def test_who_comes_back_under_another_nick_is_told_of(self):
        self.presence.came(ADA)
        self.presence.flush(0.0)
        self.presence.went(ADA.user.id)
        self.presence.came(IDA)
        self.assertEqual(self.presence.flush(9.0), News((IDA,), (), 1))

    def test_a_list_given_in_between_is_put_right_by_the_next_news(self):
        """Ada leaves, somebody is given the list, Ada is back: leaving her out would lose her."""
        self.presence.came(ADA)
        self.presence.flush(0.0)
        self.presence.went(ADA.user.id)
        given = set(self.presence.shown)
        self.presence.came(ADA)
        self.presence.came(BOB)
        news = self.presence.flush(1.0)
        self.assertEqual((given | set(news.joined)) - set(), {ADA, BOB})
        self.assertEqual(news.member_count, 2)

    def test_a_new_nick_is_shown(self):
        self.presence.came(ADA)
        self.presence.flush(0.0)
        self.presence.renamed(IDA.user)
        self.assertEqual(list(self.presence.shown), [IDA])
        self.assertIsNone(self.presence.due(1.0))


class AwayTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.presence = Presence()
        self.presence.came(ADA)

    def test_who_is_away_is_told_of_again_and_so_is_who_is_back(self):
        self.presence.flush(0.0)
        self.presence.set_away(ADA.user.id, True)
        self.assertEqual(self.presence.flush(1.0), News((ADA_AWAY,), (), 1))
        self.presence.set_away(ADA.user.id, False)
        self.assertEqual(self.presence.flush(2.0), News((ADA,), (), 1))

    def test_who_looks_away_for_a_moment_is_not_told_of(self):
        self.presence.flush(0.0)
        self.presence.set_away(ADA.user.id, True)
        self.presence.set_away(ADA.user.id, False)
        self.assertIsNone(self.presence.due(9.0))

    def test_who_comes_and_is_away_at_once_is_told_of_once(self):
        self.presence.set_away(ADA.user.id, True)
        self.assertEqual(self.presence.flush(0.0), News((ADA_AWAY,), (), 1))

    def test_a_new_nick_leaves_who_is_away_away(self):
        self.presence.set_away(ADA.user.id, True)
        self.presence.renamed(IDA.user)
        self.assertEqual(self.presence.flush(0.0).joined, (Member(IDA.user, away=True),))
        self.presence.renamed(ADA.user)
        self.assertEqual(list(self.presence.shown), [ADA_AWAY])


class CrowdTest(TestCase):
    """More members than are told by name: here, two."""

    def setUp(self) -> None:
        super().setUp()
        self.presence = Presence(most=2)
        for member in (ADA, BOB, CYN):
            self.presence.came(member)

    def test_beyond_the_first_they_are_only_counted(self):
        self.assertEqual(self.presence.flush(0.0), News((ADA, BOB), (), 3))
        self.presence.came(DAN)
        self.assertEqual(self.presence.flush(1.0), News((), (), 4))
        self.assertEqual(list(self.presence.shown), [ADA, BOB])
        self.presence.went(CYN.user.id)
        self.assertEqual(self.presence.flush(2.0), News((), (), 3))

    def test_the_next_in_the_row_takes_the_place_of_who_leaves(self):
        self.presence.flush(0.0)
        self.presence.came(DAN)
        self.presence.went(ADA.user.id)
        self.assertEqual(self.presence.flush(1.0), News((CYN,), (ADA.user.id,), 3))
        self.presence.went(BOB.user.id)
        self.presence.went(CYN.user.id)
        self.presence.came(ADA)
        news = News((DAN, ADA), (BOB.user.id, CYN.user.id), 2)
        self.assertEqual(self.presence.flush(2.0), news)

    def test_who_is_only_counted_is_shown_as_they_are_then(self):
        self.presence.flush(0.0)
        self.presence.set_away(CYN.user.id, True)
        self.presence.renamed(User(CYN.user.id, "Cynthia"))
        self.assertIsNone(self.presence.due(9.0))
        self.presence.went(ADA.user.id)
        cynthia = Member(User(CYN.user.id, "Cynthia"), away=True)
        self.assertEqual(self.presence.flush(1.0).joined, (cynthia,))

    def test_who_is_only_counted_and_gone_for_a_moment_keeps_the_place_in_the_row(self):
        self.presence.flush(0.0)
        self.presence.came(DAN)
        self.presence.flush(1.0)
        self.presence.went(CYN.user.id)
        self.presence.came(CYN)
        self.assertIsNone(self.presence.due(9.0))
        self.presence.went(ADA.user.id)
        self.assertEqual(self.presence.flush(2.0).joined, (CYN,))

    def test_who_is_told_of_is_counted_once(self):
        self.assertEqual(self.presence.count_with(CYN.user.id), 1)
        self.presence.flush(0.0)
        self.assertEqual(self.presence.count_with(CYN.user.id), 3)
        self.assertEqual(self.presence.count_with(DAN.user.id), 4)

    def test_a_thousand_are_told_by_name(self):
        presence = Presence()
        for number in range(SHOWN + 1):
            presence.came(Member(User(f"u{number}", "x")))
        news = presence.flush(0.0)
        self.assertEqual((len(news.joined), news.member_count), (1_000, 1_001))
