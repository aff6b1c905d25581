"""The message list: it follows the newest line, keeps the reader's place, and stays bounded."""

from __future__ import annotations

import unittest

from playwright.sync_api import Page, expect

from tests.browser.fake import FakeTestCase
from tests.support.page import LINES, VIEW, fully_scrolled, lines, next_frame, say, wait_for_lines

JUMP = ".message-list .jump"


class ScrollTest(FakeTestCase):
    def receive(self, page: Page, count: int, text: str = "line") -> None:
        """Let `count` numbered lines of Bob's come to `page`, and wait for the last."""
        page.evaluate(
            "([count, text]) => { for (let n = 0; n < count; n++)"
            " server.live({ text: `${text} ${n}` }) }",
            [count, text],
        )
        expect(page.locator(f"{LINES} .text").last).to_have_text(f"{text} {count - 1}")

    def look_at(self, page: Page, number: int) -> float:
        """Scroll until the line `number` is in sight, and remember it; gives where it is."""
        place: float = page.evaluate(
            """([view, lines, number]) => {
              window.read = document.querySelectorAll(lines)[number];
              document.querySelector(view).scrollTop += read.getBoundingClientRect().top - 200;
              return read.getBoundingClientRect().top;
            }""",
            [VIEW, LINES, number],
        )
        next_frame(page)
        return place

    def place(self, page: Page) -> float:
        """Where the remembered line is now."""
        found: float = page.evaluate("() => read.getBoundingClientRect().top")
        return found

    def test_the_log_follows_the_newest_line(self) -> None:
        page = self.fake()
        for burst in range(3):
            self.receive(page, 30, f"burst {burst}")
            self.assertTrue(fully_scrolled(page))
        page.set_viewport_size({"width": 500, "height": 300})
        page.wait_for_function(
            "selector => { const view = document.querySelector(selector);"
            " return view.scrollHeight - view.clientHeight - view.scrollTop <= 8 }",
            arg=VIEW,
        )

    def test_who_reads_further_up_stays_there_and_is_offered_a_way_down(self) -> None:
        page = self.fake()
        self.receive(page, 60)
        place = self.look_at(page, 20)
        self.receive(page, 3, "new")
        self.assertAlmostEqual(self.place(page), place, delta=1)
        expect(page.locator(JUMP)).to_have_text("3 new messages")
        page.click(JUMP)
        self.assertTrue(fully_scrolled(page))
        expect(page.locator(JUMP)).to_be_hidden()
        self.receive(page, 5, "more")
        self.assertTrue(fully_scrolled(page), "it follows again")

    def test_who_sends_sees_it(self) -> None:
        page = self.fake()
        self.receive(page, 60)
        self.look_at(page, 10)
        say(page, "mine")
        expect(page.locator(LINES).last).to_be_in_viewport()

    def test_a_change_further_up_does_not_move_what_is_read(self) -> None:
        page = self.fake()
        self.receive(page, 60)
        place = self.look_at(page, 30)
        page.evaluate(
            """() => {
              server.live({ type: "edited", target: 3, text: "much\\n\\n\\n\\nlonger" });
              server.live({ type: "reacted", target: 5, emoji: "👍", on: true });
            }"""
        )
        expect(page.locator(f"{LINES} .reactions:visible")).to_have_count(1)
        self.assertAlmostEqual(self.place(page), place, delta=1)

    def test_scrolling_up_brings_older_lines_without_a_jump(self) -> None:
        page = self.fake()
        page.evaluate(
            "() => { for (let n = 0; n < 400; n++) server.write('tea', { text: `old ${n}` }) }"
        )
        page.fill(".room-list .field", "tea")
        page.press(".room-list .field", "Enter")
        self.assertEqual(wait_for_lines(page, 50)[-1], "old 399")
        self.assertTrue(fully_scrolled(page))
        count = page.locator(LINES).count()
        while count < 400:
            place = self.look_at(page, 3)
            page.wait_for_function(
                "([selector, count]) => document.querySelectorAll(selector).length > count",
                arg=[LINES, count],
            )
            self.assertAlmostEqual(self.place(page), place, delta=1)
            count = page.locator(LINES).count()
        self.assertEqual(lines(page), [f"old {number}" for number in range(400)])
        expect(page.locator(".message-list .older")).to_have_text("This is where #tea begins.")

    def test_one_message_is_one_small_change(self) -> None:
        page = self.fake()
        self.receive(page, 60)
        page.evaluate(
            """() => {
              window.changes = [];
              new MutationObserver((all) => {
                for (const { type, attributeName, target, addedNodes, removedNodes } of all) {
                  const nodes = addedNodes.length + removedNodes.length;
                  const { className } = target;
                  changes.push(`${className} ${type} ${attributeName ?? nodes}`);
                }
              }).observe(document, {
                subtree: true, childList: true, attributes: true, characterData: true,
              });
            }"""
        )
        self.receive(page, 1, "one more")
        # The part that it stands in knows how tall it is while it is out of sight.
        self.assertEqual(
            page.evaluate("() => changes"), ["part attributes style", "part childList 1"]
        )

    def test_a_burst_is_shown_in_few_steps(self) -> None:
        page = self.fake()
        self.receive(page, 1)
        page.evaluate(
            """([lines]) => {
              window.shown = [];
              const list = document.querySelector(".message-list .lines");
              new MutationObserver(() => shown.push(document.querySelectorAll(lines).length))
                .observe(list, { subtree: true, childList: true });
              const { port1, port2 } = new MessageChannel(); // each in a task of its own
              port1.onmessage = ({ data }) => server.live({ text: `burst ${data}` });
              for (let n = 0; n < 500; n++) port2.postMessage(n);
            }""",
            [LINES],
        )
        expect(page.locator(LINES)).to_have_count(501)
        self.assertLess(len(page.evaluate("() => shown")), 250)

    def test_the_log_is_bounded(self) -> None:
        page = self.fake()
        self.receive(page, 2500)
        self.assertLessEqual(page.locator(LINES).count(), 2200)
        self.assertTrue(fully_scrolled(page))

    def test_dropping_the_oldest_lines_does_not_move_what_is_read(self) -> None:
        page = self.fake()
        self.receive(page, 2000)
        place = self.look_at(page, 1900)
        self.receive(page, 8500, "more")
        self.assertLess(page.locator(LINES).count(), 10_300)
        self.assertAlmostEqual(self.place(page), place, delta=1)

    def test_a_hidden_page_takes_lines_in_and_counts_them(self) -> None:
        page = self.fake()
        page.evaluate(
            """() => {
              window.requestAnimationFrame = () => 0;  // as in a tab nobody sees
              Object.defineProperty(document, "hidden", { get: () => true, configurable: true });
              document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
        self.receive(page, 3)
        expect(page).to_have_title("(3) #lobby · goChat")
        page.evaluate(
            """() => {
              delete document.hidden;
              document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
        expect(page).to_have_title("#lobby · goChat")


if __name__ == "__main__":
    unittest.main()
