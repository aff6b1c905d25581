from dataclasses import dataclass

from gochat_py.core.replay import Hole, after
from tests.support.case import TestCase


@dataclass(frozen=True)
class Numbered:
    seq: int


def some(*seqs: int) -> list[Numbered]:
    return [Numbered(seq) for seq in seqs]


class AfterTest(TestCase):
    def test_known_entries_are_not_returned_again(self):
        self.assertEqual(after(5, some(4, 5, 6, 7)), some(6, 7))
        self.assertEqual(after(5, some(4, 5)), [])

    def test_an_empty_history_and_no_held_entries_have_no_gap(self):
        self.assertEqual(after(0, []), [])
        self.assertEqual(after(5, some(6)), some(6))

    def test_a_gap_raises_hole_wherever_it_is(self):
        """The replay bug to have: a cursor that jumps over what it did not see."""
        for seq, held in ((2, some(4)), (2, some(3, 5)), (0, some(2))):
            with self.subTest(seq=seq, held=held), self.assertRaises(Hole):
                after(seq, held)
