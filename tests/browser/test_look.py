"""How the page looks and reads: languages, schemes, screens, and what a screen reader is told."""

from __future__ import annotations

import unittest
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Page, expect

from tests.browser.fake import FakeTestCase
from tests.support.page import (
    CONNECTED,
    DRAFT,
    LINES,
    NAME,
    VIEW,
    enter,
    next_frame,
    say,
    wait_for_lines,
)

RETRY = ".connection-state .retry"
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}

SCREENS = ((320, 256), (390, 844), (640, 400), (844, 390), (900, 600), (2560, 1440))

#: Everything that a message list can show.
TALK = """
() => {
  server.members = [{ user: "u2", nick: "Bob" }];
  for (let n = 0; n < 30; n++) server.live({ text: `line ${n}` });
  server.live({ text: "an edited line", edited: 1764000000 });
  server.live({ deleted: true });
  server.live({ text: "liked", reactions: { "👍": ["u1"], "🎉": ["u2", "u3"] } });
  server.live({ text: "beep", bot: true, user: "u5", nick: "clock" });
  server.live({ type: "topic", text: "All about tea" });
  server.live({ type: "topic", text: "" });
  server.live({ text: "mine", id: "x", user: "u1", nick: "Ada" });
  server.hear({ type: "typing", room: "lobby", user: "u2", nick: "Bob" });
  server.hear({
    type: "presence", room: "lobby", joined: [{ user: "u2", nick: "Bob" }], left: [],
    member_count: 2,
  });
}
"""


class LookTestCase(FakeTestCase):
    def talking(self, name: str = "Ada", **context: Any) -> Page:
        """A page in the middle of a conversation."""
        page = self.blank(**context)
        enter(page, name)
        page.evaluate(TALK)
        expect(page.locator(".typing-line")).not_to_be_empty()
        return page


class LanguageTest(LookTestCase):
    def words(self, page: Page) -> list[str]:
        """Every text, label and placeholder of the page that people have not written."""
        found: list[str] = page.evaluate(
            """() => {
              const written = "noscript, .bubble > .text, .nick, .room .name, h1.room, .reactions,"
                + " .often, .avatar, .time, .count, .people, .writing > span";
              const found = [];
              const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_ALL);
              for (let node = walk.nextNode(); node; node = walk.nextNode()) {
                if (node.parentElement?.closest(written)) continue;
                if (node.nodeType === Node.TEXT_NODE) found.push(node.data.trim());
                else found.push(node.ariaLabel ?? "", node.placeholder ?? "");
              }
              return found.filter((text) => text && text !== "goChat");
            }"""
        )
        return found

    def states(self, page: Page) -> list[str]:
        """The words of one page after another state."""
        found = self.words(page)
        enter(page, "Ada")
        page.evaluate(TALK)
        expect(page.locator(".typing-line")).not_to_be_empty()
        found += self.words(page)
        page.evaluate("() => { server.refuses = { code: 'busy' } }")
        say(page, "x")
        expect(page.locator(f"{LINES}[data-fate=failed]")).to_be_visible()
        page.keyboard.press("Control+k")
        page.fill(".room-switcher .field", "?")
        expect(page.locator(".room-switcher .none")).not_to_be_empty()
        page.keyboard.press("Escape")
        found += self.words(page)
        page.evaluate("() => server.end(1013)")
        expect(page.locator(RETRY)).to_be_visible()
        return found + self.words(page)

    def test_chinese_is_complete_for_a_chinese_reader(self) -> None:
        page = self.blank(locale="zh-CN", **WIDE)
        self.assertEqual(page.get_attribute("html", "lang"), "zh-Hans")
        words = self.states(page)
        self.assertGreater(len(words), 60)
        for text in words:
            self.assertRegex(text, r"[\u4e00-\u9fff]")
        expect(page.locator(DRAFT)).to_have_attribute("placeholder", "在 #lobby 里说点什么")

    def test_everybody_else_reads_english(self) -> None:
        page = self.blank(locale="fr-FR", **WIDE)
        self.assertEqual(page.get_attribute("html", "lang"), "en")
        for text in self.states(page):
            self.assertNotRegex(text, r"[\u4e00-\u9fff]")

    def test_each_line_runs_in_its_own_direction(self) -> None:
        page = self.blank()
        enter(page, "Ada")
        say(page, "שלום עולם")
        say(page, "hello world")
        wait_for_lines(page, 2)
        directions = page.eval_on_selector_all(
            f"{LINES} .text", "all => all.map(each => getComputedStyle(each).direction)"
        )
        self.assertEqual(directions, ["rtl", "ltr"])


