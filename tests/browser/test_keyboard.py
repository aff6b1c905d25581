"""The main tasks by keyboard alone, with the focus in sight wherever it goes."""

from __future__ import annotations

import re
import unittest

from playwright.sync_api import Locator, Page, expect

from tests.browser.fake import FakeTestCase
from tests.support.page import (
    DRAFT,
    LINES,
    NAME,
    VIEW,
    BrowserTestCase,
    say,
    wait_for_lines,
    wait_until_here,
)
from tests.support.server import ServerProcess

#: Whether what has the focus shows it: by an outline, or a line of shadow, of its own, of what
#: frames it, or of the bubble that it is all about.
MARKED = """(focused) => {
  const around = [...focused.querySelectorAll(":scope > .body > .bubble")];
  for (let each = focused; each !== document.body; each = each.parentElement) around.push(each);
  return around.map((each) => getComputedStyle(each)).some(
    ({ outlineStyle, outlineWidth, boxShadow }) =>
      (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow.includes("inset"));
}"""

#: No mouse and no finger: what they would do is a mistake here.
HANDS_OFF = """
for (const type of ["pointerdown", "mousedown", "touchstart"]) {
  addEventListener(type, () => console.error(`a ${type} in a test of keys`), true);
}
"""


def line(page: Page, text: str) -> Locator:
    """The line that says `text`."""
    return page.locator(LINES).filter(has=page.locator(".text", has_text=re.compile(f"^{text}$")))


class KeyboardTest(BrowserTestCase):
    def at(self, page: Page, place: str | Locator) -> None:
        """The focus is at `place`, in sight, and can be seen."""
        found = page.locator(place) if isinstance(place, str) else place
        expect(found).to_be_focused()
        expect(found).to_be_in_viewport()
        self.assertTrue(found.evaluate(MARKED), f"the focus is seen at {place}")

    def press(self, page: Page, *keys: str) -> None:
        for key in keys:
            page.keyboard.press(key)

    def tab_to(self, page: Page, place: str, key: str = "Tab") -> None:
        """Press `key` until the focus is at `place`; each stop on the way can be seen."""
        for _ in range(12):
            page.keyboard.press(key)
            self.at(page, ":focus")
            if page.locator(f"{place}:focus").count():
                return
        self.fail(f"{key} does not lead to {place}")

    def write(self, page: Page, text: str) -> None:
        page.keyboard.type(text)
        page.keyboard.press("Enter")

    def test_who_has_only_keys_can_do_everything_and_sees_where_they_are(self) -> None:
        server = self.enterContext(ServerProcess("--memory"))
        bob = self.open(server.url, "Bob")
        page = self.page(HANDS_OFF)
        page.goto(server.url)

        with self.subTest("gives a name, writes, and edits what was written last"):
            self.at(page, NAME)
            self.write(page, "Ada")
            wait_until_here(page)
            self.at(page, DRAFT)
            self.write(page, "tea at for")
            wait_for_lines(page, 1)
            self.press(page, "ArrowUp")
            expect(page.locator(DRAFT)).to_have_value("tea at for")
            self.press(page, "Backspace")
            self.write(page, "ur")
            expect(line(bob, "tea at four")).to_have_count(1)
            self.at(page, DRAFT)
        say(bob, "with milk?")
        wait_for_lines(page, 2)

        with self.subTest("answers, reacts and deletes"):
            self.tab_to(page, VIEW, "Shift+Tab")
            self.press(page, "ArrowUp")
            self.at(page, line(page, "with milk\\?"))
            self.press(page, "r")
            self.at(page, DRAFT)
            self.write(page, "without")
            expect(line(bob, "without").locator(".quoted")).to_have_text("Bob with milk?")
            self.tab_to(page, VIEW, "Shift+Tab")
            self.press(page, "ArrowUp")
            self.at(page, line(page, "with milk\\?"))
            self.press(page, "+")
            self.at(page, ".action-bar .emoji >> nth=0")
            self.press(page, "Enter")
            self.at(page, line(page, "with milk\\?"))
            expect(line(bob, "with milk\\?").locator(".chip")).to_have_text("👍 1")
            self.press(page, "ArrowDown")
            self.at(page, line(page, "without"))
            self.press(page, "Delete")
            self.at(page, ".asks .no")
            self.press(page, "Shift+Tab")
            self.at(page, ".asks .yes")
            self.press(page, "Enter")
            expect(line(bob, "without")).to_have_count(0)
            self.at(page, line(page, r"This message was deleted\."))

        with self.subTest("goes into another room"):
            self.press(page, "Control+k")
            self.at(page, ".room-switcher .field")
            self.write(page, "kitchen")
            expect(page.locator("h1.room")).to_have_text("kitchen")
            wait_until_here(page)
            self.at(page, DRAFT)
            self.write(page, "nobody in the kitchen")
            wait_for_lines(page, 1)

        with self.subTest("searches in all rooms and goes to what was found"):
            self.tab_to(page, VIEW, "Shift+Tab")
            self.press(page, "/")
            self.at(page, ".search-panel .field")
            self.write(page, "milk")
            expect(page.locator(".search-panel .state")).to_have_text("No messages found.")
            self.tab_to(page, ".search-panel .here")
            self.press(page, "ArrowDown")
            self.at(page, ".search-panel .everywhere")
            expect(page.locator(".search-panel .result")).to_have_count(1)
            self.tab_to(page, ".search-panel .field", "Shift+Tab")
            self.press(page, "ArrowDown")
            self.at(page, ".search-panel .result button")
            self.press(page, "Enter")
            expect(page.locator("h1.room")).to_have_text("lobby")
            self.at(page, line(page, "with milk\\?"))

        with self.subTest("looks up the keys"):
            self.press(page, "?")
            self.at(page, ".key-sheet .shut")
            self.press(page, "Escape")
            expect(page.locator("dialog[open]")).to_have_count(0)
            self.at(page, line(page, "with milk\\?"))

        with self.subTest("says what of the room calls, and comes back to writing"):
            self.tab_to(page, ".room-header .about", "Shift+Tab")
            self.press(page, "Enter")
            self.at(page, ".room-sheet #topic")
            self.tab_to(page, ".room-sheet .level")
            self.press(page, "ArrowUp")
            self.at(page, ".room-sheet .level[value=all]")
            expect(page.locator(".room-sheet .level[value=all]")).to_be_checked()
            self.press(page, "Escape")
            self.at(page, ".room-header .about")
            self.tab_to(page, DRAFT)
            say(bob, "then see you at four")
            expect(line(page, "then see you at four")).to_have_count(1)
            self.write(page, "see you")
            expect(line(bob, "see you")).to_have_count(1)
            self.at(page, DRAFT)


