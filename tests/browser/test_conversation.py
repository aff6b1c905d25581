"""People who chat: the page in a real browser, on the real server."""

from __future__ import annotations

import re
import tempfile
import unittest
from typing import ClassVar
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.support.page import (
    DRAFT,
    LINES,
    NAME,
    VIEW,
    BrowserTestCase,
    enter,
    go,
    lines,
    say,
    wait_for_lines,
    wait_until_here,
)
from tests.support.server import ServerProcess
from tests.support.subpath import SubPathProxy
from tests.support.v1 import Client

JUMP = ".message-list .jump"
REFUSAL = ".name-form .refusal"
MEMBERS = ".member-list .member .nick"
TYPING = ".typing-line"


def room_link(page: Page, room: str) -> str:
    """The selector of the link to `room`."""
    return f'.room-list .room[data-room="{room}"]'


class ServerTestCase(BrowserTestCase):
    """One server for each test, so that names and rooms are free."""

    def setUp(self) -> None:
        super().setUp()
        self.server = self.enterContext(ServerProcess("--memory"))


class NameTest(ServerTestCase):
    def test_a_first_visit_loads_what_the_page_starts_with_and_no_more(self) -> None:
        page = self.page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(self.server.url)
        enter(page, "Ada")
        page.wait_for_load_state("networkidle")
        names = {re.sub(r"^.*/assets/(?:\w{12}/)?|^http://[^/]+", "", url) for url in asked}
        start = {"/", "js/main.js", "js/browser/early.js", "js/i18n/en.js", "css/page.css"}
        self.assertLessEqual(start, names)
        beside = {"img/icon.svg", "/manifest.webmanifest", "img/icon-192.png", "img/icon-180.png"}
        self.assertLessEqual(names - start, {*beside, "css/print.css"})  # printing: see PaperTest

    def test_a_nick_taken_on_another_device_is_in_the_open_field_unless_something_is_typed(
        self,
    ) -> None:
        page = self.open(self.server.url, "Ada")
        token = page.evaluate(
            "JSON.parse(localStorage[Object.keys(localStorage).find("
            "name => name.endsWith('identity'))]).token"
        )
        other = self.enterContext(Client(self.server.ws_url, "Ada", token=token))
        page.click(".side-panel .settings")
        page.click(".settings-sheet .rename")
        expect(page.locator(NAME)).to_have_value("Ada")
        other.ask("nick", nick="Countess")
        expect(page.locator(NAME)).to_have_value("Countess")
        page.fill(NAME, "typed here")
        other.ask("nick", nick="Ada")
        expect(page.locator(MEMBERS)).to_have_text("Ada")
        expect(page.locator(NAME)).to_have_value("typed here")

    def test_the_name_is_asked_for_once_and_kept_with_the_history(self) -> None:
        page = self.open(self.server.url, "Ada")
        expect(page.locator(DRAFT)).to_be_focused()
        say(page, "hello")
        wait_for_lines(page, 1)
        page.reload()
        wait_until_here(page)
        self.assertEqual(wait_for_lines(page, 1), ["hello"])
        expect(page.locator(".side-panel .me .nick")).to_have_text("Ada")
        expect(page.locator(LINES)).to_have_class(re.compile(r"\bown\b"))
        expect(page.locator(MEMBERS)).to_have_text(["Ada"])

    def test_a_name_that_is_taken_is_refused_with_a_sentence(self) -> None:
        self.open(self.server.url, "Ada")
        page = self.page()
        page.goto(self.server.url)
        expect(page.locator(NAME)).to_be_focused()
        names = (("ADA", "belongs to another user"), ("A\u200bda", "visible characters"))
        for name, sentence in names:
            page.fill(NAME, name)
            page.press(NAME, "Enter")
            expect(page.locator(REFUSAL)).to_contain_text(sentence)
            expect(page.locator(NAME)).to_have_attribute("aria-invalid", "true")
            expect(page.locator(NAME)).to_be_focused()
            expect(page.locator(NAME)).to_have_value(name)
        enter(page, "Bob")
        expect(page.locator(".name-form")).to_be_hidden()
        expect(page.locator(MEMBERS)).to_have_text(["Bob", "Ada"])

    def test_the_name_can_be_changed_and_everybody_sees_it(self) -> None:
        ada, bob = self.open(self.server.url, "Ada"), self.open(self.server.url, "Bob")
        ada.click(".side-panel .settings")
        ada.click(".settings-sheet .rename")
        expect(ada.locator(NAME)).to_have_value("Ada")
        ada.fill(NAME, "Bob")
        ada.press(NAME, "Enter")
        expect(ada.locator(REFUSAL)).to_contain_text("belongs to another user")
        ada.fill(NAME, "Ada L.")
        ada.press(NAME, "Enter")
        expect(ada.locator(".name-form")).to_be_hidden()
        expect(bob.locator(MEMBERS)).to_have_text(["Bob", "Ada L."])
        ada.click(".side-panel .settings")
        ada.click(".settings-sheet .rename")
        ada.press(NAME, "Escape")
        expect(ada.locator(".name-form")).to_be_hidden()
        ada.reload()
        expect(ada.locator(".side-panel .me .nick")).to_have_text("Ada L.")

    def test_two_tabs_are_one_member_and_share_the_name(self) -> None:
        first = self.page()
        first.goto(self.server.url)
        second = first.context.new_page()
        second.goto(self.server.url)
        expect(second.locator(NAME)).to_be_visible()
        enter(first, "Ada")
        wait_until_here(second)
        expect(second.locator(MEMBERS)).to_have_text(["Ada"])
        say(second, "from the second")
        self.assertEqual(wait_for_lines(first, 1), ["from the second"])
        expect(first.locator(LINES)).to_have_class(re.compile(r"\bown\b"))


