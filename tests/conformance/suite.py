"""Starts the echo server in a process of its own, and runs cases against it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kosoku import FailureError, run_fuzzingclient

from tests.support.case import PATIENCE
from tests.support.server import ROOT

#: Judged acceptable by the suite: right, or left open by the RFC.
CLEAN = ("OK", "INFORMATIONAL")


@contextmanager
def echo_server() -> Iterator[str]:
    """The WebSocket address of a running echo server."""
    command = [sys.executable, "-m", "tests.conformance.echo"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            if not line:
                raise AssertionError("the echo server did not start; its error stands above")
            yield line.replace("http", "ws", 1) + "ws"
        finally:
            process.terminate()
            process.wait(PATIENCE)


def run(url: str, cases: Sequence[str] | None, concurrency: int = 2) -> list[Any]:
    """The verdict on each case; `cases` are names or globs, None means all 517."""

    async def judge() -> list[Any]:
        try:
            return list(await run_fuzzingclient(url, cases, concurrency=concurrency))
        except FailureError as failure:
            return list(failure.results)

    return asyncio.run(judge())


def verdicts(results: Sequence[Any]) -> dict[str, str]:
    """What is not clean, by case: how the messages and how the closing were judged."""
    return {
        result.case_id: f"{result.behavior.value}, closing {result.behavior_close.value}"
        for result in results
        if result.behavior.value not in CLEAN or result.behavior_close.value not in CLEAN
    }
