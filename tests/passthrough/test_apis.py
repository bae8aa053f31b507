"""The methods of the four APIs, called by their SDKs, and how this server's own answers look to them."""

from __future__ import annotations

import http.client
import json
from http.server import BaseHTTPRequestHandler
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors as genai_errors

from polyroute import AuthHeader
from tests.support.endpoint_plugins import CLAUDE, CLAUDE_AT_GATEWAYS, Direct, Gateway
from tests.support.fake_endpoint import Serve
from tests.support.http_server import Client
from tests.support.pass_through import CHAT, QUESTION, TOKEN, PassingTo, asking, passing_to

__all__ = ["passing_to"]

GENERATE = "google-generate-content"
MESSAGES = "anthropic-messages"
GOOG = AuthHeader("x-goog-api-key", "")
SAID = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP"}]}
GENERATED = "/v1beta/models/acme/acme-large:generateContent"
CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "Hello?"}]}]}


def google(client: Client) -> genai.Client:
    return genai.Client(api_key=TOKEN, http_options={"base_url": client.url})


def test_generated_content(serve: Serve, passing_to: PassingTo) -> None:
    """Google's SDK gets whole responses, streams and token counts; the endpoint gets the route's ID and key."""
    upstream = serve("acme-large", protocols=(GENERATE,), auth=GOOG, base="/v1beta")
    client = passing_to(Direct(upstream))

    def stream(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        handler.wfile.write(f"data: {json.dumps(SAID)}\r\n\r\n".encode() * 2)
        handler.close_connection = True

    upstream.say(200, json.dumps(SAID))
    upstream.next.append(stream)
    upstream.say(200, '{"totalTokens": 7}')
    with google(client) as sdk:
        model, contents = "acme/acme-large", "Hello?"
        assert sdk.models.generate_content(model=model, contents=contents).text == "Hello"
        parts = sdk.models.generate_content_stream(model=model, contents=contents)
        assert "".join(each.text or "" for each in parts) == "HelloHello"
        assert sdk.models.count_tokens(model=model, contents=contents).total_tokens == 7
    assert [request.path for request in upstream.received] == [
        "/v1beta/models/acme-large:generateContent",
        "/v1beta/models/acme-large:streamGenerateContent?alt=sse",
        "/v1beta/models/acme-large:countTokens",
    ]
    assert [request.keys for request in upstream.received] == [{"x-goog-api-key": "secret-1"}] * 3


def test_tokens_are_counted_by_the_endpoint(serve: Serve, passing_to: PassingTo) -> None:
    """A request to count tokens is passed along, and so is its response."""
    upstream = serve("acme-large", protocols=(MESSAGES,))
    upstream.say(200, '{"input_tokens": 12}')
    with anthropic.Anthropic(base_url=passing_to(Direct(upstream)).url, api_key=TOKEN) as sdk:
        assert sdk.messages.count_tokens(model="acme/acme-large", messages=QUESTION).input_tokens == 12
    assert upstream.received[0].path == "/v1/messages/count_tokens"


@pytest.mark.parametrize("policy", ["never", "auto"])
def test_tokens_are_estimated(serve: Serve, passing_to: PassingTo, policy: Any) -> None:
    """If the endpoint does not count tokens, or speaks another API, they are estimated, and the response says so."""
    upstream = serve("acme-large", protocols=(MESSAGES,))
    client, other = passing_to(Direct(upstream), policy=policy), passing_to(Direct(serve("acme-large")), policy=policy)
    path, body = "/v1/messages/count_tokens", asking("acme/acme-large", system="x" * 3_500)
    for each in (client, other):
        answer = each.post(path, body)
        assert (answer.status, answer.headers["x-polyroute-estimated"]) == (200, "true")
        assert 900 < answer.json["input_tokens"] < 1_200
    counted = other.post("/v1beta/models/acme/acme-large:countTokens", CONTENTS)
    assert (counted.status, counted.headers["x-polyroute-estimated"]) == (200, "true")
    assert counted.json["totalTokens"] > 0
    assert client.post(path, asking("acme/acme-large")).json["input_tokens"] < 100
    image = {"type": "image", "source": {"type": "base64", "data": "A" * 400_000}}
    assert client.post(path, {**body, "messages": [image]}).json["input_tokens"] < 4_000
    assert client.post(path, asking("nobody/x")).status == 400


def test_the_model_lists(serve: Serve, passing_to: PassingTo) -> None:
    """Each SDK gets the list in its form, with names and limits, of the models that its API can run."""
    gateway = Gateway(serve(CLAUDE_AT_GATEWAYS, protocols=(MESSAGES,)))
    client = passing_to(gateway, translate=False, UMBRELLA_KEY="secret-1")
    with anthropic.Anthropic(base_url=client.url, api_key=TOKEN) as sdk:
        found = {each.id: each for each in sdk.models.list()}
        assert found[CLAUDE].display_name.startswith("Claude Sonnet 4.5")
        assert (found[CLAUDE].max_input_tokens or 0) >= 200_000
        assert sdk.models.retrieve(CLAUDE).id == sdk.models.retrieve("claude-sonnet-4-5").id == CLAUDE
        with pytest.raises(anthropic.NotFoundError):
            sdk.models.retrieve("nobody/x")
    with openai.OpenAI(base_url=f"{client.url}/v1", api_key=TOKEN) as other:
        assert CLAUDE not in {each.id for each in other.models.list()}, "it is run by another API only"
        with pytest.raises(openai.NotFoundError):
            other.models.retrieve(CLAUDE)
    with google(client) as third:
        listed = {each.name for each in third.models.list()}
        assert f"models/{CLAUDE}" not in listed
    assert [each["name"] for each in client.get("/v1beta/models").json["models"]] == [*listed]


def test_one_model(serve: Serve, passing_to: PassingTo) -> None:
    """One model can be retrieved, also by Google's SDK, if its API can run it."""
    client = passing_to(Gateway(serve(CLAUDE_AT_GATEWAYS)), Direct(serve("acme-large", protocols=(GENERATE,))))
    with openai.OpenAI(base_url=f"{client.url}/v1", api_key=TOKEN) as sdk:
        assert sdk.models.retrieve(CLAUDE).owned_by == "anthropic"
    with google(client) as other:
        assert other.models.get(model="acme/acme-large").name == "models/acme/acme-large"


def test_embeddings_and_completions(serve: Serve, passing_to: PassingTo) -> None:
    """Embeddings and completions of the older kind are passed along."""
    upstream = serve("acme-large")
    embedded = {"object": "embedding", "index": 0, "embedding": [0.5]}
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    upstream.say(200, json.dumps({"object": "list", "data": [embedded], "model": "m", "usage": usage}))
    upstream.say(200, json.dumps({"id": "1", "object": "text_completion", "choices": [], "created": 1, "model": "m"}))
    with openai.OpenAI(base_url=f"{passing_to(Direct(upstream)).url}/v1", api_key=TOKEN) as sdk:
        vector = sdk.embeddings.create(model="acme/acme-large", input="a", encoding_format="float").data[0].embedding
        assert vector == [0.5]
        assert sdk.completions.create(model="acme/acme-large", prompt="a").id == "1"
    assert [request.path for request in upstream.received] == ["/v1/embeddings", "/v1/completions"]


@pytest.mark.parametrize("base", ["", "/v1", "/v1/v1", "/v1beta/v1"])
def test_base_urls_with_and_without_a_version(serve: Serve, passing_to: PassingTo, base: str) -> None:
    """A base URL with one version too many, or without one, is understood."""
    upstream = serve("acme-large", protocols=("openai-chat", MESSAGES, GENERATE))
    client = passing_to(Direct(upstream))
    assert client.post(f"{base}/chat/completions", asking("acme/acme-large")).status == 200
    assert client.post(f"{base}/messages", asking("acme/acme-large")).status == 200
    for prefix in (base, f"{base}/v1beta"):
        assert client.post(f"{prefix}/models/acme/acme-large:generateContent", CONTENTS).status == 200
    assert client.send("POST", f"{base}/messages", b"{}", authorization="").status == 401


@pytest.mark.parametrize(
    ("path", "base"),
    [("/v1/chat/completion", "{url}/v1"), ("/v1/messages/x", "{url}"), ("/v1beta/other", "{url}")],
)
def test_an_unknown_path(passing_to: PassingTo, path: str, base: str) -> None:
    """An unknown path is refused in the client's form, which says what its base URL should be."""
    client = passing_to()
    answer = client.post(path, {})
    assert answer.status == 400
    assert f"base URL should be {base.format(url=client.url)}." in answer.json["error"]["message"]


def test_errors_as_sdks_show_them(serve: Serve, passing_to: PassingTo) -> None:
    """Each SDK raises the error for an invalid request, with the message, and sends the request once."""
    entries: list[Any] = []
    client = passing_to(Direct(serve("acme-large")), log=entries.append, VARIABLE="x")
    with google(client) as sdk, pytest.raises(genai_errors.ClientError, match="ACME_KEY") as raised:
        sdk.models.generate_content(model="acme/acme-large", contents="Hello?")
    assert (raised.value.code, raised.value.status) == (400, "INVALID_ARGUMENT")
    other = anthropic.Anthropic(base_url=client.url, api_key=TOKEN)
    with other, pytest.raises(anthropic.BadRequestError, match="ACME_KEY"):
        other.messages.create(model="acme/acme-large", max_tokens=9, messages=QUESTION)
    third = openai.OpenAI(base_url=f"{client.url}/v1", api_key=TOKEN)
    with third, pytest.raises(openai.BadRequestError, match="ACME_KEY"):
        third.responses.create(model="acme/acme-large", input="Hello?")
    assert client.get("/v1/models").status == 200
    assert [entry["status"] for entry in entries[:3]] == [400] * 3
    assert len(entries) <= 4


@pytest.mark.parametrize("kind", [None, "application/x-www-form-urlencoded", "application/json; charset=utf-8"])
def test_a_body_is_json(serve: Serve, passing_to: PassingTo, kind: str | None) -> None:
    """A body without a type, or with that of a form as curl sends it, is read and sent as JSON."""
    upstream = serve("acme-large")
    headers = {"content_type": kind} if kind else {}
    body = json.dumps(asking("acme/acme-large")).encode()
    assert passing_to(Direct(upstream)).send("POST", CHAT, body, **headers).status == 200
    expected = kind if kind and "json" in kind else "application/json"
    assert upstream.received[0].headers["content-type"] == expected


def test_what_is_refused_in_words(serve: Serve, passing_to: PassingTo) -> None:
    """A compressed body and a web socket are refused with a message."""
    client = passing_to(Direct(serve("acme-large")))
    compressed = client.send("POST", CHAT, b"\x1f\x8b", content_encoding="gzip")
    assert (compressed.status, "Content-Encoding" in compressed.json["error"]["message"]) == (400, True)
    connection = http.client.HTTPConnection(client.address, timeout=30)
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    connection.request("GET", "/v1/responses", headers={**upgrade, "Authorization": f"Bearer {TOKEN}"})
    answer = connection.getresponse()
    assert (answer.status, "web sockets" in json.loads(answer.read())["error"]["message"]) == (400, True)
    connection.close()
