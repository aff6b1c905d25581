import struct
import tracemalloc

from wsproto.connection import SERVER
from wsproto.connection import Connection as Machine
from wsproto.extensions import Extension

from gochat_py.core import frames
from gochat_py.core.deflate import BoundedDeflate
from gochat_py.core.frames import Closing, Failed, Pinged, Ponged, Receiver
from tests.support import frames as client
from tests.support.case import TestCase
from tests.support.narrow import as_a

LIMIT = 1000


def receiver(limit: int = LIMIT, *, deflate: bool = False) -> Receiver:
    extensions: list[Extension] = []
    if deflate:
        extension = BoundedDeflate(limit)
        extension.accept("permessage-deflate")
        extensions.append(extension)
    return Receiver(Machine(SERVER, extensions), limit)


class ReceivingTest(TestCase):
    def test_a_text_message_is_returned_whole(self):
        self.assertEqual(receiver().receive(client.text("héllo")), ["héllo"])

    def test_an_empty_message_is_a_message(self):
        self.assertEqual(receiver().receive(client.text("")), [""])

    def test_messages_that_arrive_together_are_returned_in_order(self):
        data = client.text("a") + client.masked(0x82, b"\0") + client.text("b")
        self.assertEqual(receiver().receive(data), ["a", b"\0", "b"])

    def test_fragments_are_joined_and_a_ping_between_them_is_returned_first(self):
        data = (
            client.masked(0x01, b"a\xc3")
            + client.masked(0x89, b"?")
            + client.masked(0x80, b"\xa9b")
        )
        self.assertEqual(receiver().receive(data), [Pinged(b"?"), "aéb"])

    def test_a_pong_is_returned(self):
        self.assertEqual(receiver().receive(client.masked(0x8A, b"")), [Ponged()])

    def test_bytes_after_a_close_frame_are_ignored(self):
        unit = receiver()
        self.assertEqual(unit.receive(client.close(1001) + client.text("x")), [Closing(1001, "")])
        self.assertEqual(unit.receive(client.text("y")), [])

    def test_an_unmasked_frame_fails(self):
        (event,) = receiver().receive(frames.text(b"hello"))
        self.assertEqual(as_a(Failed, event).code, 1002)

    def test_text_that_is_not_utf_8_fails(self):
        for data in (client.masked(0x81, b"\xff"), client.masked(0x01, b"\xff")):
            (event,) = receiver().receive(data)
            self.assertEqual(as_a(Failed, event).code, 1007)

    def test_bad_utf_8_fails_before_its_frame_is_whole(self):
        (event,) = receiver().receive(client.masked(0x81, b"\xff" + b"x" * 99)[:20])
        self.assertEqual(as_a(Failed, event).code, 1007)

    def test_a_length_that_is_not_in_its_shortest_form_fails(self):
        data = struct.pack("!BBH", 0x81, 0x80 | 126, 5) + client.MASK + b"12345"
        (event,) = receiver().receive(data)
        self.assertEqual(as_a(Failed, event).code, 1002)

    def test_reserved_bits_without_an_extension_fail(self):
        (event,) = receiver().receive(client.masked(0xC1, b"x"))
        self.assertEqual(as_a(Failed, event).code, 1002)


class LimitTest(TestCase):
    def test_a_message_of_exactly_the_limit_is_accepted(self):
        self.assertEqual(receiver().receive(client.text("x" * LIMIT)), ["x" * LIMIT])

    def test_a_frame_header_of_a_gibibyte_fails_at_once(self):
        header = client.masked(0x81, b"", length=1 << 30)[:10] + client.MASK
        (event,) = receiver().receive(header)
        self.assertEqual(as_a(Failed, event).code, 1009)

    def test_fragments_that_add_up_to_more_fail(self):
        unit = receiver()
        self.assertEqual(unit.receive(client.masked(0x01, b"x" * LIMIT)), [])
        (event,) = unit.receive(client.masked(0x80, b"x"))
        self.assertEqual(as_a(Failed, event).code, 1009)

    def test_a_message_in_too_many_fragments_fails(self):
        """1.5 million empty fragments were taken: they add nothing to a message's size."""
        empty = client.masked(0x00, b"")
        unit = receiver()
        self.assertEqual(unit.receive(client.masked(0x01, b"") + empty * 1_023), [])
        (event,) = unit.receive(empty * 1_000_000)
        self.assertEqual(event, Failed(1009, "too many fragments; send fewer"))
        self.assertEqual(unit.frames, 1_025)

    def test_a_message_may_have_many_fragments_of_some_size(self):
        piece = client.masked(0x00, b"x" * 16)
        data = client.masked(0x01, b"") + piece * 5_000 + client.masked(0x80, b"")
        self.assertEqual(receiver(5_000 * 16).receive(data), ["x" * 80_000])

    def test_the_limit_of_fragments_is_for_each_message(self):
        one = (
            client.masked(0x01, b"a") + client.masked(0x00, b"") * 1_000 + client.masked(0x80, b"")
        )
        self.assertEqual(receiver().receive(one * 3), ["a"] * 3)

    def test_every_frame_is_counted(self):
        data = client.text("a") + client.masked(0x89, b"") + client.masked(0x82, b"\0" * 200)
        unit = receiver()
        for at in range(len(data)):
            unit.receive(data[at : at + 1])
        self.assertEqual(unit.frames, 3)

    def test_a_message_that_arrives_byte_by_byte_needs_no_more_memory(self):
        """Each byte was kept as a string of its own, of 80 bytes."""
        data = client.masked(0x01, ("é" * 30_000).encode())
        unit = receiver(65_536)
        tracemalloc.start()
        try:
            for at in range(len(data)):
                unit.receive(data[at : at + 1])
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        self.assertLess(held, 3 * len(data))

    def test_each_message_has_the_whole_limit(self):
        data = (
            client.masked(0x01, b"x" * LIMIT) + client.masked(0x80, b"") + client.text("y" * LIMIT)
        )
        self.assertEqual(receiver().receive(data), ["x" * LIMIT, "y" * LIMIT])


