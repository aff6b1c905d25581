"""The main paths of the page in Firefox; everything else is tested in Chromium."""

from __future__ import annotations

import json
import tempfile
import unittest
from typing import Any, ClassVar

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]  # ships none

from tests.browser.fake import FAKE
from tests.browser.test_keyboard import HANDS_OFF, MARKED
from tests.support.case import eventually
from tests.support.firefox import FirefoxTestCase, Window
from tests.support.page import CONNECTED, DRAFT, HERE, LINES, NAME, VIEW
from tests.support.server import ServerProcess
from tests.support.v1 import Client

BAR = ".action-bar"
HEADING = "h1.room"
OPTION = ".completion-list .option"
TEXTS = f"{LINES} .text"
BUBBLE = f"{LINES} .bubble"

#: What Firefox says when a WebSocket cannot be opened, or is cut; the page cannot silence it.
NO_SERVER = r"(can.t establish a connection to|connection to .* was interrupted)"

#: From now on, note in ``places`` where each frame draws the line with this number.
WATCH = """(lines, number) => {
  const line = document.querySelectorAll(lines)[number];
  window.places = [];
  const look = () => new IntersectionObserver(([{ boundingClientRect }], own) => {
    own.disconnect();
    if (boundingClientRect.height > 0) places.push(boundingClientRect.top);
    requestAnimationFrame(look);
  }).observe(line);
  look();
}"""


def enter(window: Window, name: str) -> None:
    """Give `name` where it is asked for, and wait until the room has been entered."""
    window.wait_for_focus(NAME)
    window.type(name)
    window.press("Enter")
    wait_until_here(window)


def wait_until_here(window: Window) -> None:
    """Wait until the page is connected and in its room."""
    for selector in (CONNECTED, HERE):
        window.wait_for("(selector) => document.querySelector(selector) !== null", selector)


def find(window: Window, letters: str, *, room: str) -> None:
    """Enter `room` by some of its letters, in the directory of rooms."""
    window.press("Control+k")
    window.wait_for_focus(".room-switcher .field")
    window.type(letters)
    window.press("Enter")
    window.wait_for_texts(HEADING, [room])


def say(window: Window, text: str) -> None:
    """Write `text` into the composer and press Enter."""
    window.click(DRAFT)
    window.type(text)
    window.press("Enter")


def wait_for_lines(window: Window, texts: list[str]) -> None:
    """Wait until the log says this, and the server has all of it."""
    window.wait_for_texts(TEXTS, texts)
    window.wait_for(
        "(lines) => [...document.querySelectorAll(lines)].every(({ dataset }) => !dataset.fate)",
        LINES,
    )


class FirefoxPageTest(FirefoxTestCase):
    def open(self, url: str, name: str, **options: Any) -> Window:
        """A window of somebody called `name`, who is in the room."""
        window = self.window(**options)
        window.goto(url)
        enter(window, name)
        return window

    def serve(self) -> ServerProcess:
        """A server for this test, so that names and rooms are free."""
        return self.enterContext(ServerProcess("--memory", "--rate", "1000", "--burst", "1000"))

    def check(self, window: Window) -> None:
        """Axe finds nothing wrong with what the window shows."""
        window.evaluate(f"() => {{ {AXE_SCRIPT} }}")
        found = window.evaluate(
            """async () => (await axe.run()).violations.map(({ id, nodes }) =>
              [id, ...nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)])"""
        )
        self.assertEqual(found, [])


