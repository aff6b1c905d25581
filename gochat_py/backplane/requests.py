"""The requests to the journal, which other threads put into its inbox."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..channel import Reply
from ..connection import Connection
from ..message import Draft
from ..orders import Barrier
from ..refusals import Refusal


class Write(NamedTuple):
    """A draft to be written; `sender` gets the outcome."""

    draft: Draft
    sender: Connection | None


@dataclass(frozen=True, slots=True)
class Ask:
    """A function that the journal calls within its transaction, with the time (since 1970).

    `reply` is None if no thread waits for the result. The function may be called twice, if its
    first call was rolled back. So changes outside the database belong into `on_persisted`, which
    gets the result after it is persisted. If the request is refused, `on_refused` is called. Both
    run in the journal thread, before `reply` is given, and after the entries that were written
    before are in the hub's inbox.
    """

    function: Callable[[sqlite3.Connection, float], Any]
    reply: Reply[Any] | None
    on_persisted: Callable[[Any], None] | None = None
    on_refused: Callable[[Refusal], None] | None = None


Request = Write | Ask | Barrier
