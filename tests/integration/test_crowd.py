"""A thousand users join one room within a few seconds."""

from __future__ import annotations

import json
import resource
import selectors
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.support import frames
from tests.support.case import PATIENCE, TestCase
from tests.support.raw import request
from tests.support.server import ServerProcess

MEMBERS = 1_000

#: How many come a second.
A_SECOND = 300


@dataclass
class Member:
    """One connection, and what it received."""

    sock: socket.socket
    asked: float  #: when it asked to be let in
    joined: float = 0.0  #: when it had entered
    upgraded: bool = False
    buffer: bytearray = field(default_factory=bytearray)
    #: The nicks it knows to be here, by user.
    known: dict[str, str] = field(default_factory=dict)


class CrowdTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MEMBERS + 200
        if hard != resource.RLIM_INFINITY and hard < wanted:
            self.skipTest(f"This test needs {wanted} open files, but the system allows {hard}.")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.frames: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.members: list[Member] = []
        self.selector = self.enterContext(selectors.DefaultSelector())

    def test_presence_of_a_thousand_joining_members_is_gathered(self):
        server = self.enterContext(ServerProcess("--max-connections-per-address", "5000"))
        started = time.monotonic()
        for number in range(MEMBERS):
            while (early := started + number / A_SECOND - time.monotonic()) > 0:
                self.read(early)
            self.arrive(server.port, number)
            self.read(0)
        arrived = time.monotonic() - started
        # Everybody knows of everybody in the end.
        while any(len(member.known) < MEMBERS for member in self.members):
            self.assertTrue(self.read(PATIENCE), "nothing more comes")
        lasted = time.monotonic() - started
        waits = sorted(member.joined - member.asked for member in self.members)
        told = self.frames["presence"] / MEMBERS
        print(
            f"{MEMBERS:,} came in {arrived:.1f} s; presence: {self.frames['presence']:,} frames, "
            f"{self.bytes['presence'] / 1e6:.1f} MB; joined: {self.frames['joined']:,} frames, "
            f"{self.bytes['joined'] / 1e6:.1f} MB, waited for at most {waits[-1] * 1e3:.0f} ms, "
            f"half of them {waits[MEMBERS // 2] * 1e3:.0f} ms",
            end=" ",
            flush=True,
        )
        self.assertEqual(self.frames["joined"], MEMBERS)
        self.assertLessEqual(told, 10 * lasted + 2, "presence events a member")

    def arrive(self, port: int, number: int) -> None:
        """Connect, and send `hello` and `join` without waiting."""
        nick = json.dumps({"type": "hello", "nick": f"member {number}"})
        join = json.dumps({"type": "join", "room": "tea"})
        upgrade = request(port, "Sec-WebSocket-Protocol: gochat.v1")
        asked = time.monotonic()
        sock = self.enterContext(socket.create_connection(("127.0.0.1", port), PATIENCE))
        sock.sendall(upgrade + frames.text(nick) + frames.text(join))
        self.members.append(Member(sock, asked))
        self.selector.register(sock, selectors.EVENT_READ, self.members[-1])

    def read(self, patience: float) -> bool:
        """Read what the members received; whether there was anything."""
        ready = self.selector.select(patience)
        for key, _ in ready:
            self.take_in(key.data, key.data.sock.recv(1 << 18))
        return bool(ready)

    def take_in(self, member: Member, data: bytes) -> None:
        assert data, "the server has hung up"
        member.buffer += data
        if not member.upgraded:
            head, end, rest = member.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101 "), head
            member.upgraded, member.buffer = True, rest
        for event, size in events(member.buffer):
            kind = event["type"]
            self.frames[kind] += 1
            self.bytes[kind] += size
            if kind == "joined":
                member.joined = time.monotonic()
                member.known.update((each["user"], each["nick"]) for each in event["members"])
                assert event["member_count"] == len(member.known)
            elif kind == "presence":
                member.known.update((each["user"], each["nick"]) for each in event["joined"])
                for user in event["left"]:
                    member.known.pop(user, None)
            else:
                assert kind == "welcome", event


def events(buffer: bytearray) -> list[tuple[dict[str, Any], int]]:
    """The events whose frames (RFC 6455, 5.2: unmasked, whole) `buffer` holds; takes them out."""
    found = []
    while len(buffer) >= 2:
        size, start = buffer[1], 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(buffer[2:start])
        if len(buffer) < start + size:
            break
        assert buffer[0] == 0x81, f"not a whole text message: {buffer[0]:#x}"
        found.append((json.loads(buffer[start : start + size]), start + size))
        del buffer[: start + size]
    return found
