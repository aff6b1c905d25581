"""Take the pictures of the page that the documents show: ``python -m tests.browser.screenshots``.

They are written to docs/screenshots/. Each is of a conversation on the real server, with people who
come and write as the page's users do.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import talk
from tests.browser.fake import DEAD_LINE
from tests.support.case import PATIENCE
from tests.support.page import (
    DRAFT,
    HOST,
    LAUNCH,
    LINES,
    NAME,
    enter,
    next_frame,
    say,
    wait_until_here,
)
from tests.support.require import require_browser
from tests.support.server import ROOT, ServerProcess

BAR = ".action-bar"

#: A server that is busy whenever this is said to it: nothing else makes a real one refuse at will.
BUSY = """
window.WebSocket = class extends window.WebSocket {
  send(text) {
    const { type, id, text: said } = JSON.parse(text);
    if (type !== "send" || !said.endsWith("\\u2060")) return super.send(text);
    const data = JSON.stringify({ type: "error", id, code: "busy", message: "Busy." });
    this.dispatchEvent(new MessageEvent("message", { data }));
  }
};
"""


#: So that the pictures look alike wherever they are taken, if only these fonts are at hand.
FONT = 'Inter, "Noto Sans CJK SC", "Noto Color Emoji", system-ui, sans-serif'


@dataclass(frozen=True)
class Shown:
    """A page in the middle of a talk, and the others in it."""

    page: Page
    company: talk.Company

    def line(self, which: int) -> str:
        """The selector of a line of the talk, counted from its end."""
        return f"#m-{self.company.said[which]} .bubble"


def panel(shown: Shown) -> None:
    shown.page.click(".room-header .menu")


def dialog(opener: str) -> Callable[[Shown], None]:
    """Open a dialog by what opens it."""

    def do(shown: Shown) -> None:
        shown.page.click(opener)
        expect(shown.page.locator("dialog[open]")).to_be_visible()

    return do


def room(shown: Shown) -> None:
    dialog(".room-header .about")(shown)
    shown.page.click(".room-sheet .reveal")
    expect(shown.page.locator(".room-sheet .code svg")).to_be_visible()


def search(shown: Shown) -> None:
    dialog(".room-header .search")(shown)
    shown.page.fill(".search-panel .field", shown.company.talk.sought)
    shown.page.press(".search-panel .field", "Enter")
    expect(shown.page.locator(".search-panel .result").first).to_be_visible()


def offer(shown: Shown) -> None:
    """The question comes with a message that names the user."""
    expect(shown.page.locator(".attention-offer.open")).to_be_visible()


def types(text: str) -> Callable[[Shown], None]:
    """Write something that can be completed."""

    def do(shown: Shown) -> None:
        shown.page.locator(DRAFT).press_sequentially(text)
        expect(shown.page.locator(".completion-list")).to_be_visible()

    return do


def reactions(shown: Shown) -> None:
    shown.page.locator(shown.line(-2)).hover()
    shown.page.click(f"{BAR} .react")
    expect(shown.page.locator(f"{BAR} .emoji").first).to_be_visible()


def tapped(shown: Shown) -> None:
    shown.page.locator(shown.line(-1)).tap()
    shown.page.tap(f"{BAR} .react")


def reply(shown: Shown) -> None:
    shown.page.locator(shown.line(-3)).hover()
    shown.page.click(f"{BAR} .reply")
    shown.page.mouse.move(0, 0)
    shown.page.keyboard.type("And what does the hub do mean")


def editing(shown: Shown) -> None:
    shown.page.press(DRAFT, "ArrowUp")
    expect(shown.page.locator(".composer .about")).to_be_visible()


def offline(shown: Shown) -> None:
    """One message that the server did not take, then no line, and two that wait for one."""
    say(shown.page, "Sorry, my train is late\u2060")
    expect(shown.page.locator(f"{LINES}[data-fate=failed]")).to_be_visible()
    shown.page.evaluate("() => line.die()")
    shown.page.context.set_offline(True)
    expect(shown.page.locator(".connection-state")).to_contain_text("Offline")
    say(shown.page, "In a tunnel just now…")
    say(shown.page, "Please begin without me.")
    expect(shown.page.locator(f"{LINES}[data-fate=queued]")).to_have_count(2)


def unread(shown: Shown) -> None:
    """Come back to a room in which more was said than a screen holds."""
    page, company = shown.page, shown.company
    go(page, "tea")
    for number in range(1, 16):
        company.say("Bob", f"Slide {number} is done." + " It took long enough." * (number % 3))
    badge = page.locator('.room-list .room[data-room="lobby"] .badge:not([hidden]) .number')
    expect(badge).to_have_text("15")
    page.click('.room-list .room[data-room="lobby"]')
    expect(page.locator(".note.new")).to_be_attached()
    page.eval_on_selector(
        ".note.new",
        "note => { note.closest('.view').scrollTop += note.getBoundingClientRect().top - 260 }",
    )
    next_frame(page)
    company.say("Cyn", "All of them? Already?")
    expect(page.locator(".message-list .jump")).to_be_visible()


@dataclass(frozen=True)
class Picture:
    """One screenshot: the screen it is taken on, and what is said and done there."""

    name: str
    talk: talk.Talk | None = talk.ENGLISH
    does: Callable[[Shown], None] | None = None
    width: int = 1280
    height: int = 800
    scale: float = 1
    scheme: Literal["light", "dark"] = "light"
    locale: str = "en-GB"
    phone: bool = False
    draft: str = ""
    rtl: bool = False
    contrast: bool = False
    typing: bool = True
    shared: bool = False  #: opened by an address that others can open, too

    def context(self) -> dict[str, Any]:
        """What the browser context is made of."""
        return {
            "viewport": {"width": self.width, "height": self.height},
            "device_scale_factor": self.scale,
            "color_scheme": self.scheme,
            "forced_colors": "active" if self.contrast else "none",
            "locale": self.locale,
            "is_mobile": self.phone,
            "has_touch": self.phone,
            "service_workers": "block",
        }


PHONE: dict[str, Any] = {"width": 390, "height": 844, "scale": 1.5, "phone": True}
SMALL: dict[str, Any] = {"width": 1024, "height": 640}
CHINESE: dict[str, Any] = {"talk": talk.CHINESE, "locale": "zh-CN"}
PICTURES = (
    Picture("wide", draft="On my way"),
    Picture("wide-dark", scheme="dark", draft="On my way"),
    Picture("chinese", **CHINESE),
    Picture("rtl", talk=talk.HEBREW, rtl=True),
    Picture("phone", **PHONE),
    Picture("phone-dark", scheme="dark", **CHINESE, **PHONE),
    Picture("phone-rtl", talk=talk.HEBREW, rtl=True, **PHONE),
    Picture("phone-rooms", does=panel, **PHONE),
    Picture("phone-actions", does=tapped, **PHONE),
    Picture("name", talk=None, **SMALL),
    Picture("empty", talk=talk.NOBODY, **SMALL),
    Picture("switcher", does=dialog(".room-list .find")),
    Picture("room", does=room, shared=True),
    Picture("search", does=search),
    Picture("keys", does=dialog(".side-panel .keys")),
    Picture("settings", does=dialog(".side-panel .settings")),
    Picture("person", does=dialog(f"{LINES}:not(.own) .by > .nick"), **SMALL),
    Picture("picker", does=dialog(".composer .emoji"), **SMALL),
    Picture("formatting", does=dialog(".composer .writing"), **SMALL),
    Picture("phone-emoji", does=dialog(".composer .emoji"), scheme="dark", **PHONE),
    Picture("offer", does=offer, talk=talk.CALLED, **SMALL),
    Picture("emoji", does=types("Tea for all :te"), **SMALL),
    Picture("mention", does=types("Thanks @"), **SMALL),
    Picture("actions", does=reactions, **SMALL),
    Picture("reply", does=reply, typing=False, **SMALL),
    Picture("editing", does=editing, typing=False, **SMALL),
    Picture("offline", does=offline, typing=False, **SMALL),
    Picture("unread", does=unread, typing=False, **SMALL),
    Picture("contrast", contrast=True, **SMALL),
)


def take(browser: Browser, picture: Picture, folder: Path) -> Path:
    """Let people talk, and write what the page of the first of them looks like."""
    path = folder / f"{picture.name}.png"
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(ServerProcess("--memory", "--name", HOST))
        context = stack.enter_context(contextlib.closing(browser.new_context(**picture.context())))
        context.add_init_script(DEAD_LINE + BUSY)
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(f"http://{HOST}:{server.port}/" if picture.shared else server.url)
        page.evaluate("font => document.documentElement.style.setProperty('--font', font)", FONT)
        if picture.talk is None:
            page.fill(NAME, "Ada")
        else:
            company = stack.enter_context(talk.Company(server.ws_url, picture.talk))
            attend(page, company, picture)
        page.wait_for_function(
            "() => document.getAnimations().every((each) => each.playState === 'finished')"
        )
        page.screenshot(path=path)
    return path


def attend(page: Page, company: talk.Company, picture: Picture) -> None:
    """Bring the page to what is to be seen."""
    enter(page, company.talk.me)
    if picture.rtl:
        page.evaluate("() => { document.documentElement.dir = 'rtl' }")
    for name in company.talk.rooms:
        go(page, name)
    if company.talk.rooms:
        go(page, "lobby")
    company.meet()
    for each in company.talk.lines:
        if each.who == company.talk.me:
            mine(page, company, each)
        else:
            company.speak(each)
        expect(page.locator(f"#m-{company.said[-1]}")).to_be_attached()
    company.finish()
    if company.talk.lines:
        for emoji in dict.fromkeys(emoji for each in company.talk.lines for emoji in each.likes):
            expect(page.locator(".chip", has_text=emoji).first).to_be_attached()
        expect(page.locator(".room-header .topic")).to_have_text(company.talk.topic)
    if company.talk.unread:
        expect(page.locator(".room-list .badge:not([hidden])")).to_have_count(1)
    if picture.draft:
        page.fill(DRAFT, picture.draft)
    offered = not picture.shared  # browsers have notifications only on secure pages
    if offered and picture.does is not offer and company.talk.lines:
        page.locator(".attention-offer.open .no").click()
    page.mouse.move(0, 0)
    if picture.does:
        picture.does(Shown(page, company))
    if picture.typing and company.talk.lines:
        company.type()
        expect(page.locator(".typing-line")).not_to_be_empty()


def mine(page: Page, company: talk.Company, each: talk.Line) -> None:
    """Say something on the page, as an answer where it is one."""
    if each.answers is not None:
        target = company.said[each.answers]
        page.evaluate(
            "seq => document.querySelector('.message-list').dispatchEvent("
            "new CustomEvent('reply', { bubbles: true, detail: { seq } }))",
            target,
        )
    page.fill(DRAFT, each.text)
    page.click(".composer .send")  # on a touch screen Enter starts a new line
    company.hear(each)


def go(page: Page, name: str) -> None:
    """Enter a room by its name, which an open panel or a narrow screen does not hinder."""
    page.evaluate(
        "name => document.querySelector('.room-list').dispatchEvent("
        "new CustomEvent('enter', { bubbles: true, detail: { name } }))",
        name,
    )
    wait_until_here(page)


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("pictures", nargs="*", help="their names; all of them if none is given")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_browser(), args=LAUNCH)
        for picture in PICTURES:
            if not options.pictures or picture.name in options.pictures:
                path = take(browser, picture, options.folder)
                print(f"{path}: {path.stat().st_size // 1024} KiB", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
