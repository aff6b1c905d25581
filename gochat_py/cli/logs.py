"""Log records on standard error: text for people, JSON lines for machines.

A write to standard error may wait for ever: a pipe whose reader is stuck, a terminal after ^S. So
nobody who logs writes. A record becomes a line in the thread that logs it, the line goes into a
bounded queue, and one daemon thread, ``log``, writes what is in there. When the queue is full a
line is dropped and counted, and once there is room again one record says how many were
(docs/decisions/0023-one-thread-writes-the-log.md).

Whatever else writes to `sys.stderr` (`warnings`, `traceback`, an exception that ends a thread,
`logging.lastResort`) goes the same way while the server runs.
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

#: Lines that may wait to be written, and their bytes. A server that logs as much as it can at
#: ``debug`` fills them in a tenth of a second, one that logs at ``info`` never does.
MAX_LINES = 4096
MAX_BYTES = 1024 * 1024

#: Characters of a message, and of a traceback (its end is kept); what is longer is cut.
MAX_TEXT = 16 * 1024

#: Seconds that what waits has to be written in when the server ends.
CLOSE_WITHIN = 1.0

#: What a terminal, or a program that reads the log, could take for something else than a character
#: of the message: control characters, line and paragraph separators, marks that turn the direction
#: of writing, and halves of surrogate pairs, which UTF-8 cannot hold.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class TextFormatter(logging.Formatter):
    """One line a record. Peers choose parts of messages: no part of one can look like a record.

    Unsafe characters are escaped, and lines of a traceback are indented.
    """

    def __init__(self) -> None:
        super().__init__(TEXT)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without a traceback."""
        record.message = _escape(record.message[:MAX_TEXT])
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:
        """The traceback, indented."""
        lines = super().formatException(ei)[-MAX_TEXT:].split("\n")  # type: ignore[arg-type]
        return "\n".join("    " + _escape(line) for line in lines)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with the time in UTC; `fields` are the record's own, where it has."""

    def format(self, record: logging.LogRecord) -> str:
        """`record` as a line of JSON; a traceback is one of its fields."""
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "thread": record.threadName,
            "message": record.getMessage()[:MAX_TEXT],
        }
        if isinstance(fields := getattr(record, "fields", None), dict):
            said["fields"] = fields
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)[-MAX_TEXT:]
        # JSON escapes most of what is unsafe, and takes the rest in this form.
        line = json.dumps(said, ensure_ascii=False)
        return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def _escape(text: str) -> str:
    """`text` with what is unsafe in it spelt as in Python, as ``\\x1b`` or ``\\u202e``."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


class QueueHandler(logging.Handler):
    """Takes records from any thread, none of which ever waits, and writes them to a descriptor.

    Neither lock is held during a write. `descriptor` stays the caller's.
    """

    def __init__(self, formatter: logging.Formatter, descriptor: int) -> None:
        """Start the thread that writes. Raises `StartupError` if the system grants none."""
        super().__init__()
        self.setFormatter(formatter)
        self._descriptor = descriptor
        # Both may be entered again by a finalizer that reports something in the midst of them.
        self._lines: queue.SimpleQueue[bytes | threading.Event | None] = queue.SimpleQueue()
        self._guard = threading.RLock()  # guards the three below
        self._count = 0
        self._bytes = 0
        self._dropped = 0
        self._closed = False  # the closing thread's own
        try:
            self._thread = threads.launch(self._run, "log")
        except threads.NO_THREAD as error:
            raise StartupError(
                f"the system grants no thread for the log ({error}); raise its limits "
                "(ulimit -u, ulimit -v)"
            ) from None

    # ---- any thread ---------------------------------------------------------------------------

    def createLock(self) -> None:
        """Have no lock of logging's: whoever waits for it would wait for the one that holds it."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Put `record` into the queue, or count it as dropped. Never waits, never raises."""
        try:
            if not self.filter(record):
                return False
            self._put(self.format(record))
        except Exception:  # no memory for it, or arguments that do not fit its message
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
        """Wait until what was logged before is written, `CLOSE_WITHIN` at the most."""
        if self._closed:
            return
        written = threading.Event()
        self._lines.put(written)
        written.wait(CLOSE_WITHIN)

    def close(self) -> None:
        """Write what waits, and end the thread, within `CLOSE_WITHIN`; then give up.

        `logging.shutdown` calls it again when the process ends.
        """
        if self._closed:
            return
        self._closed = True
        self._lines.put(None)
        self._thread.join(CLOSE_WITHIN)
        super().close()

    # ---- the log thread -----------------------------------------------------------------------

    def _run(self) -> None:
        """Write line after line. The log thread lives here."""
        while (line := self._lines.get()) is not None:
            if isinstance(line, threading.Event):
                line.set()
                continue
            # Without memory a line is lost, and counted; the thread goes on to the next.
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
        words = "%d log records were dropped: standard error took them too slowly"
        record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, words, (dropped,), None)
        return self.format(record).encode() + b"\n"

    def _write(self, line: bytes) -> bool:
        """Write a line, for as long as that takes; False if there is nobody to write it to."""
        view = memoryview(line)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:  # somebody who shares it made it so
                poll = select.poll()
                poll.register(self._descriptor, select.POLLOUT)
                poll.poll()
            except OSError:  # its reader is gone, or the disk is full
                return False
        return True


class _StandardError(io.TextIOBase):
    """`sys.stderr` while the server runs: each line of what is written is a record."""

    def __init__(self, handler: QueueHandler) -> None:
        self._handler = handler
        self._own = threading.local()  # the line that each thread is writing

    def writable(self) -> bool:
        """Say that one may write to it."""
        return True

    def write(self, text: str) -> int:
        """Log the lines that end in `text`. Never waits."""
        *lines, rest = (getattr(self._own, "line", "") + text).split("\n")
        self._own.line = rest[:MAX_TEXT]
        for line in lines:
            # Not by a logger: where the handler is taken off, that would come back here.
            self._handler.handle(
                logging.LogRecord("stderr", logging.ERROR, "", 0, "%s", (line,), None)
            )
        return len(text)


@contextlib.contextmanager
def logging_to_standard_error(level: str, shape: str, descriptor: int = 2) -> Iterator[None]:
    """Send records of at least `level` to standard error in `shape`, ``text`` or ``json``.

    At the end what waits is written, within `CLOSE_WITHIN`. Raises `StartupError` if the system
    grants no thread.
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
