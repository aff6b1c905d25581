from gochat_py.core.presence import News, Presence
from gochat_py.message import User
from tests.support.case import TestCase

ADA, BOB = User("u1", "Ada"), User("u2", "Bob")


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
            self.presence.came(User(f"u{number}", "x"))
        self.assertEqual(len(self.presence.flush(0.0).joined), 1000)

    def test_who_comes_and_goes_in_between_is_not_told_of(self):
        self.presence.came(ADA)
        self.presence.went(ADA.id)
        self.assertIsNone(self.presence.due(0.0))

    def test_who_goes_and_comes_back_in_between_was_never_away(self):
        self.presence.came(ADA)
        self.presence.flush(0.0)
        self.presence.went(ADA.id)
        self.presence.came(ADA)
        self.assertIsNone(self.presence.due(9.0))

    def test_who_comes_back_under_another_nick_is_told_of(self):
        self.presence.came(ADA)
        self.presence.flush(0.0)
        self.presence.went(ADA.id)
        self.presence.came(User(ADA.id, "Ida"))
        self.assertEqual(self.presence.flush(9.0), News((User(ADA.id, "Ida"),), (), 1))

    def test_a_list_given_in_between_is_put_right_by_the_next_news(self):
        """Ada leaves, somebody is given the list, Ada is back: leaving her out would lose her."""
        self.presence.came(ADA)
        self.presence.flush(0.0)
        self.presence.went(ADA.id)
        given = set(self.presence.shown)
        self.presence.came(ADA)
        self.presence.came(BOB)
        news = self.presence.flush(1.0)
        self.assertEqual((given | set(news.joined)) - set(), {ADA, BOB})
        self.assertEqual(news.member_count, 2)

    def test_a_new_nick_is_shown(self):
        self.presence.came(ADA)
        self.presence.flush(0.0)
        self.presence.renamed(User(ADA.id, "Ida"))
        self.assertEqual(list(self.presence.shown), [User(ADA.id, "Ida")])
        self.assertIsNone(self.presence.due(1.0))
