"""Writing: what the keys do in the composer, and what it completes."""

from __future__ import annotations

import re
import unittest
from typing import Any, ClassVar

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Page, expect

from tests.browser.fake import FakeTestCase
from tests.support.page import (
    DRAFT,
    LINES,
    VIEW,
    BrowserTestCase,
    go,
    lines,
    say,
    wait_for_lines,
    wait_until_here,
)
from tests.support.server import ServerProcess

LIST = ".completion-list"
OPTION = f"{LIST} .option"
CHOSEN = f"{LIST} .option[aria-selected=true]"
COUNT = ".completion-count"
HINT = ".composer .hint"
ABOUT = ".composer .about"

#: Asks to answer the first message, as its action bar does.
REPLY = """() => document.querySelector(".message-list").dispatchEvent(
  new CustomEvent("reply", { bubbles: true, detail: { seq: 1 } }))"""

#: Those who are in the room, beside Ada; Bob has spoken.
COMPANY = """() => {
  const people = { u2: "Bob", u3: "Bernadette Long", u4: "bosse", u5: "小林" };
  const joined = Object.entries(people).map(([user, nick]) => ({ user, nick }));
  server.hear({ type: "presence", room: "lobby", joined, left: [], member_count: 5 });
  server.live({ text: "hello" });
}"""


def write(page: Page, text: str) -> None:
    """Type `text` key by key behind what is there."""
    page.locator(DRAFT).press_sequentially(text)


def height(page: Page) -> float:
    """Of the field, in pixels."""
    return float(page.eval_on_selector(DRAFT, "field => field.offsetHeight"))


class CompletionTest(FakeTestCase):
    def company(self) -> Page:
        page = self.fake()
        page.evaluate(COMPANY)
        wait_for_lines(page, 1)
        return page

    def test_a_nick_is_completed_by_keys_alone(self) -> None:
        page = self.company()
        write(page, "thanks @b")
        expect(page.locator(OPTION)).to_have_text(["Bob", "Bernadette Long", "bosse"])
        expect(page.locator(COUNT)).to_have_text("3 suggestions")
        page.press(DRAFT, "ArrowDown")
        expect(page.locator(CHOSEN)).to_have_text("Bernadette Long")
        chosen = page.get_attribute(DRAFT, "aria-activedescendant")
        self.assertEqual(page.locator(CHOSEN).get_attribute("id"), chosen)
        page.press(DRAFT, "Enter")
        expect(page.locator(DRAFT)).to_have_value("thanks @Bernadette Long ")
        expect(page.locator(LIST)).to_be_hidden()
        self.assertIsNone(page.get_attribute(DRAFT, "aria-activedescendant"))
        write(page, "and @bo")
        page.press(DRAFT, "ArrowUp")
        page.press(DRAFT, "Tab")
        expect(page.locator(DRAFT)).to_have_value("thanks @Bernadette Long and @bosse ")
        expect(page.locator(DRAFT)).to_be_focused()
        page.press(DRAFT, "Enter")
        self.assertEqual(wait_for_lines(page, 2), ["hello", "thanks @Bernadette Long and @bosse"])

    def test_a_nick_is_completed_by_a_click_and_the_focus_stays(self) -> None:
        page = self.company()
        write(page, "@")
        page.locator(OPTION, has_text="小林").click()
        expect(page.locator(DRAFT)).to_have_value("@小林 ")
        expect(page.locator(DRAFT)).to_be_focused()

    def test_escape_closes_the_list_and_then_enter_sends_what_stands_there(self) -> None:
        page = self.company()
        write(page, "@bo")
        expect(page.locator(LIST)).to_be_visible()
        page.press(DRAFT, "Escape")
        expect(page.locator(LIST)).to_be_hidden()
        page.press(DRAFT, "Enter")
        self.assertEqual(wait_for_lines(page, 2), ["hello", "@bo"])

    def test_the_list_goes_when_the_caret_does(self) -> None:
        page = self.company()
        for leave in (
            lambda: page.press(DRAFT, "Home"),
            lambda: page.click(".message-list .view"),
            lambda: page.press(DRAFT, "Backspace"),
        ):
            page.fill(DRAFT, "")
            write(page, "@")
            expect(page.locator(LIST)).to_be_visible()
            leave()
            expect(page.locator(LIST)).to_be_hidden()

    def test_what_an_input_method_wrote_is_completed_once_it_is_done(self) -> None:
        page = self.company()
        write(page, "@")
        expect(page.locator(OPTION)).to_have_count(4)
        method = page.context.new_cdp_session(page)
        compose = {"selectionStart": 1, "selectionEnd": 1, "text": "小"}
        method.send("Input.imeSetComposition", compose)
        expect(page.locator(LIST)).to_be_hidden()
        method.send("Input.insertText", {"text": "小"})
        expect(page.locator(CHOSEN)).to_have_text("小林")
        page.press(DRAFT, "Tab")
        expect(page.locator(DRAFT)).to_have_value("@小林 ")

    def test_axe_finds_nothing_while_the_list_is_open(self) -> None:
        for scheme in ("light", "dark"):
            page = self.fake(color_scheme=scheme)
            page.evaluate(COMPANY)
            write(page, "@")
            expect(page.locator(LIST)).to_be_visible()
            found = Axe().run(page)
            self.assertEqual(found.violations_count, 0, found.generate_report())


