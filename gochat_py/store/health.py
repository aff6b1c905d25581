"""Remembers whether the storage can be written, and logs each change of this."""

from __future__ import annotations

import logging
import math
import threading
import time

log = logging.getLogger(__name__)

#: Seconds during which the same reason is not logged again, however often writing fails.
LOG_AGAIN = 60.0


class Health:
    """The state of the storage, for all threads.

    The thread that writes sets it, and any thread that finds the files replaced. `reason` is None
    while no failure is known. `written_at` is when the last commit succeeded, by the monotonic
    clock.
    """

    def __init__(self, place: str) -> None:
        self.reason: str | None = None
        self.written_at = -math.inf
        self._place = place
        self._lock = threading.Lock()  # guards the changes of `reason`, and the two below
        self._logged: str | None = None
        self._logged_at = -math.inf

    def failed(self, reason: str) -> None:
        """Record that nothing can be written now."""
        now = time.monotonic()
        with self._lock:
            if reason == self.reason:
                return
            self.reason = reason
            known = reason == self._logged and now < self._logged_at + LOG_AGAIN
            if not known:
                self._logged, self._logged_at = reason, now
        if not known:
            log.error("cannot write to %s: %s", self._place, reason)

    def written(self) -> None:
        """Record that a commit has succeeded."""
        self.written_at = time.monotonic()
        if self.reason is None:
            return
        with self._lock:
            self.reason = None
        log.info("writing to %s works again", self._place)
