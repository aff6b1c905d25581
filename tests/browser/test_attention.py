"""What notifies the user: the tab's icon, notifications, a sound; and who is away."""

from __future__ import annotations

import unittest
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Page, expect

from tests.browser.fake import FAKE, FakeTestCase
from tests.browser.test_finding import HEADING, PHONE, ROOM, badge
from tests.support.page import DRAFT, LINES, NAME, BrowserTestCase, enter, go
from tests.support.server import ServerProcess

OFFER = ".attention-offer"
SETTINGS = "dialog.settings-sheet"

#: Stands in for the browser's notifications and its sound, and remembers them. `asked` is how often
#: the user was asked for permission; what they say is in `permits`.
RECORDER = """
window.calls = { notes: [], asked: 0, tones: 0, permits: "granted" };
window.Notification = class {
  static permission = "default";
  static async requestPermission() { calls.asked += 1; return this.permission = calls.permits; }
  constructor(title, options) {
    Object.assign(this, { title, ...options });
    calls.notes.push(this);
  }
  close() { this.closed = true; }
};
window.AudioContext = class {
  currentTime = 0;
  resume() {}
  createOscillator() {
    return { frequency: {}, connect: (to) => to, start() { calls.tones += 1; }, stop() {} };
  }
  createGain() {
    const set = () => {};
    const ramps = { linearRampToValueAtTime: set, exponentialRampToValueAtTime: set };
    return { gain: { setValueAtTime: set, ...ramps }, connect: (to) => to };
  }
};
"""

