"""Everything that a peer can make grow in the store has a limit, and an answer at the limit."""

import itertools
from unittest import mock

from gochat_py.core.entry_json import entry_json
from gochat_py.message import Position, User
from gochat_py.store import (
    LimitReached,
    NotFound,
    authors,
    bounds,
    history,
    numbering,
    retention,
    search,
    users,
)
from gochat_py.store.bounds import CHANGES, EDITS, EMOJI, REACTIONS
from gochat_py.store.rows import find_room
from gochat_py.store.schema import LAST_ROOM, SEQ_MASK
from gochat_py.store.users import DAY
from tests.support.narrow import not_none
from tests.support.store import ANN, BOB, StoreCase, delete, edit, message, react, topic


class MessageTest(StoreCase):
    """The limits of one message."""

    def react_all(self, *drafts):
        self.writer.begin()
        for draft in drafts:
            self.writer.apply(draft, self.now)
        self.writer.commit()

    def message(self):
        return self.read(history.one, "tea", 1)

    def test_the_number_of_different_emoji_on_a_message_is_limited(self):
        self.entry(message("hi"))
        self.react_all(*(react(1, f"e{number}") for number in range(EMOJI)))
        with self.assertRaisesRegex(LimitReached, f"{EMOJI} different reactions; choose"):
            self.entry(react(1, "one more"))
        self.entry(react(1, "e7", user=BOB))
        self.assertEqual(self.message().reactions["e7"], (ANN.id, BOB.id))
        self.entry(react(1, "e3", on=False))
        self.entry(react(1, "one more"))

    def test_the_number_of_reactions_on_a_message_is_limited(self):
        self.entry(message("\U00020000" * 4000, id="\U00020000" * 64))
        longest = ["👩" * 31 + chr(ord("a") + number) for number in range(EMOJI)]
        people = [User(f"{number:016x}", "x") for number in range(REACTIONS)]
        self.react_all(*(react(1, longest[n % EMOJI], user=user) for n, user in enumerate(people)))
        with self.assertRaisesRegex(LimitReached, f"{REACTIONS} reactions; reply"):
            self.entry(react(1, longest[0]))
        self.assertLess(len(entry_json(self.message()).encode()), 32 * 1024)
        self.entry(react(1, longest[0], on=False, user=people[0]))
        self.entry(react(1, longest[0]))

    def test_the_number_of_changes_is_limited_and_a_reaction_can_still_be_removed(self):
        self.entry(message("hi"))
        self.entry(react(1, "🎉", user=BOB))
        switches = itertools.cycle([True, False])
        self.react_all(*(react(1, "👍", on=next(switches)) for _ in range(CHANGES - 1)))
        self.assertTrue(self.apply(react(1, "👍")).duplicate, "it is on, and stays so")
        self.entry(react(1, "👍", on=False))
        with self.assertRaisesRegex(LimitReached, "can change 1,000 times"):
            self.entry(react(1, "👍"))
        self.entry(react(1, "🎉", on=False, user=BOB))
        self.assertEqual(self.message().reactions, {})

    def test_the_number_of_edits_is_limited_and_the_message_can_still_be_deleted(self):
        self.entry(message("0"))
        self.react_all(*(edit(1, str(number), id=str(number)) for number in range(EDITS)))
        with self.assertRaisesRegex(LimitReached, f"edited {EDITS} times; write a new one"):
            self.entry(edit(1, "one more"))
        last = edit(1, str(EDITS - 1), id=str(EDITS - 1))
        self.assertTrue(self.apply(last).duplicate, "a retry is no edit")
        self.entry(delete(1))
        self.assertIsNone(self.message().text)

    def test_a_retry_is_answered_without_reading_the_reactions(self):
        self.entry(message("hi", id="1"))
        self.entry(react(1, "👍", user=BOB))
        ran: list[str] = []
        self.writer.begin()
        self.writer.run(lambda connection: connection.set_trace_callback(ran.append))
        again = self.writer.apply(message("hi", id="1"), self.now)
        self.writer.run(lambda connection: connection.set_trace_callback(None))
        self.writer.rollback()
        self.assertEqual((again.duplicate, again.entry.reactions), (True, {}))
        self.assertEqual([each for each in ran if "FROM reactions" in each], [])

    def test_only_the_first_of_too_many_stored_reactions_are_shown(self):
        self.entry(message("hi"))
        with mock.patch.multiple(bounds, EMOJI=100, REACTIONS=5_000):
            self.react_all(*(react(1, f"e{number}") for number in range(40)))
            self.react_all(
                *(react(1, "e0", user=User(str(number), "x")) for number in range(REACTIONS))
            )
        shown = self.message().reactions
        self.assertEqual(list(shown), [f"e{number}" for number in range(EMOJI)])
        self.assertLessEqual(sum(map(len, shown.values())), REACTIONS)

    def test_a_retry_of_a_topic_reads_one_row(self):
        self.react_all(*(topic(str(number), id="same") for number in range(300)))
        self.assertTrue(self.apply(topic("299", id="same")).duplicate)
        self.assertFalse(self.apply(topic("298", id="same")).duplicate)


