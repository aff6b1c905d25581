"""docs/protocol.md is kept true: its examples are read and compared, its lists are complete."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from gochat_py.codes import Close
from gochat_py.core import session, wire
from gochat_py.core.commands import PAGE, ROOMS
from gochat_py.core.encode import ANSWER_BYTES
from gochat_py.core.presence import SHOWN
from gochat_py.hub_room import NEWS_PERIOD
from gochat_py.refusals import Code
from gochat_py.store import bounds, search, users
from tests.core.examples import EXAMPLES
from tests.core.test_vectors import as_object
from tests.support.case import TestCase
from tests.support.server import ROOT

TEXT = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
ENCODED = [json.loads(event) for event in EXAMPLES.values()]
ENTRY_TYPES = {"message", "edited", "deleted", "reacted", "topic"}


def blocks(marker: str) -> Iterator[str]:
    """The text of each JSON block that this side of the wire says."""
    return iter(re.findall(rf"^```json {marker}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))


def events() -> list[dict]:
    return [json.loads(block) for block in blocks("server")]


def within(events: list[dict]) -> list[dict]:
    """The events, and the entries that some of them list."""
    return [*events, *(entry for event in events for entry in event.get("entries", ()))]


def shape(value: object) -> object:
    """What a value is made of: its JSON type, an object's fields, a list's elements."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return "number" if type(value) in (int, float) else type(value).__name__


class ProtocolDocTest(TestCase):
    def test_what_the_client_says_is_understood(self):
        said = set()
        for block in blocks("client"):
            with self.subTest(block=block):
                command = json.loads(block)
                # Nothing in it is misspelled, and so ignored.
                self.assertLessEqual(command.items(), as_object(wire.decode(block)).items())
                said.add(command["type"])
        self.assertEqual(said, {*wire.COMMANDS, "ping"})

    def test_what_the_server_says_has_the_fields_that_it_writes(self):
        for event in within(events()):
            kind = event["type"]
            written = [each for each in within(ENCODED) if each["type"] == kind]
            always = set.intersection(*map(set, written))
            ever = set.union(*map(set, written)) | ({"sent"} if kind == "pong" else set())
            with self.subTest(event=event):
                self.assertLessEqual(always, set(event), "a field that always comes is missing")
                self.assertLessEqual(set(event), ever, "a field that never comes is there")
                for name in set(event) & ever - {"entries", "reactions"}:
                    shapes = [shape(each[name]) for each in written if name in each]
                    self.assertIn(shape(event[name]), [*shapes, []], name)

    def test_every_event_has_an_example(self):
        said = {event["type"] for event in within(events())}
        self.assertEqual(said, {event["type"] for event in ENCODED})
        self.assertLessEqual(ENTRY_TYPES, said)

    def test_every_answer_carries_the_id_of_its_command(self):
        """Each block of the server's that follows one of the client's answers it."""
        pairs = re.findall(
            r"^```json client\n([^`]*)^```\n\n```json server\n(.*?)^```$", TEXT, re.M | re.S
        )
        self.assertGreaterEqual(len(pairs), len(wire.COMMANDS) - 2)
        for asked, answered in pairs:
            self.assertEqual(json.loads(asked)["id"], json.loads(answered)["id"])

    def test_every_command_and_event_is_in_its_table(self):
        commands, rest = TEXT.split("### Commands")[1].split("### Events")
        for kind in (*wire.COMMANDS, "ping"):
            self.assertRegex(commands, rf"(?m)^\| `{kind}` \|")
            self.assertIn(f"\n#### {kind}\n", commands)
        rows = rest.split("### Errors")[0]
        for kind in {event["type"] for event in ENCODED}:
            self.assertRegex(rows, rf"(?m)^\| [^|]*`{kind}`[^|]* \|")

    def test_a_command_s_row_names_its_fields(self):
        commands = TEXT.split("### Commands")[1].split("### Events")[0]
        for kind, (_, fields) in wire.COMMANDS.items():
            row = re.search(rf"(?m)^\| `{kind}` \| ([^|]*)\|", commands)
            assert row is not None
            named = dict(re.findall(r"`(\w+)`(\??)", row[1]))
            expected = {
                name: "" if required else "?"
                for name, _, required in fields
                if name != "id" or required
            }
            self.assertEqual(named, expected, kind)

    def test_every_error_and_close_code_is_explained(self):
        errors, rest = TEXT.split("### Errors")[1].split("### What the server promises")
        explained = re.findall(r"`(\w+)`", " ".join(re.findall(r"(?m)^\| (`[^|]*) \|", errors)))
        self.assertEqual(sorted(explained), sorted(code.value for code in Code))
        closes = {int(code) for code in re.findall(r"(?m)^\| (\d{4}) \|", rest)}
        self.assertLessEqual(set(map(int, Close)), closes)

    def test_its_figures_are_those_of_the_code(self):
        allowance = session.Allowance()
        for figure in (
            f"`text` is 1 to {wire.MAX_TEXT:,} characters",
            f"up to {wire.MAX_TOPIC} characters",
            f"1 to {wire.MAX_QUERY} characters, taken literally",
            f"`emoji` is 1 to {wire.MAX_EMOJI} characters",
            f"a string of 1 to {wire.MAX_ID} characters",
            f"up to {wire.MAX_CLIENT} characters",
            f"`limit` is 1 to {wire.MAX_PAGE}, and {PAGE} when left out",
            f"nested at most {wire.MAX_DEPTH} deep",
            f"within {allowance.hello_within:g} seconds",
            f"connection may be in {allowance.rooms}",
            f"`limit` is 1 to {wire.MAX_PAGE}, and {ROOMS} when left out",
            f"up to {bounds.EDITS} times; then it is `limit_reached`",
            f"{bounds.EMOJI} different emoji and {bounds.REACTIONS} reactions in all,"
            f" and they can change {bounds.CHANGES:,} times",
            f"more than {ANSWER_BYTES // 1024} KiB of JSON",
            f"A search takes at most {search.TIME * 1000:g} ms",
            f"until {users.KEPT / users.DAY:g} days after they were last seen",
            f"At most {SHOWN:,} members of a room are listed",
            "at most ten a second for a room",
            f"refused {allowance.flood_count} times within {allowance.flood_seconds:g} seconds",
        ):
            self.assertIn(figure, " ".join(TEXT.split()))
        self.assertEqual(NEWS_PERIOD, 1 / 10)
