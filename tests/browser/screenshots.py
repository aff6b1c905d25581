"""Take the pictures of the page that the documents show: ``python -m tests.browser.screenshots``.

They are written to docs/screenshots/. Each is of a conversation on the real server, with people who
come and write as the page's readers do.
"""

from __future__ import annotations

import argparse
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.case import PATIENCE
from tests.support.page import DRAFT, LAUNCH, NAME, enter, say, wait_for_lines, wait_until_here
from tests.support.require import require_browser
from tests.support.server import ROOT, ServerProcess

#: Who says what; the first is whose page is shown.
Talk = tuple[tuple[str, str], ...]

ENGLISH: Talk = (
    ("Ada", "Morning! Is the river talk still at ten?"),
    ("Bob", "Yes. Room 2, the one with the good window."),
    ("Bob", "I kept you a seat."),
    (
        "Cyn",
        "I moved the reader and the writer into two threads and it just… works. One queue, "
        "one owner. I keep looking for the catch.",
    ),
    ("Ada", "The catch is always shutdown."),
    ("Cyn", "for batch in self.inbox:\n    self.handle(batch)\nself._dismiss_everyone()"),
    ("Ada", "three lines 👏"),
    ("Noa", "שלום! האם ההרצאה תוקלט?"),
    ("Bob", "Recorded, yes. The link comes here afterwards: https://example.org/talks/river"),
    ("小林", "大家好，我从上海连上来了。"),
    ("Ada", "Welcome 🎉 Nobody has dropped so far."),
    ("Cyn", "Ten minutes. Bring tea."),
)

CHINESE: Talk = (
    ("小林", "早上好！今天的分享还是十点吗？"),
    ("阿明", "是的，二号会议室，窗户最好看的那间。"),
    ("阿明", "给你留了位置。"),
    (
        "思远",
        "我把读和写拆成了两个线程，居然一次就跑通了。一个队列一个主人，我还在找坑。",
    ),
    ("小林", "坑永远在关闭的时候。"),
    ("思远", "for batch in self.inbox:\n    self.handle(batch)\nself._dismiss_everyone()"),
    ("小林", "三行 👏"),
    ("Ada", "Hello from Lisbon!"),
    ("阿明", "欢迎 🎉 到现在还没有人掉线。"),
    ("思远", "还有十分钟，记得泡茶。"),
)


@dataclass(frozen=True)
class Picture:
    """One screenshot: the screen it is taken on, and what is said and done there."""

    name: str
    talk: Talk = ENGLISH
    topic: str = "The river talk: Tuesday at ten"
    rooms: tuple[str, ...] = ("tea", "release-2", "聊天室")
    unread: str = "tea"
    width: int = 1280
    height: int = 800
    scale: float = 1
    scheme: Literal["light", "dark"] = "light"
    locale: str = "en-GB"
    phone: bool = False
    draft: str = ""
    shows: Literal["conversation", "name", "panel", "switcher", "room", "search", "keys"] = (
        "conversation"
    )

    def context(self) -> dict[str, Any]:
        """What the browser context is made of."""
        return {
            "viewport": {"width": self.width, "height": self.height},
            "device_scale_factor": self.scale,
            "color_scheme": self.scheme,
            "locale": self.locale,
            "is_mobile": self.phone,
            "has_touch": self.phone,
        }


#: What opens each dialog.
OPENERS = {
    "switcher": ".room-list .find",
    "room": ".room-header .about",
    "search": ".room-header .search",
    "keys": ".side-panel .keys",
}
AT_HAND: dict[str, Any] = {"width": 390, "height": 844, "scale": 1.5, "phone": True}
IN_CHINESE: dict[str, Any] = {
    "talk": CHINESE,
    "topic": "周二十点的分享",
    "rooms": ("茶水间", "第二版", "tea"),
    "unread": "茶水间",
    "locale": "zh-CN",
}
PICTURES = (
    Picture("wide", draft="On my way"),
    Picture("wide-dark", scheme="dark", draft="On my way"),
    Picture("chinese", **IN_CHINESE),
    Picture("empty", talk=(("Ada", ""),), topic="", rooms=(), width=1024, height=640),
    Picture("name", shows="name", width=1024, height=640),
    Picture("phone", **AT_HAND),
    Picture("phone-dark", scheme="dark", **IN_CHINESE, **AT_HAND),
    Picture("phone-rooms", shows="panel", **AT_HAND),
    Picture("switcher", shows="switcher"),
    Picture("room", shows="room"),
    Picture("search", shows="search"),
    Picture("keys", shows="keys"),
)


