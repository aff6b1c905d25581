"""The password of a server: read from a file, and compared with what clients send.

It is needed only by clients without a valid token (docs/decisions/0055).
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import math
import os
import stat
import time
import unicodedata
from pathlib import Path

from .admission import Meter
from .codes import Close
from .core.text import wrong_with
from .core.wire import MAX_SECRET
from .errors import StartupError
from .refusals import Code, Refusal

log = logging.getLogger(__name__)

#: Bytes that a usable file has at most: a byte order mark, a password of four bytes for each
#: character, and a line break.
_MAX_BYTES = 3 + 4 * MAX_SECRET + 2

_TOO_LONG = f"is too long; a password has at most {MAX_SECRET} characters"


class PasswordFile:
    """The password in a file, which can be read again while the server runs.

    Only a keyed digest of the password is kept in memory, so that comparing takes the same time
    wherever two passwords differ. The key is random and is never stored.
    """

    def __init__(self, path: Path) -> None:
        """Read the file. Raises `StartupError`, with the remedy, if it holds no usable password."""
        self._path = path
        self._key = os.urandom(32)
        self._digest = self._digest_of(_read(path))

    def matches(self, given: str) -> bool:
        """Whether `given` is the password. Any thread may call this.

        Both are compared in Unicode's form NFC (RFC 8265, section 4.2.2): keyboards differ in how
        they compose letters.
        """
        return hmac.compare_digest(self._digest_of(given), self._digest)

    def refusal(self, given: str | None, meter: Meter) -> Refusal | None:
        """What a client without a valid token is refused with; None if it may become a user.

        Wrong passwords are counted for the client's address. Any thread may call this.
        """
        if given is None:
            return Refusal(
                Code.BAD_PASSWORD, "This server requires a password.", close=Close.BAD_PASSWORD
            )
        # Counted before it is compared, so that concurrent guesses are not more.
        if wait := math.ceil(meter.try_password(time.monotonic())):
            return Refusal(
                Code.RATE_LIMITED,
                f"Too many wrong passwords were sent from your address; try again in {wait} s.",
                retry_after=float(wait),
                notable="wrong passwords",
            )
        if not self.matches(given):
            return Refusal(Code.BAD_PASSWORD, "The password is wrong.", close=Close.BAD_PASSWORD)
        meter.password_matched()
        return None

    def read_again(self) -> None:
        """Read the file again; if it cannot be used, log why and keep the password. Main thread."""
        try:
            self._digest = self._digest_of(_read(self._path))
        except StartupError as error:
            log.error("%s; the password is still the one before", error)
        else:
            log.info("the password was read again from %s", self._path)

    def _digest_of(self, password: str) -> bytes:
        text = unicodedata.normalize("NFC", password)
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)


def _read(path: Path) -> str:
    """The password in the file: its only line, without the line break."""
    try:
        data = _bytes_of(path)
    except OSError as error:
        raise _unusable(path, f"cannot be read ({error.strerror})") from None
    if len(data) > _MAX_BYTES:
        raise _unusable(path, _TOO_LONG)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(path, "is not UTF-8; save it as UTF-8") from None
    password = text.removesuffix("\n").removesuffix("\r")
    if not password.strip():
        raise _unusable(path, "is empty; write the password into it, in one line")
    if len(password) > MAX_SECRET:
        raise _unusable(path, _TOO_LONG)
    if (wrong := wrong_with(password)) is not None:
        raise _unusable(path, f"must hold one line, {wrong}")
    return password


def _bytes_of(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # never waits for a pipe
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise _unusable(path, "is not a file; write the password into a file")
        if mode & stat.S_IROTH:
            raise _unusable(
                path, f"can be read by every user of this machine; run: chmod o-r {path}"
            )
        return os.read(descriptor, _MAX_BYTES + 1)
    finally:
        os.close(descriptor)


def _unusable(path: Path, problem: str) -> StartupError:
    return StartupError(f"the password file {path} {problem}")