#: The page is looked at, or not; headless pages always are.
LOOK = """
(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""


class AttentionTestCase(FakeTestCase):
    def blank(self, **context: Any) -> Page:
        page = self.page(FAKE + RECORDER, **context)
        page.goto(self.server.url)
        expect(page.locator(NAME)).to_be_visible()
        return page

    def in_two(self, **context: Any) -> Page:
        """A page in the lobby that is in the room tea as well."""
        page = self.blank(**context)
        enter(page, "Ada")
        go(page, "tea")
        go(page, "lobby")
        return page

    def live(self, page: Page, text: str, room: str = "lobby") -> None:
        page.evaluate("([text, room]) => server.live({ text }, room)", [text, room])

    def notes(self, page: Page) -> list[str]:
        titles: list[str] = page.evaluate("() => calls.notes.map(({ title }) => title)")
        return titles

    def allow(self, page: Page) -> None:
        """Say yes where notifications are offered."""
        self.live(page, "hello @Ada")
        page.click(f"{OFFER} .yes")
        expect(page.locator(f"{OFFER} .yes")).to_be_hidden()


class CallTest(AttentionTestCase):
    def test_nothing_is_asked_before_somebody_names_the_reader(self) -> None:
        page = self.in_two()
        self.live(page, "hello")
        expect(page.locator(LINES)).to_have_count(1)
        expect(page.locator(f"{OFFER} .yes")).to_be_hidden()
        self.live(page, "hello @Ada")
        expect(page.locator(OFFER)).to_contain_text("Somebody mentioned you.")
        self.assertEqual(page.evaluate("() => calls.asked"), 0)
        page.click(f"{OFFER} .no")
        expect(page.locator(f"{OFFER} .yes")).to_be_hidden()
        page.reload()
        page.wait_for_selector(".connection-state[data-phase=connected]")
        self.live(page, "hello @Ada")
        expect(page.locator(LINES)).to_have_count(1)
        expect(page.locator(f"{OFFER} .yes")).to_be_hidden()

    def test_the_focus_goes_from_the_answer_to_where_one_writes(self) -> None:
        for answer in (".no", ".yes"):
            page = self.in_two()
            page.evaluate("() => server.live({ text: '@Ada' })")
            expect(page.locator(f"{OFFER} {answer}")).to_be_visible()
            page.locator(f"{OFFER} {answer}").press("Enter")
            expect(page.locator(f"{OFFER} .buttons")).to_be_hidden()
            expect(page.locator(DRAFT)).to_be_focused()

    def test_a_notification_comes_for_another_room_and_leads_there(self) -> None:
        page = self.in_two()
        self.allow(page)
        self.live(page, "not you", "tea")
        self.live(page, "you, @Ada", "tea")
        expect(page.locator(badge(page, "tea"))).to_have_text("@1")
        self.assertEqual(self.notes(page), ["Bob mentioned you in #tea"])
        self.assertEqual(page.evaluate("() => calls.notes[0].body"), "you, @Ada")
        page.evaluate("() => calls.notes[0].onclick()")
        expect(page.locator(HEADING)).to_have_text("tea")
        expect(page.locator(f"{LINES}.found .text")).to_have_text("you, @Ada")
        self.assertTrue(page.evaluate("() => calls.notes[0].closed"))

    def test_the_room_in_sight_calls_only_while_the_page_is_not_looked_at(self) -> None:
        page = self.in_two()
        self.allow(page)
        self.assertEqual(self.notes(page), [])
        page.evaluate(LOOK, True)
        self.live(page, "@Ada")
        page.wait_for_function("() => calls.notes.length === 1")
        expect(page).to_have_title("(1) #lobby · goChat")
        page.evaluate(LOOK, False)
        expect(page).to_have_title("#lobby · goChat")
        self.assertTrue(page.evaluate("() => calls.notes[0].closed"))

    def test_each_room_calls_as_the_reader_chose_also_after_a_reload(self) -> None:
        page = self.in_two()
        self.allow(page)
        go(page, "tea")
        page.click(".room-header .about")
        page.check(f"{ROOM} .level[value=all]")
        page.click(f"{ROOM} .settings")
        page.check(f"{SETTINGS} .sound")
        self.assertGreater(page.evaluate("() => calls.tones"), 0, "how it sounds")
        page.keyboard.press("Escape")
        go(page, "lobby")
        self.live(page, "anything", "tea")
        page.wait_for_function("() => calls.notes.length === 1")
        self.assertEqual(self.notes(page), ["Bob in #tea"])
        page.reload()
        page.wait_for_selector(".connection-state[data-phase=connected]")
        go(page, "tea")
        page.click(".room-header .about")
        expect(page.locator(f"{ROOM} .level[value=all]")).to_be_checked()
        page.check(f"{ROOM} .level[value=nothing]")
        page.click(f"{ROOM} .settings")
        expect(page.locator(f"{SETTINGS} .sound")).to_be_checked()
        page.keyboard.press("Escape")
        go(page, "lobby")
        self.live(page, "@Ada", "tea")
        expect(page.locator(badge(page, "tea"))).to_have_text("@1")
        self.assertEqual(page.evaluate("() => [calls.notes.length, calls.tones]"), [0, 0])

    def test_who_refuses_is_told_how_to_change_that(self) -> None:
        page = self.in_two()
        page.evaluate("() => { calls.permits = 'denied' }")
        page.click(".side-panel .settings")
        state = page.locator("#settings-desktop")
        expect(state).to_contain_text("ask for your permission")
        page.click(f"{SETTINGS} .desktop")
        expect(state).to_contain_text("Allow them in the browser’s settings")
        expect(page.locator(f"{SETTINGS} .desktop")).not_to_be_checked()
        expect(page.locator(f"{SETTINGS} .desktop")).to_be_disabled()

    def test_the_icon_of_the_tab_shows_that_something_waits(self) -> None:
        page = self.in_two()
        icon = page.locator("link[rel=icon]")
        fresh = page.evaluate("() => document.querySelector('link[rel=icon]').href")
        fresh = fresh.replace("icon.svg", "icon-fresh.svg")
        self.live(page, "hello", "tea")
        expect(icon).to_have_attribute("href", fresh)
        found = page.evaluate(
            "async (icon) => (await fetch(icon)).headers.get('content-type')", fresh
        )
        self.assertEqual(found, "image/svg+xml")
        go(page, "tea")
        expect(icon).not_to_have_attribute("href", fresh)

    def test_axe_finds_nothing(self) -> None:
        for scheme in ("light", "dark"):
            for screen in ({}, PHONE):
                with self.subTest(scheme=scheme, phone=screen is PHONE):
                    page = self.in_two(color_scheme=scheme, reduced_motion="reduce", **screen)
                    page.evaluate(
                        """() => server.hear({
                          type: "presence", room: "lobby", left: [], member_count: 2,
                          joined: [{ user: "u2", nick: "Bob", away: true }],
                        })"""
                    )
                    self.live(page, "hello @Ada")
                    expect(page.locator(f"{OFFER} .yes")).to_be_visible()
                    self.check(page, "offered")
                    if screen is PHONE:
                        page.click(".room-header .menu")
                        expect(page.locator(".member-list .away").nth(1)).to_be_visible()
                        self.check(page, "away")
                        page.click(".side-panel .close")
                    page.evaluate("() => { calls.permits = 'denied' }")
                    page.click(f"{OFFER} .yes")
                    if screen is PHONE:
                        page.click(".room-header .menu")
                    page.click(".side-panel .settings")
                    expect(page.locator(f"{SETTINGS} .desktop")).to_be_disabled()
                    self.check(page, "forbidden")
                    page.context.close()

    def check(self, page: Page, state: str) -> None:
        with self.subTest(state=state):
            found = Axe().run(page)
            self.assertEqual(found.violations_count, 0, found.generate_report())


class AwayTest(AttentionTestCase):
    def test_who_is_away_stands_last_with_a_word(self) -> None:
        page = self.in_two()
        presence = """(away) => server.hear({
          type: "presence", room: "lobby", left: [], member_count: 3,
          joined: [{ user: "u2", nick: "Bob", away }, { user: "u3", nick: "Cyn" }],
        })"""
        page.evaluate(presence, True)
        nicks = page.locator(".member-list .member .nick")
        expect(nicks).to_have_text(["Ada", "Cyn", "Bob"])
        away = page.locator(".member-list .member.absent .away")
        expect(away).to_have_text(["away"])
        expect(away).to_be_visible()
        page.evaluate(presence, False)
        expect(nicks).to_have_text(["Ada", "Bob", "Cyn"])
        expect(away).to_have_count(0)

    def test_the_page_says_when_the_reader_goes_and_when_they_come_back(self) -> None:
        page = self.blank()
        page.clock.install()
        page.evaluate(
            "() => { window.told = []; server.serve.away = ({ away }) => {"
            " told.push(away); return { type: 'ok' } } }"
        )
        enter(page, "Ada")
        page.clock.fast_forward("05:01")
        page.wait_for_function("() => told.length === 1 && told[0]")
        page.mouse.move(50, 50)
        page.wait_for_function("() => told.length === 2 && !told[1]")


class RealAwayTest(BrowserTestCase):
    def test_the_others_see_who_goes_and_who_comes_back(self) -> None:
        server = self.enterContext(ServerProcess("--memory"))
        bob = self.open(server.url, "Bob")
        ada = self.page()
        ada.clock.install()
        ada.goto(server.url)
        enter(ada, "Ada")
        nicks = bob.locator(".member-list .member .nick")
        expect(nicks).to_have_text(["Bob", "Ada"])
        away = bob.locator(".member-list .member.absent .nick")
        ada.clock.fast_forward("05:01")
        expect(away).to_have_text(["Ada"])
        ada.mouse.move(50, 50)
        expect(away).to_have_count(0)
        expect(nicks).to_have_text(["Bob", "Ada"])


if __name__ == "__main__":
    unittest.main()
