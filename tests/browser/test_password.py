"""The first visit to a server that requires a password."""

import tempfile
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Page, expect

from tests.support.page import NAME, BrowserTestCase, say, wait_for_lines, wait_until_here
from tests.support.server import ServerProcess
from tests.support.v1 import Client

PASSWORD = "#password"
REFUSAL = ".name-form .refusal"


class PasswordTest(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        place = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="gochat-test-")))
        self.file = place / "password"
        self.file.write_text("correct horse\n")
        self.file.chmod(0o600)
        flags = ("--memory", "--password-file", str(self.file))
        self.server = self.enterContext(ServerProcess(*flags))

    def visit(self, nick: str) -> Page:
        """A new browser at the server, which has given its name and is asked for the password."""
        page = self.page()
        page.goto(self.server.url)
        expect(page.locator(PASSWORD)).to_be_hidden()
        page.fill(NAME, nick)
        page.press(NAME, "Enter")
        expect(page.locator(PASSWORD)).to_be_focused()
        expect(page.locator(".name-form .about")).to_contain_text("requires a password")
        expect(page.locator(REFUSAL)).to_be_empty()
        return page

    def test_the_password_is_asked_for_once(self) -> None:
        page = self.visit("Ada")
        page.fill(PASSWORD, "wrong")
        page.press(PASSWORD, "Enter")
        expect(page.locator(REFUSAL)).to_have_text("The password is wrong.")
        expect(page.locator(PASSWORD)).to_be_focused()
        expect(page.locator(PASSWORD)).to_have_value("")
        expect(page.locator(PASSWORD)).to_have_attribute("aria-invalid", "true")
        expect(page.locator(NAME)).to_have_attribute("aria-invalid", "false")
        expect(page.locator(NAME)).to_have_value("Ada")
        page.fill(PASSWORD, "correct horse")
        page.press(PASSWORD, "Enter")
        wait_until_here(page)
        say(page, "hello")
        wait_for_lines(page, 1)
        page.reload()
        wait_until_here(page)
        self.assertEqual(wait_for_lines(page, 1), ["hello"])
        stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        self.assertNotIn("correct horse", stored)

    def test_a_taken_name_is_refused_and_the_password_stays_in_its_field(self) -> None:
        with Client(self.server.ws_url) as ada:
            ada.ask("hello", nick="Ada", password="correct horse")
        page = self.visit("Ada")
        page.fill(PASSWORD, "correct horse")
        page.press(PASSWORD, "Enter")
        expect(page.locator(REFUSAL)).to_contain_text("belongs to another user")
        expect(page.locator(NAME)).to_be_focused()
        page.fill(NAME, "Bob")
        page.press(NAME, "Enter")
        wait_until_here(page)

    def test_after_too_many_passwords_the_form_says_when_to_try_again(self) -> None:
        for number in range(10):
            with Client(self.server.ws_url) as stranger:
                stranger.refusal("hello", nick="Mallory", password=f"wrong {number}")
        page = self.visit("Ada")
        page.fill(PASSWORD, "correct horse")
        page.press(PASSWORD, "Enter")
        expect(page.locator(REFUSAL)).to_contain_text("Too many wrong passwords")

    def test_axe_finds_nothing_wrong_with_the_form(self) -> None:
        page = self.visit("Ada")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            report = Axe().run(page)
            self.assertEqual(report.violations_count, 0, report.generate_report())
