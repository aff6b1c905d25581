"""Finding one's way: rooms, what is said about them, what was said in them, and the keys."""

from __future__ import annotations

import unittest
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Page, expect

from tests.browser.fake import FakeTestCase
from tests.support import qr
from tests.support.page import (
    DRAFT,
    HOST,
    UNENCRYPTED,
    BrowserTestCase,
    enter,
    go,
    say,
    wait_for_lines,
    wait_until_here,
)
from tests.support.server import ServerProcess

SWITCHER = "dialog.room-switcher"
CHOICES = f"{SWITCHER} .choice"
CHOSEN = f"{SWITCHER} .choice[aria-selected=true] .name"
ROOM = "dialog.room-sheet"
TOPIC = f"{ROOM} form.topic .field"
KEYS = "dialog.key-sheet"
HEADING = "h1.room"
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}


def badge(page: Page, room: str) -> str:
    """The selector of the number beside `room`."""
    return f'.room-list .room[data-room="{room}"] .badge .number'


class RealTestCase(BrowserTestCase):
    """One server for each test, so that names and rooms are free."""

    def setUp(self) -> None:
        super().setUp()
        self.server = self.enterContext(ServerProcess("--memory", "--name", HOST))


class RoomTest(RealTestCase):
    def test_what_is_unread_is_counted_also_after_a_reload(self) -> None:
        ada, bob = self.open(self.server.url, "Ada"), self.open(self.server.url, "Bob")
        for page in (ada, bob):
            go(page, "tea")
        go(ada, "lobby")
        say(bob, "one")
        expect(ada.locator(badge(ada, "tea"))).to_have_text("1")
        say(bob, "and @ada too")
        expect(ada.locator(badge(ada, "tea"))).to_have_text("@1")
        expect(ada.get_by_role("link", name="tea")).to_have_accessible_name(
            "tea, 2 people here, 2 unread messages, 1 mention of you"
        )
        wait_for_lines(bob, 2)
        ada.reload()
        wait_until_here(ada)
        expect(ada.locator(badge(ada, "tea"))).to_have_text("@1")
        ada.click('.room-list .room[data-room="tea"]')
        expect(ada.locator(badge(ada, "tea"))).to_be_hidden()

    def test_a_topic_is_set_and_taken_away_and_everybody_sees_it(self) -> None:
        ada, bob = self.open(self.server.url, "Ada"), self.open(self.server.url, "Bob")
        ada.click(".room-header .topic")
        expect(ada.locator(TOPIC)).to_be_focused()
        ada.fill(TOPIC, "All about tea")
        ada.press(TOPIC, "Enter")
        expect(ada.locator(ROOM)).to_be_hidden()
        expect(ada.locator(".room-header .topic")).to_be_focused()
        for page in (ada, bob):
            expect(page.locator(".room-header .topic")).to_have_text("All about tea")
        bob.click(".room-header .about")
        expect(bob.locator(TOPIC)).to_have_value("All about tea")
        bob.fill(TOPIC, "")
        bob.click(f"{ROOM} .save")
        expect(ada.locator(".room-header .topic")).to_have_text("Set a topic")

    def test_a_room_is_left_and_stays_left(self) -> None:
        ada, bob = self.open(self.server.url, "Ada"), self.open(self.server.url, "Bob")
        for page in (ada, bob):
            go(page, "tea")
        ada.click(".room-header .about")
        ada.click(f"{ROOM} .leave")
        expect(ada.locator(HEADING)).to_have_text("lobby")
        self.assertEqual(ada.url, self.server.url)
        expect(bob.locator(".member-list .member .nick")).to_have_text(["Bob"])
        ada.reload()
        wait_until_here(ada)
        expect(bob.locator(".member-list .member .nick")).to_have_text(["Bob"])
        ada.click(".room-header .about")
        expect(ada.locator(TOPIC)).to_be_visible()
        expect(ada.locator(f"{ROOM} .leave")).to_be_hidden()

    def test_the_address_is_copied(self) -> None:
        page = self.open(f"{self.server.url}r/tea", "Ada")
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.click(".room-header .about")
        page.click(f"{ROOM} .copy")
        expect(page.locator(f"{ROOM} .copied")).to_have_text("Copied.")
        copied = page.evaluate("() => navigator.clipboard.readText()")
        self.assertEqual(copied, f"{self.server.url}r/tea")

    def test_the_address_is_shown_as_a_picture(self) -> None:
        address = f"http://{HOST}:{self.server.port}/r/tea"
        self.expect_complaint(UNENCRYPTED)
        page = self.open(address, "Ada")
        page.click(".room-header .about")
        expect(page.locator("#address-hint")).to_have_text("Anyone with this link can join.")
        code = page.get_by_role("img", name="QR code with the link to #tea")
        expect(code).to_be_hidden()
        page.click(f"{ROOM} .reveal")
        expect(code.locator("svg")).to_be_visible()
        path = code.locator("path").last.get_attribute("d") or ""
        side = int((code.locator("svg").get_attribute("viewBox") or "").split()[2])
        self.assertEqual(qr.read(qr.modules(path, side)), address)
        page.click(f"{ROOM} .reveal")
        expect(code).to_be_hidden()

    def test_an_address_that_only_this_computer_can_open_has_no_picture(self) -> None:
        for host, name in (("127.0.0.1", "Ada"), ("localhost", "Bob")):
            page = self.open(f"http://{host}:{self.server.port}/r/tea", name)
            page.click(".room-header .about")
            hint = page.locator("#address-hint")
            expect(hint).to_contain_text("Only this computer can open this link.")
            expect(hint).to_contain_text("--host 0.0.0.0")
            expect(page.locator(f"{ROOM} .reveal")).to_be_hidden()
            expect(page.locator(f"{ROOM} .address .field")).to_have_accessible_description(
                hint.text_content() or ""
            )

    def test_a_room_is_made_from_the_switcher_by_keyboard_alone(self) -> None:
        page = self.open(self.server.url, "Ada")
        expect(page.locator(DRAFT)).to_be_focused()
        page.keyboard.press("Control+k")
        expect(page.locator(f"{SWITCHER} .field")).to_be_focused()
        page.keyboard.type("Tea time")
        expect(page.locator(CHOSEN)).to_have_text("Create #Tea-time")
        page.keyboard.press("Enter")
        expect(page.locator(HEADING)).to_have_text("Tea-time")
        expect(page.locator(DRAFT)).to_be_focused()
        self.assertEqual(page.url, f"{self.server.url}r/Tea-time")
        page.go_back()
        expect(page.locator(HEADING)).to_have_text("lobby")


