import json
import subprocess
import sys

from gochat_py.core import wire
from gochat_py.core.commands import Edit, Join, Ping, Send
from gochat_py.message import Position
from gochat_py.refusals import Code, Refusal
from tests.support.case import PATIENCE, TestCase
from tests.support.narrow import as_a
from tests.support.server import ROOT


class DecodeTest(TestCase):
    def refusal(self, text: str) -> Refusal:
        with self.assertRaises(Refusal) as caught:
            wire.decode(text)
        return caught.exception

    def test_a_command_has_its_fields(self):
        self.assertEqual(
            wire.decode('{"type":"send","id":"1","room":"lobby","text":"hi","reply_to":3}'),
            Send("lobby", "hi", "1", 3),
        )
        join = wire.decode('{"type":"join","room":"x","since":{"epoch":"e","seq":0}}')
        self.assertEqual(as_a(Join, join).since, Position("e", 0))

    def test_a_ping_keeps_all_but_its_type(self):
        self.assertEqual(
            wire.decode('{"type":"ping","id":"7","a":[null]}'), Ping({"id": "7", "a": [None]}, "7")
        )

    def test_an_integer_of_many_digits_is_a_refusal(self):
        """Python converts no more than 4,300 digits; more raise an error that is not JSON's own."""
        for digits in (20, 4_000, 5_000, 60_000):
            number = "9" * digits
            self.assertIn(
                self.refusal(f'{{"type":"read","room":"a","seq":{number}}}').code,
                (Code.BAD_FIELD, Code.BAD_JSON),
            )

    def test_an_id_that_cannot_be_read_is_not_in_the_answer(self):
        self.assertIsNone(self.refusal('{"type":"rooms","id":{"a":1}}').answers)
        self.assertIsNone(self.refusal('{"type":"nothing","id":"\\ud800"}').answers)
        self.assertEqual(self.refusal('{"type":"nothing","id":"a"}').answers, "a")

    def test_a_refusal_names_the_field(self):
        self.assertEqual(
            self.refusal('{"type":"send","id":"1","room":"a"}').message, '"text" is missing.'
        )
        self.assertEqual(
            self.refusal('{"type":"send","id":"1","room":"a","text":"%s"}' % ("x" * 4001)).message,
            '"text" must be at most 4,000 characters, not 4,001.',
        )

    def test_text_with_long_runs_of_marks_or_bidi_controls_is_refused(self):
        """Ten messages of marks took 35 s to index; U+202E reversed the text of others."""
        marks = "without more than 30 combining marks in a row"
        for command, field in (
            ({"type": "send", "room": "a", "id": "1"}, "text"),
            ({"type": "send", "room": "a", "text": "hi"}, "id"),
            ({"type": "edit", "room": "a", "seq": 1}, "text"),
            ({"type": "topic", "room": "a"}, "text"),
            ({"type": "search"}, "query"),
            ({"type": "react", "room": "a", "seq": 1, "on": True}, "emoji"),
            ({"type": "hello", "nick": "Ada"}, "client"),
            ({"type": "hello", "nick": "Ada"}, "token"),
            ({"type": "hello", "nick": "Ada"}, "password"),
            ({"type": "ping"}, "id"),
        ):
            for given, wrong in (
                ("a" + "\u0301" * 31, marks),
                ("a\u202eb", "without the character U+202E"),
            ):
                refused = self.refusal(json.dumps({**command, field: given}))
                self.assertIs(refused.code, Code.BAD_FIELD)
                self.assertEqual(refused.message, f'"{field}" must be {wrong}.')

    def test_line_breaks_are_for_messages_only(self):
        for kind, more in (("send", {"id": "1"}), ("edit", {"seq": 1})):
            for char in "\n\t\u2028":
                text = f"a{char}b"
                command = {"type": kind, "room": "a", "text": text, **more}
                decoded = wire.decode(json.dumps(command))
                assert isinstance(decoded, Send | Edit)
                self.assertEqual(decoded.text, text)
        topic = {"type": "topic", "room": "a", "text": "a\u2028b"}
        self.assertIs(self.refusal(json.dumps(topic)).code, Code.BAD_FIELD)

    def test_brackets_in_strings_do_not_count_as_nesting(self):
        def ping(nested: str) -> str:
            return f'{{"type":"ping","x":{nested}}}'

        deep = wire.MAX_DEPTH - 1
        wire.decode(ping("[" * deep + "]" * deep))
        wire.decode(ping(f"[{','.join(['{}'] * 500)}]"))
        wire.decode(ping(f'"{"[{" * 500}"'))
        self.assertIn("nested", self.refusal(ping("[" * (deep + 1) + "]" * (deep + 1))).message)
        self.assertIs(self.refusal('"' * 3 + "[" * 65_000).code, Code.BAD_JSON)
        self.assertIs(self.refusal("\\" * 65_000 + "[" * 100).code, Code.BAD_JSON)

    def test_deep_nesting_does_not_crash_a_thread_with_a_small_stack(self):
        """CPython 3.13 lets its JSON reader go further than half a MiB of stack: it crashed."""
        script = (
            "import sys, threading\n"
            "from gochat_py.core import wire\n"
            "from gochat_py.refusals import Refusal\n"
            "def run():\n"
            "    for text in ('[' * 60000, '{\"a\":' * 12000, '[' * 30000 + ']' * 30000):\n"
            "        try: wire.decode(text)\n"
            "        except Refusal as refusal: print(refusal.code.value)\n"
            "threading.stack_size(512 * 1024)\n"
            "thread = threading.Thread(target=run)\n"
            "thread.start(); thread.join()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        self.assertEqual((done.returncode, done.stdout.split()), (0, ["bad_json"] * 3), done.stderr)
