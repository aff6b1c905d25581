"""What a user sees when the server, or a proxy before it, does not let the page in."""

from __future__ import annotations

import contextlib
import unittest
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Page, expect

from tests.support.edge import FILES, Client, Edge, request
from tests.support.page import CONNECTED, NAME, NO_SERVER, BrowserTestCase
from tests.support.server import ServerProcess
from tests.support.subpath import SubPathProxy

HINT = ".composer .hint"
SEEN = ".connection-state .seen"
SPOKEN = ".connection-state .spoken"
STATUS = r"the server responded with a status of 4\d\d|status of 503"


class OtherHostProxy(SubPathProxy):
    """A proxy that does not pass the Host header on."""

    def _rewrite(self, head: bytes) -> bytes:
        lines = super()._rewrite(head).split(b"\r\n")
        host = f"Host: 127.0.0.1:{self._target}".encode()
        return b"\r\n".join(host if line.lower().startswith(b"host:") else line for line in lines)


class NoUpgradeProxy(SubPathProxy):
    """A proxy that knows nothing of WebSockets: it removes the headers of a single hop."""

    def _rewrite(self, head: bytes) -> bytes:
        first, *lines = super()._rewrite(head).split(b"\r\n")
        hop = (b"upgrade:", b"connection:")
        kept = (line for line in lines if not line.lower().startswith(hop))
        return b"\r\n".join((first, b"Connection: close", *kept)) if first else b""


class RefusedCase(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.expect_complaint(NO_SERVER)
        self.expect_complaint(STATUS)

    def known(self, url: str, **context: Any) -> Page:
        """A page whose user has a name already, and tries to come in."""
        page = self.page(**context)
        page.goto(url)
        page.fill(NAME, "Ada")
        page.press(NAME, "Enter")
        return page


class ReasonTest(RefusedCase):
    """A browser does not tell the page the status of a WebSocket that failed."""

    def behind(self, proxy: type[SubPathProxy], **context: Any) -> Page:
        server = self.enterContext(ServerProcess("--memory"))
        return self.known(self.enterContext(proxy(server.port)).url, **context)

    def test_a_page_whose_origin_is_refused_says_which_flag_allows_it(self) -> None:
        page = self.behind(OtherHostProxy)
        status = page.locator(".name-form .state")
        expect(status).to_contain_text("The server refuses this page: Pages of http://127.0.0.1:")
        expect(status).to_contain_text("--origin")
        expect(status).to_contain_text("--trusted-proxy")

    def test_it_says_so_in_the_language_of_the_page(self) -> None:
        page = self.behind(OtherHostProxy, locale="zh-CN")
        expect(page.locator(".name-form .state")).to_contain_text("服务器拒绝此页面")
        expect(page.locator(".name-form .state")).to_contain_text("的页面不能使用此服务器")

    def test_a_proxy_without_websockets_is_named_as_the_cause(self) -> None:
        page = self.behind(NoUpgradeProxy)
        expect(page.locator(".name-form .state")).to_contain_text("A proxy between this page")

    def test_the_page_asks_once_and_not_with_each_attempt(self) -> None:
        server = self.enterContext(ServerProcess("--memory"))
        proxy = self.enterContext(OtherHostProxy(server.port))
        page = self.page()
        asked: list[str] = []
        tried: list[str] = []
        page.on("request", lambda each: asked.append(each.url) if "/ws" in each.url else None)
        page.on("websocket", lambda each: tried.append(each.url))
        page.goto(proxy.url)
        page.fill(NAME, "Ada")
        page.press(NAME, "Enter")
        expect(page.locator(".name-form .state")).to_contain_text("--origin")
        while len(tried) < 5:
            page.wait_for_event("websocket")
        self.assertEqual(len(asked), 1)


class FullTest(RefusedCase):
    def test_a_full_server_is_named_and_the_page_comes_in_when_there_is_room(self) -> None:
        flags = ("--memory", "--max-connections-per-address", "12")
        server = self.enterContext(ServerProcess(*flags))
        page = self.page()
        page.goto(server.url)
        expect(page.locator(NAME)).to_be_visible()
        with contextlib.ExitStack() as crowd:
            self.fill_up(server, crowd)
            page.fill(NAME, "Ada")
            page.press(NAME, "Enter")
            expect(page.locator(".name-form .state")).to_contain_text("The server is full")
        page.wait_for_selector(CONNECTED)

    def fill_up(self, server: ServerProcess, crowd: contextlib.ExitStack) -> None:
        """Take every place that is left."""
        for _ in range(20):
            client = crowd.enter_context(Client(server.port))
            asked = request(headers={"Host": f"127.0.0.1:{server.port}"})
            if client.ask(asked).status == 503:
                return
        self.fail("there is always another place")

    def test_a_visitor_of_a_full_server_gets_a_page_that_leads_in(self) -> None:
        with (
            Edge(max_connections_per_address=1, files={**FILES, "js/a.js": b";"}) as edge,
            self.assertLogs("gochat_py.http", "WARNING"),
        ):
            page = self.page()
            with Client(edge.port) as inside:
                inside.ask(request())
                page.goto(f"http://127.0.0.1:{edge.port}/")
                expect(page.get_by_role("heading")).to_have_text("The server is full")
                expect(page.get_by_text("This page tries again by itself.")).to_be_visible()
                found = Axe().run(page)
                self.assertEqual(found.violations_count, 0, found.generate_report())
            page.get_by_role("link", name="Try again").click()
            expect(page.locator("script")).to_have_count(1)  # of the page of this test's server
            page.close()


class WrongAddressTest(RefusedCase):
    def test_a_wrong_room_s_page_leads_to_the_right_one(self) -> None:
        server = self.enterContext(ServerProcess("--memory"))
        for scheme in ("light", "dark"):
            page = self.page(color_scheme=scheme)
            page.goto(f"{server.url}r/tea%20time")
            expect(page.get_by_role("heading")).to_have_text("There cannot be a room “tea time”")
            found = Axe().run(page)
            self.assertEqual(found.violations_count, 0, found.generate_report())
            page.get_by_role("link", name="Open #tea-time").click()
            page.wait_for_url(f"{server.url}r/tea-time")
            expect(page.locator(NAME)).to_be_visible()

    def test_a_room_s_address_with_a_slash_opens_the_room(self) -> None:
        server = self.enterContext(ServerProcess("--memory"))
        proxy = self.enterContext(SubPathProxy(server.port))
        page = self.page()
        for root in (server.url, proxy.url):
            page.goto(f"{root}r/tea/")
            self.assertEqual(page.url, f"{root}r/tea")
            expect(page.locator(NAME)).to_be_visible()


if __name__ == "__main__":
    unittest.main()
