"""What the journal can be asked to do: everything that goes into its inbox."""

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
    """A draft to be written; what becomes of it is told to `sender`."""

    draft: Draft
    sender: Connection | None


@dataclass(frozen=True, slots=True)
class Ask:
    """A function to be called within the transaction, with the time; nobody may wait for it.

    It may be called twice, if what it did the first time was undone; so what is to be remembered
    beside the database is done by `kept`, which gets the result when that is kept. If it is
    refused, `refused` is called. Both run in the journal thread before `reply` is given, and after
    the hub's inbox has got what was written before.
    """

    function: Callable[[sqlite3.Connection, float], Any]
    reply: Reply[Any] | None
    on_persisted: Callable[[Any], None] | None = None
    on_refused: Callable[[Refusal], None] | None = None


Request = Write | Ask | Barrier
