"""The page without a server: what its service worker keeps, and what it leaves alone."""

from __future__ import annotations

import tempfile
import unittest
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Page, expect

from tests.browser.fake import DEAD_LINE
from tests.support.case import eventually
from tests.support.page import (
    CONNECTED,
    DRAFT,
    LINES,
    BrowserTestCase,
    enter,
    say,
    wait_for_lines,
)
from tests.support.server import ServerProcess
from tests.support.subpath import SubPathProxy
from tests.support.versions import Versions

NOT_CONNECTED = f".connection-state:not({CONNECTED})"

#: What Chromium says of requests that failed, though the worker had an answer.
FAILED = r"net::ERR_|WebSocket connection to 'ws://[^']+' failed"

#: The versions that are kept, once the page has its worker.
KEPT = """async () => {
  await navigator.serviceWorker.ready;
  return (await caches.keys()).map((name) => name.split(" ").at(-1));
}"""


def wait_for_worker(page: Page) -> None:
    """Wait until the page would open without a server."""
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def wait_for_waiting(page: Page, texts: list[str]) -> None:
    """Wait until just these lines wait to be sent."""
    expect(page.locator(f"{LINES}[data-fate=queued] .text")).to_have_text(texts)


class ShellTestCase(BrowserTestCase):
    def page(self, script: str = "", **context: Any) -> Page:
        return super().page(script, **{"service_workers": "allow", **context})

    def installed(self, url: str, name: str, script: str = "", **context: Any) -> Page:
        """A page in its room that has its worker."""
        page = self.page(script, **context)
        page.clock.install()  # it goes on by itself, and can be put forward
        page.goto(url)
        enter(page, name)
        wait_for_worker(page)
        return page


class OfflineTest(ShellTestCase):
    SAID = ("one", "two", "three")

    def test_the_page_opens_without_a_server_and_what_was_said_arrives_once(self) -> None:
        self.expect_complaint(FAILED)
        with tempfile.TemporaryDirectory() as data:
            with ServerProcess("--data", data) as server:
                ada, bob = self.installed(server.url, "Ada"), self.open(server.url, "Bob")
            ada.wait_for_selector(NOT_CONNECTED, state="attached")
            for text in self.SAID:
                say(ada, text)
            wait_for_waiting(ada, list(self.SAID))
            ada.fill(DRAFT, "half a thought")
            ada.reload()
            wait_for_waiting(ada, list(self.SAID))
            expect(ada.locator("h1.room")).to_have_text("lobby")
            expect(ada.locator(DRAFT)).to_have_value("half a thought")
            found = Axe().run(ada)
            self.assertEqual(found.violations_count, 0, found.generate_report())
            with ServerProcess("--data", data, "--port", str(server.port)):
                for page in (ada, bob):
                    self.assertEqual(wait_for_lines(page, 3), list(self.SAID))
                ada.reload()
                say(bob, "got them")
                for page in (ada, bob):
                    self.assertEqual(wait_for_lines(page, 4), [*self.SAID, "got them"])
                    page.context.close()

    def test_what_was_said_offline_outlives_a_reload_offline(self) -> None:
        self.expect_complaint(FAILED)
        with ServerProcess("--memory") as server:
            ada, bob = self.installed(server.url, "Ada", DEAD_LINE), self.open(server.url, "Bob")
            ada.evaluate("() => line.die()")
            ada.context.set_offline(True)
            ada.wait_for_selector(NOT_CONNECTED, state="attached")
            for text in self.SAID:
                say(ada, text)
            ada.clock.run_for(60_000)  # many tries to come back, all in vain
            wait_for_waiting(ada, list(self.SAID))
            ada.reload()
            wait_for_waiting(ada, list(self.SAID))
            expect(ada.locator(".connection-state .seen")).to_have_text("Offline")
            ada.context.set_offline(False)
            for page in (ada, bob):
                self.assertEqual(wait_for_lines(page, 3), list(self.SAID))
            say(bob, "got them")
            for page in (ada, bob):
                self.assertEqual(wait_for_lines(page, 4), [*self.SAID, "got them"])
                page.context.close()

    def test_a_room_opens_without_a_server_below_a_sub_path(self) -> None:
        self.expect_complaint(FAILED)
        with ServerProcess("--memory") as server, SubPathProxy(server.port) as proxy:
            page = self.installed(proxy.url, "Ada")
            self.assertEqual(server.stop(), 0)
            page.goto(f"{proxy.url}r/tea?x=1#y")
            expect(page.locator("h1.room")).to_have_text("tea")
            expect(page.locator(DRAFT)).to_be_visible()
            expect(page.locator(".side-panel .me .nick")).to_have_text("Ada")
            expect(page.locator(".member-list")).to_be_hidden()
            expect(page.locator(".message-list .older")).to_have_text("")
            say(page, "to nobody")
            wait_for_waiting(page, ["to nobody"])
            self.assertEqual(proxy.strays, [])
            page.context.close()

    def test_the_browser_finds_nothing_wrong_with_the_manifest(self) -> None:
        with ServerProcess("--memory") as server:
            page = self.installed(server.url, "Ada")
            chrome = page.context.new_cdp_session(page)
            manifest = chrome.send("Page.getAppManifest")
            self.assertEqual(manifest["url"], f"{server.url}manifest.webmanifest")
            self.assertEqual(manifest["errors"], [])
            errors = chrome.send("Page.getInstallabilityErrors")["installabilityErrors"]
            # A context of Playwright's is a private window, which nothing is installed from.
            self.assertEqual([error["errorId"] for error in errors], ["in-incognito"])
            page.context.close()


