"""HTTP over real sockets: the answers, and that a failing client affects no other."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import threading
import tracemalloc
from typing import Any, ClassVar
from urllib.parse import quote

from wsproto.connection import ConnectionState

from gochat_py.dialect import Upgrade
from tests.support.case import PATIENCE, TestCase, eventually
from tests.support.edge import FILES, UPGRADE, Answer, Client, Edge, request, upgrade
from tests.support.server import ROOT

HOST = b"Host: chat.example\r\n"
ROOM = "/r/" + quote("大厅-1_a")


class EdgeCase(TestCase):
    """One edge for all tests of a class that change no settings."""

    settings: ClassVar[dict[str, Any]] = {}
    edge: Edge

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.edge = Edge(subprotocols=("chat.test",), **cls.settings)
        cls.edge.ask(request())  # it has begun to serve, and opened what it needs for that

    @classmethod
    def tearDownClass(cls) -> None:
        cls.edge.stop()
        super().tearDownClass()

    def setUp(self) -> None:
        super().setUp()
        # A connection's thread may end a moment after its client has seen the end.
        self.addCleanup(eventually, lambda: not self.edge.server.visits, "the connections ended")

    def ask(self, data: bytes, method: str = "GET") -> Answer:
        return self.edge.ask(data, method)

    def assert_problem(self, answer: Answer, status: int) -> None:
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        said = json.loads(answer.body)
        self.assertEqual((said["type"], said["status"]), ("about:blank", status))
        self.assertGreater(len(said["detail"].split()), 3, "a sentence")


class ResourcesTest(EdgeCase):
    def test_the_page_is_served_at_the_root_and_for_every_room(self) -> None:
        for path in ("/", "/?since=1", "/r/lobby", ROOM, "/r/x?y=z", "/r/" + "x" * 64):
            with self.subTest(path):
                answer = self.ask(request(path=path))
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.headers["content-type"], "text/html; charset=utf-8")
                self.assertEqual(answer.headers["cache-control"], "no-cache")
                base = b'<base href="../">' if path.startswith("/r/") else b'<base href="./">'
                self.assertIn(base, answer.body)

    def test_a_room_s_page_is_served_for_every_composition_of_its_name(self) -> None:
        """Some systems write é as e and an accent into an address that was typed or copied."""
        for name in ("Zoe\u0308", "Zoë", "\u1112\u1161\u11ab" * 64):
            with self.subTest(name):
                self.assertEqual(self.ask(request(path="/r/" + quote(name))).status, 200)

    def test_an_invalid_room_is_not_found(self) -> None:
        for path in ("/r", "/r/", "/r/a/b", "/r/a%2Fb", "/r/-a", "/r/_a", "/r/a%20b", "/r/a.b"):
            with self.subTest(path):
                self.assert_problem(self.ask(request(path=path)), 404)
        for name in ("x" * 65, "x\u0308\u0308", "\u0308x", "😀", "a\nb", "a\0b", "..", "%"):
            with self.subTest(name):
                self.assert_problem(self.ask(request(path="/r/" + quote(name))), 404)

    def test_files_are_served_with_their_type_and_cached_for_ever(self) -> None:
        checksum = self.edge.assets.checksum
        answer = self.ask(request(path=f"/assets/{checksum}/js/a.js"))
        self.assertEqual((answer.status, answer.body), (200, FILES["js/a.js"]))
        self.assertEqual(answer.headers["content-type"], "text/javascript; charset=utf-8")
        self.assertEqual(answer.headers["cache-control"], "public, max-age=31536000, immutable")
        again = {"If-None-Match": answer.headers["etag"]}
        for path in (f"/assets/{checksum}/js/a.js", "/assets/js/a.js", "/assets/%6as/a.js"):
            answer = self.ask(request(path=path, headers=again))
            self.assertEqual((answer.status, answer.body), (304, b""))
            self.assertNotIn("content-length", answer.headers)

    def test_worker_and_manifest_are_served_beside_the_page_and_revalidated(self) -> None:
        for path, kind in (
            ("/sw.js", "text/javascript; charset=utf-8"),
            ("/manifest.webmanifest", "application/manifest+json"),
            ("/assets/shell.json", "application/json"),
        ):
            with self.subTest(path):
                answer = self.ask(request(path=path))
                self.assertEqual((answer.status, answer.headers["content-type"]), (200, kind))
                self.assertEqual(answer.headers["cache-control"], "no-cache")
                known = {"If-None-Match": answer.headers["etag"]}
                self.assertEqual(self.ask(request(path=path, headers=known)).status, 304)
        policy = answer.headers["content-security-policy"]
        self.assertIn("manifest-src 'self'; worker-src 'self';", policy)
        for each in json.loads(answer.body)["files"]:
            with self.subTest(each):
                self.assertEqual(self.ask(request(path="/" + each.removeprefix("./"))).status, 200)

    def test_nothing_outside_the_table_is_served_in_any_spelling(self) -> None:
        for path in (
            "/assets/../setup.cfg",
            "/assets/../../etc/passwd",
            "/assets/%2e%2e/setup.cfg",
            "/assets/%2e%2e%2fsetup.cfg",
            "/assets/..%2fsetup.cfg",
            "/assets/..%5csetup.cfg",
            "/assets/..\\setup.cfg",
            "/assets/%252e%252e/setup.cfg",
            "/assets/....//setup.cfg",
            "/assets//etc/passwd",
            "/assets/%00",
            "/assets/js/a.js%00.css",
            "/assets/%c0%ae%c0%ae/setup.cfg",
            "/assets/./js/a.js",
            "/assets/js/../js/a.js",
            "/assets/index.html",
            "/assets",
            "/assets/",
            "/assets/js",
            "//etc/passwd",
            "/index.html",
            "/js/a.js",
            "/assets/sw.js",
            "/r/sw.js",
            "/shell.json",
            "/etc/passwd",
            "/../etc/passwd",
        ):
            with self.subTest(path):
                self.assertIn(self.ask(request(path=path)).status, (400, 404))

    def test_health_is_plain_text(self) -> None:
        for path in ("/healthz", "/readyz"):
            answer = self.ask(request(path=path))
            self.assertEqual((answer.status, answer.body), (200, b"ok\n"))
            self.assertEqual(answer.headers["cache-control"], "no-store")

    def test_every_answer_has_the_security_headers(self) -> None:
        with Client(self.edge.port) as client:
            for data, status in (
                (request(), 200),
                (request(path="/assets/js/a.js"), 200),
                (request(path="/assets/js/a.js", headers={"If-None-Match": "*"}), 304),
                (request(path="/healthz"), 200),
                (request(path="/none"), 404),
                (request("PUT"), 405),
                (request("OPTIONS", "*"), 204),
                (request(path="/ws"), 426),
                (b"nonsense\r\n\r\n", 400),
            ):
                answer = client.ask(data)
                with self.subTest(status=status, data=data):
                    self.assertEqual(answer.status, status)
                    headers = answer.headers
                    self.assertIn("default-src 'none'", headers["content-security-policy"])
                    self.assertIn("frame-ancestors 'none'", headers["content-security-policy"])
                    self.assertEqual(headers["x-content-type-options"], "nosniff")
                    self.assertEqual(headers["referrer-policy"], "no-referrer")
                    self.assertEqual(headers["cross-origin-opener-policy"], "same-origin")
                    self.assertEqual(headers["cross-origin-resource-policy"], "same-origin")
                    self.assertIn("camera=()", headers["permissions-policy"])
                    self.assertEqual(headers["server"], "gochat_py")
                    self.assertRegex(headers["date"], r"^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$")

    def test_the_page_s_policy_names_its_websocket_address(self) -> None:
        for host, sockets in (
            ("Chat.Example:8080", " ws://chat.example:8080 wss://chat.example:8080"),
            ("[::1]:8080", ""),
            ("my_host", ""),
        ):
            with Edge(name=("*",)) as edge:
                answer = edge.ask(request(headers={"Host": host}))
            policy = answer.headers["content-security-policy"]
            self.assertIn(f"connect-src 'self'{sockets}; img-src", policy)


class GrammarTest(EdgeCase):
    def check(self, *cases: tuple[bytes, int]) -> None:
        for data, status in cases:
            with self.subTest(data[:200]), Client(self.edge.port) as client:
                answer = client.ask(data)
                self.assert_problem(answer, status)
                self.assertEqual(answer.headers["connection"], "close")
                self.assertTrue(client.ended())

    def test_a_malformed_request_is_refused_and_ends_the_connection(self) -> None:
        self.check(
            (b"GET /\r\n\r\n", 400),
            (b"GET / HTTP/1.1 x\r\n" + HOST + b"\r\n", 400),
            (b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
            (b" GET / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
            (b"G\x00T / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + HOST + b"Bad Name: x\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + HOST + b"Name : x\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + HOST + b"Name\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + HOST + b"Name: a\x00b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + HOST + b"Name: a\rb\r\n\r\n", 400),
            (b"GET /%ff HTTP/1.1\r\n" + HOST + b"\r\n", 400),
            (b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n", 400),
            (b"GET nothing HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", 400),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        )

    def test_a_request_needs_exactly_one_valid_host(self) -> None:
        self.check(
            (b"GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a; script-src *\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a:port\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: [::g]\r\n\r\n", 400),
        )

    def test_a_request_with_two_kinds_of_framing_is_refused(self) -> None:
        post = b"POST / HTTP/1.1\r\n" + HOST
        self.check(
            (post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            (post + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
            (post + b"Content-Length: 5, 6\r\n\r\n", 400),
            (post + b"Content-Length: -1\r\n\r\n", 400),
            (post + b"Content-Length: +1\r\n\r\n", 400),
            (post + b"Content-Length: 0x5\r\n\r\n", 400),
            (post + b"Content-Length: \r\n\r\n", 400),
            (post + b"Content-Length: 99999999999999999999999\r\n\r\n", 400),
            (post + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
            (post + b"Transfer-Encoding: chunked, gzip\r\n\r\n", 400),
            (post + b"Transfer-Encoding: chunked, chunked\r\n\r\n", 400),
            (post + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
            (post + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
            (post + b"Transfer-Encoding: chunked;a=b\r\n\r\n", 501),
            (post + b"Transfer-Encoding: chunked, gzip\r\nContent-Length: 5\r\n\r\n", 400),
            (b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked, gzip\r\n\r\n", 400),
            (post + b"Transfer-Encoding: identity\r\n\r\n", 501),
            (post + b"Transfer-Encoding: xchunked\r\n\r\n", 501),
            (b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n", 400),
            (post + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", 400),
            (post + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n", 400),
        )

    def test_other_versions_of_http_are_refused(self) -> None:
        self.check(
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", 505),
            (b"GET / HTTP/0.9\r\n" + HOST + b"\r\n", 505),
            (b"GET / HTTP/3\r\n" + HOST + b"\r\n", 505),
            (b"GET / HTTX/1.1\r\n" + HOST + b"\r\n", 400),
        )

    def test_a_part_that_is_too_long_is_named_in_the_refusal(self) -> None:
        long = b"x" * 20_000
        self.check(
            (b"GET /" + long + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
            (b"GET /" + long, 414),
            (b"GET /" + long[:9000] + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
            (b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: " + long + b"\r\n\r\n", 431),
            (b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n" * 4000, 431),
            (request("POST", "/", {"Content-Length": "1000000"}), 413),
            (request("POST", "/", {"Content-Length": "70000"}, long * 4), 413),
            (
                request("POST", "/", {"Transfer-Encoding": "chunked"})
                + b"4e20\r\n%s\r\n" % long * 4,
                413,
            ),
        )

    def test_the_size_of_a_body_is_limited_in_every_framing(self) -> None:
        post = request("POST", "/", {"Transfer-Encoding": "chunked"})
        self.check(
            (post + b"1\r\nx\r\n" * 2_000, 413),
            (post + (b"1;" + b"e" * 4_000 + b"\r\nx\r\n") * 40, 413),
            (post + b"1;" + b"e" * 200_000, 400),
            (post + b"0\r\n" + b"Trailer: x\r\n" * 20_000, 400),
        )

    def test_the_number_of_empty_lines_is_limited(self) -> None:
        self.check((b"\r\n" * 33 + request(), 400), (b"\n" * 1_000_000, 400))

    def test_only_the_expectation_100_continue_is_accepted(self) -> None:
        self.check((request(headers={"Expect": "payment"}), 417))

    def test_the_target_may_be_a_whole_url(self) -> None:
        for target, status in (
            ("http://chat.example/", 200),
            ("http://chat.example", 200),
            ("HTTP://chat.example:80/healthz?x", 200),
            ("https://chat.example?x", 200),
            ("http://chat.example/none", 404),
            ("http://chat.example/assets/../x", 404),
            ("ftp://chat.example/", 400),
            ("http:///", 400),
            ("http://a@chat.example/", 400),
        ):
            with self.subTest(target):
                answer = self.ask(request(path=target, headers={"Host": "elsewhere.example"}))
                self.assertEqual(answer.status, status)
        answer = self.ask(request(path="http://chat.example/", headers={"Host": "else.example"}))
        self.assertIn("ws://chat.example ", answer.headers["content-security-policy"])

    def test_each_method_has_its_answer(self) -> None:
        with Client(self.edge.port) as client:
            for method, path, status in (
                ("POST", "/", 405),
                ("PUT", "/assets/js/a.js", 405),
                ("DELETE", "/healthz", 405),
                ("TRACE", ROOM, 405),
                ("PATCH", "/ws", 405),
                ("CONNECT", "chat.example:443", 405),
                ("POST", "/none", 404),
                ("OPTIONS", "/none", 404),
                ("OPTIONS", "/", 204),
                ("OPTIONS", "*", 204),
                ("GET", "*", 400),
                ("BREW", "/", 501),
                ("get", "/", 501),
            ):
                with self.subTest(method=method, path=path):
                    answer = client.ask(request(method, path))
                    self.assertEqual(answer.status, status)
                    if status in (204, 405):
                        self.assertEqual(answer.headers["allow"], "GET, HEAD, OPTIONS")

    def test_head_is_get_without_its_body(self) -> None:
        with Client(self.edge.port) as client:
            for path in ("/", ROOM, "/assets/css/a.css", "/healthz", "/none", "/ws"):
                with self.subTest(path):
                    get, head = client.ask(request("GET", path)), None
                    head = client.ask(request("HEAD", path), "HEAD")
                    for each in (get, head):
                        each.headers.pop("date")
                    self.assertEqual((head.status, head.headers), (get.status, get.headers))
                    self.assertNotEqual(get.body, b"")


class KeepAliveTest(EdgeCase):
    def test_pipelined_requests_are_answered_in_order(self) -> None:
        paths = ["/healthz", "/none", "/assets/js/a.js", "/", "/ws"] * 20
        with Client(self.edge.port) as client:
            client.send(b"".join(request(path=path) for path in paths))
            statuses = [client.answer().status for _ in paths]
        self.assertEqual(statuses, [200, 404, 200, 200, 426] * 20)

    def test_bodies_are_skipped_and_the_next_request_is_read(self) -> None:
        trap = request(path="/none")
        chunked = {"Transfer-Encoding": "chunked"}
        with Client(self.edge.port) as client:
            for body in (trap, trap * 1000):
                counted = {"Content-Length": str(len(body))}
                client.send(request(path="/healthz", headers=counted, body=body))
                chunk = b"%x;extension\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(body), body)
                client.send(request("POST", "/healthz", headers=chunked, body=chunk))
                client.send(request(path="/readyz"))
                self.assertEqual([client.answer().status for _ in range(3)], [200, 405, 200])

    def test_after_connection_close_nothing_is_answered(self) -> None:
        for last in (
            request(headers={"Connection": "close"}),
            request(headers={"Connection": "keep-alive, Close"}),
            b"GET / HTTP/1.0\r\n\r\n",
            b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        ):
            with self.subTest(last), Client(self.edge.port) as client:
                answer = client.ask(last + request())
                self.assertEqual((answer.status, answer.headers["connection"]), (200, "close"))
                self.assertTrue(client.ended())

    def test_empty_lines_before_a_request_are_ignored(self) -> None:
        with Client(self.edge.port) as client:
            for before in (b"\r\n", b"\n\r\n\n"):
                self.assertEqual(client.ask(before + request()).status, 200)

    def test_a_head_may_arrive_in_any_pieces(self) -> None:
        with Client(self.edge.port) as client:
            for byte in b"\r\n\n\r\n" + request(path="/healthz"):
                client.send(bytes([byte]))
            self.assertEqual(client.answer().status, 200)

    def test_continue_is_sent_before_a_body_only_if_it_is_expected(self) -> None:
        expecting = {"Content-Length": "5", "Expect": "100-continue"}
        with Client(self.edge.port) as client:
            self.assertEqual(client.ask(request(headers=expecting)).status, 100)
            client.send(b"hello")
            self.assertEqual(client.answer().status, 200)
            answer = client.ask(request("POST", "/none", expecting))
            self.assertEqual((answer.status, answer.headers["connection"]), (404, "close"))
            self.assertTrue(client.ended())
        old = b"GET / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello"
        self.assertEqual(self.ask(old).status, 200)


class UpgradeTest(EdgeCase):
    def test_a_handshake_passes_the_connection_and_its_options_to_the_endpoint(self) -> None:
        seen: list[Upgrade] = []
        deflate = "permessage-deflate; client_max_window_bits, x-unknown"
        with Edge(seen.append, subprotocols=("chat.test",)) as edge:
            with Client(edge.port) as client:
                asked = upgrade(
                    Sec_WebSocket_Extensions=deflate, Sec_WebSocket_Protocol="other, chat.test"
                )
                answer = client.ask(asked + b"\x81\x80abcd")
                self.assertTrue(client.ended())
            with Client(edge.port) as client:
                self.assertEqual(client.ask(upgrade()).status, 101)
                self.assertTrue(client.ended())
        self.assertEqual(answer.status, 101)
        self.assertEqual(answer.headers["upgrade"], "websocket")
        self.assertEqual(answer.headers["connection"], "Upgrade")
        # The key and its answer are RFC 6455's own example (section 1.3).
        self.assertEqual(answer.headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        self.assertEqual(answer.headers["sec-websocket-protocol"], "chat.test")
        self.assertIn("server_no_context_takeover", answer.headers["sec-websocket-extensions"])
        full, bare = seen
        self.assertEqual((full.address, full.subprotocol), ("127.0.0.1", "chat.test"))
        self.assertEqual((full.trailing, bare.trailing), (b"\x81\x80abcd", b""))
        self.assertEqual((bare.subprotocol, bare.window_bits), (None, None))
        self.assertEqual(full.window_bits, 15)
        self.assertIs(full.machine.state, ConnectionState.OPEN)

    def test_a_request_without_an_upgrade_gets_one_sentence(self) -> None:
        for data in (
            request(path="/ws"),
            request(path="/ws", headers={"Upgrade": "h2c", "Connection": "Upgrade"}),
            upgrade().replace(b"HTTP/1.1", b"HTTP/1.0"),
        ):
            answer = self.ask(data)
            self.assert_problem(answer, 426)
            self.assertEqual(answer.headers["upgrade"], "websocket")
            self.assertIn("Upgrade", answer.headers["connection"])

    def test_an_invalid_handshake_is_refused_with_its_reason(self) -> None:
        window = "permessage-deflate; client_max_window_bits="
        for status, changed in (
            (400, {"Connection": None}),
            (400, {"Connection": "keep-alive"}),
            (426, {"Sec_WebSocket_Version": None}),
            (426, {"Sec_WebSocket_Version": "8"}),
            (426, {"Sec_WebSocket_Version": "13, 8"}),
            (400, {"Sec_WebSocket_Key": None}),
            (400, {"Sec_WebSocket_Key": ""}),
            (400, {"Sec_WebSocket_Key": "short"}),
            (400, {"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ"}),
            (400, {"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZSE="}),
            (400, {"Sec_WebSocket_Key": "dGhlIHNhbXBsZ Bub25jZQ=="}),
            (400, {"Sec_WebSocket_Key": "ünïcödé"}),
            (400, {"Sec_WebSocket_Extensions": window + "x"}),
            (400, {"Sec_WebSocket_Extensions": window + "99"}),
            (400, {"Sec_WebSocket_Extensions": window}),
            (400, {"Sec_WebSocket_Protocol": "gochat.v0"}),
            (400, {"Sec_WebSocket_Protocol": "ünïcödé"}),
            (400, {"Content_Length": "5"}),
            (400, {"Transfer_Encoding": "chunked"}),
            (403, {"Origin": "http://evil.example"}),
            (403, {"Origin": "null"}),
            (403, {"Origin": "ünïcödé"}),
        ):
            with self.subTest(changed), Client(self.edge.port) as client:
                answer = client.ask(upgrade(**changed))
                self.assert_problem(answer, status)
                if status == 426:
                    self.assertEqual(answer.headers["sec-websocket-version"], "13")
                self.assertEqual(answer.headers["connection"].split(", ")[-1], "close")
                self.assertTrue(client.ended())

    def test_unusual_but_valid_handshakes_are_accepted(self) -> None:
        for changed in (
            {"Connection": "keep-alive, UPGRADE"},
            {"Upgrade": "WebSocket"},
            {"Content_Length": "0"},
            {"Sec_WebSocket_Extensions": "x-unknown; ünïcödé"},
            {"Sec_WebSocket_Protocol": ""},
            {"Origin": "https://chat.example"},
            {"Origin": "http://CHAT.example:80"},
        ):
            with self.subTest(changed):
                self.assertEqual(self.ask(upgrade(**changed)).status, 101)

    def test_duplicate_handshake_headers_are_refused(self) -> None:
        for name, value, status in (
            ("Sec-WebSocket-Key", UPGRADE["Sec-WebSocket-Key"], 400),
            ("Sec-WebSocket-Version", "13", 426),
            ("Origin", "http://chat.example\r\nOrigin: http://chat.example", 403),
        ):
            data = upgrade()[:-2] + f"{name}: {value}\r\n\r\n".encode()
            self.assert_problem(self.ask(data), status)

    def test_a_foreign_page_is_refused_with_the_remedy(self) -> None:
        answer = self.ask(upgrade(Origin="http://evil.example"))
        self.assertIn("--origin", json.loads(answer.body)["detail"])

    def test_an_unknown_subprotocol_is_refused_with_the_known_ones(self) -> None:
        answer = self.ask(upgrade(Sec_WebSocket_Protocol="gochat.v0, chat"))
        self.assertIn("chat.test", json.loads(answer.body)["detail"])


class ProxyTest(EdgeCase):
    settings: ClassVar = {
        "trusted_proxy": ("127.0.0.0/8",),
        "origin": ("https://other.example",),
        "name": ("chat.example", "backend"),
    }

    def test_a_trusted_proxy_sets_host_scheme_and_client(self) -> None:
        seen: list[str] = []
        through = {
            "Host": "backend:8080",
            "Origin": "https://chat.example",
            "X_Forwarded_Host": "chat.example",
            "X_Forwarded_Proto": "https",
            "X_Forwarded_For": "6.6.6.6, 2001:db8::1",
        }
        with Edge(lambda each: seen.append(each.address), **self.settings) as edge:
            self.assertEqual(edge.ask(upgrade(**through)).status, 101)
        self.assertEqual(seen, ["2001:db8::1"])
        for changed, status in (
            ({}, 101),
            ({"X_Forwarded_Proto": "wss"}, 101),
            ({"X_Forwarded_Proto": None}, 101),
            ({"X_Forwarded_Proto": "http"}, 403),
            ({"X_Forwarded_Host": "chat.example, backend"}, 101),
            ({"X_Forwarded_Host": "nonsense/"}, 403),
            ({"X_Forwarded_Host": None}, 403),
            ({"Origin": "https://other.example"}, 101),
            ({"Origin": "https://evil.example"}, 403),
        ):
            with self.subTest(changed):
                self.assertEqual(self.ask(upgrade(**{**through, **changed})).status, status)

    def test_the_headers_of_an_untrusted_peer_change_nothing(self) -> None:
        seen: list[str] = []
        lies = {"X_Forwarded_Host": "evil.example", "X_Forwarded_For": "1.1.1.1"}
        with Edge(lambda each: seen.append(each.address)) as edge:
            self.assertEqual(edge.ask(upgrade(**lies)).status, 101)
            answer = edge.ask(upgrade(Origin="http://evil.example", **lies))
            self.assertEqual(answer.status, 403)
        self.assertEqual(seen, ["127.0.0.1"])

    def test_the_page_s_policy_names_the_host_that_the_browser_sees(self) -> None:
        answer = self.ask(request(headers={"X-Forwarded-Host": "chat.example:444"}))
        self.assertIn("wss://chat.example:444;", answer.headers["content-security-policy"])


class NameTest(EdgeCase):
    """A foreign host name that resolves to this server's address is refused."""

    def refused(self, data: bytes, *words: str, edge: Edge | None = None) -> None:
        with Client((edge or self.edge).port) as client:
            answer = client.ask(data)
            self.assert_problem(answer, 403)
            for word in words:
                self.assertIn(word, json.loads(answer.body)["detail"])
            self.assertTrue(client.ended())

    def test_every_request_must_name_a_known_host(self) -> None:
        foreign = {"Host": "rebound.example:8080"}
        for path in ("/", "/r/lobby", "/assets/js/a.js", "/sw.js", "/healthz", "/readyz", "/none"):
            for method in ("GET", "POST", "OPTIONS", "BREW"):
                self.refused(request(method, path, foreign), "--name rebound.example")
        self.refused(request("OPTIONS", "*", foreign), "--name rebound.example")
        self.refused(upgrade(**foreign), "--name rebound.example")
        self.refused(upgrade(Origin="http://rebound.example:8080", **foreign), "--name")
        self.refused(request("CONNECT", "chat.example:443", foreign), "--name rebound.example")

    def test_the_host_of_an_absolute_target_overrides_the_header(self) -> None:
        self.refused(request(path="http://rebound.example/"), "--name rebound.example")
        answer = self.ask(request(path="http://chat.example/", headers={"Host": "rebound.example"}))
        self.assertEqual(answer.status, 200)

    def test_addresses_localhost_and_own_names_are_known_in_every_spelling(self) -> None:
        for host in (
            *("127.0.0.1", "127.0.0.1:9", "192.0.2.1", "[::1]:8080", "[::ffff:127.0.0.1]"),
            *("localhost", "LOCALHOST:80", "localhost.", "a.localhost", "chat.example.:80"),
        ):
            with self.subTest(host):
                self.assertEqual(self.ask(request(headers={"Host": host})).status, 200)

    def test_unusual_forms_of_an_address_count_as_names(self) -> None:
        for host in (
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.0.0.1.",
            "127.0.0.1.x",
        ):
            self.refused(request(headers={"Host": host}), f"--name {host}")

    def test_a_request_without_a_host_is_accepted(self) -> None:
        self.assertEqual(self.ask(b"GET /healthz HTTP/1.0\r\n\r\n").status, 200)
        self.refused(b"GET /healthz HTTP/1.0\r\nHost: rebound.example\r\n\r\n", "--name")

    def test_the_host_of_a_trusted_proxy_overrides_the_header(self) -> None:
        with Edge(trusted_proxy=("127.0.0.1",), name=("chat.example",)) as edge:
            through = {"Host": "backend:8080", "X-Forwarded-Host": "chat.example:444"}
            self.assertEqual(edge.ask(request(headers=through)).status, 200)
            self.assertEqual(edge.ask(request(headers={"Host": "chat.example"})).status, 200)
            for forwarded in ("rebound.example", "chat.example, rebound.example", "a b", ","):
                headers = {"Host": "chat.example", "X-Forwarded-Host": forwarded}
                self.refused(request(headers=headers), edge=edge)
            bare = b"GET / HTTP/1.0\r\nX-Forwarded-For: 198.51.100.1\r\n"
            self.refused(bare + b"\r\n", "X-Forwarded-Host", edge=edge)
            self.assertEqual(edge.ask(b"GET /healthz HTTP/1.0\r\n\r\n").status, 200)
            self.assertEqual(edge.ask(bare + b"Host: chat.example\r\n\r\n").status, 200)

    def test_unknown_hosts_are_logged_rarely(self) -> None:
        with Edge() as edge, self.assertLogs("gochat_py.http", "WARNING") as said:
            for number in [0, 0, *range(60)]:
                self.refused(request(headers={"Host": f"n{number}.example"}), edge=edge)
        self.assertIn("start it with --name n0.example", said.output[0])
        self.assertEqual(len(said.output), 16)
        self.assertEqual(len(set(said.output)), 16)


