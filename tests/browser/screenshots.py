"""Take the pictures of the page that the documents show: ``python -m tests.browser.screenshots``.

They are written to docs/screenshots/. ``--url`` takes them from a server that runs already.
"""

from __future__ import annotations

import argparse
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.case import PATIENCE
from tests.support.page import CONNECTED, LAUNCH
from tests.support.require import require_browser
from tests.support.server import ROOT, ServerProcess

ENGLISH = (
    "Morning! Is the river talk still at ten?",
    "Yes. Room 2, the one with the good window.",
    "I moved the reader and the writer into two threads and it just… works. "
    "One queue, one owner. I keep looking for the catch.",
    "The catch is always shutdown.",
    "def run(self):\n    for batch in self.inbox:\n        self.handle(batch)\n    "
    "self._dismiss_everyone()",
    "four lines 👏",
    "<b>and it shows markup as text</b>, good",
    "שלום! האם ההרצאה תוקלט?",
    "Recorded, yes. The link comes here afterwards: https://example.org/talks/river",
    "大家好，我从上海连上来了。",
    "Welcome 🎉 You are number forty-one, and nobody has dropped.",
    "Ten minutes. Bring tea.",
)

CHINESE = (
    "早上好！今天的分享还是十点吗？",
    "是的，二号会议室，窗户最好看的那间。",
    "我把读和写拆成了两个线程，居然一次就跑通了。一个队列只有一个主人，我还在找哪里有坑。",
    "坑永远在关闭的时候。",
    "def run(self):\n    for batch in self.inbox:\n        self.handle(batch)\n    "
    "self._dismiss_everyone()",
    "四行 👏",
    "Hello from Lisbon!",
    "欢迎 🎉 你是第四十一位，还没有人掉线。",
    "还有十分钟，记得泡茶。",
)


@dataclass(frozen=True)
class Picture:
    """One screenshot: the screen it is taken on, and what is said there."""

    name: str
    lines: tuple[str, ...] = ENGLISH
    width: int = 1280
    height: int = 800
    scale: float = 1
    scheme: Literal["light", "dark"] = "light"
    locale: str = "en-GB"
    phone: bool = False
    draft: str = ""

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


PICTURES = (
    Picture("wide", draft="On my way"),
    Picture("wide-dark", scheme="dark", draft="On my way"),
    Picture("chinese", lines=CHINESE, locale="zh-CN"),
    Picture("empty", lines=(), width=1024, height=640),
    Picture("phone", width=390, height=844, scale=1.5, phone=True),
    Picture(
        "phone-dark",
        lines=CHINESE,
        width=390,
        height=844,
        scale=1.5,
        scheme="dark",
        locale="zh-CN",
        phone=True,
    ),
)


def take(browser: Browser, url: str, picture: Picture, folder: Path) -> Path:
    """Say the picture's lines in a page of its own, and write what it looks like then."""
    with contextlib.closing(browser.new_context(**picture.context())) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(url)
        page.wait_for_selector(CONNECTED)
        say(page, picture.lines)
        page.fill(".composer .draft", picture.draft)
        path = folder / f"{picture.name}.png"
        page.screenshot(path=path)
        return path


def say(page: Page, lines: tuple[str, ...]) -> None:
    """Write and send each of `lines`, and wait until the last has come back."""
    for line in lines:
        page.fill(".composer .draft", line)
        page.press(".composer .draft", "Enter")
    page.wait_for_function(
        "count => document.querySelectorAll('.message-list .line').length >= count", arg=len(lines)
    )


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots")
    parser.add_argument("--url", help="a running server; without it one is started")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "screenshots")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        url = options.url or stack.enter_context(ServerProcess()).url
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=require_browser(), args=LAUNCH)
        stack.callback(browser.close)
        for picture in PICTURES:
            path = take(browser, url, picture, options.folder)
            print(f"{path}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
