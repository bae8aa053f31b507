"""Endpoints that speak one API each, and pass-throughs to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.apis import REPLY, Api, Reply, anthropic_messages, google_generate_content, openai_chat
from tests.support.apis import openai_responses as responses
from tests.support.fake_endpoint import Upstream
from tests.support.http_server import Answer

APIS: dict[str, Api] = {
    each.name: each for each in (openai_chat, responses, anthropic_messages, google_generate_content)
}
PREFIXES = {"google-generate-content": "/v1beta"}


def path_of(api: Api, model: str, *, stream: bool) -> str:
    """Return the path of a request to the pass-through."""
    path = api.stream_path if stream else api.path
    return PREFIXES.get(api.name, "/v1") + path.replace("{model}", model)


def reply_with(upstream: Upstream, api: Api, reply: Reply = REPLY, parts: list[str] | None = None) -> None:
    """Let the endpoint's next response say `reply`, as a stream if one is requested."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        received = upstream.received[-1]
        if received.body.get("stream") or "streamGenerateContent" in received.path:
            send_stream(handler, api.events(reply, parts or ["Let me", " see."]))
        else:
            send_document(handler, api.response(reply))

    upstream.next.append(answer)


def send_document(handler: BaseHTTPRequestHandler, document: Any) -> None:
    data = json.dumps(document).encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def send_stream(handler: BaseHTTPRequestHandler, events: Iterator[str], wait: Callable[[], object] = bool) -> None:
    """Send a stream, calling `wait` after each event."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Connection", "close")
    handler.end_headers()
    for each in events:
        handler.wfile.write(each.encode())
        handler.wfile.flush()
        wait()
    handler.close_connection = True


def events_in(answer: Answer) -> list[dict[str, Any]]:
    """Return the documents in a stream, without the mark of its end."""
    lines = [line.removeprefix("data:").strip() for line in answer.plain.decode().splitlines() if "data:" in line]
    return [json.loads(line) for line in lines if line != "[DONE]"]
