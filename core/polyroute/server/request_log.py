"""A log of requests: who asked for what, and how long it took. It contains no body, no header and no key."""

from __future__ import annotations

import json
import queue
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import IO

from starlette.types import Message, Scope, Send

from polyroute._internal.redact import redacted, without_secrets
from polyroute.results import Route
from polyroute.types import ModelRef

RequestLog = Callable[[Mapping[str, object]], object]
"""A function that is called with one entry for each request, when it has ended."""

_KEY = "polyroute.log"
_PROGRAM = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,40}/[A-Za-z0-9.+_-]{1,20}(?= |$)")
_MAX_WAITING = 10_000


class Entry:
    """What is known of one request."""

    def __init__(self, scope: Scope) -> None:
        self._scope, self._started = scope, time.perf_counter()
        self._status: int | None = None
        self._taken: dict[str, object] = {"model": None, "route": None}

    def took(self, model: ModelRef, route: Route) -> None:
        """Note the model that ran, and by which route."""
        taken = {"via": route.via, "model": route.model_id, "protocol": route.protocol}
        self._taken = {"model": str(model), "route": taken}

    def noting(self, send: Send) -> Send:
        """Return `send`, which notes the status of the response."""

        async def send_and_note(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
            await send(message)

        return send_and_note

    def document(self, token: str) -> dict[str, object]:
        """Return the entry, with the server's own token masked in the path."""
        path = without_secrets(self._scope["path"], [token])
        program = _PROGRAM.match(dict(self._scope["headers"]).get(b"user-agent", b"").decode("latin-1"))
        return {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "client": (self._scope.get("client") or ("",))[0],
            "program": program[0] if program and not (token and token in program[0]) else None,
            "method": self._scope["method"],
            "path": redacted(path),
            **self._taken,
            "status": self._status,
            "milliseconds": round((time.perf_counter() - self._started) * 1e3, 1),
        }


def begun(scope: Scope) -> Entry:
    """Return the entry of a request, and keep it in its scope."""
    scope[_KEY] = entry = Entry(scope)
    return entry


def note(scope: Scope, model: ModelRef, route: Route) -> None:
    """Note the model and route of a request, if requests are logged."""
    if (entry := scope.get(_KEY)) is not None:
        entry.took(model, route)


class JsonLines:
    """Writes entries as lines of JSON, in a thread of its own: a reader that is slow delays no request."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._waiting: queue.Queue[Mapping[str, object] | None] = queue.Queue(_MAX_WAITING)
        self._thread = threading.Thread(target=self._write, daemon=True, name="polyroute-log")
        self._thread.start()

    def __call__(self, entry: Mapping[str, object]) -> None:
        """Write one entry soon; drop it if too many wait."""
        try:
            self._waiting.put_nowait(entry)
        except queue.Full:
            return

    def close(self, seconds: float = 1.0) -> None:
        """Write what waits, for at most `seconds`."""
        try:
            self._waiting.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _write(self) -> None:
        while (entry := self._waiting.get()) is not None:
            try:
                print(json.dumps(entry), file=self._file, flush=True)
            except (OSError, ValueError):  # its reader has left
                return