class HostileTest(TestCase):
    def test_a_head_that_arrives_too_slowly_is_ended_while_others_are_served(self) -> None:
        with Edge(header_timeout=0.5) as edge:
            client = edge.client()
            head = request(headers={"X-Slow": "x" * 10_000})
            sent = 0
            while not select.select([client.sock], [], [], 0.01)[0]:
                client.send(head[sent : sent + 1])
                sent += 1
                self.assertLess(sent, len(head), "the whole head was waited for")
                if sent % 10 == 0:
                    self.assertEqual(edge.ask(request(path="/healthz")).status, 200)
            answer = client.answer()
            self.assertEqual((answer.status, answer.headers["connection"]), (408, "close"))
            self.assertTrue(client.ended())

    def test_a_body_that_does_not_arrive_ends_the_connection(self) -> None:
        with Edge(header_timeout=0.2) as edge, Client(edge.port) as client:
            answer = client.ask(request(headers={"Content-Length": "5"}))
            self.assertEqual(answer.status, 408)
            self.assertTrue(client.ended())

    def test_an_idle_connection_is_closed_without_an_answer(self) -> None:
        with Edge(header_timeout=0.2, idle_timeout=0.2) as edge:
            with Client(edge.port) as silent:
                self.assertTrue(silent.ended())
            with Client(edge.port) as kept:
                self.assertEqual(kept.ask(request()).status, 200)
                self.assertTrue(kept.ended())
            with Client(edge.port) as kept:  # empty lines are no request
                self.assertEqual(kept.ask(request() + b"\r\n\r\n").status, 200)
                self.assertTrue(kept.ended())

    def test_two_hundred_half_open_requests_delay_no_other(self) -> None:
        with Edge() as edge:
            halves = [edge.client() for _ in range(200)]
            for client in halves:
                client.send(b"GET / HTTP/1.1\r\nHost: chat.")
            for _ in range(20):
                self.assertEqual(edge.ask(request()).status, 200)
            for client in halves:
                client.send(b"example\r\n\r\n")
            for client in halves:
                self.assertEqual(client.answer().status, 200)

    def test_an_answer_that_is_not_read_is_given_up(self) -> None:
        with Edge(write_wait=0.2) as edge:
            greedy = edge.client()
            greedy.send(request(path="/assets/img/big.png") * 4)
            eventually(lambda: edge.server.visits, "it was let in")
            self.assertEqual(edge.ask(request()).status, 200)
            eventually(lambda: not edge.server.visits, "it was given up")

    def test_slow_clients_share_one_copy_of_a_file(self) -> None:
        """Each had a copy of its own: a thousand held a thousand times the largest file."""
        files = {**FILES, "img/big.png": bytes(16 * 1024 * 1024)}
        with Edge(files=files) as edge:
            slow = [edge.client() for _ in range(50)]
            tracemalloc.start()
            self.addCleanup(tracemalloc.stop)
            for client in slow:
                client.send(request(path="/assets/img/big.png"))
                client.more()  # it has begun
            self.assertLess(tracemalloc.get_traced_memory()[0], 16 * 1024 * 1024)

    def test_a_refusal_is_not_lost_if_the_client_sent_much(self) -> None:
        with Edge() as edge:
            for _ in range(20):
                with Client(edge.port) as client:
                    client.send(b"GET /" + b"x" * 100_000)
                    self.assertEqual(client.answer().status, 414)
                    self.assertTrue(client.ended())

    def test_a_client_that_leaves_at_any_moment_affects_no_other(self) -> None:
        whole = request(headers={"Content-Length": "5"}, body=b"hello") + upgrade()
        with Edge() as edge, self.assertNoLogs("gochat_py.http", "WARNING"):
            for end in range(0, len(whole), 7):
                with Client(edge.port) as client:
                    client.send(whole[:end])
            eventually(lambda: not edge.server.visits, "all of them are gone")
            self.assertEqual(edge.ask(request()).status, 200)

    def test_many_concurrent_requests_are_all_answered(self) -> None:
        statuses: list[int] = []
        with Edge() as edge:
            crowd = [
                threading.Thread(target=lambda: statuses.append(edge.ask(request()).status))
                for _ in range(50)
            ]
            for each in crowd:
                each.start()
            for each in crowd:
                each.join(PATIENCE)
        self.assertEqual(statuses, [200] * 50)


