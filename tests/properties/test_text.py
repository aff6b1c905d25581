"""Any text is accepted after cleaning, and Stream-Safe after cutting; the rest is unchanged."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.core.text import MAX_MARKS, clean_line, cut_runs, fold, one_line, wrong_with
from tests.support.case import TestCase

marks = st.sampled_from("\u0301\u0316\u0344\u0f73\uff9e\u20dd\U0001e944")
piles = st.builds(
    lambda letter, pile: letter + pile, st.sampled_from("aéǘ한ﷺ王\n"), st.text(marks, max_size=40)
)
tags = st.text(st.sampled_from("\U0001f3f4\U000e0067\U000e0062\U000e007f"), max_size=8)
texts = st.lists(piles | tags | st.text(max_size=5), max_size=6).map("".join)


def longest_run(text: str) -> int:
    """As UAX #15 counts, by Python's own normalization."""
    decomposed = unicodedata.normalize("NFKD", text)
    marked = "".join("01"[unicodedata.combining(char) > 0] for char in decomposed)
    return max(map(len, marked.split("0")))


class TextProperties(TestCase):
    @given(texts)
    def test_a_long_run_of_marks_is_refused_and_cut(self, text):
        long = longest_run(text) > MAX_MARKS
        wrong = wrong_with(text, lines=True) or ""
        if "U+" not in wrong:
            self.assertEqual("marks" in wrong, long)
        self.assertLessEqual(longest_run(cut_runs(text)), MAX_MARKS)
        if not long:
            self.assertEqual(cut_runs(text), text)

    @given(texts)
    def test_a_cleaned_line_is_accepted_and_stays_the_same(self, text):
        line = clean_line(text)
        self.assertIsNone(wrong_with(line, lines=True))
        self.assertEqual(clean_line(line), line)
        if wrong_with(text, lines=True) is None:
            self.assertEqual(line, text)

    @given(texts)
    def test_one_line_has_no_line_breaks(self, text):
        self.assertLessEqual(len(one_line(text).splitlines()), 1)

    @given(texts)
    def test_folding_is_linear_in_length(self, text):
        self.assertLessEqual(len(fold(text)), max(64, 4 * len(text)))
