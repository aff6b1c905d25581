"""The page for everybody: right to left, magnified, in high contrast, above a keyboard of glass."""

from __future__ import annotations

import time
import unittest
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import FloatRect, Page, expect

from tests.browser.fake import FakeTestCase
from tests.browser.test_look import PHONE, TALK, WIDE
from tests.support.page import (
    DRAFT,
    HOST,
    LINES,
    UNENCRYPTED,
    VIEW,
    enter,
    fully_scrolled,
    go,
    next_frame,
)

#: What opens each dialog: a button, or a key where nothing is being written.
DIALOGS = {
    "room-switcher": "Control+k",
    "search-panel": ".room-header .search",
    "room-sheet": ".room-header .about",
    "key-sheet": "?",
}

#: How far the page, its log and an open dialog reach beyond their width.
OVERFLOW = """() => ["html", ".message-list .view", ".side-panel .parts", "dialog[open]"]
  .flatMap((selector) => [...document.querySelectorAll(selector)])
  .map((each) => each.scrollWidth - each.clientWidth)"""


def box(page: Page, selector: str) -> FloatRect:
    """Where this is, once it is there: some parts come when they are first wanted."""
    place = page.locator(selector).first
    expect(place).to_be_visible()
    found = place.bounding_box()
    assert found is not None, selector
    return found


def words(page: Page, selector: str) -> FloatRect:
    """Where its words are, which may be narrower than it is."""
    found: FloatRect = page.locator(selector).first.evaluate(
        """(each) => {
          const range = document.createRange();
          range.selectNodeContents(each);
          const { x, y, width, height } = range.getBoundingClientRect();
          return { x, y, width, height };
        }"""
    )
    return found