class TalkTest(ServerTestCase):
    def test_two_people_chat_in_two_rooms(self) -> None:
        ada, bob = self.open(self.server.url, "Ada"), self.open(self.server.url, "Bob")
        say(ada, "hello")
        wait_for_lines(bob, 1)
        go(bob, "tea")
        self.assertEqual(bob.url, f"{self.server.url}r/tea")
        say(bob, "nobody here?")
        wait_for_lines(bob, 1)
        say(ada, "are you still there?")
        expect(bob.locator(f"{room_link(bob, 'lobby')} .badge")).to_be_visible()
        go(ada, "tea")
        self.assertEqual(wait_for_lines(ada, 1), ["nobody here?"])
        say(ada, "now there is")
        self.assertEqual(wait_for_lines(bob, 2), ["nobody here?", "now there is"])
        bob.click(room_link(bob, "lobby"))
        self.assertEqual(wait_for_lines(bob, 2), ["hello", "are you still there?"])
        expect(bob.locator(f"{room_link(bob, 'lobby')} .badge")).to_be_hidden()
        self.assertEqual(bob.url, self.server.url)
        bob.go_back()
        expect(bob.locator("h1.room")).to_have_text("tea")
        self.assertEqual(wait_for_lines(bob, 2), ["nobody here?", "now there is"])
        for page in (ada, bob):
            expect(page.locator(MEMBERS)).to_have_count(2)

    def test_three_windows_see_the_same_in_the_same_order(self) -> None:
        pages = [self.open(self.server.url, name) for name in ("Ada", "Bob", "Cyn")]
        for number in range(10):
            for name, page in zip("abc", pages, strict=True):
                say(page, f"{name}{number}")
        seen = [wait_for_lines(page, 30) for page in pages]
        self.assertEqual(len(seen[0]), 30)
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(seen[0], seen[2])

    def test_more_than_the_server_takes_at_once_goes_out_by_itself(self) -> None:
        with ServerProcess("--memory", "--rate", "20", "--burst", "5") as server:
            page = self.open(server.url)
            said = [f"line {number}" for number in range(20)]
            for text in said:
                say(page, text)
            self.assertEqual(wait_for_lines(page, 20), said)
            page.context.close()

    def test_everybody_sees_who_is_here_and_who_writes(self) -> None:
        ada, bob = self.open(self.server.url, "Ada"), self.open(self.server.url, "Bob")
        for page in (ada, bob):
            expect(page.locator(".member-list .title")).to_have_text("2 people here")
        expect(ada.locator(MEMBERS)).to_have_text(["Ada", "Bob"])
        bob.focus(DRAFT)
        bob.keyboard.type("I")
        expect(ada.locator(TYPING)).to_have_text("Bob is typing…")
        bob.keyboard.press("Enter")
        expect(ada.locator(TYPING)).to_have_text("")
        expect(bob.locator(TYPING)).to_have_text("")
        bob.context.close()
        expect(ada.locator(MEMBERS)).to_have_text(["Ada"])
        expect(ada.locator(".member-list .title")).to_have_text("1 person here")

    def test_a_newcomer_reads_what_was_said_and_scrolls_up_to_the_beginning(self) -> None:
        with ServerProcess("--memory", "--rate", "1000", "--burst", "1000") as server:
            ada = self.open(server.url, "Ada")
            for number in range(180):
                say(ada, f"line {number}\nand more of it")
            wait_for_lines(ada, 180)
            bob = self.open(server.url, "Bob")
            self.assertLess(bob.locator(LINES).count(), 180)
            self.assertEqual(wait_for_lines(bob, 1)[-1], "line 179\nand more of it")
            bob.focus(VIEW)
            while bob.locator(LINES).count() < 180:
                bob.eval_on_selector(VIEW, "view => { view.scrollTop = 0 }")
                bob.wait_for_timeout(10)
            self.assertEqual(lines(bob), lines(ada))
            above = bob.locator(".message-list .older")
            expect(above).to_have_text("This is the beginning of #lobby.")
            for page in (ada, bob):
                page.context.close()

    def test_markup_is_text_and_runs_nothing(self) -> None:
        attack = "<img src=x onerror='document.title=\"owned\"'><script>alert(1)</script>"
        page = self.open(self.server.url, "<b>Ada</b>")
        say(page, attack)
        self.assertEqual(wait_for_lines(page, 1), [attack])
        self.assertEqual(page.locator(f"{LINES} img, {LINES} script, .side-panel b").count(), 0)
        self.assertEqual(page.title(), "#lobby · goChat")

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

    def test_a_draft_belongs_to_its_room_and_outlives_a_reload(self) -> None:
        page = self.open(self.server.url)
        page.fill(DRAFT, "half a thought")
        go(page, "tea")
        expect(page.locator(DRAFT)).to_have_value("")
        page.reload()
        wait_until_here(page)
        page.click(room_link(page, "lobby"))
        expect(page.locator(DRAFT)).to_have_value("half a thought")

    def test_a_name_no_room_can_have_is_refused_with_a_sentence(self) -> None:
        page = self.open(self.server.url)
        page.keyboard.press("Control+k")
        page.fill(".room-switcher .field", "tea/time")
        refusal = page.locator(".room-switcher .none")
        expect(refusal).to_contain_text("starts with a letter or digit")
        page.keyboard.press("Enter")
        page.fill(".room-switcher .field", "tea-time")
        expect(refusal).to_have_text("")
        page.keyboard.press("Enter")
        expect(page.locator("h1.room")).to_have_text("tea-time")

    def test_a_room_is_created_with_spaces_as_people_write_them(self) -> None:
        page = self.open(self.server.url)
        page.keyboard.press("Control+k")
        page.fill(".room-switcher .field", "tea time")
        page.press(".room-switcher .field", "Enter")
        expect(page.locator("h1.room")).to_have_text("tea-time")

    def test_the_whole_page_works_by_keyboard(self) -> None:
        page = self.open(self.server.url, viewport={"width": 1000, "height": 500})
        expect(page.locator(DRAFT)).to_be_focused()
        for number in range(20):
            page.keyboard.type(f"line {number}")
            page.keyboard.press("Enter")
        wait_for_lines(page, 20)
        page.keyboard.press("Shift+Tab")
        expect(page.locator(VIEW)).to_be_focused()
        page.keyboard.press("Home")
        page.wait_for_function(
            "selector => document.querySelector(selector).scrollTop === 0", arg=VIEW
        )
        say(self.open(self.server.url, "Bob"), "from elsewhere")
        expect(page.locator(JUMP)).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.locator(JUMP)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(JUMP)).to_be_hidden()
        expect(page.locator(VIEW)).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.locator(DRAFT)).to_be_focused()
        page.keyboard.type("still here")
        for button in (".writing", ".emoji", ".send"):
            page.keyboard.press("Tab")
            expect(page.locator(f".composer {button}")).to_be_focused()
        page.keyboard.press("Space")
        self.assertEqual(wait_for_lines(page, 22)[-1], "still here")