class LookTest(LookTestCase):
    def test_light_and_dark_follow_the_reader_s_choice(self) -> None:
        ground = "() => getComputedStyle(document.body).backgroundColor"
        self.assertEqual(self.blank(color_scheme="light").evaluate(ground), "rgb(244, 246, 248)")
        self.assertEqual(self.blank(color_scheme="dark").evaluate(ground), "rgb(16, 20, 24)")

    def test_nothing_moves_for_who_wants_no_motion(self) -> None:
        page = self.blank(reduced_motion="reduce", **PHONE)
        enter(page, "Ada")
        page.evaluate("() => { server.answers = false }")
        say(page, "pending")
        page.tap(".room-header .menu")
        page.eval_on_selector(".connection-state", "e => { e.dataset.phase = 'connecting' }")
        self.assertEqual(page.evaluate("() => document.getAnimations().length"), 0)

    def test_the_page_fits_any_screen(self) -> None:
        for width, height in (
            (320, 256),
            (390, 844),
            (640, 400),
            (844, 390),
            (900, 600),
            (2560, 1440),
        ):
            with self.subTest(width=width, height=height):
                page = self.talking("W" * 32, viewport={"width": width, "height": height})
                page.evaluate("() => server.live({ text: 'unbroken'.repeat(60) })")
                page.evaluate(
                    "() => server.live({ type: 'topic', text: 'long topic '.repeat(20) })"
                )
                page.evaluate("() => server.live({ text: 'x', user: 'u9', nick: 'W'.repeat(32) })")
                page.fill(DRAFT, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj")
                overflow = page.evaluate(
                    "() => [document.documentElement.scrollWidth - innerWidth,"
                    " document.documentElement.scrollHeight - innerHeight]"
                )
                self.assertLessEqual(max(overflow), 0)
                for selector in (DRAFT, ".composer .send", "h1.room", ".connection-state .dot"):
                    expect(page.locator(selector)).to_be_in_viewport(ratio=1)
                sideways = page.eval_on_selector(
                    VIEW, "view => view.scrollWidth - view.clientWidth"
                )
                self.assertLessEqual(sideways, 0)
                self.assertGreater(
                    page.eval_on_selector(VIEW, "view => view.clientHeight"), 60, "room to read"
                )
                page.context.close()

    def test_on_a_phone_a_lost_connection_is_a_bar_below_the_name_of_the_room(self) -> None:
        page = self.talking(**{**PHONE, "viewport": {"width": 360, "height": 640}})
        name = "room-with-an-ordinary-name"
        page.evaluate(
            "name => document.querySelector('.room-list').dispatchEvent("
            "new CustomEvent('enter', { bubbles: true, detail: { name } }))",
            name,
        )
        expect(page.locator("h1.room")).to_have_text(name)
        before = page.locator(".room-header .place").bounding_box()
        page.evaluate("() => server.end(1013)")
        expect(page.locator(RETRY)).to_be_visible()
        expect(page.locator(".connection-state .seen")).to_contain_text("Reconnecting in")
        place = page.locator(".room-header .place").bounding_box()
        bar = page.locator(".connection-state").bounding_box()
        assert before and place and bar
        self.assertGreaterEqual(place["width"], before["width"])
        self.assertGreaterEqual(bar["y"], place["y"] + place["height"] - 1)
        self.assertGreater(bar["width"], 300)
        page.context.set_offline(True)
        expect(page.locator(".connection-state .seen")).to_have_text("Offline")
        expect(page.locator(".connection-state .seen")).to_be_visible()

    def test_the_name_of_a_room_never_makes_the_composer_taller(self) -> None:
        for width in (320, 390, 1280):
            with self.subTest(width=width):
                page = self.blank(viewport={"width": width, "height": 700})
                enter(page, "Ada")
                height = "() => document.querySelector('.composer .box').offsetHeight"
                before = page.evaluate(height)
                name = "a-room-" * 9
                page.evaluate(
                    "name => document.querySelector('.room-list').dispatchEvent("
                    "new CustomEvent('enter', { bubbles: true, detail: { name } }))",
                    name,
                )
                expect(page.locator(DRAFT)).to_have_attribute("placeholder", f"Message #{name}")
                self.assertEqual(page.evaluate(height), before)
                page.fill(DRAFT, "a\nb\nc")
                self.assertGreater(page.evaluate(height), before)
                page.context.close()

    def test_two_people_with_one_name_are_told_apart_by_more_than_a_colour(self) -> None:
        page = self.talking(**WIDE)
        page.evaluate(
            """() => {
              server.live({ text: "before", user: "77aa0001", nick: "Eve" });
              server.live({ text: "after", user: "77aa0009", nick: "Eve", reply_to: 37 });
              server.hear({
                type: "presence", room: "lobby", joined: [{ user: "77aa0009", nick: "Eve" }],
                left: [], member_count: 3,
              });
            }"""
        )
        named = page.locator(f"{LINES}.leads .by > .nick", has_text="Eve")
        expect(named).to_have_count(2)
        hues = page.locator(f"{LINES}.leads:has(.nick[data-mark^='0']) > .avatar")
        expect(hues).to_have_count(2)
        colours = {hues.nth(each).get_attribute("data-hue") for each in (0, 1)}
        self.assertEqual(len(colours), 2)
        marks = [named.nth(each).get_attribute("data-mark") for each in (0, 1)]
        self.assertEqual(marks, ["0001", "0009"])
        shown = "nick => getComputedStyle(nick, '::after').content"
        self.assertIn("(", named.first.evaluate(shown))
        member = page.locator(".member-list .member", has_text="Eve")
        expect(member.locator(".nick")).to_have_attribute("data-mark", "0009")
        self.assertEqual(
            member.locator(".avatar").get_attribute("data-hue"),
            hues.nth(1).get_attribute("data-hue"),
        )
        bob = page.locator(f"{LINES}.leads .by > .nick", has_text="Bob").first
        expect(bob).to_have_attribute("data-mark", "")

    def test_what_is_old_is_not_read_out_as_news(self) -> None:
        page = self.blank()
        page.evaluate(
            "() => { for (let n = 0; n < 200; n++) server.write('lobby', { text: 'old' }) }"
        )
        page.evaluate(
            """view => {
              window.loud = 0;
              const watch = new MutationObserver((all) => {
                if (document.querySelector(view).ariaLive !== "off") {
                  loud += all.flatMap((each) => [...each.addedNodes]).length;
                }
              });
              const list = document.querySelector(".message-list .lines");
              watch.observe(list, { childList: true, subtree: true });
            }""",
            VIEW,
        )
        enter(page, "Ada")
        page.eval_on_selector(VIEW, "view => { view.scrollTop = 0 }")
        expect(page.locator(LINES)).not_to_have_count(50)
        self.assertEqual(page.evaluate("() => loud"), 0)
        page.wait_for_function(
            "view => document.querySelector(view).ariaLive === 'polite'", arg=VIEW
        )
        page.evaluate("() => server.live({ text: 'news' })")
        page.wait_for_function("() => loud > 0")


class AccessTest(LookTestCase):
    def check(self, page: Page, state: str) -> None:
        with self.subTest(state=state):
            found = Axe().run(page)
            self.assertEqual(found.violations_count, 0, found.generate_report())

    def test_axe_finds_nothing_in_any_state(self) -> None:
        for scheme in ("light", "dark"):
            for screen in (WIDE, PHONE):
                with self.subTest(scheme=scheme, screen=screen["viewport"]):
                    page = self.blank(color_scheme=scheme, reduced_motion="reduce", **screen)
                    self.check(page, "name form")
                    page.evaluate(
                        "() => { server.real = server.serve.hello; server.serve.hello = () =>"
                        " ({ type: 'error', code: 'nick_taken', message: 'No.' }) }"
                    )
                    page.fill(NAME, "Bob")
                    page.press(NAME, "Enter")
                    expect(page.locator(".name-form .refusal")).not_to_be_empty()
                    self.check(page, "name refused")
                    page.evaluate("() => { server.serve.hello = server.real }")
                    enter(page, "Ada")
                    self.check(page, "empty room")
                    page.evaluate(TALK)
                    expect(page.locator(".typing-line")).not_to_be_empty()
                    self.check(page, "talking")
                    self.check_panel(page, phone=screen is PHONE)
                    self.check_trouble(page)
                    page.context.close()

    def check_panel(self, page: Page, *, phone: bool) -> None:
        page.evaluate("() => server.write('tea', { text: 'unread' })")
        if phone:
            page.click(".room-header .menu")
        self.check(page, "room panel")
        page.click(".side-panel .settings")
        page.click(".settings-sheet .rename")
        expect(page.locator(NAME)).to_be_visible()
        self.check(page, "changing the name")
        page.click(".name-form .keep")
        if phone:
            page.click(".side-panel .close")

    def check_trouble(self, page: Page) -> None:
        page.evaluate("() => { server.refuses = { code: 'busy' } }")
        page.fill(DRAFT, "fails")
        page.click(".composer .send")  # with a touch screen, Enter starts a new line
        expect(page.locator(f"{LINES}[data-fate=failed]")).to_be_visible()
        self.check(page, "failed message")
        page.eval_on_selector(VIEW, "view => { view.scrollTop = 0 }")
        next_frame(page)
        page.evaluate("() => server.live({ text: 'below' })")
        expect(page.locator(".message-list .jump")).to_be_visible()
        self.check(page, "reading further up")
        page.evaluate("() => server.end(1013)")
        say(page, "waits")
        expect(page.locator(RETRY)).to_be_visible()
        self.check(page, "waiting")
        page.click(RETRY)
        page.wait_for_selector(CONNECTED)
        page.evaluate("() => server.end(1007)")
        expect(page.locator(RETRY)).to_be_visible()
        self.check(page, "stopped")


if __name__ == "__main__":
    unittest.main()