class RoomsTest(StoreCase):
    def drop(self, now):
        after, dropped = 0, 0
        while after is not None:
            count, after = self.write(retention.drop_rooms, now, after=after)
            dropped += count
        self.writer.forget()
        return dropped

    def listed(self, **where):
        found, more = self.read(history.rooms, **where)
        return [info.key for info in found], more

    def test_the_number_of_rooms_is_limited_and_existing_ones_can_be_used(self):
        self.writer.close()
        self.writer = self.directory.writer(most_rooms=2)
        for room in ("Tea", "Milk", "Tea"):
            self.entry(message("hi", room=room))
        for draft in (message("hi", room="Sugar"), topic("hi", room="Sugar")):
            with self.assertRaisesRegex(LimitReached, "at most 2 rooms"):
                self.entry(draft)
        self.entry(message("hi", room="Milk"))
        self.assertEqual(self.listed(), (["milk", "tea"], False))

    def test_a_refused_draft_creates_no_room(self):
        with self.assertRaises(NotFound):
            self.entry(message("hi", reply_to=1))
        self.assertIsNone(self.read(find_room, "tea"))
        self.entry(message("hi"))
        self.assertIsNotNone(self.read(find_room, "tea"))

    def test_if_all_room_numbers_were_used_the_lowest_free_one_is_reused(self):
        for room in ("Tea", "Milk", "Sugar"):
            self.entry(message("hi", room=room))
        self.entry(delete(1, room="Milk"))
        self.assertEqual(self.drop(self.now + 2 * DAY), 1)
        self.write(
            lambda c: c.execute(
                "INSERT INTO rooms (id, key, name, seq) VALUES (?, 'last', 'last', 0)",
                (LAST_ROOM,),
            )
        )
        self.assertEqual(self.entry(message("in the last", room="last")).seq, 1)
        self.assertEqual(self.entry(message("in the gap", room="New")).seq, 3)
        query = "SELECT id FROM rooms WHERE key = 'new'"
        self.assertEqual(self.read(lambda c: c.execute(query).fetchone()), (2,))
        self.assertEqual(self.entry(message("after it", room="Newer")).seq, 3)

    def test_a_room_with_the_greatest_seq_accepts_no_more_entries(self):
        self.entry(message("hi"))
        self.entry(message("hi", room="Milk"))
        self.write(lambda c: c.execute("UPDATE rooms SET seq = ? WHERE key = 'tea'", (SEQ_MASK,)))
        self.writer.forget()
        for draft in (message("one more"), topic("one more")):
            with self.assertRaisesRegex(LimitReached, "room is full"):
                self.entry(draft)
        self.assertEqual(self.entry(message("next", room="Milk")).seq, 2)

    def test_a_room_is_dropped_when_nothing_in_it_can_be_read(self):
        self.entry(message("deleted", room="Gone"))
        self.entry(delete(1, room="Gone"))
        self.entry(message("kept", room="Kept"))
        self.entry(message("deleted", room="Named"))
        self.entry(delete(1, room="Named"))
        self.entry(topic("a topic", room="Named"))
        self.write(users.create, ANN, b"ann", "ann", self.now)
        self.write(users.mark_read, ANN.id, "gone", 2, self.now)
        self.assertEqual(self.drop(self.now + DAY / 2), 0)
        self.assertEqual(self.drop(self.now + 2 * DAY), 1)
        self.assertEqual(self.listed()[0], ["kept", "named"])
        self.assertEqual(self.read(users.last_read, ANN.id, "gone"), 0)
        self.assertEqual(self.read(search.search, ["gone"], "deleted").entries, ())

    def test_a_room_of_which_all_was_trimmed_is_dropped(self):
        self.entry(message("old"))
        self.write(retention.trim, retention.Rule(now=1e9, keep=1.0))
        self.assertEqual(self.drop(self.now), 1)

    def test_a_room_created_after_a_dropped_one_continues_its_numbers(self):
        for _ in range(5):
            self.entry(message("deleted", room="Gone"))
        for seq in range(1, 6):
            self.entry(delete(seq, room="Gone"))
        epoch = self.directory.epoch
        at_the_end = Position(epoch, 10)
        self.assertEqual(self.drop(self.now + 2 * DAY), 1)
        empty = self.read(history.since, "gone", at_the_end)
        self.assertEqual((empty.recovered, empty.seq), (True, 10))
        self.assertFalse(self.read(history.since, "gone", Position(epoch, 7)).recovered)
        self.assertFalse(self.read(history.since, "gone", Position(epoch, 0)).recovered)
        self.assertEqual(self.entry(message("new", room="Gone")).seq, 11)
        self.assertEqual(self.entry(message("new", room="Other")).seq, 11)
        self.reopen()
        again = self.read(history.since, "gone", at_the_end)
        self.assertEqual((again.recovered, [each.seq for each in again.entries]), (True, [11]))
        self.assertFalse(self.read(history.since, "gone", Position(epoch, 7)).recovered)
        self.assertFalse(again.more)
        self.assertEqual(self.read(history.page, "gone", before=11).entries, ())
        self.assertEqual(self.read(search.search, ["gone"], "new").entries[0].seq, 11)

    def test_rooms_are_listed_in_pages(self):
        for number in range(7):
            self.entry(message("hi", room=f"Room-{number}"))
        listed, after = [], ""
        for more in (True, True, True, False):
            page = self.listed(after=after, limit=2)
            self.assertEqual(page[1], more)
            listed += page[0]
            after = listed[-1]
        self.assertEqual(listed, [f"room-{number}" for number in range(7)])
        self.assertEqual(self.listed(after="room-6"), ([], False))

    def test_the_caches_of_rooms_and_authors_are_bounded(self):
        with (
            mock.patch.object(numbering, "ROOMS_KEPT", 3),
            mock.patch.object(authors, "AUTHORS_KEPT", 3),
        ):
            for number in range(20):
                user = User(str(number), "x")
                self.entry(message("hi", room=f"Room-{number % 5}", user=user))
                ledger = not_none(self.writer._ledger)
                self.assertLessEqual(len(ledger._numbering.tails), 4)
                self.assertLessEqual(len(ledger._authors._known), 4)


