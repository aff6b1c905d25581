import json

from gochat_py.core import encode
from gochat_py.refusals import Code, Refusal
from tests.core.examples import ENTRIES, EXAMPLES, GONE, HELLO, RICH, TOPIC
from tests.support.case import TestCase


class EncodeTest(TestCase):
    def test_an_entry_is_one_line_of_json_without_escapes_that_need_not_be(self):
        text = encode.entry_json(RICH)
        self.assertNotIn("\n", text)
        self.assertIn("你好 😀", text)
        self.assertEqual(json.loads(text)["text"], RICH.text)

    def test_a_message_carries_the_id_its_sender_gave_it_and_nobody_else_s(self):
        self.assertEqual(json.loads(encode.entry_json(HELLO, answers="other"))["id"], HELLO.id)

    def test_other_kinds_carry_an_id_only_for_the_one_who_asked(self):
        for entry in ENTRIES[3:]:
            self.assertNotIn("id", json.loads(encode.entry_json(entry)))
            self.assertEqual(json.loads(encode.entry_json(entry, answers="9"))["id"], "9")

    def test_what_was_deleted_has_no_text(self):
        event = json.loads(encode.entry_json(GONE))
        self.assertIs(event["deleted"], True)
        self.assertNotIn("text", event)

    def test_each_example_is_of_the_type_it_is_named_after(self):
        for name, event in EXAMPLES.items():
            self.assertEqual(json.loads(event)["type"], name.split(",")[0].split(" ")[0])

    def test_a_refusal_says_when_to_try_again_and_if_it_is_the_end(self):
        event = json.loads(
            encode.error(Refusal(Code.BUSY, "Busy.", answers="1", retry_after=0, close=4029))
        )
        expected = {
            "type": "error",
            "id": "1",
            "code": "busy",
            "message": "Busy.",
            "retry_after": 0,
            "fatal": True,
        }
        self.assertEqual(event, expected)

    def test_a_classic_client_gets_messages_only(self):
        self.assertEqual(encode.classic_line(HELLO, verbatim=False), "Ada: hello")
        self.assertEqual(
            encode.classic_line(HELLO._replace(text=" a\tb "), verbatim=True), " a\tb "
        )
        for broken in ("hi\nBob: I quit", "hi\u2028Bob: I quit"):
            entry = HELLO._replace(text=broken)
            self.assertEqual(encode.classic_line(entry, verbatim=False), "Ada: hi ⏎ Bob: I quit")
            self.assertEqual(encode.classic_line(entry, verbatim=True), "hi ⏎ Bob: I quit")
        ended = HELLO._replace(text="hello\n")
        self.assertEqual(encode.classic_line(ended, verbatim=True), "hello\n")
        self.assertEqual(encode.classic_line(ended, verbatim=False), "Ada: hello ⏎ ")
        for entry in (GONE, TOPIC):
            self.assertIsNone(encode.classic_line(entry, verbatim=False))

    def test_of_a_list_so_much_goes_into_an_answer_as_fits_and_at_least_one(self):
        large = "é" * (encode.ANSWER_BYTES // 4)
        self.assertEqual(encode.fitting([large, "a", large, "b"]), ([large, "a"], False))
        self.assertEqual(encode.fitting([large * 9, "a"]), ([large * 9], False))
        self.assertEqual(encode.fitting(["a", "b"]), (["a", "b"], True))
        self.assertEqual(encode.fitting([]), ([], True))
