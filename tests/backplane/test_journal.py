import queue
from collections.abc import Callable
from unittest import mock

from gochat_py.backplane.local import Journal
from gochat_py.backplane.maintenance import Maintenance
from gochat_py.backplane.requests import Ask, Write
from gochat_py.channel import Reply
from gochat_py.connection import Connection
from gochat_py.core.delivery import Written
from gochat_py.core.names import nick_key
from gochat_py.hub import Hub
from gochat_py.message import Draft, Kind, User
from gochat_py.orders import Barrier, Order, Publish
from gochat_py.refusals import Code, Refusal
from gochat_py.store import StorageFailed, open_memory
from tests.support.case import TestCase

ANN = User("1", "Ann")


class FakeSender(Connection):
    """A connection that records what is sent to it."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.refused: list[Refusal] = []

    def send_event(self, event: bytes) -> None:
        self.sent.append(event)

    def refuse(self, refusal: Refusal) -> None:
        self.refused.append(refusal)


def message(text: str, id: str, user: User = ANN) -> Draft:  # noqa: A002  the field's name
    return Draft(kind=Kind.MESSAGE, room="Lobby", key="lobby", user=user, id=id, text=text)


class JournalCase(TestCase):
    """A journal without a thread; the test calls it."""

    def setUp(self) -> None:
        super().setUp()
        directory = open_memory()
        self.addCleanup(directory.close)
        self.hub = Hub(compress_from=1 << 20)
        self.journal = Journal(directory, self.hub.inbox, Maintenance(0.0, 0))
        self.addCleanup(self.finish)
        self.sender = FakeSender()

    def finish(self) -> None:
        self.journal.inbox.close()
        self.journal.run()

    def write(self, *drafts: Draft) -> None:
        self.journal.handle([Write(draft, self.sender) for draft in drafts], now=1.0)

    def published(self) -> list[Written[Connection]]:
        """What the hub was given since the last look."""
        return [w for order in self.orders() if isinstance(order, Publish) for w in order.batch]

    def orders(self) -> list[Order]:
        """The same, as the orders that they are."""
        try:
            return list(self.hub.inbox.queue)
        finally:
            self.hub.inbox.queue.clear()

    def ask(self, call):
        """Let a reader's question be answered by the journal, both in this thread."""
        put = self.journal.inbox.put

        def put_and_handle(request, *args, **kwargs):
            put(request)
            self.journal.handle(self.journal.inbox.take(), now=1.0)

        with mock.patch.object(self.journal.inbox, "put", put_and_handle):
            return call()

    #: As many users as anybody likes, unless a test says otherwise.
    allow_new: Callable[[], None] = staticmethod(lambda: None)

    def identify(self, nick: str, token: str | None = None) -> tuple[User, str]:
        return self.ask(
            lambda: self.journal.identify(self.sender, nick, nick_key(nick), token, self.allow_new)
        )

    def rename(self, user, nick: str) -> None:
        self.ask(lambda: self.journal.rename(user, nick, nick_key(nick), self.sender, "n"))


