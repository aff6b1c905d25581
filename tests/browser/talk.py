"""What is said in the pictures of the page, and the people who say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from tests.support.v1 import Client


@dataclass(frozen=True)
class Line:
    """Somebody says something; perhaps to what was said before, and others like it."""

    who: str
    text: str
    answers: int | None = None  #: which one, counted from the end of what was said by then
    likes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: by whom, by emoji
    once: str | None = None  #: what it said before it was edited


@dataclass(frozen=True)
class Talk:
    """Who says what in the lobby. `me` is whose page is shown."""

    lines: tuple[Line, ...]
    me: str = "Ada"
    topic: str = "The river talk: Tuesday at ten"
    rooms: tuple[str, ...] = ("tea", "release-2", "聊天室")
    unread: str = "tea"
    writes: str = "Cyn"
    sought: str = "the"


CODE = "```python\nfor batch in self.inbox:\n    self.handle(batch)\nself.dismiss_everyone()\n```"

ENGLISH = Talk(
    (
        Line("Ada", "Morning! Is the river talk still at ten?"),
        Line("Noa", "שלום! האם ההרצאה תוקלט?"),
        Line(
            "Bob",
            "@Noa yes, it comes here afterwards: https://example.org/talks/river",
            once="@Noa yes",
        ),
        Line("小林", "大家好，我从上海连上来了。", likes={"👋": ("Bob", "Cyn")}),
        Line(
            "Bob",
            "The plan, in room **2**:\n1. one queue, one owner\n2. how it stops\n"
            "3. questions, and *tea*",
        ),
        Line(
            "Cyn",
            f"I gave each connection two threads, and it just… works:\n{CODE}",
            likes={"🎉": ("Bob", "Noa", "小林"), "👀": ("Noa",)},
        ),
        Line("Ada", "Three lines 👏 The catch is always shutdown.", answers=-1),
        Line("Bob", "@Ada ten minutes. Bring `tea`.", likes={"🍵": ("Cyn",)}),
    )
)

CHINESE = Talk(
    (
        Line("小林", "早上好！今天的分享还是十点吗？"),
        Line("Ada", "Hello from Lisbon!", likes={"👋": ("阿明", "思远")}),
        Line(
            "阿明",
            "是的，**二号**会议室，录像会放在这里：https://example.org/talks/river",
            once="是的，二号会议室",
        ),
        Line("阿明", "安排：\n1. 一个队列，一个主人\n2. 怎样停下来\n3. 提问，还有*茶*"),
        Line(
            "思远",
            f"我给每个连接两个线程，居然一次就跑通了：\n{CODE}",
            likes={"🎉": ("阿明", "Ada"), "👀": ("Ada",)},
        ),
        Line("小林", "三行 👏 坑永远在关闭的时候。", answers=-1),
        Line("阿明", "@小林 还有十分钟，记得泡茶。", likes={"🍵": ("思远",)}),
    ),
    me="小林",
    topic="周二十点的分享",
    rooms=("茶水间", "第二版", "tea"),
    unread="茶水间",
    writes="思远",
    sought="的",
)

HEBREW = Talk(
    (
        Line("נועה", "בוקר טוב! ההרצאה עדיין בעשר?"),
        Line("Bob", "Yes. It comes here afterwards: https://example.org/talks/river"),
        Line(
            "רון",
            "התוכנית, בחדר **2**:\n1. תור אחד, בעלים אחד\n2. איך זה נעצר\n3. שאלות, וגם *תה*",
            likes={"👍": ("Bob", "דנה")},
        ),
        Line(
            "דנה",
            f"נתתי לכל חיבור שני תהליכונים, וזה פשוט עובד:\n{CODE}",
            likes={"🎉": ("Bob", "רון"), "👀": ("רון",)},
        ),
        Line("נועה", "שלוש שורות 👏", answers=-1),
        Line("רון", "@נועה עשר דקות. להביא תה 🍵"),
    ),
    me="נועה",
    topic="ההרצאה על הנהר: יום שלישי בעשר",
    rooms=("תה", "release-2", "מטבח"),
    unread="תה",
    writes="דנה",
)

CALLED = Talk((*ENGLISH.lines[:4], Line("Bob", "@Ada are you coming? Ten minutes.")), unread="")

NOBODY = Talk((), topic="", rooms=(), unread="")


class Company:
    """Everybody but the one whose page is shown. A context manager."""

    def __init__(self, url: str, talk: Talk) -> None:
        self.talk = talk
        #: The seq of each line that was said.
        self.said: list[int] = []
        self._url = url
        self._people: dict[str, Client] = {}

    def meet(self) -> None:
        """Come into the room, and say what it is about."""
        speak = [each.who for each in self.talk.lines]
        like = [who for each in self.talk.lines for names in each.likes.values() for who in names]
        for name in dict.fromkeys([*speak, *like]):
            if name != self.talk.me:
                self._people[name] = Client(self._url, name, "lobby")
        if self.talk.topic and self._people:
            self._anybody().ask("topic", room="lobby", text=self.talk.topic)

    def _anybody(self) -> Client:
        return next(iter(self._people.values()))

    def say(self, who: str, text: str) -> int:
        """Say this; gives its seq."""
        seq = int(self._people[who].send("lobby", text)["seq"])
        self.said.append(seq)
        return seq

    def speak(self, line: Line) -> None:
        """Say this line, as an answer where it is one, and what it was before it was edited."""
        person = self._people[line.who]
        answers = {} if line.answers is None else {"reply_to": self.said[line.answers]}
        text = line.text if line.once is None else line.once
        seq = int(person.send("lobby", text, **answers)["seq"])
        if line.once is not None:
            person.ask("edit", room="lobby", seq=seq, text=line.text)
        self.said.append(seq)
        self._like(line, seq)

    def hear(self, line: Line) -> None:
        """Wait for what the page has said."""
        event = self._anybody().wait_for(
            lambda event: event["type"] == "message" and event.get("text") == line.text
        )
        self.said.append(int(event["seq"]))
        self._like(line, self.said[-1])

    def _like(self, line: Line, seq: int) -> None:
        for emoji, names in line.likes.items():
            for name in names:
                self._people[name].ask("react", room="lobby", seq=seq, emoji=emoji, on=True)

    def finish(self) -> None:
        """Say something in another room, where nobody reads it."""
        if self.talk.unread:
            self._anybody().ask("join", room=self.talk.unread)
            self._anybody().send(self.talk.unread, "…")

    def type(self) -> None:
        """Somebody begins to write."""
        self._people[self.talk.writes].say("typing", room="lobby")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for person in self._people.values():
            person.close()
