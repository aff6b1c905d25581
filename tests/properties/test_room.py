"""Compares a room with a simple model: each member gets each entry once, and the members."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gochat_py.core.replay import Hole
from gochat_py.core.room import Room
from gochat_py.message import Entry, Kind, User
from tests.support.case import TestCase

HELD = 4
SHOWN = 2
CONNECTIONS = 6
users = st.sampled_from(["ada", "bob", "cyn", "dan"])
counts = st.integers(1, 3)


class RoomMachine(RuleBasedStateMachine):
    """Does what the hub and the readers do with a room, in any order.

    The model of history is a list. The model of a client is what it was given, and the members it
    believes in, and whether they are away: the list it got when it had caught up, and the news
    since; and beside it the number of them that it was told.
    """

    def __init__(self) -> None:
        super().__init__()
        self.room: Room[int] = Room(HELD, SHOWN)
        self.history: list[Entry] = []
        self.token = 0  # the last that was given out
        self.owner: dict[int, User] = {}
        self.read: dict[int, int] = {}  # what a reader has read, not yet handed to the hub
        self.since: dict[int, int] = {}
        self.received: dict[int, list[Entry]] = {}
        self.believed: dict[int, dict[str, bool]] = {}
        self.counted: dict[int, int] = {}
        self.away: set[int] = set()

    @precondition(lambda self: len(self.owner) < CONNECTIONS)
    @rule(user=users, away=st.booleans())
    def enter(self, user: str, away: bool) -> None:
        self.token += 1
        self.owner[self.token] = User(user, user)
        self.since[self.token] = len(self.history)
        if away:
            self.away.add(self.token)
        self.room.enter(self.token, self.owner[self.token], away=away)

    @precondition(lambda self: self.owner)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        token = data.draw(st.sampled_from(list(self.owner)))
        self.room.leave(token)
        self.away.discard(token)
        for known in (
            self.owner, self.read, self.since, self.received, self.believed, self.counted
        ):  # fmt: skip
            known.pop(token, None)

    @precondition(lambda self: self.owner)
    @rule(data=st.data(), away=st.booleans())
    def set_away(self, data: st.DataObject, away: bool) -> None:
        token = data.draw(st.sampled_from(list(self.owner)))
        (self.away.add if away else self.away.discard)(token)
        self.room.set_away(token, away)

    @rule(count=counts)
    def publish(self, count: int) -> None:
        first = len(self.history) + 1
        new = [
            Entry(kind=Kind.MESSAGE, room="a", key="a", seq=first + n, user="u", nick="n", time=0.0)
            for n in range(count)
        ]
        self.history += new
        for token in self.room.publish(new):
            self.received[token] += new

    @precondition(lambda self: self.owner.keys() - self.received.keys())
    @rule(data=st.data())
    def read_history(self, data: st.DataObject) -> None:
        catching_up = sorted(self.owner.keys() - self.received.keys())
        self.read[data.draw(st.sampled_from(catching_up))] = len(self.history)

    @precondition(lambda self: self.read)
    @rule(data=st.data())
    def catch_up(self, data: st.DataObject) -> None:
        token = data.draw(st.sampled_from(list(self.read)))
        seq = self.read.pop(token)
        try:
            missed = self.room.caught_up(token, seq)
        except Hole:
            # Only ever because too much came meanwhile; it reads on, and nothing is lost.
            assert len(self.history) - seq > HELD
            return
        assert missed is not None
        self.received[token] = self.history[self.since[token] : seq] + missed
        self.introduce(token)

    @precondition(lambda self: self.owner.keys() - self.received.keys())
    @rule(data=st.data())
    def introduce_one(self, data: st.DataObject) -> None:
        token = data.draw(st.sampled_from(sorted(self.owner.keys() - self.received.keys())))
        self.room.introduce(token)
        self.introduce(token)

    def introduce(self, token: int) -> None:
        """Give the client the list of members, once."""
        if token in self.believed:
            return
        me, presence = self.owner[token].id, self.room.presence
        self.believed[token] = {each.user.id: each.away for each in presence.shown}
        if me not in self.believed[token]:
            self.believed[token][me] = presence.member(me).away
        self.counted[token] = presence.count_with(me)

    @precondition(lambda self: self.room.presence.changed)
    @rule()
    def send_presence(self) -> None:
        news = self.room.presence.flush()
        assert set(self.room.introduced) == set(self.believed)
        for token in self.room.introduced:
            believed = self.believed[token]
            for user_id in news.left:
                del believed[user_id]
            believed |= {each.user.id: each.away for each in news.joined}
            self.counted[token] = news.member_count
            assert len(believed) <= min(news.member_count, SHOWN + 1)

    @invariant()
    def everyone_heard_everything_since_they_came_once_and_in_order(self) -> None:
        assert set(self.room.live) == set(self.received)
        for token, received in self.received.items():
            assert received == self.history[self.since[token] :]

    @invariant()
    def members_are_users_with_a_connection(self) -> None:
        assert len(self.room) == len(self.owner)
        assert self.room.member_count == len({user.id for user in self.owner.values()})

    @precondition(lambda self: not self.room.presence.changed)
    @invariant()
    def without_news_everyone_knows_who_is_there(self) -> None:
        here = {user.id: True for user in self.owner.values()}
        for token, user in self.owner.items():
            here[user.id] &= token in self.away
        shown = {each.user.id for each in self.room.presence.shown}
        assert len(shown) == min(len(here), SHOWN)
        for token, believed in self.believed.items():
            assert self.counted[token] == len(here)
            assert believed.keys() == shown | {self.owner[token].id}, token
            assert {each: believed[each] for each in shown} == {each: here[each] for each in shown}


class RoomProperties(TestCase):
    def test_a_room_behaves_as_its_model(self) -> None:
        run_state_machine_as_test(
            RoomMachine, settings=settings(max_examples=150, stateful_step_count=40)
        )
