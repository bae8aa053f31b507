"""The pass-through: it changes only a request's model, address and key, and returns responses unchanged."""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import anthropic
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute import AuthHeader, Detection, Source, UsageError, hookimpl
from polyroute._internal.lossless_json import around
from polyroute.fallback.plan import Policy
from polyroute.server import create_app
from polyroute.server.passthrough.app import PassThrough
from polyroute.server.passthrough.forwarding import MAX_BODY_BYTES
from tests.support.endpoint_plugins import CLAUDE, CLAUDE_AT_GATEWAYS, Direct, Gateway
from tests.support.fake_endpoint import FAILURES, PATHS, Serve, Upstream
from tests.support.http_server import Client, running
from tests.support.pass_through import BEARER, CHAT, QUESTION, TOKEN, PassingTo, asking, at, passing_to, ran
from tests.support.serving import started
from tests.support.shell import Shell

__all__ = ["passing_to"]

X_API_KEY = AuthHeader("x-api-key", "")
PROTOCOLS = ("openai-chat", "openai-responses", "anthropic-messages")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("auth", [AuthHeader(), X_API_KEY, AuthHeader("X-Acme-Token", "Acme ")])
def test_a_direct_route(serve: Serve, passing_to: PassingTo, protocol: str, auth: AuthHeader) -> None:
    """Each API is called at its path, with the route's ID, header and key; the response says which route ran."""
    upstream = serve("acme-large", protocols=(protocol,), auth=auth, base="/api/v3")
    client = passing_to(Direct(upstream))
    answer = client.post("/v1" + PATHS[protocol], asking("acme/acme-large"))
    assert answer.status == 200
    assert b"Hello from acme-large" in answer.body
    (request,) = upstream.received
    assert request.path == f"/api/v3{PATHS[protocol]}"
    assert request.keys == {auth.name.lower(): f"{auth.prefix}secret-1"}
    assert request.body == asking("acme-large")
    assert ran(answer) == ("direct", "acme-large", "acme")


def test_a_gateways_route(serve: Serve, passing_to: PassingTo) -> None:
    """Via a gateway, the request has the gateway's ID and key."""
    upstream = serve(CLAUDE_AT_GATEWAYS, base="/api/v1")
    answer = passing_to(Gateway(upstream), UMBRELLA_KEY="secret-1").post(CHAT, asking(CLAUDE))
    assert answer.status == 200
    assert ran(answer) == ("umbrella", CLAUDE_AT_GATEWAYS, "anthropic")
    assert upstream.received[0].keys == {"authorization": "Bearer secret-1"}


def test_the_sdks(serve: Serve, passing_to: PassingTo) -> None:
    """OpenAI's and Anthropic's SDKs need only a base URL and the token, in either SDK's header; streams work too."""
    upstream = serve("acme-large", protocols=("openai-chat", "openai-responses", "anthropic-messages"))
    client = passing_to(Direct(upstream))
    with openai.OpenAI(base_url=f"{client.url}/v1", api_key=TOKEN, max_retries=0) as sdk:
        chat = sdk.chat.completions.create(model="acme/acme-large", messages=QUESTION)
        assert chat.choices[0].message.content == "Hello from acme-large"
        parts: Any = sdk.chat.completions.create(model="acme/acme-large", messages=QUESTION, stream=True)
        said = "".join(part.choices[0].delta.content or "" for part in parts)
        assert said.strip() == "Hello from acme-large"
        assert sdk.responses.create(model="acme/acme-large", input="Hello?").output_text == "Hello from acme-large"
    with (
        anthropic.Anthropic(base_url=client.url, api_key=TOKEN, max_retries=0) as other,
        other.messages.stream(model="acme/acme-large", max_tokens=9, messages=QUESTION) as stream,
    ):
        assert stream.get_final_text().strip() == "Hello from acme-large"
    assert {request.body["model"] for request in upstream.received} == {"acme-large"}
    assert not [request for request in upstream.received if TOKEN in str(request)]


