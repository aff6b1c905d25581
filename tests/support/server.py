"""The real server in a process of its own, started as users start it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from .case import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


def limited(limits: str) -> Sequence[str]:
    """The words before a command that run it with limits, as in ``-n 64``; see `ulimit` in sh."""
    return ("sh", "-c", f'ulimit {limits} && exec "$@"', "sh")


class ServerProcess:
    """``python -m gochat_py --port 0 FLAGS…``, ready once constructed; a context manager.

    Unless `flags` say ``--data`` or ``--memory``, it keeps what is said in a directory of its own,
    `data`, which is removed with it. `url` is what it printed, as in ``http://127.0.0.1:40123/``;
    `errors()` is its standard error so far. Leaving the context stops it and fails if it had to be
    killed. `prefix` goes before the command (see `limited`), `program` is what Python is to run,
    and `stderr` a descriptor that takes the place of the file that `errors` reads.
    """

    def __init__(
        self,
        *flags: str,
        environment: dict[str, str] | None = None,
        prefix: Sequence[str] = (),
        program: Sequence[str] = ("-m", "gochat_py"),
        stderr: int | None = None,
    ) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed by _finish
        self._place = tempfile.TemporaryDirectory(prefix="gochat-test-", ignore_cleanup_errors=True)
        self.data = Path(self._place.name)
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            [*prefix, sys.executable, *program, "--port", "0", *flags],
            cwd=ROOT,
            # A flag wins over the environment: here is no more than the default.
            env={"GOCHAT_DATA": str(self.data), **os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=self._log if stderr is None else stderr,
        )
        try:
            line = self._first_line()
            self.url = line.removeprefix("listening on ")
            if self.url == line:
                raise AssertionError(f"expected 'listening on …', got {line!r}; {self.errors()}")
        except BaseException:
            self.kill()
            raise
        self.port = int(self.url.rstrip("/").rpartition(":")[2])
        self.ws_url = self.url.replace("http", "ws", 1) + "ws"

    def _first_line(self) -> str:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        if not ready:
            raise AssertionError(f"the server said nothing; {self.errors()}")
        return self.process.stdout.readline().decode().rstrip("\n")

    def errors(self) -> str:
        """All it has written to standard error."""
        self._log.seek(0)
        return self._log.read().decode()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop, wait, and give its exit status; kills it (and fails) if it will not."""
        self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            errors = self.errors()
            self.kill()
            raise AssertionError(f"the server did not stop; {errors}") from None

    def kill(self) -> None:
        """End it with SIGKILL, at once, and release what this object holds."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self._finish()

    def _finish(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()
        self._place.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        if self.process.poll() is None:
            self.stop()
        self._finish()