class UndoTest(FakeTestCase):
    """What the page inserts can be undone, as what is typed can."""

    def test_a_completion_is_undone_and_redone(self) -> None:
        page = self.fake()
        page.evaluate(COMPANY)
        wait_for_lines(page, 1)
        write(page, "thanks @b")
        expect(page.locator(LIST)).to_be_visible()
        page.press(DRAFT, "Enter")
        expect(page.locator(DRAFT)).to_have_value("thanks @Bob ")
        page.keyboard.press("Control+z")
        expect(page.locator(DRAFT)).to_have_value("thanks @b")
        page.keyboard.press("Control+Shift+z")
        expect(page.locator(DRAFT)).to_have_value("thanks @Bob ")
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+z")
        expect(page.locator(DRAFT)).to_have_value("")
        write(page, "party :tad")
        page.press(DRAFT, "Tab")
        expect(page.locator(DRAFT)).to_have_value("party 🎉 ")
        page.keyboard.press("Control+z")
        expect(page.locator(DRAFT)).to_have_value("party :tad")

    def test_in_an_edit_undo_goes_back_to_the_message_and_no_further(self) -> None:
        page = self.fake()
        say(page, "mine")
        wait_for_lines(page, 1)
        write(page, "a draft")
        for _ in "a draft":
            page.press(DRAFT, "Backspace")
        page.press(DRAFT, "ArrowUp")
        expect(page.locator(DRAFT)).to_have_value("mine")
        write(page, "!")
        for _ in range(3):
            page.keyboard.press("Control+z")
        expect(page.locator(DRAFT)).to_have_value("mine")


#: Has `kind`, "paste" or "drop", happen at the element `at` with a text and with files.
BRING = """([kind, at, text, files, uri]) => {
  const data = new DataTransfer();
  if (text) data.setData("text/plain", text);
  if (uri) data.setData("text/uri-list", uri);
  if (files) data.items.add(new File(["x"], "x.png", { type: "image/png" }));
  const element = document.querySelector(at);
  const how = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { ...how, clipboardData: data })
    : new DragEvent("drop", { ...how, dataTransfer: data });
  const over = new DragEvent("dragover", { ...how, dataTransfer: data });
  if (kind === "drop") window.over = !element.dispatchEvent(over);
  return !element.dispatchEvent(event);
}"""


