"""The page in a real browser, on the real server."""

from __future__ import annotations

import re
import signal
import unittest
from typing import Any, ClassVar
from urllib.parse import quote

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.page import (
    CONNECTED,
    DRAFT,
    LINES,
    NO_SERVER,
    STOPPED,
    BrowserTestCase,
    fully_scrolled,
    lines,
    next_frame,
    say,
    wait_for_lines,
)
from tests.support.server import ServerProcess
from tests.support.subpath import SubPathProxy

JUMP = ".message-list .jump"
VIEW = ".message-list .view"
HINT = ".composer .hint"
RETRY = ".connection-state .retry"

WIDE = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}

#: Stands in for the browser's WebSocket, so that a test decides how a connection ends. It opens
#: at once and echoes.
FAKE = """
window.sockets = [];
window.WebSocket = class {
  constructor(url) {
    this.readyState = 0;
    window.sockets.push(this);
    setTimeout(() => { this.readyState = 1; this.onopen(); });
  }
  send(text) { setTimeout(() => this.onmessage({ data: text })); }
  close() { this.end(1006); }
  end(code) { this.readyState = 3; this.onclose({ code }); }
};
"""


class OneServerTestCase(BrowserTestCase):
    """One server for the class. Classic has no history, so each test begins with an empty log."""

    server: ClassVar[ServerProcess]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = cls.enterClassContext(ServerProcess())

    def fake(self, **context: Any) -> Page:
        """A page whose WebSocket is `FAKE`."""
        page = self.page(FAKE, **context)
        page.goto(self.server.url)
        page.wait_for_selector(CONNECTED)
        return page

    def receive(self, page: Page, count: int, text: str = "line") -> None:
        """Let `count` numbered lines come to a page with a fake WebSocket."""
        before = page.locator(LINES).count()
        page.evaluate(
            "([count, text]) => { for (let n = 0; n < count; n++)"
            " sockets.at(-1).onmessage({ data: `${text} ${n}` }) }",
            [count, text],
        )
        if before + count <= 2000:
            wait_for_lines(page, before + count)


class ConversationTest(OneServerTestCase):
    def test_two_pages_chat(self) -> None:
        ada, bob = self.open(self.server.url), self.open(self.server.url)
        say(ada, "hello")
        wait_for_lines(bob, 1)
        say(bob, "hello yourself")
        for page in (ada, bob):
            self.assertEqual(wait_for_lines(page, 2), ["hello", "hello yourself"])

    def test_three_windows_see_the_same_in_the_same_order(self) -> None:
        pages = [self.open(self.server.url) for _ in range(3)]
        for number in range(10):
            for name, page in zip("abc", pages, strict=True):
                say(page, f"{name}{number}")
        seen = [wait_for_lines(page, 30) for page in pages]
        self.assertEqual(len(seen[0]), 30)
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(seen[0], seen[2])

    def test_markup_is_text_and_runs_nothing(self) -> None:
        page = self.open(self.server.url)
        attack = "<img src=x onerror='document.title=\"owned\"'><script>alert(1)</script>"
        say(page, attack)
        self.assertEqual(wait_for_lines(page, 1), [attack])
        self.assertEqual(page.locator(f"{LINES} img, {LINES} script").count(), 0)
        self.assertEqual(page.title(), "goChat")

    def test_enter_sends_and_shift_enter_starts_a_new_line(self) -> None:
        page = self.open(self.server.url)
        page.focus(DRAFT)
        page.keyboard.type("one")
        page.keyboard.press("Shift+Enter")
        page.keyboard.type("  two")
        height = page.locator(DRAFT).bounding_box()
        page.keyboard.press("Enter")
        self.assertEqual(wait_for_lines(page, 1), ["one\n  two"])
        expect(page.locator(DRAFT)).to_have_value("")
        expect(page.locator(DRAFT)).to_be_focused()
        self.assertEqual(page.locator(f"{LINES} .text").evaluate("e => e.innerText"), "one\n  two")
        shrunk = page.locator(DRAFT).bounding_box()
        assert height is not None and shrunk is not None
        self.assertLess(shrunk["height"], height["height"], "the field grows with its text")

    def test_blanks_are_not_sent(self) -> None:
        page = self.open(self.server.url)
        say(page, "  \n ")
        page.click(".composer .send")
        say(page, "something")
        self.assertEqual(wait_for_lines(page, 1), ["something"])

    def test_enter_that_picks_a_candidate_does_not_send(self) -> None:
        page = self.open(self.server.url)
        page.focus(DRAFT)
        input_method = page.context.new_cdp_session(page)
        input_method.send(
            "Input.imeSetComposition", {"text": "ni", "selectionStart": 2, "selectionEnd": 2}
        )
        page.keyboard.press("Enter")
        input_method.send("Input.insertText", {"text": "你"})
        page.keyboard.type("好")
        self.assertEqual(lines(page), [])
        page.keyboard.press("Enter")
        self.assertEqual(len(wait_for_lines(page, 1)), 1)
        self.assertIn("好", lines(page)[0])

    def test_the_whole_page_works_by_keyboard(self) -> None:
        page = self.open(self.server.url, viewport={"width": 800, "height": 400})
        expect(page.locator(DRAFT)).to_be_focused()
        for number in range(20):
            page.keyboard.type(f"line {number}")
            page.keyboard.press("Enter")
        wait_for_lines(page, 20)
        page.keyboard.press("Shift+Tab")
        expect(page.locator(VIEW)).to_be_focused()
        page.keyboard.press("Home")
        page.wait_for_function(
            "() => document.querySelector('.message-list .view').scrollTop === 0"
        )
        say(self.open(self.server.url), "from elsewhere")
        expect(page.locator(JUMP)).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.locator(JUMP)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(JUMP)).to_be_hidden()
        expect(page.locator(VIEW)).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.locator(DRAFT)).to_be_focused()
        page.keyboard.type("still here")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        self.assertEqual(wait_for_lines(page, 22)[-1], "still here")


