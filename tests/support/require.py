"""What a test needs beyond Python. If it is missing, the test is skipped, or fails if required.

``GOCHAT_TEST_REQUIRE=redis,browser,firefox,node`` names what must be there.
"""

from __future__ import annotations

import os
import shutil
import unittest


def require(name: str, *programs: str) -> str:
    """The path of the first of `programs` that is installed.

    Without one, raises `unittest.SkipTest`, or `AssertionError` if `name` is in
    ``GOCHAT_TEST_REQUIRE``.
    """
    for program in programs:
        path = shutil.which(program)
        if path:
            return path
    these = "the program" if len(programs) == 1 else "one of these programs:"
    sentence = f"This test needs {these} {', '.join(programs)}."
    if name in os.environ.get("GOCHAT_TEST_REQUIRE", "").split(","):
        raise AssertionError(sentence)
    raise unittest.SkipTest(sentence)


def require_browser() -> str:
    """The path of Chromium."""
    return require("browser", "chromium", "chromium-browser", "google-chrome")


def require_firefox() -> str:
    """The path of Firefox."""
    return require("firefox", "firefox-esr", "firefox")


def require_node() -> str:
    """The path of Node.js."""
    return require("node", "node")


def require_redis() -> str:
    """The path of the Redis server."""
    return require("redis", "redis-server", "valkey-server")
