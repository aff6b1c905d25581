from gochat_py.core.rendering import classic_line
from tests.core.examples import GONE, HELLO, TOPIC
from tests.support.case import TestCase


class ClassicLineTest(TestCase):
    def test_a_classic_client_gets_messages_only(self):
        self.assertEqual(classic_line(HELLO, verbatim=False), "Ada: hello")
        self.assertEqual(classic_line(HELLO._replace(text=" a\tb "), verbatim=True), " a\tb ")
        for broken in ("hi\nBob: I quit", "hi\u2028Bob: I quit"):
            entry = HELLO._replace(text=broken)
            self.assertEqual(classic_line(entry, verbatim=False), "Ada: hi ⏎ Bob: I quit")
            self.assertEqual(classic_line(entry, verbatim=True), "hi ⏎ Bob: I quit")
        ended = HELLO._replace(text="hello\n")
        self.assertEqual(classic_line(ended, verbatim=True), "hello\n")
        self.assertEqual(classic_line(ended, verbatim=False), "Ada: hello ⏎ ")
        for entry in (GONE, TOPIC):
            self.assertIsNone(classic_line(entry, verbatim=False))
