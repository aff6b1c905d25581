"""One setting: its flag, environment variable, unit, range and default, and its parser."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from .errors import StartupError

ENVIRONMENT_PREFIX = "GOCHAT_"


def setting(
    default: Any,
    about: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A dataclass field with the metadata that the command line and its help need."""
    return field(
        default=default,
        metadata={"about": about, "unit": unit, "low": low, "high": high, "choices": choices},
    )


class Duration(float):
    """A length of time in seconds; written with a unit, as in ``30d``, ``12h`` or ``90m``."""

    UNITS: ClassVar[dict[str, float]] = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}

    @classmethod
    def read(cls, text: str) -> Duration:
        """Parse `text`; raises ValueError."""
        number, unit = (text[:-1], text[-1:]) if text[-1:] in cls.UNITS else (text, "s")
        return cls(float(number) * cls.UNITS[unit])

    def __str__(self) -> str:
        for unit, seconds in reversed(self.UNITS.items()):
            if self and self % seconds == 0:
                return f"{self / seconds:g}{unit}"
        return f"{float(self):g}"


@dataclass(frozen=True, slots=True)
class Option:
    """One field of `Settings`, for the command line."""

    name: str
    default: Any
    about: str
    unit: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]

    @property
    def flag(self) -> str:
        """The command-line flag, as in ``--max-message-size``."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable, as in ``GOCHAT_MAX_MESSAGE_SIZE``."""
        return ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def many(self) -> bool:
        """Whether it may be given more than once."""
        return isinstance(self.default, tuple)

    @property
    def default_text(self) -> str:
        """The default, for ``--help`` and for error sentences."""
        if self.many:
            return ", ".join(self.default) or "none"
        return "none" if self.default is None else str(self.default)

    @property
    def switch(self) -> bool:
        """Whether the flag takes no value."""
        return isinstance(self.default, bool)

    def read(self, text: str) -> Any:
        """Parse `text`; raises `StartupError` with a sentence that names the flag."""
        text = text.strip()
        if isinstance(self.default, bool):
            words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
            if text.lower() not in words:
                raise StartupError(f"{self.flag} takes true or false, not {text!r}")
            return words[text.lower()]
        if isinstance(self.default, Duration):
            try:
                value: Any = Duration.read(text)
            except ValueError:
                raise StartupError(
                    f"{self.flag} takes a time like 30d, 12h or 90m, not {text!r}"
                ) from None
        elif isinstance(self.default, int | float):
            number = type(self.default)
            try:
                value = number(text)
            except ValueError:
                what = "a whole number" if number is int else "a number"
                raise StartupError(f"{self.flag} takes {what}, not {text!r}") from None
        else:
            value = text
        self.check((value,) if self.many else value)
        return value

    def check(self, value: Any) -> None:
        """Raise `StartupError` if `value` is out of range or not one of the choices."""
        for text in value if self.many else (value,):
            if isinstance(text, str) and not self.choices and (not text.strip() or "\0" in text):
                raise StartupError(self._no_text(text))
        if self.choices and value not in self.choices:
            raise StartupError(f"{self.flag} takes one of {', '.join(self.choices)}, not {value!r}")
        if isinstance(value, int | float):
            if not (value == value and abs(value) != float("inf")):
                raise StartupError(f"{self.flag} takes a finite number, not {value}")
            if self.low is not None and value < self.low:
                raise StartupError(f"{self.flag} must be at least {self.low:g}, not {value:g}")
            if self.high is not None and value > self.high:
                raise StartupError(f"{self.flag} must be at most {self.high:g}, not {value:g}")

    def _no_text(self, text: str) -> str:
        """The sentence for an invalid text: empty, blank, or with a NUL in it."""
        if text.strip():
            return f"{self.flag} {text!r} contains a NUL character; remove it"
        what = self.unit or "text"
        return (
            f"{self.flag} takes {article(what)} {what}, not {text!r}; "
            f"omit the flag for the default, {self.default_text}"
        )


def article(word: str) -> str:
    """The indefinite article that goes before `word`."""
    return "an" if word[:1] in "AEIOUaeiou" else "a"


def nearest(name: str, known: Sequence[str]) -> str:
    """The one of `known` that is spelled most like `name`."""
    return difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
