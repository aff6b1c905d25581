import json

from gochat_py.core import encode
from gochat_py.refusals import Code, Refusal
from tests.core.examples import EXAMPLES
from tests.support.case import TestCase


class EncodeTest(TestCase):
    def test_each_example_is_of_the_type_it_is_named_after(self):
        for name, event in EXAMPLES.items():
            self.assertEqual(json.loads(event)["type"], name.split(",")[0].split(" ")[0])

    def test_a_refusal_has_retry_after_and_fatal(self):
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

    def test_an_answer_has_the_items_that_fit_and_at_least_one(self):
        large = "é" * (encode.ANSWER_BYTES // 4)
        self.assertEqual(encode.fitting([large, "a", large, "b"]), ([large, "a"], False))
        self.assertEqual(encode.fitting([large * 9, "a"]), ([large * 9], False))
        self.assertEqual(encode.fitting(["a", "b"]), (["a", "b"], True))
        self.assertEqual(encode.fitting([]), ([], True))
