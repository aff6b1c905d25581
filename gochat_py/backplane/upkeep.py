"""What the journal does when nobody wants it: commit, index, forget what is old, tidy the file.

Owned by the journal thread. Each step is a short transaction of its own, so that whoever speaks up
meanwhile waits some milliseconds at the most.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ..message import Kind
from ..orders import Written
from ..store import StorageFailed, Writer, grams, retention

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

#: Messages indexed in one step: about 10 ms.
INDEX_STEP = 512

#: While it is never calm, a step of indexing comes every so many seconds, so that it takes a
#: fiftieth of the time at the most, and keeps up with 1,000 messages a second. Search looks
#: through those that wait one by one, and gives up after 10,000.
INDEX_EVERY = 0.5

#: Messages that may wait for their indexing however much is said.
INDEX_AT_LATEST = 100_000

#: Seconds between two looks for what is too old, and before trying again after a failure.
TRIM_EVERY = 60.0
RETRY_AFTER = 5.0


class Upkeep:
    """Decides what is to be done next, and does one step of it.

    `retention` is how many seconds an entry is kept, `history_limit` how many are kept in a room;
    0 means no limit.
    """

    def __init__(self, keep_for: float, history_limit: int) -> None:
        self._keep_for = keep_for
        self._history_limit = history_limit
        self._unsettled = 0
        self._settle_at: float | None = None  # None: there is nothing to commit
        self._unindexed = INDEX_STEP  # not known yet; there may be much
        self._next_index = 0.0
        self._traces = True  # of deleted text, in the index or the log
        self._trim_after: int | None = 0  # the room at which trimming goes on; None: not now
        self._next_trim = 0.0
        self._not_before = 0.0

    def wrote(self, written: Sequence[Written]) -> None:
        """Note what was just written."""
        self._unsettled += len(written)
        self._unindexed += len(written)
        for each in written:
            kind = each.entry.kind
            if kind is Kind.DELETED or kind is Kind.EDITED:
                self._traces = True

    def calm_in(self, now: float) -> float | None:
        """Seconds to wait for something to write; then comes a step; None: for ever."""
        if now < self._not_before:
            return self._not_before - now
        if self._settle_at is not None:
            return SETTLE_CALM
        trimming = self._trims and self._trim_after is not None
        if self._unindexed or self._traces or trimming:
            return CALM
        return max(CALM, self._next_trim - now) if self._trims else None

    @property
    def _trims(self) -> bool:
        return bool(self._keep_for or self._history_limit)

    def step(self, writer: Writer, calm: bool, now: float, wall: float) -> None:
        """Do one thing, if it is time. `now` is a steady clock's, `wall` seconds since 1970."""
        if not writer.unsettled:
            self._settle_at, self._unsettled = None, 0
        elif self._settle_at is None:
            self._settle_at = now + SETTLE_AFTER
        if now < self._not_before:
            return
        try:
            if self._settle_at is not None and (
                calm or now >= self._settle_at or self._unsettled >= SETTLE_AT
            ):
                self._settle(writer)
            elif calm or self._indexes(now):
                self._step(writer, now, wall)
        except StorageFailed as error:
            log.warning("upkeep has to wait: %s", error)
            self._not_before = now + RETRY_AFTER

    def _indexes(self, now: float) -> bool:
        """Whether to index although it is not calm."""
        if self._unindexed >= INDEX_STEP and now >= self._next_index:
            return True
        return self._unindexed >= INDEX_AT_LATEST

    def settle(self, writer: Writer) -> None:
        """Commit what was acknowledged, as nothing more will come; what cannot be stays ahead."""
        try:
            if writer.unsettled:
                self._settle(writer)
        except StorageFailed as error:
            log.warning("the next start will have to commit what was written last: %s", error)

    def _settle(self, writer: Writer) -> None:
        self._settle_at, self._unsettled = None, 0
        writer.begin()
        writer.commit()

    def _step(self, writer: Writer, now: float, wall: float) -> None:
        if self._unindexed:
            writer.begin()
            done = writer.run(grams.index_some, INDEX_STEP)
            writer.commit()
            self._unindexed = 0 if done < INDEX_STEP else max(1, self._unindexed - done)
            self._next_index = now + INDEX_EVERY
        elif self._trims and (self._trim_after is not None or now >= self._next_trim):
            writer.begin()
            trimmed = writer.run(
                retention.trim,
                older_than=wall - self._keep_for if self._keep_for else None,
                history_limit=self._history_limit or None,
                now=wall,
                after=self._trim_after or 0,
            )
            writer.commit()
            self._trim_after = trimmed.after
            self._traces = self._traces or trimmed.entries > 0
            self._next_trim = now + TRIM_EVERY
        elif self._traces:
            writer.begin()
            more = writer.run(grams.scrub)
            more = writer.run(retention.shrink) or more
            writer.commit()
            if not more:
                self._traces = not writer.checkpoint()
