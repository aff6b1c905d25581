"""Compares docs/protocol.md with the code, in both directions.

What it names is sent or taken by the code, unless it is marked as planned; what the code sends or
takes is in it, without that mark.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from gochat_py.codes import Close
from gochat_py.core import session, wire
from gochat_py.core.commands import PAGE, ROOMS
from gochat_py.core.encode import ANSWER_BYTES
from gochat_py.core.frames import BYTES_A_FRAGMENT, MAX_FRAGMENTS
from gochat_py.core.presence import SHOWN
from gochat_py.http.handler import MAX_BLANK, MAX_IDLE_BODY, MAX_IDLE_BODY_SENT, MAX_PIECES
from gochat_py.http.resources import TABLE
from gochat_py.http.static.assets import BESIDE_THE_PAGE, Assets, web_root
from gochat_py.hub_room import PRESENCE_PERIOD
from gochat_py.message import Draft
from gochat_py.refusals import Code
from gochat_py.settings import Settings
from gochat_py.store import bounds, search, users
from tests.core.examples import EXAMPLES
from tests.core.test_vectors import as_object
from tests.support import docs
from tests.support.case import TestCase
from tests.support.edge import Edge, request, upgrade

TEXT = docs.document("docs/protocol.md")
COMMANDS = docs.section(TEXT, "### Commands")
EVENTS = docs.section(TEXT, "### Events")
ENTRIES = docs.section(TEXT, "### Entries")
ERRORS = docs.section(TEXT, "### Errors")
CLOSES = docs.section(TEXT, "### Close codes")
HTTP = docs.section(TEXT, "## 3. HTTP")
ENCODED = [json.loads(event) for event in EXAMPLES.values()]
ENTRY_TYPES = {"message", "edited", "deleted", "reacted", "topic"}

#: Close codes that no line of the package names: the client's own is answered with the same code
#: (RFC 6455, section 5.5.1), and wsproto fails a connection whose frames break RFC 6455.
CLOSED_ELSEWHERE = {Close.NORMAL, Close.PROTOCOL_ERROR, Close.INVALID_PAYLOAD}

#: Fields that every event, or every entry, may have. The document says so once.
OF_EVENTS = {"type", "id"}
OF_ENTRIES = {"type", "room", "seq", "user", "nick", "time"}

_FIELD = re.compile(r"`(\w+)`(\??)( \*planned\*)?(?: \[?\{([^}]*)\})?")


def blocks(marker: str) -> Iterator[str]:
    """The text of each JSON block of this side of the protocol."""
    return iter(re.findall(rf"^```json {marker}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))


#: For each field its mark and the fields within it.
Fields = dict[str, tuple[str, "Fields"]]


def events() -> list[dict[str, Any]]:
    return [json.loads(block) for block in blocks("server")]


def within(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events, and the entries that some of them list."""
    return [*events, *(entry for event in events for entry in event.get("entries", ()))]


def fields_within(value: object) -> Iterator[str]:
    """Every field of an object, and of those within it."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from fields_within(each)
    elif isinstance(value, list):
        for each in value:
            yield from fields_within(each)


def shape(value: object) -> object:
    """What a value is made of: its JSON type, an object's fields, a list's elements."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return "number" if type(value) in (int, float) else type(value).__name__


def fields(cell: str) -> Fields:
    """The fields that a cell names: ``?`` if one may be left out, and the fields within it.

    Those that are marked as planned are left out.
    """
    return {
        name: (optional, fields(inner))
        for name, optional, planned, inner in _FIELD.findall(cell)
        if not planned
    }


def compared(objects: list[dict[str, Any]], but: set[str]) -> Fields:
    """The same of objects: what all of them have, and what some have."""
    objects = [{name: each[name] for name in each.keys() - but} for each in objects]
    found = {}
    for name in {name for each in objects for name in each}:
        values = [each[name] for each in objects if name in each]
        within = [
            inner for value in values for inner in (value if type(value) is list else [value])
        ]
        within = [inner for inner in within if type(inner) is dict]
        plain = name in ("entries", "reactions")  # entries have a table; emoji are no fields
        optional = "" if len(values) == len(objects) else "?"
        found[name] = (optional, {} if plain else compared(within, set()))
    return found


def unset() -> set[str]:
    """Fields of an entry that nothing sets: no draft is made with them."""
    given = docs.arguments("Draft", "store/")
    return {name for name in Draft._field_defaults if name not in given}


