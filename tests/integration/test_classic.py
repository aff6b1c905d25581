"""The behaviour of goChat, tested with clients of another library and with raw ones."""

import hashlib
import selectors
import socket

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from gochat_py.core import frames as server_frames
from tests.support import frames, process
from tests.support.case import PATIENCE, TestCase, eventually
from tests.support.narrow import as_a
from tests.support.raw import RawClient
from tests.support.server import ServerProcess


class ChatTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.server = self.enterContext(ServerProcess())

    def client(self, **options):
        return self.enterContext(connect(self.server.ws_url, **options))

    def test_a_message_is_sent_to_all_clients_once_and_unchanged(self):
        clients = [self.client() for _ in range(11)]
        clients[0].send("hello")
        for client in clients:
            self.assertEqual(client.recv(PATIENCE), "hello")
        # Whatever came twice would come before this.
        clients[1].send("end")
        for client in clients:
            self.assertEqual(client.recv(PATIENCE), "end")

    def test_messages_are_not_parsed(self):
        client = self.client()
        for line in (
            "",
            "  spaces  ",
            "one line\n",
            "<b>no markup</b>",
            '{"type":"hello"}',
            "聊天 🙂",
            "a\ttab",
        ):
            client.send(line)
            self.assertEqual(client.recv(PATIENCE), line)

    def test_characters_that_could_deceive_or_harm_a_terminal_are_replaced(self):
        """ESC, NUL and U+202E reached others; a line break made one message look like two."""
        client = self.client()
        for line, shown in (
            ("\0", "\ufffd"),
            ("\x1b[2Jgone", "\ufffd[2Jgone"),
            ("abc\u202edef", "abc\ufffddef"),
            ("hi\nBob: I quit", "hi ⏎ Bob: I quit"),
            ("hi\r\nBob: I quit", "hi ⏎ Bob: I quit"),
            ("hi\rBob: I quit", "hi ⏎ Bob: I quit"),
            ("hi\u2028Bob: I quit", "hi ⏎ Bob: I quit"),
            ("a" + "\u0301" * 3_900, "a" + "\u0301" * 30),
        ):
            client.send(line)
            self.assertEqual(client.recv(PATIENCE), shown)

    def test_sixteen_concurrent_clients_get_the_same_messages(self):
        clients = [self.client() for _ in range(16)]
        for number in range(32):
            for who, client in enumerate(clients):
                client.send(f"{who}:{number}")
        seen = [[client.recv(PATIENCE) for _ in range(16 * 32)] for client in clients]
        for other in seen[1:]:
            self.assertEqual(other, seen[0])
        self.assertEqual(set(seen[0]), {f"{who}:{n}" for who in range(16) for n in range(32)})
        for who in range(16):
            mine = [line for line in seen[0] if line.startswith(f"{who}:")]
            self.assertEqual(mine, [f"{who}:{n}" for n in range(32)])

    def test_a_long_message_reaches_clients_with_and_without_compression(self):
        packed, plain = self.client(), self.client(compression=None)
        line = "a long line " * 333
        packed.send(line)
        self.assertEqual([c.recv(PATIENCE) for c in (packed, plain)], [line, line])
        self.assertIn("no_context_takeover", packed.response.headers["Sec-WebSocket-Extensions"])
        self.assertNotIn("Sec-WebSocket-Extensions", plain.response.headers)

    def test_a_fragmented_message_is_one_message(self):
        client = self.client()
        client.send(["he", "l", "lo"])
        self.assertEqual(client.recv(PATIENCE), "hello")

    def test_a_message_sent_with_the_upgrade_request_is_not_lost(self):
        with RawClient(self.server.port, after=frames.text("early")) as client:
            self.assertEqual(client.line(), "early")

    def test_a_binary_message_closes_with_1003(self):
        client = self.client()
        client.send(b"\0")
        with self.assertRaises(ConnectionClosed):
            client.recv(PATIENCE)
        self.assertEqual(client.close_code, 1003)

    def test_a_message_of_more_than_4000_characters_closes_with_1009(self):
        client, other = self.client(), self.client()
        client.send("文" * 4000)
        self.assertEqual(other.recv(PATIENCE), "文" * 4000)
        client.send("x" * 4001)
        with self.assertRaises(ConnectionClosed):
            for _ in range(2):
                client.recv(PATIENCE)
        self.assertEqual(client.close_code, 1009)
        other.send("still here")
        self.assertEqual(other.recv(PATIENCE), "still here")

    def test_a_client_that_leaves_does_not_delay_the_others(self):
        leaving, staying = self.client(), self.client()
        leaving.close()
        staying.send("still here")
        self.assertEqual(staying.recv(PATIENCE), "still here")


class SlowClientTest(TestCase):
    """A slow client does not affect others (the protocol's fifth promise)."""

    def test_a_client_that_never_reads_is_closed_and_fifty_others_get_everything(self):
        count, window, read_pool = 20_000, 64, 50
        lines = [f"{number:06d} " + "x" * 1000 for number in range(count)]
        stream = [server_frames.text(line.encode()) for line in lines]
        expected = hashlib.sha256(b"".join(stream)).hexdigest()
        size = len(stream[0])
        limits = ("--rate", "1000000", "--burst", "1000000")
        with ServerProcess("--write-wait", "2", *limits) as server:
            before = process.status(server.process.pid, "VmHWM")
            stuck = self.enterContext(RawClient(server.port))
            clients = [self.enterContext(RawClient(server.port)) for _ in range(read_pool)]
            digests = [hashlib.sha256() for _ in clients]
            received = [0] * read_pool
            sent = 0
            with selectors.DefaultSelector() as selector:
                for who, client in enumerate(clients):
                    selector.register(client.sock, selectors.EVENT_READ, who)
                while min(received) < count * size:
                    while sent < count and sent - received[0] // size < window:
                        clients[0].send(lines[sent])
                        sent += 1
                    ready = selector.select(PATIENCE)
                    self.assertTrue(ready, "nothing more comes")
                    for key, _ in ready:
                        data = as_a(socket.socket, key.fileobj).recv(1 << 20)
                        self.assertTrue(data, f"reader {key.data} was dropped")
                        digests[key.data].update(data)
                        received[key.data] += len(data)
            self.assertEqual({digest.hexdigest() for digest in digests}, {expected})
            grown = process.status(server.process.pid, "VmHWM") - before
            # SQLite's cache may grow to 64 MiB; the stuck one may hold what its outbox and its
            # writer have, 1 MiB each. 1 GB went out meanwhile.
            self.assertLess(grown, 80 * 1024, "KiB of memory")
            eventually(lambda: "evicting" in server.errors(), "the stuck client is dropped")
            clients[0].send("and on")
            self.assertEqual(clients[1].line(), "and on")
            self.assertTrue(ended(stuck.sock), "the stuck client is still connected")


def ended(sock: socket.socket) -> bool:
    """Whether the stream ends, once everything that was on its way is read."""
    try:
        while sock.recv(1 << 20):
            pass
    except ConnectionResetError:
        return True
    return True
