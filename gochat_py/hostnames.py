"""Names of hosts, in the one form in which they are compared."""

from __future__ import annotations

import re

#: A name as DNS and container networks write it: labels of at most 63 characters, 253 in all.
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_][a-z0-9_-]{0,62}(\.[a-z0-9_][a-z0-9_-]{0,62})*")


def dns_name(text: str) -> str | None:
    """A host's name as browsers send it, or None if `text` is no name.

    That is lower-case, in ASCII (``xn--…``, by IDNA 2003), and without the dot that may end it.
    """
    try:
        name = text.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:  # an empty label, a long one, or one of what is in no name
        return None
    return name if _NAME.fullmatch(name) else None