class EverybodyTestCase(FakeTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.expect_complaint(UNENCRYPTED)

    @property
    def url(self) -> str:
        """As others open it: its room has a QR code."""
        return f"http://{HOST}:{self.server.port}/"

    def talking(self, **context: Any) -> Page:
        """A page in the middle of a conversation."""
        page = self.blank(**context)
        enter(page, "Ada")
        page.evaluate(TALK)
        page.evaluate(
            """() => {
              server.live({ text: "```\\ncode\\n```\\n- one\\n- two\\n\\n> quoted", reply_to: 1 });
              server.live({ text: "שלום https://example.org/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p" });
            }"""
        )
        expect(page.locator(f"{LINES} .fence")).to_be_attached()
        return page

    def open_dialog(self, page: Page, name: str) -> str:
        """Open one of the dialogs; gives its selector."""
        opener = DIALOGS[name]
        page.keyboard.press("Shift")  # as if a key had brought the focus: then "?" is a command
        page.focus(VIEW)
        if opener.startswith("."):
            page.click(opener)
        else:
            page.keyboard.press(opener)
        expect(page.locator(f".{name}")).to_be_visible()
        if name == "room-sheet":
            page.click(".room-sheet .reveal")
            expect(page.locator(".room-sheet svg")).to_be_visible()
        page.wait_for_function("() => document.getAnimations().length === 0")
        return f".{name}"


class RightToLeftTest(EverybodyTestCase):
    def turned(self, **context: Any) -> Page:
        page = self.talking(reduced_motion="reduce", **context)
        page.evaluate("() => { document.documentElement.dir = 'rtl' }")
        next_frame(page)
        return page

    def test_on_a_wide_screen_all_sides_are_the_other_ones(self) -> None:
        page = self.turned(**WIDE)
        self.assertGreater(box(page, ".side-panel")["x"], box(page, ".conversation")["x"])
        own, other = box(page, f"{LINES}.own .bubble"), box(page, f"{LINES}:not(.own) .bubble")
        self.assertLess(own["x"], other["x"])
        avatar = box(page, f"{LINES}.leads:not(.own) > .avatar")
        self.assertGreater(avatar["x"], other["x"])
        self.assertLess(box(page, ".composer .send")["x"], box(page, DRAFT)["x"])
        for name, place in (
            ("h1.room", ".room-header .place"),
            (".room-list .name", ".room-list .room"),
        ):
            inner, outer = words(page, name), box(page, place)
            self.assertLess(outer["x"] + outer["width"] - inner["x"] - inner["width"], 24, name)
        self.assertLessEqual(max(page.evaluate(OVERFLOW)), 0)
        page.locator(f"{LINES}.own .bubble").hover()
        bar, own = box(page, ".action-bar"), box(page, f"{LINES}.own .bubble")
        self.assertGreater(bar["x"] + bar["width"], own["x"] + own["width"], "away from the edge")
        for name in DIALOGS:
            with self.subTest(dialog=name):
                whole = box(page, self.open_dialog(page, name))
                shut = box(page, f".{name} .shut")
                self.assertLess(shut["x"] + shut["width"], whole["x"] + whole["width"] / 2)
                self.assertLessEqual(max(page.evaluate(OVERFLOW)), 0)
                page.keyboard.press("Escape")

    def test_on_a_phone_the_panel_comes_from_the_right(self) -> None:
        page = self.turned(**PHONE)
        self.assertLessEqual(max(page.evaluate(OVERFLOW)), 0)
        page.click(".room-header .menu")
        panel = box(page, ".side-panel")
        self.assertAlmostEqual(panel["x"] + panel["width"], 390, delta=1)
        self.assertLessEqual(max(page.evaluate(OVERFLOW)), 0)


class MagnifiedTest(EverybodyTestCase):
    """200 % of 1280 × 800, 400 % of 1280 × 1024 (WCAG 2.2, 1.4.10), and a phone on its side."""

    SCREENS = ((640, 400), (320, 256), (844, 390))

    def test_every_dialog_fits_and_can_be_closed(self) -> None:
        for width, height in self.SCREENS:
            page = self.talking(viewport={"width": width, "height": height})
            for name in DIALOGS:
                with self.subTest(dialog=name, width=width, height=height):
                    place = box(page, self.open_dialog(page, name))
                    self.assertGreaterEqual(min(place["x"], place["y"]), 0)
                    self.assertLessEqual(place["x"] + place["width"], width)
                    self.assertLessEqual(place["y"] + place["height"], height)
                    self.assertLessEqual(max(page.evaluate(OVERFLOW)), 0)
                    page.locator(f".{name} .shut").scroll_into_view_if_needed()
                    page.click(f".{name} .shut")
                    expect(page.locator(f".{name}")).to_be_hidden()
            page.context.close()

    def test_what_can_be_done_with_a_message_fits(self) -> None:
        for width, height in self.SCREENS:
            with self.subTest(width=width, height=height):
                page = self.talking(viewport={"width": width, "height": height})
                page.focus(VIEW)
                page.keyboard.press("ArrowUp")
                page.keyboard.press("+")
                expect(page.locator(".action-bar .picker")).to_be_visible()
                bar = box(page, ".action-bar")
                self.assertGreaterEqual(bar["x"], 0)
                self.assertLessEqual(bar["x"] + bar["width"], width)
                sideways = "bar => bar.scrollWidth - bar.clientWidth"
                self.assertLessEqual(page.eval_on_selector(".action-bar", sideways), 0)
                expect(page.locator(".action-bar .emoji:focus")).to_be_in_viewport(ratio=1)
                page.context.close()


class HighContrastTest(EverybodyTestCase):
    """Colours that the user's system sets: what only a background would tell is lost."""

    def line_of(self, page: Page, selector: str) -> str:
        """How this is framed, and how bold it is."""
        found: str = page.locator(selector).first.evaluate(
            """(each) => {
              const { borderTopColor, borderTopStyle, borderTopWidth, outlineColor, outlineStyle,
                outlineWidth } = getComputedStyle(each);
              const border = [borderTopColor, borderTopStyle, borderTopWidth];
              const outline = outlineStyle === "none" ? [] : [outlineColor, outlineWidth];
              return [...border, ...outline].join(" ");
            }"""
        )
        return found

    def test_what_is_chosen_is_framed_in_another_way(self) -> None:
        page = self.talking(forced_colors="active", **WIDE)
        go(page, "tea")
        go(page, "lobby")
        page.evaluate(
            """() => {
              const reactions = { "👍": ["u1"], "🎉": ["u2"] };
              server.live({ text: "liked by both", reactions });
            }"""
        )
        pressed = ".chip[aria-pressed=true]"
        expect(page.locator(pressed)).to_have_count(2)
        self.differ(page, pressed, ".chip[aria-pressed=false]")
        page.keyboard.press("Control+k")
        page.fill(".room-switcher .field", "")
        expect(page.locator(".room-switcher .choice")).to_have_count(2)
        self.differ(page, ".choice[aria-selected=true]", ".choice[aria-selected=false]")
        page.keyboard.press("Escape")
        expect(page.locator(".room-list .room")).to_have_count(2)
        self.differ(page, ".room-list .room[aria-current]", ".room-list .room:not([aria-current])")
        page.fill(DRAFT, "")
        page.locator(DRAFT).press_sequentially(":te")
        expect(page.locator(".completion-list .option").nth(1)).to_be_visible()
        self.differ(page, ".option[aria-selected=true]", ".option[aria-selected=false]")

    def differ(self, page: Page, one: str, other: str) -> None:
        self.assertNotEqual(self.line_of(page, one), self.line_of(page, other), one)

    def test_axe_finds_nothing(self) -> None:
        page = self.talking(forced_colors="active", **WIDE)
        found = Axe().run(page)
        self.assertEqual(found.violations_count, 0, found.generate_report())


class TimeTest(FakeTestCase):
    NOON = 1764003600  # 17:00 UTC on 24 November 2025

    def told(self, locale: str, zone: str) -> list[str | None]:
        """The time of a message, its day in full, and the line that parts the days."""
        page = self.fake(locale=locale, timezone_id=zone)
        page.evaluate("time => server.live({ text: 'x', time })", self.NOON)
        when = page.locator(f"{LINES} .time")
        expect(when).not_to_be_empty()
        self.assertEqual(when.get_attribute("datetime"), "2025-11-24T17:00:00.000Z")
        return [when.text_content(), when.get_attribute("title")]

    def test_times_are_told_as_the_reader_tells_them_where_they_are(self) -> None:
        clock, exact = self.told("en-US", "America/New_York")
        self.assertRegex(clock or "", r"^12:00\sPM$")
        self.assertRegex(exact or "", r"^Monday, November 24, 2025 at 12:00:00\sPM$")
        clock, exact = self.told("de-DE", "Asia/Tokyo")
        self.assertEqual(clock, "02:00")
        self.assertRegex(exact or "", r"^Dienstag, 25\. November 2025 um 02:00:00$")

    def test_day_lines_have_the_order_of_the_user_s_locale_in_the_page_s_words(self) -> None:
        for locale, expected in (
            ("en-US", "Monday, November 24, 2025"),
            ("en-GB", "Monday, 24 November 2025"),
            ("de-DE", "Monday, 24 November 2025"),
        ):
            page = self.fake(locale=locale, timezone_id="UTC")
            page.evaluate("time => server.live({ text: 'x', time })", self.NOON)
            expect(page.locator(".message-list .note.day")).to_have_text(expected)

    def test_today_is_yesterday_from_midnight_on_also_in_search_results(self) -> None:
        page = self.blank(timezone_id="UTC")
        page.clock.install(time="2025-11-24T23:59:30Z")
        enter(page, "Ada")
        page.evaluate(
            """() => {
              server.live({ text: "tea", time: Date.now() / 1000 });
              server.serve.search = () => {
                const { entries } = server.room("lobby");
                return { type: "results", entries, more: false, complete: true };
              };
            }"""
        )
        day = page.locator(".message-list .note.day")
        expect(day).to_have_text("Today")
        page.click(".room-header .search")
        page.fill(".search-panel .field", "tea")
        page.press(".search-panel .field", "Enter")
        result = page.locator(".search-panel .result .time")
        expect(result).to_have_text("Today, 23:59")
        page.clock.fast_forward("01:00")
        expect(day).to_have_text("Yesterday")
        expect(result).to_have_text("Yesterday, 23:59")

    def test_how_long_ago_it_was_stands_with_what_can_be_done(self) -> None:
        page = self.fake()
        page.evaluate("time => server.live({ text: 'x', time })", time.time() - 7_500)
        page.locator(f"{LINES} .bubble").hover()
        expect(page.locator(".action-bar .when")).to_have_text("2 hours ago")
        exact = page.locator(f"{LINES} .time").get_attribute("title")
        expect(page.locator(".action-bar .when")).to_have_attribute("title", exact or "")


class GlassTest(FakeTestCase):
    def test_a_keyboard_that_opens_covers_neither_what_is_written_nor_the_newest_line(self) -> None:
        page = self.fake(**PHONE)
        page.evaluate("() => { for (let n = 0; n < 60; n++) server.live({ text: `line ${n}` }) }")
        expect(page.locator(f"{LINES} .text").last).to_have_text("line 59")
        content = page.get_attribute("meta[name=viewport]", "content") or ""
        self.assertIn("interactive-widget=resizes-content", content)
        page.tap(DRAFT)
        page.set_viewport_size({"width": 390, "height": 400})  # what that makes of the page
        expect(page.locator(DRAFT)).to_be_in_viewport(ratio=1)
        expect(page.locator(".composer .send")).to_be_in_viewport(ratio=1)
        expect(page.locator(LINES).last).to_be_in_viewport(ratio=1)
        expect(page.locator("h1.room")).to_be_in_viewport(ratio=1)
        page.set_viewport_size({"width": 390, "height": 844})
        expect(page.locator(LINES).last).to_be_in_viewport(ratio=1)
        self.assertTrue(fully_scrolled(page))


if __name__ == "__main__":
    unittest.main()
