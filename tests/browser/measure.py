"""Measure the page in a browser on the real server: ``python -m tests.browser.measure``.

It takes about two minutes and prints a table: what travels, how soon the page is there, what a
message costs, and how many frames are drawn while a long room is scrolled and a busy one talks. It
asserts nothing, for the figures are those of the machine and of what else runs on it; docs/page.md
says which were found on which. The browser draws without a screen and without a graphics card, and
shares the processors with the server and with who talks: what is the page's own doing is what its
main thread did, which the browser counts.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.support.case import PATIENCE
from tests.support.page import LAUNCH, LINES, NAME, VIEW, enter, wait_until_here
from tests.support.require import require_browser
from tests.support.server import ServerProcess
from tests.support.v1 import Client

LOADS = 9
LONG = 10_000
SINGLE = 100
PICTURES = (".png", ".svg")

#: Notes when the page is there, and every task that kept the browser from answering for 50 ms.
WATCH = """
window.seen = { long: [] };
new PerformanceObserver((list) => seen.long.push(...list.getEntries().map((each) => each.duration)))
  .observe({ type: "longtask", buffered: true });
const there = () => {
  const field = document.querySelector(".name-form:not([hidden]) #name");
  if (field === document.activeElement) seen.asked ??= performance.now();
  if (!document.querySelector(".message-list .line")) return;
  seen.lines = performance.now();
  watch.disconnect();
};
const watch = new MutationObserver(there);
watch.observe(document, { subtree: true, childList: true, attributes: true });
addEventListener("focusin", there);
"""

#: Counts frames and long tasks until `stop` is called.
FRAMES = """() => {
  const times = [];
  const long = seen.long.length;
  let going = true;
  const tick = (time) => {
    times.push(time);
    if (going) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  window.stop = () => {
    going = false;
    const gaps = times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b);
    const whole = times.at(-1) - times[0];
    return {
      rate: (1000 * gaps.length) / whole, late: gaps[Math.floor(gaps.length * 0.99)],
      longest: gaps.at(-1), long: seen.long.slice(long),
    };
  };
}"""

#: Goes from the top of the log to its end, so many pixels a frame.
SCROLL = """([view, step]) => new Promise((done) => {
  const element = document.querySelector(view);
  element.scrollTop = 0;
  const down = () => {
    const { scrollTop, scrollHeight, clientHeight } = element;
    if (scrollTop + clientHeight >= scrollHeight - 8) return done();
    element.scrollTop = scrollTop + step;
    requestAnimationFrame(down);
  };
  requestAnimationFrame(down);
})"""

#: Brings in all that is older, a page at a time.
TO_THE_TOP = """([view, older]) => new Promise((done) => {
  const up = () => {
    document.querySelector(view).scrollTop = 0;
    if (document.querySelector(older).textContent.includes("beginning")) done();
    else requestAnimationFrame(up);
  };
  up();
})"""

#: Counts what is changed in the document: nodes that come or go, texts and attributes.
CHANGES = """() => {
  window.changes = { nodes: 0, others: 0 };
  new MutationObserver((all) => {
    for (const { type, addedNodes, removedNodes } of all) {
      if (type === "childList") changes.nodes += addedNodes.length + removedNodes.length;
      else changes.others += 1;
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
}"""

OPEN = ("--memory", "--rate", "1000000", "--burst", "1000000")


class Work:
    """What a page's main thread did between two looks, as the browser counts it."""

    PARTS = ("TaskDuration", "ScriptDuration", "RecalcStyleDuration", "LayoutDuration")

    def __init__(self, page: Page) -> None:
        self._chrome: CDPSession = page.context.new_cdp_session(page)
        self._chrome.send("Performance.enable")
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        metrics = self._chrome.send("Performance.getMetrics")["metrics"]
        return {each["name"]: each["value"] for each in metrics}

    def since(self) -> list[float]:
        """Milliseconds for each of `PARTS` since this was made."""
        now = self._now()
        return [1000 * (now[part] - self._before[part]) for part in self.PARTS]


def told(label: str, *values: str) -> None:
    print(f"| {label} | {' | '.join(values)} |", flush=True)


def middle(values: list[float]) -> float:
    return statistics.median(values)


@contextmanager
def opened(browser: Browser, url: str, **context: Any) -> Iterator[Page]:
    """A page on `url`, watched from its beginning."""
    made = browser.new_context(locale="en-GB", service_workers="block", **context)
    made.add_init_script(WATCH)
    page = made.new_page()
    page.set_default_timeout(10 * PATIENCE * 1000)
    page.goto(url)
    yield page
    made.close()


def travels(browser: Browser, url: str) -> None:
    """What travels for the page's start, with the headers, and what there is beyond."""
    made = browser.new_context(locale="en-GB", service_workers="block")
    page = made.new_page()
    chrome = made.new_cdp_session(page)
    chrome.send("Network.enable")
    kinds: dict[str, str] = {}
    sizes: dict[str, tuple[str, int]] = {}
    paths: dict[str, str] = {}

    def answered(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]
        paths[event["requestId"]] = event["response"]["url"]

    def ended(event: dict[str, Any]) -> None:
        number = event["requestId"]
        sizes[paths[number]] = (kinds[number], int(event["encodedDataLength"]))

    chrome.on("Network.responseReceived", answered)
    chrome.on("Network.loadingFinished", ended)
    page.goto(url)
    enter(page, "Al")
    page.wait_for_load_state("networkidle")
    made.close()
    for kind in sorted({kind for kind, _ in sizes.values()}):
        of_kind = [size for each, size in sizes.values() if each == kind]
        told(f"{kind.lower()}, {len(of_kind)} files", f"{sum(of_kind):,} bytes")
    told(f"in all, {len(sizes)} files", f"{sum(size for _, size in sizes.values()):,} bytes")
    late = [
        path for path in shell(url) if url + path not in sizes and path not in ("./", "r/lobby")
    ]
    packed = {path: size_of(url + path) for path in late}
    told(
        "what comes late, if it is wanted (but for pictures)",
        f"{sum(each for path, each in packed.items() if not path.endswith(PICTURES)):,} bytes",
    )


def shell(url: str) -> list[str]:
    """All that the page may ever load."""
    with urllib.request.urlopen(f"{url}assets/shell.json") as answer:
        files: list[str] = json.load(answer)["files"]
    return files


def size_of(url: str) -> int:
    """How many bytes of this file travel."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        body = answer.read()
        if answer.headers["Content-Encoding"] == "gzip":
            gzip.decompress(body)
    return len(body)


def opening(browser: Browser, url: str) -> None:
    """How soon the page is there: for somebody new, and for who comes back to a room."""
    with opened(browser, url) as page:
        enter(page, "Ada")
        kept = page.context.storage_state()
    for label, ready, state in (
        ("somebody new: can write a name", "asked", None),
        ("who comes back: sees the last 50 messages", "lines", kept),
    ):
        found: list[dict[str, Any]] = []
        for _ in range(LOADS):
            with opened(browser, url, storage_state=state) as page:
                page.wait_for_function(f"() => seen.{ready} !== undefined")
                page.wait_for_function("() => performance.getEntriesByType('paint').length === 2")
                paints = page.evaluate(
                    "() => performance.getEntriesByType('paint').map((each) => each.startTime)"
                )
                seen = page.evaluate("() => seen")
                found.append({"first": paints[0], "full": paints[1], "ready": seen[ready], **seen})
        long = [each for one in found for each in one["long"]]
        told(
            label,
            f"first paint {middle([one['first'] for one in found]):.0f} ms, with content "
            f"{middle([one['full'] for one in found]):.0f} ms, "
            f"ready {middle([one['ready'] for one in found]):.0f} ms; "
            f"{len(long) / LOADS:.1f} long tasks, the longest {max(long, default=0):.0f} ms",
        )


def frames(page: Page, label: str, doing: Callable[..., None]) -> None:
    """Tell how many frames are drawn while something is done, and what the page had to do."""
    work, start = Work(page), time.monotonic()
    page.evaluate(FRAMES)
    doing()
    found = page.evaluate("() => stop()")
    whole, script, style, layout = (each / (time.monotonic() - start) for each in work.since())
    told(
        label,
        f"{found['rate']:.1f} frames a second, 99 of 100 within {found['late']:.0f} ms, "
        f"the longest {found['longest']:.0f} ms; {len(found['long'])} long tasks, the longest "
        f"{max(found['long'], default=0):.0f} ms; main thread {whole:.0f} ms a second "
        f"(script {script:.0f}, style {style:.0f}, layout {layout:.0f})",
    )


def one_message(page: Page, talker: Client) -> None:
    """What one message costs that comes by itself."""
    page.evaluate(CHANGES)
    work = Work(page)
    for number in range(SINGLE):
        text = f"one message, number {number}"
        talker.send("lobby", text)
        page.wait_for_function(
            "([lines, text]) => [...document.querySelectorAll(`${lines} .text`)].at(-1)"
            ".textContent === text",
            arg=[LINES, text],
            polling=20,
        )
    whole, script, style, layout = (each / SINGLE for each in work.since())
    changes = page.evaluate("() => changes")
    told(
        "one message",
        f"{changes['nodes'] / SINGLE:.1f} nodes come or go, {changes['others'] / SINGLE:.1f} other "
        f"changes; script {script:.2f} ms, style {style:.2f} ms, layout {layout:.2f} ms "
        f"(of {whole:.2f} ms, with those of looking)",
    )


def fill(url: str, count: int, room: str = "long") -> None:
    """Say `count` messages in `room`."""
    with Client(url, "Filler", room) as talker:
        for number in range(count - 1):
            talker.say("send", room=room, text=f"message {number} " + "word " * (number % 40))
            if number % 500 == 499:
                talker.take_events()
        talker.send(room, "the last")


def busy(url: str, rate: float, seconds: float) -> None:
    """Say `rate` messages a second in the lobby, as four people would, by the clock."""
    people = [Client(url, f"Talker {number}", "lobby") for number in range(4)]
    start = time.monotonic()
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, start + number / rate - time.monotonic()))
        text = f"message {number}, with *some* emphasis and `code` in it"
        people[number // 5 % 4].say("send", room="lobby", text=text)
    for each in people:
        each.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.measure")
    parser.add_argument("--seconds", type=float, default=30, help="how long the busy room talks")
    parser.add_argument("--rate", type=float, default=200, help="its messages a second")
    parser.add_argument(
        "only", nargs="*", help="travels, opening, message, scrolling, busy; or all"
    )
    options = parser.parse_args()

    def wanted(name: str) -> bool:
        return not options.only or name in options.only

    with sync_playwright() as playwright, ServerProcess(*OPEN) as server:
        browser = playwright.chromium.launch(executable_path=require_browser(), args=LAUNCH)
        told("what", f"Chromium {browser.version}, 1280 × 720")
        told("---", "---")
        with Client(server.ws_url, "Bob", "lobby") as bob:
            for number in range(60):
                bob.send("lobby", f"something said before, number {number}")
            if wanted("travels"):
                travels(browser, server.url)
            if wanted("opening"):
                opening(browser, server.url)
            if wanted("message"):
                with opened(browser, server.url) as page:
                    enter(page, "Cyn")
                    one_message(page, bob)
        if wanted("scrolling"):
            fill(server.ws_url, LONG)
            with opened(browser, f"{server.url}r/long") as page:
                page.fill(NAME, "Dan")
                page.press(NAME, "Enter")
                wait_until_here(page)
                where = [VIEW, ".message-list .older"]
                frames(
                    page,
                    f"{LONG:,} messages: loaded up to the first",
                    lambda: page.evaluate(TO_THE_TOP, where),
                )
                for label, step in (
                    ("read through fast, 400 px a frame", 400),
                    ("flung, 4,000 px", 4000),
                ):
                    frames(
                        page,
                        f"{LONG:,} messages: {label}",
                        lambda step=step: page.evaluate(SCROLL, [VIEW, step]),
                    )
        if wanted("busy"):
            with opened(browser, server.url) as page:
                enter(page, "Eve")
                talk = threading.Thread(
                    target=busy, args=(server.ws_url, options.rate, options.seconds)
                )

                def listen() -> None:
                    talk.start()
                    while talk.is_alive():
                        page.wait_for_timeout(250)
                    talk.join()

                frames(
                    page, f"{options.rate:.0f} messages a second, {options.seconds:.0f} s", listen
                )
        browser.close()


if __name__ == "__main__":
    main()