class FirefoxTest(FirefoxPageTest):
    def test_two_people_give_their_names_and_write_to_each_other(self) -> None:
        server = self.serve()
        ada = self.open(server.url, "Ada")
        ada.wait_for_focus(DRAFT)
        bob = self.open(server.url, "Bob")
        for window in (ada, bob):
            window.wait_for_texts(".member-list .title", ["2 people here"])
        bob.type("one")
        bob.press("Shift+Enter")
        bob.type("two")
        bob.press("Enter")
        wait_for_lines(ada, ["one\ntwo"])
        say(ada, "three")
        for window in (ada, bob):
            wait_for_lines(window, ["one\ntwo", "three"])
        bob.wait_for_focus(DRAFT)

    def test_markdown_is_drawn_and_nicks_and_emoji_are_completed(self) -> None:
        server = self.serve()
        ada, bob = self.open(server.url, "Ada"), self.open(server.url, "Bob Lee")
        ada.wait_for_texts(".member-list .title", ["2 people here"])
        ada.click(DRAFT)
        ada.type("*hi* @bo")
        ada.wait_for_texts(OPTION, ["Bob Lee"])
        ada.press("Enter")
        ada.wait_for_value(DRAFT, "*hi* @Bob Lee ")
        ada.type(":tea")
        ada.wait_for_one(OPTION, "tea")
        ada.press("Tab")
        ada.wait_for("(draft) => document.querySelector(draft).value.includes('🍵')", DRAFT)
        ada.type("https://a.example/x_(y)")
        ada.press("Shift+Enter")
        ada.type("```")
        ada.press("Shift+Enter")
        ada.type("let *a*;")
        ada.press("Enter")
        bob.wait_for_texts(f"{TEXTS} em", ["hi"])
        bob.wait_for_texts(f"{TEXTS} .mention.me", ["@Bob Lee"])
        bob.wait_for_texts(f"{TEXTS} a", ["https://a.example/x_(y)"])
        bob.wait_for_texts(f"{TEXTS} pre", ["let *a*;"])

    def test_a_message_is_answered_changed_liked_and_deleted(self) -> None:
        server = self.serve()
        ada, bob = self.open(server.url, "Ada"), self.open(server.url, "Bob")
        say(ada, "hello")
        wait_for_lines(bob, ["hello"])
        bob.hover(BUBBLE, "hello")
        bob.click(f"{BAR} .reply")
        bob.wait_for_focus(DRAFT)
        bob.type("and to you")
        bob.press("Enter")
        ada.wait_for_texts(f"{LINES} .quoted", ["Ada hello"])
        bob.hover(BUBBLE, "hello")
        bob.click(f"{BAR} .react")
        bob.click(f"{BAR} .emoji", "👍")
        ada.wait_for_texts(f"{LINES} .chip", ["👍 1"])
        ada.click(f"{LINES} .chip")
        bob.wait_for_texts(f"{LINES} .chip", ["👍 2"])
        ada.hover(BUBBLE, "hello")
        ada.click(f"{BAR} .edit")
        ada.wait_for_value(DRAFT, "hello")
        ada.type(" again")
        ada.press("Enter")
        bob.wait_for_one(f"{LINES} .edited")
        wait_for_lines(bob, ["hello again", "and to you"])
        bob.hover(BUBBLE, "and to you")
        bob.click(f"{BAR} .remove")
        bob.click(".asks .yes")
        for window in (ada, bob):
            window.wait_for_texts(TEXTS, ["hello again", "This message was deleted."])

    def test_a_room_is_found_by_keys_and_what_is_unread_elsewhere_is_counted(self) -> None:
        server = self.serve()
        ada, bob = self.open(server.url, "Ada"), self.open(server.url, "Bob")
        find(ada, "tea", room="tea")
        wait_until_here(ada)
        say(bob, "one")
        say(bob, "@Ada two")
        ada.wait_for_texts('.room-list .room[data-room="lobby"] .badge .number', ["@1"])
        find(ada, "lob", room="lobby")
        wait_for_lines(ada, ["one", "@Ada two"])
        ada.wait_for_none('.room-list .room[data-room="lobby"] .badge')
        ada.evaluate("() => history.back()")
        ada.wait_for_texts(HEADING, ["tea"])

    def test_back_closes_what_is_open_before_it_leaves_the_room(self) -> None:
        server = self.serve()
        ada = self.open(server.url, "Ada")
        find(ada, "tea", room="tea")
        ada.click(".room-header .search")
        ada.wait_for_focus(".search-panel .field")
        ada.evaluate("() => history.back()")
        ada.wait_for_none(".search-panel")
        self.assertEqual(ada.evaluate("() => document.title"), "#tea · goChat")
        ada.click(".room-header .search")
        ada.wait_for_focus(".search-panel .field")
        ada.press("Escape")
        ada.wait_for_none(".search-panel")
        ada.wait_for("() => history.state === null")
        ada.click(".room-header .search")
        ada.wait_for_focus(".search-panel .field")
        ada.reload()
        wait_until_here(ada)
        ada.wait_for("() => history.state === null")
        ada.evaluate("() => history.back()")
        ada.wait_for_texts(HEADING, ["lobby"])

    def test_a_draft_belongs_to_its_room_and_outlives_a_reload(self) -> None:
        server = self.serve()
        ada = self.open(server.url, "Ada")
        ada.type("half a thought")
        find(ada, "tea", room="tea")
        ada.wait_for_value(DRAFT, "")
        ada.reload()
        wait_until_here(ada)
        ada.click('.room-list .room[data-room="lobby"]')
        ada.wait_for_value(DRAFT, "half a thought")

    def test_the_focus_decides_what_is_read(self) -> None:
        server = self.serve()
        ada, bob = self.open(server.url, "Ada"), self.open(server.url, "Bob")
        say(bob, "news")
        wait_for_lines(ada, ["news"])
        title = "(title) => document.title === title"
        ada.wait_for(title, "(1) #lobby · goChat")
        self.assertFalse(ada.evaluate("() => document.hidden"))
        ada.activate()
        ada.wait_for(title, "#lobby · goChat")

    def test_a_long_paste_is_cut_and_can_be_undone(self) -> None:
        server = self.serve()
        ada = self.open(server.url, "Ada")
        ada.type("so: ")
        ada.evaluate(
            """(text) => {
              const source = document.createElement("textarea");
              Object.assign(source, { id: "source", value: text });
              document.body.append(source);
              source.select();
            }""",
            "word " * 4_000,
        )
        ada.press("Control+c")
        ada.evaluate("() => document.querySelector('#source').remove()")
        ada.click(DRAFT)
        ada.press("End", "Control+v")
        ada.wait_for_one("#hint", "The rest was not pasted.")
        length = "(draft) => document.querySelector(draft).value.length"
        self.assertEqual(ada.evaluate(length, DRAFT), 16_000)
        ada.press("Control+z")
        ada.wait_for_value(DRAFT, "so: ")

    def test_what_is_copied_is_what_was_written(self) -> None:
        server = self.serve()
        ada = self.open(server.url, "Ada")
        for text in ("**one**", "- two"):
            say(ada, text)
        wait_for_lines(ada, ["one", "two"])
        time = ada.evaluate("(time) => document.querySelector(time).textContent", f"{LINES} .time")
        ada.drag((TEXTS, "one"), (TEXTS, "two"))
        wanted = f"Ada {time}\none\n- two"
        # What makes the text is loaded when something is selected.
        eventually(lambda: ada.copied() == wanted, "the text is copied as it was written")

    def test_everything_works_by_keys_and_the_focus_is_seen(self) -> None:
        server = self.serve()
        bob = self.open(server.url, "Bob")
        ada = self.open(server.url, "Ada", script=HANDS_OFF)

        def at(selector: str, text: str = "") -> None:
            ada.wait_for_focus(selector, text)
            self.assertTrue(ada.evaluate(f"() => ({MARKED})(document.activeElement)"), selector)

        at(DRAFT)
        ada.type("tea at for")
        ada.press("Enter")
        wait_for_lines(ada, ["tea at for"])
        ada.press("ArrowUp")
        ada.wait_for_value(DRAFT, "tea at for")
        ada.press("Backspace")
        ada.type("ur")
        ada.press("Enter")
        wait_for_lines(bob, ["tea at four"])
        say(bob, "with milk?")
        wait_for_lines(ada, ["tea at four", "with milk?"])
        ada.press("Shift+Tab")
        at(VIEW)
        ada.press("ArrowUp")
        at(LINES, "with milk?")
        ada.press("r")
        at(DRAFT)
        ada.type("without")
        ada.press("Enter")
        bob.wait_for_texts(f"{LINES} .quoted", ["Bob with milk?"])
        ada.press("Shift+Tab", "ArrowUp")
        at(LINES, "with milk?")
        ada.press("+")
        at(f"{BAR} .emoji")
        ada.press("Enter")
        at(LINES, "with milk?")
        bob.wait_for_texts(f"{LINES} .chip", ["👍 1"])
        ada.press("ArrowDown")
        at(LINES, "without")
        ada.press("Delete")
        at(".asks .no")
        ada.press("Shift+Tab")
        at(".asks .yes")
        ada.press("Enter")
        at(LINES, "This message was deleted.")
        ada.press("?")
        at(".key-sheet .shut")
        ada.press("Escape")
        at(LINES, "This message was deleted.")

    def test_chinese_is_complete_for_a_chinese_reader(self) -> None:
        server = self.serve()
        ada = self.open(server.url, "小林", locale="zh-CN")
        self.assertEqual(ada.evaluate("() => document.documentElement.lang"), "zh-Hans")
        say(ada, "大家好，我从上海连上来了。")
        wait_for_lines(ada, ["大家好，我从上海连上来了。"])
        ada.press("Control+k")
        ada.wait_for_focus(".room-switcher .field")
        words = ada.evaluate(
            """() => [...document.querySelectorAll("[data-word], [data-word-label]")].flatMap(
              ({ dataset, textContent, ariaLabel }) =>
                [dataset.word && textContent, dataset.wordLabel && ariaLabel].filter(Boolean))"""
        )
        self.assertGreater(len(words), 20)
        for text in words:
            self.assertRegex(text, r"[\u4e00-\u9fff]")

    def test_axe_finds_nothing(self) -> None:
        server = self.serve()
        ada = self.open(server.url, "Ada")
        say(ada, "**bold** `code` https://example.org @Ada :tea:")
        ada.wait_for_one(f"{TEXTS} strong")
        self.check(ada)
        ada.hover(BUBBLE)
        ada.click(f"{BAR} .react")
        ada.wait_for_one(f"{BAR} .picker")
        self.check(ada)
        ada.press("Escape", "Control+k")
        ada.wait_for_focus(".room-switcher .field")
        self.check(ada)

    def test_older_messages_come_without_a_jump_and_a_result_is_shown_in_its_place(self) -> None:
        server = self.serve()
        with Client(server.ws_url, "Bob", "lobby") as bob:
            for number in range(300):
                said = "the needle" if number == 17 else f"line {number}"
                bob.send("lobby", said + "\nand more of it" * (number * 7 % 5))
        ada = self.open(server.url, "Ada")
        ada.wait_for_one(TEXTS, "line 299")
        count = ada.evaluate("(lines) => document.querySelectorAll(lines).length", LINES)
        self.assertLess(count, 300)
        ada.evaluate(WATCH, LINES, 1)  # before older lines can be above it
        ada.evaluate("(view) => { document.querySelector(view).scrollTop = 0 }", VIEW)
        ada.wait_for(
            "(lines, count) => document.querySelectorAll(lines).length > count", LINES, count
        )
        drawn = ada.evaluate("() => places.length")
        ada.wait_for("(drawn) => places.length >= drawn + 5", drawn)
        places = ada.evaluate("() => places")
        self.assertLessEqual(max(places) - min(places), 1, places)

        ada.click(".room-header .search")
        ada.wait_for_focus(".search-panel .field")
        ada.type("needle")
        ada.press("Enter")
        ada.click(".search-panel .result button", "the needle")
        ada.wait_for_focus(f"{LINES}.found", "the needle")
        ada.wait_for(
            """(view) => {
              const frame = document.querySelector(view).getBoundingClientRect();
              const { top, bottom } = document.activeElement.getBoundingClientRect();
              return top >= frame.top && bottom <= frame.bottom;
            }""",
            VIEW,
        )

    def test_scrolling_up_through_lines_of_any_size_does_not_jump(self) -> None:
        """Firefox lays out a part of the log late, when it is visible or its lines are measured."""
        server = self.serve()
        for measured in (False, True):
            with self.subTest(measured=measured):
                ada = self.open(server.url, f"Ada {measured}", script=FAKE)
                for distance in self.scrolled_up(ada, measured=measured):
                    self.assertAlmostEqual(distance, 350, delta=2)

    def scrolled_up(self, window: Window, *, measured: bool) -> list[float]:
        """How far each step up, of 350 pixels, has moved the line that was under the mouse."""
        window.evaluate(
            """() => {
              for (let n = 0; n < 400; n++) {
                server.live({ text: `line ${n} ${"and more of it\\n".repeat((n * 7) % 23)}` });
              }
            }"""
        )
        window.wait_for("(lines) => document.querySelectorAll(lines).length === 400", LINES)
        moved: list[float] = window.evaluate(
            """(selector, lines, measured) => new Promise((done) => {
              const view = document.querySelector(selector);
              const moved = [];
              let steps = 0;
              const step = () => {
                if (++steps > 70) return done(moved);
                if (measured) {
                  for (const each of document.querySelectorAll(lines)) each.getBoundingClientRect();
                }
                const found = document.elementsFromPoint(600, 300);
                const line = found.map((each) => each.closest(".line")).find(Boolean);
                const before = line?.getBoundingClientRect().top;
                view.scrollTop -= 350;
                requestAnimationFrame(() => requestAnimationFrame(() => {
                  if (line) moved.push(line.getBoundingClientRect().top - before);
                  step();
                }));
              };
              step();
            })""",
            VIEW,
            LINES,
            measured,
        )
        self.assertGreater(len(moved), 20)
        return moved

    def test_what_was_written_while_the_server_was_dead_arrives_once(self) -> None:
        self.expect_complaint(NO_SERVER)
        with tempfile.TemporaryDirectory() as data:
            server = ServerProcess("--data", data)
            self.addCleanup(server.kill)
            ada, bob = self.open(server.url, "Ada"), self.open(server.url, "Bob")
            say(ada, "before")
            wait_for_lines(bob, ["before"])
            server.process.kill()
            server.process.wait()
            ada.wait_for("(here) => document.querySelector(here) === null", CONNECTED)
            say(ada, "meanwhile")
            ada.wait_for_one(f"{LINES}[data-fate=queued]", "meanwhile")
            with ServerProcess("--data", data, "--port", str(server.port)):
                for window in (ada, bob):
                    wait_until_here(window)
                    wait_for_lines(window, ["before", "meanwhile"])
                ada.reload()
                wait_until_here(ada)
                say(bob, "got it")
                wait_for_lines(ada, ["before", "meanwhile", "got it"])

    def test_the_page_opens_without_a_server(self) -> None:
        self.expect_complaint(NO_SERVER)
        with tempfile.TemporaryDirectory() as data:
            with ServerProcess("--data", data) as server:
                ada = self.open(server.url, "Ada")
                ada.wait_for("() => navigator.serviceWorker.controller !== null")
            ada.wait_for("(here) => document.querySelector(here) === null", CONNECTED)
            ada.goto(f"{server.url}r/tea")
            ada.wait_for_texts(HEADING, ["tea"])
            say(ada, "to nobody yet")
            ada.wait_for_one(f"{LINES}[data-fate=queued]", "to nobody yet")
            ada.reload()
            ada.wait_for_one(f"{LINES}[data-fate=queued]", "to nobody yet")
            with ServerProcess("--data", data, "--port", str(server.port)):
                wait_until_here(ada)
                wait_for_lines(ada, ["to nobody yet"])