class BringTest(FakeTestCase):
    """What is pasted and dropped."""

    def test_a_file_that_is_dropped_never_replaces_the_page_and_a_sentence_says_why(self) -> None:
        page = self.fake()
        for at in (VIEW, "body", DRAFT, ".side-panel"):
            page.fill(DRAFT, "x")
            expect(page.locator(HINT)).to_contain_text("Enter sends")
            self.assertTrue(page.evaluate(BRING, ["drop", at, "", True, ""]), at)
            self.assertTrue(page.evaluate("() => over"), at)
            expect(page.locator(HINT)).to_contain_text("cannot be sent")
            expect(page.locator(".composer .spoken")).to_contain_text("cannot be sent")
        page.click(".room-header .about")
        expect(page.locator(".room-sheet")).to_be_visible()
        self.assertTrue(page.evaluate(BRING, ["drop", ".room-sheet", "", True, ""]))
        page.keyboard.press("Escape")
        write(page, "x")
        expect(page.locator(HINT)).to_contain_text("Enter sends")

    def test_a_pasted_picture_is_said_to_be_left_out_and_its_text_is_pasted(self) -> None:
        page = self.fake()
        write(page, "see: ")
        page.evaluate(BRING, ["paste", DRAFT, "a table", True, ""])
        expect(page.locator(DRAFT)).to_have_value("see: a table")
        expect(page.locator(HINT)).to_contain_text("cannot be sent")
        page.keyboard.press("Control+z")
        expect(page.locator(DRAFT)).to_have_value("see: ")
        page.evaluate(BRING, ["paste", DRAFT, "", True, ""])
        expect(page.locator(DRAFT)).to_have_value("see: ")
        expect(page.locator(HINT)).to_contain_text("cannot be sent")
        page.press(DRAFT, "Enter")
        self.assertEqual(wait_for_lines(page, 1), ["see:"])
        expect(page.locator(HINT)).to_contain_text("Enter sends")

    def test_text_and_links_that_are_dropped_or_pasted_beside_the_composer_go_there(self) -> None:
        page = self.fake()
        write(page, "see ")
        self.assertTrue(page.evaluate(BRING, ["drop", VIEW, "", False, "https://example.org/"]))
        expect(page.locator(DRAFT)).to_have_value("see https://example.org/")
        page.keyboard.press("Control+z")
        expect(page.locator(DRAFT)).to_have_value("see ")
        page.click(VIEW)
        self.assertTrue(page.evaluate(BRING, ["paste", VIEW, "what\r\nfor", False, ""]))
        expect(page.locator(DRAFT)).to_have_value("see what\nfor")
        expect(page.locator(DRAFT)).to_be_focused()
        # the browser does these itself
        self.assertFalse(page.evaluate(BRING, ["drop", DRAFT, "text", False, ""]))
        self.assertFalse(page.evaluate(BRING, ["paste", DRAFT, "text", False, ""]))
        page.keyboard.press("Control+k")
        field = ".room-switcher .field"
        expect(page.locator(field)).to_be_focused()
        self.assertFalse(page.evaluate(BRING, ["paste", field, "tea", False, ""]))
        page.keyboard.press("Escape")
        expect(page.locator(DRAFT)).to_have_value("see what\nfor")

    def test_words_of_the_page_that_are_dragged_a_little_are_not_written(self) -> None:
        page = self.fake()
        drag = "() => dispatchEvent(new DragEvent('dragstart'))"
        page.evaluate(drag)
        self.assertTrue(page.evaluate(BRING, ["drop", VIEW, "hello", False, ""]))
        expect(page.locator(DRAFT)).to_have_value("")


class TouchTest(FakeTestCase):
    """Enter on a touch screen starts a new line, until a keyboard is used."""

    PHONE: ClassVar[dict[str, Any]] = {
        "has_touch": True,
        "is_mobile": True,
        "viewport": {"width": 390, "height": 760},
    }

    def test_enter_starts_a_new_line_and_the_button_sends(self) -> None:
        page = self.fake(**self.PHONE)
        write(page, "one")
        page.press(DRAFT, "Enter")
        write(page, "two")
        expect(page.locator(DRAFT)).to_have_value("one\ntwo")
        self.assertEqual(page.get_attribute(DRAFT, "enterkeyhint"), "enter")
        page.tap(".composer .send")
        self.assertEqual(wait_for_lines(page, 1), ["one\ntwo"])
        write(page, "three")
        page.press(DRAFT, "Control+Enter")
        wait_for_lines(page, 2)

    def test_the_list_of_keys_says_what_enter_does_here(self) -> None:
        page = self.fake(**self.PHONE)
        page.tap(".room-header .menu")
        page.tap(".me .keys")
        rows = page.locator(".key-sheet .row", has_text="Enter")
        expect(rows.filter(has_text="Send")).to_have_text("SendCtrlEnter")
        expect(rows.filter(has_text="new line")).to_have_text("Start a new lineEnter")

    def test_with_a_keyboard_enter_sends(self) -> None:
        page = self.fake(**self.PHONE)
        page.press(DRAFT, "Tab")
        write(page, "one")
        page.press(DRAFT, "Enter")
        self.assertEqual(wait_for_lines(page, 1), ["one"])
        self.assertEqual(page.get_attribute(DRAFT, "enterkeyhint"), "send")

    def test_enter_takes_what_is_suggested_on_a_touch_screen_too(self) -> None:
        page = self.fake(**self.PHONE)
        page.evaluate(COMPANY)
        write(page, "@bo")
        expect(page.locator(LIST)).to_be_visible()
        page.press(DRAFT, "Enter")
        expect(page.locator(DRAFT)).to_have_value("@Bob ")


