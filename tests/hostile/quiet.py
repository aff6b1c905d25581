"""The quiet room: four users who send a message now and then, and measure the delays."""

from __future__ import annotations

import contextlib
import selectors
import statistics
import threading
import time
from dataclasses import dataclass, field

from .wire import LATE, Gone, Target, Visitor, say

MEMBERS = 4
ROOM = "quiet"

#: Seconds from one line to the next: five a second in all.
EVERY = 0.2

#: Seconds between the visits of somebody who comes, enters a room, and leaves.
VISITS = 1.0


@dataclass(slots=True)
class Figures:
    """The delays in the quiet room."""

    #: Seconds from just before a line was sent until one of the members had it, for each of both.
    waits: list[float] = field(default_factory=list)
    #: Seconds that a visitor needed from the first byte until they were in a room.
    visits: list[float] = field(default_factory=list)
    #: Why a member is no more, or a visitor was not let in.
    faults: list[str] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Of the waits, in milliseconds."""
        return statistics.median(self.waits) * 1000 if self.waits else float("inf")

    @property
    def worst(self) -> float:
        """Of the waits, in milliseconds."""
        return max(self.waits) * 1000 if self.waits else float("inf")

    @property
    def slowest_visit(self) -> float:
        """In milliseconds."""
        return max(self.visits) * 1000 if self.visits else float("inf")


class QuietRoom:
    """Four members of a room of their own, all from one address. A context manager."""

    def __init__(self, target: Target, *, visited: bool = True) -> None:
        """Enter. With `visited`, somebody comes and goes while the four talk."""
        self._target = target
        self._visited = visited
        self._members: list[Visitor] = []
        self._count = 0
        try:
            for _ in range(MEMBERS):
                self._members.append(Visitor(target, None, ROOM))
            with Visitor(target) as visitor:
                self._visitor = visitor.token
        except BaseException:
            self.close()
            raise

    def talk(self, seconds: float) -> Figures:
        """Talk for so long, then wait for what is still on its way; `LATE` at the most."""
        figures = Figures()
        over = threading.Event()
        visiting = threading.Thread(target=self._visit, args=(figures, over), name="visitor")
        if self._visited:
            visiting.start()
        try:
            self._talk(seconds, figures)
        finally:
            over.set()
            if self._visited:
                visiting.join()
        return figures

    def _talk(self, seconds: float, figures: Figures) -> None:
        begun = time.monotonic()
        end, next_line = begun + seconds, begun
        #: For each line, when it was sent, and who has not got it yet.
        missing: dict[str, tuple[float, set[Visitor]]] = {}
        with selectors.DefaultSelector() as selector:
            for member in self._members:
                selector.register(member.sock, selectors.EVENT_READ, member)
            while (now := time.monotonic()) < end or (missing and now < end + LATE):
                if next_line <= now < end and self._members:
                    next_line = max(next_line + EVERY, now)
                    name = f"q-{self._count}"
                    sender = self._members[self._count % len(self._members)]
                    self._count += 1
                    missing[name] = time.monotonic(), set(self._members)
                    with contextlib.suppress(Gone):  # the next read says so
                        sender.send(say("send", room=ROOM, text=f"line {name}", id=name))
                wait = next_line - now if now < end else end + LATE - now
                for key, _ in selector.select(max(0.0, min(wait, 1.0))):
                    self._hear(key.data, selector, missing, figures)
        late = time.monotonic()
        figures.waits += [late - sent for sent, members in missing.values() for _ in members]
        if missing:
            figures.faults.append(f"{len(missing)} lines never came")

    def _hear(
        self,
        member: Visitor,
        selector: selectors.BaseSelector,
        missing: dict[str, tuple[float, set[Visitor]]],
        figures: Figures,
    ) -> None:
        try:
            events = member.read()
        except Gone as gone:
            figures.faults.append(f"a member was dropped: {gone}")
            selector.unregister(member.sock)
            self._members.remove(member)
            member.sock.close()
            for _, members in missing.values():
                members.discard(member)
            return
        at = time.monotonic()
        for event in events:
            if event["type"] == "error":
                figures.faults.append(f"a member was refused: {event['code']}")
            name = event.get("id", "") if event["type"] in ("message", "error") else ""
            if name in missing:
                sent, members = missing[name]
                members.discard(member)
                figures.waits.append(at - sent)
                if not members or event["type"] == "error":
                    del missing[name]

    def _visit(self, figures: Figures, over: threading.Event) -> None:
        """Come and go until it is over. The visitor's thread lives here."""
        while not over.wait(VISITS / 2):
            begun = time.monotonic()
            try:
                with Visitor(self._target, self._visitor, "door"):
                    figures.visits.append(time.monotonic() - begun)
            except (Gone, TimeoutError) as gone:
                figures.faults.append(f"a visitor was not let in: {gone}")
            if over.wait(VISITS / 2):
                return

    def close(self) -> None:
        """Leave."""
        for member in self._members:
            member.close()

    def __enter__(self) -> QuietRoom:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