NPM = os.environ.get("POLYROUTE_TEST_NPM", "")
"""A folder where npm has installed `openai`; .ci/run creates one."""
SDK_OF_NODE = """
const { OpenAI } = (await import("node:module")).createRequire(process.argv[1] + "/")("openai");
const client = new OpenAI({ baseURL: process.argv[2] + "/v1", apiKey: process.argv[3], maxRetries: 0 });
const model = "acme/acme-large";
const messages = [{ role: "user", content: "Hello?" }];
const whole = await client.chat.completions.create({ model, messages });
console.log(whole.choices[0].message.content);
let text = "";
for await (const part of await client.chat.completions.create({ model, messages, stream: true })) {
  text += part.choices[0].delta.content ?? "";
}
console.log(text.trim());
console.log((await client.responses.create({ model, input: "Hello?" })).output_text);
try {
  await client.chat.completions.create({ model: "nobody/x", messages });
} catch (error) {
  console.log(error.constructor.name, error.code);
}
"""


@pytest.mark.clients
def test_the_sdk_of_node(serve: Serve, passing_to: PassingTo, node: str, tmp_path: Path) -> None:
    """OpenAI's SDK from npm gets chat completions, streams, responses and errors; the endpoint gets the route's key."""
    if not NPM:
        pytest.skip("POLYROUTE_TEST_NPM names no folder where npm has installed `openai`")
    upstream = serve("acme-large", protocols=("openai-chat", "openai-responses"))
    url = passing_to(Direct(upstream)).url
    done = Shell(tmp_path).start([node, "--input-type=module", "-e", SDK_OF_NODE, NPM, url, TOKEN])
    assert done.stdout.splitlines() == [*["Hello from acme-large"] * 3, "BadRequestError llm_provider_unknown"], (
        done.stderr
    )
    assert {str(request.keys) for request in upstream.received} == {str({"authorization": "Bearer secret-1"})}
    assert {request.body["model"] for request in upstream.received} == {"acme-large"}


def test_the_chat_agent_in_node(serve: Serve, passing_to: PassingTo, node: str, tmp_path: Path) -> None:
    """The example, unchanged, prints a response for each input line, and sends the earlier messages along."""
    upstream = serve("acme-large")
    url = passing_to(Direct(upstream)).url
    example = Path(__file__).parents[2] / "examples" / "node" / "chat.mjs"
    done = Shell(tmp_path).start(
        [node, str(example), "acme/acme-large"], "Hello?\nAgain?\n", POLYROUTE_URL=url, POLYROUTE_TOKEN=TOKEN
    )
    assert done.stdout == "Hello from acme-large \n" * 2, done.stderr
    assert [each["role"] for each in upstream.received[1].body["messages"]] == ["user", "assistant", "user"]
    assert len(example.read_text(encoding="utf-8").splitlines()) <= 45


def test_a_custom_model(serve: Serve, shell: Shell) -> None:
    """A custom model with its own key is called at its own base URL, by a process with the token in a variable."""
    upstream = serve("own/model:x")
    added = shell.run(
        "custom",
        "add",
        "openai-compatible/own/model:x",
        "--base-url",
        upstream.url,
        "--key-stdin",
        given="secret-1",
    )
    assert added.returncode == 0, added.stderr
    with started(shell, "--pass-through", POLYROUTE_TOKEN=TOKEN) as server:
        client = Client(server.ready["url"], **BEARER)
        answer = client.post(CHAT, asking("openai-compatible/own/model:x"))
        assert answer.status == 200, answer.body
        listed = client.json("/v1/models")
        assert "openai-compatible/own/model:x" in {each["id"] for each in listed["data"]}
        server.end()
        assert server.process.stdout is not None
        assert server.process.stderr is not None
        assert (server.process.stdout.read(), server.process.stderr.read()) == ("", "")
    assert upstream.received[0].keys == {"authorization": "Bearer secret-1"}