class PhoneTest(ServerTestCase):
    PHONE: ClassVar = {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
    }

    def test_rooms_and_people_come_from_the_side(self) -> None:
        page = self.open(self.server.url, "Ada", **self.PHONE)
        self.open(self.server.url, "Bob")
        expect(page.locator(".room-header .people")).to_have_text("2")
        expect(page.locator(".side-panel")).to_be_hidden()
        page.tap(".room-header .menu")
        expect(page.locator(".side-panel .close")).to_be_focused()
        expect(page.locator(MEMBERS)).to_have_text(["Ada", "Bob"])
        self.assertTrue(page.locator(".conversation").evaluate("e => e.inert"))
        page.keyboard.press("Escape")
        expect(page.locator(".side-panel")).to_be_hidden()
        expect(page.locator(".room-header .menu")).to_be_focused()
        page.tap(".room-header .menu")
        page.touchscreen.tap(380, 400)
        expect(page.locator(".side-panel")).to_be_hidden()
        page.tap(".room-header .menu")
        page.tap(".room-list .find")
        page.fill(".room-switcher .field", "tea")
        page.press(".room-switcher .field", "Enter")
        expect(page.locator(".side-panel")).to_be_hidden()
        expect(page.locator("h1.room")).to_have_text("tea")
        page.tap(".room-header .menu")
        page.tap(room_link(page, "lobby"))
        expect(page.locator("h1.room")).to_have_text("lobby")
        self.assertFalse(page.locator(".conversation").evaluate("e => e.inert"))


