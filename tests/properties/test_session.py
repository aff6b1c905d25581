"""Compares a session with a simple model of what it allows, and when."""

import math
from collections.abc import Callable
from inspect import signature

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from gochat_py.core import commands as c
from gochat_py.core.decisions import EnterRoom, Identify, LeaveRoom, SetAway, ShowTyping
from gochat_py.core.limits import TokenBucket
from gochat_py.core.session import Allowance, Session, State
from gochat_py.message import Draft, User
from gochat_py.refusals import Code, Refusal
from tests.support.case import TestCase

ADA = User("u1", "Ada")
ALLOWANCE = Allowance(rate=2.0, burst=3, asking_rate=4.0, asking_burst=4, rooms=2)
rooms = st.sampled_from(["a", "a", "A", "b", "c"])
ids = st.none() | st.sampled_from(["1", "2"])


class SessionMachine(RuleBasedStateMachine):
    """The model: whether hello was sent, the joined rooms, the times of messages."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.session = Session(ALLOWANCE, self.now)
        self.sending = TokenBucket(ALLOWANCE.rate, ALLOWANCE.burst)  # the user's, wherever they are
        self.known = False
        self.joined: set[str] = set()
        self.written: list[float] = []
        self.asked: list[float] = []
        self.typed: dict[str, float] = {}

    def say(self, command: c.Command) -> object:
        """The decision, or the code of the refusal, which carries the command's id."""
        try:
            return self.session.receive(command, self.now)
        except Refusal as refusal:
            assert refusal.answers == command.id
            assert (refusal.retry_after or 0) <= 1 / ALLOWANCE.rate + 0.001
            return refusal.code

    def free(self, times: list[float], rate: float, burst: int) -> bool:
        """Whether one more keeps every stretch of time up to now within burst + rate x length."""
        return all(
            len(times) - first + 1 <= burst + rate * (self.now - start) + 1e-6
            for first, start in enumerate(times)
        )

    def may_write(self) -> bool:
        return self.free(self.written, ALLOWANCE.rate, ALLOWANCE.burst)

    def may_ask(self) -> bool:
        return self.free(self.asked, ALLOWANCE.asking_rate, ALLOWANCE.asking_burst)

    @initialize(known=st.sampled_from([True, True, True, False]))
    def begin(self, known: bool) -> None:
        """Mostly where the rules are many: known, and in a room."""
        if known:
            self.welcomed()
            self.join("a")

    @rule(seconds=st.sampled_from([0.0, 0.125, 0.5, 3.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(id=ids)
    def hello(self, id: str | None) -> None:  # noqa: A002 - the field's own name
        said = self.say(c.Hello("Ada", id=id))
        assert said is Code.BAD_FIELD if self.known else isinstance(said, Identify)

    @rule()
    def welcomed(self) -> None:
        self.session.welcomed(ADA, self.sending)
        self.known = True

    @rule(room=rooms)
    def join(self, room: str) -> None:
        said, key = self.say(c.Join(room)), room.lower()
        if not self.known:
            assert said is Code.HELLO_FIRST
        elif key in self.joined:
            assert said is Code.DUPLICATE_JOIN
        elif len(self.joined) == ALLOWANCE.rooms or not self.may_ask():
            assert said is Code.RATE_LIMITED
        else:
            assert said == EnterRoom(room, key, None, None)
            self.joined.add(key)
            self.asked.append(self.now)

    @rule(room=rooms, failed=st.booleans())
    def leave(self, room: str, failed: bool) -> None:
        key = room.lower()
        if failed:
            self.session.left(key)
        else:
            said = self.say(c.Leave(room))
            if not self.known:
                assert said is Code.HELLO_FIRST
            elif key in self.joined:
                assert said == LeaveRoom(room, key, None)
            else:
                assert said is Code.NOT_JOINED
        self.joined.discard(key)
        self.typed.pop(key, None)

    @rule(room=rooms, command=st.sampled_from([c.Send, c.Edit, c.Delete, c.React, c.Topic]))
    def write(self, room: str, command: Callable[..., c.Command]) -> None:
        fields = {"text": "x", "id": "1", "seq": 3, "emoji": "x", "on": True}
        taken = fields.keys() & signature(command).parameters.keys()
        said = self.say(command(room, **{name: fields[name] for name in taken}))
        if not self.known:
            assert said is Code.HELLO_FIRST
        elif room.lower() not in self.joined:
            assert said is Code.NOT_JOINED
        elif not self.may_write():
            assert said is Code.RATE_LIMITED
        else:
            assert isinstance(said, Draft)
            assert (said.key, said.user, said.id) == (room.lower(), ADA, "1")
            self.written.append(self.now)

    @rule(room=rooms)
    def typing(self, room: str) -> None:
        said, key = self.say(c.Typing(room)), room.lower()
        if not self.known:
            assert said is Code.HELLO_FIRST
        elif key not in self.joined:
            assert said is Code.NOT_JOINED
        elif self.now - self.typed.get(key, -math.inf) < ALLOWANCE.typing_every:
            assert said is None
        else:
            assert said == ShowTyping(room, key, ADA)
            self.typed[key] = self.now

    @rule(room=rooms)
    def look_up(self, room: str) -> None:
        said = self.say(c.History(room))
        if self.known and room.lower() in self.joined:
            assert (said is not Code.RATE_LIMITED) == self.may_ask()
            if said is not Code.RATE_LIMITED:
                self.asked.append(self.now)
        else:
            assert said is (Code.NOT_JOINED if self.known else Code.HELLO_FIRST)

    @rule(away=st.booleans(), id=ids)
    def be_away(self, away: bool, id: str | None) -> None:  # noqa: A002 - the field's own name
        said = self.say(c.Away(away, id))
        if not self.known:
            assert said is Code.HELLO_FIRST
        elif not self.may_ask():
            assert said is Code.RATE_LIMITED
        else:
            assert said == SetAway(away, id)
            self.asked.append(self.now)

    @invariant()
    def it_is_open_to_whoever_is_known_and_remembers_the_rooms(self) -> None:
        assert (self.session.state is State.OPEN) == self.known
        assert set(self.session.rooms) == self.joined


class SessionProperties(TestCase):
    def test_a_session_behaves_as_its_model(self) -> None:
        run_state_machine_as_test(
            SessionMachine, settings=settings(max_examples=150, stateful_step_count=50)
        )
