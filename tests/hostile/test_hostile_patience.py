"""A client that obeys `retry_after` is never treated as an attacker."""

from __future__ import annotations

import heapq
import time

from tests.support.case import TestCase
from tests.support.server import ServerProcess
from tests.support.v1 import Client

#: Messages sent in one breath; and what the server allows of them: at once, and a second.
COUNT, BURST, RATE = 100, 5, 20


class PatienceTest(TestCase):
    def test_a_client_that_obeys_retry_after_exactly_is_never_closed_for_flooding(self) -> None:
        """Each refused message is sent again the moment it may be, until all are in.

        All are refused together and come again together, so that there are many times more refusals
        than the 50 in 10 s for which a client is closed that does not listen.
        """
        with (
            ServerProcess("--rate", str(RATE), "--burst", str(BURST)) as server,
            Client(server.ws_url, "Ada", "tea") as client,
        ):
            begun = time.monotonic()
            waiting = [(begun, f"m-{number}") for number in range(COUNT)]
            stored: set[str] = set()
            on_the_way = refusals = 0
            while len(stored) < COUNT:
                while waiting and waiting[0][0] <= time.monotonic():
                    _, name = heapq.heappop(waiting)
                    client.say("send", room="tea", text="hello", id=name)
                    on_the_way += 1
                if not on_the_way:
                    time.sleep(max(0.0, waiting[0][0] - time.monotonic()))
                    continue
                event = client.read()
                if event["type"] == "error":
                    self.assertEqual(event["code"], "rate_limited", event)
                    self.assertNotIn("fatal", event)
                    again = time.monotonic() + event["retry_after"]
                    heapq.heappush(waiting, (again, event["id"]))
                    on_the_way -= 1
                    refusals += 1
                elif event["type"] == "message":
                    stored.add(event["id"])
                    on_the_way -= 1
            took = time.monotonic() - begun
            client.ask("ping")
        self.assertGreater(refusals, 50)
        self.assertGreaterEqual(took, (COUNT - BURST - 1) / RATE, "the rate was not kept")
