"""A client of WebDriver BiDi, the protocol by which a program drives a browser.

Commands and events are JSON over a WebSocket (https://www.w3.org/TR/webdriver-bidi/). `Session` has
no thread of its own: it reads events while it waits for an answer, and hands them to a function.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from typing import Any, Self

from websockets.sync.client import connect

from .case import PATIENCE

Result = dict[str, Any]


class CommandError(Exception):
    """Raised when the browser refuses a command; `code` is what the specification calls it."""

    def __init__(self, method: str, answer: Result) -> None:
        super().__init__(f"{method}: {answer['error']}: {answer['message']}")
        self.code: str = answer["error"]


class Session:
    """The only session of the browser that listens on `address`. A context manager.

    `on_event` is called with the method and the parameters of each event that was subscribed to.
    """

    def __init__(self, address: str, on_event: Callable[[str, Result], None]) -> None:
        self._on_event = on_event
        self._ids = itertools.count(1)
        self._connection = connect(
            f"{address}/session",
            open_timeout=PATIENCE,
            close_timeout=PATIENCE,
            ping_interval=None,
            compression=None,
            proxy=None,
            max_size=None,  # a screenshot is one message
        )

    def call(self, method: str, **parameters: Any) -> Result:
        """Carry out one command and give its result, within `PATIENCE`.

        Raises `CommandError` where the browser refuses it, and `TimeoutError`.
        """
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        deadline = time.monotonic() + PATIENCE
        while True:
            answer: Result = json.loads(self._socket.recv(max(0.0, deadline - time.monotonic())))
            if answer["type"] == "event":
                self._on_event(answer["method"], answer["params"])
            elif answer["id"] == number:
                if answer["type"] == "error":
                    raise CommandError(method, answer)
                result: Result = answer["result"]
                return result

    def __enter__(self) -> Self:
        self._socket = self._connection.__enter__()
        self.call("session.new", capabilities={})
        return self

    def __exit__(self, *reason: Any) -> None:
        self._connection.__exit__(*reason)


#: The keys that write nothing, as the specification numbers them (WebDriver 2, 17.4.2).
_KEYS = {
    "Backspace": "\ue003",
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Shift": "\ue008",
    "Control": "\ue009",
    "Alt": "\ue00a",
    "Escape": "\ue00c",
    "PageUp": "\ue00e",
    "PageDown": "\ue00f",
    "End": "\ue010",
    "Home": "\ue011",
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
    "Delete": "\ue017",
}


def chord(keys: str) -> Result:
    """The actions that press ``Control+k``: each key in turn, released in reverse order."""
    values = [_KEYS.get(key, key) for key in keys.split("+") if key] or ["+"]
    return _keyboard(
        [{"type": "keyDown", "value": value} for value in values]
        + [{"type": "keyUp", "value": value} for value in reversed(values)]
    )


def typing(text: str) -> Result:
    """The actions that type `text`, key by key."""
    return _keyboard(
        [{"type": kind, "value": each} for each in text for kind in ("keyDown", "keyUp")]
    )


def _keyboard(actions: list[Result]) -> Result:
    return {"type": "key", "id": "keyboard", "actions": actions}


Point = tuple[float, float]


def pointing(place: Point, kind: str, *, press: bool) -> Result:
    """The actions that move a pointer of this `kind` (mouse, touch) to `place`, and press there."""
    return _pointer(kind, [_move(place), *([_DOWN, _UP] if press else [])])


def dragging(start: Point, end: Point) -> Result:
    """The actions that press the mouse at one place and release it at another."""
    return _pointer("mouse", [_move(start), _DOWN, _move(end), _UP])


_DOWN: Result = {"type": "pointerDown", "button": 0}
_UP: Result = {"type": "pointerUp", "button": 0}


def _move(place: Point) -> Result:
    return {"type": "pointerMove", "x": round(place[0]), "y": round(place[1])}


def _pointer(kind: str, actions: list[Result]) -> Result:
    return {"type": "pointer", "id": kind, "parameters": {"pointerType": kind}, "actions": actions}
