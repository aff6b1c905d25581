"""`gochat_py.Server`: a chat server inside another program, as documented."""

import contextlib
import json
import re
import threading
import urllib.request
from collections.abc import Iterator

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

import gochat_py
from gochat_py import Server, StartupError
from tests.support.case import PATIENCE, TestCase
from tests.support.server import ROOT


@contextlib.contextmanager
def chat(url: str, nick: str) -> Iterator[ClientConnection]:
    """A gochat.v1 connection that has sent `hello` and joined the lobby."""
    address = url.replace("http", "ws", 1) + "ws"
    with connect(address, subprotocols=[Subprotocol("gochat.v1")]) as client:
        for number, command in enumerate(
            ({"type": "hello", "nick": nick}, {"type": "join", "room": "lobby"})
        ):
            client.send(json.dumps({**command, "id": str(number)}))
            answer = json.loads(client.recv(PATIENCE))
            assert answer["id"] == str(number), answer
        yield client


class ServerTest(TestCase):
    def test_it_serves_the_page_and_the_chat_while_the_context_is_open(self):
        with Server(port=0, memory=True) as server:
            with urllib.request.urlopen(server.url, timeout=PATIENCE) as page:
                self.assertIn(b"<!doctype html>", page.read().lower())
            with chat(server.url, "Ada") as ada:
                ada.send(json.dumps({"type": "send", "room": "lobby", "text": "hi", "id": "a"}))
                while (event := json.loads(ada.recv(PATIENCE)))["type"] != "message":
                    pass
                self.assertEqual(event["text"], "hi")
        with self.assertRaises(OSError):
            urllib.request.urlopen(server.url, timeout=PATIENCE)

    def test_two_servers_in_one_process_are_independent(self):
        with Server(port=0, memory=True) as one, Server(port=0, memory=True) as two:
            self.assertNotEqual(one.url, two.url)
            with chat(one.url, "Ada"), chat(two.url, "Ada"):
                pass

    def test_the_connections_get_1001_when_it_closes(self):
        server = Server(port=0, memory=True)
        server.start()
        with chat(server.url, "Ada") as ada:
            closing = threading.Thread(target=server.close)
            closing.start()
            while True:
                try:
                    ada.recv(PATIENCE)
                except Exception:
                    break
            self.assertEqual(ada.close_code, 1001)
            closing.join(PATIENCE)
            self.assertFalse(closing.is_alive())

    def test_it_can_be_started_once_and_closed_several_times(self):
        server = Server(port=0, memory=True)
        server.close()
        with self.assertRaisesRegex(RuntimeError, "not started"):
            server.url  # noqa: B018
        server.start()
        with self.assertRaisesRegex(RuntimeError, "started before"):
            server.start()
        server.close()
        server.close()

    def test_an_invalid_setting_raises_one_sentence(self):
        with self.assertRaisesRegex(StartupError, "--rate"):
            Server(rate=-1.0)
        with self.assertRaises(TypeError):
            Server(no_such_setting=1)

    def test_a_port_that_is_taken_raises_one_sentence_and_leaves_nothing_open(self):
        with Server(port=0, memory=True) as server:
            port = int(server.url.rstrip("/").rpartition(":")[2])
            with self.assertRaisesRegex(StartupError, "--port"):
                Server(port=port, memory=True).start()

    def test_the_example_in_the_readme_runs(self):
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        example = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
        assert example is not None
        printed: list[str] = []
        exec(example[1], {"print": printed.append})
        self.assertRegex(printed[0], r"^http://127\.0\.0\.1:\d+/$")

    def test_the_public_names_are_these(self):
        self.assertEqual(gochat_py.__all__, ["Server", "StartupError", "__version__"])
        for name in gochat_py.__all__:
            self.assertTrue(hasattr(gochat_py, name), name)