class KeyboardTest(FakeTestCase):
    def in_rooms(self, **context: Any) -> Page:
        page = self.fake(**context)
        for room in ("apple", "pear", "plum", "lobby"):
            go(page, room)
        return page

    def test_the_switcher_offers_what_wants_attention_and_filters_by_letters(self) -> None:
        page = self.in_rooms()
        page.evaluate("() => server.live({ text: 'hi @Ada' }, 'apple')")
        page.evaluate("() => server.live({ text: 'hi' }, 'pear')")
        expect(page.locator(badge(page, "pear"))).to_have_text("1")
        page.keyboard.press("Control+k")
        names = page.locator(f"{CHOICES} .name")
        expect(names).to_have_text(["apple", "pear", "plum", "lobby"])
        page.keyboard.press("ArrowUp")
        expect(page.locator(CHOSEN)).to_have_text("lobby")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        expect(page.locator(CHOSEN)).to_have_text("pear")
        active = page.get_attribute(f"{SWITCHER} .field", "aria-activedescendant")
        self.assertEqual(active, page.locator(f"{CHOICES}[aria-selected=true]").get_attribute("id"))
        page.keyboard.type("pl")
        expect(names).to_have_text(["plum", "apple", "Create #pl"])
        page.keyboard.press("Enter")
        expect(page.locator(HEADING)).to_have_text("plum")

    def test_escape_closes_a_dialog_and_the_focus_is_where_it_was(self) -> None:
        page = self.in_rooms()
        page.keyboard.press("Control+k")
        expect(page.locator(f"{SWITCHER} .field")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator(SWITCHER)).to_be_hidden()
        expect(page.locator(DRAFT)).to_be_focused()
        page.focus(".side-panel .keys")
        page.keyboard.press("Enter")
        expect(page.locator(KEYS)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(KEYS)).to_be_hidden()
        expect(page.locator(".side-panel .keys")).to_be_focused()

    def test_a_dialog_that_is_opened_again_at_once_stays_open(self) -> None:
        page = self.fake()
        page.keyboard.press("Control+k")
        expect(page.locator(SWITCHER)).to_be_visible()
        page.evaluate(
            """async (switcher) => {
              const dialog = document.querySelector(switcher);
              const closed = new Promise((done) => dialog.addEventListener("close", done));
              dialog.querySelector(".shut").click();
              document.body.dispatchEvent(
                new KeyboardEvent("keydown", { key: "k", ctrlKey: true, bubbles: true }));
              await closed; // the browser tells of the first closing only now
            }""",
            SWITCHER,
        )
        expect(page.locator(SWITCHER)).to_be_visible()

    def test_alt_and_arrows_go_from_room_to_room(self) -> None:
        page = self.in_rooms()
        page.keyboard.press("Alt+ArrowDown")
        expect(page.locator(HEADING)).to_have_text("apple")
        page.keyboard.press("Alt+ArrowUp")
        page.keyboard.press("Alt+ArrowUp")
        expect(page.locator(HEADING)).to_have_text("plum")
        page.evaluate("() => server.live({ text: 'hi' }, 'pear')")
        expect(page.locator(badge(page, "pear"))).to_have_text("1")
        page.keyboard.press("Alt+Shift+ArrowDown")
        expect(page.locator(HEADING)).to_have_text("pear")
        page.keyboard.press("Alt+Shift+ArrowDown")
        expect(page.locator(HEADING)).to_have_text("pear")

    def test_a_question_mark_shows_all_keys_unless_it_is_being_written(self) -> None:
        page = self.fake()
        page.keyboard.type("?")
        expect(page.locator(DRAFT)).to_have_value("?")
        page.focus(".message-list .view")
        page.keyboard.type("?")
        expect(page.locator(KEYS)).to_be_visible()
        expect(page.locator(f"{KEYS} kbd").first).to_have_text("Ctrl")
        page.keyboard.press("Control+k")
        expect(page.locator(SWITCHER)).to_be_hidden()

    def test_what_is_refused_about_a_topic_is_said(self) -> None:
        page = self.fake()
        page.evaluate(
            "() => { server.serve.topic = () =>"
            " ({ type: 'error', code: 'muted', message: 'No.' }) }"
        )
        page.click(".room-header .about")
        page.fill(TOPIC, "x")
        page.press(TOPIC, "Enter")
        expect(page.locator(f"{ROOM} .refusal")).to_contain_text("muted you")
        expect(page.locator(TOPIC)).to_have_attribute("aria-invalid", "true")