class KeysTest(FakeTestCase):
    def test_shift_and_enter_start_a_new_line_and_the_field_grows_up_to_a_limit(self) -> None:
        page = self.fake()
        low = height(page)
        write(page, "one")
        page.press(DRAFT, "Shift+Enter")
        write(page, "two")
        self.assertGreater(height(page), low)
        page.fill(DRAFT, "line\n" * 7)
        most = height(page)
        page.fill(DRAFT, "line\n" * 70)
        self.assertEqual(height(page), most)
        page.fill(DRAFT, "one\ntwo")
        page.press(DRAFT, "Enter")
        self.assertEqual(wait_for_lines(page, 1), ["one\ntwo"])
        self.assertEqual(height(page), low)

    def test_enter_that_picks_from_an_input_method_does_not_send(self) -> None:
        page = self.fake()
        page.fill(DRAFT, "ni hao")
        page.eval_on_selector(
            DRAFT,
            """field => {
              const key = { key: "Enter", isComposing: true, bubbles: true, cancelable: true };
              window.taken = !field.dispatchEvent(new KeyboardEvent("keydown", key));
            }""",
        )
        self.assertFalse(page.evaluate("() => taken"))
        expect(page.locator(DRAFT)).to_have_value("ni hao")
        self.assertEqual(lines(page), [])

    def test_what_is_left_is_counted_near_the_limit(self) -> None:
        page = self.fake()
        page.fill(DRAFT, "x" * 3799)
        expect(page.locator(HINT)).to_contain_text("Enter sends")
        page.fill(DRAFT, "x" * 3999)
        expect(page.locator(HINT)).to_have_text("1 character left.")
        page.fill(DRAFT, "x" * 4001)
        expect(page.locator(HINT)).to_have_text("1 character too long.")

    def test_up_in_an_empty_field_asks_for_the_reader_s_last_message(self) -> None:
        page = self.fake()
        page.evaluate(
            """() => {
              window.asked = [];
              addEventListener("edit", (event) => asked.push(event.detail.seq));
            }"""
        )
        page.press(DRAFT, "ArrowUp")
        say(page, "mine")
        wait_for_lines(page, 1)
        page.evaluate("() => server.live({ text: 'not mine' })")
        wait_for_lines(page, 2)
        page.fill(DRAFT, "x")
        page.press(DRAFT, "ArrowUp")
        page.fill(DRAFT, "")
        page.press(DRAFT, "Shift+ArrowUp")
        self.assertEqual(page.evaluate("() => asked"), [])
        page.press(DRAFT, "ArrowUp")
        self.assertEqual(page.evaluate("() => asked"), [1])

    def test_each_room_keeps_its_own_draft(self) -> None:
        page = self.fake()
        page.fill(DRAFT, "half a thought")
        go(page, "tea")
        expect(page.locator("h1.room")).to_have_text("tea")
        expect(page.locator(DRAFT)).to_have_value("")
        page.go_back()
        expect(page.locator(DRAFT)).to_have_value("half a thought")
        expect(page.locator(LINES)).to_have_count(0)


