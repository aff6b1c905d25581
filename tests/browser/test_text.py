"""The text of messages in a browser: selected, copied, folded, pasted, from left or from right."""

from __future__ import annotations

import json
import unittest
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import FloatRect, Page, expect

from tests.browser.fake import FakeTestCase
from tests.support.page import DRAFT, LINES, VIEW, go, next_frame, wait_for_lines

BAR = ".action-bar"

#: Select from the start of one message to the end of another; `from` and `to` are seqs.
SELECT = """([from, to]) => {
  const text = (seq) => document.querySelector(`#m-${seq} .text`);
  const range = document.createRange();
  range.setStart(text(from), 0);
  range.setEnd(text(to), text(to).childNodes.length);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""

#: What a copy puts into the clipboard; "" where it is left to the browser.
COPIED = """() => {
  const clipboardData = new DataTransfer();
  const event = new ClipboardEvent("copy", { clipboardData, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
  return event.clipboardData.getData("text/plain");
}"""


def live(page: Page, text: str, **more: Any) -> None:
    """Have the server bring a message."""
    page.evaluate(f"() => server.live({json.dumps({'text': text, **more})})")


class SelectionTest(FakeTestCase):
    def test_a_reaction_of_somebody_else_leaves_what_is_selected(self) -> None:
        page = self.fake()
        live(page, "**one** two https://a.example three")
        wait_for_lines(page, 1)
        page.evaluate(SELECT, [1, 1])
        before = page.evaluate("() => getSelection().toString()")
        self.assertIn("two", before)
        for number, emoji in enumerate(("👍", "🎉"), 1):
            page.evaluate(
                """emoji => server.live(
                  { type: "reacted", target: 1, emoji, on: true, user: "u2", nick: "Bob" })""",
                emoji,
            )
            expect(page.locator("#m-1 .chip")).to_have_count(number)
            self.assertEqual(page.evaluate("() => getSelection().toString()"), before)

    def test_a_chip_that_has_the_focus_keeps_it_when_another_comes(self) -> None:
        page = self.fake()
        live(page, "x", reactions={"👍": ["u2"]})
        page.focus(".chip")
        page.evaluate("() => { window.chip = document.activeElement }")
        page.evaluate(
            """() => server.live(
              { type: "reacted", target: 1, emoji: "🎉", on: true, user: "u2", nick: "Bob" })"""
        )
        expect(page.locator(".chip")).to_have_count(2)
        self.assertTrue(page.evaluate("() => document.activeElement === window.chip"))


class CopyTest(FakeTestCase):
    def copied(self, page: Page, first: int, last: int, wanted: str) -> None:
        """Select, and compare what a copy gives; the module for it comes with the selection."""
        page.evaluate(SELECT, [first, last])
        page.wait_for_function(f"() => ({COPIED})() !== ''")
        self.assertEqual(page.evaluate(COPIED), wanted)

    def test_several_messages_are_copied_as_they_were_written(self) -> None:
        page = self.fake()
        live(page, "> said\n> before\n\nmine", user="u1", nick="Ada", id="a", time=0)
        live(page, "- one\n- two\n\n3. three", reactions={"👍": ["u1", "u2"]}, time=0)
        live(page, "```sh\nls *\n```\nend https://bank.com\u2044evil.com", time=0)
        wait_for_lines(page, 3)
        times = page.locator(f"{LINES} .time").first.text_content()
        self.copied(
            page,
            1,
            3,
            f"Ada {times}\n> said\n> before\nmine\n\nBob {times}\n- one\n- two\n3. three\n"
            "```sh\nls *\n```\nend https://bank.com\u2044evil.com",
        )

    def test_a_quote_in_one_message_keeps_its_mark(self) -> None:
        page = self.fake()
        live(page, "> said\n\nyes")
        wait_for_lines(page, 1)
        self.copied(page, 1, 1, "> said\nyes")

    def test_plain_words_of_one_message_are_left_to_the_browser(self) -> None:
        page = self.fake()
        live(page, "> said\n\nyes")
        live(page, "plain **words**")
        wait_for_lines(page, 2)
        self.copied(page, 1, 1, "> said\nyes")  # what makes texts is there
        page.evaluate(SELECT, [2, 2])
        self.assertEqual(page.evaluate(COPIED), "")

    def test_the_menu_copies_the_text_as_it_was_typed(self) -> None:
        page = self.fake()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        live(page, "> *said*\n\n`yes`")
        page.locator("#m-1 .bubble").hover()
        page.click(f"{BAR} .copy")
        expect(page.locator(f"{BAR} .copy")).to_have_attribute("title", "Text copied")
        self.assertEqual(page.evaluate("() => navigator.clipboard.readText()"), "> *said*\n\n`yes`")


class FoldTest(FakeTestCase):
    def test_a_long_message_is_folded_to_a_screen_and_unfolded_by_keyboard(self) -> None:
        page = self.fake(viewport={"width": 900, "height": 600})
        live(page, "hi" + "\n" * 3_990 + "there")
        more = page.locator("#m-1 .more")
        expect(more).to_have_text("Show more")
        self.assertLess(self.box(page)["height"], 600)
        page.focus(VIEW)
        page.keyboard.press("ArrowUp")
        expect(page.locator("#m-1")).to_be_focused()
        page.keyboard.press("Tab")
        expect(more).to_be_focused()
        top = self.box(page)["y"]
        page.keyboard.press("Enter")
        expect(more).to_have_text("Show less")
        next_frame(page)
        self.assertAlmostEqual(self.box(page)["y"], top, delta=2)  # one reads on from there
        expect(more).to_have_attribute("aria-expanded", "true")
        self.assertGreater(self.box(page)["height"], 50_000)
        self.assertEqual(Axe().run(page).violations_count, 0)
        page.keyboard.press("Enter")
        self.assertLess(self.box(page)["height"], 600)

    def test_a_link_far_down_in_a_folded_message_unfolds_it_when_it_gets_the_focus(self) -> None:
        page = self.fake(viewport={"width": 900, "height": 600})
        live(page, "x\n" * 60 + "https://a.example/")
        expect(page.locator("#m-1.folded")).to_have_count(1)
        page.focus("#m-1 .text a")
        expect(page.locator("#m-1.unfolded")).to_have_count(1)
        expect(page.locator("#m-1 .text a")).to_be_focused()

    def test_a_short_message_has_no_such_button(self) -> None:
        page = self.fake()
        live(page, "x\n" * 20)
        wait_for_lines(page, 1)
        expect(page.locator(f"{LINES} .more")).to_have_count(0)

    def box(self, page: Page) -> FloatRect:
        box = page.locator("#m-1 .bubble").bounding_box()
        assert box is not None
        return box


class PasteTest(FakeTestCase):
    def test_a_megabyte_is_bounded_at_once_and_said_and_no_burden_for_the_next_load(self) -> None:
        page = self.fake()
        page.focus(DRAFT)
        page.evaluate(
            """([selector, text]) => {
              const clipboardData = new DataTransfer();
              clipboardData.setData("text/plain", text);
              document.querySelector(selector).dispatchEvent(
                new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
            }""",
            [DRAFT, "word " * 200_000],
        )
        expect(page.locator("#hint")).to_have_text(
            "A draft has at most 16000 characters. The rest was not pasted."
        )
        expect(page.locator(".composer > .spoken")).to_contain_text("The rest was not pasted.")
        self.assertEqual(page.eval_on_selector(DRAFT, "field => field.value.length"), 16_000)
        stored = page.evaluate(
            """() => [localStorage, sessionStorage].map((store) =>
              Object.keys(store).reduce((sum, key) => sum + store.getItem(key).length, 0))"""
        )
        self.assertLess(max(stored), 20_000)
        page.keyboard.press("Control+z")
        expect(page.locator(DRAFT)).to_have_value("")
        page.keyboard.type("x")
        expect(page.locator("#hint")).not_to_contain_text("pasted")


class DirectionTest(FakeTestCase):
    def test_each_item_and_quote_has_its_own_direction(self) -> None:
        page = self.fake()
        live(page, "English\n- שלום עולם\n- left\n\n> ציטוט")
        wait_for_lines(page, 1)
        for selector, wanted in (
            (":scope > div", "ltr"),
            ("li >> nth=0", "rtl"),
            ("li >> nth=1", "ltr"),
            ("blockquote", "rtl"),
        ):
            element = page.locator("#m-1 .text").locator(selector)
            self.assertEqual(element.evaluate("each => getComputedStyle(each).direction"), wanted)
        right, left = (
            page.locator(f"#m-1 .text li >> nth={n}").evaluate(
                """(item) => {
                  const range = document.createRange();
                  range.selectNodeContents(item);
                  const text = range.getBoundingClientRect();
                  const list = item.parentElement.getBoundingClientRect();
                  return [text.left - list.left, list.right - text.right];
                }"""
            )
            for n in (0, 1)
        )
        self.assertAlmostEqual(
            right[1], left[0], delta=1
        )  # as far from its own side, where the mark is
        self.assertGreater(right[1], 8)


class HostTest(FakeTestCase):
    def test_a_host_that_is_not_what_it_looks_like_is_shown_and_an_honest_one_is_not(self) -> None:
        page = self.fake()
        live(page, "https://bank.com\u2044evil.com/")
        expect(page.locator("#m-1 .place")).to_contain_text("xn--")
        live(page, "https://bücher.example/")
        expect(page.locator("#m-2 .text a")).to_have_count(1)
        expect(page.locator("#m-2 .place")).to_have_count(0)

    def test_what_follows_the_marks_of_a_fence_is_shown(self) -> None:
        page = self.fake()
        live(page, "```foo\nbar```")
        expect(page.locator("#m-1 .fence .info")).to_have_text("foo")
        expect(page.locator("#m-1 .fence code")).to_have_text("bar```")

    def test_a_mention_in_a_quote_or_in_code_calls_nobody(self) -> None:
        page = self.fake()
        go(page, "tea")
        for text in ("`@Ada`", "> @Ada said", "ada@ada.example", "https://a.example/@Ada"):
            live(page, text)
        badge = page.locator('.room-list .room[data-room="lobby"] .badge .number')
        expect(badge).to_have_text("4")
        live(page, "@Ada!")
        expect(badge).to_have_text("@1")


if __name__ == "__main__":
    unittest.main()
