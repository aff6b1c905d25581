"""Lines that break, servers that die, and what becomes of what was being said."""

from __future__ import annotations

import re
import signal
import tempfile
import unittest

from playwright.sync_api import Page, expect

from tests.browser.fake import DEAD_LINE, FakeTestCase
from tests.support.page import (
    CONNECTED,
    DRAFT,
    HERE,
    LINES,
    NO_SERVER,
    STOPPED,
    BrowserTestCase,
    enter,
    lines,
    say,
    wait_for_lines,
    wait_until_here,
)
from tests.support.server import ServerProcess

HINT = ".composer .hint"
RETRY = ".connection-state .retry"
SEEN = ".connection-state .seen"
FATE = ".message-list .fate"
NOT_CONNECTED = f".connection-state:not({CONNECTED})"


def end(page: Page, code: int) -> None:
    """Let the connection of a page with a server of its own end with `code`."""
    page.evaluate("code => server.end(code)", code)


class KilledTest(BrowserTestCase):
    def test_a_line_that_was_pending_when_the_server_was_killed_arrives_exactly_once(self) -> None:
        self.expect_complaint(NO_SERVER)
        with tempfile.TemporaryDirectory() as data:
            server = ServerProcess("--data", data)
            self.addCleanup(server.kill)
            ada, bob = self.open(server.url, "Ada"), self.open(server.url, "Bob")
            say(ada, "before")
            wait_for_lines(bob, 1)
            # Stopped, it takes what is sent and answers nothing: then it dies with it.
            server.process.send_signal(signal.SIGSTOP)
            say(ada, "on its way")
            ada.fill(DRAFT, "half a thought")
            expect(ada.locator(LINES)).to_have_count(2)
            server.process.kill()
            server.process.wait()
            ada.wait_for_selector(NOT_CONNECTED, state="attached")
            say(ada, "said to nobody")
            ada.fill(DRAFT, "half a thought")
            expect(ada.locator(HINT)).to_contain_text("sent automatically")
            expect(ada.locator(FATE).last).to_have_text(re.compile("Waiting to be sent"))
            with ServerProcess("--data", data, "--port", str(server.port)):
                said = ["before", "on its way", "said to nobody"]
                for page in (ada, bob):
                    wait_until_here(page)
                    self.assertEqual(wait_for_lines(page, 3), said)
                expect(ada.locator(DRAFT)).to_have_value("half a thought")
                say(bob, "got them all")
                for page in (ada, bob):
                    self.assertEqual(wait_for_lines(page, 4), [*said, "got them all"])
                    page.reload()
                    wait_until_here(page)
                    self.assertEqual(wait_for_lines(page, 4), [*said, "got them all"])
                    page.context.close()

    def test_a_line_that_was_pending_outlives_a_reload(self) -> None:
        with ServerProcess("--memory") as server:
            ada, bob = self.open(server.url, "Ada"), self.open(server.url, "Bob")
            server.process.send_signal(signal.SIGSTOP)
            say(ada, "hold on")
            expect(ada.locator(LINES)).to_have_count(1)
            # The page is gone before the answer comes; the server has the line, or will.
            ada.goto("about:blank")
            server.process.send_signal(signal.SIGCONT)
            wait_for_lines(bob, 1)
            ada.goto(server.url)
            wait_until_here(ada)
            say(ada, "there")
            for page in (ada, bob):
                self.assertEqual(wait_for_lines(page, 2), ["hold on", "there"])
                page.context.close()

    def test_the_page_comes_back_to_a_server_that_lost_its_memory(self) -> None:
        self.expect_complaint(NO_SERVER)
        self.expect_complaint("426")  # the page asks why there is no connection, and there is one
        with ServerProcess("--memory") as server:
            page = self.open(server.url, "Ada")
            say(page, "before")
            wait_for_lines(page, 1)
            self.assertEqual(server.stop(signal.SIGTERM), 0)
            page.wait_for_selector(NOT_CONNECTED, state="attached")
        with ServerProcess("--memory", "--port", str(server.port)):
            wait_until_here(page)
            say(page, "after")
            expect(page.locator(f"{LINES} .text")).to_have_text(["after"])
            page.context.close()


