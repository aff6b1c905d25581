"""The last-seen times of users who disconnect are recorded in batches, and none is lost."""

import sqlite3
from typing import Any
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.backplane.departures import RECORD_EVERY, RECORDED_AT_ONCE, Departures
from gochat_py.errors import Closed
from gochat_py.store import StorageFailed, users
from tests.backplane.test_journal import JournalCase
from tests.support.case import TestCase
from tests.support.narrow import not_none


class DeparturesTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.written: list[list[str]] = []
        self.departures = Departures()
        #: What a request is carried out on; `users.saw`, which would use it, is replaced.
        self.db = mock.Mock(spec=sqlite3.Connection)
        self.enterContext(
            mock.patch.object(users, "saw", lambda _, ids, now: self.written.append(list(ids)))
        )

    def carry_out(self, request) -> None:
        request.function(self.db, 1.0)

    def test_only_the_first_departure_puts_a_request(self):
        self.assertEqual([self.departures.add(user) for user in "abc"], [True, False, False])
        self.carry_out(self.departures.request())
        self.assertEqual(self.written, [["a", "b", "c"]])

    def test_the_journal_makes_the_next_request_after_a_while(self):
        self.departures.add("a")
        self.assertEqual(self.departures.due_in(100.0), 0.0)
        self.carry_out(self.departures.next_request(100.0))
        self.assertFalse(self.departures.add("b"), "the journal is to make the next request")
        self.assertEqual(self.departures.due_in(100.0), RECORD_EVERY)
        self.assertIsNone(self.departures.next_request(100.0 + RECORD_EVERY / 2))
        self.carry_out(self.departures.next_request(100.0 + RECORD_EVERY))
        self.assertEqual(self.written, [["a"], ["b"]])

    def test_without_departures_the_journal_gets_no_request(self):
        self.departures.add("a")
        self.carry_out(self.departures.next_request(100.0))
        self.assertIsNone(self.departures.next_request(100.0 + RECORD_EVERY))
        self.assertIsNone(self.departures.due_in(200.0))
        self.assertTrue(self.departures.add("b"), "it has to be woken")

    def test_one_statement_records_a_limited_number_of_users(self):
        for number in range(RECORDED_AT_ONCE + 1):
            self.departures.add(str(number))
        self.carry_out(self.departures.request())
        self.assertEqual(len(self.written[0]), RECORDED_AT_ONCE)
        self.carry_out(self.departures.next_request(1e9))
        self.assertEqual(self.written[1], [str(RECORDED_AT_ONCE)])

    def test_a_repeated_request_records_the_same_users(self):
        self.departures.add("a")
        request = self.departures.request()
        request.function(self.db, 1.0)
        self.departures.add("b")
        self.carry_out(request)
        self.assertEqual(self.written, [["a"], ["a"]])

    def test_a_request_that_could_not_be_put_is_put_by_the_next_departure(self):
        self.departures.add("a")
        self.departures.not_requested()
        self.assertTrue(self.departures.add("b"))
        self.carry_out(self.departures.request())
        self.assertEqual(self.written, [["a", "b"]])

    def test_a_request_that_failed_before_it_began_delays_no_departure(self):
        self.departures.add("a")
        self.departures.request()  # its transaction cannot begin
        self.carry_out(self.departures.next_request(100.0))
        self.assertEqual(self.written, [["a"]])

    @given(st.lists(st.sampled_from(["add", "put", "journal", "fail"]), max_size=40))
    def test_every_departure_is_recorded_whatever_fails(self, steps):
        self.written.clear()
        departures = Departures()
        inbox: list[Any] = []
        added, now = 0, 0.0
        for step in steps:
            if step == "add":
                if departures.add(str(added)):
                    inbox.append(departures.request())
                added += 1
            elif step == "fail" and departures.add(str(added)):
                departures.not_requested()
                added += 1
            elif step == "fail":
                added += 1
            elif step == "put" and inbox:
                self.carry_out(inbox.pop(0))
            elif request := departures.next_request(now := now + 0.1):
                self.carry_out(request)
        if departures.add(str(added)):
            inbox.append(departures.request())
        for request in inbox:
            self.carry_out(request)
        while (wait := departures.due_in(now)) is not None:
            if request := departures.next_request(now := now + wait):
                self.carry_out(request)
        self.assertEqual(
            sorted(int(user) for users in self.written for user in users), list(range(added + 1))
        )


class JournalTest(JournalCase):
    def seen_at(self, ids) -> set[float]:
        rows = not_none(self.journal._writer._db).execute("SELECT id, seen FROM users").fetchall()
        return {seen for user, seen in rows if user in ids}

    def test_thousands_of_departures_are_a_few_statements_and_one_request_at_a_time(self):
        """Each was a request and a statement, and a message waited behind a thousand of them."""
        everybody = [self.identify(f"u{number}")[0] for number in range(RECORDED_AT_ONCE + 100)]
        for user in everybody:
            self.journal.seen(user)
        self.assertEqual(len(self.journal.inbox.queue), 1)
        with mock.patch.object(users, "saw", side_effect=users.saw) as saw:
            self.journal.handle(self.journal.inbox.take(), now=50.0)
            request = not_none(self.journal._departures.next_request(1e9))
            self.journal.handle([request], now=50.0)
        self.assertEqual(saw.call_count, 2)
        self.assertEqual(self.seen_at({user.id for user in everybody}), {50.0})

    def test_the_journal_wakes_for_later_departures(self):
        ann, _ = self.identify("Ann")
        bob, _ = self.identify("Bob")
        self.ask(lambda: self.journal.seen(ann))
        self.journal.seen(bob)
        self.assertEqual(len(self.journal.inbox.queue), 0)
        wait = self.journal._wait(0.0)
        due = not_none(self.journal._departures.due_in(0.0))
        self.assertLessEqual(not_none(wait), due)

    def test_the_journal_records_later_departures_without_a_request(self):
        ann, _ = self.identify("Ann")
        bob, _ = self.identify("Bob")
        self.ask(lambda: self.journal.seen(ann))
        self.journal.seen(bob)
        self.journal._departures._next = 0.0  # it is time
        with (
            mock.patch.object(users, "saw", side_effect=users.saw) as saw,
            mock.patch.object(self.journal.inbox, "take", side_effect=[[], Closed]),
        ):
            self.journal.run()
        self.assertEqual([call.args[1] for call in saw.call_args_list], [[bob.id]])

    def test_a_failing_disk_loses_only_the_last_seen_times(self):
        ann, _ = self.identify("Ann")
        failing = mock.patch.object(
            self.journal._writer, "acknowledge", side_effect=StorageFailed("full")
        )
        with failing, self.assertLogs("gochat_py", "ERROR"):
            self.ask(lambda: self.journal.seen(ann))
        self.journal._writer.rollback()
        self.assertIsNone(self.journal._departures.next_request(1e9), "it is not tried for ever")
        self.assertEqual(self.seen_at({ann.id}), {1.0})
