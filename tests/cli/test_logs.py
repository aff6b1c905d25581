"""The log: no thread waits for it, it is bounded, and no peer can forge a line."""

import contextlib
import gc
import json
import logging
import os
import sys
import threading
import traceback
import warnings
from unittest import mock

from gochat_py import threads
from gochat_py.cli import logs
from gochat_py.cli.logs import JsonFormatter, QueueHandler, TextFormatter, logging_to_standard_error
from gochat_py.errors import StartupError
from tests.support.case import PATIENCE, TestCase
from tests.support.narrow import not_none

NASTY = "a\r\n2026-01-01 INFO \x1b[31m\x9b\x00\u202e\u2028\u2029\x7f\ud800é大"


class LogCase(TestCase):
    """A pipe in place of standard error."""

    def setUp(self) -> None:
        super().setUp()
        self.reading, self.writing = os.pipe()
        for each in (self.reading, self.writing):
            self.addCleanup(self.close, each)

    def close(self, descriptor: int) -> None:
        with contextlib.suppress(OSError):  # the test has closed it
            os.close(descriptor)

    def fill(self) -> int:
        """Let the pipe take nothing more; gives the number of bytes that are in it."""
        os.set_blocking(self.writing, False)
        filled = 0
        for size in (65_536, 1):
            with contextlib.suppress(BlockingIOError):
                while True:
                    filled += os.write(self.writing, b"." * size)
        os.set_blocking(self.writing, True)
        return filled

    def handler(self) -> QueueHandler:
        handler = QueueHandler(logging.Formatter("%(message)s"), self.writing)
        self.addCleanup(handler.close)
        return handler

    def written(self, handler: QueueHandler, skip: int = 0) -> list[str]:
        """Read while the handler is closed; returns the lines, without the first `skip` bytes."""
        pieces: list[bytes] = []

        def read() -> None:
            while data := os.read(self.reading, 65_536):
                pieces.append(data)

        reader = threading.Thread(target=read)
        reader.start()
        handler.close()
        os.close(self.writing)
        reader.join(PATIENCE)
        return b"".join(pieces)[skip:].decode().splitlines()


def record(message: str, *arguments: object, error: BaseException | None = None):
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("test", logging.WARNING, "", 0, message, arguments, info)


