"""The routing table: it maps paths and methods to targets, and knows nothing of the targets.

A pattern is a path in which ``{name}`` matches one non-empty segment, and ``{name*}``, at the end,
matches the rest of the path, slashes included. A pattern without names has precedence over those
with names; of these the first match wins. GET implies HEAD, and every path allows OPTIONS (RFC
9110, section 9.3). Pure and immutable; any thread may call it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

#: Registered methods (RFC 9110, section 9; RFC 5789); any other one gets 501.
METHODS = frozenset(
    ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "CONNECT", "TRACE")
)

#: Methods that a row may have. HEAD and OPTIONS are derived.
OF_ROWS = frozenset(("GET", "POST", "PUT", "DELETE", "PATCH"))

_NAME = re.compile(r"\{(\w+)(\*?)\}")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """The match of a path: its targets by method, and the values of the pattern's names."""

    pattern: str
    targets: Mapping[str, T]
    names: Mapping[str, str]

    def target(self, method: str) -> T | None:
        """The target for `method`; None if this path does not allow it."""
        return self.targets.get("GET" if method == "HEAD" else method)


class Routes(Generic[T]):
    """The table. A look-up takes time linear in the length of the path."""

    def __init__(self, rows: Iterable[tuple[str, str, T]]) -> None:
        """`rows` are method, pattern and target.

        Raises ValueError for a row that stands twice, a method that is not one of `OF_ROWS`, and a
        ``{name*}`` that is not at the end.
        """
        self._targets: dict[str, dict[str, T]] = {}
        for method, pattern, target in rows:
            targets = self._targets.setdefault(pattern, {})
            if method not in OF_ROWS or method in targets:
                raise ValueError(f"{method} {pattern}: method not allowed, or a duplicate row")
            targets[method] = target
        self._named = [(each, _compiled(each)) for each in self._targets if "{" in each]

    @property
    def rows(self) -> frozenset[tuple[str, str]]:
        """Method and pattern of each row."""
        return frozenset(
            (method, pattern) for pattern, targets in self._targets.items() for method in targets
        )

    def find(self, path: str) -> Found[T] | None:
        """The match of `path`, which is decoded and has no query; None if no pattern matches."""
        if "{" not in path and path in self._targets:
            return Found(path, self._targets[path], {})
        for pattern, regex in self._named:
            if (match := regex.fullmatch(path)) is not None:
                return Found(pattern, self._targets[pattern], match.groupdict())
        return None

    def methods(self) -> list[str]:
        """The methods that at least one path allows, in the order of `listed`."""
        return listed(method for method, _ in sorted(self.rows))


def listed(methods: Iterable[str]) -> list[str]:
    """`methods` and the derived ones, in the order of the ``Allow`` header."""
    found = dict.fromkeys(methods)
    first = ("GET", "HEAD") if "GET" in found else ()
    return list(dict.fromkeys((*first, *found, "OPTIONS")))


def _compiled(pattern: str) -> re.Pattern[str]:
    parts, end = [], 0
    for name in _NAME.finditer(pattern):
        if name[2] and name.end() != len(pattern):
            raise ValueError(f"{pattern}: {name[0]} must be at the end")
        parts.append(re.escape(pattern[end : name.start()]))
        parts.append(f"(?P<{name[1]}>{'.+' if name[2] else '[^/]+'})")
        end = name.end()
    return re.compile("".join((*parts, re.escape(pattern[end:]))), re.DOTALL)
