"""Searching what was said, and reading on from a place that was found far up."""

from __future__ import annotations

import unittest
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Page, expect

from tests.browser.fake import FakeTestCase
from tests.browser.test_finding import HEADING, PHONE
from tests.support.page import (
    DRAFT,
    LINES,
    VIEW,
    BrowserTestCase,
    enter,
    fully_scrolled,
    go,
    say,
    wait_for_lines,
)
from tests.support.server import ServerProcess

PANEL = "dialog.search-panel"
FIELD = f"{PANEL} .field"
RESULTS = f"{PANEL} .result"
STATE = f"{PANEL} .state"
FOUND = f"{LINES}.found"
JUMP = ".message-list .jump"

#: A long room, and a server that searches it and reads on in both directions.
LONG = """
() => {
  for (let n = 1; n <= 900; n++) {
    server.write("lobby", { text: n % 100 === 7 ? `a Needle at ${n}` : `line ${n}` });
  }
  server.serve.history = ({ room, before, after, limit }) => {
    const { entries } = server.room(room);
    const page = after === undefined
      ? server.page(room, before, limit)
      : { entries: entries.slice(after, after + limit), more: after + limit < entries.length };
    return { type: "history", room, ...page };
  };
  server.serve.search = ({ room, query, before = Infinity, limit }) => {
    const names = room ? [room] : [...server.rooms.keys()];
    const found = names.flatMap((name) => server.room(name).entries).filter(({ text, seq }) =>
      seq < before && text?.toLowerCase().includes(query.toLowerCase()));
    found.reverse();
    const few = Math.min(limit, 5);
    return { type: "results", entries: found.slice(0, few), more: found.length > few };
  };
}
"""


