"""Turns a problem document into a page, if a browser asked. Pure.

A browser that opens an address sends ``Accept: text/html``; a program gets the problem document as
it is. The page is one small file. Its Content-Security-Policy allows only its own style and, for a
server that is full or stopping, its own script, by hash. Text from the request is escaped.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import unicodedata
from dataclasses import dataclass, replace
from urllib.parse import quote

from . import error_texts
from .requests import raw_path
from .responses import Problem, Response

#: Characters shown of a room's or host's name that came with the request.
MAX_SUBJECT = 100

_HEADER = re.compile(rb"\n(accept|accept-language)[ \t]*:([^\r\n]*)", re.IGNORECASE)

_STYLE = """
:root{color-scheme:light dark;
--ground:#f4f6f8;--ink:#17202a;--soft:#55616e;--accent:#0a6e89;--on:#fff}
@media(prefers-color-scheme:dark){:root{
--ground:#101418;--ink:#e6ebf0;--soft:#9ba7b3;--accent:#57c3de;--on:#06232b}}
*{box-sizing:border-box;margin:0;overflow-wrap:anywhere}
body{display:grid;min-height:100vh;place-items:center;background:var(--ground);color:var(--ink);
font:1.0625rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","PingFang SC",
"Microsoft YaHei",sans-serif}
main{width:100%;max-width:34rem;padding:2rem 1.5rem;text-align:center}
svg{width:3.5rem;height:3.5rem}
h1{margin:1rem 0 .5rem;font-size:1.5rem;line-height:1.25;letter-spacing:-.01em;text-wrap:balance}
p{color:var(--soft);text-wrap:pretty}
nav{display:flex;flex-wrap:wrap;gap:.75rem;justify-content:center;margin-top:1.75rem}
a{min-height:2.75rem;max-width:100%;padding:.5rem 1rem;border:1px solid var(--accent);
border-radius:.75rem;color:var(--accent);font-weight:600;text-decoration:none}
a:first-child{background:var(--accent);color:var(--on)}
a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
"""

#: Tries again after 10 to 20 seconds, and loads the page anew once that has a use. The time is
#: random, so that those who met a full server do not come back all at once.
_SCRIPT = (
    'const again=()=>setTimeout(()=>fetch(location.href,{method:"HEAD",cache:"no-store"})'
    ".then(({status})=>status<500?location.reload():again(),again),1e4+1e4*Math.random());again()"
)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_POLICY = (
    f"default-src 'none'; style-src {_hash(_STYLE)}; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_POLICY_AGAIN = f"{_POLICY}; script-src {_hash(_SCRIPT)}; connect-src 'self'"

_MARK = (
    '<svg viewBox="0 0 64 64" aria-hidden="true"><path fill="#0a7f9d" d="M32 5C16 5 4 15.6 4 29.5'
    "c0 7.7 3.8 14.4 9.9 18.9.3 3.4-1 6.9-3.7 9.6-.7.7-.2 1.9.8 1.9 6.1-.1 10.9-2.2 14.3-5.3"
    ' 2.2.4 4.4.6 6.7.6 16 0 28-10.9 28-25.7S48 5 32 5Z"/><path fill="none" stroke="#fff"'
    ' stroke-width="5.5" stroke-linecap="round" d="M15 29.5h7M32 20.5h15M29 29.5h20M22 38.5h22"/>'
    "</svg>"
)

_PAGE = """<!doctype html>
<html lang="{tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · goChat</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body><main>{mark}<h1>{title}</h1><p>{lead}</p><nav>{links}</nav></main>{script}</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the head of a request says about the client; what it does not say is empty."""

    path: str
    accept: str
    language: int

    @classmethod
    def of(cls, head: bytes) -> Asked:
        """Read `head`, which may be incomplete or malformed; in time linear in its length."""
        found = {name.lower(): value.decode("latin-1") for name, value in _HEADER.findall(head)}
        return cls(
            path=raw_path(head),
            accept=found.get(b"accept", ""),
            language=error_texts.pick(found.get(b"accept-language", "")),
        )

    @property
    def is_browser(self) -> bool:
        """Whether the client asks for a page: for HTML by name, as browsers do for a navigation."""
        for part in self.accept.split(","):
            kind, *parameters = part.split(";")
            if kind.strip().lower() == "text/html":
                return error_texts.quality(parameters) > 0
        return False

    @property
    def root(self) -> str:
        """The relative address of the chat's root, which also holds below a proxy's sub-path."""
        return "../" * (self.path.count("/") - 1) or "./"


def is_browser(head: bytes) -> bool:
    """Whether `head` is of a browser that opens an address."""
    return Asked.of(head).is_browser


def dress(response: Response, head: bytes) -> Response:
    """The answer to the client that sent `head`: a page, or the problem document in its language.

    Other answers are unchanged.
    """
    problem = response.problem
    if problem is None:
        return response
    asked = Asked.of(head)
    if asked.is_browser:
        return _page(response, problem, asked)
    if asked.language and problem.kind in error_texts.KINDS:
        text = error_texts.KINDS[problem.kind][asked.language]
        said = json.loads(response.body) | {
            "detail": _filled(f"{text.title}。{text.lead}", problem)
        }
        language = ("Content-Language", error_texts.TAGS[asked.language])
        body = json.dumps(said, ensure_ascii=False).encode() + b"\n"
        return replace(response, headers=(*response.headers, language), body=body)
    return response


def _page(response: Response, problem: Problem, asked: Asked) -> Response:
    text = error_texts.KINDS.get(problem.kind, error_texts.OTHER)[asked.language]
    if problem.kind not in error_texts.KINDS:
        problem = replace(problem, subject=problem.detail)
    passing = problem.kind in ("full", "stopping")
    page = _PAGE.format(
        tag=error_texts.TAGS[asked.language],
        title=html.escape(_filled(text.title, problem)),
        lead=html.escape(_filled(text.lead, problem)),
        style=_STYLE,
        mark=_MARK,
        links="".join(_links(problem, asked, again=passing)),
        script=f"<script>{_SCRIPT}</script>" if passing else "",
    )
    kept = [each for each in response.headers if each[0] != "Content-Type"]
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Language", error_texts.TAGS[asked.language]),
        ("Content-Security-Policy", _POLICY_AGAIN if passing else _POLICY),
        *kept,
    )
    return replace(response, headers=headers, body=page.encode())


def _links(problem: Problem, asked: Asked, *, again: bool) -> list[str]:
    """The ways on: first the best one."""
    language = asked.language
    if again:
        return [_link("", error_texts.AGAIN[language])]
    if problem.kind in ("bad_host", "no_host"):
        return []  # the same refusal is at every address
    links = [_link(asked.root, error_texts.OPEN_CHAT[language])]
    if problem.near:
        words = error_texts.OPEN_ROOM[language].format(subject=problem.near)
        links.insert(0, _link(f"{asked.root}r/{quote(problem.near)}", words))
    if problem.kind in ("failed", "large_head"):
        links.insert(0, _link("", error_texts.AGAIN[language]))
    return links


def _link(address: str, words: str) -> str:
    return f'<a href="{html.escape(address)}">{html.escape(words)}</a>'


def _filled(text: str, problem: Problem) -> str:
    """`text` with the subject, without control characters, and cut if it is long."""
    shown = problem.subject[:MAX_SUBJECT] if problem.kind else problem.subject
    cleaned = "".join("\ufffd" if unicodedata.category(char)[0] == "C" else char for char in shown)
    return text.format(subject=cleaned + "…" * (len(shown) < len(problem.subject)))
