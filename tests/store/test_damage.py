"""A damaged row or page fails what needs it, or is shown as deleted; everything else works."""

import json
import sqlite3
from unittest import mock

from gochat_py import failures
from gochat_py.backplane.maintenance import Maintenance
from gochat_py.core.clock import EARLIEST
from gochat_py.core.entry_json import entry_json
from gochat_py.errors import StartupError
from gochat_py.message import Position
from gochat_py.store import (
    Damaged,
    StorageFailed,
    history,
    keys,
    retention,
    rows,
    search,
    trigrams,
    users,
)
from gochat_py.store.schema import SEQ_BITS
from tests.support import damage
from tests.support.store import ANN, BOB, StoreCase, delete, edit, message, react, topic

#: What a column may be found to hold, in SQL. Not UTF-8 is shown as far as it can be, so is apart.
NOT_TEXT = ("NULL", "x'ff00'")
NOT_A_NUMBER = ("NULL", "x'ff'", "'soon'", "9e999")


class DamageCase(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(mock.patch.object(failures, "log"))

    def damage(self, statement: str) -> None:
        damage.execute(self.directory.database, statement)

    def page(self, **wanted):
        return self.read(history.page, "tea", **wanted).entries


class EntryTest(DamageCase):
    def setUp(self) -> None:
        super().setUp()
        for number in range(1, 6):
            self.entry(message(f"text {number}", id=str(number)))

    def test_a_damaged_entry_is_shown_as_deleted_and_the_others_unchanged(self):
        whole = self.page()
        for column, values in {
            "kind": ("NULL", "'x'", "99", "-1", "x'00'", "3.5"),
            "user": NOT_TEXT,
            "nick": NOT_TEXT,
            "time": NOT_A_NUMBER,
            "sent": ("x'ff00'",),
            "text": NOT_TEXT,
            "reply_to": ("'x'", "x'ff'", "1.5", "-1"),
            "edited": ("'x'", "x'ff'", "9e999"),
        }.items():
            for value in values:
                with self.subTest(f"{column} = {value}"):
                    self.damage(f"UPDATE entries SET {column} = {value} WHERE id & 255 = 3")
                    found = self.page()
                    self.assertEqual([entry.seq for entry in found], [1, 2, 3, 4, 5])
                    self.assertTrue(found[2].deleted)
                    self.assertIsNone(found[2].text)
                    self.assertEqual((*found[:2], *found[3:]), (*whole[:2], *whole[3:]))
                    for entry in found:  # and it can be told to a client
                        event = json.loads(entry_json(entry))
                        self.assertEqual(event["type"], "message")
                        self.assertIsInstance(event["user"], str)
                    replay = self.read(history.since, "tea", Position(self.directory.epoch, 2))
                    self.assertTrue(replay.recovered)
                    self.assertEqual([entry.seq for entry in replay.entries], [3, 4, 5])
                    self.assertEqual(
                        [entry.seq for entry in self.read(search.search, ["tea"], "text").entries],
                        [entry.seq for entry in found[::-1] if entry.text is not None],
                    )
                    self.damage(
                        "UPDATE entries SET kind = 0, user = 'ann-id', nick = 'ann',"
                        f" time = {whole[2].time}, sent = '3', text = 'text 3', reply_to = NULL,"
                        " edited = NULL WHERE id & 255 = 3"
                    )
                    self.assertEqual(self.page(), whole)

    def test_a_change_whose_target_is_damaged_is_shown_as_deleted_too(self):
        for change, columns in (
            (edit(1, "changed"), ["target"]),
            (react(1, "👍"), ["target", "emoji"]),
            (topic("tea"), ["text"]),
        ):
            seq = self.entry(change).seq
            whole = self.page()[-1]
            self.assertFalse(whole.deleted)
            for column in columns:
                for value in ("NULL", "x'ff00'"):
                    self.damage(f"UPDATE entries SET {column} = {value} WHERE id & 255 = {seq}")
                    last = self.page()[-1]
                    self.assertEqual((last.seq, last.deleted, last.emoji), (seq, True, None))

    def test_invalid_utf_8_in_a_text_is_replaced(self):
        for column in ("text", "nick"):
            self.damage(
                f"UPDATE entries SET {column} = CAST(x'7465e92078' AS TEXT) WHERE id & 255 = 3"
            )
            found = self.page()
            self.assertEqual(len(found), 5)
            self.assertEqual(getattr(found[2], column), "te\ufffd x")
        self.assertEqual(self.read(search.search, ["tea"], "te\ufffd").entries[0].seq, 3)
        self.assertEqual(self.read(search.search, ["tea"], "text 4").entries[0].seq, 4)

    def test_a_damaged_reaction_is_left_out(self):
        self.entry(react(1, "👍"))
        self.entry(react(1, "👍", user=BOB))
        self.damage("UPDATE reactions SET user = x'ff' WHERE user = 'bob-id'")
        self.assertEqual(dict(self.page()[0].reactions), {"👍": ("ann-id",)})
        self.damage("UPDATE reactions SET emoji = x'ff'")
        self.assertEqual(dict(self.page()[0].reactions), {})

    def test_a_damaged_entry_can_be_deleted_and_others_can_follow_it(self):
        for value in ("x'ff00'", "CAST(x'ff' AS TEXT)", "NULL"):
            self.index()
            seq = self.entry(message("to be damaged")).seq
            self.index()
            self.damage(f"UPDATE entries SET text = {value} WHERE id & 255 = {seq}")
            self.entry(delete(seq))
            self.damage(f"UPDATE entries SET time = 'x' WHERE id & 255 = {seq + 1}")
            self.reopen()  # the journal knows nothing of the room
            self.assertEqual(self.entry(message("after")).seq, seq + 2)

    def test_maintenance_continues_after_a_damaged_entry(self):
        for number, (column, value) in enumerate(
            [("text", "x'ff'"), ("text", "CAST(x'ff' AS TEXT)"), ("time", "'x'"), ("kind", "'x'")],
            start=1,
        ):
            self.damage(f"UPDATE entries SET {column} = {value} WHERE id & 255 = {number}")
        self.index()
        self.assertEqual(self.read(trigrams.backlog), 0)
        self.assertEqual(self.read(search.search, ["tea"], "text 5").entries[0].seq, 5)
        trimmed = self.write(retention.trim, retention.Rule(3e6, keep=1e6), batch=100)
        self.assertEqual(trimmed.entries, 5)
        self.scrub()
        dropped, _ = self.write(retention.drop_rooms, 3e6)
        self.assertEqual(dropped, 1)


class RoomTest(DamageCase):
    def setUp(self) -> None:
        super().setUp()
        for room in ("Milk", "Tea"):
            self.entry(message("hello", room=room))
        self.entry(topic("a topic"))

    def test_a_room_with_damaged_numbers_is_refused_and_the_others_work(self):
        for column, value in (
            ("seq", "'x'"), ("seq", "NULL"), ("seq", "-1"), ("first", "x'ff'"), ("indexed", "'x'"),
        ):  # fmt: skip
            with self.subTest(f"{column} = {value}"):
                before = self.room()
                self.damage(f"UPDATE rooms SET {column} = {value} WHERE key = 'tea'")
                self.assert_only_milk_is_served()
                self.damage(
                    f"UPDATE rooms SET {column} = {getattr(before, column)} WHERE key = 'tea'"
                )
                self.assertEqual(self.room(), before)

    def test_a_room_with_an_impossible_number_is_refused(self):
        self.damage("UPDATE rooms SET id = -5 WHERE key = 'tea'")
        self.assert_only_milk_is_served()
        self.damage("UPDATE rooms SET id = 1 << 40 WHERE key = 'tea'")
        self.assert_only_milk_is_served()

    def room(self):
        return self.read(rows.find_room, "tea")

    def assert_only_milk_is_served(self):
        self.writer.forget()
        for read in (history.newest, history.page):
            with self.assertRaises(Damaged):
                self.read(read, "tea")
        with self.assertRaises(Damaged):
            self.entry(message("more"))
        self.entry(message("more", room="Milk"))
        self.assertEqual(self.read(history.newest, "milk").entries[-1].text, "more")
        self.assertEqual([room.key for room in self.read(history.rooms)[0]], ["milk"])
        self.index()
        self.write(retention.trim, retention.Rule(2.0, keep=1.0))
        self.write(retention.drop_rooms, 2.0)

    def test_a_damaged_name_or_topic_is_replaced(self):
        self.damage("UPDATE rooms SET name = x'ff', topic = x'ff' WHERE key = 'tea'")
        found = self.read(history.newest, "tea")
        self.assertEqual((found.room, found.topic, len(found.entries)), ("tea", "", 2))
        self.writer.forget()
        self.assertEqual(self.entry(message("more")).room, "tea")


class StartTest(DamageCase):
    def test_a_damaged_name_does_not_prevent_the_start(self):
        self.write(users.create, ANN, b"token", "ann", 1.0)
        for room in ("Milk", "Tea"):
            self.entry(message("hello", room=room))
        for value in ("x'ff'", "CAST(x'ff' AS TEXT)"):
            self.damage(f"UPDATE users SET nick = {value}")
            self.damage(f"UPDATE rooms SET name = {value} WHERE key = 'tea'")
            self.damage("UPDATE meta SET value = 0 WHERE name = 'keys'")  # of another Unicode
            self.reopen()
            self.assertEqual(self.read(history.newest, "milk").entries[0].text, "hello")

    def test_a_start_that_is_not_possible_raises_one_sentence(self):
        self.close()
        with (
            mock.patch.object(keys, "renew", side_effect=TypeError("not a name")),
            self.assertRaisesRegex(StartupError, "TypeError: not a name.*restore a backup"),
        ):
            self.open()
        self.open()  # and the lock was let go


class UserTest(DamageCase):
    def setUp(self) -> None:
        super().setUp()
        self.write(users.create, ANN, b"token", "ann", 1.0)

    def test_a_user_with_a_damaged_nick_can_connect_and_take_another(self):
        for value in ("x'ff'", "CAST(x'ff' AS TEXT)", "''"):
            self.damage(f"UPDATE users SET nick = {value}")
            found = self.read(users.find, b"token")
            self.assertEqual(found.id, ANN.id)
            self.assertIsInstance(found.nick, str)
            self.assertTrue(found.nick)
            self.write(users.claim_nick, ANN.id, "ann", "ann", 2.0)
            self.assertEqual(self.read(users.find, b"token"), ANN)

    def test_a_damaged_read_mark_counts_as_none(self):
        self.entry(message("hello"))
        self.write(users.mark_read, ANN.id, "tea", 1, 1.0)
        self.assertEqual(self.read(users.last_read, ANN.id, "tea"), 1)
        self.damage("UPDATE reads SET seq = 'x'")
        self.assertEqual(self.read(users.last_read, ANN.id, "tea"), 0)


class PageTest(DamageCase):
    """A page of the file with some entries of a room is damaged."""

    def setUp(self) -> None:
        super().setUp()
        for number in range(1, 101):
            marker = f"<{number:03}>"
            self.entry(message(f"{marker} {'x' * 500}", id=str(number)))
        self.entry(message("another room", room="Milk"))
        self.close()
        self.assertEqual(damage.spoil(self.place / "data" / "gochat.db", b"<050>"), 1)
        self.open()

    def spoilt(self) -> list[int]:
        """The seqs that cannot be read."""
        lost = []
        base = self.read(rows.find_room, "tea").base
        query = "SELECT text FROM entries WHERE id = ?"
        for seq in range(1, 101):
            try:
                self.read(lambda db, row: db.execute(query, (row,)).fetchone(), base + seq)
            except StorageFailed:
                lost.append(seq)
        return lost

    def test_a_user_who_joins_gets_entries_newer_than_the_damaged_page_and_live_ones(self):
        lost = self.spoilt()
        self.assertIn(50, lost)
        found = self.read(history.since, "tea", None, newest=80)
        self.assert_newer(lost, [entry.seq for entry in found.entries])
        self.assertTrue(found.more)

    def assert_newer(self, lost: list[int], seqs: list[int]) -> None:
        """All newer entries except the last one, because Python reads one row in advance."""
        self.assertEqual(seqs, list(range(seqs[0], 101)))
        self.assertIn(seqs[0], (max(lost) + 1, max(lost) + 2))

    def test_a_replay_across_a_damaged_page_is_not_recovered_and_has_no_gap(self):
        lost = self.spoilt()
        epoch = self.directory.epoch
        for seq in range(0, 101, 5):
            found = self.read(history.since, "tea", Position(epoch, seq))
            seqs = [entry.seq for entry in found.entries]
            self.assertEqual(found.recovered, seq >= max(lost), seq)
            self.assertEqual(seqs, list(range(seqs[0], 101)) if seqs else [], seq)

    def test_a_user_who_joins_gets_live_entries_if_the_newest_page_is_damaged(self):
        found = self.read(history.since, "tea", None)
        self.assertEqual(found.seq, 100)
        self.close()
        damage.spoil(self.place / "data" / "gochat.db", b"<100>")
        self.open()
        found = self.read(history.since, "tea", None)
        self.assertEqual((found.entries, found.seq, found.recovered), ((), 100, False))
        self.assertTrue(found.more)

    def test_history_returns_readable_entries_and_then_a_refusal(self):
        lost = self.spoilt()
        before, seen = 101, []
        with self.assertRaises(StorageFailed):
            while True:
                page = self.read(history.page, "tea", before=before, limit=20)
                seen += [entry.seq for entry in page.entries]
                before = page.entries[0].seq
        self.assert_newer(lost, sorted(seen))
        page = self.read(history.page, "tea", after=0, limit=min(lost) - 2)
        self.assertEqual([entry.seq for entry in page.entries], list(range(1, min(lost) - 1)))
        with self.assertRaises(StorageFailed):
            self.read(history.page, "tea", after=0, limit=100)

    def test_other_rooms_are_indexed_trimmed_and_searched(self):
        for number in range(5):
            self.entry(message(f"later {number}", room="Milk"))
        self.assertEqual(self.read(search.search, ["milk"], "later 3").entries[0].text, "later 3")
        found = self.read(search.search, ["tea"], "<099>")
        self.assertEqual([entry.seq for entry in found.entries], [99])
        found = self.read(search.search, ["tea"], "<001>")
        self.assertEqual((found.entries, found.complete), ((), False))
        maintenance = Maintenance(1.0, 0)
        with self.assertLogs("gochat_py.backplane.maintenance", "ERROR") as logs:
            for minutes in range(100):  # rooms are dropped once the clock has run for an hour
                now = minutes * 60.0
                maintenance.step(self.writer, self.read_pool, True, now, EARLIEST + now)
        self.assertEqual(len(logs.records), 1)
        self.assertEqual(self.read(history.page, "milk").entries, ())
        self.assertEqual([room.key for room in self.read(history.rooms)[0]], ["tea"])
        self.assertEqual(self.entry(message("more")).seq, 101)

    def test_writing_continues_and_only_requests_for_the_damaged_page_fail(self):
        self.assertEqual(self.entry(message("more")).seq, 101)
        with self.assertRaises(sqlite3.DatabaseError):
            self.entry(delete(50))
        self.entry(delete(101))
        self.assertEqual(self.entry(message("more", room="Milk")).seq, 2)
        self.assertIsNone(self.directory.health.reason)


class KindTest(StoreCase):
    def test_no_entry_that_the_server_writes_counts_as_damaged(self):
        self.entry(message("a", id="1"))
        self.entry(message("b", reply_to=1))
        self.entry(edit(1, "c", id="2"))
        self.entry(react(2, "👍"))
        self.entry(react(2, "👍", on=False))
        self.entry(topic("t", id="3"))
        self.entry(topic(""))
        self.entry(edit(2, "d"))
        self.entry(delete(2))
        with self.assertNoLogs("gochat_py", "WARNING"):
            found = self.read(history.page, "tea").entries
        self.assertEqual(
            [entry.kind.value for entry in found],
            ["message", "message", "edited", "reacted", "reacted", "topic", "topic", "edited",
             "deleted"],
        )  # fmt: skip
        self.assertEqual(found[0].text, "c")
        self.assertGreater(SEQ_BITS, 8)