class ClickTest(FakeTestCase):
    """After a click, what is typed is for the composer: no letter is a command."""

    def talk(self) -> Page:
        page = self.fake()
        page.evaluate(
            """() => {
              const reactions = { "👍": ["u2"] };
              server.live({ text: "hello, see https://example.org/x", reactions });
              server.live({ text: "please deploy at 14:00", user: "u1", nick: "Ada" });
            }"""
        )
        wait_for_lines(page, 2)
        return page

    def test_a_word_typed_after_a_click_is_written_whole_and_does_nothing_else(self) -> None:
        page = self.talk()
        own, other = page.locator(LINES).nth(1), page.locator(LINES).nth(0)
        for place in (
            own,
            other.locator(".bubble"),
            own.locator(".text"),
            other.locator(".time"),
            page.locator(VIEW),
        ):
            for word in ("hello", "edit", "reply", "/x?", "+1", " x"):
                page.fill(DRAFT, "")
                # a click at the side, where no link is
                place.click(position={"x": 3, "y": 3})
                page.keyboard.type(word)
                expect(page.locator(DRAFT)).to_have_value(word)
                expect(page.locator(DRAFT)).to_be_focused()
                expect(page.locator(".composer .about")).to_be_hidden()
                expect(page.locator("dialog[open]")).to_have_count(0)

    def test_a_click_arms_neither_enter_nor_delete_nor_space(self) -> None:
        page = self.talk()
        page.fill(DRAFT, "half")
        page.locator(LINES).nth(1).click(position={"x": 3, "y": 3})
        page.keyboard.press("Delete")
        expect(page.locator(".asks")).to_have_count(0)
        page.locator(LINES).nth(1).click(position={"x": 3, "y": 3})
        page.keyboard.press("Backspace")
        expect(page.locator(DRAFT)).to_have_value("hal")
        page.locator(LINES).nth(1).click(position={"x": 3, "y": 3})
        page.keyboard.press("Enter")
        expect(page.locator(DRAFT)).to_be_focused()
        expect(page.locator(DRAFT)).to_have_value("hal")
        page.evaluate(
            "() => { window.asked = []; addEventListener('react', () => asked.push(1)); }"
        )
        chip = page.locator(f"{LINES} .chip").first
        chip.click()
        page.keyboard.press("Space")
        page.keyboard.type("o")
        expect(page.locator(DRAFT)).to_have_value("hal o")
        self.assertEqual(page.evaluate("() => asked.length"), 1)

    def test_a_dead_key_an_input_method_and_altgr_write_too(self) -> None:
        page = self.talk()
        for key in (
            "key: 'Dead', keyCode: 229",
            "key: 'Process', keyCode: 229",
            "key: 'e', keyCode: 229",
            "key: '€', ctrlKey: true, altKey: true, modifierAltGraph: true",
        ):
            with self.subTest(key=key):
                page.locator(LINES).nth(1).click(position={"x": 3, "y": 3})
                page.evaluate(
                    f"""() => document.activeElement.dispatchEvent(
                      new KeyboardEvent("keydown", {{ {key}, bubbles: true, cancelable: true }}))"""
                )
                expect(page.locator(DRAFT)).to_be_focused()
                expect(page.locator(".composer .about")).to_be_hidden()

    def test_letters_are_commands_again_once_keys_have_led_to_a_message(self) -> None:
        page = self.talk()
        page.locator(LINES).nth(1).click(position={"x": 3, "y": 3})
        page.keyboard.press("ArrowUp")
        expect(page.locator(LINES).nth(0)).to_be_focused()
        page.keyboard.press("r")
        expect(page.locator(".composer .about")).to_have_text(re.compile("Reply to Bob: hello"))
        page.press(DRAFT, "Escape")
        page.locator(VIEW).click(position={"x": 3, "y": 3})
        page.keyboard.press("ArrowUp")
        page.keyboard.press("/")
        expect(page.locator(".search-panel")).to_be_visible()

    def test_a_window_that_comes_back_leaves_a_clicked_message_as_it_was(self) -> None:
        page = self.talk()
        page.locator(LINES).nth(1).click(position={"x": 3, "y": 3})
        page.keyboard.press("Alt")
        page.evaluate(
            """() => document.activeElement.dispatchEvent(
              new FocusEvent("focusin", { bubbles: true }))"""
        )
        page.keyboard.type("edit")
        expect(page.locator(DRAFT)).to_have_value("edit")

    def test_a_search_result_that_was_clicked_arms_no_letter(self) -> None:
        page = self.fake()
        page.evaluate(
            """() => {
              server.live({ text: "mine", user: "u1", nick: "Ada" });
              const { entries } = server.room("lobby");
              server.serve.search = () => ({ type: "results", entries, more: false });
            }"""
        )
        wait_for_lines(page, 1)
        page.click(".room-header .search")
        page.fill(".search-panel .field", "mine")
        page.press(".search-panel .field", "Enter")
        page.click(".search-panel .result button")
        expect(page.locator(LINES)).to_be_focused()
        page.keyboard.type("edit")
        expect(page.locator(DRAFT)).to_have_value("edit")
        expect(page.locator(".composer .about")).to_be_hidden()

    def test_after_a_dialog_that_a_click_opened_letters_are_written(self) -> None:
        page = self.talk()
        page.click(".room-header .search")
        expect(page.locator(".search-panel")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(".search-panel")).to_be_hidden()
        page.keyboard.type("hello")
        expect(page.locator(DRAFT)).to_have_value("hello")

    def test_touch_and_a_keyboard_write(self) -> None:
        page = self.fake(has_touch=True, is_mobile=True, viewport={"width": 400, "height": 700})
        page.evaluate("() => server.live({ text: 'mine', user: 'u1', nick: 'Ada' })")
        wait_for_lines(page, 1)
        page.locator(LINES).nth(0).tap()
        page.keyboard.type("edit")
        expect(page.locator(DRAFT)).to_have_value("edit")
        expect(page.locator(".composer .about")).to_be_hidden()


if __name__ == "__main__":
    unittest.main()