class UsersTest(StoreCase):
    def create(self, number, now, **limits):
        user = User(f"user-{number}", f"nick-{number}")
        key = user.nick
        self.write(users.create, user, f"token {number}".encode(), key, now, **limits)
        return user

    def there_are(self):
        return [row[0] for row in self.read(self.rows, "SELECT id FROM users ORDER BY seen")]

    @staticmethod
    def rows(connection, query):
        return connection.execute(query).fetchall()

    def forget(self, now, here=()):
        after = (0.0, "")
        while after is not None:
            _, after = self.write(users.forget, now, here=here, after=after)

    def test_at_the_limit_the_users_seen_longest_ago_are_removed(self):
        for number in range(30):
            self.create(number, now=float(number), most=30)
        with self.assertRaisesRegex(LimitReached, "at most 30 users"):
            self.create(30, now=30.0, most=30)
        self.create(30, now=DAY + 5.5, most=30)
        self.assertEqual(self.there_are()[0], "user-6")
        self.assertEqual(len(self.there_are()), 25)
        here = [f"user-{number}" for number in range(6, 30)]
        with self.assertRaises(LimitReached):
            self.create(31, now=DAY + 40.0, most=25, here=here)

    def test_a_user_who_never_wrote_or_read_is_forgotten_after_a_day(self):
        ann, bob, cyn, dan = (self.create(number, now=100.0) for number in range(4))
        self.entry(message("hi", user=ann))
        self.entry(react(1, "👍", user=bob))
        self.write(users.mark_read, cyn.id, "tea", 1, 100.0)
        self.forget(DAY)
        self.assertEqual(len(self.there_are()), 4)
        self.forget(DAY + 200.0)
        self.assertEqual(sorted(self.there_are()), [ann.id, bob.id, cyn.id])
        self.assertEqual(self.read(users.holder, dan.nick, DAY), None)
        self.forget(31 * DAY)
        self.assertEqual(self.there_are(), [])
        self.assertEqual(self.read(self.rows, "SELECT * FROM reads"), [])
        self.assertEqual(self.read(history.one, "tea", 1).nick, ann.nick)

    def test_a_connected_user_counts_as_seen_now(self):
        ann = self.create(1, now=100.0)
        self.forget(40 * DAY, here={ann.id})
        self.assertEqual(self.read(users.holder, ann.nick, 69 * DAY), ann.id)
        self.forget(40.5 * DAY)
        self.assertEqual(self.there_are(), [ann.id])

    def test_all_users_are_checked_in_turn(self):
        with mock.patch.object(users, "LOOKED_AT", 3):
            for number in range(10):
                self.create(number, now=50.0)
            self.entry(message("hi", user=User("user-5", "x")))
            self.forget(2 * DAY)
        self.assertEqual(self.there_are(), ["user-5"])

    def test_the_number_of_read_marks_is_limited_and_the_oldest_is_removed(self):
        ann = self.create(1, now=1.0)
        for number in range(5):
            self.entry(message("hi", room=f"Room-{number}"))
        with mock.patch.object(users, "MARKS", 3):
            for number in (0, 1, 2, 0, 3, 4):
                self.now += 1
                self.write(users.mark_read, ann.id, f"room-{number}", 1, self.now)
        read = [self.read(users.last_read, ann.id, f"room-{number}") for number in range(5)]
        self.assertEqual(read, [1, 0, 0, 1, 1])

    def test_no_read_mark_is_stored_for_an_unknown_user(self):
        self.entry(message("hi"))
        with self.assertRaises(NotFound):
            self.write(users.mark_read, "nobody", "tea", 1, 1.0)
