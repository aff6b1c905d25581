"""The card of a person, ignoring somebody, the choice for the Enter key, and a room on paper."""

from __future__ import annotations

import unittest
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Page, expect

from tests.browser.fake import FakeTestCase
from tests.browser.test_finding import PHONE, badge
from tests.support.page import (
    DRAFT,
    HOST,
    LINES,
    NAME,
    BrowserTestCase,
    enter,
    go,
    lines,
    say,
    wait_for_lines,
)
from tests.support.server import ServerProcess

CARD = "dialog.person-card"
SEARCH = "dialog.search-panel"
SETTINGS = "dialog.settings-sheet"


class CardTest(FakeTestCase):
    def with_bob(self, **context: Any) -> Page:
        """A page in a room where Bob is, and has written."""
        page = self.blank(**context)
        page.evaluate("() => { server.members = [{ user: 'u2', nick: 'Bob' }]; }")
        enter(page, "Ada")
        page.evaluate("() => server.live({ text: 'tea?', reactions: { '👍': ['u1'] } })")
        wait_for_lines(page, 1)
        return page

    def test_a_click_on_a_nick_or_an_avatar_shows_the_card_of_the_author(self) -> None:
        page = self.with_bob()
        for part in (".by > .nick", ".avatar"):
            with self.subTest(part):
                page.click(f"{LINES} {part}")
                expect(page.locator(f"{CARD} .title")).to_have_text("Bob")
                expect(page.locator(f"{CARD} .presence")).to_have_text("Here now")
                page.keyboard.press("Escape")
                expect(page.locator(CARD)).to_be_hidden()
                page.hover(f"{LINES} .text")
                expect(page.locator(".action-bar")).to_be_visible()  # and not above the author

    def test_the_list_of_people_is_one_tab_stop_and_arrows_move_in_it(self) -> None:
        page = self.with_bob()
        members = page.locator(".member-list .member")
        members.first.focus()
        page.keyboard.press("ArrowDown")
        expect(members.nth(1)).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(members.nth(1)).to_be_focused()
        stops = "(all) => all.filter(({ tabIndex }) => tabIndex === 0).length"
        self.assertEqual(members.evaluate_all(stops), 1)
        page.keyboard.press("Enter")
        expect(page.locator(f"{CARD} .title")).to_have_text("Bob")
        expect(page.locator(f"{CARD} .mention")).to_be_focused()

    def test_u_shows_the_card_where_a_message_has_the_keyboard(self) -> None:
        page = self.with_bob()
        page.focus(".message-list .view")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("u")
        expect(page.locator(f"{CARD} .title")).to_have_text("Bob")

    def test_a_mention_goes_into_the_draft_at_the_caret(self) -> None:
        page = self.with_bob()
        page.fill(DRAFT, "ask ")
        page.click(f"{LINES} .avatar")
        page.click(f"{CARD} .mention")
        expect(page.locator(DRAFT)).to_have_value("ask @Bob ")
        expect(page.locator(DRAFT)).to_be_focused()

    def test_on_the_user_s_own_card_is_neither_mention_nor_ignoring_but_the_name(self) -> None:
        page = self.with_bob()
        page.click(".member-list .member >> nth=0")
        expect(page.locator(f"{CARD} .title")).to_have_text("Ada")
        for hidden in (".mention", ".ignore", ".hint"):
            expect(page.locator(f"{CARD} {hidden}")).to_be_hidden()
        page.click(f"{CARD} .rename")
        expect(page.locator(NAME)).to_have_value("Ada")

    def test_back_closes_the_card_and_axe_finds_nothing(self) -> None:
        for scheme in ("light", "dark"):
            for screen in ({}, PHONE):
                with self.subTest(scheme=scheme, phone=screen is PHONE):
                    page = self.with_bob(color_scheme=scheme, reduced_motion="reduce", **screen)
                    page.click(f"{LINES} .avatar")
                    expect(page.locator(f"{CARD} .ignore")).to_be_visible()
                    found = Axe().run(page)
                    self.assertEqual(found.violations_count, 0, found.generate_report())
                    page.go_back()
                    expect(page.locator(CARD)).to_be_hidden()
                    page.context.close()

    def test_who_is_ignored_is_hidden_everywhere_until_no_longer_ignored(self) -> None:
        page = self.with_bob()
        page.click(f"{LINES} .avatar")
        page.click(f"{CARD} .ignore")
        expect(page.locator(f"{CARD} .ignore")).to_have_text("Stop ignoring")
        page.keyboard.press("Escape")
        expect(page.locator(f"{LINES} .text")).to_have_text("You ignore this person.")
        expect(page.locator(f"{LINES} .chip")).to_have_count(0)
        go(page, "tea")
        page.evaluate("() => server.live({ text: '@Ada!' }, 'lobby')")
        page.evaluate("() => server.live({ text: 'hi', user: 'u3', nick: 'Cyn' }, 'lobby')")
        expect(page.locator(badge(page, "lobby"))).to_have_text("1")
        page.reload()
        page.keyboard.press("Control+,")
        person = page.locator(f"{SETTINGS} .ignored .row")
        expect(person.locator(".nick")).to_have_text("Bob")
        person.locator(".unignore").click()
        expect(page.locator(f"{SETTINGS} .ignored")).to_be_hidden()
        expect(page.locator(f"{SETTINGS} .rename")).to_be_focused()

    def test_the_enter_key_does_what_was_chosen(self) -> None:
        page = self.with_bob()
        page.keyboard.press("Control+,")
        page.locator(f"{SETTINGS} .pill", has_text="New line").click()
        page.keyboard.press("Escape")
        page.focus(DRAFT)
        page.keyboard.type("one")
        page.keyboard.press("Enter")
        page.keyboard.type("two")
        expect(page.locator(DRAFT)).to_have_value("one\ntwo")
        page.keyboard.press("Control+Enter")
        wait_for_lines(page, 2)
        self.assertEqual(lines(page)[-1], "one\ntwo")


