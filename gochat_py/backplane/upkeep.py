"""What the journal does beside writing: commit, erase, index, forget what is old, tidy the file.

Owned by the journal thread. Each step is a short transaction of its own, so that whoever speaks up
meanwhile waits some milliseconds at the most. When nobody wants anything, one step follows the
other; while it is never calm, a step comes every so often, so that none of this waits for ever.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence

from ..message import Kind
from ..orders import Written
from ..store import DamagedRoom, Readers, StorageFailed, Writer, grams, retention, users
from ..store.budget import Budget
from .attendance import Attendance

log = logging.getLogger(__name__)

#: What was acknowledged is committed when nothing was written for so many seconds, or so many
#: seconds after the first of it, or when it is so many messages. 2,000 take some 15 ms, which those
#: who write then wait for; in smaller portions each would cost more.
SETTLE_CALM = 0.1
SETTLE_AFTER = 1.0
SETTLE_AT = 2_000

#: Seconds without anything to write after which it is calm. Indexing 512 messages together costs
#: half as much as one by one, so a little patience pays.
CALM = 0.2

#: While it is never calm, a step comes every so many seconds. It takes some 10 ms, so all of them
#: take 4 % of the time; the index keeps up with 1,000 messages a second beside the others.
TURN_EVERY = 0.25

#: Messages indexed in one step, and those that may wait for it however much is said. Search looks
#: through those that wait one by one.
INDEX_STEP = 512
INDEX_AT_LATEST = 100_000

#: Seconds after which deleted text is erased: the log is copied over what is in the database, and
#: emptied. A reader that is still at an older state is in the way. So if the first attempt fails,
#: nobody begins to read during the next ones, each of which waits for those who have begun, up to
#: so many seconds. A foreign program that reads for long can still be in the way: each attempt
#: comes so much later than the one before, up to a second.
ERASE_AFTER = 0.5
PATIENCE = (0.0, 0.05, 0.1)
ERASE_AGAIN = 0.05

#: The log is emptied so many seconds after it was written to, or when it is so many bytes: readers
#: that overlap without end keep it from being used again.
EMPTY_AFTER = 60.0
LOG_MOST = 64 * 1024 * 1024

#: Seconds that a step of scrubbing the index takes.
SCRUB = 0.01

#: Seconds between two looks for what is too old, for users and rooms that are used no more, and
#: before trying again after a failure.
TRIM_EVERY = 60.0
SWEEP_EVERY = 3_600.0
RETRY_AFTER = 5.0

#: Seconds to wait for something to write, at the least, before a step.
SHORTEST = 0.01

#: Whether there is anything to do at this time, calm or not; and what does a step of it.
Task = tuple[Callable[[float, bool], bool], Callable[[Writer, float, float], None]]


class Upkeep:
    """Decides what is to be done next, and does one step of it.

    `keep_for` is how many seconds an entry is kept, `history_limit` how many are kept in a room; 0
    means no limit. Who is in `attendance` is not forgotten.
    """

    def __init__(self, keep_for: float, history_limit: int) -> None:
        self.attendance = Attendance()
        self._keep_for = keep_for
        self._history_limit = history_limit
        self._unsettled = 0
        self._settle_at: float | None = None  # None: there is nothing to commit
        self._unindexed = INDEX_STEP  # not known yet; there may be much
        self._deleted = False  # text was deleted since the last step
        self._erase_at: float | None = None  # None: there is none in the log
        self._attempts = 0
        self._empty_at: float | None = None  # None: nothing was written to the log
        self._residue = True  # of deleted text, in the index; and free pages
        self._trim_after: int | None = 0  # the room at which trimming goes on; None: not now
        self._next_trim = 0.0
        self._present_after: str | None = ""  # the user at which recording goes on; None: not now
        self._users_after: tuple[float, str] | None = (0.0, "")  # as for trimming
        self._rooms_after: int | None = 0
        self._next_sweep = 0.0
        self._next_turn = 0.0
        self._not_before = 0.0
        #: Numbers of rooms that are passed over: a page of the file is damaged there.
        self._damaged: set[int] = set()
        #: What may be to do, with the method that does a step of it; the next turn begins with the
        #: one after the last.
        self._tasks: list[Task] = [
            (self._indexes, self._index),
            (self._trims, self._trim),
            (self._scrubs, self._scrub),
            (self._sweeps, self._sweep),
        ]

    def wrote(self, written: Sequence[Written]) -> None:
        """Note what was just written."""
        self._unsettled += len(written)
        self._unindexed += len(written)
        for each in written:
            kind = each.entry.kind
            if kind is Kind.DELETED or kind is Kind.EDITED:
                self._deleted = True

    def calm_in(self, now: float) -> float | None:
        """Seconds to wait for something to write; then comes a step."""
        if now < self._not_before:
            return self._not_before - now
        due = [self._next_sweep]
        if self._settle_at is not None:
            due.append(now + SETTLE_CALM)
        if any(wants(now, True) for wants, _ in self._tasks):
            due.append(now + CALM)
        if self._keep_for or self._history_limit:
            due.append(self._next_trim)
        due += [at for at in (self._erase_at, self._empty_at) if at is not None]
        return max(SHORTEST, min(due) - now)

    def step(self, writer: Writer, readers: Readers, calm: bool, now: float, wall: float) -> None:
        """Do one thing, if it is time. `now` is a steady clock's, `wall` seconds since 1970.

        Whatever goes wrong is logged and tried again; the journal goes on.
        """
        if not writer.unsettled:
            self._settle_at, self._unsettled = None, 0
        elif self._settle_at is None:
            self._settle_at = now + SETTLE_AFTER
        if self._deleted:
            self._deleted = False
            self._left_traces(now)
        if now < self._not_before:
            return
        try:
            self._do_one(writer, readers, calm, now, wall)
        except StorageFailed as error:
            log.warning("upkeep has to wait: %s", error)
            self._not_before = now + RETRY_AFTER
        except DamagedRoom as error:
            log.error("%s; upkeep passes it over from now on", error)
            self._damaged.add(error.room)
            writer.close()  # after a damaged page nothing more can be written in its transaction
        except Exception:
            log.exception("upkeep failed, and will try again")
            self._not_before = now + RETRY_AFTER
            writer.close()

    def settle(self, writer: Writer) -> None:
        """Commit what was acknowledged, as nothing more will come; what cannot be stays ahead."""
        try:
            if writer.unsettled:
                self._settle(writer)
        except StorageFailed as error:
            log.warning("the next start will have to commit what was written last: %s", error)

    def _do_one(
        self, writer: Writer, readers: Readers, calm: bool, now: float, wall: float
    ) -> None:
        if self._erase_at is not None and now >= self._erase_at:
            self._empty_log(writer, readers, now)
        elif self._settle_at is not None and (
            calm or now >= self._settle_at or self._unsettled >= SETTLE_AT
        ):
            self._settle(writer)
            self._used_log(now)
        elif calm or now >= self._next_turn or self._unindexed >= INDEX_AT_LATEST:
            self._next_turn = now + TURN_EVERY
            if self._log_is_large(writer, calm, now):
                self._empty_log(writer, readers, now)
            else:
                self._do_a_task(writer, calm, now, wall)

    def _do_a_task(self, writer: Writer, calm: bool, now: float, wall: float) -> None:
        for task in self._tasks:
            wants, do_step = task
            if wants(now, calm):
                self._tasks.remove(task)
                self._tasks.append(task)
                do_step(writer, now, wall)
                return

    def _settle(self, writer: Writer) -> None:
        self._settle_at, self._unsettled = None, 0
        writer.begin()
        writer.commit()

    def _log_is_large(self, writer: Writer, calm: bool, now: float) -> bool:
        """Whether to empty the log although nothing was deleted."""
        if calm and self._empty_at is not None and now >= self._empty_at:
            return True
        return writer.log_size > LOG_MOST

    def _empty_log(self, writer: Writer, readers: Readers, now: float) -> None:
        """Erase from the files what was deleted, or try again soon."""
        if writer.unsettled:
            self._settle(writer)
        patience = PATIENCE[min(self._attempts, len(PATIENCE) - 1)]
        with readers.paused() if patience else contextlib.nullcontext():
            done = writer.checkpoint(patience)
        if done:
            self._erase_at, self._empty_at, self._attempts = None, None, 0
        else:
            self._attempts += 1
            self._erase_at = now + min(1.0, ERASE_AGAIN * self._attempts)

    def _used_log(self, now: float) -> None:
        """Note that something was written to the log."""
        if self._empty_at is None:
            self._empty_at = now + EMPTY_AFTER

    def _left_traces(self, now: float) -> None:
        """Note that text was deleted, which the log and the index still hold."""
        self._residue = True
        if self._erase_at is None:
            self._erase_at = now + ERASE_AFTER

    # The tasks: whether there is anything to do, and a step of it

    def _indexes(self, now: float, calm: bool) -> bool:
        return self._unindexed >= (1 if calm else INDEX_STEP)

    def _index(self, writer: Writer, now: float, wall: float) -> None:
        writer.begin()
        done = writer.run(grams.index_some, INDEX_STEP, passing_over=self._damaged)
        writer.commit()
        self._unindexed = max(1, self._unindexed - done) if done else 0

    def _trims(self, now: float, calm: bool) -> bool:
        if not (self._keep_for or self._history_limit):
            return False
        return self._trim_after is not None or now >= self._next_trim

    def _trim(self, writer: Writer, now: float, wall: float) -> None:
        writer.begin()
        trimmed = writer.run(
            retention.trim,
            older_than=wall - self._keep_for if self._keep_for else None,
            history_limit=self._history_limit or None,
            now=wall,
            after=self._trim_after or 0,
            passing_over=self._damaged,
        )
        writer.commit()
        self._trim_after = trimmed.after
        self._next_trim = now + TRIM_EVERY
        if trimmed.entries:
            self._left_traces(now)

    def _scrubs(self, now: float, calm: bool) -> bool:
        return self._residue

    def _scrub(self, writer: Writer, now: float, wall: float) -> None:
        budget = Budget(SCRUB)
        writer.begin()
        more = True
        while more and not budget.spent:
            more = writer.run(grams.scrub)
        more = writer.run(retention.shrink) or more
        writer.commit()
        if not more:
            self._left_traces(now)  # in the log: what the index was before
            self._residue = False

    def _sweeps(self, now: float, calm: bool) -> bool:
        if self._users_after is not None or self._rooms_after is not None:
            return True
        return now >= self._next_sweep

    def _sweep(self, writer: Writer, now: float, wall: float) -> None:
        """Record who is connected, then forget users, then drop rooms, that are used no more."""
        if self._users_after is None and self._rooms_after is None:
            self._present_after, self._users_after, self._rooms_after = "", (0.0, ""), 0
        self._next_sweep = now + SWEEP_EVERY
        writer.begin()
        if self._present_after is not None:
            self._present_after = writer.run(
                users.saw_present, self.attendance, wall, after=self._present_after
            )
            writer.commit()
            self._used_log(now)
            return
        if self._users_after is not None:
            self._users_after = writer.run(
                users.forget, wall, here=self.attendance, after=self._users_after
            )
            writer.commit()
            self._used_log(now)
            return
        dropped, after = writer.run(
            retention.drop_rooms, wall, after=self._rooms_after or 0, passing_over=self._damaged
        )
        writer.commit()
        self._rooms_after = after
        if dropped:
            writer.forget()
            self._left_traces(now)
