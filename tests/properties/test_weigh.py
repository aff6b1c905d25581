"""What an entry is taken to weigh is what it takes as JSON, and a little more."""

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.core import encode
from gochat_py.message import Entry, Kind
from tests.support.case import TestCase

strings = st.text(max_size=40)
seqs = st.integers(1, 2**53 - 1)
times = st.floats(0, 1e12, allow_nan=False)
entries = st.builds(
    Entry,
    st.sampled_from(Kind),
    strings,
    strings,
    seqs,
    strings,
    strings,
    times,
    id=st.none() | strings,
    text=st.none() | strings,
    reply_to=st.none() | seqs,
    target=st.none() | seqs,
    emoji=st.none() | strings,
    on=st.booleans(),
    bot=st.booleans(),
    edited=st.none() | times,
    deleted=st.booleans(),
    reactions=st.dictionaries(strings, st.lists(strings, max_size=5).map(tuple), max_size=3),
)


class WeighTest(TestCase):
    @given(entries)
    def test_it_is_never_too_little_nor_far_too_much(self, entry):
        self.assertGreater(encode.weigh(entry), len(encode.entry_json(entry).encode()))
        written = entry._replace(kind=Kind.MESSAGE, emoji=None)
        more = encode.weigh(written) - len(encode.entry_json(written).encode())
        self.assertIn(more, range(1, 250))
