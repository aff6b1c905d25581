"""Makes the entries that the journal passes to the hub, without a journal."""

from __future__ import annotations

from typing import Any

from gochat_py.core.delivery import Written
from gochat_py.core.entry_json import entry_json
from gochat_py.message import Entry


def written(
    entry: Entry, sender: Any = None, answers: str | None = None, duplicate: bool = False
) -> Written[Any]:
    """`entry`, as the journal has persisted it for `sender`."""
    return Written(entry, sender, answers, duplicate, entry_json(entry))