class SaidTest(BrowserTestCase):
    def test_the_card_leads_to_all_that_somebody_said_and_on_to_what_all_said(self) -> None:
        server = self.enterContext(ServerProcess("--memory", "--name", HOST))
        ada, bob = self.open(server.url, "Ada"), self.open(server.url, "Bob")
        for page, text in ((bob, "green *tea*"), (ada, "no tea"), (bob, "coffee")):
            say(page, text)
            for each in (ada, bob):
                expect(each.locator(f"{LINES} .text").last).to_have_text(text.replace("*", ""))
        ada.click(f"{LINES} .avatar >> nth=0")
        ada.click(f"{CARD} .said")
        results = ada.locator(f"{SEARCH} .result .text")
        expect(results).to_have_text(["coffee", "green tea"])
        expect(ada.locator(f"{SEARCH} > .by .words")).to_have_text("From Bob")
        ada.fill(f"{SEARCH} .field", "tea")
        ada.keyboard.press("Enter")
        expect(results).to_have_text(["green tea"])
        ada.click(f"{SEARCH} > .by")
        expect(results).to_have_text(["no tea", "green tea"])
        expect(ada.locator(f"{SEARCH} > .by")).to_be_hidden()
        expect(ada.locator(f"{SEARCH} .field")).to_be_focused()


class PaperTest(FakeTestCase):
    def test_on_paper_are_the_room_s_name_and_all_of_the_messages_in_ink(self) -> None:
        page = self.blank(color_scheme="dark")
        enter(page, "Ada")
        page.evaluate(
            """() => {
              for (let n = 1; n <= 60; n++) server.live({ text: `line ${n}` });
              server.live({ text: "long\\n".repeat(60) + "end" });
              server.live({ text: "```\\ncode\\n```", user: "u1", nick: "Ada" });
            }"""
        )
        wait_for_lines(page, 62)
        page.wait_for_function(
            "() => [...document.styleSheets].some(({ href }) => href?.endsWith('/print.css'))"
        )
        page.emulate_media(media="print")
        hidden = (
            ".side-panel",
            ".composer",
            ".room-header .search",
            ".room-header .about",
            ".room-header .people",
            ".room-header .topic",
            ".connection-state",
            ".message-list .jump",
            f"{LINES} .more",
            f"{LINES} .fence .copy",
        )
        for each in hidden:
            for element in page.locator(each).all():
                expect(element).to_be_hidden()
        expect(page.locator("h1.room")).to_be_visible()
        whole = """() => {
          const [first, last] = ["line 1", "end"].map((text) =>
            [...document.querySelectorAll(".message-list .text")]
              .find(({ textContent }) => textContent.endsWith(text)).getBoundingClientRect());
          const paper = document.documentElement.getBoundingClientRect();
          return first.top >= paper.top && last.bottom <= paper.bottom && last.height > 60 * 20;
        }"""
        self.assertTrue(page.evaluate(whole), "the page is as long as its messages")
        ink = page.locator(f"{LINES} .text").first.evaluate(
            "(text) => getComputedStyle(text).color"
        )
        self.assertEqual(ink, "rgb(23, 32, 42)")


if __name__ == "__main__":
    unittest.main()