class JournalTest(JournalCase):
    def test_waiting_drafts_are_one_transaction_and_one_order_to_the_hub(self):
        self.write(message("a", "1"), message("b", "2"))
        self.assertEqual(len(self.hub.inbox.queue), 1)
        self.assertEqual([w.entry.seq for w in self.published()], [1, 2])

    def test_a_retry_is_a_duplicate_with_the_same_seq(self):
        self.write(message("a", "1"))
        self.write(message("a", "1"))
        first, again = self.published()
        self.assertEqual((first.duplicate, again.duplicate), (False, True))
        self.assertEqual(first.entry, again.entry)

    def test_a_refused_draft_affects_no_other_and_its_sender_is_answered(self):
        bad = Draft(kind=Kind.DELETED, room="lobby", key="lobby", user=ANN, target=99, id="d")
        self.write(message("a", "1"), bad, message("b", "2"))
        self.assertEqual([w.entry.text for w in self.published()], ["a", "b"])
        (refusal,) = self.sender.refused
        self.assertEqual((refusal.code, refusal.answers), (Code.NOT_FOUND, "d"))

    def test_nothing_is_sent_before_the_commit(self):
        with mock.patch.object(self.journal._writer, "acknowledge") as acknowledge:
            acknowledge.side_effect = lambda: self.assertEqual(self.published(), [])
            self.write(message("a", "1"))
            acknowledge.assert_called_once()
        self.assertEqual(len(self.published()), 1)
        self.journal._writer.rollback()

    def test_if_nothing_can_be_stored_only_the_senders_are_answered(self):
        failing = mock.patch.object(
            self.journal._writer, "acknowledge", side_effect=StorageFailed("full")
        )
        with failing:
            with self.assertLogs("gochat_py.store.health", "ERROR"):
                self.write(message("a", "1"), message("b", "2"))
            self.journal._writer.rollback()
        self.assertEqual(self.published(), [])
        self.assertEqual(
            [(r.code, r.answers) for r in self.sender.refused],
            [(Code.STORAGE_FAILED, "1"), (Code.STORAGE_FAILED, "2")],
        )
        self.write(message("a", "1"))
        self.assertEqual([w.entry.seq for w in self.published()], [1])

    def test_removing_a_reaction_that_does_not_exist_is_answered_with_ok(self):
        self.write(message("a", "1"))
        off = Draft(
            kind=Kind.REACTED, room="lobby", key="lobby", user=ANN, id="r",
            target=1, emoji="👍", on=False,
        )  # fmt: skip
        self.write(off)
        self.assertEqual(self.sender.sent, [b'{"type":"ok","id":"r"}'])

    def test_a_refused_new_user_is_not_stored(self):
        user, token = self.identify("Ann")

        def refuse() -> None:
            raise Refusal(Code.RATE_LIMITED, "too many", retry_after=1.0)

        self.allow_new = refuse
        with self.assertRaises(Refusal) as caught:
            self.identify("Bob")
        self.assertEqual(caught.exception.retry_after, 1.0)
        self.assertEqual(self.identify("Ann", token)[0], user)
        with self.assertRaises(Refusal) as caught:  # it is not counted, as it would fail anyway
            self.identify("Ann")
        self.assertIs(caught.exception.code, Code.NICK_TAKEN)
        self.allow_new = lambda: None
        self.identify("Bob")

    def test_a_token_identifies_its_user_and_a_nick_has_one_owner(self):
        user, token = self.identify("Zoë")
        again, same = self.identify("Zoë", token)
        self.assertEqual((again, same), (user, token))
        with self.assertRaises(Refusal) as caught:
            self.identify("zoë")
        self.assertEqual(caught.exception.code, Code.NICK_TAKEN)

    def test_an_unknown_token_creates_a_user_with_a_new_token(self):
        user, token = self.identify("Ann", "no such token")
        self.assertNotEqual(token, "no such token")
        self.assertEqual(self.identify("Ann", token)[0], user)

    def test_a_full_inbox_raises_busy(self):
        with (
            mock.patch.object(self.journal.inbox, "put", side_effect=queue.Full),
            self.assertRaises(Refusal) as caught,
        ):
            self.journal.publish(message("a", "1"), None)
        self.assertEqual(caught.exception.code, Code.BUSY)

    def test_a_barrier_is_answered_when_all_earlier_entries_are_in_the_hub_s_inbox(self):
        """The connection's next order to the hub comes after its earlier entries."""
        there = []
        replies = [mock.Mock(give=lambda _: there.append(len(self.hub.inbox.queue))) for _ in "ab"]
        self.journal.handle(
            [
                Write(message("a", "1"), self.sender),
                Barrier(replies[0]),
                Write(message("b", "2"), self.sender),
                Ask(lambda *_: None, replies[1]),
            ],
            now=1.0,
        )
        self.assertEqual(there, [1, 1])
        self.assertEqual(len(self.published()), 2)

    def test_a_barrier_alone_opens_no_transaction(self):
        with mock.patch.object(self.journal._writer, "begin") as begin:
            reply: Reply[None] = Reply()
            self.journal.handle([Barrier(reply), Barrier(Reply())], now=1.0)
            self.assertIsNone(reply.wait(0))
            begin.assert_not_called()

    def test_a_barrier_is_answered_even_if_nothing_can_be_stored(self):
        reply: Reply[None] = Reply()
        with (
            mock.patch.object(self.journal._writer, "acknowledge", side_effect=StorageFailed("x")),
            self.assertLogs("gochat_py", "ERROR"),
        ):
            self.journal.handle([Write(message("a", "1"), self.sender), Barrier(reply)], now=1.0)
            self.journal._writer.rollback()
        self.assertIsNone(reply.wait(0))
        self.assertEqual([each.answers for each in self.sender.refused], ["1"])

    def test_a_barrier_that_times_out_raises_busy(self):
        with (
            mock.patch("gochat_py.backplane.local.BUSY", 0.0),
            self.assertRaises(Refusal) as caught,
        ):
            self.journal.barrier()
        self.assertEqual((caught.exception.code, caught.exception.fatal), (Code.BUSY, False))

    def test_a_request_without_a_waiting_thread_is_handled(self):
        done = []
        self.journal.handle([Ask(lambda _connection, now: done.append(now), None)], now=7.0)
        self.assertEqual(done, [7.0])
        self.assertEqual(self.published(), [])
