"""Fills a room with very many entries within seconds, to measure and to read query plans.

    python -m tests.support.big_room DIRECTORY [ENTRIES]

fills the directory (a million entries by default) if it is empty, then prints what it takes to
enter the room, to replay, to page and to search in it.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gochat_py.message import Draft, Kind, Position, User
from gochat_py.store import Directory, history, open_directory, search, trigrams

KEY = "big"

#: Filled in transactions of so many messages.
BATCH = 512

#: Common characters; drawn at random they make lines, not sense.
CHINESE = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所"
    "民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日"
    "那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想"
    "已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指"
    "几九区强放决西被干做必战先回则任取据处"
)


def words(seed: int) -> Callable[[], str]:
    """A source of messages of some 64 characters: most made of 8,000 words, some Chinese."""
    chance = random.Random(seed)
    letters = "etaoinshrdlucmfwypvbgk"
    vocabulary = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(8_000)]

    def line() -> str:
        if chance.random() < 0.1:
            return "".join(chance.choices(CHINESE, k=20))
        return " ".join(chance.choices(vocabulary, k=11))[:64]

    return line


def fill(directory: Directory, entries: int, *, index: bool = True) -> None:
    """Write messages, with an edit and a reaction in each hundred, and index them."""
    line = words(1)
    user = User("u1", "ann")
    writer = directory.writer()
    now = 1_700_000_000.0
    try:
        for start in range(0, entries, BATCH):
            writer.begin()
            for number in range(start, min(start + BATCH, entries)):
                now += 1.0
                kind, target, text = Kind.MESSAGE, None, line()
                if number % 100 == 98:
                    kind, target = Kind.EDITED, number - 3
                elif number % 100 == 99:
                    kind, target = Kind.REACTED, number - 5
                reacts = kind is Kind.REACTED
                draft = Draft(
                    kind=kind,
                    room="Big",
                    key=KEY,
                    user=user,
                    id=f"{number:08x}-{number * 7919 % 100_003}",
                    text=None if reacts else text,
                    target=target,
                    emoji="👍" if reacts else None,
                    on=True if reacts else None,
                )
                writer.apply(draft, now)
            if index:
                writer.run(trigrams.index_some, 2 * BATCH)
            writer.commit()
    finally:
        writer.close()


def timed(label: str, action: Callable[..., object], rounds: int = 9) -> str:
    """A line that says the median time of `action`, in milliseconds, and what it found."""
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = action()
        took.append((time.perf_counter() - start) * 1e3)
    found = getattr(result, "entries", ())
    return f"{label:44} {statistics.median(took):8.2f} ms  ({len(found)} entries)"


def report(directory: Directory) -> Iterator[str]:
    """The lines that are printed."""
    read_pool = directory.read_pool(1)
    try:
        newest = read_pool.run(history.newest, KEY)
        seq, epoch = newest.seq, newest.epoch
        size = directory.database.stat().st_size
        yield f"{seq:,} entries, {size / 1e6:.0f} MB, {size / seq:.0f} bytes an entry"
        middle = read_pool.run(history.page, KEY, before=seq // 2).entries
        rare = next(entry.text for entry in middle if entry.text and entry.text.isascii())[:24]
        yield timed("enter: the newest 50", lambda: read_pool.run(history.newest, KEY))
        for missed in (200, 1_000):
            position = Position(epoch, seq - missed)
            yield timed(
                f"replay {missed}", lambda at=position: read_pool.run(history.since, KEY, at)
            )
        yield timed(
            "page of 50 from the middle",
            lambda: read_pool.run(history.page, KEY, before=seq // 2),
        )
        for label, query in (
            (f"search {rare!r}", rare),
            ("search 'the' (common)", "the"),
            ("search 'th' (two characters)", "th"),
            ("search 'e' (one character)", "e"),
            ("search '中国' (two characters)", "中国"),
            ("search '中国人' (three characters)", "中国人"),
            ("search what is not there", "zzqzqzz"),
            ("search '我们 的 zq' (not there)", "我们 的 zq"),
        ):
            yield timed(label, lambda q=query: read_pool.run(search.search, [KEY], q))
    finally:
        read_pool.close()


def main() -> None:
    place = Path(sys.argv[1])
    entries = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    directory = open_directory(place)
    try:
        if not directory.read_pool(1).run(history.rooms)[0]:
            start = time.perf_counter()
            fill(directory, entries)
            print(f"filled and indexed in {time.perf_counter() - start:.0f} s")
        for line in report(directory):
            print(line)
    finally:
        directory.close()


if __name__ == "__main__":
    main()
