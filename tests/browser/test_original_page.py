"""goChat's original page works against this server.

What that page does is told anew here: it opens a WebSocket to /ws on its own host without a
subprotocol, sends what is in its form, appends each message to its log as text, and a bold
sentence when the connection ends.
"""

from __future__ import annotations

import re
import unittest

from playwright.sync_api import Page, expect

from tests.support.page import BrowserTestCase
from tests.support.server import ServerProcess

ORIGINAL = """
() => new Promise((opened) => {
  document.body.replaceChildren();
  const log = document.body.appendChild(document.createElement("div"));
  log.id = "log";
  const form = document.body.appendChild(document.createElement("form"));
  const field = form.appendChild(document.createElement("input"));
  field.type = "text";
  field.id = "msg";

  function append(tag, text) {
    const follow = log.scrollTop === log.scrollHeight - log.clientHeight;
    const line = document.createElement("div");
    line.appendChild(document.createElement(tag)).textContent = text;
    log.appendChild(line);
    if (follow) log.scrollTop = log.scrollHeight - log.clientHeight;
  }

  const socket = new WebSocket("ws://" + location.host + "/ws");
  socket.onopen = opened;
  socket.onmessage = (event) => append("span", event.data);
  socket.onclose = () => append("b", "Connection closed.");
  form.onsubmit = (event) => {
    event.preventDefault();
    if (!field.value) return;
    socket.send(field.value);
    field.value = "";
  };
})
"""


class OriginalPageTest(BrowserTestCase):
    def original(self, server: ServerProcess) -> Page:
        """The original page, on the server's own origin, connected."""
        self.expect_complaint("404")  # of an icon, which the browser asks for by itself
        page = self.page()
        page.goto(f"{server.url}healthz")
        page.evaluate(ORIGINAL)
        return page

    def test_hello_appears_once_in_each_window(self) -> None:
        with ServerProcess("--memory") as server:
            pages = [self.original(server) for _ in range(2)]
            pages[0].fill("#msg", "hello")
            pages[0].press("#msg", "Enter")
            pages[1].wait_for_selector("#log > div")
            pages[1].fill("#msg", "<b>hello</b> yourself")
            pages[1].press("#msg", "Enter")
            for page in pages:
                expect(page.locator("#log > div")).to_have_text(["hello", "<b>hello</b> yourself"])
                expect(page.locator("#msg")).to_have_value("")

    def test_the_end_of_the_server_is_told_once(self) -> None:
        with ServerProcess("--memory") as server:
            page = self.original(server)
            self.assertEqual(server.stop(), 0)
            expect(page.locator("#log > div > b")).to_have_text(["Connection closed."])

    def test_the_original_page_and_this_one_chat(self) -> None:
        with ServerProcess("--memory") as server:
            old, new = self.original(server), self.open(server.url, "Ada")
            old.fill("#msg", "from 2014")
            old.press("#msg", "Enter")
            expect(new.locator(".message-list .line .text")).to_have_text(["from 2014"])
            expect(new.locator(".message-list .line .nick")).to_have_text(re.compile("^guest-"))
            new.fill(".composer .draft", "from today")
            new.press(".composer .draft", "Enter")
            expect(old.locator("#log > div")).to_have_text(["from 2014", "Ada: from today"])
            new.context.close()


if __name__ == "__main__":
    unittest.main()
