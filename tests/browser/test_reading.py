"""What counts as read: with the focus only, told at once, and the same in all tabs and devices."""

from __future__ import annotations

import re
import unittest

from playwright.sync_api import Page, expect

from tests.browser.test_attention import RECORDER, AttentionTestCase
from tests.browser.test_finding import HEADING, badge
from tests.support.case import eventually
from tests.support.page import (
    LINES,
    BrowserTestCase,
    enter,
    go,
    next_frame,
    say,
    wait_for_lines,
    wait_until_here,
)
from tests.support.server import ServerProcess
from tests.support.v1 import Client

#: The window gets the focus, or another one does. (Playwright's pages always claim to have it.)
FOCUS = """
(focused) => {
  document.hasFocus = () => focused;
  dispatchEvent(new Event(focused ? "focus" : "blur"));
}
"""

#: Reports each `read` that the page sends, in `window.reads`.
READS = """() => {
  window.reads = [];
  server.serve.read = ({ seq }) => (reads.push(seq), []);
}"""

#: The name and the token that the page has stored.
IDENTITY = "() => JSON.parse(localStorage[`gochat ${document.baseURI} identity`])"


TOP = "(element) => element.getBoundingClientRect().top"


class FocusTest(AttentionTestCase):
    def test_a_visible_window_without_the_focus_reads_nothing_and_notifies(self) -> None:
        page = self.in_two()
        self.allow(page)
        page.evaluate(READS)
        page.evaluate(FOCUS, False)
        self.live(page, "@Ada, are you there?")
        page.wait_for_function("() => calls.notes.length === 1")
        expect(page).to_have_title("(1) #lobby · goChat")
        self.assertEqual(page.evaluate("() => reads"), [])
        page.evaluate(FOCUS, True)
        expect(page).to_have_title("#lobby · goChat")
        page.wait_for_function("() => reads.length === 1")
        expect(page.locator(".message-list .note.new")).to_have_count(1)

    def test_a_focused_window_that_nobody_uses_reads_nothing_and_notifies(self) -> None:
        page = self.blank()
        page.clock.install()
        enter(page, "Ada")
        self.allow(page)
        page.clock.fast_forward("05:01")
        self.live(page, "@Ada, are you there?")
        page.wait_for_function("() => calls.notes.length === 1")
        expect(page).to_have_title("(1) #lobby · goChat")
        page.mouse.move(50, 50)
        expect(page).to_have_title("#lobby · goChat")


