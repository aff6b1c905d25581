"""Each attack for a short time: it does not disturb a quiet room. `make hostile` takes longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from gochat_py.core import frames
from tests.support.case import PATIENCE, TestCase
from tests.support.server import ServerProcess

from .attacks import ATTACKS
from .flood import MOST
from .quiet import Figures
from .trial import (
    APART,
    FRIENDS,
    MIB,
    STRANGER,
    TOGETHER,
    Outcome,
    attempt,
    control,
    judge,
    table,
)
from .wire import TEXT, Gone, Target, Visitor, packed, take_frames

#: Seconds of one attack, and of a control.
SECONDS = 1.2

#: Attacks that also come from the quiet room's own address, as from the office next door; and
#: that go on while the server stops.
NEIGHBOURS = ("typing-lists", "classic-flood", "history")


class StrangersTest(TestCase):
    undisturbed: ClassVar[Figures]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.undisturbed = control(SECONDS)

    def assert_hardly_felt(self, name: str, *, near: bool = False) -> None:
        """One attempt, and another where the machine may have been busy with something else."""
        bounds, address = (TOGETHER, FRIENDS) if near else (APART, STRANGER)

        def once(undisturbed: Figures) -> Outcome:
            return attempt(
                name, SECONDS, undisturbed, bounds=bounds, address=address, to_the_end=near
            )

        outcome = once(self.undisturbed)
        if outcome.problems:
            outcome = once(control(SECONDS))
        self.assertEqual(outcome.problems, [], f"\n{table([outcome])}")


def _test(name: str, *, near: bool = False) -> Callable[[StrangersTest], None]:
    def test(self: StrangersTest) -> None:
        self.assert_hardly_felt(name, near=near)

    return test


for _name in ATTACKS:
    setattr(StrangersTest, f"test_{_name.replace('-', '_')}", _test(_name))
for _name in NEIGHBOURS:
    _words = f"test_{_name.replace('-', '_')}_from_the_same_address"
    setattr(StrangersTest, _words, _test(_name, near=True))


class JudgeTest(TestCase):
    def outcome(self, **changed: object) -> Outcome:
        undisturbed = Figures(waits=[0.001, 0.002, 0.003], visits=[0.01])
        good = Outcome("any", undisturbed, Figures(waits=[0.004], visits=[0.02]), 1, 2, 3, 0)
        for name, value in changed.items():
            setattr(good, name, value)
        judge(good, APART)
        return good

    def test_a_small_delay_is_no_problem(self) -> None:
        self.assertEqual(self.outcome().problems, [])

    def test_each_bound_is_a_problem_of_its_own(self) -> None:
        for words, changed in (
            ("median 21 ms, not under 20", {"attacked": Figures(waits=[0.021])}),
            ("worst 501 ms, not under 500", {"attacked": Figures(waits=[0.001, 0.001, 0.501])}),
            ("a visitor waited 6.0 s", {"attacked": Figures(waits=[0.001], visits=[6.0])}),
            ("memory +64 MiB, not under 64", {"memory": 64 * MIB}),
            ("disk +9 MiB, not under 8", {"disk": 9 * MIB, "disk_allowed": 8 * MIB}),
            ("a member was dropped", {"attacked": Figures([0.001], [], ["a member was dropped"])}),
        ):
            with self.subTest(words=words):
                outcome = self.outcome(**changed)
                self.assertEqual(outcome.problems, [words])
                self.assertIn(words, table([outcome]))

    def test_no_messages_at_all_is_a_problem(self) -> None:
        self.assertEqual(len(self.outcome(attacked=Figures()).problems), 2)

    def test_a_slow_machine_is_no_problem(self) -> None:
        busy = Figures(waits=[0.03, 0.03, 0.4])
        attacked = Figures(waits=[0.08, 0.08, 1.1])
        self.assertEqual(self.outcome(control=busy, attacked=attacked).problems, [])


class AttackersTest(TestCase):
    def test_each_attack_describes_the_right_behaviour(self) -> None:
        for name, attack in ATTACKS.items():
            with self.subTest(attack=name):
                self.assertIn("Right:", attack.__doc__ or "")
                self.assertTrue(0 < attack.connections <= MOST)

    def test_frames_are_read_however_they_are_split(self) -> None:
        payloads = [b"", b"short", b"m" * 300, b"l" * 70_000]
        stream = b"".join(map(frames.text, payloads))
        for size in (1, 1_000, len(stream)):
            with self.subTest(size=size):
                data = bytearray()
                taken: list[tuple[int, bytes]] = []
                for start in range(0, len(stream), size):
                    data += stream[start : start + size]
                    taken += take_frames(data)
                self.assertEqual(taken, [(TEXT, payload) for payload in payloads])
                self.assertEqual(data, b"")

    def test_the_attacks_send_valid_frames(self) -> None:
        """Else a server would stand all of it that only refuses it."""
        with ServerProcess() as server:
            target = Target(server.port, STRANGER)
            with Visitor(target, None, "tea") as visitor:
                said = visitor.ask("send", room="tea", text="hello", id="a-1")
                self.assertEqual(said["text"], "hello")
                visitor.send(packed('{"type":"ping","id":"packed"}'))
                with self.assertRaises(Gone):  # deflate was not agreed on: RSV1 is a wrong frame
                    visitor.answer("packed")
            with target.socket() as sock:
                sock.settimeout(PATIENCE)
                sock.connect(("127.0.0.1", server.port))
                sock.sendall(target.upgrade(deflate=True) + packed('{"type":"ping"}'))
                heard = b""
                while b"hello_first" not in heard:
                    piece = sock.recv(65_536)
                    self.assertTrue(piece, heard)
                    heard += piece
