"""What is said without a line: kept on the device, and sent once when there is one again."""

from __future__ import annotations

import tempfile
import unittest

from playwright.sync_api import Page, expect

from tests.browser.fake import DEAD_LINE, FAKE, FakeTestCase
from tests.support.case import eventually
from tests.support.page import (
    CONNECTED,
    DRAFT,
    LINES,
    NO_SERVER,
    BrowserTestCase,
    enter,
    say,
    wait_for_lines,
    wait_until_here,
)
from tests.support.server import ServerProcess

FATE = ".message-list .fate"
NOT_CONNECTED = f".connection-state:not({CONNECTED})"

#: No IndexedDB, as in a browser that was told to keep nothing.
REFUSED = """
Object.defineProperty(globalThis, "indexedDB", { get() { throw new Error("forbidden"); } });
"""

#: How many messages the pending store holds in IndexedDB.
ON_SHELF = """
() => new Promise((done, fail) => {
  const opening = indexedDB.open(`gochat ${document.baseURI}`);
  opening.onerror = () => fail(opening.error);
  opening.onsuccess = () => {
    const database = opening.result;
    const count = database.transaction("pending").objectStore("pending").count();
    count.onsuccess = () => { database.close(); done(count.result); };
  };
})
"""

#: How many pages there are, each of which holds a lock.
LOCKS = """async () => {
  const { held } = await navigator.locks.query();
  return held.filter(({ name }) => name.includes(" tab ")).length;
}"""

#: Makes a database of this name and version, and lets `fill` do something to it.
_MAKE = """
(name) => new Promise((done, fail) => {
  const opening = indexedDB.open(name, %d);
  opening.onupgradeneeded = () => { const database = opening.result; %s };
  opening.onsuccess = () => { opening.result.close(); done(); };
  opening.onerror = () => fail(opening.error);
})
"""

RUBBISH = _MAKE % (
    1,
    """
    const store = database.createObjectStore("pending", { keyPath: "id" });
    const all = [{ id: 5 }, { id: "a" }, { id: "b", tab: {}, key: 7, text: new Date() },
      { id: "c", tab: null, key: "", text: "" }, { id: [1] }, { id: new Date(0), text: "x" }];
    for (const each of all) store.put(each);
    """,
)
OTHER_SHAPE = _MAKE % (1, "database.createObjectStore('something else')")
NEWER = _MAKE % (9, "database.createObjectStore('pending')")


def wait_for_waiting(page: Page, texts: list[str]) -> None:
    """Wait until just these lines wait to be sent."""
    expect(page.locator(f"{LINES}[data-fate=queued] .text")).to_have_text(texts)


class QueueTest(BrowserTestCase):
    def test_what_was_said_to_nobody_outlives_the_tab_and_arrives_once_in_order(self) -> None:
        self.expect_complaint(NO_SERVER)
        for script in ("", REFUSED):
            with self.subTest(script), tempfile.TemporaryDirectory() as data:
                with ServerProcess("--data", data) as server:
                    ada, bob = self.page(script), self.open(server.url, "Bob")
                    ada.goto(server.url)
                    enter(ada, "Ada")
                    say(ada, "before")
                    wait_for_lines(bob, 1)
                ada.wait_for_selector(NOT_CONNECTED, state="attached")
                said = ["one", "two", "three"]
                for text in said:
                    say(ada, text)
                wait_for_waiting(ada, said)
                if script == "":
                    self.assertEqual(ada.evaluate(ON_SHELF), 3)
                context = ada.context
                ada.close()
                with ServerProcess("--data", data, "--port", str(server.port)):
                    ada = context.new_page()
                    ada.goto(server.url)
                    for page in (ada, bob):
                        self.assertEqual(wait_for_lines(page, 4), ["before", *said])
                    ada.reload()
                    say(bob, "got them")
                    for page in (ada, bob):
                        self.assertEqual(wait_for_lines(page, 5), ["before", *said, "got them"])
                        page.context.close()

    def test_a_server_that_dies_while_somebody_types_takes_neither_words_nor_focus(self) -> None:
        self.expect_complaint(NO_SERVER)
        with tempfile.TemporaryDirectory() as data:
            server = ServerProcess("--data", data)
            self.addCleanup(server.kill)
            ada, bob = self.open(server.url, "Ada"), self.open(server.url, "Bob")
            ada.locator(DRAFT).press_sequentially("half a ")
            server.process.kill()
            server.process.wait()
            ada.wait_for_selector(NOT_CONNECTED, state="attached")
            ada.locator(DRAFT).press_sequentially("thought")
            with ServerProcess("--data", data, "--port", str(server.port)):
                for page in (ada, bob):
                    wait_until_here(page)
                expect(ada.locator(DRAFT)).to_be_focused()
                ada.keyboard.type(", and the rest")
                ada.keyboard.press("Enter")
                for page in (ada, bob):
                    self.assertEqual(wait_for_lines(page, 1), ["half a thought, and the rest"])
                ada.reload()
                self.assertEqual(wait_for_lines(ada, 1), ["half a thought, and the rest"])
                expect(ada.locator(DRAFT)).to_have_value("")
                for page in (ada, bob):
                    page.context.close()