class QueueTest(LogCase):
    def test_records_are_written_in_order(self) -> None:
        handler = self.handler()
        for number in range(1000):
            handler.handle(record("line %d", number))
        self.assertEqual(self.written(handler), [f"line {number}" for number in range(1000)])

    def test_no_thread_waits_for_a_full_pipe_and_dropped_records_are_counted(self) -> None:
        for size, most in ((1, logs.MAX_LINES), (10_000, logs.MAX_BYTES // 10_000)):
            with self.subTest(size):
                filled = self.fill()
                handler = self.handler()
                count = logs.MAX_LINES + 1000
                for number in range(count):  # nobody reads: this must come to its end
                    handler.handle(record("%d %s", number, "x" * size))
                self.assertLessEqual(handler._bytes, logs.MAX_BYTES)
                self.assertLessEqual(handler._count, logs.MAX_LINES)
                lines = self.written(handler, filled)
                (notice,) = [line for line in lines if "dropped" in line]
                lines.remove(notice)
                self.assertEqual([int(line.split()[0]) for line in lines], [*range(len(lines))])
                self.assertIn(len(lines), range(most - 1, most + 3))
                self.assertEqual(int(notice.split()[0]), count - len(lines))
                self.reading, self.writing = os.pipe()
                self.addCleanup(self.close, self.reading)
                self.addCleanup(self.close, self.writing)

    def test_closing_obeys_its_timeout_and_returns_at_once_the_second_time(self) -> None:
        filled = self.fill()
        handler = self.handler()
        handler.handle(record("never read in time"))
        with mock.patch.object(logs, "CLOSE_WITHIN", 0.05):
            handler.flush()
            handler.close()
        self.assertTrue(handler._thread.is_alive())
        handler.flush()  # as `logging.shutdown` does when the process ends
        handler.close()
        while filled:
            filled -= len(os.read(self.reading, filled))
        handler._thread.join(PATIENCE)
        self.assertFalse(handler._thread.is_alive())

    def test_a_closed_standard_error_is_no_failure(self) -> None:
        handler = self.handler()
        os.close(self.reading)
        handler.handle(record("into a pipe without a reader"))
        handler.flush()
        os.close(self.writing)
        handler.handle(record("to a descriptor that is closed"))
        handler.flush()
        self.assertEqual((handler._count, handler._bytes, handler._dropped), (0, 0, 2))
        handler.close()
        self.assertFalse(handler._thread.is_alive())

    def test_a_descriptor_that_another_program_made_non_blocking_is_waited_for(self) -> None:
        filled = self.fill()
        os.set_blocking(self.writing, False)
        handler = self.handler()
        handler.handle(record("late"))
        self.assertEqual(self.written(handler, filled), ["late"])

    def test_a_record_that_cannot_be_formatted_is_counted(self) -> None:
        handler = self.handler()
        handler.handle(record("%d", "no number"))
        handler.handle(record("next"))
        lines = self.written(handler)
        self.assertEqual(lines[0], "next")
        self.assertIn("1 log records were dropped", lines[1])

    def test_a_finalizer_may_log_while_a_record_is_logged(self) -> None:
        handler = self.handler()
        with handler._guard:
            handler.handle(record("from within"))
        self.assertEqual(self.written(handler), ["from within"])

    def test_without_a_thread_for_the_log_the_start_is_refused(self) -> None:
        with (
            mock.patch.object(threads, "launch", side_effect=RuntimeError("can't start")),
            self.assertRaisesRegex(StartupError, "ulimit -u"),
        ):
            self.handler()


class FormTest(TestCase):
    def nasty(self) -> logging.LogRecord:
        try:
            raise ValueError(NASTY)
        except ValueError as error:
            return record("who: %s", NASTY, error=error)

    def assert_safe(self, line: str) -> None:
        self.assertNotRegex(line, r"[\x00-\x1f\x7f-\x9f\u202e\u2028\u2029\ud800-\udfff]")
        self.assertIn("é大", line)

    def test_no_part_of_a_text_record_can_look_like_another_record(self) -> None:
        first, *rest = TextFormatter().format(self.nasty()).split("\n")
        self.assertIn(r"who: a\r\n2026-01-01 INFO \x1b[31m\x9b\x00\u202e", first)
        self.assert_safe(first)
        self.assertGreater(len(rest), 3)
        for line in rest:
            self.assertTrue(line.startswith("    "), line)
        self.assert_safe(rest[-1])

    def test_a_json_record_is_one_line_with_the_unchanged_message(self) -> None:
        line = JsonFormatter().format(self.nasty())
        self.assert_safe(line)
        said = json.loads(line)
        self.assertEqual(said["message"], f"who: {NASTY}")
        self.assertIn(f"ValueError: {NASTY}", said["traceback"])

    def test_long_records_are_cut(self) -> None:
        for formatter in (TextFormatter(), JsonFormatter()):
            self.assertLess(len(formatter.format(record("x" * 10_000_000))), 2 * logs.MAX_TEXT)


class StandardErrorTest(LogCase):
    def said(self, shape: str = "text") -> list[str]:
        """What is written while everything that writes to `sys.stderr` by itself does so."""
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        self.addCleanup(root.setLevel, level)
        pieces: list[bytes] = []
        with logging_to_standard_error("info", shape, self.writing):
            logging.getLogger("gochat_py.test").info("from %s", "a logger")
            print("print", file=sys.stderr)
            print("a", "b\x1b", sep="\n", file=sys.stderr)
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                warnings.warn("a warning", stacklevel=1)
            try:
                raise ValueError("printed")
            except ValueError:
                traceback.print_exc()
            dying = threading.Thread(target=lambda: void(1 / 0))
            dying.start()
            dying.join(PATIENCE)
            not_none(logging.lastResort).handle(record("last resort"))
            Unlucky()
            gc.collect()
        self.assertNotIn("_StandardError", repr(sys.stderr))
        self.assertEqual([each for each in root.handlers if isinstance(each, QueueHandler)], [])
        root.handlers[:] = before
        os.close(self.writing)
        while data := os.read(self.reading, 65_536):
            pieces.append(data)
        return b"".join(pieces).decode().splitlines()

    def test_everything_written_to_standard_error_goes_through_the_queue(self) -> None:
        lines = self.said()
        for words in (
            *("INFO", "from a logger", "stderr: print", "stderr: a", r"stderr: b\x1b"),
            *("UserWarning: a warning", "ValueError: printed", "ZeroDivisionError"),
            *("last resort", "OSError: lost"),
        ):
            self.assertTrue(any(words in line for line in lines), (words, lines))
        for line in lines:
            self.assertRegex(line, r"^(20\d\d-|    )")

    def test_in_json_each_line_is_an_object(self) -> None:
        messages = [json.loads(line)["message"] for line in self.said("json")]
        self.assertIn("from a logger", messages)
        self.assertIn("print", messages)


class Unlucky:
    """Raises in a place where no caller can catch it."""

    def __del__(self) -> None:
        raise OSError("lost")


def void(_: object) -> None:
    """Let an expression stand where nothing is to be returned."""
