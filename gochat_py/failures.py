"""Unforeseen errors in the log: each kind once in a while, so that none of them floods it."""

from __future__ import annotations

import logging
import threading
import time

log = logging.getLogger(__name__)

#: Seconds for which an error of one kind is not logged again.
SAY_AGAIN = 60.0

#: Kinds remembered; with more, all are forgotten.
KINDS = 64


class Failures:
    """Logs errors that nobody foresaw: each kind once in `SAY_AGAIN` seconds, with its traceback.

    Any thread. Owns  when each kind was logged last, under one lock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards `_logged`
        self._logged: dict[type[BaseException] | str, float] = {}

    def log(self, error: BaseException, what: str) -> None:
        """Log `error`, with its traceback, and what it led to; unless that is known."""
        if self._is_news(type(error)):
            log.error("%s", what, exc_info=error)

    def warn(self, what: str, *args: object) -> None:
        """Log a warning; `what` without its `args` is the kind."""
        if self._is_news(what):
            log.warning(what, *args)

    def _is_news(self, kind: type[BaseException] | str) -> bool:
        now = time.monotonic()
        with self._lock:
            if now < self._logged.get(kind, now - SAY_AGAIN) + SAY_AGAIN:
                return False
            if len(self._logged) >= KINDS:
                self._logged.clear()
            self._logged[kind] = now
        return True