def test_usable_models_are_listed(serve: Serve, passing_to: PassingTo) -> None:
    """The list contains only models that this API can run, in the form that clients expect."""
    client = passing_to(Gateway(serve(CLAUDE_AT_GATEWAYS)), UMBRELLA_KEY="secret-1")
    listed = client.json("/v1/models")
    assert listed["object"] == "list"
    named = {each["id"]: each for each in listed["data"]}
    facts = named[CLAUDE].copy()
    assert facts.pop("name").startswith("Claude Sonnet 4.5")
    assert (facts.pop("context_length") >= 200_000, facts.pop("max_output_tokens") >= 64_000) == (True, True)
    assert facts == {"id": CLAUDE, "object": "model", "created": 0, "owned_by": "anthropic"}
    with openai.OpenAI(base_url=f"{client.url}/v1", api_key=TOKEN) as sdk:
        assert CLAUDE in [each.id for each in sdk.models.list()]
    without = passing_to(VARIABLE="x").json("/v1/models")["data"]
    assert {each["owned_by"] for each in without} <= {"atomic-chat", "lmstudio", "ollama"}, "servers of one's own"


def test_nothing_is_added_to_a_request(serve: Serve, passing_to: PassingTo) -> None:
    """Only the body's type is added to a request without one, and header values arrive unchanged, in any bytes."""
    upstream = serve("acme-large")
    client = passing_to(Direct(upstream))
    body = json.dumps(asking("acme/acme-large")).encode()
    assert client.send("POST", CHAT, body, x_title="é".encode().decode("latin-1")).status == 200
    assert client.send("POST", CHAT, body, x_title="é").status == 200
    for request, title in zip(upstream.received, ["é".encode(), b"\xe9"], strict=True):
        assert set(request.headers) == {
            *("host", "content-length", "content-type", "authorization", "accept-encoding", "x-title")
        }
        assert request.headers["x-title"].encode("latin-1") == title


@pytest.mark.parametrize(
    ("named", "asked"), [("bücher.invalid", "xn--bcher-kva.invalid"), ("XN--bcher-kva.invalid",) * 2]
)
def test_a_host_of_any_letters(
    serve: Serve, passing_to: PassingTo, monkeypatch: pytest.MonkeyPatch, named: str, asked: str
) -> None:
    """A host name with non-ASCII letters and its encoded form are the same host."""
    between = serve()
    monkeypatch.setenv("http_proxy", between.url)
    between.say(200, "{}")
    assert (
        passing_to(at(f"http://{named}/v1", Direct(serve("acme-large")))).post(CHAT, asking("acme/acme-large")).status
        == 200
    )
    (request,) = between.received
    assert request.path == f"http://{asked}/v1/chat/completions".lower()