class TabsTestCase(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.server = self.enterContext(ServerProcess("--memory"))
        self.bob = self.enterContext(Client(self.server.ws_url, "Bob", "lobby", "tea"))


class TabsTest(TabsTestCase):
    def tabs(self) -> tuple[Page, Page]:
        """Two tabs of Ada's browser, both in the lobby and in the room tea."""
        first = self.open(self.server.url, "Ada")
        go(first, "tea")
        go(first, "lobby")
        second = self.tab(first)
        second.goto(self.server.url)
        wait_until_here(second)
        expect(second.locator('.room-list .room.joined[data-room="tea"]')).to_be_visible()
        return first, second

    def test_what_is_read_in_one_tab_is_unread_in_no_other(self) -> None:
        first, second = self.tabs()
        self.bob.send("tea", "one")
        self.bob.send("tea", "two")
        for page in (first, second):
            expect(page.locator(badge(page, "tea"))).to_have_text("2")
        go(second, "tea")
        expect(second.locator(badge(second, "tea"))).to_be_hidden()
        expect(first.locator(badge(first, "tea"))).to_be_hidden()
        expect(first.locator(HEADING)).to_have_text("lobby")

    def test_what_is_read_on_one_device_is_unread_on_no_other(self) -> None:
        ada = self.open(self.server.url, "Ada")
        go(ada, "tea")
        go(ada, "lobby")
        token = ada.evaluate(IDENTITY)["token"]
        phone = self.enterContext(Client(self.server.ws_url, "Ada", "tea", token=token))
        self.bob.send("tea", "one")
        expect(ada.locator(badge(ada, "tea"))).to_have_text("1")
        phone.say("read", room="tea", seq=1)
        expect(ada.locator(badge(ada, "tea"))).to_be_hidden()

    def test_what_was_read_just_before_the_room_was_left_is_stored(self) -> None:
        ada = self.open(self.server.url, "Ada")
        go(ada, "tea")
        for text in ("one", "two"):
            self.bob.send("tea", text)
        wait_for_lines(ada, 2)
        go(ada, "lobby")
        self.stored(ada, 2)

    def test_what_was_read_just_before_the_tab_was_closed_is_stored(self) -> None:
        ada = self.open(self.server.url, "Ada")
        go(ada, "tea")
        for text in ("one", "two"):
            self.bob.send("tea", text)
        wait_for_lines(ada, 2)
        self.stored(ada, 2, close=True)

    def stored(self, ada: Page, seq: int, *, close: bool = False) -> None:
        """Another device hears that the room tea was read up to `seq`."""
        token = ada.evaluate(IDENTITY)["token"]
        device = self.enterContext(Client(self.server.ws_url, "Ada", token=token))
        read = device.ask("join", room="tea")["read"]
        if close:
            ada.close(run_before_unload=False)
        if read < seq:
            device.next("read", room="tea", seq=seq)

    def test_a_message_that_was_deleted_is_not_unread(self) -> None:
        first, _ = self.tabs()
        message = self.bob.send("tea", "one")
        self.bob.send("tea", "two")
        expect(first.locator(badge(first, "tea"))).to_have_text("2")
        self.bob.ask("delete", room="tea", seq=message["seq"])
        expect(first.locator(badge(first, "tea"))).to_have_text("1")


class NewsTest(BrowserTestCase):
    """What is new in a room, however much it is, and the place where the user was."""

    def setUp(self) -> None:
        super().setUp()
        self.server = self.enterContext(
            ServerProcess("--memory", "--rate", "1000", "--burst", "1000")
        )
        self.bob = self.enterContext(Client(self.server.ws_url, "Bob", "lobby", "tea"))

    def returning(self, count: int) -> Page:
        """Ada, who was in tea, opens the page after `count` messages that she has not read."""
        ada = self.open(self.server.url, "Ada")
        go(ada, "tea")
        self.bob.send("tea", "read")
        wait_for_lines(ada, 1)
        go(ada, "lobby")
        ada.goto("about:blank")
        for number in range(count):
            self.bob.send("tea", f"new {number}\nand more of it")
        ada.goto(f"{self.server.url}r/lobby")
        wait_until_here(ada)
        return ada

    def test_all_unread_messages_are_counted_and_a_button_leads_to_the_first(self) -> None:
        ada = self.returning(200)
        spoken = ada.locator('.room-list .room[data-room="tea"] .badge .spoken')
        expect(spoken).to_have_text("200 unread messages")
        go(ada, "tea")
        expect(ada.locator(f"{LINES} .text").last).to_have_text("new 199\nand more of it")
        button = ada.locator(".message-list .since")
        expect(button).to_have_text(re.compile(r"^200 new messages, from \d{1,2}:\d\d"))
        button.click()
        expect(ada.locator(f"{LINES}.found .text")).to_have_text("new 0\nand more of it")
        expect(ada.locator(f"{LINES}.found")).to_be_in_viewport()
        expect(button).to_be_hidden()
        ada.locator(".message-list .jump").click()
        expect(ada.locator(f"{LINES} .text").last).to_be_in_viewport()

    def test_the_button_is_there_while_the_first_is_further_up(self) -> None:
        ada = self.returning(30)
        go(ada, "tea")
        button = ada.locator(".message-list .since")
        expect(button).to_be_visible()
        ada.locator(".message-list .note.new").scroll_into_view_if_needed()
        expect(button).to_be_hidden()

    def test_who_comes_back_to_a_room_is_where_they_were(self) -> None:
        ada = self.returning(60)
        go(ada, "tea")
        line = ada.locator(LINES, has_text="new 20")
        line.evaluate("(line) => line.scrollIntoView({ block: 'start' })")
        next_frame(ada)  # the page hears of the scrolling before a frame is drawn
        next_frame(ada)
        place = line.evaluate(TOP)
        go(ada, "lobby")
        self.bob.send("tea", "one more")
        go(ada, "tea")
        expect(line).to_be_in_viewport()
        self.assertAlmostEqual(line.evaluate(TOP), place, delta=1)
        expect(ada.locator(".message-list .jump")).to_have_text("1 new message")


class NotifyTest(TabsTestCase):
    def counts(self, *tabs: Page) -> list[int]:
        return [tab.evaluate("() => calls.notes.length") for tab in tabs]

    def test_one_of_several_hidden_tabs_notifies(self) -> None:
        tabs = self.three()
        for tab in tabs:
            tab.evaluate(FOCUS, False)
        for count in (1, 2, 3):
            self.bob.send("tea", f"@Ada, number {count}")
            for tab in tabs:
                expect(tab.locator(badge(tab, "tea"))).to_have_text(f"@{count}")
            eventually(lambda count=count: sum(self.counts(*tabs)) >= count, "a tab notified")
        self.assertEqual(sum(self.counts(*tabs)), 3)

    def test_no_tab_notifies_while_one_with_the_focus_shows_the_message(self) -> None:
        first, *others = self.three()
        for tab in others:
            tab.evaluate(FOCUS, False)
        go(first, "tea")
        self.bob.send("tea", "@Ada, seen")
        wait_for_lines(first, 1)
        self.bob.send("lobby", "@Ada, not seen")
        eventually(lambda: sum(self.counts(first, *others)) >= 1, "a tab notified")
        notes = "() => calls.notes.map(({ body }) => body)"
        shown = [body for tab in (first, *others) for body in tab.evaluate(notes)]
        self.assertEqual(shown, ["@Ada, not seen"])

    def test_a_notification_is_closed_when_the_message_is_read_in_another_tab(self) -> None:
        tabs = self.three()
        second = tabs[1]
        for tab in tabs:
            tab.evaluate(FOCUS, False)
        self.bob.send("tea", "@Ada")
        eventually(lambda: sum(self.counts(*tabs)) == 1, "a tab notified")
        second.evaluate(FOCUS, True)
        go(second, "tea")
        closed = "() => calls.notes.every(({ closed }) => closed)"
        for tab in tabs:
            tab.wait_for_function(closed)

    def allow(self, tab: Page) -> None:
        """Let the tab show notifications."""
        tab.keyboard.press("Control+,")
        tab.click(".settings-sheet .desktop")
        tab.keyboard.press("Escape")
        expect(tab.locator(".settings-sheet")).to_be_hidden()

    def three(self) -> list[Page]:
        """Three tabs of Ada's browser that show notifications, in the lobby and in the room tea."""
        first = self.page(RECORDER)
        first.goto(self.server.url)
        enter(first, "Ada")
        go(first, "tea")
        go(first, "lobby")
        self.allow(first)
        first.wait_for_function("() => calls.asked === 1")
        tabs = [first, self.tab(first), self.tab(first)]
        for tab in tabs:
            tab.goto(self.server.url)
            wait_until_here(tab)
            expect(tab.locator('.room-list .room.joined[data-room="tea"]')).to_be_visible()
            tab.evaluate("() => { Notification.permission = 'granted' }")
            self.allow(tab)
            tab.wait_for_function(
                "() => performance.getEntriesByType('resource').some(({ name, responseEnd }) =>"
                " name.endsWith('/tabs.js') && responseEnd > 0)"
            )
        return tabs


class ManyRoomsTest(BrowserTestCase):
    def test_all_rooms_up_to_the_server_s_limit_are_followed_and_one_more_is_refused(self) -> None:
        server = self.enterContext(ServerProcess("--memory", "--max-rooms", "25"))
        ada = self.open(server.url, "Ada")
        for number in range(24):
            go(ada, f"room{number}")
        bob = self.enterContext(Client(server.ws_url, "Bob", "room0"))
        bob.send("room0", "not muted")
        expect(ada.locator(badge(ada, "room0"))).to_have_text("1")
        say(ada, "hello")
        wait_for_lines(ada, 1)
        ada.goto(f"{server.url}r/onemore")
        hint = ada.locator(".composer .hint")
        expect(hint).to_have_text(
            "You are in 25 rooms, the most that this server allows. Leave one to join this one."
        )
        expect(ada.locator(".room-list .room.joined")).to_have_count(26)


if __name__ == "__main__":
    unittest.main()
