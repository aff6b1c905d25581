"""The command line."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn, TextIO

from ..errors import StartupError
from ..option import Option, nearest
from ..settings import combine, options
from ..version import __version__
from .serve import serve

#: Exit status of a command that was asked for what it cannot do.
USAGE = 2


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the usage in front of it."""

    def error(self, message: str) -> NoReturn:
        raise StartupError(f"{message} ({self.prog} --help lists all flags)")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As the base class; what is unknown is named, with the flag that is spelt most like it."""
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            flags = [option.flag for option in options()]
            word = unknown[0].partition("=")[0]
            near = f"; the nearest flag is {nearest(word, flags)}" if word.startswith("-") else ""
            self.error(f"unknown argument {unknown[0]!r}{near}")
        return found

    def _print_message(self, message: str, file: Any = None) -> None:
        _say(message, sys.stdout if file is None else file)


def parser() -> argparse.ArgumentParser:
    """The parser, made from the table in `settings`."""
    built = _Parser(
        prog="gochat",
        description="A chat server: one command, a page in the browser.",
        epilog="Each flag has an environment variable: --port is GOCHAT_PORT. A flag wins.",
        allow_abbrev=False,
    )
    built.add_argument("--version", action="version", version=f"gochat {__version__}")
    for option in options():
        default = ", ".join(option.default) or "none" if option.many else option.default
        if option.switch:
            built.add_argument(
                option.flag,
                dest=option.name,
                action="store_const",
                const=True,
                default=argparse.SUPPRESS,
                help=option.about,
            )
            continue
        unit = option.unit or None
        if isinstance(option.default, int) and unit is None:
            unit = "NUMBER"
        extra: dict[str, Any] = {"action": "append"} if option.many else {}
        built.add_argument(
            option.flag,
            dest=option.name,
            metavar="|".join(option.choices) if option.choices else unit,
            type=_reader(option),
            default=argparse.SUPPRESS,
            help=f"{option.about} (default: {default})".replace("%", "%%"),
            **extra,
        )
    return built


def _reader(option: Option) -> Any:
    def read(text: str) -> Any:
        return option.read(text)

    return read


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit status.

    0: done. 1: the server has failed; the log says how. 2: it was asked for what cannot be done.
    """
    try:
        given = vars(parser().parse_args(arguments))
        flags = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
        return serve(combine(os.environ, flags))
    except StartupError as error:
        _say(f"gochat: {error}\n", sys.stderr)
        return USAGE


def _say(text: str, file: TextIO | None) -> None:
    """Write to a standard stream, if it is open; where it takes nothing, nobody can be told so."""
    if file is None:  # it was closed when Python started
        return
    try:
        file.write(text)
        file.flush()
    except (OSError, ValueError):
        # Python writes what is left once more when it ends, and would fail with a traceback.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())