def test_a_proxy_is_used(serve: Serve, passing_to: PassingTo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The proxy in the process's variables is used with its own password; passwords in netrc are not used."""
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    (tmp_path / "netrc").write_text("default login me password other-1\n", encoding="utf-8")
    upstream, between = serve("acme-large", auth=X_API_KEY), serve()
    plugin = at("http://acme.invalid/v1", Direct(upstream))
    monkeypatch.setenv("http_proxy", between.url.replace("//", "//me:other-2@"))
    between.say(200, "{}")
    assert passing_to(plugin).post(CHAT, asking("acme/acme-large")).status == 200
    (request,) = between.received
    assert request.path == "http://acme.invalid/v1/chat/completions"
    assert request.headers["proxy-authorization"].startswith("Basic ")
    assert (request.headers["x-api-key"], "authorization" in request.headers) == ("secret-1", False)
    monkeypatch.setenv("no_proxy", "acme.invalid")
    assert passing_to(plugin).post(CHAT, asking("acme/acme-large")).status == 502
    assert len(between.received) == 1


def test_a_network_without_a_proxy(serve: Serve, passing_to: PassingTo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network in NO_PROXY is called directly."""
    upstream, between = serve("acme-large"), serve()
    monkeypatch.setenv("http_proxy", between.url)
    monkeypatch.setenv("no_proxy", "127.0.0.0/8")
    assert passing_to(Direct(upstream)).post(CHAT, asking("acme/acme-large")).status == 200
    assert between.received == []


QUERIES = ("a=%2f&b=+%20&c", "a=%2F%7e&&a", "q=\"<>|\\^`{}'[]~", "%zz%", "a=b?c/d:e@f", "../..&a=/./", "")


@pytest.mark.parametrize("base", ["/v1", "/a%2fb/%7Ec"])
@pytest.mark.parametrize("by_proxy", [False, True])
def test_an_address_arrives_to_the_byte(
    serve: Serve, passing_to: PassingTo, monkeypatch: pytest.MonkeyPatch, base: str, by_proxy: bool
) -> None:
    """Each query arrives as the client spells it, and the path as the base URL does, also via a proxy."""
    upstream = serve("acme-large", base=base)
    root = "http://acme.invalid" if by_proxy else ""
    if by_proxy:
        monkeypatch.setenv("http_proxy", upstream.url.removesuffix(base))
    body = json.dumps(asking("acme/acme-large")).encode()
    endpoint = Direct(upstream)
    client = passing_to(at(root + base, endpoint) if by_proxy else endpoint)
    targets = [f"?{query}" if query else "" for query in QUERIES]
    for target in targets:
        if by_proxy:
            upstream.say(200, "{}")
        assert client.send("POST", CHAT + target, body).status == 200
    assert [request.path for request in upstream.received] == [
        f"{root}{base}/chat/completions{each}" for each in targets
    ]


def test_many_streams_at_once(serve: Serve, passing_to: PassingTo) -> None:
    """However many responses are pending, the next request gets a connection too."""
    upstream = serve("acme-large")
    client = passing_to(Direct(upstream))
    with ExitStack() as stack:
        for count in range(1, 110):
            upstream.hang()
            stack.callback(begun(client, asking("acme/acme-large")).close)
            assert arrived(upstream, count)
        assert client.post(CHAT, asking("acme/acme-large")).status == 200
        upstream.released.set()


def arrived(upstream: Upstream, count: int) -> bool:
    end = time.monotonic() + 15
    while len(upstream.received) < count and time.monotonic() < end:
        time.sleep(0.001)
    return len(upstream.received) == count


def begun(client: Client, document: object) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(urlsplit(client.url).netloc, timeout=30)
    connection.request("POST", CHAT, json.dumps(document), BEARER)
    return connection


def test_no_cookie_is_kept(serve: Serve, passing_to: PassingTo) -> None:
    """A cookie set by an endpoint is not sent with another request."""
    upstream = serve("acme-large")
    upstream.next.append(lambda handler: say(handler, b"{}", Set_Cookie="a=b"))
    client = passing_to(Direct(upstream))
    for _ in range(2):
        assert client.post(CHAT, asking("acme/acme-large")).status == 200
    assert [request for request in upstream.received if "cookie" in request.headers] == []


@pytest.mark.parametrize(
    "proxy", ["socks5://me:canary@127.0.0.1:1", "http://me:canary@[:1", "http://me:canary@127.0.0.1:1"]
)
def test_a_proxy_that_is_no_use(
    serve: Serve, passing_to: PassingTo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], proxy: str
) -> None:
    """An unusable proxy is reported without its password."""
    client = passing_to(at("http://acme.invalid/v1", Direct(serve("acme-large"))))
    monkeypatch.setenv("http_proxy", proxy)
    answer = client.post(CHAT, asking("acme/acme-large"))
    assert (answer.status, answer.json["error"]["type"]) == (502, "api_error")
    written = capfd.readouterr()
    assert "canary" not in answer.body.decode() + written.out + written.err


@pytest.mark.parametrize("said", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", b""])
def test_an_endpoint_that_speaks_no_http(serve: Serve, passing_to: PassingTo, said: bytes) -> None:
    """An invalid HTTP response is 502, without retry or fallback: the request may have taken effect."""
    first, second, plugins = two_ways(serve)

    def speak(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(said)
        handler.close_connection = True

    first.next.append(speak)
    client = passing_to(*plugins, policy="auto", prefer="umbrella", UMBRELLA_KEY="secret-1", ZEBRA_KEY="secret-2")
    answer = client.post(CHAT, asking(CLAUDE))
    assert (answer.status, answer.json["error"]["code"]) == (502, "upstream_unreachable")
    assert (len(first.received), second.received) == (1, [])


@given(
    st.dictionaries(st.text().filter(lambda name: name != "model"), st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("model"), inner), max_leaves=10,
    )),
    st.integers(0, 9), st.text(), st.booleans(), st.sampled_from([None, 0, 2]),
)  # fmt: skip
def test_only_the_models_value_is_found(
    members: dict[str, Any], place: int, model: str, ascii_only: bool, indent: int | None
) -> None:
    """Around the value of `model` every byte is unchanged, however the value is written and wherever it is."""
    items = list(members.items())
    items.insert(place % (len(items) + 1), ("model", model))
    text = json.dumps(dict(items), ensure_ascii=ascii_only, indent=indent).encode(errors="surrogatepass")
    before, value, after = around(text, "model")
    assert before + value + after == text
    assert json.loads(value) == model
    assert json.loads(before + b'"other"' + after) == dict(items) | {"model": "other"}


def test_the_body_is_else_the_same_to_the_letter(passing_to: PassingTo, serve: Serve) -> None:
    """Numbers that no float can represent, escapes, spaces and duplicate names inside arrive as written."""
    upstream = serve("acme-large")
    received: list[bytes] = []

    def keep(handler: BaseHTTPRequestHandler) -> None:
        say(handler, b"{}")

    upstream.next.append(keep)
    text = (
        b' {"a" : 1.50e+400,"n":12345678901234567890, "\\u006dodel":\t"acme/acme-large" , "d":{"model":1,"model":2}}\n'
    )
    listening = socket.create_server(("127.0.0.1", 0))
    with listening:
        client = passing_to(at(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", Direct(upstream)))
        sending = threading.Thread(target=client.send, args=("POST", CHAT, text))
        sending.start()
        connection, _ = listening.accept()
        with connection:
            raw = b""
            while b"\r\n\r\n" not in raw or len(raw.partition(b"\r\n\r\n")[2]) < len(text) - len(b"acme/"):
                raw += connection.recv(65_536)
            received.append(raw.partition(b"\r\n\r\n")[2])
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        sending.join()
    assert received == [text.replace(b"acme/acme-large", b"acme-large")]


def test_a_large_body(serve: Serve, passing_to: PassingTo) -> None:
    """A large body, such as one with pictures, arrives whole, with its length and without added headers."""
    upstream = serve("acme-large")
    picture = "0123456789abcdef" * 200_000
    assert passing_to(Direct(upstream)).post(CHAT, asking("acme/acme-large", picture=picture)).status == 200
    (request,) = upstream.received
    assert request.body["picture"] == picture
    assert set(request.headers) == {"host", "content-length", "authorization", "accept-encoding", "content-type"}


@pytest.mark.parametrize("url", ["http://[x/v1", "http://x:99999/v1", "http://a..b/v1", "http://:80/v1"])
def test_an_address_that_is_none(serve: Serve, passing_to: PassingTo, url: str) -> None:
    """An invalid base URL is reported as such, and not as an internal error."""
    answer = passing_to(at(url, Direct(serve("acme-large")))).post(CHAT, asking("acme/acme-large"))
    assert (answer.status, url in answer.json["error"]["message"]) == (400, True)


def say(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def test_a_stream_comes_as_it_is_sent(serve: Serve, passing_to: PassingTo) -> None:
    """A stream arrives unchanged and part by part, with the endpoint's headers except cookies and CORS headers."""
    upstream = serve("acme-large")
    first_seen = threading.Event()

    def stream(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in {"Content-Type": "text/event-stream", "Connection": "close", "X-Request-Id": "r1"}.items():
            handler.send_header(name, value)
        handler.send_header("Set-Cookie", "a=b")
        handler.send_header("Access-Control-Allow-Origin", "*")
        handler.end_headers()
        handler.wfile.write(b"data: 1\r\n\r\n")
        assert first_seen.wait(30)
        handler.wfile.write(b"data: 2\n\n")
        handler.close_connection = True

    upstream.next.append(stream)
    client = passing_to(Direct(upstream))
    connection, answer = opened(client, asking("acme/acme-large", stream=True))
    assert answer.read1() == b"data: 1\r\n\r\n"
    first_seen.set()
    assert answer.read() == b"data: 2\n\n"
    connection.close()
    assert answer.status == 200
    assert (answer.headers["content-type"], answer.headers["x-request-id"]) == ("text/event-stream", "r1")
    assert not {"set-cookie", "access-control-allow-origin"} & {name.lower() for name in answer.headers}


def opened(client: Client, document: object) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = begun(client, document)
    return connection, connection.getresponse()


@pytest.mark.parametrize("policy", ["never", "auto"])
def test_errors_come_back_as_they_are(serve: Serve, passing_to: PassingTo, policy: Policy) -> None:
    """If there is no other route, each of the endpoint's errors is returned unchanged, with its status."""
    upstream = serve("acme-large")
    client = passing_to(Direct(upstream), policy=policy)
    for count, (name, failure) in enumerate(FAILURES.items(), 1):
        upstream.fail(name)
        answer = client.post(CHAT, asking("acme/acme-large"))
        assert (name, answer.status, answer.body.decode()) == (name, failure.status, failure.body)
        assert (name, ran(answer)[0], len(upstream.received)) == (name, "direct", count)


def test_a_packed_error(serve: Serve, passing_to: PassingTo) -> None:
    """A compressed error is returned compressed, and is decompressed where it has to be interpreted."""
    import gzip

    packed = gzip.compress(FAILURES["openai-key"].body.encode())
    upstream = serve("acme-large")
    upstream.next.append(lambda handler: say(handler, packed, 401, Content_Encoding="gzip"))
    answer = passing_to(Direct(upstream), policy="auto").post(CHAT, asking("acme/acme-large"))
    assert (answer.status, answer.headers["content-encoding"], answer.body) == (401, "gzip", packed)


def two_ways(serve: Serve) -> tuple[Upstream, Upstream, tuple[object, ...]]:
    """Return two endpoints, and plugins for two gateways that carry Claude there."""
    first, second = serve(CLAUDE_AT_GATEWAYS), serve(CLAUDE_AT_GATEWAYS, key="secret-2")
    return first, second, (Gateway(first), Gateway(second, "zebra"))


def test_it_never_goes_on_by_itself(serve: Serve, passing_to: PassingTo) -> None:
    """Without a policy, the endpoint's refusal is the response, even if there is another route."""
    first, second, plugins = two_ways(serve)
    first.fail("openrouter-credits")
    client = passing_to(*plugins, prefer="umbrella", UMBRELLA_KEY="secret-1", ZEBRA_KEY="secret-2")
    assert client.post(CHAT, asking(CLAUDE)).status == 402
    assert second.received == []


def test_it_goes_on_where_the_policy_says_so(serve: Serve, passing_to: PassingTo) -> None:
    """With `auto`, the next route is used with its own key if the first has no credits or is unreachable."""
    first, second, plugins = two_ways(serve)
    client = passing_to(*plugins, policy="auto", prefer="umbrella", UMBRELLA_KEY="secret-1", ZEBRA_KEY="secret-2")
    first.fail("openrouter-credits")
    answer = client.post(CHAT, asking(CLAUDE))
    assert (answer.status, ran(answer)[0]) == (200, "zebra")
    assert second.received[0].keys == {"authorization": "Bearer secret-2"}
    second.say(400, '{"error": "your request is wrong"}')
    assert client.post(CHAT, asking(CLAUDE)).status == 400
    assert len(first.received) == 1


def test_a_begun_stream_is_never_asked_for_again(serve: Serve, passing_to: PassingTo) -> None:
    """A stream that is cut is cut for the client too, and no other route is tried."""
    first, second, plugins = two_ways(serve)
    first.cut()
    client = passing_to(*plugins, policy="auto", prefer="umbrella", UMBRELLA_KEY="secret-1", ZEBRA_KEY="secret-2")
    connection, answer = opened(client, asking(CLAUDE, stream=True))
    with pytest.raises(http.client.IncompleteRead) as raised:
        answer.read()
    connection.close()
    assert b"Hel" in raised.value.partial
    assert second.received == []


@pytest.mark.parametrize("name", ["a b%", "é\r\nx: y", "\ud800"])
def test_any_model_id(serve: Serve, passing_to: PassingTo, name: str) -> None:
    """An ID with any characters arrives unchanged, and is percent-encoded in the response header that names it."""
    upstream = serve(name)
    answer = passing_to(Direct(upstream)).post(CHAT, asking(f"acme/{name}"))
    assert (answer.status, upstream.received[0].body["model"]) == (200, name)
    assert unquote(answer.headers["x-polyroute-model"]) == name.encode(errors="replace").decode()
    assert "x" not in answer.headers


def test_nobody_listens(serve: Serve, passing_to: PassingTo) -> None:
    """An unreachable endpoint is 502, with a message, in the form of the API that was called."""
    upstream = Upstream("acme-large", protocols=PROTOCOLS)
    upstream.stop()
    client = passing_to(Direct(upstream))
    for protocol in PROTOCOLS:
        answer = client.post("/v1" + PATHS[protocol], asking("acme/acme-large"))
        assert answer.status == 502
        assert "no connection" in answer.json["error"]["message"]
        assert answer.json["error"]["type"] == "api_error"


def test_an_endpoint_that_hangs(serve: Serve, passing_to: PassingTo) -> None:
    """An endpoint that does not respond in time is 504."""
    upstream = serve("acme-large")
    upstream.hang()
    answer = passing_to(Direct(upstream), seconds=0.2).post(CHAT, asking("acme/acme-large"))
    assert (answer.status, answer.json["error"]["code"]) == (504, "upstream_timeout")


class Hanging(Direct):
    """A vendor whose login can't be read until the test releases it."""

    def __init__(self, upstream: Upstream) -> None:
        super().__init__(upstream, requirement=())
        self.asked, self.released = threading.Semaphore(0), threading.Event()

    @hookimpl
    def polyroute_credentials(self) -> list[Detection]:
        """Return a login."""
        return [Detection("acme", "oauth-token", Source("plugin", "login"))]

    @hookimpl
    def polyroute_secrets(self) -> str:
        """Block until the test releases the key, and return it."""
        self.asked.release()
        self.released.wait(30)
        return "secret-1"


def test_a_key_that_hangs_delays_nobody_else(serve: Serve, passing_to: PassingTo) -> None:
    """However many requests wait for a key, requests to the API are answered."""
    plugin = Hanging(serve("acme-large"))
    client = passing_to(plugin)
    waiting = [threading.Thread(target=client.post, args=(CHAT, asking("acme/acme-large"))) for _ in range(12)]
    for each in waiting:
        each.start()
    assert plugin.asked.acquire(timeout=30)  # one thread reads it for all
    assert client.get("/api/llm/current").status == 200
    plugin.released.set()
    for each in waiting:
        each.join()


def test_a_redirect_is_not_followed(serve: Serve, passing_to: PassingTo) -> None:
    """The pass-through follows no redirect and passes none on: the client would follow it with its token."""
    upstream, other = serve("acme-large"), serve("acme-large")
    upstream.redirect(f"{other.url}/chat/completions")
    answer = passing_to(Direct(upstream)).post(CHAT, asking("acme/acme-large"))
    assert (answer.status, answer.json["error"]["code"]) == (502, "upstream_redirects")
    assert "location" not in answer.headers
    assert other.received == []


@pytest.mark.parametrize("begun", [False, True])
def test_a_client_that_leaves(serve: Serve, passing_to: PassingTo, begun: bool) -> None:
    """When the client disconnects, so does the pass-through, before and after the response has begun."""
    upstream = serve("acme-large")
    gone, asked = threading.Event(), threading.Event()

    def wait(handler: BaseHTTPRequestHandler) -> None:
        if begun:
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(b"data: 1\n\n")
        asked.set()
        handler.connection.settimeout(30)
        if handler.connection.recv(1) == b"":
            gone.set()
        handler.close_connection = True

    upstream.next.append(wait)
    client = passing_to(Direct(upstream))
    connection = socket.create_connection((urlsplit(client.url).hostname, urlsplit(client.url).port))
    body = json.dumps(asking("acme/acme-large")).encode()
    head = (
        f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n"
    )
    connection.sendall(head.encode() + b"\r\n" + body)
    assert asked.wait(30)
    if begun:
        assert connection.recv(65_536)
    connection.close()
    assert gone.wait(30)


def test_what_it_refuses(serve: Serve, passing_to: PassingTo) -> None:
    """Wrong tokens, unknown models, models without a route and invalid bodies are refused in the API's own form.

    Clients show the message of a 400 at once, and are told not to repeat the request.
    """
    upstream = serve("acme-large")
    client = passing_to(Direct(upstream), VARIABLE="x")
    for path, kind in ((CHAT, "openai"), ("/v1/messages", "anthropic")):
        refused = [
            client.send("POST", path, b"{}", authorization="Bearer other"),
            client.post(path, asking("acme-large")),
            client.post(path, asking("nobody/x")),
            client.post(path, asking("acme/acme-large" if kind == "openai" else CLAUDE)),
            client.get(path),
        ]
        assert [answer.status for answer in refused] == [401, 400, 400, 400, 405]
        for answer in refused:
            assert ("type" in answer.json) == (kind == "anthropic")
            assert answer.json["error"]["type"].endswith("_error")
            assert answer.headers["x-should-retry"] == "false"
        assert "_KEY" in refused[3].json["error"]["message"]
        assert "provider/model" in refused[1].json["error"]["message"]
    for body in (
        b"",
        b"[]",
        b'{"model":1}',
        b'{"model":"a/b","model":"c/d"}',
        b'{"model":"a/b"',
        b"\xff",
        b"[" * 10_000,
    ):
        assert client.send("POST", CHAT, body).status == 400
    assert client.send("POST", CHAT, b"", content_length=str(MAX_BODY_BYTES + 1)).status == 413
    assert client.send("POST", CHAT, b"{}", host="evil.example").status == 400
    assert client.send("POST", CHAT, b"{}", origin="https://evil.example").status == 400
    assert client.get("/v1/other").status == 404
    assert upstream.received == []


def test_it_is_off_unless_asked_for(serve: Serve, shell: Shell) -> None:
    """Without the option there is no pass-through; with it, a token is required, in a process and in a host."""
    assert create_app(token=TOKEN)
    with running(create_app(token=TOKEN), **BEARER) as client:
        assert client.get("/v1/models").status == 404
    done = shell.run("serve", "--pass-through")
    assert (done.returncode, "token" in done.stderr) == (2, True)
    assert shell.run("serve", "--policy", "auto", "--token", "t").returncode == 2
    with pytest.raises(UsageError, match="token"):
        create_app(pass_through=PassThrough())


def test_a_key_that_fits_in_no_header(serve: Serve, passing_to: PassingTo, capfd: pytest.CaptureFixture[str]) -> None:
    """A key that is invalid in a header, which libraries would quote in their errors, is quoted nowhere."""
    client = passing_to(Direct(serve("acme-large")), ACME_KEY="canary\x01\u20ac", UMBRELLA_KEY="x")
    answer = client.post(CHAT, asking("acme/acme-large"))
    assert answer.status == 400
    written = capfd.readouterr()
    assert "canary" not in answer.body.decode() + str(answer.headers) + written.out + written.err
