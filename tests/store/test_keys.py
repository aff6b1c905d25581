"""Migrations of files of earlier versions: limits, counts, and the keys of names."""

import sqlite3
from contextlib import closing
from unittest import mock

from gochat_py.core.names import KEY_VERSION
from gochat_py.message import User
from gochat_py.store import history, keys, retention, schema, search, trigrams, users
from gochat_py.store.budget import Budget
from tests.support.case import PATIENCE
from tests.support.store import ANN, BOB, StoreCase, delete, message, react, topic


class KeysTest(StoreCase):
    def reopen_with(self, **rules):
        """Open the directory under another rule for names, of the next version."""
        self.close()
        with mock.patch.multiple(keys, KEY_VERSION=KEY_VERSION + 1, **rules):
            self.open()

    def create(self, user, key, seen):
        self.write(users.create, user, user.id.encode(), key, seen)

    def holders(self):
        query = "SELECT nick_key, id FROM users WHERE nick_key IS NOT NULL"
        return dict(self.read(lambda c: c.execute(query).fetchall()))

    def test_of_nicks_with_one_new_key_the_user_seen_last_keeps_it(self):
        self.create(User("1", "Bob"), "bob", 10.0)
        self.create(User("2", "B0b"), "b0b", 20.0)
        self.create(User("3", "Cyn"), "cyn", 5.0)
        self.create(User("4", "Dan"), "dan", 5.0)
        self.write(users.release_nick, "4")
        self.reopen_with(nick_key=lambda nick: nick.lower().replace("0", "o"))
        self.assertEqual(self.holders(), {"bob": "2", "cyn": "3"})

    def test_rooms_are_found_by_their_new_keys_and_none_is_lost(self):
        for room in ("Tea", "Te-a", "Milk"):
            self.entry(message(room, room=room))
        self.reopen_with(room_key=lambda name: name.upper().replace("-", ""))
        found, _ = self.read(history.rooms)
        self.assertEqual(
            {info.key: info.room for info in found}, {"TEA": "Tea", "te-a": "Te-a", "MILK": "Milk"}
        )
        self.assertEqual(self.read(history.newest, "TEA").entries[0].text, "Tea")

    def test_with_unchanged_rules_no_key_is_computed(self):
        self.create(User("1", "Bob"), "bob", 10.0)
        self.close()
        with mock.patch.object(keys, "nick_key", side_effect=AssertionError):
            self.open()
        self.assertEqual(self.holders(), {"bob": "1"})


class IndexTest(StoreCase):
    def find(self, query):
        found = self.read(search.search, ["tea"], query, budget=Budget(PATIENCE))
        return [entry.seq for entry in found.entries]

    def test_other_folding_rules_rebuild_the_index(self):
        for text in ("Ada", "Bob", "Ada and Bob"):
            self.entry(message(text))
        self.index()
        self.close()
        with (
            mock.patch.multiple(trigrams, FOLD_VERSION=-1, fold=str.upper),
            mock.patch.object(search, "fold", str.upper),
        ):
            self.open()
            self.assertEqual(self.read(trigrams.backlog), 3)
            self.assertEqual(self.find("ada"), [3, 1])
            self.index()
            self.assertEqual(self.find("ada"), [3, 1])
            self.entry(delete(1))
            self.assertEqual(self.find("ada"), [3])
            self.scrub()
            terms = self.read(lambda c: c.execute("SELECT term FROM gram_list").fetchall())
            self.assertIn(("ADA",), terms)
            self.assertNotIn(("ada",), terms)