class ManyRoomsTest(FakeTestCase):
    def crowd(self, count: int, **context: Any) -> Page:
        """A page of somebody who is in two of very many rooms, with some people."""
        page = self.fake(**context)
        page.evaluate(
            "count => { for (let n = 1; n <= count; n++) server.room(`room-${1000 + n}`); }", count
        )
        go(page, "room-1007")
        go(page, "lobby")
        return page

    def test_the_panel_lists_what_one_follows_and_the_people_are_in_sight(self) -> None:
        for context in ({}, PHONE):
            with self.subTest(phone=context is PHONE):
                page = self.crowd(300, **context)
                page.wait_for_function("() => document.querySelectorAll('.member').length > 0")
                if context:
                    page.click(".room-header .menu")
                names = page.locator(".room-list .room .name")
                expect(names).to_have_text(["lobby", "room-1007"])
                expect(page.locator(".member-list .member").first).to_be_in_viewport()
                page.context.close()

    def test_even_many_followed_rooms_leave_the_people_in_sight(self) -> None:
        page = self.fake()
        for n in range(18):
            go(page, f"mine-{n}")
        expect(page.locator(".room-list .room")).to_have_count(19)
        expect(page.locator(".member-list .member").first).to_be_in_viewport()
        expect(page.locator(".room-list [aria-current]")).to_be_in_viewport()

    def test_the_directory_has_all_rooms_a_page_at_a_time_up_to_a_bound(self) -> None:
        page = self.crowd(1500)
        page.get_by_role("button", name="Find or create a room").click()
        field = page.locator(f"{SWITCHER} .field")
        expect(field).to_be_focused()
        expect(page.locator(CHOICES)).to_have_count(50)
        more = page.get_by_role("button", name="Show more")
        more.click()
        expect(page.locator(CHOICES)).to_have_count(100)
        expect(field).to_be_focused()
        expect(page.locator(CHOSEN)).to_have_text("room-1050")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("PageUp")
        for _ in range(10):
            page.keyboard.press("PageDown")
        expect(page.locator(CHOICES)).to_have_count(150)
        for count in range(200, 1001, 50):
            more.click()
            expect(page.locator(CHOICES)).to_have_count(count)
        expect(more).to_be_hidden()
        expect(page.locator(f"{SWITCHER} .none")).to_have_text(
            "These are the first 1000 rooms. For another one, type its name."
        )
        field.fill("1750")
        expect(page.locator(CHOSEN)).to_have_text("room-1750")
        field.fill("room-2400")
        expect(page.locator(CHOSEN)).to_have_text("Create #room-2400")


