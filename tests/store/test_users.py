from gochat_py.message import User
from gochat_py.store import NickTaken, NotFound, history, users
from tests.support.store import ANN, StoreCase, message

DAY = 86_400.0


class UsersTest(StoreCase):
    def create(self, name, key=None, now=0.0):
        user = User(f"{name}-id", name)
        self.write(users.create, user, f"token of {name}".encode(), key or name, now)
        return user

    def claim(self, user, nick, key=None, now=0.0):
        return self.write(users.claim_nick, user.id, nick, key or nick.casefold(), now)

    def test_a_token_identifies_its_user(self):
        ann = self.create("ann")
        self.reopen()
        self.assertEqual(self.read(users.find, b"token of ann"), ann)
        self.assertIsNone(self.read(users.find, b"another"))

    def test_a_nick_is_refused_to_others_in_every_spelling(self):
        self.create("ann")
        bob = self.create("bob")
        with self.assertRaises(NickTaken):
            self.create("Ann", key="ann")
        with self.assertRaises(NickTaken):
            self.claim(bob, "ANN")
        self.assertEqual(self.read(users.find, b"token of bob"), bob)

    def test_a_user_may_take_another_nick_and_change_its_spelling(self):
        ann = self.create("ann")
        self.assertEqual(self.claim(ann, "Ann"), User(ann.id, "Ann"))
        self.assertEqual(self.claim(ann, "anna"), User(ann.id, "anna"))
        self.assertEqual(self.read(users.find, b"token of ann").nick, "anna")
        self.create("ann2", key="ann")  # let go, so it is free at once

    def test_a_released_nick_is_free_until_its_user_takes_it_again(self):
        ann = self.create("ann")
        self.write(users.release_nick, ann.id)
        self.assertEqual(self.read(users.find, b"token of ann"), ann)
        self.claim(ann, "ann")
        with self.assertRaises(NickTaken):
            self.create("another", key="ann")
        self.write(users.release_nick, ann.id)
        self.create("another", key="ann")
        with self.assertRaises(NickTaken):
            self.claim(ann, "ann")

    def test_a_nick_is_kept_for_thirty_days_after_its_user_was_seen(self):
        ann = self.create("ann")
        bob = self.create("bob")
        self.write(users.saw, [ann.id, "nobody"], 5 * DAY)
        self.write(users.saw, [ann.id], 4 * DAY)
        self.claim(ann, "ann", now=3 * DAY)
        self.assertEqual(self.read(users.holder, "ann", 34.9 * DAY), ann.id)
        with self.assertRaises(NickTaken):
            self.claim(bob, "ann", now=34.9 * DAY)
        self.claim(bob, "ann", now=35.1 * DAY)
        self.assertEqual(self.read(users.holder, "ann", 35.1 * DAY), bob.id)
        with self.assertRaises(NickTaken):
            self.claim(ann, "ann", now=35.2 * DAY)
        self.assertEqual(self.claim(ann, "anna", now=35.2 * DAY).nick, "anna")

    def test_an_unknown_user_has_no_nick(self):
        with self.assertRaises(NotFound):
            self.claim(User("nobody", "x"), "ann")
        self.create("ann")

    def test_a_refusal_leaves_the_transaction_as_it_was(self):
        self.create("ann")
        self.writer.begin()
        self.writer.apply(message("before"), 1.0)
        with self.assertRaises(NickTaken):
            self.writer.run(users.create, User("x", "ann"), b"x", "ann", 0.0)
        self.writer.run(users.create, User("y", "eve"), b"y", "eve", 0.0)
        self.writer.apply(message("after"), 1.0)
        self.writer.commit()
        self.assertEqual(self.read(history.newest, "tea").seq, 2)
        self.assertEqual(self.read(users.find, b"y"), User("y", "eve"))

    def test_a_read_mark_only_increases_and_not_beyond_the_newest_entry(self):
        self.write(users.create, ANN, b"ann", "ann", 1.0)
        for number in range(5):
            self.entry(message(str(number)))
        self.assertEqual(self.read(users.last_read, "ann-id", "tea"), 0)
        for seq, then in ((3, 3), (2, 3), (-1, 3), (1 << 70, 5)):
            self.assertEqual(self.write(users.mark_read, "ann-id", "tea", seq, 1.0), then)
        self.reopen()
        self.assertEqual(self.read(users.last_read, "ann-id", "tea"), 5)
        self.assertEqual(self.read(users.last_read, "bob-id", "tea"), 0)
        with self.assertRaises(NotFound):
            self.write(users.mark_read, "ann-id", "nowhere", 1, 1.0)

    def test_an_entry_of_the_same_transaction_can_be_marked_as_read(self):
        self.write(users.create, ANN, b"ann", "ann", 1.0)
        self.writer.begin()
        self.writer.apply(message("hi"), 1.0)
        self.assertEqual(self.writer.run(users.mark_read, "ann-id", "tea", 1, 1.0), 1)
        self.writer.commit()