class WorkerTest(ShellTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.expect_complaint(FAILED)
        self.expect_complaint("status of 502")
        self.server = self.enterContext(Versions())

    def visited(self) -> Page:
        """A page that has its worker."""
        page = self.page()
        page.goto(self.server.url)
        wait_for_worker(page)
        return page

    def test_a_new_version_is_there_with_the_next_load_and_takes_the_place_of_the_old(self) -> None:
        page = self.visited()
        self.assertEqual(page.evaluate(KEPT), ["a" * 12])
        self.server.digest = "b" * 12
        page.reload()
        self.assertEqual(page.title(), "b" * 12)
        eventually(lambda: page.evaluate(KEPT) == ["b" * 12], "only the new version is kept")
        self.server.status = 502
        page.reload()
        self.assertEqual(page.title(), "b" * 12)

    def test_a_version_that_is_not_there_whole_is_not_kept(self) -> None:
        page = self.visited()
        self.server.digest, self.server.stale = "b" * 12, True
        page.reload()
        page.reload()
        file = f"/assets/{'b' * 12}/main.js"  # asked for by the page, and by its worker
        eventually(lambda: self.server.asked.count(file) >= 4, "the worker has looked twice")
        self.server.status = 502
        page.reload()
        self.assertEqual(page.title(), "a" * 12)

    def test_a_server_that_does_not_answer_is_not_waited_for(self) -> None:
        page = self.visited()
        self.server.held.clear()
        for path in ("", "r/tea"):
            page.goto(self.server.url + path)
            self.assertEqual(page.title(), "a" * 12)

    def test_a_file_with_a_checksum_is_asked_for_once(self) -> None:
        page = self.visited()
        file = f"/assets/{self.server.digest}/main.js"
        before = self.server.asked.count(file)
        page.evaluate("file => fetch(file, { cache: 'reload' })", file)
        self.assertEqual(self.server.asked.count(file), before)

    def test_all_else_goes_its_way(self) -> None:
        page = self.visited()
        for path in ("/api/rooms", "/ws", "/healthz", "/assets/plain.js", "/metrics"):
            for _ in range(2):
                page.evaluate("path => fetch(path, { cache: 'reload' })", path)
            self.assertEqual(self.server.asked.count(path), 2)
        self.assertEqual(
            page.evaluate("async () => (await caches.match('/api/rooms')) ?? null"), None
        )
        page.goto(f"{self.server.url}healthz")
        self.assertEqual(page.text_content("body"), "fine")


if __name__ == "__main__":
    unittest.main()