class AccessTest(FakeTestCase):
    @property
    def url(self) -> str:
        """As others open it: its room has a QR code."""
        return f"http://{HOST}:{self.server.port}/"

    def check(self, page: Page, state: str) -> None:
        with self.subTest(state=state):
            found = Axe().run(page)
            self.assertEqual(found.violations_count, 0, found.generate_report())

    def test_axe_finds_nothing_in_any_dialog(self) -> None:
        self.expect_complaint(UNENCRYPTED)
        for scheme in ("light", "dark"):
            for screen in ({}, PHONE):
                with self.subTest(scheme=scheme, phone=screen is PHONE):
                    page = self.blank(color_scheme=scheme, reduced_motion="reduce", **screen)
                    enter(page, "Ada")
                    go(page, "tea")
                    go(page, "lobby")
                    page.evaluate("() => server.live({ text: '@Ada' }, 'tea')")
                    self.check_dialogs(page)
                    page.context.close()

    def check_dialogs(self, page: Page) -> None:
        page.keyboard.press("Control+k")
        expect(page.locator(CHOICES)).to_have_count(2)
        self.check(page, "switcher")
        page.fill(f"{SWITCHER} .field", "?")
        expect(page.locator(f"{SWITCHER} .none")).not_to_be_empty()
        self.check(page, "no room")
        page.keyboard.press("Escape")
        page.click(".room-header .about")
        page.click(f"{ROOM} .reveal")
        expect(page.locator(f"{ROOM} .code svg")).to_be_visible()
        self.check(page, "room")
        page.keyboard.press("Escape")
        page.focus(".message-list .view")
        page.keyboard.type("?")
        expect(page.locator(KEYS)).to_be_visible()
        self.check(page, "keys")
        page.keyboard.press("Escape")


if __name__ == "__main__":
    unittest.main()