def paths() -> Iterator[tuple[str, str, bool]]:
    """Method and path of each request in the table, and whether it is planned."""
    for row in docs.rows(HTTP):
        found = re.findall(r"`([A-Z]+) (/[^`]*)`( \*planned\*)?", row[0])
        yield from ((method, path, bool(mark)) for method, path, mark in found)


def planned_in(cell: str) -> set[str]:
    return {name for name, planned in docs.named(cell).items() if planned}


class ProtocolDocTest(TestCase):
    def test_the_document_s_commands_are_decoded(self):
        said = set()
        for block in blocks("client"):
            with self.subTest(block=block):
                command = json.loads(block)
                # Nothing in it is misspelled, and so ignored.
                self.assertLessEqual(command.items(), as_object(wire.decode(block)).items())
                said.add(command["type"])
        self.assertEqual(said, {*wire.COMMANDS, "ping"})

    def test_the_document_s_events_have_the_fields_of_the_code(self):
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

    def test_every_answer_has_the_id_of_its_command(self):
        """Each block of the server's that follows one of the client's answers it."""
        pairs = re.findall(
            r"^```json client\n([^`]*)^```\n\n```json server\n(.*?)^```$", TEXT, re.M | re.S
        )
        self.assertGreaterEqual(len(pairs), len(wire.COMMANDS) - 2)
        for asked, answered in pairs:
            self.assertEqual(json.loads(asked)["id"], json.loads(answered)["id"])

    def test_the_document_s_commands_are_those_of_the_code(self):
        rows = [docs.named(row[0]) for row in docs.rows(COMMANDS)]
        documented = {name for row in rows for name, planned in row.items() if not planned}
        self.assertEqual(documented, {*wire.COMMANDS, "ping"})
        planned = {name for row in rows for name, planned in row.items() if planned}
        self.assertEqual(planned & {*wire.COMMANDS, "ping"}, set(), "the mark is to go")
        for kind in documented:
            self.assertIn(f"\n#### {kind}\n", COMMANDS)

    def test_a_command_s_row_names_its_fields(self):
        rows = {row[0].strip("`"): row[1] for row in docs.rows(COMMANDS)}
        for kind, (_, grammar) in wire.COMMANDS.items():
            expected = {
                name: "" if required else "?"
                for name, _, required in grammar
                if name != "id" or required
            }
            documented = {name: optional for name, (optional, _) in fields(rows[kind]).items()}
            self.assertEqual(documented, expected, kind)
            self.assertEqual(planned_in(rows[kind]) & set(expected), set(), kind)

    def test_every_field_of_hello_is_read(self):
        reads = (docs.PACKAGE / "v1.py").read_text(encoding="utf-8")
        for name, _, _ in wire.COMMANDS["hello"][1]:
            if name != "id":
                self.assertRegex(reads, rf"\bwanted\.{name}\b")

    def test_the_document_s_events_are_those_of_the_code(self):
        rows = [docs.named(row[0]) for row in docs.rows(EVENTS)]
        sent = {event["type"] for event in ENCODED}
        documented = {name for row in rows for name, planned in row.items() if not planned}
        planned = {name for row in rows for name, planned in row.items() if planned}
        self.assertEqual(documented, sent)
        self.assertEqual(planned & sent, set(), "the mark is to go")

    def test_an_event_s_row_names_its_fields_and_those_within_them(self):
        for row in docs.rows(EVENTS):
            kind = row[0].strip("`")
            if ", " in kind:
                continue  # entries: the next test
            written = compared([event for event in ENCODED if event["type"] == kind], OF_EVENTS)
            if kind == "pong":  # and whatever the ping had
                written = {"time": written["time"]}
            with self.subTest(kind):
                self.assertEqual(fields(row[1]), written)
                self.assertEqual(planned_in(row[1]) & set(written), set(), "the mark is to go")

    def test_an_entry_s_row_names_its_fields(self):
        rows = {row[0].strip("`"): row[1] for row in docs.rows(ENTRIES)}
        self.assertEqual(set(rows), ENTRY_TYPES)
        never = unset()
        for kind, cell in rows.items():
            but = OF_ENTRIES if kind == "message" else OF_ENTRIES | OF_EVENTS
            written = [entry for entry in within(ENCODED) if entry["type"] == kind]
            documented = compared(written, but | never)
            with self.subTest(kind):
                self.assertEqual(fields(cell), documented)
                self.assertEqual(planned_in(cell) & set(documented), set(), "the mark is to go")

    def test_every_field_of_the_code_is_in_an_example(self):
        """So a new field cannot be left out of the document by being left out of the examples."""
        tree = ast.parse((docs.PACKAGE / "core" / "encode.py").read_text(encoding="utf-8"))
        everything = {name for event in within(ENCODED) for name in fields_within(event)}
        written = set()
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                keys = docs.keys_written(node)
                written |= keys
                ever = {name for event in ENCODED if event["type"] == node.name for name in event}
                if ever:
                    self.assertLessEqual(keys, ever, node.name)
        self.assertLessEqual(written, everything)
        self.assertGreater(len(written), 30)

    def test_the_document_s_error_codes_are_those_of_the_code(self):
        cells = " ".join(row[0] for row in docs.rows(ERRORS))
        documented = docs.named(cells)
        sent = {Code[name].value for name in docs.used("Code", "refusals.py")}
        self.assertEqual({code for code, planned in documented.items() if not planned}, sent)
        planned = {code for code, planned in documented.items() if planned}
        self.assertEqual(planned & sent, set(), "the mark is to go")
        self.assertEqual({code.value for code in Code} - sent - planned, set(), "nothing sends it")

    def test_the_document_s_close_codes_are_those_of_the_code(self):
        documented = {row[0].removesuffix(f" {docs.PLANNED}"): row[0] for row in docs.rows(CLOSES)}
        planned = {int(code) for code, cell in documented.items() if cell.endswith(docs.PLANNED)}
        sent = {Close[name] for name in docs.used("Close", "codes.py")} | CLOSED_ELSEWHERE
        self.assertEqual({int(code) for code in documented} - planned, set(map(int, sent)))
        self.assertEqual(set(Close), sent, "nothing sends it")

    def test_the_document_s_paths_are_those_of_the_code(self):
        """A planned path is answered like an unknown one."""
        assets = Assets.load(web_root())
        with Edge(assets=assets) as edge:
            for method, path, planned in paths():
                asked = path.partition("?")[0].replace("ROOM", "lobby")
                asked = asked.replace("CHECKSUM", assets.checksum).replace("…", "js/main.js")
                status = edge.ask(request(method, asked)).status
                with self.subTest(path=path, status=status):
                    self.assertEqual(status == 404, planned)
                    if not planned and asked != "/ws":
                        self.assertEqual(status, 308 if asked == "/r/lobby/" else 200)
            self.assertEqual(edge.ask(request(path="/ws")).status, 426)
            self.assertEqual(edge.ask(upgrade()).status, 101)

    def test_the_document_s_table_of_paths_is_that_of_the_code(self):
        documented = set()
        for method, path, planned in paths():
            found = TABLE.find(path.partition("?")[0])
            known = found if found and found.target(method) else None
            with self.subTest(path):
                self.assertNotEqual(known is not None, planned, "the mark is to go, or missing")
            if known:
                documented.add((method, known.pattern))
        self.assertEqual(documented, TABLE.rows)
        self.assertLessEqual({("GET", f"/{name}") for name in BESIDE_THE_PAGE}, TABLE.rows)

    def test_the_document_s_figures_are_those_of_the_code(self):
        allowance, settings = session.Allowance(), Settings()
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
            f"`password` (up to {wire.MAX_SECRET} characters)",
            f"The server pings every {settings.ping_period:g} s (`ping_period`)",
            f"{settings.pong_wait:g} s (`pong_wait`)",
            f"{settings.write_wait:g} s (`write_wait`)",
            f"outbox ({settings.send_buffer} messages or {settings.send_buffer_bytes >> 20} MiB)",
            f"as many users as it keeps ({settings.max_users:,})",
            f"one for each {BYTES_A_FRAGMENT} bytes",
            f"{MAX_FRAGMENTS:,} fragments",
            f"may have {MAX_IDLE_BODY >> 10} KiB, {MAX_IDLE_BODY_SENT >> 10} KiB as it travels, and"
            f" come in {MAX_PIECES:,} chunks",
            f"Before a request {MAX_BLANK} bytes of empty lines",
            f"refused {allowance.flood_count} times within {allowance.flood_seconds:g} seconds",
        ):
            self.assertIn(figure, " ".join(TEXT.split()))
        self.assertEqual(PRESENCE_PERIOD, 1 / 10)
