"""What helps to write: the emoji, and how text can be formatted."""

from __future__ import annotations

import unittest
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Page, expect

from tests.browser.fake import FakeTestCase
from tests.browser.test_finding import PHONE
from tests.support.page import DRAFT, wait_until_here

EMOJI = "dialog.emoji-sheet"
FIELD = f"{EMOJI} .field"
BUTTONS = f"{EMOJI} .emoji"
WRITING = "dialog.writing-sheet"


class HelpsTestCase(FakeTestCase):
    def emoji(self, **context: Any) -> Page:
        """A page on which the emoji are open."""
        page = self.fake(**context)
        page.click(".composer .emoji")
        expect(page.locator(BUTTONS).first).to_be_visible()
        return page

    def check(self, page: Page) -> None:
        found = Axe().run(page)
        self.assertEqual(found.violations_count, 0, found.generate_report())


class EmojiTest(HelpsTestCase):
    def test_an_emoji_is_found_by_name_and_goes_in_at_the_caret_as_a_step_of_its_own(self) -> None:
        page = self.fake()
        page.focus(DRAFT)
        page.keyboard.type("tea  time")
        page.locator(DRAFT).evaluate("(field) => field.setSelectionRange(4, 4)")
        page.click(".composer .emoji")
        expect(page.locator(FIELD)).to_be_focused()
        page.keyboard.type("tea")
        expect(page.locator(BUTTONS).first).to_have_text("🍵")
        page.keyboard.press("Enter")
        expect(page.locator(EMOJI)).to_be_hidden()
        expect(page.locator(DRAFT)).to_have_value("tea 🍵 time")
        expect(page.locator(DRAFT)).to_be_focused()
        page.keyboard.press("Control+z")
        expect(page.locator(DRAFT)).to_have_value("tea  time")

    def test_the_arrow_keys_move_among_the_emoji_and_enter_takes_one(self) -> None:
        page = self.emoji()
        page.keyboard.press("ArrowDown")
        expect(page.locator(BUTTONS).first).to_be_focused()
        page.keyboard.press("ArrowRight")
        expect(page.locator(BUTTONS).nth(1)).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        expect(page.locator(BUTTONS).nth(1)).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(page.locator(FIELD)).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.locator(DRAFT)).to_have_value("😀")

    def test_the_last_used_come_first_also_after_a_reload(self) -> None:
        page = self.emoji()
        page.get_by_role("button", name="rocket", exact=True).click()
        expect(page.locator(DRAFT)).to_have_value("🚀")
        page.reload()
        wait_until_here(page)
        page.click(".composer .emoji")
        expect(page.locator(f"{EMOJI} .title").nth(1)).to_have_text("Recently used")
        expect(page.locator(BUTTONS).first).to_have_text("🚀")

    def test_a_group_is_a_click_away_and_escape_and_back_close_the_emoji(self) -> None:
        page = self.emoji()
        page.get_by_role("button", name="Food and drink").click()
        expect(page.locator(f"{EMOJI} [data-group=food] .emoji").first).to_be_focused()
        expect(page.locator(f"{EMOJI} [data-group=food] .title")).to_be_in_viewport()
        page.keyboard.press("Escape")
        expect(page.locator(EMOJI)).to_be_hidden()
        expect(page.locator(".composer .emoji")).to_be_focused()
        page.click(".composer .emoji")
        expect(page.locator(EMOJI)).to_be_visible()
        page.go_back()
        expect(page.locator(EMOJI)).to_be_hidden()

    def test_a_name_that_no_emoji_has_is_said(self) -> None:
        page = self.emoji()
        page.fill(FIELD, "no such thing")
        expect(page.locator(f"{EMOJI} [role=status]")).to_have_text("No emoji has this name.")
        page.press(FIELD, "Enter")
        expect(page.locator(EMOJI)).to_be_visible()
        page.fill(FIELD, "rocket")
        expect(page.locator(f"{EMOJI} [role=status]")).to_have_text("1 emoji found")

    def test_into_a_full_draft_no_half_emoji_goes(self) -> None:
        page = self.fake()
        most = int(page.locator(DRAFT).evaluate("(field) => field.maxLength"))
        page.fill(DRAFT, "x" * (most - 1))
        page.focus(DRAFT)
        page.keyboard.press("End")
        page.click(".composer .emoji")
        page.fill(FIELD, "tea")
        page.press(FIELD, "Enter")
        expect(page.locator(".composer .hint")).to_contain_text("was not pasted")
        expect(page.locator(DRAFT)).to_have_value("x" * (most - 1))

    def test_on_a_phone_the_field_keeps_its_width_and_the_list_has_the_focus(self) -> None:
        page = self.fake(**PHONE)
        box, field = (
            page.locator(each).bounding_box() or {"width": 0} for each in (".composer .box", DRAFT)
        )
        self.assertGreater(field["width"], 0.9 * box["width"])
        for name in (".emoji", ".writing", ".send"):
            size = page.locator(f".composer {name}").bounding_box() or {"width": 0, "height": 0}
            self.assertGreaterEqual(min(size["width"], size["height"]), 44)
        page.tap(".composer .emoji")
        expect(page.locator(f"{EMOJI} .shut")).to_be_focused()
        page.locator(BUTTONS).nth(2).tap()
        expect(page.locator(DRAFT)).to_have_value("😄")

    def test_axe_finds_nothing_light_or_dark(self) -> None:
        for scheme in ("light", "dark"):
            with self.subTest(scheme):
                self.check(self.emoji(color_scheme=scheme))


class WritingTest(HelpsTestCase):
    def test_the_help_shows_each_format_as_messages_show_it(self) -> None:
        page = self.fake()
        page.click(".composer .writing")
        for drawn in ("strong", "em", "s", "code", ".fence", "blockquote", "ul", "ol", "a"):
            expect(page.locator(f"{WRITING} .text {drawn}").first).to_be_visible()
        expect(page.locator(f"{WRITING} .text .mention")).to_have_text("@Ann")
        expect(page.locator(f"{WRITING} .text").last).to_have_text("🍵")
        page.go_back()
        expect(page.locator(WRITING)).to_be_hidden()

    def test_a_key_opens_the_help_while_one_writes_and_the_draft_stays(self) -> None:
        page = self.fake()
        page.fill(DRAFT, "half a thought")
        page.press(DRAFT, "Control+/")
        expect(page.locator(WRITING)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(DRAFT)).to_be_focused()
        expect(page.locator(DRAFT)).to_have_value("half a thought")

    def test_axe_finds_nothing_light_or_dark(self) -> None:
        for scheme in ("light", "dark"):
            with self.subTest(scheme):
                page = self.fake(color_scheme=scheme)
                page.click(".composer .writing")
                expect(page.locator(f"{WRITING} .text").last).to_have_text("🍵")
                self.check(page)


if __name__ == "__main__":
    unittest.main()