class PurposeTest(BrowserTestCase):
    """What is written becomes an answer, or the new wording of what was said."""

    def setUp(self) -> None:
        super().setUp()
        self.server = self.enterContext(ServerProcess("--memory"))

    def test_up_edits_the_last_message_and_leaves_the_draft_in_peace(self) -> None:
        ada, bob = self.open(self.server.url, "Ada"), self.open(self.server.url, "Bob")
        say(ada, "tea at for")
        wait_for_lines(bob, 1)
        ada.press(DRAFT, "ArrowUp")
        expect(ada.locator(ABOUT)).to_have_text("Editing your message")
        expect(ada.locator(DRAFT)).to_have_value("tea at for")
        expect(ada.locator(HINT)).to_contain_text("Esc cancels")
        ada.press(DRAFT, "Escape")
        expect(ada.locator(ABOUT)).to_be_hidden()
        expect(ada.locator(DRAFT)).to_have_value("")
        ada.press(DRAFT, "ArrowUp")
        expect(ada.locator(DRAFT)).to_have_value("tea at for")
        ada.press(DRAFT, "Backspace")
        write(ada, "ur")
        ada.press(DRAFT, "Enter")
        for page in (ada, bob):
            expect(page.locator(f"{LINES} .text")).to_have_text(["tea at four"])
        expect(ada.locator(ABOUT)).to_be_hidden()
        expect(ada.locator(DRAFT)).to_have_value("")

    def test_an_answer_shows_what_it_is_to_and_outlives_a_change_of_rooms(self) -> None:
        ada, bob = self.open(self.server.url, "Ada"), self.open(self.server.url, "Bob")
        say(bob, "tea?\nor coffee?")
        wait_for_lines(ada, 1)
        ada.fill(DRAFT, "te")
        ada.evaluate(REPLY)
        expect(ada.locator(ABOUT)).to_have_text("Reply to Bob: tea?")
        expect(ada.locator(DRAFT)).to_be_focused()
        found = Axe().run(ada)
        self.assertEqual(found.violations_count, 0, found.generate_report())
        go(ada, "tea")
        expect(ada.locator(ABOUT)).to_be_hidden()
        ada.go_back()
        expect(ada.locator(ABOUT)).to_be_visible()
        expect(ada.locator(DRAFT)).to_have_value("te")
        ada.click(".composer .cancel")
        expect(ada.locator(ABOUT)).to_be_hidden()
        expect(ada.locator(DRAFT)).to_be_focused()
        expect(ada.locator(DRAFT)).to_have_value("te")
        ada.evaluate(REPLY)
        write(ada, "a")
        ada.press(DRAFT, "Enter")
        wait_for_lines(bob, 2)
        expect(ada.locator(ABOUT)).to_be_hidden()

    def test_an_edit_that_is_not_saved_is_not_lost_to_a_reply(self) -> None:
        page = self.open(self.server.url, "Ada")
        say(page, "tea at for")
        wait_for_lines(page, 1)
        page.press(DRAFT, "ArrowUp")
        page.fill(DRAFT, "tea at four")
        page.evaluate(REPLY)
        expect(page.locator(DRAFT)).to_have_value("tea at four")
        expect(page.locator(DRAFT)).to_be_focused()
        expect(page.locator(HINT)).to_have_text("Save or discard this edit first.")
        expect(page.locator(".composer > .spoken")).to_have_text("Save or discard this edit first.")
        page.press(DRAFT, "Enter")
        expect(page.locator(f"{LINES} .text")).to_have_text(["tea at four"])
        page.evaluate(REPLY)
        expect(page.locator(ABOUT)).to_contain_text("Reply to Ada")

    def test_an_edit_outlives_a_reload_and_its_message(self) -> None:
        page = self.open(self.server.url, "Ada")
        say(page, "tea at for")
        wait_for_lines(page, 1)
        page.fill(DRAFT, "before")
        page.locator(LINES).hover()
        page.click(".action-bar .edit")
        write(page, "ty past three, in the kitchen")
        page.reload()
        wait_until_here(page)
        expect(page.locator(ABOUT)).to_contain_text("Editing your message")
        expect(page.locator(DRAFT)).to_have_value("tea at forty past three, in the kitchen")
        other = page.context.new_page()
        other.goto(self.server.url)
        wait_until_here(other)
        expect(other.locator(DRAFT)).to_have_value("before")
        other.locator(LINES).hover()
        other.click(".action-bar .remove")
        other.click(".asks .yes")
        expect(page.locator(ABOUT)).to_contain_text("Your message was deleted.")
        expect(page.locator(".composer .spoken")).to_contain_text("Your message was deleted.")
        expect(page.locator(DRAFT)).to_have_value("tea at forty past three, in the kitchen")
        expect(page.get_by_role("button", name="Discard")).to_be_visible()
        found = Axe().run(page)
        self.assertEqual(found.violations_count, 0, found.generate_report())
        page.press(DRAFT, "Enter")
        expect(other.locator(f"{LINES} .text").last).to_have_text(
            "tea at forty past three, in the kitchen"
        )
        expect(page.locator(DRAFT)).to_have_value("before")
        expect(page.locator(ABOUT)).to_be_hidden()

    def test_an_emoji_is_completed_by_its_name(self) -> None:
        page = self.open(self.server.url, "Ada")
        write(page, "hooray :tad")
        expect(page.locator(CHOSEN)).to_have_text(re.compile(":tada:"))
        page.press(DRAFT, "Tab")
        expect(page.locator(DRAFT)).to_have_value("hooray 🎉 ")


if __name__ == "__main__":
    unittest.main()
