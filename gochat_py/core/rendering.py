"""Encodes a batch of a room's entries for each kind of connection; each form is made only once.

The bytes depend only on the connection's `Form`, so a thousand connections of one form share the
same bytes object. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..message import Entry, Kind
from . import frames
from .delivery import Delivery
from .entry_json import entry_json
from .text import one_line

#: The prefix of the user ids of all classic connections; no other user id begins with it.
GUEST = "guest-"


class Form(NamedTuple):
    """The encoding that a connection needs: classic dialect or gochat.v1, deflated or not."""

    classic: bool
    deflated: bool


#: The four forms, each a single object, so that equal forms are identical.
FORMS = {
    (classic, deflated): Form(classic, deflated)
    for classic in (False, True)
    for deflated in (False, True)
}


class Frames(NamedTuple):
    """Joined frames, and the number of messages in them."""

    joined: bytes
    messages: int


class Rendering:
    """Entries of one room that are sent together, or another event for several connections.

    `payloads` returns the messages, for the classic dialect if its argument is true. Messages of at
    least `compress_from` bytes are deflated for connections that inflate. Owned by one thread.
    """

    def __init__(self, payloads: Callable[[bool], list[bytes]], compress_from: int) -> None:
        self._payloads = payloads
        self._compress_from = compress_from
        self._made: dict[Form, Frames] = {}

    def frames_for(self, form: Form) -> Frames:
        """The frames for a connection of this form; encoded on first use."""
        made = self._made.get(form)
        if made is None:
            made = self._made[form] = self._make(form)
        return made

    def _make(self, form: Form) -> Frames:
        payloads = self._payloads(form.classic)
        if form.deflated:
            if all(len(payload) < self._compress_from for payload in payloads):
                return self.frames_for(FORMS[form.classic, False])
            return Frames(b"".join(map(self._pack, payloads)), len(payloads))
        return Frames(b"".join(map(frames.text, payloads)), len(payloads))

    def _pack(self, payload: bytes) -> bytes:
        if len(payload) < self._compress_from:
            return frames.text(payload)
        return frames.deflated_text(payload)


def of_delivery(delivery: Delivery[Any], compress_from: int) -> Rendering:
    """Entries as live events; classic connections get only those that their dialect can express."""
    batch, sender = delivery.batch, delivery.sender

    def payloads(classic: bool) -> list[bytes]:
        if not classic:
            return [
                entry_json(written.entry, answers=written.answers).encode()
                if sender is not None and written.sender is sender
                else written.encoded.encode()
                for written in batch
            ]
        entries = (written.entry for written in batch)
        lines = (classic_line(e, verbatim=e.user.startswith(GUEST)) for e in entries)
        return [line.encode() for line in lines if line is not None]

    return Rendering(payloads, compress_from)


def of_event(event: bytes, compress_from: int) -> Rendering:
    """One event of gochat.v1; classic connections do not get it."""
    return Rendering(lambda classic: [] if classic else [event], compress_from)


def classic_line(entry: Entry, *, verbatim: bool) -> str | None:
    """The line that classic connections get for `entry`; None if they get nothing.

    A message is sent as ``nick: text``; a `verbatim` one came from a classic client and is sent as
    it is. Line breaks become `text.LINE_BREAK`: the text behind a line break would look like the
    message of another user. Only the newline that some clients (websocat) send at the end of a line
    is kept in a verbatim message.
    """
    if entry.kind is not Kind.MESSAGE or entry.text is None:
        return None
    if not verbatim:
        return f"{entry.nick}: {one_line(entry.text)}"
    line = entry.text.removesuffix("\n")
    return one_line(line) + entry.text[len(line) :]
