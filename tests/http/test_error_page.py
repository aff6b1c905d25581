"""A refused browser gets a page; all other clients get the problem document."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any
from unittest import mock
from urllib.parse import quote, urljoin

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.http import resources
from gochat_py.http.error_page import Asked, dress
from gochat_py.http.responses import FULL, Response, problem
from tests.support.case import TestCase, eventually
from tests.support.edge import Answer, Client, Edge, request

BROWSER = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.9",
}
CHINESE = {**BROWSER, "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}


class _Reader(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    @property
    def links(self) -> list[str | None]:
        return [attributes["href"] for tag, attributes in self.tags if tag == "a"]


def read(answer: Answer) -> _Reader:
    return _Reader(answer.body.decode())


class PageTest(TestCase):
    edge: Edge

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.edge = Edge()
        cls.addClassCleanup(cls.edge.stop)
        cls.edge.ask(request())

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(eventually, lambda: not self.edge.server.visits, "the connections ended")

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        return self.edge.ask(request(method, path, {**BROWSER, **headers}), method)

    def assert_page(self, answer: Answer, status: int, *words: str) -> _Reader:
        self.assertEqual(answer.status, status)
        self.assertEqual(answer.headers["content-type"], "text/html; charset=utf-8")
        page = read(answer)
        for each in words:
            self.assertIn(each, page.words)
        return page

    def test_a_room_s_address_with_a_slash_links_to_the_room(self) -> None:
        for path, room in (
            ("/r/lobby/", "/r/lobby"),
            ("/r/lobby/?a=b", "/r/lobby"),
            (f"/r/{quote('大厅')}/", f"/r/{quote('大厅')}"),
            ("/r/lobby%2F", "/r/lobby"),
        ):
            with self.subTest(path):
                answer = self.ask(path, Accept="*/*")
                self.assertEqual(answer.status, 308)
                for below in ("", "/chat"):  # a proxy may serve it below a path
                    self.assertEqual(
                        urljoin(below + path, answer.headers["location"]), below + room
                    )

    def test_the_page_of_a_wrong_room_links_to_the_room_that_was_meant(self) -> None:
        for name, near in (("a b", "a-b"), ("a.b", "a-b"), ("a/b", "a-b"), (" lobby ", "lobby")):
            with self.subTest(name):
                path = "/r/" + quote(name)
                page = self.assert_page(self.ask(path), 404, f"There cannot be a room “{name}”")
                found = [urljoin(path, link or "") for link in page.links]
                self.assertEqual(found, [f"/r/{near}", "/"])
        for name in ("-", "😀", "x" * 65):
            with self.subTest(name):
                page = self.assert_page(self.ask("/r/" + quote(name)), 404)
                self.assertEqual(page.links, ["../"])

    def test_each_refusal_for_a_browser_is_a_page(self) -> None:
        many = {f"Cookie{n}": "x" * 1000 for n in range(20)}
        for path, method, headers, status, words in (
            ("/nothing", "GET", {}, 404, "There is nothing here"),
            ("/r/", "GET", {}, 404, "There is nothing here"),
            ("/", "POST", {}, 405, "This path allows only GET and HEAD."),
            ("/", "BREW", {}, 501, "does not implement"),
            ("/ws", "GET", {}, 426, "This address is for programs"),
            ("/", "GET", {"Host": "evil.example"}, 403, "--name evil.example"),
            ("/%ff", "GET", {}, 400, "not UTF-8"),
            ("/" + "x" * 9000, "GET", {}, 414, "This address is too long"),
            ("/", "GET", many, 431, "Delete the cookies"),
        ):
            with self.subTest(status=status, path=path[:20]):
                self.assert_page(self.ask(path, method, **headers), status, words)

    def test_the_page_is_in_the_browser_s_language(self) -> None:
        for language, tag in (
            ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
            ("en;q=0.5, zh;q=0.8", "zh-Hans"),
            ("de, zh;q=0, en;q=0.1", "en"),
            ("de", "en"),
            ("zh;q=x", "en"),
        ):
            with self.subTest(language):
                answer = self.ask("/nothing", **{"Accept-Language": language})
                self.assertEqual(answer.headers["content-language"], tag)
                self.assertIn(f'<html lang="{tag}">', answer.body.decode())
        answer = self.ask("/r/a%20b", **CHINESE)
        self.assert_page(answer, 404, "不可能有名为“a b”的房间", "打开 #a-b")

    def test_a_client_that_does_not_accept_html_gets_the_problem_document(self) -> None:
        for accept in ("*/*", "application/json", "text/html;q=0", "text/plain", ""):
            with self.subTest(accept):
                answer = self.ask("/r/a%20b", Accept=accept)
                self.assertEqual(answer.headers["content-type"], "application/problem+json")
                detail = json.loads(answer.body)["detail"]
                self.assertEqual(detail, resources.NOTHING)
        answer = self.ask("/nothing", Accept="*/*", **{"Accept-Language": "zh"})
        self.assertEqual(answer.headers["content-language"], "zh-Hans")
        self.assertIn("这里什么也没有", json.loads(answer.body)["detail"])

    def test_status_and_headers_are_the_same_and_head_has_no_body(self) -> None:
        answer = self.ask("/", "POST")
        self.assertEqual(answer.headers["allow"], "GET, HEAD, OPTIONS")
        self.assertEqual(answer.headers["cache-control"], "no-store")
        self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
        head = self.ask("/nothing", "HEAD")
        self.assertEqual((head.status, head.body), (404, b""))
        length = len(self.ask("/nothing").body)
        self.assertEqual(head.headers["content-length"], str(length))

    def test_the_page_s_policy_allows_only_its_style(self) -> None:
        answer = self.ask("/nothing")
        policy = answer.headers["content-security-policy"]
        self.assertNotIn("unsafe", policy)
        self.assertNotIn("script-src", policy)
        self.assertTrue(policy.startswith("default-src 'none';"))
        style = re.search("<style>(.*?)</style>", answer.body.decode(), re.DOTALL)
        assert style is not None
        digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        self.assertIn(f"style-src 'sha256-{digest}';", policy)
        self.assertNotIn("style=", answer.body.decode())

    def test_an_internal_error_is_a_page_too(self) -> None:
        failing = mock.patch("gochat_py.http.handler.respond", side_effect=ValueError)
        with failing, self.assertLogs("gochat_py.http", "ERROR"):
            self.assert_page(self.ask("/"), 500, "Something went wrong in the server")


class FullTest(TestCase):
    def test_a_browser_gets_a_page_that_tries_again_if_the_server_is_full(self) -> None:
        with (
            Edge(max_connections=1) as edge,
            self.assertLogs("gochat_py.http", "WARNING"),
            Client(edge.port) as inside,
        ):
            self.assertEqual(inside.ask(request()).status, 200)
            whole = request(headers=BROWSER)
            for sent in ([whole], [whole[:30], whole[30:]]):
                with Client(edge.port) as client:
                    for piece in sent:
                        client.send(piece)
                    answer = client.answer()
                    self.assertTrue(client.ended())
                self.assertEqual(answer.status, 503)
                self.assertIn("retry-after", answer.headers)
                page = read(answer)
                self.assertIn("The server is full", page.words)
                self.assertEqual(page.links, [""])
                policy = answer.headers["content-security-policy"]
                [script] = re.findall("<script>(.*?)</script>", answer.body.decode())
                digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
                self.assertIn(f"script-src 'sha256-{digest}'; connect-src 'self'", policy)
                self.assertIn("1e4+1e4*Math.random()", script)  # 10 to 20 seconds

    def test_a_client_that_sends_no_request_is_answered_if_the_server_is_full(self) -> None:
        with (
            Edge(max_connections=1) as edge,
            self.assertLogs("gochat_py.http", "WARNING"),
            Client(edge.port) as inside,
        ):
            self.assertEqual(inside.ask(request()).status, 200)
            with Client(edge.port) as client:
                self.assertEqual(
                    client.answer().headers["content-type"], "application/problem+json"
                )


class HostileTest(TestCase):
    @given(st.text(max_size=200))
    def test_nothing_of_the_request_becomes_markup(self, text: str) -> None:
        refusal = problem(404, text, kind="no_room", subject=text, near="")
        head = b"GET /r/x HTTP/1.1\r\nAccept: text/html\r\n\r\n"
        page = _Reader(dress(refusal, head).body.decode())
        plain = _Reader(dress(problem(404, "x", kind="no_room"), head).body.decode())
        self.assertEqual(page.tags, plain.tags)
        for char in page.words:
            self.assertFalse(char != "\n" and not char.isprintable() and char.strip(), repr(char))

    def test_markup_and_direction_marks_in_a_name_are_shown_as_text(self) -> None:
        name = "<script>alert(1)</script>\u202e{subject}"
        refusal = problem(404, "No.", kind="no_room", subject=name)
        body = dress(refusal, b"GET / HTTP/1.1\r\nAccept: text/html\r\n\r\n").body.decode()
        self.assertNotIn("<script", body)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;\ufffd{subject}", body)

    @given(st.binary(max_size=300))
    def test_any_bytes_can_be_answered(self, head: bytes) -> None:
        self.assertEqual(dress(FULL, head).status, 503)
        self.assertRegex(Asked.of(head).root, r"\A(\./|(\.\./)+)\Z")

    def test_other_answers_are_unchanged(self) -> None:
        answer = Response(200, (), b"ok")
        self.assertIs(dress(answer, b"GET / HTTP/1.1\r\nAccept: text/html\r\n\r\n"), answer)


class WebSocketTest(TestCase):
    """A page cannot see why its WebSocket failed; `GET /ws` returns the reason."""

    def asked(self, edge: Edge, **headers: str) -> Answer:
        return edge.ask(request(path="/ws", headers=headers))

    def test_the_check_returns_what_an_upgrade_would_be_answered(self) -> None:
        with Edge(origin=("https://friend.example",)) as edge:
            for headers, status in (
                ({}, 426),
                ({"Referer": "http://chat.example/"}, 426),
                ({"Referer": "https://friend.example/r/a?b"}, 426),
                ({"Referer": "https://other.example/"}, 403),
                ({"Referer": "https://other.example"}, 403),
                ({"Referer": "nonsense"}, 403),
                ({"Origin": "https://other.example", "Referer": "http://chat.example/"}, 403),
                ({"Host": "other.example"}, 403),
                ({"Referer": "https://other.example/", **BROWSER}, 426),
            ):
                with self.subTest(headers):
                    self.assertEqual(self.asked(edge, **headers).status, status)
            refused = self.asked(edge, Referer="https://other.example/")
            self.assertIn("--origin", json.loads(refused.body)["detail"])
            chinese = {"Referer": "https://other.example/", "Accept-Language": "zh"}
            refused = self.asked(edge, **chinese)
            detail = json.loads(refused.body)["detail"]
            self.assertIn("--origin https://other.example", detail)
            self.assertIn("不能使用此服务器", detail)

    def test_the_check_on_an_open_connection_says_that_the_server_is_full(self) -> None:
        for limit in ("max_connections", "max_connections_per_address"):
            asked, changed = request(path="/ws"), dict[str, Any]({limit: 2})
            with self.subTest(limit), Edge(**changed) as edge, Client(edge.port) as early:
                self.assertEqual(early.ask(asked).status, 426)
                with Client(edge.port) as other:
                    self.assertEqual(other.ask(request()).status, 200)
                    self.assertEqual(early.ask(asked).status, 503)
                eventually(lambda a=asked, e=early: e.ask(a).status == 426, "room again")
