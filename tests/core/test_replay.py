from dataclasses import dataclass

from gochat_py.core.replay import Hole, merge
from tests.support.case import TestCase


@dataclass(frozen=True)
class Numbered:
    seq: int


def some(*seqs: int) -> list[Numbered]:
    return [Numbered(seq) for seq in seqs]


class MergeTest(TestCase):
    def test_what_both_hold_comes_once(self):
        self.assertEqual(merge(some(3, 4, 5), 5, some(4, 5, 6, 7)), some(3, 4, 5, 6, 7))

    def test_an_empty_past_and_an_empty_present_meet_too(self):
        self.assertEqual(merge([], 0, []), [])
        self.assertEqual(merge([], 5, some(6)), some(6))
        self.assertEqual(merge([], 5, some(4, 5)), [])
        self.assertEqual(merge(some(5), 5, []), some(5))

    def test_a_hole_is_said_wherever_it_is(self):
        """The replay bug to have: a cursor that jumps over what it did not see."""
        for history, seq, held in (
            (some(1, 2), 2, some(4)),
            (some(1, 2), 2, some(3, 5)),
            (some(1, 3), 3, []),
            (some(1, 2), 3, some(3)),
            (some(1, 2, 3), 2, []),
            ([], 2, some(4)),
        ):
            with self.subTest(history=history, seq=seq, held=held), self.assertRaises(Hole):
                merge(history, seq, held)
