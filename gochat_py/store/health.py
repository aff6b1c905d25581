"""Whether the storage can be written, as far as is known. Says so in the log when that changes."""

from __future__ import annotations

import logging
import math
import threading
import time

log = logging.getLogger(__name__)

#: Seconds for which the same reason is not logged again, however often it comes and goes.
LOG_AGAIN = 60.0


class Health:
    """Set by the thread that writes, and by whoever finds the files replaced; any thread may ask.

    `reason` is None while nothing is known to be wrong. `written_at` is when the last commit
    succeeded, by the monotonic clock.
    """

    def __init__(self, place: str) -> None:
        self.reason: str | None = None
        self.written_at = -math.inf
        self._place = place
        self._lock = threading.Lock()  # guards the changes of `reason`, and the two below
        self._logged: str | None = None
        self._logged_at = -math.inf

    def failed(self, reason: str) -> None:
        """Nothing can be written now."""
        now = time.monotonic()
        with self._lock:
            if reason == self.reason:
                return
            self.reason = reason
            known = reason == self._logged and now < self._logged_at + LOG_AGAIN
            if not known:
                self._logged, self._logged_at = reason, now
        if not known:
            log.error("nothing can be stored in %s: %s", self._place, reason)

    def written(self) -> None:
        """A commit has succeeded."""
        self.written_at = time.monotonic()
        if self.reason is None:
            return
        with self._lock:
            self.reason = None
        log.info("it can be stored in %s again", self._place)
