"""Large answers are complete, in parts of limited size."""

import json
from typing import Any

from tests.integration.test_v1 import FAST, V1TestCase
from tests.support.v1 import Client

#: Bytes of a character, and what an answer may take beside its rooms or entries.
WIDE = "\U00020000"
AROUND = 16 * 1024
ANSWER = 256 * 1024 + AROUND


def size(event: dict[str, Any]) -> int:
    return len(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())


class LargeAnswersTest(V1TestCase):
    #: With so many rooms at a time a client may also join so many at once.
    flags = (*FAST, "--max-rooms", "300", "--new-rooms", "0")

    def test_a_long_list_of_rooms_is_sent_in_parts(self):
        """Of 200 such rooms the list just fits; more are never asked for at once."""
        ann = self.client("Ann")
        for number in range(210):
            room = f"{number:03}" + WIDE * 61
            ann.ask("join", room=room)
            ann.ask("topic", room=room, text=WIDE * 250)
            ann.ask("leave", room=room)
        first = ann.ask("rooms")
        self.assertTrue(first["more"])
        self.assertLess(size(first), ANSWER)
        rest = ann.ask("rooms", after=first["rooms"][-1]["room"])
        self.assertFalse(rest["more"])
        listed = [room["room"] for room in first["rooms"] + rest["rooms"]]
        self.assertEqual(listed, [f"{number:03}" + WIDE * 61 for number in range(210)])

    def test_a_history_of_long_messages_is_sent_in_parts(self):
        ann = self.client("Ann", "Tea")
        for _ in range(60):
            ann.send("Tea", WIDE * 4000)
        seqs, before = list[int](), dict[str, int]()
        while True:
            page = ann.ask("history", room="Tea", limit=200, **before)
            self.assertLess(size(page), ANSWER)
            seqs = [entry["seq"] for entry in page["entries"]] + seqs
            before = {"before": seqs[0]}
            if not page["more"]:
                break
        self.assertEqual(seqs, list(range(1, 61)))

    def test_a_client_catches_up_after_a_long_absence_without_a_gap(self):
        ann = self.client("Ann", "Tea")
        joined = self.client("Bob").ask("join", room="Tea")
        for _ in range(60):
            ann.send("Tea", WIDE * 4000)
        with Client(self.server.ws_url, "Cyn", max_size=None) as cyn:
            since = {"epoch": joined["epoch"], "seq": 0}
            again = cyn.ask("join", room="Tea", since=since)
            self.assertTrue(again["recovered"])
            entries = list(again["entries"])
            while entries[-1]["seq"] < again["seq"]:
                entries += cyn.next("replay")["entries"]
        self.assertEqual([entry["seq"] for entry in entries], list(range(1, 61)))