def take(browser: Browser, picture: Picture, folder: Path) -> Path:
    """Let people talk, each in a page of their own, and write what the first one's looks like."""
    path = folder / f"{picture.name}.png"
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(ServerProcess("--memory")).url

        def open_page(**context: Any) -> Page:
            page = stack.enter_context(
                contextlib.closing(browser.new_context(**context))
            ).new_page()
            page.set_default_timeout(PATIENCE * 1000)
            page.goto(url)
            return page

        mine = open_page(**picture.context())
        if picture.shows == "name":
            mine.fill(NAME, "Ada")
        else:
            names = list(dict.fromkeys(name for name, _ in picture.talk))
            others = {name: open_page(locale="en-GB") for name in names[1:]}
            talk(mine, others, names[0], picture)
            mine.mouse.move(0, 0)
        mine.screenshot(path=path)
    return path


def talk(mine: Page, others: dict[str, Page], me: str, picture: Picture) -> None:
    """Say what is to be said, and bring the page to what is to be seen."""
    enter(mine, me)
    for room in picture.rooms:
        go(mine, room)
    if picture.rooms:
        go(mine, "lobby")
    for name, page in others.items():
        enter(page, name)
    pages = {me: mine, **others}
    said = [(name, text) for name, text in picture.talk if text]
    if said:
        set_topic(pages[said[1][0]], picture.topic)
    for count, (name, text) in enumerate(said, 1):
        say(pages[name], text)
        wait_for_lines(mine, count)
    if picture.unread in picture.rooms:
        other = pages[said[1][0]]
        go(other, picture.unread)
        say(other, "…")
        wait_for_lines(other, 1)
        expect(mine.locator(".room-list .badge:not([hidden])")).to_have_count(1)
    mine.fill(DRAFT, picture.draft)
    if said:
        last = pages[said[-1][0]]
        last.focus(DRAFT)
        last.keyboard.type("on my way too", delay=300)  # longer than one notice holds for
        expect(mine.locator(".typing-line")).not_to_be_empty()
    if picture.shows == "panel":
        mine.click(".room-header .menu")
    elif picture.shows in OPENERS:
        mine.click(OPENERS[picture.shows])
        expect(mine.locator("dialog[open]")).to_be_visible()
    if picture.shows == "search":
        mine.fill(".search-panel .field", "the")
        mine.press(".search-panel .field", "Enter")
        expect(mine.locator(".search-panel .result").first).to_be_visible()
    if picture.shows == "room":
        mine.click(".room-sheet .reveal")
        expect(mine.locator(".room-sheet .code svg")).to_be_visible()
    mine.wait_for_function(
        "() => document.getAnimations().every((each) => each.playState === 'finished')"
    )


def go(page: Page, room: str) -> None:
    """Enter `room` by its name, which an open panel or a narrow screen does not hinder."""
    page.evaluate(
        "name => document.querySelector('.room-list').dispatchEvent("
        "new CustomEvent('enter', { bubbles: true, detail: { name } }))",
        room,
    )
    wait_until_here(page)


def set_topic(page: Page, topic: str) -> None:
    """Set the topic of the room in sight, as a reader would."""
    page.click(".room-header .topic")
    page.fill(".room-sheet .topic .field", topic)
    page.press(".room-sheet .topic .field", "Enter")
    expect(page.locator(".room-header .topic")).to_have_text(topic)


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
                print(f"{path}: {path.stat().st_size // 1024} KiB")
        browser.close()


if __name__ == "__main__":
    main()
