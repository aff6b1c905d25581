"""What the browser tests share: a browser for the class, pages for the test, and no bad words.

Every page is watched: an error on the console, an exception nobody caught, or a violation of the
Content-Security-Policy fails the test that caused it, unless the test expects it.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from .case import PATIENCE, TestCase, children, eventually
from .require import require_browser

#: A host name of this machine that is none of the machine itself, as others would use one.
HOST = "chat.example"

#: No sandbox, for containers; nothing that reaches out by itself.
LAUNCH = [
    f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

#: Selectors that say how a page's connection is.
CONNECTED = ".connection-state[data-phase=connected]"
STOPPED = ".connection-state[data-phase=stopped]"

#: The room in sight has been entered.
HERE = ".room-header .people:not([hidden])"

NAME = "#name"
DRAFT = ".composer .draft"
VIEW = ".message-list .view"
LINES = ".message-list .line"

#: What Chromium says on the console when a WebSocket cannot be opened, and when the page asks for
#: the reason in vain; the page cannot silence it.
NO_SERVER = r"WebSocket connection to 'ws://[^']+' failed|net::ERR_CONNECTION_(REFUSED|RESET)"

#: What Chromium says on the console of a page that came from `HOST` without TLS.
UNENCRYPTED = "Cross-Origin-Opener-Policy header has been ignored"

#: Runs in each page before its own scripts: a violation becomes an error on the console.
_WATCH = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`));
"""


class BrowserTestCase(TestCase):
    """A browser for the class, and pages that are closed after each test."""

    browser: ClassVar[Browser]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        path = require_browser()
        before = children()
        cls.addClassCleanup(lambda: eventually(lambda: children() <= before, "the driver ended"))
        playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        cls.browser = playwright.chromium.launch(executable_path=path, args=LAUNCH)
        cls.addClassCleanup(cls.browser.close)
        expect.set_options(timeout=PATIENCE * 1000)

    def setUp(self) -> None:
        super().setUp()
        self._complaints: list[str] = []
        self._expected: list[str] = []
        self.addCleanup(self._check_no_complaints)

    def open(self, url: str, name: str = "Ada", **context: Any) -> Page:
        """A page of its own, opened on `url` by somebody called `name`, who is in the room.

        `context` is as for `new_context`.
        """
        page = self.page(**context)
        page.goto(url)
        enter(page, name)
        return page

    def page(self, script: str = "", **context: Any) -> Page:
        """An empty page of its own; `script` runs before the scripts of what it opens.

        It has no service worker, whose own requests a test could not foresee, unless `context`
        says ``service_workers="allow"``.
        """
        usual = {"locale": "en-GB", "service_workers": "block"}
        opened = self.browser.new_context(**{**usual, **context})
        self.addCleanup(opened.close)
        opened.add_init_script(_WATCH + script)
        return self._watched(opened.new_page())

    def tab(self, page: Page) -> Page:
        """An empty page in the same browser profile as `page`: another tab of the same user."""
        return self._watched(page.context.new_page())

    def _watched(self, page: Page) -> Page:
        page.set_default_timeout(PATIENCE * 1000)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._complaints.append(f"uncaught: {error}"))
        return page

    def expect_complaint(self, pattern: str) -> None:
        """From now on, let complaints pass that match the regular expression `pattern`."""
        self._expected.append(pattern)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complaints.append(message.text)

    def _check_no_complaints(self) -> None:
        unexpected = [
            complaint
            for complaint in self._complaints
            if not any(re.search(pattern, complaint) for pattern in self._expected)
        ]
        self.assertEqual(unexpected, [], "the browser complained")


def enter(page: Page, name: str) -> None:
    """Give `name` where it is asked for, and wait until the room has been entered."""
    page.fill(NAME, name)
    page.press(NAME, "Enter")
    wait_until_here(page)


def wait_until_here(page: Page) -> None:
    """Wait until the page is connected and in its room."""
    page.wait_for_selector(CONNECTED)
    page.wait_for_selector(HERE, state="attached")


def go(page: Page, room: str) -> None:
    """Enter `room` as a person would: by its name, in the directory of rooms."""
    page.keyboard.press("Control+k")
    page.fill(".room-switcher .field", room)
    page.press(".room-switcher .field", "Enter")
    expect(page.locator("h1.room")).to_have_text(room)
    wait_until_here(page)


def say(page: Page, text: str) -> None:
    """Write `text` into the composer and press Enter, as a user would."""
    page.fill(DRAFT, text)
    page.press(DRAFT, "Enter")


def lines(page: Page) -> list[str]:
    """The text of each line in the log, as it stands there now."""
    return [text or "" for text in page.locator(f"{LINES} .text").all_text_contents()]


def wait_for_lines(page: Page, count: int) -> list[str]:
    """Wait until the log holds `count` lines or more, and all have come back; gives them."""
    page.wait_for_function(
        """([selector, count]) => {
          const all = [...document.querySelectorAll(selector)];
          return all.length >= count && all.every((line) => line.dataset.fate === "");
        }""",
        arg=[LINES, count],
    )
    return lines(page)


def next_frame(page: Page) -> None:
    """Wait until the browser has told the page of scrolling, which it does once a frame."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def fully_scrolled(page: Page) -> bool:
    """Whether the log shows its newest line."""
    return bool(
        page.eval_on_selector(
            VIEW,
            "view => view.scrollHeight - view.clientHeight - view.scrollTop <= 8",
        )
    )