class FirefoxPhoneTest(FirefoxPageTest):
    """A phone that is set to dark: small, touched, and without a mouse."""

    size: ClassVar = (390, 844)
    preferences: ClassVar = {
        "dom.w3c_touch_events.enabled": 1,
        "layout.css.prefers-color-scheme.content-override": 0,
        "ui.allPointerCapabilities": 1,
        "ui.primaryPointerCapabilities": 1,
    }

    def test_a_phone_shows_the_conversation_and_brings_rooms_and_people_from_the_side(self) -> None:
        server = self.serve()
        ada = self.open(server.url, "Ada")
        ground = ada.evaluate("() => getComputedStyle(document.body).backgroundColor")
        self.assertEqual(ground, "rgb(16, 20, 24)")
        ada.tap(DRAFT)
        ada.type(json.dumps("unbroken" * 30))
        ada.tap(".composer .send")
        wait_for_lines(ada, [json.dumps("unbroken" * 30)])
        self.fits(ada)
        self.check(ada)
        ada.tap(".room-header .menu")
        ada.wait_for_focus(".side-panel .close")
        ada.wait_for_texts(".member-list .member .nick", ["Ada"])
        self.check(ada)
        ada.tap(".room-list .find")
        ada.wait_for_focus(".room-switcher .field")
        ada.type("tea")
        ada.press("Enter")
        ada.wait_for_texts(HEADING, ["tea"])
        ada.wait_for_none(".side-panel")

    def test_a_touched_message_shows_what_can_be_done_with_it(self) -> None:
        server = self.serve()
        ada = self.open(server.url, "Ada")
        ada.tap(DRAFT)
        ada.type("שלום עולם")
        ada.tap(".composer .send")
        wait_for_lines(ada, ["שלום עולם"])
        direction = "(text) => getComputedStyle(document.querySelector(text)).direction"
        self.assertEqual(ada.evaluate(direction, TEXTS), "rtl")
        ada.tap(BUBBLE)
        ada.wait_for_one(BAR)
        self.fits(ada)
        self.check(ada)
        ada.tap(f"{BAR} .react")
        ada.tap(f"{BAR} .emoji", "👍")
        ada.wait_for_texts(f"{LINES} .chip", ["👍 1"])

    def test_nothing_is_cut_off_on_a_screen_at_400_percent(self) -> None:
        server = self.serve()
        ada = self.open(server.url, "W" * 32)
        ada.resize(320, 256)
        self.fits(ada)

    def fits(self, window: Window) -> None:
        """Nothing is wider than the screen, and the composer is in sight."""
        over = window.evaluate(
            """(view) => [document.documentElement, document.querySelector(view)]
              .map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)""",
            VIEW,
        )
        self.assertLessEqual(max(over), 0)
        window.wait_for(
            "(send) => document.querySelector(send).getBoundingClientRect().bottom <= innerHeight",
            ".composer .send",
        )


if __name__ == "__main__":
    unittest.main()
