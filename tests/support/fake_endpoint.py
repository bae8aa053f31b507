"""Endpoints on this machine that are as strict as real ones, and fail in the ways that providers document."""

from __future__ import annotations

import json
import threading
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from polyroute import AuthHeader

BEARER = AuthHeader()
KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
PATHS = {
    "openai-chat": "/chat/completions",
    "openai-responses": "/responses",
    "anthropic-messages": "/messages",
    "google-generate-content": "/models/{model}:generateContent",
    "bedrock-converse": "/model/{model}/converse",
}
ANSWER = "Hello from {model}"


class Failure(NamedTuple):
    """A documented way in which a provider reports a failure."""

    name: str
    status: int
    means: str
    source: str
    body: str


_TEXT = (Path(__file__).parents[1] / "data" / "failures.toml").read_text(encoding="utf-8")
FAILURES = {each["name"]: Failure(**each) for each in tomllib.loads(_TEXT)["failure"]}


class Received(NamedTuple):
    """A request as it was received."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Headers, with names in lower case."""
    body: Any

    @property
    def keys(self) -> dict[str, str]:
        """Return every header that may hold a key."""
        return {name: value for name, value in self.headers.items() if name in KEY_HEADERS or "secret" in value}


Answer = Callable[[BaseHTTPRequestHandler], None]
"""What an endpoint does instead of its usual response."""


class Upstream:
    """An endpoint that accepts one key in one header, and serves exactly these models at these paths."""

    def __init__(
        self,
        *models: str,
        key: str = "secret-1",
        auth: AuthHeader = BEARER,
        base: str = "/v1",
        protocols: tuple[str, ...] = ("openai-chat",),
    ) -> None:
        self.models = models
        self.key = key
        self.auth = auth
        self.base = base
        self.protocols = protocols
        self.received: list[Received] = []
        self.next: list[Answer] = []
        """What to do with the next requests, in order, before the usual responses."""
        self.documents: dict[str, Any] = {}
        """The responses to GET, by path below the base."""
        self.released = threading.Event()
        """Set at the end, so that hanging requests finish."""
        self._server = _at_new_port()
        self._server.upstream = self

    def stop(self) -> None:
        """Close the port, so that later connections are refused."""
        self._server.server_close()

    @property
    def url(self) -> str:
        """Return the base URL."""
        return f"http://127.0.0.1:{self._server.server_port}{self.base}"

    @contextmanager
    def running(self) -> Iterator[Upstream]:
        """Serve until the end of the block."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self.released.set()
            self._server.shutdown()
            thread.join()
            self.stop()

    def fail(self, name: str, times: int = 1) -> None:
        """Respond to the next requests with one of the documented failures."""
        failure = FAILURES[name]
        self.next += [lambda handler: _send(handler, failure.status, failure.body)] * times

    def say(self, status: int, body: str) -> None:
        """Respond to the next request with this status and body."""
        self.next.append(lambda handler: _send(handler, status, body))

    def say_always(self, status: int, body: str) -> None:
        """Respond to all requests from now on with this status and body."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            self.next.append(answer)
            _send(handler, status, body)

        self.next[:] = [answer]

    def break_stream(self, body: str) -> None:
        """Begin to stream, and send this body where the stream's end should be."""
        self.next.append(lambda handler: _broken(handler, body))

    def redirect(self, url: str) -> None:
        """Respond to the next request with a redirect that keeps method and body."""
        self.next.append(lambda handler: _send(handler, 307, "", Location=url))

    def hang(self) -> None:
        """Receive the next request and send no response until the end."""
        self.next.append(lambda _: _nothing(self.released.wait(30)))

    def cut(self) -> None:
        """Begin to stream, and close the connection in the middle."""
        self.next.append(_cut)

    def drop(self) -> None:
        """Receive the next request, and close the connection without a response."""
        self.next.append(_drop)


Serve = Callable[..., Upstream]
"""A function that starts an endpoint for the rest of a test, with the arguments of `Upstream`."""


