"""Replayed and held entries together are complete, once and in order, or a gap is reported."""

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.core.replay import Hole, after
from tests.core.test_replay import Numbered
from tests.support.case import TestCase


class AfterProperties(TestCase):
    def test_every_cut_of_a_small_room(self):
        """All of them: read up to `seq`, held from `first` on."""
        for newest in range(9):
            whole = [Numbered(seq) for seq in range(1, newest + 1)]
            for seq in range(newest + 1):
                for first in range(1, newest + 2):
                    held = whole[first - 1 :]
                    if first <= seq + 1:
                        self.assertEqual(whole[:seq] + after(seq, held), whole)
                    elif held:
                        with self.assertRaises(Hole):
                            after(seq, held)

    @given(st.integers(0, 12), st.lists(st.integers(1, 16).map(Numbered), max_size=12))
    def test_the_result_has_no_gap_and_no_duplicate(self, seq, held):
        try:
            found = after(seq, held)
        except Hole:
            return
        self.assertEqual([each.seq for each in found], list(range(seq + 1, seq + len(found) + 1)))
        missed = {each.seq for each in held if each.seq > seq} - {each.seq for each in found}
        self.assertEqual(missed, set())
