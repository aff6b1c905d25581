"""The test vectors of the server and the page: tests/vectors/*.json."""

import json
from dataclasses import asdict
from typing import Any

from gochat_py.core import wire
from gochat_py.core.commands import Command, Ping
from gochat_py.core.names import check_room, room_key
from gochat_py.refusals import Code, Refusal
from tests.core.examples import EXAMPLES
from tests.support.case import TestCase
from tests.support.server import ROOT

VECTORS = ROOT / "tests" / "vectors"


def vectors(name: str) -> list[dict[str, Any]]:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def as_object(command: Command) -> dict[str, object]:
    """The command as the page has it: its type, and the fields that are set."""
    kind = type(command).__name__.lower()
    if isinstance(command, Ping):
        return {"type": kind, **command.fields}
    fields = asdict(command)
    return {"type": kind} | {name: each for name, each in fields.items() if each is not None}


class CommandVectorsTest(TestCase):
    def test_each_valid_command_is_decoded(self):
        for vector in vectors("commands.json"):
            if "decoded" in vector:
                with self.subTest(vector["name"]):
                    self.assertEqual(as_object(wire.decode(vector["json"])), vector["decoded"])

    def test_each_invalid_command_is_refused_with_its_code(self):
        for vector in vectors("commands.json"):
            if "refusal" in vector:
                expected = vector["refusal"]
                with self.subTest(vector["name"]):
                    with self.assertRaises(Refusal) as caught:
                        wire.decode(vector["json"])
                    refusal = caught.exception
                    self.assertEqual(refusal.code.value, expected["code"])
                    self.assertEqual(refusal.answers, expected.get("id"))
                    if "field" in expected:
                        self.assertIn(f'"{expected["field"]}"', refusal.message)

    def test_every_type_has_vectors(self):
        found = {
            vector["decoded"]["type"] for vector in vectors("commands.json") if "decoded" in vector
        }
        self.assertEqual(found, {*wire.COMMANDS, "ping"})


class RoomVectorsTest(TestCase):
    """Which names are one room; the page has the same rule."""

    def test_names_are_one_room_or_two(self):
        for vector in vectors("rooms.json"):
            for name in vector.get("names", ()):
                with self.subTest(name):
                    self.assertEqual(room_key(check_room(name)), vector["key"])
        keys = [vector["key"] for vector in vectors("rooms.json") if "key" in vector]
        self.assertEqual(len(keys), len(set(keys)))

    def test_invalid_names_are_refused(self):
        for vector in vectors("rooms.json"):
            if "refused" in vector:
                with self.subTest(vector["refused"]), self.assertRaises(Refusal) as caught:
                    check_room(vector["refused"])
                self.assertIs(caught.exception.code, Code.BAD_ROOM)


class EventVectorsTest(TestCase):
    def test_the_encoded_events_are_those_of_the_vectors(self):
        written = {vector["name"]: vector for vector in vectors("events.json")}
        self.assertEqual(set(written), set(EXAMPLES))
        for name, event in EXAMPLES.items():
            with self.subTest(name):
                self.assertEqual(event.decode(), written[name]["json"])
                self.assertEqual(json.loads(event), written[name]["event"])
