"""A log of requests: who asked for what, and how long it took.

It contains nothing that users write: no body, query, parameter in a path, key or name. Of headers it has the client's
program and the ID of the trace.
"""

from __future__ import annotations

import json
import queue
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import IO

from starlette.types import Message, Scope, Send

from polyroute._internal.redact import redacted
from polyroute.results import Route
from polyroute.server.errors import ApiError
from polyroute.server.trace_context import trace_id
from polyroute.types import ModelRef

RequestLog = Callable[[Mapping[str, object]], object]
"""A function that is called with one entry for each request but balancers' probes, when it has ended."""

_KEY = "polyroute.log"
_PROGRAM = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,40}/[A-Za-z0-9.+_-]{1,20}(?= |$)")
_MAX_WAITING = 10_000
_REFUSED, _FAILED = 400, 500


class Entry:
    """What is known of one request."""

    def __init__(self, scope: Scope, path: str | None) -> None:
        """`path` is the request's path as it is declared; None for a path that no operation has."""
        self._scope, self._started = scope, time.perf_counter()
        self.path = path
        self.status: int | None = None
        """The status of the response; None until it was sent, also to a client that has left."""
        self._failure: ApiError | None = None
        self._taken: dict[str, object] = {"model": None, "route": None}

    @property
    def method(self) -> str:
        """The method of the request."""
        method: str = self._scope["method"]
        return method

    @property
    def seconds(self) -> float:
        """How long ago the request arrived."""
        return time.perf_counter() - self._started

    def failed(self, failure: ApiError) -> None:
        """Note the error that ended it."""
        self._failure = failure

    def took(self, model: ModelRef, route: Route) -> None:
        """Note the model that ran, and by which route."""
        taken = {"via": route.via, "model": route.model_id, "protocol": route.protocol}
        self._taken = {"model": str(model), "route": taken}

    def noting(self, send: Send) -> Send:
        """Return `send`, which notes the status of the response."""

        async def send_and_note(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            await send(message)

        return send_and_note

    def document(self, token: str) -> dict[str, object]:
        """Return the entry. `token` is the server's own, which some clients may send as their name."""
        failure = self._failure
        program = _PROGRAM.match(dict(self._scope["headers"]).get(b"user-agent", b"").decode("latin-1"))
        return {
            **_event("request", _level(self.status, failure)),
            "trace": trace_id(self._scope) or None,
            "client": (self._scope.get("client") or ("",))[0],
            "program": redacted(program[0]) if program and not (token and token in program[0]) else None,
            "method": self.method,
            "path": self.path,
            **self._taken,
            "status": self.status,
            "error": failure.details.code if failure else None,
            "cause": (failure.cause if failure else "") or None,
            "milliseconds": round(self.seconds * 1e3, 1),
        }


def started(url: str) -> Mapping[str, object]:
    """Return the entry that a server has started."""
    return {**_event("started", "info"), "url": url}


def policy(message: str) -> Mapping[str, object]:
    """Return the entry that something is odd in the policy of the organisation."""
    return {**_event("policy", "warning"), "message": message}


def _event(name: str, level: str) -> dict[str, object]:
    """Return the fields that all entries have."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"time": now, "level": level, "event": name}


def _level(status: int | None, failure: ApiError | None) -> str:
    """Return how much an entry matters to who runs the server."""
    if (failure is not None and failure.cause) or (status or 0) >= _FAILED:
        return "error"
    return "warning" if (status or 0) >= _REFUSED else "info"


Observer = Callable[[Entry], object]
"""A function that is called with each request that has ended."""


def writing(log: RequestLog, token: str) -> Observer:
    """Return what gives the entries of requests to `log`."""
    return lambda entry: log(entry.document(token))


def begun(scope: Scope, path: str | None) -> Entry:
    """Return the entry of a request, and keep it in its scope."""
    scope[_KEY] = entry = Entry(scope, path)
    return entry


def failed(scope: Scope, failure: ApiError, *, is_answered: bool) -> None:
    """Note the error that ended a request, before its response started or after.

    If requests are not logged, an unexpected one is printed on stderr; not if the response had started, since it may be
    the endpoint's.
    """
    if (entry := scope.get(_KEY)) is not None:
        entry.failed(failure)
    elif failure.cause and not is_answered:
        print(f"polyroute: internal error: {failure.cause}", file=sys.stderr)


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
