"""An entry as JSON: its weight is a close upper bound, and a message is read back unchanged."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.core.entry_json import LATEST, entry_json, read_message, weigh
from gochat_py.core.names import room_key
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


@st.composite
def messages(draw):
    """Messages as they are written, with every character that text may have."""
    room = "r" + draw(st.text("abYZ09_-é", max_size=20))
    seq = draw(seqs)
    return Entry(
        Kind.MESSAGE,
        room,
        room_key(room),
        seq,
        draw(st.text(min_size=1, max_size=40)),
        draw(strings),
        draw(st.floats(0, LATEST, exclude_max=True)),
        id=draw(st.none() | strings),
        text=draw(strings),
        reply_to=draw(st.none() | st.integers(1, seq - 1)) if seq > 1 else None,
        bot=draw(st.booleans()),
    )


class ReadMessageTest(TestCase):
    @given(messages())
    def test_a_message_is_read_back_unchanged(self, entry):
        self.assertEqual(read_message(json.loads(entry_json(entry))), entry)


class WeighTest(TestCase):
    @given(entries)
    def test_the_weight_is_an_upper_bound_and_close(self, entry):
        self.assertGreater(weigh(entry), len(entry_json(entry).encode()))
        written = entry._replace(kind=Kind.MESSAGE, emoji=None)
        more = weigh(written) - len(entry_json(written).encode())
        self.assertIn(more, range(1, 250))
