"""What a refusal says to a person, in English and Chinese; pure.

A title says what happened, a lead what to do. ``{subject}`` is the room, host or origin concerned.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

LANGUAGES = ("en", "zh")


class Text(NamedTuple):
    """The words for one kind of refusal in one language."""

    title: str
    lead: str


#: By kind: English, Chinese.
KINDS: dict[str, tuple[Text, Text]] = {
    "no_page": (
        Text(
            "There is nothing here",
            "The address may be mistyped. Open the chat, and go on from there.",
        ),
        Text("这里什么也没有", "地址可能有误。请打开聊天页面，从那里继续。"),
    ),
    "no_room": (
        Text(
            "There cannot be a room “{subject}”",
            "A room’s name begins with a letter or digit, then letters, digits, - and _; 64 at "
            "the most.",
        ),
        Text(
            "不可能有名为“{subject}”的房间",
            "房间名须以文字或数字开头，其余可用文字、数字、- 和 _，最多 64 个字符。",
        ),
    ),
    "bad_host": (
        Text(
            "This server is not called {subject}",
            "Open the chat under the address that its operator gave you. If you operate it: to "
            "allow this name, start the server with --name {subject}.",
        ),
        Text(
            "此服务器的名称不是 {subject}",
            "请使用管理员提供的地址打开聊天页面。如果你是管理员，要允许此名称，"
            "请用 --name {subject} 启动服务器。",
        ),
    ),
    "no_host": (
        Text(
            "The proxy does not say which server is meant",
            "If you operate it: let the proxy pass the Host header, or set X-Forwarded-Host.",
        ),
        Text(
            "代理未说明要访问哪个服务器",
            "如果你是管理员，请让代理传递 Host 标头，或设置 X-Forwarded-Host。",
        ),
    ),
    "bad_origin": (
        Text(
            "Pages of {subject} may not use this server",
            "To allow them, start the server with --origin {subject}. Behind a reverse proxy, "
            "let the proxy pass the Host header, or name the proxy with --trusted-proxy.",
        ),
        Text(
            "{subject} 的页面不能使用此服务器",
            "要允许它，请用 --origin {subject} 启动服务器。"
            "如果使用反向代理，请让代理传递 Host 标头，或用 --trusted-proxy 指明该代理。",
        ),
    ),
    "full": (
        Text(
            "The server is full", "Too many people are connected. This page tries again by itself."
        ),
        Text("服务器已满", "连接的人太多了。本页面会自动重试。"),
    ),
    "stopping": (
        Text("The server is stopping", "It may be back soon. This page tries again by itself."),
        Text("服务器正在停止", "它可能很快恢复。本页面会自动重试。"),
    ),
    "websocket": (
        Text(
            "This address is for programs",
            "It is the WebSocket of the chat. The chat itself is a page.",
        ),
        Text("此地址供程序使用", "这是聊天所用的 WebSocket。请打开聊天页面。"),
    ),
    "long_address": (
        Text("This address is too long", "Open the chat, and go on from there."),
        Text("地址太长", "请打开聊天页面，从那里继续。"),
    ),
    "large_head": (
        Text(
            "Your browser sent too much",
            "Most often these are cookies of other programs at the same address. Delete the "
            "cookies of this site, then try again.",
        ),
        Text(
            "浏览器发送的内容过多",
            "这通常是同一地址下其他程序的 Cookie。请删除此网站的 Cookie，然后重试。",
        ),
    ),
    "failed": (
        Text("Something went wrong in the server", "Try again. The server’s log says more."),
        Text("服务器内部出错", "请重试。详情见服务器日志。"),
    ),
}

#: For refusals of no kind above, which hardly any browser meets; the lead is the sentence itself.
OTHER = (Text("That did not work", "{subject}"), Text("未能成功", "{subject}"))

#: Links: English, Chinese.
OPEN_CHAT = ("Open the chat", "打开聊天页面")
OPEN_ROOM = ("Open #{subject}", "打开 #{subject}")
AGAIN = ("Try again", "重试")

TAGS = ("en", "zh-Hans")


def pick(accept_language: str) -> int:
    """The index in `LANGUAGES` of what ``Accept-Language`` prefers; English if it is neither."""
    found = max(_weighed(accept_language), key=lambda each: each[1], default=("en", 1.0))
    return LANGUAGES.index(found[0])


def _weighed(accept_language: str) -> Iterable[tuple[str, float]]:
    for part in accept_language.split(","):
        tag, *parameters = part.split(";")
        language = tag.strip().lower().split("-")[0]
        if language in LANGUAGES and (weight := quality(parameters)) > 0:
            yield language, weight


def quality(parameters: Iterable[str]) -> float:
    """The weight among the parameters of a choice (RFC 9110, 12.4.2); 0 if it is invalid."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