class PlaceTest(ServerTestCase):
    def test_the_page_works_under_a_room_s_address(self) -> None:
        page = self.open(self.server.url)
        for room in ("kaffee-küche", "大厅", "constructor"):
            with self.subTest(room=room):
                page.goto(f"{self.server.url}r/{quote(room)}")
                wait_until_here(page)
                expect(page.locator("h1.room")).to_have_text(room)
                say(page, f"hello {room}")
                self.assertEqual(wait_for_lines(page, 1), [f"hello {room}"])

    def test_a_room_has_one_address_however_it_is_spelt(self) -> None:
        page = self.open(f"{self.server.url}r/tea")
        say(page, "this keeps its name")
        wait_for_lines(page, 1)
        page.goto(f"{self.server.url}r/TEA")
        wait_until_here(page)
        expect(page.locator("h1.room")).to_have_text("tea")
        self.assertEqual(page.url, f"{self.server.url}r/tea")
        page.goto(f"{self.server.url}r/lobby")
        wait_until_here(page)
        self.assertEqual(page.url, self.server.url)

    def test_the_page_works_below_a_sub_path(self) -> None:
        with SubPathProxy(self.server.port) as proxy:
            page = self.open(proxy.url, "Ada")
            say(page, "hello from below")
            wait_for_lines(page, 1)
            go(page, "tea")
            self.assertEqual(page.url, f"{proxy.url}r/tea")
            page.reload()
            wait_until_here(page)
            page.click(room_link(page, "lobby"))
            self.assertEqual(wait_for_lines(page, 1), ["hello from below"])
            self.assertEqual(page.url, proxy.url)
            page.context.close()
            self.assertEqual(proxy.strays, [])


class StoredTest(BrowserTestCase):
    def test_names_and_history_outlive_the_server(self) -> None:
        with tempfile.TemporaryDirectory() as data:
            with ServerProcess("--data", data) as server:
                page = self.open(server.url, "Ada")
                say(page, "to be kept")
                wait_for_lines(page, 1)
                page.goto("about:blank")
            with ServerProcess("--data", data, "--port", str(server.port)):
                page.goto(server.url)
                wait_until_here(page)
                self.assertEqual(wait_for_lines(page, 1), ["to be kept"])
                expect(page.locator(".side-panel .me .nick")).to_have_text("Ada")
                page.context.close()


if __name__ == "__main__":
    unittest.main()
