"""Back closes what is open above a room, and then leads to the room before."""

from __future__ import annotations

import unittest
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.fake import FakeTestCase
from tests.browser.test_finding import HEADING, KEYS, PHONE, ROOM
from tests.browser.test_search import FIELD, LONG, PANEL, RESULTS
from tests.support.page import DRAFT, NAME, enter, go, wait_for_lines, wait_until_here

SIDE = ".side-panel.open"
OPENERS = {
    ".room-header .search": PANEL,
    ".room-header .about": ROOM,
    ".me .keys": KEYS,
    ".me .settings": ".settings-sheet",
}

#: The entry in the browser's history is that of a room, or of the layer with this number.
AT = "(layer) => (history.state?.layer ?? 0) === layer"


class BackTest(FakeTestCase):
    def tea(self, **context: Any) -> Page:
        """A page that was in the lobby and is in another room."""
        page = self.fake(**context)
        go(page, "tea")
        return page

    def leads_to_the_lobby(self, page: Page) -> None:
        """Back leads to the room before at once, so no entry was left."""
        page.wait_for_function(AT, arg=0)
        page.go_back()
        expect(page.locator(HEADING)).to_have_text("lobby")

    def test_back_closes_each_dialog_and_the_room_stays(self) -> None:
        page = self.tea()
        for opener, layer in OPENERS.items():
            with self.subTest(layer):
                page.click(opener)
                expect(page.locator(layer)).to_be_visible()
                page.go_back()
                expect(page.locator(layer)).to_be_hidden()
                expect(page.locator(HEADING)).to_have_text("tea")
        page.click(".me .settings")
        page.click(".settings-sheet .rename")
        expect(page.locator(".name-form")).to_be_visible()
        page.go_back()
        expect(page.locator(".name-form")).to_be_hidden()
        expect(page.locator(HEADING)).to_have_text("tea")
        self.leads_to_the_lobby(page)

    def test_back_closes_on_a_phone_the_dialog_then_the_panel(self) -> None:
        page = self.tea(**PHONE)
        page.click(".room-header .menu")
        page.click(".me .keys")
        expect(page.locator(KEYS)).to_be_visible()
        page.go_back()
        expect(page.locator(KEYS)).to_be_hidden()
        expect(page.locator(SIDE)).to_be_visible()
        page.go_back()
        expect(page.locator(SIDE)).to_have_count(0)
        expect(page.locator(HEADING)).to_have_text("tea")
        self.leads_to_the_lobby(page)

    def test_what_is_closed_otherwise_leaves_no_entry_and_forward_opens_nothing(self) -> None:
        page = self.tea()
        for way in ("Escape", "button"):
            with self.subTest(way):
                page.click(".room-header .search")
                expect(page.locator(PANEL)).to_be_visible()
                if way == "Escape":
                    page.keyboard.press("Escape")
                else:
                    page.click(f"{PANEL} .shut")
                expect(page.locator(PANEL)).to_be_hidden()
                page.wait_for_function(AT, arg=0)
        page.evaluate("() => history.forward()")
        page.wait_for_function(AT, arg=0)
        expect(page.locator(PANEL)).to_be_hidden()
        expect(page.locator(HEADING)).to_have_text("tea")
        self.leads_to_the_lobby(page)

    def test_a_draft_and_the_place_stay_when_back_closes_something(self) -> None:
        page = self.tea()
        page.fill(DRAFT, "half a thought")
        page.press(DRAFT, "Control+k")
        expect(page.locator("dialog.room-switcher")).to_be_visible()
        page.go_back()
        expect(page.locator("dialog.room-switcher")).to_be_hidden()
        expect(page.locator(DRAFT)).to_have_value("half a thought")
        expect(page.locator(DRAFT)).to_be_focused()

    def test_a_reload_starts_without_what_was_open(self) -> None:
        page = self.tea()
        page.click(".room-header .search")
        expect(page.locator(PANEL)).to_be_visible()
        page.wait_for_function(AT, arg=1)
        page.reload()
        wait_until_here(page)
        expect(page.locator(PANEL)).to_be_hidden()
        expect(page.locator(HEADING)).to_have_text("tea")
        self.leads_to_the_lobby(page)

    def test_a_message_that_was_found_elsewhere_takes_the_place_of_the_search(self) -> None:
        page = self.blank()
        page.evaluate(LONG)
        enter(page, "Ada")
        wait_for_lines(page, 50)
        go(page, "tea")
        page.click(".room-header .search")
        page.check(f"{PANEL} .everywhere")
        page.fill(FIELD, "needle at 7")
        page.press(FIELD, "Enter")
        page.locator(f"{RESULTS} button").last.click()
        expect(page.locator(HEADING)).to_have_text("lobby")
        page.wait_for_function(AT, arg=0)
        page.go_back()
        expect(page.locator(HEADING)).to_have_text("tea")
        expect(page.locator(PANEL)).to_be_hidden()
        self.leads_to_the_lobby(page)

    def test_a_room_that_is_chosen_in_the_panel_takes_its_place(self) -> None:
        page = self.tea(**PHONE)
        page.click(".room-header .menu")
        page.click('.room-list .room[data-room="lobby"]')
        expect(page.locator(HEADING)).to_have_text("lobby")
        expect(page.locator(SIDE)).to_have_count(0)
        page.go_back()
        expect(page.locator(HEADING)).to_have_text("tea")
        expect(page.locator(SIDE)).to_have_count(0)
        self.leads_to_the_lobby(page)

    def test_without_a_name_there_is_nothing_to_close(self) -> None:
        page = self.blank()
        self.assertEqual(page.evaluate("() => history.state"), None)
        expect(page.locator(NAME)).to_be_focused()


if __name__ == "__main__":
    unittest.main()
