"""Writes log records to standard error: text for people, JSON lines for machines.

A write to standard error may block for ever, as on a pipe whose reader is stuck or a terminal after
^S. So the logging thread only formats its record as a line and puts the line into a bounded queue.
One daemon thread, ``log``, writes the lines. When the queue is full, lines are dropped and counted;
once there is space again, one record reports how many were dropped
(docs/decisions/0023-one-thread-writes-the-log.md).

Other output to `sys.stderr` (`warnings`, `traceback`, an exception that ends a thread,
`logging.lastResort`) takes the same path while the server runs.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import queue
import re
import select
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

from .. import threads
from ..errors import StartupError

TEXT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"

#: The capacity of the queue in lines and in bytes. At ``debug`` a busy server fills it in a tenth
#: of a second, at ``info`` never.
MAX_LINES = 4096
MAX_BYTES = 1024 * 1024

#: The most characters of a message, and of a traceback (of which the end is kept).
MAX_TEXT = 16 * 1024

#: Seconds to write the queued lines when the server ends.
CLOSE_WITHIN = 1.0

#: Characters that a terminal, or a program that reads the log, could interpret: control characters,
#: line and paragraph separators, marks that change the direction of text, and lone surrogates
#: (which UTF-8 cannot encode).
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class TextFormatter(logging.Formatter):
    """Formats a record as one line. Parts of a message come from peers; none can forge a record.

    Unsafe characters are escaped, and lines of a traceback are indented.
    """

    def __init__(self) -> None:
        super().__init__(TEXT)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line of `record`, without its traceback."""
        record.message = _escape(record.message[:MAX_TEXT])
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:
        """The traceback, indented."""
        lines = super().formatException(ei)[-MAX_TEXT:].split("\n")  # type: ignore[arg-type]
        return "\n".join("    " + _escape(line) for line in lines)