class DeflateTest(TestCase):
    def test_a_deflated_message_is_inflated(self):
        data = client.masked(0xC1, client.deflated(b"hello" * 9)) + client.text("plain")
        self.assertEqual(receiver(deflate=True).receive(data), ["hello" * 9, "plain"])

    def test_a_receiver_inflates_what_the_server_deflates(self):
        payload = b"again and " * 40
        body = frames.deflated_text(payload)
        self.assertEqual(body[0], 0xC1)
        mine = client.masked(0xC1, body[2 if body[1] < 126 else 4 :])
        self.assertEqual(receiver(deflate=True).receive(mine), [payload.decode()])

    def test_a_message_that_would_inflate_past_the_limit_fails_without_being_inflated(self):
        bomb = client.masked(0xC1, client.deflated(bytes(64 * 1024 * 1024)))
        self.assertLess(len(bomb), 70_000)
        limit = 65_536
        unit = receiver(limit, deflate=True)
        tracemalloc.start()
        try:
            # Within the limit on the wire, so the size on the wire cannot be what refuses it.
            found = [e for at in range(0, 60_000, 4096) for e in unit.receive(bomb[at : at + 4096])]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        self.assertEqual([as_a(Failed, event).code for event in found], [1009])
        self.assertLess(peak, 1024 * 1024)

    def test_a_message_that_inflates_to_exactly_the_limit_is_accepted(self):
        data = client.masked(0xC1, client.deflated(b"x" * LIMIT))
        self.assertEqual(receiver(deflate=True).receive(data), ["x" * LIMIT])

    def test_one_byte_more_than_the_limit_fails(self):
        data = client.masked(0xC1, client.deflated(b"x" * (LIMIT + 1)))
        (event,) = receiver(deflate=True).receive(data)
        self.assertEqual(as_a(Failed, event).code, 1009)

    def test_bytes_that_do_not_inflate_fail(self):
        (event,) = receiver(deflate=True).receive(client.masked(0xC1, b"\xff\xff\xff"))
        self.assertEqual(as_a(Failed, event).code, 1007)

    def test_a_block_marked_as_the_last_may_end_a_message(self):
        """RFC 7692, 7.2.3.4: such a block is followed by an empty one, whose end is cut off."""
        import zlib

        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = packer.compress(b"Hello") + packer.flush(zlib.Z_FINISH) + b"\0"
        data = client.masked(0xC1, body) + client.masked(0xC1, client.deflated(b"next"))
        self.assertEqual(receiver(deflate=True).receive(data), ["Hello", "next"])

    def test_many_blocks_marked_as_the_last_fail(self):
        """Each makes zlib copy all that follows: 32,000 in one message copied half a gigabyte."""
        empty = b"\x03\x00"  # an empty block marked as the last
        few = client.masked(0xC1, empty * 16 + client.deflated(b"Hello"))
        self.assertEqual(receiver(deflate=True).receive(few), ["Hello"])
        (event,) = receiver(deflate=True).receive(client.masked(0xC1, empty * 499 + b"\0"))
        self.assertEqual(as_a(Failed, event).code, 1009)
        pieces = client.masked(0x41, empty) + client.masked(0x00, empty) * 40
        (event,) = receiver(deflate=True).receive(pieces)
        self.assertEqual(as_a(Failed, event).code, 1009)

    def test_the_limit_of_last_blocks_is_for_each_message(self):
        one = client.masked(0xC1, b"\x03\x00" * 16 + client.deflated(b"Hello"))
        self.assertEqual(receiver(deflate=True).receive(one * 3), ["Hello"] * 3)


class SendingTest(TestCase):
    def test_each_length_is_sent_in_its_shortest_form(self):
        for size, header in (
            (0, b"\x81\x00"),
            (125, b"\x81\x7d"),
            (126, b"\x81\x7e\x00\x7e"),
            (65_535, b"\x81\x7e\xff\xff"),
            (65_536, b"\x81\x7f" + (65_536).to_bytes(8, "big")),
        ):
            with self.subTest(size=size):
                self.assertEqual(frames.text(bytes(size)), header + bytes(size))

    def test_a_close_frame_carries_its_code_and_a_reason_cut_to_fit(self):
        self.assertEqual(frames.close(1001), b"\x88\x02\x03\xe9")
        self.assertEqual(len(frames.close(4008, "é" * 100)), 2 + 2 + 122)

    def test_the_number_of_frames_parsed_at_once_is_limited(self):
        taking = receiver()
        stream = b"".join(client.text(str(number)) for number in range(10))
        stream += client.masked(0x8A, b"") + client.text("end")
        self.assertEqual(taking.receive(stream[:-3], 4), ["0", "1", "2", "3"])
        self.assertTrue(taking.more)
        self.assertEqual(taking.receive(b"", 4), ["4", "5", "6", "7"])
        self.assertEqual(taking.receive(stream[-3:], 3), ["8", "9", Ponged()])
        self.assertTrue(taking.more)
        self.assertEqual(taking.receive(b"", 3), ["end"])
        self.assertEqual((taking.more, taking.frames), (False, 12))

    def test_reserved_close_codes_are_sent_as_none(self):
        self.assertEqual(frames.close(1005), b"\x88\x00")
        self.assertEqual(frames.close(1006, "gone"), b"\x88\x00")
