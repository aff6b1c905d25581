"""Figures of a running process from the system. Linux; empty or zero elsewhere."""

from __future__ import annotations

import re
from pathlib import Path


def status(pid: int, field: str) -> int:
    """A number from /proc/PID/status: ``Threads``, or kibibytes for ``VmRSS``, ``VmHWM``."""
    found = re.search(rf"^{field}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found, f"/proc/{pid}/status has no {field}"
    return int(found[1])


def proportional_memory(pid: int) -> int:
    """Kibibytes of memory, pages shared with other processes counted in part."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)
    assert found
    return int(found[1])
