"""What every version of the library that translates has to do right."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tests.support.api_endpoint import APIS, events_in, path_of, reply_with
from tests.support.apis import ASKED, REPLY, WORDS, Api, Asked
from tests.support.http_server import Answer
from tests.support.translating import MODEL, Translating

DIRECTIONS = [
    pytest.param(source, target, stream, id=f"{source.name} to {target.name}, {'streamed' if stream else 'whole'}")
    for source, target in itertools.permutations(APIS.values(), 2)
    for stream in (False, True)
]
_WITHOUT_STOP = "openai-responses"
"""The API that has no stop sequences."""


@pytest.mark.parametrize(("source", "target", "stream"), DIRECTIONS)
def test_a_rich_conversation(source: Api, target: Api, stream: bool, translating: Translating) -> None:
    """System texts, an image, parallel calls with their results, tools, stop, limits and usage survive translation."""
    upstream, model = translating.to(target), translating.model(target)
    reply_with(upstream, target)
    answer = _send(translating, source, model, source.request(model, stream=stream), stream=stream)
    assert answer.status == 200, answer.body
    assert (source.streamed(events_in(answer)) if stream else source.replied(json.loads(answer.plain))) == REPLY
    marks = [answer.headers[f"x-polyroute-{each}"] for each in ("via", "model", "provider", "translated")]
    assert marks == ["direct", MODEL, model.partition("/")[0], target.name]
    received = upstream.received[-1]
    path = target.stream_path if stream else target.path
    assert received.path == "/v1" + path.replace("{model}", MODEL)
    assert received.body.get("model", MODEL) == MODEL
    assert received.keys == {"authorization": "Bearer secret-1"}
    assert received.headers["user-agent"] == "an-agent/1"
    assert _comparable(target.asked(received.body)) == _expected(source, target)
    assert "cache_control" not in json.dumps(received.body)
    assert "web_search" not in json.dumps(received.body)


def _send(translating: Translating, source: Api, model: str, document: Any, *, stream: bool) -> Answer:
    body = json.dumps(document).encode()
    headers = {"content_type": "application/json", "user_agent": "an-agent/1"}
    return translating.client.send("POST", path_of(source, model, stream=stream), body, **headers)


def _expected(source: Api, target: Api) -> Asked:
    return ASKED._replace(stop=()) if _WITHOUT_STOP in (source.name, target.name) else ASKED


def _comparable(asked: Asked) -> Asked:
    """Return the request with the texts of results, which Google's API wraps in an object."""
    return asked._replace(results=tuple((city, _unwrapped(text)) for city, text in asked.results))


def _unwrapped(text: str) -> Any:
    return json.loads(text)["output"] if text.startswith("{") else text


@pytest.mark.parametrize("source", APIS.values(), ids=APIS)
def test_equal_parts(source: Api, translating: Translating) -> None:
    """A stream of 300 equal parts arrives whole."""
    target = APIS["openai-chat" if source.name == "anthropic-messages" else "anthropic-messages"]
    parts = ["ha "] * 300
    reply_with(translating.to(target), target, WORDS._replace(text="".join(parts)), parts)
    model = translating.model(target)
    answer = _send(translating, source, model, source.question(model, "Hello?", stream=True), stream=True)
    assert source.streamed(events_in(answer)).text == "ha " * 300
