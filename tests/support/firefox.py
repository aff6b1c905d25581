"""Firefox for the tests: a browser for the class, a person for each window, and no complaints.

`FirefoxTestCase` starts Debian's ``firefox-esr`` without a window system, in a profile of its own,
and drives it over WebDriver BiDi. Each person has a user context: cookies, storage and service
workers of their own. As with Chromium (`page.py`), an error on the console, an exception that
nobody caught, or a violation of the Content-Security-Policy fails the test that caused it.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar, Self

from .bidi import CommandError, Result, Session, chord, dragging, pointing, typing
from .case import PATIENCE, TestCase, eventually
from .require import require_firefox

#: What the browser does by itself is switched off, and what would reach out all the same meets a
#: proxy that is not there.
PREFERENCES: Mapping[str, bool | int | str] = {
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.region.update.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.search.update": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.no_proxies_on": "127.0.0.1, localhost",
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.type": 1,
    "toolkit.telemetry.enabled": False,
    # The same on every machine: light, a mouse, and nothing moves.
    "layout.css.prefers-color-scheme.content-override": 1,
    "ui.allPointerCapabilities": 6,
    "ui.prefersReducedMotion": 1,
    "ui.primaryPointerCapabilities": 6,
}

#: Runs in each page before its own scripts: a violation becomes an error on the console.
_WATCH = """() => addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`))"""

#: Calls ``FUNCTION`` with arguments, and gives what it returns; both are JSON. It can use `find`,
#: which gives the elements that match a selector, contain a text, and are displayed.
_CALL = """async (given) => {
  const find = (selector, text = "") => [...document.querySelectorAll(selector)].filter((each) =>
    each.textContent.includes(text) && each.checkVisibility({ visibilityProperty: true }));
  return JSON.stringify(await (FUNCTION)(...JSON.parse(given)));
}"""

#: A page that was left, or has not begun, while something was asked of it.
_GONE = ("no such frame", "unknown error")

#: Where the first element is that `find` gives; null while there is none, while it moves, or while
#: something else covers its middle.
_PLACE = """async (selector, text) => {
  const [found] = find(selector, text);
  if (!found) return null;
  found.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const { x, y } = await frame().then(() => found.getBoundingClientRect());
  const place = await frame().then(() => found.getBoundingClientRect());
  const { left, top, width, height } = place;
  if (left !== x || top !== y) return null;
  const hit = document.elementFromPoint(left + width / 2, top + height / 2);
  return hit !== null && found.contains(hit) ? place.toJSON() : null;
}"""


class Firefox:
    """A Firefox with a profile of its own, ready once entered. A context manager.

    `preferences` are added to the usual ones. `complaints` has what the browser said that a test
    must not pass over.
    """

    def __init__(self, program: str, preferences: Mapping[str, bool | int | str]) -> None:
        self._program = program
        self._preferences = {**PREFERENCES, **preferences}
        self.complaints: list[str] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            profile = Path(
                stack.enter_context(
                    tempfile.TemporaryDirectory(
                        prefix="gochat-firefox-", ignore_cleanup_errors=True
                    )
                )
            )
            (profile / "user.js").write_text(
                "".join(
                    f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
                    for name, value in self._preferences.items()
                )
            )
            self._log = stack.enter_context((profile / "stderr").open("w+b"))
            self._process = self._started(profile)
            stack.callback(self._end)
            self.session = stack.enter_context(Session(self._address(profile), self._hear))
            self.session.call("session.subscribe", events=["log.entryAdded"])
            self.session.call("script.addPreloadScript", functionDeclaration=_WATCH)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stack.close()

    def person(self, locale: str) -> str:
        """A user context: a new user, who reads this language."""
        who: str = self.session.call("browser.createUserContext")["userContext"]
        self.session.call("emulation.setLocaleOverride", locale=locale, userContexts=[who])
        return who

    def _started(self, profile: Path) -> subprocess.Popen[bytes]:
        flags = ["--headless", "--no-remote", "--profile", str(profile)]
        return subprocess.Popen(
            [self._program, *flags, "--remote-debugging-port", "0"],
            # Its own home: it leaves nothing behind, and finds no settings of whoever runs this.
            env={**os.environ, "HOME": str(profile), "MOZ_CRASHREPORTER_DISABLE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            start_new_session=True,
        )

    def _address(self, profile: Path) -> str:
        """Where it listens: it writes this into its profile when it does."""
        file = profile / "WebDriverBiDiServer.json"

        def written() -> bool:
            assert self._process.poll() is None, f"Firefox ended: {self._errors()}"
            return file.is_file() and file.read_text().rstrip().endswith("}")

        eventually(written, "Firefox listens")
        found = json.loads(file.read_text())
        return f"ws://{found['ws_host']}:{found['ws_port']}"

    def _errors(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def _end(self) -> None:
        """End it with its children. It has nothing to keep, so it is not asked."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)

    def _hear(self, method: str, event: Result) -> None:
        if method == "log.entryAdded" and event["level"] == "error":
            self.complaints.append(f"{event['type']}: {event['text']}")


class Window:
    """A window of somebody's. Each is in sight; the one that was used last has the focus."""

    def __init__(self, firefox: Firefox, person: str, size: tuple[int, int]) -> None:
        self._firefox = firefox
        self._call = firefox.session.call
        self._context: str = self._call(
            "browsingContext.create", type="window", userContext=person
        )["context"]
        self.resize(*size)

    def resize(self, width: int, height: int) -> None:
        """Give the page this size, in CSS pixels."""
        self._call(
            "browsingContext.setViewport",
            context=self._context,
            viewport={"width": width, "height": height},
        )

    def goto(self, url: str) -> None:
        """Open `url`, and wait until it is loaded."""
        self._call("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def reload(self) -> None:
        """Load the same page again, and wait until it is loaded."""
        self._call("browsingContext.reload", context=self._context, wait="complete")

    def activate(self) -> None:
        """Give this window the focus."""
        self._call("browsingContext.activate", context=self._context)

    def evaluate(self, function: str, *arguments: Any) -> Any:
        """What `function`, in JavaScript, gives for these arguments, as JSON has it."""
        answer = self._call(
            "script.callFunction",
            functionDeclaration=_CALL.replace("FUNCTION", function),
            arguments=[{"type": "string", "value": json.dumps(arguments)}],
            target={"context": self._context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise AssertionError(answer["exceptionDetails"]["text"])
        value = answer["result"].get("value")
        return None if value is None else json.loads(value)

    def wait_for(self, function: str, *arguments: Any) -> Any:
        """Wait until `function` gives something true, and give it."""
        seen: Any = None

        def true() -> bool:
            nonlocal seen
            try:
                seen = self.evaluate(function, *arguments)
            except CommandError as error:
                if error.code not in _GONE:
                    raise
            return bool(seen)

        try:
            eventually(true, function)
        except AssertionError as error:
            raise AssertionError(f"{error} {arguments}; it gave {seen!r}") from None
        return seen

    def wait_for_texts(self, selector: str, texts: list[str]) -> None:
        """Wait until these are the texts of all elements that match, without the space around."""
        self.wait_for(
            """(selector, texts) => {
              const found = [...document.querySelectorAll(selector)];
              const seen = found.map((each) => each.textContent.trim());
              return JSON.stringify(seen) === JSON.stringify(texts);
            }""",
            selector,
            texts,
        )

    def wait_for_one(self, selector: str, text: str = "") -> None:
        """Wait until an element that matches, and contains this text, can be seen."""
        self.wait_for("(selector, text) => find(selector, text).length > 0", selector, text)

    def wait_for_none(self, selector: str) -> None:
        """Wait until no element that matches can be seen."""
        self.wait_for("(selector) => find(selector).length === 0", selector)

    def wait_for_focus(self, selector: str, text: str = "") -> None:
        """Wait until the focus is at an element that matches and contains this text."""
        self.wait_for(
            """(selector, text) => document.activeElement.matches(selector)
              && document.activeElement.textContent.includes(text)""",
            selector,
            text,
        )

    def wait_for_value(self, selector: str, value: str) -> None:
        """Wait until this is in a field."""
        self.wait_for(
            "(selector, value) => document.querySelector(selector).value === value",
            selector,
            value,
        )

    def click(self, selector: str, text: str = "") -> None:
        """Click the first element in sight that matches and contains this text."""
        self._point(selector, text, "mouse", press=True)

    def drag(self, start: tuple[str, str], end: tuple[str, str]) -> None:
        """Press the mouse at the beginning of one element, and release it at the end of another.

        Each is a selector and a text, as for `click`.
        """
        self.activate()
        first, last = self.wait_for(_PLACE, *start), self.wait_for(_PLACE, *end)
        self._perform(
            dragging((first["left"] + 1, first["top"] + 1), (last["right"] - 1, last["bottom"] - 1))
        )

    def hover(self, selector: str, text: str = "") -> None:
        """Move the mouse there."""
        self._point(selector, text, "mouse", press=False)

    def tap(self, selector: str, text: str = "") -> None:
        """Touch the first element in sight that matches and contains this text."""
        self._point(selector, text, "touch", press=True)

    def press(self, *chords: str) -> None:
        """Press keys, such as ``Enter`` or ``Control+k``, wherever the focus is."""
        self._perform(*(chord(keys) for keys in chords))

    def type(self, text: str) -> None:
        """Type this text, key by key, wherever the focus is."""
        self._perform(typing(text))

    def fill(self, selector: str, text: str) -> None:
        """Click a field, and put this text into the place of what it has."""
        self.click(selector)
        self.press("Control+a", "Delete")
        self.type(text)

    def copied(self) -> str:
        """What Control and C take from what is selected: the clipboard is the page's own."""
        self.evaluate(
            """() => {
              window.copied = null;
              addEventListener("copy", ({ clipboardData }) => {
                window.copied = clipboardData.getData("text/plain") || String(getSelection());
              }, { once: true });
            }"""
        )
        self.press("Control+c")
        text: str = self.wait_for("() => window.copied")
        return text

    def picture(self, path: Path) -> None:
        """Save what the window shows, as a PNG: for whoever looks into a failure."""
        shot = self._call("browsingContext.captureScreenshot", context=self._context)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _point(self, selector: str, text: str, kind: str, *, press: bool) -> None:
        self.activate()  # the page may show something else when it has the focus
        place = self.wait_for(_PLACE, selector, text)
        middle = (place["left"] + place["width"] / 2, place["top"] + place["height"] / 2)
        self._perform(pointing(middle, kind, press=press))

    def _perform(self, *steps: Result) -> None:
        """Act in this window, which has the focus by then."""
        self.activate()
        for step in steps:
            self._call("input.performActions", context=self._context, actions=[step])


class FirefoxTestCase(TestCase):
    """A Firefox for the class, and people who are gone after each test.

    `preferences` are those of the class; `size` is that of each window, in CSS pixels.
    """

    preferences: ClassVar[Mapping[str, bool | int | str]] = {}
    size: ClassVar[tuple[int, int]] = (1280, 720)
    firefox: ClassVar[Firefox]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.firefox = cls.enterClassContext(Firefox(require_firefox(), cls.preferences))

    def setUp(self) -> None:
        super().setUp()
        self.firefox.complaints.clear()
        self._expected: list[str] = []
        self.addCleanup(self._check_no_complaints)

    def window(self, locale: str = "en-GB", script: str = "") -> Window:
        """An empty window of somebody new; `script` runs before the scripts of what it opens."""
        call = self.firefox.session.call
        person = self.firefox.person(locale)
        self.addCleanup(call, "browser.removeUserContext", userContext=person)
        if script:
            added = call(
                "script.addPreloadScript",
                functionDeclaration=f"() => {{ {script} }}",
                userContexts=[person],
            )
            self.addCleanup(call, "script.removePreloadScript", script=added["script"])
        return Window(self.firefox, person, self.size)

    def expect_complaint(self, pattern: str) -> None:
        """From now on, let complaints pass that match the regular expression `pattern`."""
        self._expected.append(pattern)

    def _check_no_complaints(self) -> None:
        unexpected = [
            complaint
            for complaint in self.firefox.complaints
            if not any(re.search(pattern, complaint) for pattern in self._expected)
        ]
        self.assertEqual(unexpected, [], "the browser complained")
