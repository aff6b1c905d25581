"""Any text of a client is decoded or refused."""

import json
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from gochat_py.core import encode, wire
from gochat_py.core.commands import Command, Ping
from gochat_py.core.text import is_blank, wrong_with
from gochat_py.refusals import Refusal
from tests.core.test_vectors import as_object
from tests.support.case import TestCase

#: Anything that JSON can say, and what Python writes although JSON has it not.
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
types = st.sampled_from([*wire.COMMANDS, "ping", "shout"])
names = st.sampled_from(
    [
        *("id", "room", "text", "nick", "token", "password", "client", "since", "reply_to"),
        *("seq", "emoji", "on", "before", "after", "limit", "query", "away"),
    ]
)
plausible = (
    st.sampled_from(
        ["lobby", "聊天室", "Ada", "1", "👍", "", "x" * 5000, "\ud800", {"epoch": "e", "seq": 1}]
    )
    | st.integers(-1, 300)
    | st.booleans()
    | st.none()
)
commands = st.builds(
    lambda kind, fields: {**fields, "type": kind},
    types,
    st.dictionaries(names, plausible | anything, max_size=8),
)

# --- What is well-formed ------------------------------------------------------------------------

visible = st.characters(min_codepoint=32, exclude_categories=["Cc", "Cs"])
ids = st.text(visible, min_size=1, max_size=64).filter(lambda text: not wrong_with(text))
texts = st.text(visible | st.sampled_from("\n\t"), min_size=1, max_size=200).filter(
    lambda text: not wrong_with(text, lines=True) and not is_blank(text)
)
rooms = st.from_regex(r"[a-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True) | st.sampled_from(
    ["聊天室", "café"]
)
seqs = st.integers(1, 2**53 - 1)
good = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("send"), "id": ids, "room": rooms, "text": texts},
        optional={"reply_to": seqs},
    ),
    st.fixed_dictionaries(
        {"type": st.just("join"), "room": rooms},
        optional={"since": st.fixed_dictionaries({"epoch": ids, "seq": seqs}), "id": ids},
    ),
    st.fixed_dictionaries(
        {"type": st.just("edit"), "room": rooms, "seq": seqs, "text": texts}, optional={"id": ids}
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("react"),
            "room": rooms,
            "seq": seqs,
            "emoji": st.just("👍"),
            "on": st.booleans(),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("history"), "room": rooms, "limit": st.integers(1, 200)},
        optional={"before": seqs},
    ),
)


class WireProperties(TestCase):
    def only_refuses(self, text: str) -> None:
        try:
            command = wire.decode(text)
        except Refusal as refusal:
            json.loads(encode.error(refusal))  # it can be told, whatever it quotes
        else:
            self.assertIsInstance(command, Command)

    @settings(max_examples=300)
    @given(commands | anything)
    def test_any_json_is_decoded_or_refused(self, value):
        self.only_refuses(json.dumps(value))

    @given(st.text(st.characters()) | st.text('{}[]",:\\u0d89eE+-.1 ntfa'))
    def test_any_text_is_decoded_or_refused(self, text):
        self.only_refuses(text)

    @given(
        st.binary().map(lambda some: some.decode("utf-8", "surrogateescape")), commands, st.data()
    )
    def test_any_bytes_inside_a_command_are_decoded_or_refused(self, odd, command, data):
        text = json.dumps(command)
        at = data.draw(st.integers(0, len(text)))
        self.only_refuses(text[:at] + odd + text[data.draw(st.integers(at, len(text))) :])

    @given(good)
    def test_a_command_is_decoded_as_it_was_sent(self, value):
        sent = dict(value, room=value["room"])
        self.assertEqual(as_object(wire.decode(json.dumps(sent))), sent)
        self.assertEqual(as_object(wire.decode(json.dumps(sent, ensure_ascii=False))), sent)

    @given(st.dictionaries(st.text(), anything))
    def test_a_pong_has_the_fields_of_the_ping(self, fields):
        fields.pop("type", None)
        try:
            command = wire.decode(json.dumps({**fields, "type": "ping"}))
        except Refusal:
            return
        assert isinstance(command, Ping)
        pong = json.loads(encode.pong(command.fields, time=1.5))
        self.assertEqual(pong, {**fields, "type": "pong", "time": 1.5})

    @given(anything)
    def test_decoded_numbers_are_finite(self, value):
        if isinstance(value, float) and not math.isfinite(value):
            with self.assertRaises(Refusal):
                wire.decode(json.dumps({"type": "ping", "x": value}))
