"""Long answers are sent in parts, and a client that does not read them costs little."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import Any

from tests.support import process
from tests.support.case import TestCase, eventually
from tests.support.raw import RawClient
from tests.support.server import ServerProcess
from tests.support.v1 import Client

#: The largest text there may be: 12 KB each as UTF-8.
LONG = "文" * 4_000

#: Bytes of JSON in one answer, and what is around the entries.
PART = 256 * 1024 + 2_048


class PartsTest(TestCase):
    """A room with 6 MB of messages."""

    COUNT = 500

    server: ServerProcess
    epoch: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = cls.enterClassContext(
            ServerProcess("--rate", "100000", "--burst", "100000", "--new-users", "0")
        )
        with Client(cls.server.ws_url, "Ada", "tea") as ada:
            cls.epoch = ada.ask("join", room="x")["epoch"]
            for number in range(cls.COUNT):
                ada.say("send", room="tea", text=f"{number} {LONG}"[:4_000], id=f"m-{number}")
            for number in range(cls.COUNT):
                ada.next("message", id=f"m-{number}")

    def client(self, nick: str, **options: Any) -> Client:
        return self.enterContext(Client(self.server.ws_url, nick, **options))

    def test_a_client_with_a_limit_of_1_mib_can_catch_up(self):
        """The library's own limit; a joined of 6 MB would close it with 1009, again and again."""
        bob, talker = self.client("Bob"), self.client("Talker")
        talker.join("tea")
        bob.say("join", room="tea", since={"epoch": self.epoch, "seq": 0}, id="j")
        said = [talker.send("tea", f"meanwhile {number}")["seq"] for number in range(20)]
        joined = bob.next("joined", id="j")
        self.assertTrue(joined["recovered"] and joined["partial"])
        parts = [joined["entries"]]
        while not (part := bob.next("replay")).get("end"):
            self.assertLessEqual(len(json.dumps(part, ensure_ascii=False).encode()), PART)
            parts.append(part["entries"])
        parts.append(part["entries"])
        self.assertGreater(len(parts), 20)
        live = [event["seq"] for event in bob.take_events() if event["type"] == "message"]
        seqs = [entry["seq"] for part in parts for entry in part] + live
        self.assertEqual(seqs, list(range(1, said[-1] + 1)), "all of it, once and in order")

    def test_no_live_entry_is_sent_before_the_last_part(self):
        bob, talker = self.client("Bob 2"), self.client("Talker 2")
        talker.join("tea")
        order: list[str] = []
        bob.say("join", room="tea", since={"epoch": self.epoch, "seq": 0}, id="j")
        talker.send("tea", "meanwhile")
        last = talker.send("tea", "the last")["seq"]
        seen = 0
        while seen < last:
            event = bob.read()
            kind = event["type"]
            order.append(kind)
            for entry in event.get("entries", [event] if kind == "message" else []):
                seen = entry["seq"]
        self.assertNotIn("message", order[: len(order) - order[::-1].index("replay")])

    def test_history_and_search_return_fewer_entries_if_they_are_large(self):
        cyn = self.client("Cyn")
        cyn.join("tea")
        for found in (
            cyn.ask("history", room="tea", limit=200),
            cyn.ask("history", room="tea", after=0, limit=200),
            cyn.ask("history", room="tea", before=300, limit=200),
            cyn.ask("search", query="文文文", room="tea", limit=200),
        ):
            self.assertLessEqual(len(json.dumps(found, ensure_ascii=False).encode()), PART)
            self.assertTrue(found["more"])
            self.assertGreater(len(found["entries"]), 10)

    def test_a_new_client_gets_the_newest_entries_that_fit(self):
        joined = self.client("Dan").ask("join", room="tea")
        self.assertNotIn("partial", joined)
        self.assertTrue(joined["more"])
        self.assertEqual(joined["entries"][-1]["seq"], joined["seq"])

    def test_clients_that_read_nothing_cost_only_their_buffers(self):
        """Twenty of them once took the server from 308 MB to 2.2 GB."""
        before = process.status(self.server.process.pid, "VmRSS")
        stuck = []
        for number in range(20):
            client = RawClient(self.server.port, "Sec-WebSocket-Protocol: gochat.v1")
            self.addCleanup(client.close)
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
            stuck.append(client)
            self.ask_for_everything(client, number)
        last = stuck[-1]
        while json.loads(last.line())["type"] != "joined":
            pass
        most = 128 * 1024 if process.FREE_THREADED else 64 * 1024
        self.assertLess(process.status(self.server.process.pid, "VmRSS") - before, most)

    def test_a_client_that_reads_very_slowly_is_closed(self):
        with ServerProcess("--write-wait", "0.5", "--rate", "100000", "--burst", "1000") as server:
            with Client(server.ws_url, "Ada", "tea") as ada:
                epoch = ada.ask("join", room="x")["epoch"]
                for number in range(500):
                    ada.say("send", room="tea", text=LONG, id=f"m-{number}")
                for number in range(500):
                    ada.next("message", id=f"m-{number}")
            slow = self.enterContext(RawClient(server.port, "Sec-WebSocket-Protocol: gochat.v1"))
            slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
            self.ask_for_everything(slow, 0, epoch)
            threads = process.status(server.process.pid, "Threads")

            def gone() -> bool:
                with contextlib.suppress(OSError):
                    slow.sock.recv(10)  # some progress, each time
                return process.status(server.process.pid, "Threads") <= threads - 2

            eventually(gone, "its threads end")

    def ask_for_everything(self, client: RawClient, number: int, epoch: str = "") -> None:
        client.send(json.dumps({"type": "hello", "nick": f"Stuck {number}"}))
        since = {"epoch": epoch or self.epoch, "seq": 0}
        client.send(json.dumps({"type": "join", "room": "tea", "since": since}))
