"""The command line: it parses flags and environment variables, and starts the server."""

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

#: Exit status for invalid arguments, and for a server that cannot start.
USAGE = 2


class _Parser(argparse.ArgumentParser):
    """A parser that reports an error in one sentence, without the usage text before it."""

    def error(self, message: str) -> NoReturn:
        raise StartupError(f"{message} ({self.prog} --help lists all flags)")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As the base class; the error for an unknown flag names the most similar one."""
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            flags = [option.flag for option in options()]
            word = unknown[0].partition("=")[0]
            near = f"; the nearest flag is {nearest(word, flags)}" if word.startswith("-") else ""
            self.error(f"unknown argument {unknown[0]!r}{near}")
        return found

    def _print_message(self, message: str, file: Any = None) -> None:
        _write(message, sys.stdout if file is None else file)


def parser() -> argparse.ArgumentParser:
    """The parser, made from the options of `settings`."""
    built = _Parser(
        prog="gochat",
        description="A chat server: one command, a page in the browser.",
        epilog="Each flag has an environment variable: --port is GOCHAT_PORT. Flags win.",
        allow_abbrev=False,
    )
    built.add_argument("--version", action="version", version=f"gochat {__version__}")
    for option in options():
        default = option.default_text
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
    """Run the command line, and return the exit status.

    0: success. 1: the server failed; the log has the reason. 2: invalid arguments, or the server
    cannot start.
    """
    try:
        given = vars(parser().parse_args(arguments))
        flags = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
        return serve(combine(os.environ, flags))
    except StartupError as error:
        _write(f"gochat: {error}\n", sys.stderr)
        return USAGE


def _write(text: str, file: TextIO | None) -> None:
    """Write to a standard stream if it is open; errors of the stream are ignored."""
    if file is None:  # it was closed when Python started
        return
    try:
        file.write(text)
        file.flush()
    except (OSError, ValueError):
        # At exit Python flushes the stream again, and would fail with a traceback.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())
