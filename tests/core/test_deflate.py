from gochat_py.core.deflate import BoundedDeflate, read_offer
from gochat_py.errors import BadOffer
from tests.support.case import TestCase

NAME = "permessage-deflate"
BOTH = "server_no_context_takeover; client_no_context_takeover"


class OfferTest(TestCase):
    def test_no_compression_context_is_kept_whatever_is_offered(self):
        for offer in (NAME, f"{NAME}; client_max_window_bits", f"{NAME};client_max_window_bits=8"):
            self.assertEqual(BoundedDeflate(1).accept(offer), BOTH)

    def test_a_small_window_of_the_peer_is_accepted_and_remembered(self):
        for offered, known in (("10", 10), ("15", 15), ("8", None)):
            unit = BoundedDeflate(1)
            self.assertEqual(
                unit.accept(f"{NAME}; server_max_window_bits={offered}"),
                f"{BOTH}; server_max_window_bits={offered}",
            )
            self.assertTrue(unit.enabled())
            self.assertEqual(unit.window_bits, known)

    def test_the_first_acceptable_offer_is_taken(self):
        unit = BoundedDeflate(1)
        self.assertIsNone(unit.accept(f"{NAME}; something_new=1"))
        self.assertFalse(unit.enabled())
        self.assertEqual(unit.accept(NAME), BOTH)
        self.assertIsNone(unit.accept(f"{NAME}; server_max_window_bits=9"))
        self.assertEqual(unit.window_bits, 15)

    def test_a_malformed_offer_is_refused(self):
        for words in (
            "client_max_window_bits=x",
            "client_max_window_bits=",
            "client_max_window_bits=16",
            "client_max_window_bits=09",
            "server_max_window_bits",
            "server_max_window_bits=7",
            "server_max_window_bits=१०",
            "server_no_context_takeover=1",
            "client_no_context_takeover; client_no_context_takeover",
        ):
            with self.subTest(words=words), self.assertRaises(BadOffer):
                read_offer(f"{NAME}; {words}")

    def test_a_quoted_value_is_a_value(self):
        self.assertEqual(
            read_offer(f'{NAME}; server_max_window_bits="12"'), {"server_max_window_bits": 12}
        )