class _Server(ThreadingHTTPServer):
    upstream: Upstream
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that has disconnected."""


_SERVED: set[int] = set()


def _at_new_port() -> _Server:
    """Return a server at a port that is new in this run, since results for an endpoint are cached for a while."""
    while (server := _Server(("127.0.0.1", 0), _Handler)).server_port in _SERVED:
        server.server_close()
    _SERVED.add(server.server_port)
    return server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "null"))

    def _answer(self, body: Any) -> None:
        upstream = self.server.upstream
        headers = {name.lower(): value for name, value in self.headers.items()}
        upstream.received.append(Received(self.command, self.path, headers, body))
        if upstream.next:
            upstream.next.pop(0)(self)
        elif headers.get(upstream.auth.name.lower()) != upstream.auth.prefix + upstream.key and upstream.key:
            _fail(self, "openai-key")
        elif self.command == "GET":
            self._document()
        else:
            self._run(body)

    def _document(self) -> None:
        document = self.server.upstream.documents.get(self.path.removeprefix(self.server.upstream.base))
        if document is None:
            _fail(self, "wrong-path")
        else:
            _send(self, 200, json.dumps(document))

    def _run(self, body: Any) -> None:
        upstream = self.server.upstream
        for protocol in upstream.protocols:
            for model in upstream.models:
                path = upstream.base + PATHS[protocol].format(model=model)
                if self.path.partition("?")[0] == path and body.get("model", model) == model:
                    _answer(self, protocol, model, stream=bool(body.get("stream")))
                    return
        known = {upstream.base + PATHS[protocol] for protocol in upstream.protocols}
        _fail(self, "openai-model" if self.path in known else "wrong-path")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Log nothing."""


def _nothing(_: object) -> None:
    """Send nothing."""


def _drop(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def _fail(handler: BaseHTTPRequestHandler, name: str) -> None:
    _send(handler, FAILURES[name].status, FAILURES[name].body)


def _send(handler: BaseHTTPRequestHandler, status: int, body: str, **headers: str) -> None:
    data = body.encode()
    handler.send_response(status)
    kind = "text/html" if body.startswith("<") else "application/json"
    for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(data)


def _answer(handler: BaseHTTPRequestHandler, protocol: str, model: str, *, stream: bool) -> None:
    text = ANSWER.format(model=model)
    if not stream:
        _send(handler, 200, json.dumps(_WHOLE[protocol](model, text)))
        return
    _begin_stream(handler)
    for event in _PARTS[protocol](model, text.split(" ")):
        handler.wfile.write(event.encode())
    handler.close_connection = True


def _begin_stream(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Connection", "close")
    handler.end_headers()


def _cut(handler: BaseHTTPRequestHandler) -> None:
    """Announce a longer body than is sent."""
    part = _chat_part("m", {"content": "Hel"})
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(part.encode())
    handler.close_connection = True


def _broken(handler: BaseHTTPRequestHandler, body: str) -> None:
    _begin_stream(handler)
    handler.wfile.write((_chat_part("m", {"content": "Hel"}) + f"data: {body}\n\n").encode())
    handler.close_connection = True


def _chat(model: str, text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": model, "choices": choices, "usage": usage}


def _chat_part(model: str, delta: dict[str, str], finish: str | None = None) -> str:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return _event({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": choices})


def _chat_parts(model: str, words: list[str]) -> Iterator[str]:
    for word in words:
        yield _chat_part(model, {"role": "assistant", "content": f"{word} "})
    yield _chat_part(model, {}, "stop")
    yield "data: [DONE]\n\n"


def _response(model: str, text: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    message = {"id": "m1", "type": "message", "role": "assistant", "status": "completed", "content": content}
    details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return {
        "id": "r1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": model,
        "output": [message],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2, **details},
    }


def _message(model: str, text: str) -> dict[str, Any]:
    return {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def _message_parts(model: str, words: list[str]) -> Iterator[str]:
    yield _typed({"type": "message_start", "message": {**_message(model, ""), "content": [], "stop_reason": None}})
    yield _typed({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for word in words:
        delta = {"type": "text_delta", "text": f"{word} "}
        yield _typed({"type": "content_block_delta", "index": 0, "delta": delta})
    yield _typed({"type": "content_block_stop", "index": 0})
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    yield _typed({"type": "message_delta", "delta": end, "usage": {"output_tokens": 1}})
    yield _typed({"type": "message_stop"})


def _generated(_: str, text: str) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": text}]}
    return {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]}


def _conversed(_: str, text: str) -> dict[str, Any]:
    output = {"message": {"role": "assistant", "content": [{"text": text}]}}
    usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
    return {"output": output, "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": 1}}


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data)}\n\n"


def _typed(data: dict[str, Any]) -> str:
    return f"event: {data['type']}\n{_event(data)}"


_WHOLE: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "openai-chat": _chat,
    "openai-responses": _response,
    "anthropic-messages": _message,
    "google-generate-content": _generated,
    "bedrock-converse": _conversed,
}
_PARTS: dict[str, Callable[[str, list[str]], Iterator[str]]] = {
    "openai-chat": _chat_parts,
    "anthropic-messages": _message_parts,
}
