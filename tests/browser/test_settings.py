"""The settings of the device: each applies at once, in all tabs, and after a reload."""

from __future__ import annotations

import re
import unittest

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Page, expect

from tests.browser.fake import FAKE, FakeTestCase
from tests.browser.test_finding import PHONE
from tests.support.page import (
    CONNECTED,
    DRAFT,
    LINES,
    NAME,
    NO_SERVER,
    BrowserTestCase,
    enter,
    next_frame,
    say,
    wait_for_lines,
    wait_until_here,
)
from tests.support.server import ServerProcess

SETTINGS = "dialog.settings-sheet"

GROUND = "() => getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(244, 246, 248)", "rgb(16, 20, 24)"
ROOT_SIZE = "() => getComputedStyle(document.documentElement).fontSize"

#: Remembers each colour and text size that the page has when a frame is painted.
FRAMES = """
window.frames = [];
const look = () => {
  if (document.body) {
    const size = getComputedStyle(document.documentElement).fontSize;
    frames.push(`${getComputedStyle(document.body).backgroundColor} ${size}`);
  }
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


def settings(page: Page) -> None:
    """Open the settings, by the button of the side panel."""
    page.click(".side-panel .settings")
    expect(page.locator(f"{SETTINGS} .shut")).to_be_focused()


def choose(page: Page, setting: str, value: str) -> None:
    page.check(f"{SETTINGS} input[name=setting-{setting}][value='{value}']")


class SettingsTest(FakeTestCase):
    def test_it_opens_by_a_button_by_the_own_name_and_by_a_key(self) -> None:
        page = self.fake()
        for open_it in (
            lambda: page.click(".side-panel .settings"),
            lambda: page.click(".side-panel .self"),
            lambda: page.press(DRAFT, "Control+Comma"),
        ):
            open_it()
            expect(page.locator(SETTINGS)).to_be_visible()
            page.keyboard.press("Escape")
            expect(page.locator(SETTINGS)).to_be_hidden()

    def test_the_theme_applies_at_once_and_is_not_lost_by_a_reload(self) -> None:
        page = self.fake(color_scheme="light")
        settings(page)
        for value, ground, bar in (
            ("dark", DARK, "#101418"),
            ("light", LIGHT, "#f4f6f8"),
            ("system", LIGHT, "#f4f6f8"),
            ("dark", DARK, "#101418"),
        ):
            choose(page, "theme", value)
            page.wait_for_function(f"ground => ({GROUND})() === ground", arg=ground)
            colours = page.evaluate(
                "() => [...document.querySelectorAll('meta[name=theme-color]')]"
                ".filter(meta => matchMedia(meta.media).matches).map(meta => meta.content)"
            )
            self.assertEqual(colours, [bar])
        page.reload()
        page.wait_for_selector(CONNECTED)
        self.assertEqual(page.evaluate(GROUND), DARK)
        page.emulate_media(color_scheme="dark")
        settings(page)
        choose(page, "theme", "light")
        page.wait_for_function(f"ground => ({GROUND})() === ground", arg=LIGHT)

    def test_no_frame_shows_another_theme_or_size_than_the_chosen_ones(self) -> None:
        page = self.fake(color_scheme="light")
        settings(page)
        choose(page, "theme", "dark")
        choose(page, "size", "large")
        page.wait_for_function(f"size => ({ROOT_SIZE})() === size", arg="18px")
        page.add_init_script(FRAMES)
        page.reload()
        page.wait_for_selector(CONNECTED)
        page.wait_for_function("() => frames.length > 5")
        self.assertEqual(page.evaluate("() => [...new Set(frames)]"), [f"{DARK} 18px"])

    def test_the_text_size_scales_the_page(self) -> None:
        page = self.fake()
        settings(page)
        for value, size in (("small", 14), ("large", 18), ("larger", 20), ("largest", 24)):
            choose(page, "size", value)
            page.wait_for_function(f"size => ({ROOT_SIZE})() === size", arg=f"{size}px")
            overflow = page.evaluate(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            self.assertEqual(overflow, 0, value)
        choose(page, "size", "normal")
        page.wait_for_function(f"size => ({ROOT_SIZE})() === size", arg="16px")

    def test_the_language_changes_everything_that_is_displayed(self) -> None:
        page = self.fake()
        say(page, "hello")
        wait_for_lines(page, 1)
        page.hover(f"{LINES} .bubble")
        expect(page.locator(".action-bar .reply")).to_have_attribute("aria-label", "Reply")
        settings(page)
        choose(page, "language", "zh")
        expect(page.locator(f"{SETTINGS} .title")).to_have_text("设置")
        expect(page.locator(f"{SETTINGS} .option .label").first).to_have_text("主题")
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
        expect(page.locator("#rooms-title")).to_have_text("房间")
        expect(page.locator(".member-list .title")).to_have_text("1 人在此")
        expect(page.locator(".member-list .me")).to_have_text("你")
        expect(page.locator(".composer .send")).to_have_text("发送")
        expect(page.locator(f"{LINES} .nick")).to_have_text("你")
        expect(page.locator(".room-list .room")).to_have_attribute("aria-label", "lobby, 1 人在此")
        page.keyboard.press("Escape")
        page.hover(f"{LINES} .bubble")
        expect(page.locator(".action-bar .reply")).to_have_attribute("aria-label", "回复")
        page.reload()
        page.wait_for_selector(CONNECTED)
        expect(page.locator("#rooms-title")).to_have_text("房间")
        settings(page)
        choose(page, "language", "system")
        expect(page.locator("#rooms-title")).to_have_text("Rooms")

    def test_a_dialog_that_was_open_before_speaks_the_new_language_as_well(self) -> None:
        page = self.fake()
        page.keyboard.press("Control+KeyK")
        expect(page.locator(".room-switcher .choice")).to_have_count(1)
        page.keyboard.press("Escape")
        page.click(".side-panel .keys")
        expect(page.locator("#keys-title")).to_have_text("Keyboard shortcuts")
        page.keyboard.press("Escape")
        settings(page)
        choose(page, "language", "zh")
        expect(page.locator("#rooms-title")).to_have_text("房间")
        page.keyboard.press("Escape")
        page.click(".side-panel .keys")
        expect(page.locator("#keys-title")).to_have_text("快捷键")
        expect(page.locator(".key-sheet .group .title").first).to_have_text("房间")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+KeyK")
        expect(page.locator(".room-switcher .choice .here")).to_have_text("当前房间")

    def test_a_place_further_up_is_kept_when_the_language_changes(self) -> None:
        page = self.fake()
        page.evaluate(
            "() => { for (let i = 0; i < 120; i++) server.live({ text: `number ${i}` }) }"
        )
        wait_for_lines(page, 120)
        line = f"{LINES}[data-seq='60']"
        page.eval_on_selector(line, "line => line.scrollIntoView({ block: 'start' })")
        next_frame(page)
        page.evaluate("() => server.live({ text: 'below' })")
        expect(page.locator(".message-list .jump")).to_be_visible()
        place = "line => Math.round(line.getBoundingClientRect().top)"
        before = page.eval_on_selector(line, place)
        settings(page)
        choose(page, "clock", "12")
        expect(page.locator(f"{LINES} .time").first).to_have_text(re.compile(r"[ap]m$", re.I))
        self.assertAlmostEqual(page.eval_on_selector(line, place), before, delta=3)

    def test_times_have_the_chosen_format_at_once(self) -> None:
        page = self.fake(timezone_id="UTC")
        page.evaluate("() => server.live({ text: 'x', time: 1764000000 })")
        page.wait_for_selector(LINES)
        time = page.locator(f"{LINES} .time")
        expect(time).to_have_text("16:00")
        settings(page)
        choose(page, "clock", "12")
        expect(time).to_have_text(re.compile(r"^0?4:00\s[ap]m$", re.I))
        choose(page, "clock", "24")
        expect(time).to_have_text("16:00")

    def test_every_tab_follows(self) -> None:
        page = self.fake(color_scheme="light")
        other = page.context.new_page()
        other.goto(self.server.url)
        other.wait_for_selector(CONNECTED)
        settings(page)
        choose(page, "theme", "dark")
        choose(page, "size", "larger")
        choose(page, "language", "zh")
        page.check(f"{SETTINGS} .sound")
        other.wait_for_function(f"ground => ({GROUND})() === ground", arg=DARK)
        other.wait_for_function(f"size => ({ROOT_SIZE})() === size", arg="20px")
        expect(other.locator("#rooms-title")).to_have_text("房间")
        settings(other)
        expect(other.locator(f"{SETTINGS} .sound")).to_be_checked()
        expect(other.locator(f"{SETTINGS} input[value=dark]")).to_be_checked()

    def test_it_works_without_a_server(self) -> None:
        page = self.fake()
        settings(page)
        page.keyboard.press("Escape")
        page.evaluate("() => server.end(1013)")
        page.wait_for_selector(".connection-state[data-phase=waiting]", state="attached")
        settings(page)
        choose(page, "theme", "dark")
        page.wait_for_function(f"ground => ({GROUND})() === ground", arg=DARK)

    def test_texts_that_cannot_be_loaded_are_said_to_come_later(self) -> None:
        page = self.fake()
        self.expect_complaint("Failed to load resource")
        page.route("**/i18n/zh.js", lambda route: route.abort())
        settings(page)
        choose(page, "language", "zh")
        expect(page.locator(f"{SETTINGS} > .refusal")).to_contain_text("could not be loaded")
        expect(page.locator("#rooms-title")).to_have_text("Rooms")
        page.unroute("**/i18n/zh.js")
        page.reload()
        expect(page.locator("#rooms-title")).to_have_text("房间")

    def test_an_odd_value_that_was_stored_does_no_harm(self) -> None:
        for stored in ('{"theme": "pink", "size": 7, "language": "x y", "clock": {}}', "[1]", "{"):
            with self.subTest(stored=stored):
                page = self.fake(color_scheme="light")
                page.evaluate(
                    "stored => localStorage.setItem(`gochat ${document.baseURI} settings`, stored)",
                    stored,
                )
                page.reload()
                page.wait_for_selector(CONNECTED)
                self.assertEqual(page.evaluate(GROUND), LIGHT)
                expect(page.locator("#rooms-title")).to_have_text("Rooms")
                page.context.close()

    def test_axe_finds_nothing_and_nothing_is_out_of_sight(self) -> None:
        for scheme in ("light", "dark"):
            for screen in ({"viewport": {"width": 1280, "height": 720}}, PHONE):
                page = self.fake(color_scheme=scheme, reduced_motion="reduce", **screen)
                if screen is PHONE:
                    page.click(".room-header .menu")
                settings(page)
                self.check(page, f"settings, {scheme}")
                page.click(f"{SETTINGS} .forget")
                expect(page.locator(f"{SETTINGS} .sure .no")).to_be_focused()
                self.check(page, f"signing out, {scheme}")
                choose(page, "size", "largest")
                overflow = page.eval_on_selector(SETTINGS, "e => e.scrollWidth - e.clientWidth")
                self.assertLessEqual(overflow, 0)
                page.context.close()

    def check(self, page: Page, state: str) -> None:
        with self.subTest(state=state):
            found = Axe().run(page)
            self.assertEqual(found.violations_count, 0, found.generate_report())


class NotificationTest(FakeTestCase):
    def test_what_the_browser_blocks_is_explained(self) -> None:
        page = self.page(
            FAKE + "Object.defineProperty(Notification, 'permission', { value: 'denied' });"
        )
        page.goto(self.server.url)
        enter(page, "Ada")
        settings(page)
        expect(page.locator("#settings-desktop")).to_contain_text("blocks notifications")
        expect(page.locator(f"{SETTINGS} .desktop")).to_be_disabled()


class DeviceTest(BrowserTestCase):
    def test_signing_out_deletes_what_is_stored_and_asks_for_a_name(self) -> None:
        with ServerProcess("--memory") as server:
            page = self.open(server.url, "Ada")
            say(page, "hello")
            wait_for_lines(page, 1)
            page.fill(DRAFT, "half a thought")
            other = page.context.new_page()
            other.goto(server.url)
            wait_until_here(other)
            settings(page)
            choose(page, "theme", "dark")
            expect(page.locator(f"{SETTINGS} .who")).to_have_text(
                "Your name in this browser is Ada."
            )
            expect(page.locator(f"{SETTINGS} .stored")).to_contain_text("Drafts: 1")
            page.click(f"{SETTINGS} .forget")
            expect(page.locator("#settings-sure")).to_contain_text("Ada")
            page.click(f"{SETTINGS} .sure .no")
            expect(page.locator(f"{SETTINGS} .forget")).to_be_focused()
            page.click(f"{SETTINGS} .forget")
            page.click(f"{SETTINGS} .sure .yes")
            for each in (page, other):
                expect(each.locator(NAME)).to_be_visible()
                expect(each.locator(NAME)).to_have_value("")
            expect(page.locator(NAME)).to_be_focused()
            stored = page.evaluate(
                "() => [localStorage, sessionStorage].flatMap(area => Object.entries(area))"
                ".filter(([key, value]) => /Ada|half|token|dark/.test(value))"
            )
            self.assertEqual(stored, [])
            page.wait_for_function(
                "async () => (await indexedDB.databases()).every(each => !/gochat/.test(each.name))"
            )
            enter(other, "Bob")
            self.assertEqual(wait_for_lines(other, 1), ["hello"])
            expect(other.locator(DRAFT)).to_have_value("")
            expect(other.locator(LINES)).not_to_have_class(re.compile("own"))
            page.context.close()

    def test_signing_out_works_without_a_server(self) -> None:
        with ServerProcess("--memory") as server:
            page = self.open(server.url, "Ada")
            settings(page)
            self.expect_complaint(NO_SERVER)
            page.context.set_offline(True)
            server.stop()
            page.click(f"{SETTINGS} .forget")
            page.click(f"{SETTINGS} .sure .yes")
            expect(page.locator(NAME)).to_be_visible()
            self.assertEqual(
                page.evaluate(
                    "() => Object.keys(localStorage).filter(key => /identity/.test(key))"
                ),
                [],
            )
            page.context.close()

    def test_the_name_is_changed_from_the_settings(self) -> None:
        with ServerProcess("--memory") as server:
            page = self.open(server.url, "Ada")
            settings(page)
            page.click(f"{SETTINGS} .rename")
            expect(page.locator(NAME)).to_be_focused()
            page.fill(NAME, "Countess")
            page.press(NAME, "Enter")
            expect(page.locator(".side-panel .me .nick")).to_have_text("Countess")
            page.context.close()


if __name__ == "__main__":
    unittest.main()
