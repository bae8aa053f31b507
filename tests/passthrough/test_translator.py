"""The translator's process: what it has, and what happens when it, an endpoint or a client fails."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from polyroute.server.passthrough.translation import worker_process
from tests.support.api_endpoint import APIS, path_of, reply_with, send_stream
from tests.support.apis import REPLY, SCHEMA, WORDS, Api
from tests.support.endpoint_plugins import Direct
from tests.support.fake_endpoint import Serve
from tests.support.pass_through import BEARER, PassingTo, asking, passing_to
from tests.support.translating import Translating

__all__ = ["passing_to"]

CHAT, MESSAGES = APIS["openai-chat"], APIS["anthropic-messages"]
RESPONSES, GENERATE = APIS["openai-responses"], APIS["google-generate-content"]
ENDS = (b"message_stop", b"[DONE]", b"response.completed", b'"finishReason": "STOP"')
"""What complete streams contain."""


@pytest.fixture(autouse=True)
def _nothing_left(translating: Translating) -> None:
    for api in APIS.values():
        translating.to(api).next.clear()
        translating.to(api).received.clear()


def pid(translating: Translating) -> int:
    """Return the number of the translator's process, after starting it if it does not run."""
    reply_with(translating.to(CHAT), CHAT, WORDS)
    assert translating.ask(MESSAGES, CHAT).status == 200
    found = translating.process.pid
    assert found is not None
    return found