class JsonFormatter(logging.Formatter):
    """Formats a record as a JSON object in one line. Times are UTC; `fields` are optional."""

    def format(self, record: logging.LogRecord) -> str:
        """`record` as a line of JSON, with a field ``traceback`` if it has one."""
        written: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "thread": record.threadName,
            "message": record.getMessage()[:MAX_TEXT],
        }
        if isinstance(fields := getattr(record, "fields", None), dict):
            written["fields"] = fields
        if record.exc_info:
            written["traceback"] = self.formatException(record.exc_info)[-MAX_TEXT:]
        # `json.dumps` has escaped most unsafe characters; this escapes the rest.
        line = json.dumps(written, ensure_ascii=False)
        return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def _escape(text: str) -> str:
    """`text` with unsafe characters as Python escapes, as ``\\x1b`` or ``\\u202e``."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


class QueueHandler(logging.Handler):
    """Accepts records from any thread without blocking it, and writes them to a descriptor.

    No lock is held during a write. The caller keeps ownership of `descriptor`.
    """

    def __init__(self, formatter: logging.Formatter, descriptor: int) -> None:
        """Start the log thread. Raises `StartupError` if the system grants no thread."""
        super().__init__()
        self.setFormatter(formatter)
        self._descriptor = descriptor
        # Both are reentrant: a finalizer may log while its thread is inside one of them.
        self._lines: queue.SimpleQueue[bytes | threading.Event | None] = queue.SimpleQueue()
        self._guard = threading.RLock()  # guards the three below
        self._count = 0
        self._bytes = 0
        self._dropped = 0
        self._closed = True  # until the thread runs; only the closing thread uses it
        try:
            self._thread = threads.launch(self._run, "log")
        except threads.NO_THREAD as error:
            raise StartupError(
                f"the system grants no thread for the log ({error}); raise the limits "
                "(ulimit -u, ulimit -v)"
            ) from None
        self._closed = False

    # ---- any thread ---------------------------------------------------------------------------

    def createLock(self) -> None:
        """Use no lock of `logging`: threads would block each other on it."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Put `record` into the queue, or count it as dropped. Never blocks, never raises."""
        try:
            if not self.filter(record):
                return False
            self._put(self.format(record))
        except Exception:  # out of memory, or arguments that do not match the message
            self._drop()
        return True

    def _put(self, text: str) -> None:
        line = text.encode(errors="backslashreplace") + b"\n"
        with self._guard:
            fits = self._count < MAX_LINES and self._bytes + len(line) <= MAX_BYTES
            if fits:
                self._count += 1
                self._bytes += len(line)
        if fits:
            self._lines.put(line)
        else:
            self._drop()

    def _drop(self) -> None:
        with self._guard:
            self._dropped += 1

    def flush(self) -> None:
        """Wait until earlier lines are written, at most `CLOSE_WITHIN` seconds."""
        if self._closed:
            return
        written = threading.Event()
        self._lines.put(written)
        written.wait(CLOSE_WITHIN)

    def close(self) -> None:
        """Write the queued lines and end the thread, within `CLOSE_WITHIN` seconds.

        Lines that cannot be written by then are lost. `logging.shutdown` calls it again when the
        process ends.
        """
        if self._closed:
            return
        self._closed = True
        self._lines.put(None)
        self._thread.join(CLOSE_WITHIN)
        super().close()

    # ---- the log thread -----------------------------------------------------------------------

    def _run(self) -> None:
        """Write the queued lines until `close`. The log thread runs this."""
        while (line := self._lines.get()) is not None:
            if isinstance(line, threading.Event):
                line.set()
                continue
            # Without memory a line is lost and counted, and the thread continues.
            with contextlib.suppress(Exception):
                self._take(line)

    def _take(self, line: bytes) -> None:
        written = False
        try:
            written = self._write(line)
        finally:
            with self._guard:
                self._count -= 1
                self._bytes -= len(line)
                self._dropped += not written
                dropped = self._dropped if written and self._count <= MAX_LINES // 2 else 0
        if dropped and self._write(self._dropped_line(dropped)):
            with self._guard:
                self._dropped -= dropped

    def _dropped_line(self, dropped: int) -> bytes:
        text = "%d log records were dropped: standard error is too slow or blocked"
        record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, (dropped,), None)
        return self.format(record).encode() + b"\n"

    def _write(self, line: bytes) -> bool:
        """Write a line; may block without limit. False if the descriptor has failed."""
        view = memoryview(line)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:  # another process that shares it made it non-blocking
                poll = select.poll()
                poll.register(self._descriptor, select.POLLOUT)
                poll.poll()
            except OSError:  # the pipe is closed, or the disk is full
                return False
        return True


class _StandardError(io.TextIOBase):
    """`sys.stderr` while the server runs: each written line becomes a log record."""

    def __init__(self, handler: QueueHandler) -> None:
        self._handler = handler
        self._own = threading.local()  # the line that each thread is writing

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Log each line that `text` completes. Never blocks."""
        *lines, rest = (getattr(self._own, "line", "") + text).split("\n")
        self._own.line = rest[:MAX_TEXT]
        for line in lines:
            # Not through a logger: without this handler it would write to `sys.stderr` again.
            self._handler.handle(
                logging.LogRecord("stderr", logging.ERROR, "", 0, "%s", (line,), None)
            )
        return len(text)


@contextlib.contextmanager
def logging_to_standard_error(level: str, shape: str, descriptor: int = 2) -> Iterator[None]:
    """Write records of at least `level` to standard error; `shape` is ``text`` or ``json``.

    At the end the queued lines are written, within `CLOSE_WITHIN` seconds. Raises `StartupError` if
    the system grants no thread.
    """
    handler = QueueHandler(JsonFormatter() if shape == "json" else TextFormatter(), descriptor)
    before = sys.stderr
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    sys.stderr = _StandardError(handler)
    try:
        yield
    finally:
        sys.stderr = before
        logging.getLogger().removeHandler(handler)
        handler.close()
