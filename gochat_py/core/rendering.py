"""A batch of a room's entries, as each kind of connection is to get it; each form made once.

What a connection needs depends on its `Form` alone, so a thousand connections of one form share
the very same bytes. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from . import encode, frames
from .delivery import Delivery

#: Begins the user id of everybody who speaks the classic dialect; nobody else's begins so.
GUEST = "guest-"


class Form(NamedTuple):
    """What bytes a connection takes: those of the classic dialect or not, deflated or not."""

    classic: bool
    deflated: bool


#: The four there are, each one object, so that two are the same form if and only if they are one.
FORMS = {
    (classic, deflated): Form(classic, deflated)
    for classic in (False, True)
    for deflated in (False, True)
}


class Frames(NamedTuple):
    """Joined frames, and how many messages they are."""

    joined: bytes
    messages: int


class Rendering:
    """Entries of one room that go out together, or whatever else several connections are told.

    `payloads` gives what is said in each dialect. Messages of at least `compress_from` bytes are
    deflated for those who inflate. Owned by one thread.
    """

    def __init__(self, payloads: Callable[[bool], list[bytes]], compress_from: int) -> None:
        self._payloads = payloads
        self._compress_from = compress_from
        self._made: dict[Form, Frames] = {}

    def frames_for(self, form: Form) -> Frames:
        """The frames for a connection of this form; made when first asked for."""
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
    """Entries as live events; classic connections get what their dialect has words for."""
    batch, sender = delivery.batch, delivery.sender

    def payloads(classic: bool) -> list[bytes]:
        if not classic:
            return [
                encode.entry_json(written.entry, answers=written.answers).encode()
                if sender is not None and written.sender is sender
                else written.encoded.encode()
                for written in batch
            ]
        entries = (written.entry for written in batch)
        lines = (encode.classic_line(e, verbatim=e.user.startswith(GUEST)) for e in entries)
        return [line.encode() for line in lines if line is not None]

    return Rendering(payloads, compress_from)


def of_event(event: bytes, compress_from: int) -> Rendering:
    """One event of gochat.v1; classic connections have no word for it."""
    return Rendering(lambda classic: [] if classic else [event], compress_from)
