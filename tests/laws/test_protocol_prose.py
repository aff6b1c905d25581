"""The sentences of docs/protocol.md name only what exists."""

import re

from gochat_py.codes import Close
from gochat_py.core import names, wire
from gochat_py.refusals import Code
from gochat_py.settings import Settings
from tests.support import docs
from tests.support.case import TestCase

from .test_protocol_doc import (
    CLOSES,
    COMMANDS,
    ENCODED,
    ERRORS,
    EVENTS,
    TEXT,
    fields_within,
    paths,
    planned_in,
    unset,
    within,
)

#: The document without its examples, and without what it says of things that are planned.
STATED = docs.without_planned(re.sub(r"(?ms)^```json.*?^```$", "", TEXT))
#: The same without its tables, whose rows are compared one by one.
PROSE = "\n".join(line for line in STATED.splitlines() if not line.startswith("|"))

#: Words in code spans that are no names of the protocol.
OTHER_WORDS = {
    "_", "detail", "gochat", "guest", "i", "localhost", "null", "ss", "unknown", "vv", "w",
    "websocat", "wscat", *names.RESERVED,
}  # fmt: skip


def sent() -> set[str]:
    """The codes of errors that are sent."""
    return {Code[name].value for name in docs.used("Code", "refusals.py")}


class ProseTest(TestCase):
    def test_each_named_close_code_is_sent(self):
        """A code that is planned is named in a planned passage, or with the mark."""
        planned = {
            int(row[0].split()[0]) for row in docs.rows(CLOSES) if row[0].endswith(docs.PLANNED)
        }
        closes = set(map(int, re.findall(r"(?<![\d,])(?:10[01]\d|4\d{3})(?![\d,])", PROSE)))
        self.assertTrue(closes)
        unsent = {1006}  # no close frame came (RFC 6455, 7.1.5)
        self.assertLessEqual(closes, set(map(int, Close)) - planned | unsent)

    def test_each_named_event_and_field_exists(self):
        """Each word in a code span is a command, an event, a field, a code or a setting."""
        known = {*wire.COMMANDS, "ping", *Settings.__slots__, *sent(), *OTHER_WORDS}
        known |= {name for _, grammar in wire.COMMANDS.values() for name, _, _ in grammar}
        known |= {event["type"] for event in ENCODED}
        known |= {name for event in within(ENCODED) for name in fields_within(event)}
        known -= unset()
        words = set(re.findall(r"`([a-z_]+)`", STATED))
        self.assertGreater(len(words), 80)
        self.assertLessEqual(words, known)

    def test_planned_features_are_only_in_their_tables(self):
        planned = planned_in(" ".join(row[0] for row in docs.rows(ERRORS))) | unset()
        for name in planned:
            self.assertNotIn(f"`{name}`", PROSE)

    def test_each_named_path_is_in_the_table(self):
        documented = {(method, path) for method, path, planned in paths() if not planned}
        for method, path in re.findall(r"`([A-Z]+) (/[^`]*)`", PROSE):
            self.assertIn((method, path), documented)

    def test_each_answer_of_a_command_is_an_event(self):
        listed = {name for row in docs.rows(EVENTS) for name in docs.named(row[0])}
        for row in docs.rows(COMMANDS):
            answers = set(docs.named(row[2])) - {"id"}
            with self.subTest(row[0]):
                self.assertTrue(answers or row[2] == "none")
                self.assertLessEqual(answers, listed)

    def test_the_reserved_nicks_are_those_of_the_code(self):
        (listed,) = re.findall(r"(?s)\nReserved nicks: (.*?),\nall nicks", TEXT)
        self.assertEqual(re.findall(r"`([^`]+)`", listed), list(names.RESERVED))
        self.assertIn(f"A **room** is 1 to {names.ROOM_LENGTH} characters", PROSE)
        self.assertIn(f"A **nick** is 1 to {names.NICK_LENGTH} characters", PROSE)