SCARCE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
from tests.support.edge import Edge
with Edge() as edge:
    print(edge.port, flush=True)
    sys.stdin.read()
    print(edge.server._spare is not None, flush=True)
"""


class ScarcityTest(TestCase):
    def test_without_descriptors_the_server_refuses_and_recovers(self) -> None:
        """A server at its descriptor limit used to be one that spins on accept and answers none."""
        server = subprocess.Popen(
            [sys.executable, "-c", SCARCE],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            crowd: list[Client] = []
            try:
                served = []
                for _ in range(60):
                    crowd.append(Client(port))
                    served.append(crowd[-1].ask(request(path="/healthz")).status)
                self.assertEqual(sorted(set(served)), [200, 503])
                self.assertEqual(served, sorted(served), "those who were in stayed in")
                self.assertEqual(crowd[0].ask(request()).status, 200)
            finally:
                for client in crowd:
                    client.sock.close()

            def works() -> bool:
                with Client(port) as client:
                    return client.ask(request(path="/healthz")).status == 200

            eventually(works, "it served again")
            self.assertLess(cpu_seconds(server.pid), PATIENCE)
        finally:
            out, err = server.communicate(timeout=PATIENCE)
        self.assertEqual((out, server.returncode), (b"True\n", 0), err)
        self.assertIn(b"no descriptors are left", err)


def cpu_seconds(pid: int) -> float:
    """Seconds of processor time a process has used; 0 where /proc is not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / 100
