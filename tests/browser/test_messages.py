"""Messages: what people write with marks, and what is done to them, on two pages at once."""

from __future__ import annotations

import json
import re
import unittest
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Locator, Page, expect

from tests.browser.fake import FakeTestCase
from tests.support.page import (
    DRAFT,
    LINES,
    VIEW,
    BrowserTestCase,
    fully_scrolled,
    go,
    next_frame,
    say,
    wait_for_lines,
    wait_until_here,
)
from tests.support.server import ServerProcess

BAR = ".action-bar"
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}


def line(page: Page, text: str) -> Locator:
    """The line that says `text`."""
    return page.locator(LINES).filter(has=page.locator(".text", has_text=text))


def act(page: Page, text: str, tool: str) -> None:
    """Use one tool of the bar that comes to the line under the mouse."""
    bubble = line(page, text).locator(".bubble")
    bubble.scroll_into_view_if_needed()
    next_frame(page)  # scrolling hides the bar
    next_frame(page)
    bubble.hover()
    page.click(f"{BAR} .{tool}")


class TogetherTest(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.server = self.enterContext(ServerProcess("--memory"))
        self.ada, self.bob = self.open(self.server.url, "Ada"), self.open(self.server.url, "Bob")
        say(self.ada, "hello from Ada")
        wait_for_lines(self.bob, 1)  # both send at once, and either may be the first
        say(self.bob, "hello from Bob")
        for page in (self.ada, self.bob):
            wait_for_lines(page, 2)

    def test_a_reaction_is_seen_by_everybody_and_taken_away_by_a_click(self) -> None:
        act(self.bob, "hello from Ada", "react")
        self.bob.click(f"{BAR} .emoji >> nth=0")
        for page, pressed in ((self.bob, "true"), (self.ada, "false")):
            chip = line(page, "hello from Ada").locator(".chip")
            expect(chip).to_have_text("👍 1")
            expect(chip).to_have_attribute("aria-pressed", pressed)
        expect(line(self.ada, "hello from Ada").locator(".chip")).to_have_attribute("title", "Bob")
        line(self.ada, "hello from Ada").locator(".chip").click()
        expect(line(self.bob, "hello from Ada").locator(".chip")).to_have_text("👍 2")
        line(self.bob, "hello from Ada").locator(".chip").click()
        expect(line(self.ada, "hello from Ada").locator(".chip")).to_have_text("👍 1")

    def test_any_emoji_can_be_named(self) -> None:
        act(self.bob, "hello from Ada", "react")
        self.bob.fill(f"{BAR} .field", ":tea:")
        self.bob.press(f"{BAR} .field", "Enter")
        expect(line(self.ada, "hello from Ada").locator(".chip")).to_have_text("🍵 1")
        expect(self.bob.locator(f"{BAR} .picker")).to_be_hidden()

    def test_a_reply_quotes_what_it_answers_and_leads_there(self) -> None:
        act(self.bob, "hello from Ada", "reply")
        expect(self.bob.locator(DRAFT)).to_be_focused()
        say(self.bob, "and to you")
        quoted = line(self.ada, "and to you").locator(".quoted")
        expect(quoted).to_have_text("Ada hello from Ada")
        quoted.click()
        expect(line(self.ada, "hello from Ada")).to_be_focused()
        expect(line(self.ada, "hello from Ada")).to_have_class(re.compile(r"\bfound\b"))

    def test_an_edit_changes_the_message_for_everybody(self) -> None:
        self.ada.fill(DRAFT, "half a thought")
        act(self.ada, "hello from Ada", "edit")
        expect(self.ada.locator(DRAFT)).to_have_value("hello from Ada")
        say(self.ada, "hello from **Ada**, again")
        expect(self.ada.locator(DRAFT)).to_have_value("half a thought")
        for page in (self.ada, self.bob):
            changed = line(page, "hello from Ada, again")
            expect(changed.locator("strong")).to_have_text("Ada")
            expect(changed.locator(".edited")).to_have_text("edited")
            self.assertTrue(changed.locator(".edited").get_attribute("title"))
        line(self.bob, "hello from Ada, again").locator(".bubble").hover()
        expect(self.bob.locator(f"{BAR} .reply")).to_be_visible()
        expect(self.bob.locator(f"{BAR} .edit")).to_be_hidden()
        expect(self.bob.locator(f"{BAR} .remove")).to_be_hidden()

    def test_deleting_asks_once(self) -> None:
        act(self.ada, "hello from Ada", "remove")
        expect(line(self.ada, "hello from Ada").locator(".no")).to_be_focused()
        self.ada.keyboard.press("Enter")
        expect(self.ada.locator(".asks")).to_have_count(0)
        act(self.ada, "hello from Ada", "remove")
        self.ada.click(".asks .yes")
        for page in (self.ada, self.bob):
            expect(line(page, "This message was deleted.")).to_have_count(1)
            expect(line(page, "hello from Ada")).to_have_count(0)

    def test_a_message_has_an_address(self) -> None:
        for number in range(40):
            say(self.bob, f"line {number}")
        wait_for_lines(self.bob, 42)
        self.ada.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.ada.eval_on_selector(VIEW, "view => { view.scrollTop = 0 }")
        act(self.ada, "hello from Bob", "share")
        expect(self.ada.locator(f"{BAR} .share")).to_have_attribute("title", "Link copied")
        link = self.ada.evaluate("() => navigator.clipboard.readText()")
        self.assertEqual(link, f"{self.server.url}#m-2")
        self.bob.goto("about:blank")
        self.bob.goto(link)
        wait_until_here(self.bob)
        expect(line(self.bob, "hello from Bob")).to_be_in_viewport()
        expect(line(self.bob, "hello from Bob")).to_be_focused()

    def test_what_came_while_one_was_away_is_marked_as_new(self) -> None:
        go(self.bob, "tea")
        say(self.ada, "news for Bob")
        self.bob.locator('.room-list .room[data-room="lobby"] .badge:not([hidden])').wait_for()
        self.bob.click('.room-list .room[data-room="lobby"]')
        expect(self.bob.locator(".note.new")).to_have_text("New")
        order = self.bob.eval_on_selector_all(
            ".message-list .part > *", "all => all.map(each => each.className.split(' ')[0])"
        )
        self.assertEqual(order, ["note", "line", "line", "note", "line"])

    def test_everything_can_be_done_by_keyboard(self) -> None:
        page = self.ada
        page.focus(VIEW)
        page.keyboard.press("ArrowUp")
        expect(line(page, "hello from Bob")).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(line(page, "hello from Ada")).to_be_focused()
        page.keyboard.press("+")
        expect(page.locator(f"{BAR} .emoji").first).to_be_focused()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        expect(line(page, "hello from Ada")).to_be_focused()
        expect(line(page, "hello from Ada").locator(".chip")).to_have_text("❤️ 1")
        page.keyboard.press("Tab")
        expect(line(page, "hello from Ada").locator(".chip")).to_be_focused()
        page.keyboard.press("Enter")
        expect(line(page, "hello from Ada").locator(".chip")).to_have_count(0)
        page.focus(VIEW)
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        expect(page.locator(f"{BAR} .react")).to_be_focused()
        page.keyboard.press("ArrowLeft")
        expect(page.locator(f"{BAR} .share")).to_be_focused()
        page.keyboard.press("Escape")
        expect(line(page, "hello from Ada")).to_be_focused()
        page.keyboard.press("Delete")
        expect(page.locator(".asks .no")).to_be_focused()
        page.keyboard.press("Enter")
        expect(line(page, "hello from Ada")).to_be_focused()
        page.keyboard.press("e")
        expect(page.locator(DRAFT)).to_have_value("hello from Ada")
        page.keyboard.type("!")
        page.keyboard.press("Enter")
        expect(line(self.bob, "hello from Ada!")).to_have_count(1)
        page.focus(VIEW)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("r")
        page.keyboard.type("by keyboard")
        page.keyboard.press("Enter")
        expect(line(self.bob, "by keyboard").locator(".quoted")).to_have_count(1)


class HostileTest(FakeTestCase):
    #: What each must show, and must not do.
    ATTACKS = (
        "<img src=x onerror='document.title=\"owned\"'><script>document.title='owned'</script>",
        "[click](javascript:document.title='owned') javascript:document.title='owned'",
        "[x](data:text/html,<script>alert(1)</script>) [y](JAVASCRIPT:alert(1))",
        "![x](https://evil.example/track.png) <svg/onload=alert(1)>",
        "a\u202egnp.exe\u2066 [b\u202e](https://evil.example/\u202e)",
        "o" + "\u0301\u0323" * 2_000,
        "*[" * 2_000,
        "`" * 4_000,
        "> " * 2_000,
        "[](http://" * 400,
    )

    def test_nothing_that_is_written_does_anything(self) -> None:
        page = self.fake()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for attack in self.ATTACKS:
            page.evaluate("text => server.live({ text })", attack)
        wait_for_lines(page, len(self.ATTACKS))
        page.evaluate("() => server.live({ text: 'calm again' })")
        expect(page.locator(f"{LINES} .text").last).to_have_text("calm again")
        self.assertEqual(page.title(), "#lobby · goChat")
        self.assertEqual(page.locator(f"{LINES} :is(img, script, svg, iframe, style)").count(), 0)
        for link in page.locator(f"{LINES} .text a").all():
            self.assertRegex(link.get_attribute("href") or "", r"^https?://")
            self.assertEqual(link.get_attribute("rel"), "noopener noreferrer")
            self.assertEqual(link.get_attribute("target"), "_blank")
        self.assertEqual(asked, [])

    #: As much as one message can be, of what costs a browser most to draw.
    FLOODS = (
        "\u0e33",  # Thai, which is put in order before it is drawn
        "\u0635",  # Arabic, whose letters depend on their neighbours
        "\u0301\u0316",
        "*a* ",
        "- a\n",
        "```\n",
        "\n> a\nb",
        "[a](http://a/b?c&d) ",
        "http://a/b?c&d ",
        ":tea:",
        "@Ada ",
    )

    def test_a_flood_is_drawn_with_a_bounded_number_of_elements(self) -> None:
        page = self.fake()
        for number, flood in enumerate(self.FLOODS):
            text = (flood * 65_536)[:65_536]
            page.evaluate("text => server.live({ text })", text)
            page.evaluate("number => server.live({ text: `after ${number}` })", number)
            expect(page.locator(f"{LINES} .text").last).to_have_text(f"after {number}")
            drawn = page.evaluate(
                """lines =>
                  [...document.querySelectorAll(lines)].at(-2).querySelectorAll('*').length""",
                LINES,
            )
            self.assertLess(drawn, 4_000, flood)

    def test_only_so_many_reactions_are_drawn(self) -> None:
        page = self.fake()
        page.evaluate(
            """() => {
              const reactions = {};
              for (let n = 0; n < 1000; n++) reactions[String.fromCodePoint(0x4e00 + n)] = ["u2"];
              server.live({ text: "x", reactions });
            }"""
        )
        expect(page.locator(f"{LINES} .chip")).to_have_count(50)

    def test_a_pile_of_marks_stays_on_its_line(self) -> None:
        page = self.fake()
        page.evaluate("text => server.live({ text })", "o" + "\u0301\u0323" * 2_000)
        text = page.locator(f"{LINES} .text")
        expect(text).to_have_css("overflow", "clip")
        box = text.bounding_box()
        assert box is not None
        self.assertLess(box["height"], 100)

    def test_an_order_to_write_backwards_ends_with_its_message(self) -> None:
        page = self.fake()
        page.evaluate(
            "() => server.live({ text: 'x \\u202e y https://a.example/path', nick: 'Z\\u202ez' })"
        )
        link = page.locator(f"{LINES} .text a")
        expect(link).to_have_css("unicode-bidi", "isolate")
        expect(page.locator(f"{LINES} .by .nick")).to_have_css("unicode-bidi", "isolate")

    def test_emoji_by_name_become_what_they_name(self) -> None:
        page = self.fake()
        page.evaluate("() => server.live({ text: ':tea: or :coffee:? `:tea:` :nothing:' })")
        expect(page.locator(f"{LINES} .text")).to_have_text("🍵 or ☕? :tea: :nothing:")

    def test_code_can_be_copied(self) -> None:
        page = self.fake()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.evaluate("() => server.live({ text: '```js\\nlet *a*;\\n  b\\n```' })")
        page.click(f"{LINES} .copy")
        expect(page.locator(f"{LINES} .copy")).to_have_attribute("title", "Copied")
        copied = page.evaluate("() => navigator.clipboard.readText()")
        self.assertEqual(copied, "let *a*;\n  b")

    def test_a_refusal_is_told_at_its_message(self) -> None:
        page = self.fake()
        page.evaluate(
            """() => {
              server.serve.react = () => ({ type: "error", code: "muted", message: "No." });
              server.live({ text: "quiet" });
            }"""
        )
        act(page, "quiet", "react")
        page.click(f"{BAR} .emoji >> nth=0")
        expect(page.locator(".trouble .why")).to_have_text("Your reaction was not saved.")
        expect(page.locator(".chip")).to_have_count(0)
        self.check(page)
        page.click(".trouble .undo")
        expect(page.locator(".trouble")).to_have_count(0)

    def test_a_reaction_too_many_is_taken_back_and_the_server_says_why(self) -> None:
        page = self.fake()
        page.evaluate(
            """() => {
              const message = "A message has at most 20 kinds of reaction; use one of them.";
              server.serve.react = () => ({ type: "error", code: "limit_reached", message });
              server.live({ text: "liked" });
            }"""
        )
        act(page, "liked", "react")
        page.click(f"{BAR} .emoji >> nth=0")
        expect(page.locator(".trouble .why")).to_have_text(
            "Your reaction was not saved. "
            "A message has at most 20 kinds of reaction; use one of them."
        )
        expect(page.locator(".chip")).to_have_count(0)

    def test_touch_opens_the_bar(self) -> None:
        page = self.fake(**PHONE)
        page.evaluate("() => { server.live({ text: 'first' }); server.live({ text: 'second' }) }")
        line(page, "first").locator(".bubble").tap()
        expect(page.locator(BAR)).to_be_visible()
        line(page, "first").locator(".bubble").tap()
        expect(page.locator(BAR)).to_be_hidden()
        line(page, "first").locator(".bubble").tap()
        page.tap(f"{BAR} .react")
        expect(page.locator(f"{BAR} .picker")).to_be_visible()
        for tool in page.locator(f"{BAR} :is(.tool, .emoji):visible").all():
            box = tool.bounding_box()
            assert box is not None
            self.assertGreaterEqual(min(box["width"], box["height"]), 44)
            self.assertGreaterEqual(box["x"], 0)
            self.assertLessEqual(box["x"] + box["width"], 390)
        self.check(page)

    def test_axe_finds_nothing_in_the_new_states(self) -> None:
        written = json.dumps(
            [
                "**bold** `code` https://example.org @Ada :tea:",
                "> quoted\n\n- one\n- two\n\n1. first\n```\ncode\n```",
                "[a talk](https://example.org/x)",
            ]
        )
        for scheme in ("light", "dark"):
            with self.subTest(scheme=scheme):
                page = self.fake(color_scheme=scheme, reduced_motion="reduce")
                page.evaluate(
                    f"""() => {{
                      for (const text of {written}) server.live({{ text }});
                      const mine = {{ user: "u1", nick: "Ada" }};
                      server.live({{ text: "mine `code`", reply_to: 1, id: "x", ...mine,
                        reactions: {{ "👍": ["u1", "u2"], "🎉": ["u2"] }} }});
                      for (const text of {written}) server.live({{ text, id: text, ...mine }});
                    }}"""
                )
                expect(page.locator(".attention-offer .yes")).to_be_visible()
                act(page, "mine", "react")
                self.check(page)
                page.keyboard.press("Escape")
                page.keyboard.press("Escape")
                page.mouse.move(0, 0)
                for tool in ("reply", "edit"):
                    act(page, "mine", tool)
                    page.mouse.move(0, 0)
                    expect(page.locator(".composer .about")).to_be_visible()
                    self.check(page)
                    page.press(DRAFT, "Escape")
                act(page, "mine", "remove")
                self.check(page)
                page.context.close()

    def check(self, page: Page) -> None:
        found = Axe().run(page)
        self.assertEqual(found.violations_count, 0, found.generate_report())


class BrokenLineTest(FakeTestCase):
    def test_what_is_done_while_the_line_is_down_is_done_once_it_is_back(self) -> None:
        page = self.fake()
        page.evaluate(
            """() => {
              server.live({ text: "news" });
              server.answers = false;
              server.serve.react = ({ room, seq, emoji, on }) => server.write(room,
                { type: "reacted", target: seq, emoji, on, user: "u1", nick: "Ada" });
            }"""
        )
        act(page, "news", "react")
        page.click(f"{BAR} .emoji >> nth=0")
        expect(page.locator(".chip")).to_have_text("👍 1")
        page.evaluate("() => { server.answers = true; server.end(1006) }")
        page.wait_for_function("() => server.room('lobby').entries.some(e => e.type === 'reacted')")
        wait_until_here(page)
        expect(page.locator(".chip")).to_have_text("👍 1")


class LongTest(FakeTestCase):
    def test_scrolling_up_through_lines_of_any_size_does_not_jump(self) -> None:
        page = self.fake(viewport={"width": 900, "height": 600})
        page.evaluate(
            """() => {
              for (let n = 0; n < 1_000; n++) {
                server.live({ text: `line ${n} ${"and more of it\\n".repeat((n * 7) % 23)}` });
              }
            }"""
        )
        expect(page.locator(LINES)).to_have_count(1_000)
        moved = page.evaluate(
            """(selector) => new Promise((done) => {
              const view = document.querySelector(selector);
              const moved = [];
              let steps = 0;
              const step = () => {
                if (++steps > 60) return done(moved);
                const lines = [...document.elementsFromPoint(600, 300)];
                const line = lines.map((each) => each.closest(".line")).find(Boolean);
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
        )
        self.assertGreater(len(moved), 20)
        for distance in moved:
            self.assertAlmostEqual(distance, 350, delta=2)

    def test_ten_thousand_messages_scroll_to_the_top(self) -> None:
        page = self.fake()
        page.evaluate(
            """() => {
              for (let n = 0; n < 10_000; n++) {
                const more = n % 7 ? "" : `\\n${"and more ".repeat(n % 40)}`;
                server.write("tea", { text: `old ${n}${more}` });
              }
              const real = server.serve.history;
              server.serve.history = (command) => real({ ...command, limit: 200 });
            }"""
        )
        go(page, "tea")
        expect(page.locator(f"{LINES} .text").last).to_contain_text("old 9999")
        self.assertTrue(fully_scrolled(page))
        page.evaluate(
            """([view, older]) => new Promise((done) => {
              const up = () => {
                document.querySelector(view).scrollTop = 0;
                if (document.querySelector(older).textContent.includes("beginning")) done();
                else requestAnimationFrame(up);
              };
              up();
            })""",
            [VIEW, ".message-list .older"],
        )
        expect(page.locator(f"{LINES} .text").first).to_have_text(re.compile("old 0"))
        expect(page.locator(LINES)).to_have_count(10_000)
        expect(page.locator(LINES).first).to_be_in_viewport()
        page.evaluate("() => server.live({ text: 'news', reply_to: 5_000 }, 'tea')")
        page.click(".message-list .jump")
        expect(line(page, "news")).to_be_in_viewport()
        page.click(f"{LINES} .quoted")
        expect(page.locator("#m-5000")).to_be_in_viewport()
        expect(page.locator("#m-5000")).to_be_focused()


if __name__ == "__main__":
    unittest.main()
