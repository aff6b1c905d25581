import itertools
import re

from gochat_py.core import ending
from gochat_py.core.ending import NEXT, Cause, State, after
from tests.support.case import TestCase

OPEN, CLOSING, BROKEN, GONE, ENDED = State
CLOSE, SEND_FAILED, PEER_GONE, READER_DONE = Cause

#: Each state, and the state after each cause in the order of `Cause`; None if that cannot happen.
EXPECTED = {
    OPEN: (CLOSING, BROKEN, GONE, ENDED),
    CLOSING: (CLOSING, BROKEN, GONE, ENDED),
    BROKEN: (BROKEN, BROKEN, GONE, ENDED),
    GONE: (GONE, GONE, None, GONE),
    ENDED: (ENDED, ENDED, None, None),
}


class EndingTest(TestCase):
    def test_each_state_and_cause_lead_to_the_next_state_or_to_an_error(self):
        for state, cause in itertools.product(State, Cause):
            expected = EXPECTED[state][list(Cause).index(cause)]
            with self.subTest(state=state, cause=cause):
                if expected is None:
                    with self.assertRaisesRegex(
                        ValueError, f"{state.name} cannot get {cause.name}"
                    ):
                        after(state, cause)
                else:
                    self.assertIs(after(state, cause), expected)

    def test_the_table_has_a_row_for_each_state_and_nothing_else(self):
        self.assertEqual({state for state, _ in NEXT}, set(State))
        self.assertEqual(len(NEXT), sum(len(row) - row.count(None) for row in EXPECTED.values()))

    def test_no_cause_opens_a_connection_again(self):
        self.assertNotIn(OPEN, NEXT.values())

    def test_a_state_that_was_left_is_never_reached_again(self):
        rank = {OPEN: 0, CLOSING: 1, BROKEN: 2, GONE: 3, ENDED: 3}
        for (state, _), following in NEXT.items():
            self.assertTrue(following is state or rank[following] > rank[state])

    def test_the_module_explains_each_state_and_cause(self):
        words = set(re.findall(r"[A-Z_]{4,}", ending.__doc__ or ""))
        self.assertEqual(words, {each.name for each in (*State, *Cause)} | {"NEXT"})