class DeadLineTest(BrowserTestCase):
    def dead_line(self, url: str, name: str) -> Page:
        page = self.page(DEAD_LINE)
        page.goto(url)
        enter(page, name)
        return page

    def test_who_was_offline_comes_back_to_where_they_were(self) -> None:
        self.expect_complaint(NO_SERVER)
        self.expect_complaint("ERR_INTERNET_DISCONNECTED")
        with ServerProcess("--memory") as server:
            ada, bob = self.dead_line(server.url, "Ada"), self.open(server.url, "Bob")
            say(bob, "one")
            wait_for_lines(ada, 1)
            ada.evaluate("() => line.die()")
            ada.context.set_offline(True)
            expect(ada.locator(SEEN)).to_have_text("Offline")
            expect(ada.locator(HINT)).to_contain_text("offline")
            say(ada, "three")
            say(bob, "two")
            wait_for_lines(bob, 2)
            self.assertEqual(lines(ada), ["one", "three"])
            ada.context.set_offline(False)
            for page in (ada, bob):
                self.assertEqual(wait_for_lines(page, 3), ["one", "two", "three"])
            for page in (ada, bob):
                page.context.close()

    def test_a_line_that_died_in_silence_is_noticed_when_the_page_is_seen_again(self) -> None:
        with ServerProcess("--memory") as server:
            page = self.dead_line(server.url, "Ada")
            page.evaluate("() => line.die()")
            page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
            page.wait_for_function("() => line.sockets.length > 1")
            wait_until_here(page)
            say(page, "alive")
            self.assertEqual(wait_for_lines(page, 1), ["alive"])
            page.context.close()

    def test_a_line_that_died_in_silence_is_noticed_by_what_it_does_not_answer(self) -> None:
        with ServerProcess("--memory") as server:
            page, bob = self.dead_line(server.url, "Ada"), self.open(server.url, "Bob")
            page.evaluate("() => line.die()")
            say(page, "is anybody there?")
            expect(page.locator(FATE)).to_contain_text("Sending…")
            for each in (page, bob):
                self.assertEqual(wait_for_lines(each, 1), ["is anybody there?"])
                each.context.close()


class CloseTest(FakeTestCase):
    def test_a_page_that_was_sent_away_comes_back_when_asked(self) -> None:
        for code, words in (
            (1000, "closed the connection"),
            (1007, "could not communicate"),
            (4000, "refused the connection"),
            (4001, "refused the connection"),
            (4003, "moderator"),
        ):
            with self.subTest(code=code):
                page = self.fake()
                end(page, code)
                page.wait_for_selector(STOPPED)
                expect(page.locator(HINT)).to_contain_text(words)
                expect(page.locator(".composer .send")).to_have_attribute("aria-disabled", "true")
                say(page, "stays")
                expect(page.locator(DRAFT)).to_have_value("stays")
                page.click(RETRY)
                wait_until_here(page)
                expect(page.locator(RETRY)).to_be_hidden()
                expect(page.locator(DRAFT)).to_be_focused()
                page.context.close()

    def test_a_page_comes_back_by_itself_after_an_end_that_does_not_say_no(self) -> None:
        """A late pong was answered with 1002, and the page stayed away until somebody asked."""
        for code in (1002, 1005, 1006, 1011, 1012, 4999):
            with self.subTest(code=code):
                page = self.fake()
                end(page, code)
                page.wait_for_function("() => server.sockets.length === 2")
                wait_until_here(page)
                page.context.close()

    def test_a_page_that_was_too_slow_comes_back_at_once(self) -> None:
        page = self.fake()
        end(page, 4008)
        page.wait_for_function("() => server.sockets.length === 2")
        wait_until_here(page)

    def test_what_was_missed_may_come_in_parts(self) -> None:
        page = self.fake()
        page.evaluate(
            """() => {
              server.size = 7;
              server.end(4008);
              for (let n = 0; n < 40; n++) server.write("lobby", { text: `missed ${n}` });
            }"""
        )
        self.assertEqual(wait_for_lines(page, 40), [f"missed {n}" for n in range(40)])
        page.evaluate("() => server.live({ text: 'live' })")
        self.assertEqual(wait_for_lines(page, 41)[-1], "live")
        self.assertEqual(page.evaluate("() => server.sockets.length"), 2)

    def test_a_full_or_flooded_server_is_left_alone_for_a_while(self) -> None:
        for code, words in ((1013, "full"), (4029, "too much")):
            with self.subTest(code=code):
                page = self.fake()
                end(page, code)
                expect(page.locator(HINT)).to_contain_text(words)
                expect(page.locator(SEEN)).to_have_text(re.compile(r"Reconnecting in [123]?\d s"))
                page.evaluate("() => dispatchEvent(new Event('online'))")
                self.assertEqual(page.evaluate("() => server.sockets.length"), 1)
                say(page, "waits")
                page.click(RETRY)
                self.assertEqual(wait_for_lines(page, 1), ["waits"])
                page.context.close()

    def test_the_token_brings_the_same_user_back(self) -> None:
        page = self.fake()
        sent = """() => { window.said = []; const { hello } = server.serve;
          server.serve.hello = (command) => { said.push(command); return hello(command); }; }"""
        page.evaluate(sent)
        end(page, 4008)
        page.wait_for_function("() => said.length === 1")
        self.assertEqual(page.evaluate("() => said[0].token"), "secret")


