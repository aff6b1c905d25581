"""One event of each type, and of each shape that a type can have, as the server encodes it."""

from __future__ import annotations

from gochat_py.core import encode
from gochat_py.core.entry_json import entry_json
from gochat_py.message import Entry, Kind, RoomInfo, User
from gochat_py.refusals import Code, Refusal

ADA = User("u1", "Ada")
BOB = User("u2", "Bob")
LOBBY = RoomInfo("lobby", "lobby", "All about tea", 12)
NOON = 1764000000.125


def entry(kind: Kind, seq: int, user: User = ADA, **fields: object) -> Entry:
    return Entry(
        kind=kind,
        room="lobby",
        key="lobby",
        seq=seq,
        user=user.id,
        nick=user.nick,
        time=NOON,
        **fields,  # type: ignore[arg-type]  # of many types
    )


HELLO = entry(Kind.MESSAGE, 7, id="c-1", text="hello")
RICH = entry(
    Kind.MESSAGE,
    8,
    BOB,
    id="c-2",
    text='"quoted" \\ and\nbroken, 你好 😀',
    reply_to=7,
    bot=True,
    edited=NOON + 60,
    reactions={"👍": ("u1", "u2"), "❤️": ("u1",)},
)
GONE = entry(Kind.MESSAGE, 9, id="c-3", deleted=True)
EDITED = entry(Kind.EDITED, 10, BOB, id="4", target=8, text="better")
DELETED = entry(Kind.DELETED, 11, id="5", target=9)
REACTED = entry(Kind.REACTED, 12, id="6", target=7, emoji="👍", on=True)
TOPIC = entry(Kind.TOPIC, 13, id="7", text="")
ENTRIES = (HELLO, RICH, GONE, EDITED, DELETED, REACTED, TOPIC)
#: As they are listed to everybody.
LISTED = [entry_json(each) for each in ENTRIES]

EXAMPLES: dict[str, bytes] = {
    "welcome": encode.welcome(
        ADA,
        server="gochat_py 1.0",
        token="c2VjcmV0",
        time=NOON,
        limits=encode.Limits(
            max_message_bytes=65536,
            max_text_chars=4000,
            rate=10.0,
            burst=30,
            history=50,
            rooms=50,
        ),
        ping_period=25.0,
        lobby="lobby",
        answers="1",
    ),
    "joined": encode.joined(
        LOBBY,
        epoch="e1",
        members=",".join(map(encode.member_json, (ADA, BOB))),
        member_count=2,
        entries=",".join(LISTED),
        recovered=True,
        more=False,
        read=3,
        answers="2",
    ),
    "replay": encode.replay("lobby", LISTED[0], end=False),
    "replay, last": encode.replay("lobby", "", end=True),
    "joined, empty": encode.joined(
        RoomInfo("new", "new", "", 0),
        epoch="e1",
        members="",
        member_count=0,
        entries="",
        partial=True,
        recovered=False,
        more=False,
        read=0,
    ),
    "joined, of which the rest was trimmed": encode.joined(
        LOBBY,
        epoch="e1",
        members="",
        member_count=0,
        entries=LISTED[0],
        recovered=False,
        more=False,
        read=0,
        truncated=True,
    ),
    "joined, with somebody who is away": encode.joined(
        LOBBY,
        epoch="e1",
        members=f"{encode.member_json(ADA)},{encode.member_json(BOB, away=True)}",
        member_count=1_234,
        entries="",
        recovered=False,
        more=False,
        read=0,
    ),
    "message": LISTED[0].encode(),
    "message from a classic client": entry_json(HELLO._replace(id=None)).encode(),
    "message with everything": LISTED[1].encode(),
    "message that was deleted": LISTED[2].encode(),
    "edited": LISTED[3].encode(),
    "edited, to the one who asked": entry_json(EDITED, answers="4").encode(),
    "edited, and deleted since": entry_json(EDITED._replace(text=None)).encode(),
    "deleted": LISTED[4].encode(),
    "deleted, to the one who asked": entry_json(DELETED, answers="5").encode(),
    "reacted": LISTED[5].encode(),
    "reacted, to the one who asked": entry_json(REACTED._replace(on=False), answers="6").encode(),
    "topic": LISTED[6].encode(),
    "topic, to the one who asked": entry_json(TOPIC._replace(text="Tea"), answers="7").encode(),
    "history": encode.history("lobby", LISTED, more=True, answers="8"),
    "history, empty": encode.history("lobby", (), more=False),
    "history, of which the rest was trimmed": encode.history(
        "lobby", LISTED[:1], more=False, truncated=True
    ),
    "results": encode.results(LISTED[:2], more=False, complete=True, answers="9"),
    "results, empty": encode.results((), more=False, complete=True),
    "results, when there was no time": encode.results(
        LISTED[:1], more=True, complete=False, place="1.1-7", answers="9"
    ),
    "rooms": encode.rooms(
        [
            encode.room_json(LOBBY, 2),
            encode.room_json(RoomInfo("聊天室", "聊天室", "", 0), 0),
        ],
        more=True,
        answers="10",
    ),
    "rooms, unnumbered": encode.rooms([], more=False),
    "pong": encode.pong({"id": "11", "sent": 1.5, "type": "x", "time": 0}, time=NOON),
    "pong, bare": encode.pong({}, time=NOON),
    "ok": encode.ok(answers="12"),
    "ok, unnumbered": encode.ok(),
    "error": encode.error(Refusal(Code.BAD_JSON, "This is not JSON.")),
    "error, numbered": encode.error(
        Refusal(Code.RATE_LIMITED, "That was too fast.", answers="13", retry_after=0.25)
    ),
    "error, fatal": encode.error(Refusal(Code.BAD_PASSWORD, "That is wrong.", close=4001)),
    "presence": encode.presence(
        "lobby", joined=[encode.member_json(BOB)], left=["u3", "u4"], member_count=2
    ),
    "presence of somebody who is away": encode.presence(
        "lobby", joined=[encode.member_json(BOB, away=True)], left=(), member_count=2
    ),
    "typing": encode.typing("lobby", BOB),
    "read": encode.read("lobby", 12),
    "renamed": encode.renamed(User("u1", "Ada L.")),
    "renamed, to the one who asked": encode.renamed(User("u1", "Ada L."), answers="14"),
}
