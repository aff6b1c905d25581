"""A small server for the tests of the service worker; a test decides what it answers."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from .case import PATIENCE
from .server import ROOT

WORKER = (ROOT / "web" / "sw.js").read_bytes()


class Versions:
    """Serves version after version of a page that does nothing but start the worker.

    `digest` is the version of now, `status` what the page is answered with, `stale` says that the
    files of a version are not there any more; while `held` is clear, the page is not answered.
    `asked` are the paths that came, in order. A context manager; leaving it joins its threads.
    """

    def __init__(self) -> None:
        self.digest = "a" * 12
        self.status = 200
        self.stale = False
        self.held = threading.Event()
        self.held.set()
        self.asked: list[str] = []
        versions = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with contextlib.suppress(ConnectionError):  # the page has gone on meanwhile
                    versions.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, name="versions")
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request, in a thread of its own."""
        path = request.path
        self.asked.append(path)
        status, kind, cache, body = 200, "text/plain", "no-cache", b"fine"
        if path == "/sw.js":
            kind, body = "text/javascript", WORKER
        elif path == "/assets/shell.json":
            files = ["./", "r/lobby", f"assets/{self.digest}/main.js"]
            kind = "application/json"
            body = json.dumps({"digest": self.digest, "files": files}).encode()
        elif path.startswith("/assets/"):
            kind, body = "text/javascript", b"navigator.serviceWorker.register('/sw.js')"
            cache = "no-cache" if self.stale else "public, max-age=31536000, immutable"
        elif path == "/" or path.startswith("/r/"):
            self.held.wait(PATIENCE)
            status, kind = self.status, "text/html"
            script = f'<script src="/assets/{self.digest}/main.js"></script>'
            page = f"<!doctype html><title>{self.digest}</title><link rel=icon href=data:,>{script}"
            body = page.encode() if status == 200 else b"<!doctype html><title>failed</title>"
        request.send_response(status)
        for name, value in (("Content-Type", kind), ("Cache-Control", cache)):
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.held.set()
        self._server.shutdown()
        self._thread.join(PATIENCE)
        self._server.server_close()
