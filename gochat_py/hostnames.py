"""Host names in the one form in which they are compared."""

from __future__ import annotations

import re

#: A name as DNS and container networks write it: labels of at most 63 characters, 253 in all.
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_][a-z0-9_-]{0,62}(\.[a-z0-9_][a-z0-9_-]{0,62})*")


def dns_name(text: str) -> str | None:
    """The host name as browsers send it, or None if `text` is not a host name.

    It is in lower case, in ASCII (``xn--…``, by IDNA 2003), and without a trailing dot.
    """
    try:
        name = text.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:  # an empty label, one that is too long, or a forbidden character
        return None
    return name if _NAME.fullmatch(name) else None
