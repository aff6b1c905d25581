"""The message list: it follows the newest line, keeps the user's place, and stays bounded."""

from __future__ import annotations

import unittest

from playwright.sync_api import Page, expect

from tests.browser.fake import FakeTestCase
from tests.support.page import (
    LINES,
    VIEW,
    fully_scrolled,
    go,
    lines,
    next_frame,
    say,
    wait_for_lines,
)

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
        """Scroll until the line `number` is in sight, and remember it; gives where it is drawn."""
        page.evaluate(
            """([view, lines, number]) => {
              window.read = document.querySelectorAll(lines)[number];
              document.querySelector(view).scrollTop += read.getBoundingClientRect().top - 200;
            }""",
            [VIEW, LINES, number],
        )
        return self.place(page)

    def place(self, page: Page) -> float:
        """Where the remembered line is drawn."""
        self.watch(page)
        page.wait_for_function("() => places.length > 0")
        found: float = page.evaluate("() => places[0]")
        return found

    def watch(self, page: Page, number: int | None = None) -> None:
        """From now on, note in ``places`` where each frame draws a line.

        It is the line `number`, or the one remembered.

        Between frames the layout may be one that nobody sees: what comes near the view is laid out
        after a frame, and what that moves is put back within the next one. The observer tells how
        things stand when a frame is drawn.
        """
        page.evaluate(
            """([lines, number]) => {
              window.read = number === null ? read : document.querySelectorAll(lines)[number];
              const noted = (window.places = []);
              const look = () => new IntersectionObserver(([{ boundingClientRect }], own) => {
                own.disconnect();
                const { top, height } = boundingClientRect;
                if (height > 0) noted.push(top); // else it is not laid out yet
                if (noted === places) requestAnimationFrame(look);
              }).observe(read);
              look();
            }""",
            [LINES, number],
        )

    def assert_held(self, page: Page) -> None:
        """Every frame has drawn the watched line in one place, and several have."""
        page.wait_for_function(
            "more => places.length >= more", arg=page.evaluate("() => places.length") + 5
        )
        places: list[float] = page.evaluate("() => places")
        self.assertLessEqual(max(places) - min(places), 1, places)

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
        go(page, "tea")
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
        expect(page.locator(".message-list .older")).to_have_text("This is the beginning of #tea.")

    def long(self, count: int = 200, every: int = 400) -> Page:
        """A page in a room of `count` lines, one each so many seconds, at its newest."""
        page = self.fake()
        page.evaluate(
            """([count, every]) => {
              for (let n = 0; n < count; n++) {
                server.write("tea", { text: `old ${n}`, time: 1764000000 + every * n });
              }
            }""",
            [count, every],
        )
        go(page, "tea")
        wait_for_lines(page, 50)
        self.assertTrue(fully_scrolled(page))
        return page

    def hold_answers(self, page: Page) -> None:
        """Let answers wait for ``release()``, which gives them at once."""
        page.evaluate(
            """() => {
              window.held = [];
              const socket = server.sockets.at(-1);
              const hear = socket.hear.bind(socket);
              socket.hear = (event) => held.push(event);
              window.release = () => held.splice(0).forEach(hear);
            }"""
        )

    def test_at_the_very_top_older_lines_come_without_a_jump(self) -> None:
        # The day above the oldest line, and that line's heading, go when older ones come.
        for every in (400, 1):
            with self.subTest(every=every):
                page = self.long(every=every)
                self.hold_answers(page)
                page.eval_on_selector(VIEW, "view => { view.scrollTop = 0 }")
                page.wait_for_function("() => held.some(({ type }) => type === 'history')")
                self.watch(page, 1)
                page.evaluate("() => release()")
                page.wait_for_function(
                    "selector => document.querySelectorAll(selector).length === 150", arg=LINES
                )
                self.assert_held(page)

    def test_an_answer_that_comes_before_the_scrolling_is_told_moves_nothing(self) -> None:
        page = self.long()
        self.hold_answers(page)
        page.eval_on_selector(VIEW, "view => { view.scrollTop = 100 }")
        page.wait_for_function("() => held.some(({ type }) => type === 'history')")
        place = self.look_at(page, 4)
        page.evaluate(
            """view => {
              document.querySelector(view).scrollTop += 60;
              release();
              server.show();
            }""",
            VIEW,
        )
        self.assertEqual(page.locator(LINES).count(), 150)
        self.watch(page)
        self.assert_held(page)
        self.assertAlmostEqual(self.place(page), place - 60, delta=1)

    def test_a_line_that_comes_before_the_scrolling_is_told_does_not_pull_down(self) -> None:
        page = self.fake()
        self.receive(page, 60)
        page.evaluate(
            """([view, lines]) => {
              window.read = document.querySelectorAll(lines)[50];
              document.querySelector(view).scrollTop -= 400;
              window.place = read.getBoundingClientRect().top;
              server.live({ text: "new" });
              server.show();
            }""",
            [VIEW, LINES],
        )
        self.watch(page)
        self.assert_held(page)
        self.assertAlmostEqual(self.place(page), page.evaluate("() => place"), delta=1)
        self.receive(page, 1, "next")
        expect(page.locator(JUMP)).to_have_text("1 new message")

    def test_two_pages_of_older_lines_at_once_move_nothing(self) -> None:
        page = self.long(400)
        self.hold_answers(page)
        page.eval_on_selector(VIEW, "view => { view.scrollTop = 50 }")
        page.wait_for_function("() => held.some(({ type }) => type === 'history')")
        place = self.look_at(page, 4)
        page.evaluate(
            """async () => {
              release();
              server.show();
              document.dispatchEvent(new CustomEvent("older")); // near the top still, as it seems
              while (held.length === 0) await new Promise((done) => setTimeout(done));
              release();
              server.show();
            }"""
        )
        self.assertEqual(page.locator(LINES).count(), 250)
        self.watch(page)
        self.assert_held(page)
        self.assertAlmostEqual(self.place(page), place, delta=1)

    def test_a_scroll_event_that_comes_after_the_layout_changed_moves_nothing(self) -> None:
        # The page's own scrolling is told with the next frame; what came near the view was laid
        # out by then, and was never as tall as it was guessed.
        page = self.fake()
        self.receive(page, 60)
        place = self.look_at(page, 30)
        page.evaluate(
            """([view, lines]) => {
              document.querySelectorAll(lines)[10].style.paddingBlockEnd = "300px";
              document.querySelector(view).dispatchEvent(new Event("scroll"));
            }""",
            [VIEW, LINES],
        )
        self.watch(page)
        self.assert_held(page)
        self.assertAlmostEqual(self.place(page), place, delta=1)

    def test_what_grows_after_it_was_drawn_neither_ends_following_nor_moves_the_end(self) -> None:
        page = self.fake()
        self.receive(page, 60)
        page.evaluate(
            """view => {
              const list = document.querySelector(view);
              window.lines = document.querySelectorAll(".message-list .line");
              list.dispatchEvent(new Event("scroll"));
              lines[58].style.paddingBlockEnd = "300px";
              list.dispatchEvent(new Event("scroll")); // one of before, told when all is taller
            }""",
            VIEW,
        )
        next_frame(page)
        self.assertTrue(fully_scrolled(page))
        expect(page.locator(JUMP)).to_be_hidden()

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
