"""The answers at the limits of rooms, users and changes, and what still works there."""

from gochat_py.store.bounds import EDITS, EMOJI
from tests.integration.test_v1 import FAST, V1TestCase


class LimitsReachedTest(V1TestCase):
    flags = (*FAST, "--max-rooms-total", "2", "--max-users", "2")

    def test_no_room_is_created_beyond_the_limit(self):
        ann = self.client("Ann", "Tea", "Milk", "Sugar")
        ann.send("Tea", "hi")
        ann.send("Milk", "hi")
        error = ann.refusal("send", room="Sugar", text="hi")
        self.assertEqual(error["code"], "limit_reached")
        self.assertIn("2 rooms", error["message"])
        self.assertEqual(ann.send("Tea", "still here")["seq"], 2)
        self.assert_refused("limit_reached", ann, "topic", room="Sugar", text="hi")

    def test_no_user_is_created_beyond_the_limit_and_known_ones_can_connect(self):
        ann = self.client("Ann")
        self.client("Bob")
        cyn = self.client()
        error = cyn.refusal("hello", nick="Cyn")
        self.assertEqual((error["code"], error.get("fatal")), ("limit_reached", None))
        again = cyn.hello("Ann", ann.welcome["token"])
        self.assertEqual(again["user"], ann.welcome["user"])

    def test_changes_of_a_message_are_limited_and_it_can_still_be_deleted(self):
        ann, bob = self.client("Ann", "Tea"), self.client("Bob", "Tea")
        seq = ann.send("Tea", "hi", id="first")["seq"]
        for number in range(EMOJI):
            bob.ask("react", room="Tea", seq=seq, emoji=f"e{number}", on=True)
        self.assert_refused(
            "limit_reached", bob, "react", room="Tea", seq=seq, emoji="more", on=True
        )
        for number in range(EDITS):
            ann.ask("edit", room="Tea", seq=seq, text=str(number))
        self.assert_refused("limit_reached", ann, "edit", room="Tea", seq=seq, text="more")
        retried = ann.send("Tea", "hi", id="first")
        self.assertEqual((retried["seq"], "reactions" in retried), (seq, False))
        self.assertEqual(ann.ask("delete", room="Tea", seq=seq)["type"], "deleted")