class ScrollTest(OneServerTestCase):
    def test_the_log_follows_the_newest_line(self) -> None:
        page = self.fake()
        for burst in range(3):
            self.receive(page, 30, f"burst {burst}")
            self.assertTrue(fully_scrolled(page))
        page.set_viewport_size({"width": 500, "height": 300})
        page.wait_for_function(
            "() => { const view = document.querySelector('.message-list .view');"
            " return view.scrollHeight - view.clientHeight - view.scrollTop <= 8 }"
        )

    def test_who_reads_further_up_stays_there_and_is_offered_a_way_down(self) -> None:
        page = self.fake()
        self.receive(page, 60)
        page.eval_on_selector(VIEW, "view => { view.scrollTop = 100 }")
        next_frame(page)
        self.receive(page, 3)
        self.assertEqual(page.eval_on_selector(VIEW, "view => view.scrollTop"), 100)
        expect(page.locator(JUMP)).to_have_text("3 new messages")
        page.click(JUMP)
        self.assertTrue(fully_scrolled(page))
        expect(page.locator(JUMP)).to_be_hidden()
        self.receive(page, 5)
        self.assertTrue(fully_scrolled(page), "it follows again")

    def test_the_log_is_bounded(self) -> None:
        page = self.fake()
        self.receive(page, 2500)
        expect(page.locator(LINES)).to_have_count(2000)
        expect(page.locator(LINES).last).to_contain_text("line 2499")
        self.assertTrue(fully_scrolled(page))

    def test_dropping_the_oldest_lines_does_not_move_what_is_read(self) -> None:
        page = self.fake()
        self.receive(page, 2000)
        place = page.evaluate(
            """() => {
              const view = document.querySelector(".message-list .view");
              window.read = document.querySelectorAll(".message-list .line")[1500];
              view.scrollTop = window.read.offsetTop - 100;
              return window.read.getBoundingClientRect().top;
            }"""
        )
        next_frame(page)
        self.receive(page, 2500, "more\nand more")
        expect(page.locator(LINES)).to_have_count(4000)
        self.assertAlmostEqual(
            page.evaluate("() => window.read.getBoundingClientRect().top"), place, delta=1
        )

    def test_a_hidden_page_takes_lines_in_and_counts_them(self) -> None:
        page = self.fake()
        page.evaluate(
            """() => {
              window.requestAnimationFrame = () => 0;  // as in a tab nobody sees
              Object.defineProperty(document, "hidden", { get: () => true, configurable: true });
              document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
        self.receive(page, 3)
        expect(page).to_have_title("(3) goChat")
        page.evaluate(
            """() => {
              delete document.hidden;
              document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
        expect(page).to_have_title("goChat")


class ConnectionTest(BrowserTestCase):
    def test_the_page_comes_back_to_a_killed_server_with_the_draft(self) -> None:
        self.expect_complaint(NO_SERVER)
        server = ServerProcess()
        self.addCleanup(server.kill)
        page, other = self.open(server.url), self.open(server.url)
        page.fill(DRAFT, "half a thought")
        server.process.kill()
        server.process.wait()
        page.wait_for_selector(f".connection-state:not({CONNECTED})", state="attached")
        page.press(DRAFT, "Enter")
        expect(page.locator(DRAFT)).to_have_value("half a thought")
        expect(page.locator(HINT)).to_contain_text("stays here")
        expect(page.locator(".composer .send")).to_have_attribute("aria-disabled", "true")
        with ServerProcess("--port", str(server.port)):
            for each in (page, other):
                each.wait_for_selector(CONNECTED)
            expect(page.locator(DRAFT)).to_have_value("half a thought")
            page.press(DRAFT, "Enter")
            self.assertEqual(wait_for_lines(other, 1), ["half a thought"])
            for each in (page, other):
                each.context.close()

    def test_the_page_comes_back_to_a_server_that_stopped_and_started(self) -> None:
        self.expect_complaint(NO_SERVER)
        with ServerProcess() as server:
            page = self.open(server.url)
            say(page, "before")
            wait_for_lines(page, 1)
            self.assertEqual(server.stop(signal.SIGTERM), 0)
            page.wait_for_selector(f".connection-state:not({CONNECTED})", state="attached")
        with ServerProcess("--port", str(server.port)):
            page.wait_for_selector(CONNECTED)
            say(page, "after")
            self.assertEqual(wait_for_lines(page, 2), ["before", "after"])
            page.context.close()


class CloseTest(OneServerTestCase):
    def end(self, page: Page, code: int) -> None:
        page.evaluate("code => sockets.at(-1).end(code)", code)

    def test_a_page_that_was_sent_away_comes_back_when_asked(self) -> None:
        page = self.fake()
        self.end(page, 4003)
        page.wait_for_selector(STOPPED)
        expect(page.locator(HINT)).to_contain_text("moderator")
        page.click(RETRY)
        page.wait_for_selector(CONNECTED)
        expect(page.locator(RETRY)).to_be_hidden()
        expect(page.locator(DRAFT)).to_be_focused()

    def test_a_message_that_was_too_big_comes_back_to_its_writer(self) -> None:
        with ServerProcess("--max-message-size", "100") as server:
            page = self.open(server.url)
            say(page, "x" * 101)
            page.wait_for_selector(STOPPED)
            expect(page.locator(DRAFT)).to_have_value("x" * 101)
            expect(page.locator(HINT)).to_contain_text("too big")
            page.click(RETRY)
            page.wait_for_selector(CONNECTED)
            say(page, "short")
            self.assertEqual(wait_for_lines(page, 1), ["short"])
            page.context.close()

    def test_a_full_server_is_left_alone_for_a_while(self) -> None:
        page = self.fake()
        self.end(page, 1013)
        expect(page.locator(HINT)).to_contain_text("full")
        expect(page.locator(".connection-state .seen")).to_have_text(
            re.compile(r"Reconnecting in [123]\d s")
        )
        page.evaluate("() => dispatchEvent(new Event('online'))")
        self.assertEqual(page.evaluate("() => sockets.length"), 1)
        page.click(RETRY)
        page.wait_for_selector(CONNECTED)


class PlaceTest(OneServerTestCase):
    def test_the_page_works_under_a_room_s_address(self) -> None:
        for room in ("lobby", "kaffee-küche", "大厅"):
            with self.subTest(room=room):
                page = self.open(f"{self.server.url}r/{quote(room)}")
                say(page, f"hello {room}")
                self.assertIn(f"hello {room}", wait_for_lines(page, 1))

    def test_the_page_works_below_a_sub_path(self) -> None:
        with SubPathProxy(self.server.port) as proxy:
            for address in (proxy.url, f"{proxy.url}r/lobby"):
                page = self.open(address)
                say(page, "hello from below")
                self.assertEqual(wait_for_lines(page, 1), ["hello from below"])
                page.context.close()
            self.assertEqual(proxy.strays, [])


class LanguageTest(OneServerTestCase):
    def words(self, page: Page) -> list[str]:
        """Every text, label and placeholder that the page shows, but its name."""
        found: list[str] = page.evaluate(
            """() => {
              const found = [];
              const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_ALL);
              for (let node = walk.nextNode(); node; node = walk.nextNode()) {
                if (node.parentElement?.closest("noscript")) continue;
                if (node.nodeType === Node.TEXT_NODE) found.push(node.data.trim());
                else found.push(node.ariaLabel ?? "", node.placeholder ?? "", node.title ?? "");
              }
              return found.filter((text) => text && text !== "goChat");
            }"""
        )
        return found

    def test_chinese_is_complete_for_a_chinese_reader(self) -> None:
        page = self.open(self.server.url, locale="zh-CN")
        self.assertEqual(page.get_attribute("html", "lang"), "zh-Hans")
        words = self.words(page)
        self.assertGreater(len(words), 8)
        for text in words:
            self.assertRegex(text, r"[\u4e00-\u9fff]")
        expect(page.locator(DRAFT)).to_have_attribute("placeholder", "写点什么")

    def test_everybody_else_reads_english(self) -> None:
        page = self.open(self.server.url, locale="fr-FR")
        self.assertEqual(page.get_attribute("html", "lang"), "en")
        for text in self.words(page):
            self.assertNotRegex(text, r"[\u4e00-\u9fff]")

    def test_each_line_runs_in_its_own_direction(self) -> None:
        page = self.open(self.server.url)
        say(page, "שלום עולם")
        say(page, "hello world")
        wait_for_lines(page, 2)
        directions = page.eval_on_selector_all(
            f"{LINES} .text", "all => all.map(each => getComputedStyle(each).direction)"
        )
        self.assertEqual(directions, ["rtl", "ltr"])


class LookTest(OneServerTestCase):
    def test_light_and_dark_follow_the_reader_s_choice(self) -> None:
        light = self.open(self.server.url, color_scheme="light")
        dark = self.open(self.server.url, color_scheme="dark")
        ground = "() => getComputedStyle(document.body).backgroundColor"
        self.assertEqual(light.evaluate(ground), "rgb(244, 246, 248)")
        self.assertEqual(dark.evaluate(ground), "rgb(16, 20, 24)")

    def test_nothing_moves_for_who_wants_no_motion(self) -> None:
        page = self.open(self.server.url, reduced_motion="reduce")
        page.eval_on_selector(".connection-state", "e => { e.dataset.phase = 'connecting' }")
        self.assertEqual(page.evaluate("() => document.getAnimations().length"), 0)

    def test_the_page_fits_any_screen(self) -> None:
        for width, height in ((320, 256), (390, 844), (640, 400), (844, 390), (2560, 1440)):
            with self.subTest(width=width, height=height):
                page = self.fake(viewport={"width": width, "height": height})
                self.receive(page, 30, "unbroken" * 40)
                page.fill(DRAFT, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj")
                overflow = page.evaluate(
                    "() => [document.documentElement.scrollWidth - innerWidth,"
                    " document.documentElement.scrollHeight - innerHeight]"
                )
                self.assertLessEqual(max(overflow), 0)
                for selector in (DRAFT, ".composer .send", "h1"):
                    expect(page.locator(selector)).to_be_in_viewport(ratio=1)
                self.assertGreater(
                    page.eval_on_selector(VIEW, "view => view.clientHeight"), 60, "room to read"
                )

    def test_axe_finds_nothing(self) -> None:
        for scheme in ("light", "dark"):
            for screen in (WIDE, PHONE):
                page = self.fake(color_scheme=scheme, **screen)
                for state in ("empty", "talking", "behind", "waiting", "stopped"):
                    with self.subTest(scheme=scheme, screen=screen["viewport"], state=state):
                        self._bring_to(page, state)
                        found = Axe().run(page)
                        self.assertEqual(found.violations_count, 0, found.generate_report())
                page.context.close()

    def _bring_to(self, page: Page, state: str) -> None:
        """From one of the states above to the next."""
        if state == "talking":
            self.receive(page, 40)
        elif state == "behind":
            page.eval_on_selector(VIEW, "view => { view.scrollTop = 0 }")
            next_frame(page)
            self.receive(page, 1)
            expect(page.locator(JUMP)).to_be_visible()
        elif state == "waiting":
            page.evaluate("() => sockets.at(-1).end(1013)")
            say(page, "a draft")
            expect(page.locator(RETRY)).to_be_visible()
        elif state == "stopped":
            page.click(RETRY)
            page.wait_for_selector(CONNECTED)
            page.evaluate("() => sockets.at(-1).end(1002)")
            expect(page.locator(RETRY)).to_be_visible()


if __name__ == "__main__":
    unittest.main()