class SearchTest(FakeTestCase):
    def long(self, **context: Any) -> Page:
        page = self.blank(**context)
        page.evaluate(LONG)
        enter(page, "Ada")
        wait_for_lines(page, 50)
        return page

    def search(self, page: Page, query: str) -> None:
        page.click(".room-header .search")
        page.fill(FIELD, query)
        page.press(FIELD, "Enter")

    def shows(self, page: Page, text: str) -> None:
        """The line with this text is found, in sight, and has the focus."""
        expect(page.locator(f"{FOUND} .text")).to_have_text(text)
        expect(page.locator(FOUND)).to_be_in_viewport(ratio=1)
        expect(page.locator(FOUND)).to_be_focused()

    def test_what_is_found_is_marked_newest_first_and_more_comes_when_asked(self) -> None:
        page = self.long()
        page.focus(VIEW)
        page.keyboard.press("/")
        expect(page.locator(FIELD)).to_be_focused()
        page.keyboard.type("needle")
        page.keyboard.press("Enter")
        expect(page.locator(RESULTS)).to_have_count(5)
        expect(page.locator(STATE)).to_have_text("The newest 5 messages; there are more.")
        expect(page.locator(f"{RESULTS} mark").first).to_have_text("Needle")
        expect(page.locator(f"{RESULTS} .text").first).to_have_text("a Needle at 807")
        page.click(f"{PANEL} .more")
        expect(page.locator(RESULTS)).to_have_count(9)
        expect(page.locator(f"{RESULTS} button").nth(5)).to_be_focused()
        expect(page.locator(f"{PANEL} .more")).to_be_hidden()
        page.fill(FIELD, "no such thing")
        page.press(FIELD, "Enter")
        expect(page.locator(STATE)).to_have_text("No messages found.")
        expect(page.locator(RESULTS)).to_have_count(0)

    def test_a_search_that_ran_out_of_time_says_so_and_goes_on(self) -> None:
        page = self.long()
        page.evaluate(
            """() => {
              const whole = server.serve.search;
              server.serve.search = (question) => question.next === "further"
                ? { ...whole({ ...question, limit: 1 }), more: false, complete: true }
                : { type: "results", entries: [], more: true, complete: false, next: "further" };
            }"""
        )
        self.search(page, "needle")
        expect(page.locator(STATE)).to_have_text(
            "No messages found so far. The search is not complete."
        )
        expect(page.locator(f"{PANEL} .more")).to_have_text("Continue the search")
        page.click(f"{PANEL} .more")
        expect(page.locator(RESULTS)).to_have_count(1)
        expect(page.locator(STATE)).to_have_text("1 message, newest first.")
        expect(page.locator(f"{PANEL} .more")).to_be_hidden()

    def test_where_older_messages_are_kept_no_longer_the_page_says_so(self) -> None:
        page = self.long()
        page.evaluate(
            """() => {
              server.serve.history = ({ room, before, limit }) => {
                const first = Math.max(before - limit, 800);
                const entries = server.room(room).entries.slice(first - 1, before - 1);
                const truncated = first === 800;
                return { type: "history", room, entries, more: !truncated, truncated };
              };
            }"""
        )
        page.locator(VIEW).evaluate("(view) => view.scrollTo(0, 0)")
        expect(page.locator(".message-list .older")).to_have_text(
            "Older messages are no longer stored."
        )

    def test_a_result_looks_as_in_its_room_unless_its_marks_were_searched(self) -> None:
        page = self.fake()
        page.evaluate(
            """() => {
              const text = "**bold** words\\n- and [a talk](https://example.org/pin)";
              const entry = server.write("lobby", { text });
              server.serve.search = () => ({ type: "results", entries: [entry], more: false });
            }"""
        )
        self.search(page, "WORDS")
        expect(page.locator(f"{RESULTS} .text")).to_have_text("bold words and a talk")
        expect(page.locator(f"{RESULTS} mark")).to_have_text("words")
        page.fill(FIELD, "org/pin")
        page.press(FIELD, "Enter")
        expect(page.locator(f"{RESULTS} mark")).to_have_text("org/pin")

    def test_a_result_is_shown_in_its_place_and_the_next_one_is_at_hand(self) -> None:
        page = self.long()
        self.search(page, "needle")
        page.locator(f"{RESULTS} button").nth(4).press("Enter")
        expect(page.locator(PANEL)).to_be_hidden()
        self.shows(page, "a Needle at 407")
        self.assertFalse(fully_scrolled(page))
        page.keyboard.press("/")
        expect(page.locator(f"{RESULTS} button").nth(4)).to_be_focused()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        self.shows(page, "a Needle at 507")

    def test_a_result_in_another_room_leads_there(self) -> None:
        page = self.long()
        go(page, "tea")
        self.search(page, "needle at 7")
        expect(page.locator(STATE)).to_have_text("No messages found.")
        page.check(f"{PANEL} .everywhere")
        expect(page.locator(f"{RESULTS} .room").first).to_have_text("#lobby")
        page.locator(f"{RESULTS} button").last.click()
        expect(page.locator(HEADING)).to_have_text("lobby")
        self.shows(page, "a Needle at 7")
        page.go_back()
        expect(page.locator(HEADING)).to_have_text("tea")

    def test_the_newest_is_a_click_away_with_what_came_meanwhile(self) -> None:
        page = self.long()
        self.search(page, "at 107")
        page.locator(f"{RESULTS} button").first.click()
        self.shows(page, "a Needle at 107")
        expect(page.locator(JUMP)).to_have_text("Jump to the newest message")
        page.evaluate("() => server.live({ text: 'news' })")
        expect(page.locator(JUMP)).to_have_text("1 new message")
        expect(page.locator(LINES, has_text="news")).to_have_count(0)
        page.click(JUMP)
        expect(page.locator(f"{LINES} .text").last).to_have_text("news")
        self.assertTrue(fully_scrolled(page))
        expect(page.locator(JUMP)).to_be_hidden()

    def test_reading_on_leads_down_to_the_newest_without_a_hole(self) -> None:
        page = self.long()
        self.search(page, "at 707")
        page.locator(f"{RESULTS} button").first.click()
        self.shows(page, "a Needle at 707")
        page.evaluate("() => server.live({ text: 'news' })")
        page.wait_for_function(
            """([view, lines, jump]) => {
              const element = document.querySelector(view);
              element.scrollTop = element.scrollHeight;
              const last = [...document.querySelectorAll(lines)].at(-1).textContent;
              return last === "news" && document.querySelector(jump).hidden;
            }""",
            arg=[VIEW, f"{LINES} .text", JUMP],
        )
        said = page.locator(f"{LINES} .text").all_text_contents()
        numbers = [int(text.split()[-1]) for text in said[:-1]]
        self.assertEqual(numbers, list(range(numbers[0], 901)))

    def test_writing_leads_back_to_the_newest(self) -> None:
        page = self.long()
        self.search(page, "at 107")
        page.locator(f"{RESULTS} button").first.click()
        self.shows(page, "a Needle at 107")
        say(page, "found it")
        expect(page.locator(f"{LINES} .text").last).to_have_text("found it")
        expect(page.locator(f"{LINES} .text").nth(-2)).to_have_text("line 900")
        self.assertTrue(fully_scrolled(page))
        expect(page.locator(DRAFT)).to_be_focused()

    def test_a_result_that_is_loaded_has_the_focus_when_the_dialog_is_gone(self) -> None:
        page = self.long()
        self.search(page, "line 85")
        expect(page.locator(f"{RESULTS} .text").first).to_have_text("line 859")
        page.locator(f"{RESULTS} button").first.click()
        self.shows(page, "line 859")

    def test_a_quote_leads_to_what_was_said_far_up(self) -> None:
        page = self.long()
        page.evaluate("() => server.live({ text: 'as I said', reply_to: 100 })")
        page.locator(f"{LINES} .quoted").press("Enter")
        self.shows(page, "line 100")
        expect(page.locator(LINES)).to_have_count(60)
        page.keyboard.press("r")
        expect(page.locator(".composer .about")).to_have_text("Reply to Bob: line 100")
        self.check(page)

    def test_a_quote_of_what_is_in_sight_leaves_the_reader_at_the_newest(self) -> None:
        page = self.fake()
        page.evaluate("() => { for (const text of ['one', 'two']) server.live({ text }) }")
        page.evaluate("() => server.live({ text: 'three', reply_to: 1 })")
        page.click(f"{LINES} .quoted")
        expect(page.locator(f"{FOUND} .text")).to_have_text("one")
        expect(page.locator(JUMP)).to_be_hidden()
        page.evaluate("() => server.live({ text: 'four' })")
        expect(page.locator(f"{LINES} .text").last).to_have_text("four")
        expect(page.locator(JUMP)).to_be_hidden()

    def test_what_is_not_there_any_more_is_said_to_be_missing(self) -> None:
        page = self.long()
        page.evaluate("() => { location.hash = '#m-2000' }")
        notice = page.locator(".message-list .notice")
        expect(notice).to_have_text("This message no longer exists, or is too far up.")
        expect(page.locator(f"{LINES} .text").last).to_be_in_viewport()
        self.check(page)
        say(page, "so be it")
        expect(notice).to_have_text("")

    def test_what_was_said_far_up_is_not_read_out_as_news(self) -> None:
        page = self.long()
        page.evaluate(
            """view => {
              window.loud = 0;
              const watch = new MutationObserver((all) => {
                if (document.querySelector(view).ariaLive !== "off") {
                  loud += all.flatMap((each) => [...each.addedNodes]).length;
                }
              });
              const lines = document.querySelector(".message-list .lines");
              watch.observe(lines, { childList: true, subtree: true });
            }""",
            VIEW,
        )
        self.search(page, "at 107")
        page.locator(f"{RESULTS} button").first.click()
        self.shows(page, "a Needle at 107")
        page.click(JUMP)
        expect(page.locator(f"{LINES} .text").last).to_have_text("line 900")
        self.assertEqual(page.evaluate("() => loud"), 0)

    def test_axe_finds_nothing(self) -> None:
        for scheme in ("light", "dark"):
            for screen in ({}, PHONE):
                with self.subTest(scheme=scheme, phone=screen is PHONE):
                    page = self.long(color_scheme=scheme, reduced_motion="reduce", **screen)
                    self.search(page, "nothing")
                    expect(page.locator(STATE)).to_have_text("No messages found.")
                    self.check(page)
                    page.fill(FIELD, "needle")
                    page.check(f"{PANEL} .everywhere")
                    expect(page.locator(RESULTS)).to_have_count(5)
                    self.check(page)
                    page.locator(f"{RESULTS} button").last.click()
                    self.shows(page, "a Needle at 407")
                    self.check(page)
                    page.context.close()

    def check(self, page: Page) -> None:
        found = Axe().run(page)
        self.assertEqual(found.violations_count, 0, found.generate_report())


class RealSearchTest(BrowserTestCase):
    def test_the_server_finds_what_was_said_in_all_rooms(self) -> None:
        server = self.enterContext(ServerProcess("--memory"))
        page = self.open(server.url, "Ada")
        say(page, "Darjeeling in the lobby")
        go(page, "tea")
        say(page, "darjeeling in tea")
        wait_for_lines(page, 1)
        page.click(".room-header .search")
        page.check(f"{PANEL} .everywhere")
        page.fill(FIELD, "DARJEELING")
        page.press(FIELD, "Enter")
        expect(page.locator(f"{RESULTS} .room")).to_have_text(["#tea", "#lobby"])
        expect(page.locator(f"{RESULTS} mark")).to_have_text(["darjeeling", "Darjeeling"])
        page.locator(f"{RESULTS} button").last.click()
        expect(page.locator(f"{FOUND} .text")).to_have_text("Darjeeling in the lobby")


if __name__ == "__main__":
    unittest.main()