class FateTest(FakeTestCase):
    def test_a_message_that_failed_can_be_tried_again_or_taken_back(self) -> None:
        for code, words in (
            ("too_long", "too long"),
            ("storage_failed", "could not store"),
            ("busy", "busy"),
        ):
            with self.subTest(code=code):
                page = self.fake()
                page.evaluate("code => { server.refuses = { code } }", code)
                say(page, "one")
                say(page, "two")
                expect(page.locator(FATE)).to_have_text([re.compile(words)] * 2)
                page.evaluate("() => { server.refuses = null }")
                page.click(f"{LINES} .again >> nth=1")
                expect(page.locator(f"{LINES}[data-fate='']")).to_have_text([re.compile("two")])
                page.click(f"{LINES} .back:visible")
                expect(page.locator(DRAFT)).to_have_value("one")
                self.assertEqual(wait_for_lines(page, 1), ["two"])
                page.context.close()

    def test_a_message_keeps_its_place_on_the_page_when_it_comes_back(self) -> None:
        page = self.fake()
        page.evaluate("() => { server.answers = false }")
        say(page, "pending")
        expect(page.locator(FATE)).to_contain_text("Sending…")
        page.evaluate("line => { window.line = document.querySelector(line) }", LINES)
        page.evaluate("() => { server.answers = true; server.end(4008) }")
        self.assertEqual(wait_for_lines(page, 1), ["pending"])
        self.assertTrue(
            page.evaluate("selector => line === document.querySelector(selector)", LINES)
        )

    def test_a_draft_that_is_too_long_is_not_sent_and_says_by_how_much(self) -> None:
        page = self.fake()
        page.fill(DRAFT, "x" * 4003)
        expect(page.locator(HINT)).to_have_text("3 characters too long.")
        page.press(DRAFT, "Enter")
        expect(page.locator(DRAFT)).to_have_value("x" * 4003)
        self.assertEqual(lines(page), [])

    def test_what_was_missed_is_asked_for_and_stands_in_its_place(self) -> None:
        page = self.fake()
        page.evaluate("() => server.live({ text: 'one' })")
        page.evaluate("() => { server.write('lobby', { text: 'two' }) }")  # and told nobody
        page.evaluate("() => server.live({ text: 'three' })")
        page.wait_for_selector(HERE, state="attached")
        self.assertEqual(wait_for_lines(page, 3), ["one", "two", "three"])

    def test_what_others_change_is_shown_as_it_stands(self) -> None:
        page = self.fake()
        page.evaluate(
            """() => {
              server.live({ text: "tea at for" });
              server.live({ text: "nonsense" });
              server.live({ type: "edited", target: 1, text: "tea at four" });
              server.live({ type: "deleted", target: 2 });
              for (const user of ["u1", "u2"]) {
                server.live({ type: "reacted", target: 1, emoji: "👍", on: true, user });
              }
              server.live({ type: "topic", text: "All about tea" });
              server.live({ text: "beep", bot: true, user: "u5", nick: "clock" });
              server.hear({ type: "weather", rain: true });
            }"""
        )
        self.assertEqual(wait_for_lines(page, 3)[0], "tea at four")
        line = page.locator(LINES)
        expect(line.nth(0)).to_contain_text("edited")
        expect(line.nth(0).locator(".reactions li")).to_have_text(["👍 2"])
        expect(line.nth(1)).to_contain_text("This message was deleted.")
        expect(line.nth(2).locator(".bot")).to_be_visible()
        expect(page.locator(".note:not(.day)")).to_have_text(["Bob set the topic: All about tea"])


if __name__ == "__main__":
    unittest.main()
