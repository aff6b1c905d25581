"""Logs unexpected errors, each kind at most once a minute, so that no error floods the log."""

from __future__ import annotations

import logging
import threading
import time

log = logging.getLogger(__name__)

#: Seconds for which an error of one kind is not logged again.
REPEAT_AFTER = 60.0

#: Kinds to remember; at the limit all are forgotten.
KINDS = 64


class Failures:
    """Logs unexpected errors: each kind once in `REPEAT_AFTER` seconds, with its traceback.

    Any thread may call everything. One lock guards the time at which each kind was last logged.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards `_logged`
        self._logged: dict[type[BaseException] | str, float] = {}

    def log(self, error: BaseException, what: str) -> None:
        """Log `what` and the traceback of `error`, unless its type was logged a short time ago."""
        if self._is_due(type(error)):
            log.error("%s", what, exc_info=error)

    def warn(self, what: str, *args: object) -> None:
        """Log a warning; `what` without its `args` is the kind."""
        if self._is_due(what):
            log.warning(what, *args)

    def _is_due(self, kind: type[BaseException] | str) -> bool:
        now = time.monotonic()
        with self._lock:
            if now < self._logged.get(kind, now - REPEAT_AFTER) + REPEAT_AFTER:
                return False
            if len(self._logged) >= KINDS:
                self._logged.clear()
            self._logged[kind] = now
        return True