class ReactionsMigrationTest(StoreCase):
    """Two spellings of one emoji were two reactions, until the third version."""

    def make_it_old(self):
        """Let the file be one of the second version."""
        self.close()
        with closing(sqlite3.connect(self.place / "data" / "gochat.db")) as db, db:
            db.execute("DELETE FROM migrations WHERE version > 2")
            db.execute("ALTER TABLE rooms DROP COLUMN start")
            for table in ("terms", "room_terms", "dropped"):
                db.execute(f"DROP TABLE {table}")
            db.execute("DELETE FROM meta WHERE name IN ('identity', 'commit', 'replayed')")
            db.execute("INSERT INTO meta VALUES ('epoch', 'e'), ('boot', ''), ('clean', 1)")

    def test_of_two_reactions_with_one_new_form_the_last_one_counts(self):
        self.entry(message("hi"))
        for emoji, on, user in (
            ("❤", True, ANN), ("❤️", True, ANN), ("❤️", False, ANN), ("☺️", True, BOB),
            ("☺", True, ANN), ("1⃣", True, BOB), ("👍", True, BOB), ("❤", True, BOB),
        ):  # fmt: skip
            self.entry(react(1, emoji, on, user))
        self.make_it_old()
        self.open()
        said, *changes = self.read(history.page, "tea").entries
        expected = {
            "☺️": (BOB.id, ANN.id),
            "1️⃣": (BOB.id,),
            "👍": (BOB.id,),
            "❤️": (BOB.id,),
        }
        self.assertEqual(said.reactions, expected)
        last = {(change.emoji, change.user): change.on for change in changes}
        whoever_follows = {(emoji, user) for emoji, users in expected.items() for user in users}
        self.assertEqual({who for who, on in last.items() if on}, whoever_follows)
        self.assertTrue(self.apply(react(1, "❤️", True, BOB)).duplicate)
        self.assertFalse(self.apply(react(1, "❤️", True, ANN)).duplicate)


class MigrationTest(StoreCase):
    def open(self):
        """The first time, make a file as the first version did."""
        place = self.place / "data"
        if not place.exists():
            place.mkdir(mode=0o700)
            with (
                mock.patch.object(schema, "MIGRATIONS", schema.MIGRATIONS[:1]),
                closing(sqlite3.connect(place / "gochat.db", isolation_level=None)) as db,
            ):
                db.execute("PRAGMA auto_vacuum = INCREMENTAL")
                schema.migrate(db, str(place), 1.0)
                db.execute("INSERT INTO rooms (id, key, name, seq) VALUES (1, 'tea', 'Tea', 2)")
                db.execute(
                    "INSERT INTO entries (id, kind, user, nick, time, sent, text)"
                    " VALUES (1 << 40 | 2, 4, 'ann-id', 'ann', 1.0, 't', 'biscuits')"
                )
                db.execute(
                    "INSERT INTO entries (id, kind, user, nick, time, text)"
                    " VALUES (1 << 40 | 1, 0, 'ann-id', 'ann', 1.0, 'hello')"
                )
                for user in ("ann", "bob"):
                    db.execute(
                        "INSERT INTO users (id, token, nick, nick_key, seen)"
                        f" VALUES ('{user}-id', '{user}', '{user}', '{user}', 1.0)"
                    )
                db.execute("INSERT INTO reads (user, room, seq) VALUES ('ann-id', 1, 1)")
        super().open()

    def meta(self):
        return dict(self.read(lambda c: c.execute("SELECT name, value FROM meta").fetchall()))

    def test_a_migration_keeps_and_counts_the_entries(self):
        meta = self.meta()
        self.assertEqual((meta["users"], meta["rooms"], meta["floor"]), (2, 1, 0))
        self.assertEqual(self.read(users.last_read, ANN.id, "tea"), 1)
        self.assertEqual(self.entry(message("next")).seq, 3)
        self.entry(message("other", room="Milk"))
        self.assertEqual(self.meta()["rooms"], 2)

    def test_a_retry_of_an_old_topic_is_found_after_the_migration(self):
        again = self.apply(topic("biscuits", id="t"))
        self.assertEqual((again.entry.seq, again.duplicate), (2, True))
        self.assertFalse(self.apply(topic("cake", id="t")).duplicate)

    def test_the_beginning_of_an_old_room_is_unknown(self):
        self.assertFalse(self.read(history.page, "tea").truncated)
        self.write(retention.trim, retention.Rule(1e9, keep=1.0))
        self.assertTrue(self.read(history.page, "tea").truncated)

    def test_no_old_user_counts_as_one_who_never_wrote(self):
        self.write(users.forget, 10 * users.DAY)
        self.assertEqual(self.meta()["users"], 2)
        self.assertEqual(self.read(users.find, b"bob"), None)
        self.write(users.forget, 31 * users.DAY)
        self.assertEqual(self.meta()["users"], 0)
        self.write(users.create, BOB, b"bob", "bob", 31 * users.DAY)
        self.assertEqual(self.meta()["users"], 1)
