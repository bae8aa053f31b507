"""A login server on this machine: it exchanges logins for tokens, refreshes them, and counts what it is asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

LASTS_SECONDS = 1800.0
"""How long a token is valid, in seconds."""


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time in seconds since 1970."""
        return self.now


class LoginServer:
    """A server that accepts some logins; the nth token that it issues ends in `-n`."""

    def __init__(self, clock: Clock, **users: str) -> None:
        """Map each login in `users` to the prefix of its tokens."""
        self.clock = clock
        self.users = users
        self.asked: list[str] = []
        """The logins that were sent."""
        self.more: dict[str, Any] = {}
        """Further fields of the responses."""
        self.lasts = LASTS_SECONDS
        self.broken = False
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.owner = self
        self.host = f"127.0.0.1:{self._http.server_port}"
        self.url = f"http://{self.host}"

    def answer(self, login: str) -> tuple[int, dict[str, Any]]:
        """Return a status and a document: a new token if the login is accepted."""
        self.asked.append(login)
        if self.broken:
            return 503, {}
        if login not in self.users:
            return 400, {"error": "invalid_grant"}
        token = f"{self.users[login]}-{len(self.asked)}"
        return 200, {**self.more, "token": token, "access_token": token, **self._ends}

    @property
    def _ends(self) -> dict[str, float]:
        return {"expires_at": self.clock.now + self.lasts, "expires_in": self.lasts}

    @contextmanager
    def running(self) -> Iterator[LoginServer]:
        """Serve until the end of the block."""
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            thread.join()
            self._http.server_close()


class _Http(ThreadingHTTPServer):
    owner: LoginServer
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    server: _Http

    def do_GET(self) -> None:
        """Handle the exchange: the login is in the header."""
        status, document = self.server.owner.answer(self.headers.get("Authorization", "").removeprefix("Bearer "))
        self._send(401 if status == 400 else status, document)

    def do_POST(self) -> None:
        """Handle the refresh: the body is a form, as in OAuth."""
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        assert form["grant_type"] == "refresh_token"
        self._send(*self.server.owner.answer(form["refresh_token"]))

    def _send(self, status: int, document: dict[str, Any]) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Log nothing."""
