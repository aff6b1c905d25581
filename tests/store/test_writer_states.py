"""The writer follows its table of states."""

import sqlite3
from collections.abc import Callable
from unittest import mock

from gochat_py.store import StorageFailed, history
from gochat_py.store.writer import NEXT, State, Step
from tests.support.store import RedoLogCase, message

CLOSED, BATCH, ACKNOWLEDGED, COMMITTED, ROLLED_BACK = State

#: The states after each step, in the order of `Step`; None if the step is refused.
EXPECTED = {
    CLOSED: (BATCH, None, None, CLOSED, None, CLOSED),
    BATCH: (None, ACKNOWLEDGED, COMMITTED, ROLLED_BACK, None, CLOSED),
    ACKNOWLEDGED: (BATCH, None, None, ACKNOWLEDGED, None, CLOSED),
    COMMITTED: (BATCH, None, None, COMMITTED, ROLLED_BACK, CLOSED),
    ROLLED_BACK: (BATCH, None, None, ROLLED_BACK, None, CLOSED),
}


class StatesTest(RedoLogCase):
    def setUp(self):
        super().setUp()
        self.entry(message("one"))

    def reach(self, state: State) -> None:
        """Bring a new writer into a state, with a message in the redo log where that can be."""
        self.reopen()
        self.assertIs(self.writer.state, CLOSED)
        if state is CLOSED:
            return
        self.acknowledge(message("two"))
        if state is ACKNOWLEDGED:
            return
        self.writer.begin()
        if state is COMMITTED:
            self.writer.commit()
        elif state is ROLLED_BACK:
            self.writer.rollback()

    def take(self, step: Step) -> None:
        writer = self.writer
        steps: dict[Step, Callable[[], None]] = {
            Step.BEGIN: writer.begin,
            Step.ACKNOWLEDGE: writer.acknowledge,
            Step.COMMIT: writer.commit,
            Step.ROLLBACK: writer.rollback,
            Step.FORGET: writer.forget,
            Step.CLOSE: writer.close,
        }
        steps[step]()

    def test_each_step_leads_to_the_next_state_or_is_refused_and_does_nothing(self):
        for state, row in EXPECTED.items():
            for step, following in zip(Step, row, strict=True):
                with self.subTest(state=state, step=step):
                    self.reach(state)
                    self.assertIs(self.writer.state, state)
                    if following is None:
                        with self.assertRaisesRegex(RuntimeError, f"is {state} and cannot {step}"):
                            self.take(step)
                        self.assertIs(self.writer.state, state)
                    else:
                        self.take(step)
                        self.assertIs(self.writer.state, following)

    def test_the_table_has_these_rows_and_no_others(self):
        expected = {
            (state, step): following
            for state, row in EXPECTED.items()
            for step, following in zip(Step, row, strict=True)
            if following is not None
        }
        self.assertEqual(NEXT, expected)

    def test_drafts_and_other_writes_need_a_batch(self):
        for state in State:
            self.reach(state)
            for write in (
                lambda: self.writer.apply(message("x"), 1.0),
                lambda: self.writer.run(history.rooms),
            ):
                with self.subTest(state=state):
                    if state is BATCH:
                        write()
                    else:
                        with self.assertRaisesRegex(RuntimeError, f"the writer is {state}"):
                            write()
                    self.assertIs(self.writer.state, state)

    def test_after_each_state_what_was_acknowledged_is_committed_once(self):
        expected = ["one"]
        for state in State:
            with self.subTest(state=state):
                self.reach(state)
                expected += [] if state is CLOSED else ["two"]
                if state is not BATCH:
                    self.writer.begin()
                self.writer.commit()
                self.assertEqual(self.writer.commit_pending, False)
                self.assertEqual(self.uncommitted(), [])
                self.assertEqual(self.texts(), expected)

    def test_a_storage_failure_closes_the_writer_in_every_state(self):
        failed = sqlite3.OperationalError("disk I/O error")
        for state, step, patched in (
            (CLOSED, Step.BEGIN, "gochat_py.store.writer.connect"),
            (BATCH, Step.ACKNOWLEDGE, "gochat_py.store.redo_log.RedoLog.append"),
            (BATCH, Step.COMMIT, "gochat_py.store.ledger.Ledger.write"),
            (ACKNOWLEDGED, Step.BEGIN, "gochat_py.store.transactions.Transactions.begin"),
            (COMMITTED, Step.BEGIN, "gochat_py.store.transactions.Transactions.begin"),
            (ROLLED_BACK, Step.BEGIN, "gochat_py.store.redo.Redo.restore"),
        ):
            with self.subTest(state=state, step=step):
                self.reach(state)
                with (
                    mock.patch(patched, side_effect=failed),
                    self.assertRaisesRegex(StorageFailed, "I/O"),
                ):
                    self.take(step)
                self.assertIs(self.writer.state, CLOSED)
                self.writer.begin()
                self.assertIs(self.writer.state, BATCH)
                self.writer.rollback()