def test_a_killed_process(translating: Translating, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request during which the process is killed fails in words, and the next one starts it again: with no secret."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("SOME_API_KEY", "secret-1")
    killed = pid(translating)
    translating.to(CHAT).next.append(lambda handler: os.kill(killed, signal.SIGKILL))
    answer = translating.ask(MESSAGES, CHAT)
    assert answer.status == 502
    assert json.loads(answer.plain)["error"]["message"].startswith("The translator's process ended.")
    restarted = pid(translating)
    assert restarted != killed
    assert_no_secret(restarted)


def assert_no_secret(number: int) -> None:
    """Check that a process has no variable but those that Python and the library need, and none with a key."""
    text = Path(f"/proc/{number}/environ").read_text()
    names = {each.partition("=")[0] for each in text.split("\0") if each}
    allowed = {"HOME", "PATH", "PYTHONPATH", "HF_HUB_OFFLINE", "REPEATED_STREAMING_CHUNK_LIMIT", "LC_CTYPE"}
    assert {each for each in names if not each.startswith("LITELLM_")} <= allowed
    assert "secret-1" not in text


def test_a_process_that_hangs(translating: Translating, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that does not respond is ended: its request fails, native ones go on, and the next starts it again."""
    hanging = pid(translating)
    monkeypatch.setattr(worker_process, "_ALIVE_SECONDS", 0.5)
    os.kill(hanging, signal.SIGSTOP)
    answer = translating.ask(MESSAGES, CHAT)
    assert answer.status == 502
    assert "did not respond" in json.loads(answer.plain)["error"]["message"]
    assert translating.ask(CHAT, CHAT).status == 200
    monkeypatch.undo()
    assert pid(translating) != hanging


@pytest.mark.parametrize(
    ("source", "target"), [(MESSAGES, CHAT), (CHAT, GENERATE), (RESPONSES, MESSAGES), (GENERATE, RESPONSES)]
)
@pytest.mark.parametrize("status", [401, 402, 404, 429, 500])
def test_errors_of_an_endpoint(translating: Translating, source: Api, target: Api, status: int) -> None:
    """An endpoint's error keeps its status and its words, in the form of the client's API, and is not repeated."""
    upstream = translating.to(target)
    upstream.say(status, json.dumps({"error": {"message": "No luck today.", "type": "x", "code": "y"}}))
    answer = translating.ask(source, target, stream=True)
    assert answer.status == status
    assert json.loads(answer.plain)["error"]["message"] == "No luck today."
    assert answer.headers["x-polyroute-translated"] == target.name
    assert len(upstream.received) == 1


@pytest.mark.parametrize(
    ("source", "target"), [(MESSAGES, CHAT), (CHAT, MESSAGES), (RESPONSES, GENERATE), (GENERATE, CHAT)]
)
@pytest.mark.parametrize("how", ["cut", "ended"])
def test_a_stream_that_breaks_off(translating: Translating, source: Api, target: Api, how: str) -> None:
    """A stream that ends early, with or without the end of its connection, never looks complete."""
    events = list(target.events(REPLY, ["Let me", " see."]))[: 4 if target is not GENERATE else 1]
    upstream = translating.to(target)

    def answer(handler: Any) -> None:
        if how == "cut":
            handler.send_response(200)
            handler.send_header("Content-Type", "text/event-stream")
            handler.send_header("Content-Length", "100000")
            handler.end_headers()
            handler.wfile.write("".join(events).encode())
            handler.close_connection = True
        else:
            send_stream(handler, iter(events))

    upstream.next.append(answer)
    text = broken_off(translating, source, target)
    assert b"closed the connection" in text or b"broke the connection off" in text
    assert not any(each in text for each in ENDS)


def broken_off(translating: Translating, source: Api, target: Api) -> bytes:
    """Return what arrives of a response that breaks off, or of the error that is sent instead."""
    try:
        answered = translating.ask(source, target, stream=True)
    except http.client.IncompleteRead as error:
        return error.partial
    assert answered.status == 502, answered.plain
    return answered.plain


def test_an_error_within_a_stream(translating: Translating) -> None:
    """An error that an endpoint sends within its stream arrives in the form of the client's API, with its words."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Too much to do."}}
    events = [*list(MESSAGES.events(REPLY, ["Let me", " see."]))[:4], f"event: error\ndata: {json.dumps(error)}\n\n"]
    translating.to(MESSAGES).next.append(lambda handler: send_stream(handler, iter(events)))
    text = broken_off(translating, CHAT, MESSAGES)
    assert b"Too much to do." in text
    assert not any(each in text for each in ENDS)


def test_a_client_that_leaves(translating: Translating) -> None:
    """If the client disconnects during a translated stream, so does the pass-through from the endpoint."""
    left = threading.Event()

    def answer(handler: Any) -> None:
        endless = itertools.cycle(list(CHAT.events(WORDS, ["more "]))[1:2])
        try:
            send_stream(handler, endless, lambda: time.sleep(0.01))
        except OSError:
            left.set()

    translating.to(CHAT).next.append(answer)
    model = translating.model(CHAT)
    body = json.dumps(MESSAGES.question(model, "Hello?", stream=True)).encode()
    connection = http.client.HTTPConnection(translating.client.address, timeout=30)
    headers = {"content-type": "application/json", **BEARER}
    connection.request("POST", path_of(MESSAGES, model, stream=True), body, headers)
    assert connection.getresponse().read(100)
    connection.close()
    assert left.wait(20)


def test_a_request_is_sent_once(translating: Translating) -> None:
    """What is no ticket, or one that was used, gets nothing: the address where the process calls back sends no more."""
    pid(translating)
    connection = http.client.HTTPConnection("127.0.0.1", translating.callbacks_port, timeout=30)
    connection.request("POST", "/no-ticket/v1/messages", b"{}")
    assert connection.getresponse().status == 404
    connection.close()


def test_it_is_turned_off(serve: Serve, passing_to: PassingTo) -> None:
    """Without translation, a model without a native route is refused with the reason."""
    client = passing_to(Direct(serve("acme-large", protocols=(MESSAGES.name,))), translate=False)
    answer = client.post("/v1/chat/completions", asking("acme/acme-large"))
    assert answer.status in (400, 403)
    assert "it speaks anthropic-messages" in json.loads(answer.plain)["error"]["message"]


def test_a_schema(translating: Translating) -> None:
    """The JSON Schema that a response has to follow arrives at endpoints that take one."""
    form = {"type": "json_schema", "json_schema": {"name": "weather", "schema": SCHEMA, "strict": True}}
    reply_with(translating.to(RESPONSES), RESPONSES, WORDS)
    assert translating.ask(CHAT, RESPONSES, response_format=form).status == 200
    assert translating.to(RESPONSES).received[-1].body["text"]["format"]["schema"]["required"] == SCHEMA["required"]
    reply_with(translating.to(GENERATE), GENERATE, WORDS)
    assert translating.ask(CHAT, GENERATE, response_format=form).status == 200
    config = translating.to(GENERATE).received[-1].body["generationConfig"]
    assert "city" in json.dumps(config)


def test_thinking(translating: Translating) -> None:
    """A thinking budget that leaves no room for a response is lowered, and the model's reasoning effort is kept."""
    reply_with(translating.to(CHAT), CHAT, WORDS)
    thinking = {"type": "enabled", "budget_tokens": 4000}
    assert translating.ask(MESSAGES, CHAT, thinking=thinking, max_tokens=2000).status == 200
    reply_with(translating.to(MESSAGES), MESSAGES, WORDS)
    assert translating.ask(CHAT, MESSAGES, reasoning_effort="high", max_tokens=1500).status == 200
    body = translating.to(MESSAGES).received[-1].body
    assert body.get("thinking", {}).get("budget_tokens", 0) < body["max_tokens"]


def test_what_cant_be_translated(translating: Translating) -> None:
    """A request that is none is refused in words, and no endpoint is asked."""
    answer = translating.ask(MESSAGES, CHAT, messages="nonsense")
    assert answer.status == 400, answer.body
    assert "can't be translated" in json.loads(answer.plain)["error"]["message"]
    assert translating.to(CHAT).received == []


def test_an_array_of_events(translating: Translating) -> None:
    """Without `alt=sse`, a stream of generateContent is one JSON array."""
    reply_with(translating.to(CHAT), CHAT, WORDS)
    model = translating.model(CHAT)
    body = json.dumps(GENERATE.question(model, "Hello?", stream=True)).encode()
    path = path_of(GENERATE, model, stream=True).removesuffix("?alt=sse")
    answer = translating.client.send("POST", path, body, content_type="application/json")
    assert GENERATE.streamed(json.loads(answer.plain)) == WORDS
