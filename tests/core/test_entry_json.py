import json

from gochat_py.core.entry_json import entry_json, read_message
from gochat_py.errors import GochatError
from tests.core.examples import ENTRIES, GONE, HELLO, RICH
from tests.support.case import TestCase


class EntryJsonTest(TestCase):
    def test_an_entry_is_one_line_of_json_with_the_fewest_escapes(self):
        text = entry_json(RICH)
        self.assertNotIn("\n", text)
        self.assertIn("你好 😀", text)
        self.assertEqual(json.loads(text)["text"], RICH.text)

    def test_a_message_has_the_id_that_its_sender_chose(self):
        self.assertEqual(json.loads(entry_json(HELLO, answers="other"))["id"], HELLO.id)

    def test_other_kinds_have_an_id_only_for_the_connection_that_asked(self):
        for entry in ENTRIES[3:]:
            self.assertNotIn("id", json.loads(entry_json(entry)))
            self.assertEqual(json.loads(entry_json(entry, answers="9"))["id"], "9")

    def test_a_deleted_message_has_no_text(self):
        event = json.loads(entry_json(GONE))
        self.assertIs(event["deleted"], True)
        self.assertNotIn("text", event)


class ReadMessageTest(TestCase):
    def test_a_message_is_read_back_as_it_was_written(self):
        self.assertEqual(read_message(json.loads(entry_json(HELLO))), HELLO)

    def test_other_kinds_and_changed_messages_are_refused(self):
        """The redo log has neither: they are committed at once."""
        for entry in (RICH, GONE, *ENTRIES[3:]):
            with self.subTest(kind=entry.kind), self.assertRaises(ValueError):
                read_message(json.loads(entry_json(entry)))

    def test_what_the_server_cannot_have_written_is_refused(self):
        value = json.loads(entry_json(HELLO))
        read_message(value)
        for name, wrong in (
            ("type", "edited"), ("room", "no room"), ("room", 1), ("seq", 0), ("seq", True),
            ("seq", 1.0), ("user", ""), ("user", None), ("nick", 1), ("nick", "\ud800"),
            ("time", -1), ("time", "now"), ("time", True), ("time", float("inf")), ("time", 1e12),
            ("text", None), ("text", "\ud800"), ("id", 7), ("reply_to", 0),
            ("reply_to", HELLO.seq), ("bot", 1), ("deleted", True),
        ):  # fmt: skip
            with self.subTest(name=name, wrong=wrong), self.assertRaises((ValueError, GochatError)):
                read_message({**value, name: wrong})
        for name in ("type", "room", "seq", "user", "nick", "time", "text"):
            with self.subTest(without=name), self.assertRaises(ValueError):
                read_message({each: value[each] for each in value if each != name})
        others: tuple[object, ...] = (None, [], "text", 1)
        for other in others:
            with self.subTest(other=other), self.assertRaises(ValueError):
                read_message(other)
