"""Separates the page from the contents of its dialogs, which the browser loads when one is opened.

In `web/` a dialog stands in the page as a whole. An element with the attribute ``data-late`` is
sent without its content; the content is in another file, as ``<template data-of="CLASS">``. A
``<template data-late>`` moves there as it is. Pure.
"""

from __future__ import annotations

import re

from .bundle import INDEX

#: The file with the separated contents; not in `web/`.
LATE = "late.html"

_START = re.compile(r"<(?P<tag>\w+)(?P<before>[^<>]*?) data-late(?P<after>[^<>]*)>")
_CLASS = re.compile(r'\bclass="([\w-]+)')


def separate(files: dict[str, bytes]) -> None:
    """Move the contents of late elements from the page into `LATE`.

    Raises ValueError for a late element without an end tag or a class.
    """
    rest = files[INDEX].decode()
    kept, moved = [], []
    while (start := _START.search(rest)) is not None:
        tag = start["tag"]
        end = _end(rest, start)
        content = rest[start.end() : end]
        opening = f"<{tag}{start['before']}{start['after']}>"
        kept.append(rest[: start.start()])
        rest = rest[end:]
        if tag == "template":
            rest = rest.removeprefix("</template>").lstrip("\n")
            moved.append(f"{opening}{content}</template>\n")
            continue
        name = _CLASS.search(opening)
        if name is None:
            raise ValueError(f"{opening} needs a class")
        kept.append(opening)
        moved.append(f'<template data-of="{name[1]}">{content}</template>\n')
    if moved:
        files[INDEX] = "".join((*kept, rest)).encode()
        files[LATE] = "".join(moved).encode()


def _end(text: str, start: re.Match[str]) -> int:
    """The offset of the end tag of the element that begins with `start`."""
    depth = 1
    for tag in re.finditer(rf"<(/?){start['tag']}\b", text[start.end() :]):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return start.end() + tag.start()
    raise ValueError(f"{start[0]} has no end tag")
