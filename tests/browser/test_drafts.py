"""Drafts: what was written and not sent is found again on this device, in its room."""

from __future__ import annotations

import tempfile
import unittest

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.fake import FakeTestCase
from tests.support.page import DRAFT, LAUNCH, enter, say, wait_for_lines, wait_until_here
from tests.support.require import require_browser

#: The rooms of which a draft is kept on the device.
KEPT = """() => Object.keys(localStorage).map((key) => /^gochat \\S+ draft (.*)$/.exec(key)?.[1])
  .filter((room) => room !== undefined).sort()"""


class DraftTest(FakeTestCase):
    def another(self, page: Page, room: str = "") -> Page:
        """Another tab of the same browser, in `room`."""
        tab = page.context.new_page()
        tab.goto(self.server.url + (room and f"r/{room}"))
        wait_until_here(tab)
        return tab

    def test_a_draft_outlives_the_browser(self) -> None:
        with tempfile.TemporaryDirectory() as profile:

            def browser() -> BrowserContext:
                return self.browser.browser_type.launch_persistent_context(
                    profile, executable_path=require_browser(), args=LAUNCH, locale="en-GB"
                )

            with browser() as first:
                page = first.new_page()
                page.goto(self.server.url)
                enter(page, "Ada")
                page.fill(DRAFT, "half a thought")
            with browser() as second:
                page = second.new_page()
                page.goto(self.server.url)
                wait_until_here(page)
                expect(page.locator(DRAFT)).to_have_value("half a thought")
                say(page, "a whole one")
                wait_for_lines(page, 1)
            with browser() as third:
                page = third.new_page()
                page.goto(self.server.url)
                wait_until_here(page)
                expect(page.locator(DRAFT)).to_have_value("")

    def test_two_tabs_that_write_in_two_rooms_keep_both(self) -> None:
        first = self.fake()
        second = self.another(first, "tea")
        first.fill(DRAFT, "for the lobby")
        second.fill(DRAFT, "for tea")
        first.fill(DRAFT, "for the lobby, and more")
        first.close()
        second.close()
        page = self.another(second)
        expect(page.locator(DRAFT)).to_have_value("for the lobby, and more")
        page.click('.room-list .room[data-room="tea"]')
        expect(page.locator(DRAFT)).to_have_value("for tea")

    def test_two_tabs_that_write_in_one_room_each_find_their_own_again(self) -> None:
        first = self.fake()
        second = self.another(first)
        first.fill(DRAFT, "the first")
        second.fill(DRAFT, "the second")
        for tab, text in ((first, "the first"), (second, "the second")):
            tab.reload()
            wait_until_here(tab)
            expect(tab.locator(DRAFT)).to_have_value(text)
        say(first, "the first, sent")
        wait_for_lines(first, 1)
        expect(second.locator(DRAFT)).to_have_value("the second")
        second.reload()
        wait_until_here(second)
        expect(second.locator(DRAFT)).to_have_value("the second")

    def test_what_another_tab_has_sent_is_written_no_more(self) -> None:
        first = self.fake()
        first.fill(DRAFT, "only once")
        second = self.another(first)
        expect(second.locator(DRAFT)).to_have_value("only once")
        say(second, "only once")
        wait_for_lines(second, 1)
        expect(first.locator(DRAFT)).to_have_value("")
        self.assertEqual(first.evaluate(KEPT), [])

    def test_a_draft_that_is_emptied_is_kept_no_longer(self) -> None:
        page = self.fake()
        page.fill(DRAFT, "no, not that")
        self.assertEqual(page.evaluate(KEPT), ["lobby"])
        page.fill(DRAFT, "")
        self.assertEqual(page.evaluate(KEPT), [])


if __name__ == "__main__":
    unittest.main()