class TabsTest(FakeTestCase):
    """Each tab has a server of its own here; what they share is the device."""

    def test_a_tab_leaves_alone_what_another_sends_and_takes_over_what_it_left(self) -> None:
        first = self.fake()
        first.evaluate("() => { server.answers = false }")
        say(first, "one")
        say(first, "two")
        expect(first.locator(f"{LINES}[data-fate=sent]")).to_have_count(2)
        second = first.context.new_page()
        second.goto(self.server.url)
        wait_until_here(second)
        say(second, "mine")
        self.assertEqual(wait_for_lines(second, 1), ["mine"])
        second.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        say(second, "alone")
        self.assertEqual(wait_for_lines(second, 2), ["mine", "alone"])
        self.assertEqual(first.evaluate(ON_SHELF), 2)
        first.close()
        eventually(lambda: second.evaluate(LOCKS) == 1, "a page ends a little after it is closed")
        second.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        self.assertEqual(wait_for_lines(second, 4), ["mine", "alone", "one", "two"])
        eventually(lambda: second.evaluate(ON_SHELF) == 0, "nothing is left to be sent")

    def test_what_failed_is_still_there_to_be_tried_again(self) -> None:
        first = self.fake()
        first.evaluate("() => { server.refuses = { code: 'busy' } }")
        say(first, "one")
        expect(first.locator(f"{LINES}[data-fate=failed]")).to_have_count(1)
        first.reload()
        expect(first.locator(FATE)).to_contain_text("busy")
        first.click(f"{LINES} .again")
        self.assertEqual(wait_for_lines(first, 1), ["one"])

    def test_what_is_broken_or_foreign_on_the_device_does_no_harm(self) -> None:
        for rubbish in (RUBBISH, OTHER_SHAPE, NEWER):
            with self.subTest(rubbish=rubbish):
                page = self.page(FAKE)
                other = page.context.new_page()
                other.goto(f"{self.server.url}healthz")
                other.evaluate(rubbish, f"gochat {self.server.url}")
                other.close()
                page.goto(self.server.url)
                enter(page, "Ada")
                page.evaluate("() => { server.answers = false }")
                say(page, "hello")
                page.reload()
                self.assertEqual(wait_for_lines(page, 1), ["hello"])
                page.context.close()


class SleepTest(BrowserTestCase):
    """Lines that died while nobody was there to notice."""

    def dead_line(self, server: ServerProcess) -> Page:
        page = self.page(DEAD_LINE)
        page.clock.install()
        page.goto(server.url)
        enter(page, "Ada")
        page.evaluate("() => line.die()")
        return page

    def back(self, page: Page) -> None:
        """The page finds out within ten seconds of its own clock; wait for the new line, use it.

        That is before it would ask the silent line of its own accord.
        """
        page.clock.run_for(10_000)
        self.assertGreater(page.evaluate("() => line.sockets.length"), 1)
        wait_until_here(page)
        say(page, "alive")
        self.assertEqual(wait_for_lines(page, 1), ["alive"])

    def test_a_page_that_slept_with_its_device_comes_back_by_itself(self) -> None:
        with ServerProcess("--memory") as server:
            page = self.dead_line(server)
            page.clock.fast_forward("08:00:00")  # each timer fires once at most, as after a sleep
            self.back(page)
            page.context.close()

    def test_a_page_that_was_frozen_and_shown_again_comes_back_by_itself(self) -> None:
        with ServerProcess("--memory") as server:
            page = self.dead_line(server)
            page.evaluate(
                "() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
            )
            self.back(page)
            page.context.close()

    def test_a_page_whose_network_changed_comes_back_by_itself(self) -> None:
        with ServerProcess("--memory") as server:
            page = self.dead_line(server)
            page.evaluate("() => dispatchEvent(new Event('online'))")
            self.back(page)
            page.context.close()


if __name__ == "__main__":
    unittest.main()
