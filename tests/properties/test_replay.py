"""Wherever history is cut, replayed and held make the whole: once, in order, or a hole is said."""

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.core.replay import Hole, merge
from tests.core.test_replay import Numbered
from tests.support.case import TestCase


class MergeProperties(TestCase):
    def test_every_cut_of_a_small_room(self):
        """All of them: known up to `since`, read up to `seq`, held from `first` on."""
        for newest in range(9):
            whole = [Numbered(seq) for seq in range(1, newest + 1)]
            for since in range(newest + 1):
                for seq in range(since, newest + 1):
                    for first in range(1, newest + 2):
                        held = whole[first - 1 :]
                        if first <= seq + 1:
                            self.assertEqual(merge(whole[since:seq], seq, held), whole[since:])
                        elif held:
                            with self.assertRaises(Hole):
                                merge(whole[since:seq], seq, held)

    @given(
        st.lists(st.integers(1, 12).map(Numbered), max_size=12),
        st.integers(0, 12),
        st.lists(st.integers(1, 16).map(Numbered), max_size=12),
    )
    def test_whatever_is_given_what_comes_has_no_hole_and_no_repeat(self, history, seq, held):
        try:
            merged = merge(history, seq, held)
        except Hole:
            return
        self.assertEqual(merged[: len(history)], history)
        first = history[0].seq if history else seq + 1
        self.assertEqual([each.seq for each in merged], list(range(first, first + len(merged))))
        missed = {each.seq for each in held if each.seq > seq} - {each.seq for each in merged}
        self.assertEqual(missed, set())
