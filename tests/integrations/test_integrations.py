"""The real SDKs, configured from routes, call endpoints that accept one key, one model ID and one path."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import httpx as real_httpx
import httpx2
import openai as sdk
import pytest

from polyroute import AuthHeader, ModelRef, NoEffectiveRoute, UnsupportedRoute, UsageError, WrongEndpoint
from polyroute.integrations import anthropic, boto3, httpx, openai
from tests.support.catalogs import MakeCatalog
from tests.support.endpoint_plugins import CLAUDE, CLAUDE_AT_GATEWAYS, Direct, Gateway, catalog_of
from tests.support.fake_endpoint import PATHS, Serve, Upstream
from tests.support.sdks import EVERY_WAY, OPENAI_CHAT, QUESTION, Ask, import_litellm

X_API_KEY = AuthHeader("x-api-key", "")


def sent(upstream: Upstream) -> tuple[str, dict[str, str], str]:
    """Return path, key headers and model ID of the only request that arrived."""
    (request,) = upstream.received
    return request.path.removesuffix("?beta=true"), request.keys, request.body.get("model")


@pytest.mark.parametrize(("protocol", "ask"), EVERY_WAY)
@pytest.mark.parametrize("auth", [AuthHeader(), X_API_KEY, AuthHeader("X-Acme-Token", "Acme ")])
def test_a_direct_route_arrives_as_it_is(serve: Serve, protocol: str, ask: Ask, auth: AuthHeader) -> None:
    """Each SDK sends the route's ID, path and key, in whatever header the route requires, and no other key."""
    upstream = serve("acme-large", protocols=(protocol,), auth=auth)
    catalog = catalog_of(Direct(upstream), ACME_KEY="secret-1")
    assert ask(catalog, "acme/acme-large") == "Hello from acme-large"
    assert sent(upstream) == (f"/v1{PATHS[protocol]}", {auth.name.lower(): f"{auth.prefix}secret-1"}, "acme-large")


@pytest.mark.parametrize("ask", OPENAI_CHAT)
def test_a_gateways_route_arrives_as_it_is(serve: Serve, ask: Ask) -> None:
    """Via a gateway, each SDK sends the gateway's ID and key, never those of the provider."""
    upstream = serve(CLAUDE_AT_GATEWAYS, base="/api/v1")
    catalog = catalog_of(Gateway(upstream), UMBRELLA_KEY="secret-1")
    assert ask(catalog, CLAUDE) == f"Hello from {CLAUDE_AT_GATEWAYS}"
    assert sent(upstream) == ("/api/v1/chat/completions", {"authorization": "Bearer secret-1"}, CLAUDE_AT_GATEWAYS)


@pytest.mark.parametrize("ask", OPENAI_CHAT)
def test_dextos_route_arrives_as_it_is(serve: Serve, ask: Ask) -> None:
    """With DEXTO_API_KEY alone, each SDK runs another provider's model at Dexto's endpoint."""
    upstream = serve(CLAUDE_AT_GATEWAYS)
    catalog = catalog_of(DEXTO_API_KEY="secret-1", DEXTO_API_URL=upstream.url)
    assert ask(catalog, CLAUDE) == f"Hello from {CLAUDE_AT_GATEWAYS}"
    assert sent(upstream) == ("/v1/chat/completions", {"authorization": "Bearer secret-1"}, CLAUDE_AT_GATEWAYS)


@pytest.mark.parametrize(("protocol", "ask"), EVERY_WAY)
def test_what_the_process_has_for_others_is_not_sent(
    serve: Serve, protocol: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys, organisations, custom headers and base URLs in the SDKs' own environment variables are not used."""
    for name, value in {
        "OPENAI_API_KEY": "other-secret",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "OPENAI_ORG_ID": "org-secret",
        "OPENAI_PROJECT_ID": "project-secret",
        "OPENAI_CUSTOM_HEADERS": "X-Other: custom-secret",
        "ANTHROPIC_API_KEY": "other-secret",
        "ANTHROPIC_AUTH_TOKEN": "token-secret",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
        "ANTHROPIC_CUSTOM_HEADERS": "X-Other: custom-secret",
    }.items():
        monkeypatch.setenv(name, value)
    upstream = serve("acme-large", protocols=(protocol,), auth=X_API_KEY)
    catalog = catalog_of(Direct(upstream), ACME_KEY="secret-1")
    assert ask(catalog, "acme/acme-large") == "Hello from acme-large"
    assert upstream.received[0].keys == {"x-api-key": "secret-1"}


def test_what_is_given_as_an_option_is_sent(serve: Serve) -> None:
    """An organisation and headers given by the host are sent, and so are the route's own headers."""
    upstream = serve("acme-large")
    catalog = catalog_of(Direct(upstream, headers=(("x-acme-version", "7"),)), ACME_KEY="secret-1")
    more = {"X-Title": "Agent"}
    client, model_id = openai.client(catalog, "acme/acme-large", organization="org-1", default_headers=more)
    with client:
        client.chat.completions.create(model=model_id, messages=QUESTION)
    headers = upstream.received[0].headers
    assert (headers["openai-organization"], headers["x-title"], headers["x-acme-version"]) == ("org-1", "Agent", "7")


@pytest.mark.parametrize(("protocol", "ask"), EVERY_WAY)
@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "nothing://127.0.0.1:9"])
def test_this_machine_is_called_without_a_proxy(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, protocol: str, ask: Ask, proxy: str
) -> None:
    """An endpoint on this machine is called directly, whatever proxy the process's variables name."""
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.setenv("HTTP_PROXY", proxy)
    upstream = serve("acme-large", protocols=(protocol,))
    ask(catalog_of(Direct(upstream), ACME_KEY="secret-1"), "acme/acme-large")
    assert len(upstream.received) == 1


@pytest.mark.parametrize(("protocol", "ask"), EVERY_WAY)
def test_redirects_carry_no_key(serve: Serve, protocol: str, ask: Ask) -> None:
    """A redirect to another host ends the call; nothing is sent to that host."""
    upstream = serve("acme-large", protocols=(protocol,), auth=X_API_KEY)
    elsewhere = serve("acme-large", protocols=(protocol,), auth=X_API_KEY)
    upstream.redirect(f"{elsewhere.url}{PATHS[protocol]}")
    with pytest.raises(Exception, match=r"(?i)30[0-9]|redirect|error"):
        ask(catalog_of(Direct(upstream), ACME_KEY="secret-1"), "acme/acme-large")
    assert elsewhere.received == []


def test_a_client_that_is_pointed_elsewhere_sends_nothing(serve: Serve) -> None:
    """A copy of the client with another base URL is refused before the key is sent."""
    upstream, elsewhere = serve("acme-large"), serve("acme-large")
    client, model_id = openai.client(catalog_of(Direct(upstream), ACME_KEY="secret-1"), "acme/acme-large")
    with client, pytest.raises((sdk.APIConnectionError, WrongEndpoint)) as caught:
        moved = client.with_options(base_url=elsewhere.url, max_retries=0)
        moved.chat.completions.create(model=model_id, messages=QUESTION)
    assert WrongEndpoint in map(type, (caught.value, caught.value.__cause__))  # some versions of the SDK wrap it
    assert elsewhere.received == []


@pytest.mark.parametrize("client_class", [real_httpx.Client, httpx2.Client])
@pytest.mark.parametrize("named", ["bücher.example", "xn--bcher-kva.example", "XN--BCHER-KVA.example"])
def test_a_host_of_any_letters(serve: Serve, named: str, client_class: Any) -> None:
    """A host name with non-ASCII letters, or in its encoded form, gets the route's key."""
    catalog = catalog_of(Direct(serve("acme-large")), ACME_KEY="secret-1")
    route = catalog.resolve("acme/acme-large")._replace(base_url=f"https://{named}/v1")
    client, path, _ = httpx.client(catalog, route, client_class=client_class)
    with client:
        request = client.build_request("POST", path)
        client.event_hooks["request"][0](request)
    assert request.headers["authorization"] == "Bearer secret-1"


def test_no_client_shows_its_key(serve: Serve) -> None:
    """The representations of the clients and of LiteLLM's arguments do not contain the key."""
    from polyroute.integrations import langchain

    _, litellm = import_litellm()
    catalog = catalog_of(Direct(serve("acme-large")), ACME_KEY="secret-1")
    client, _ = openai.client(catalog, "acme/acme-large")
    plain, _, _ = httpx.client(catalog, "acme/acme-large")
    with client, plain:
        shown = [repr(client), client.api_key, repr(plain), str(plain.headers), repr(plain.event_hooks)]
        arguments = litellm.completion_arguments(catalog, "acme/acme-large")
        shown += [repr(arguments), repr(langchain.chat_model(catalog, "acme/acme-large"))]
    arguments["client"].close()
    assert "secret-1" not in " ".join(shown)


def test_plain_http_speaks_googles_protocol(serve: Serve) -> None:
    """Google's generateContent is called with the model's ID in the path and the key in the header."""
    upstream = serve("gemini-9", protocols=("google-generate-content",), auth=AuthHeader("x-goog-api-key", ""))
    client, path, _ = httpx.client(catalog_of(Direct(upstream), ACME_KEY="secret-1"), "acme/gemini-9")
    with client:
        answer = client.post(path, json={"contents": [{"parts": [{"text": "Hello?"}]}]})
    assert answer.json()["candidates"][0]["content"]["parts"][0]["text"] == "Hello from gemini-9"
    assert sent(upstream)[:2] == ("/v1/models/gemini-9:generateContent", {"x-goog-api-key": "secret-1"})


def test_boto3_sends_the_routes_key(serve: Serve) -> None:
    """With an API key, Converse is called with the route's ID in the path and the key in the route's header."""
    upstream = serve("acme.large", protocols=("bedrock-converse",), base="")
    catalog = catalog_of(Direct(upstream), ACME_KEY="secret-1")
    client, model_id = boto3.client(catalog, "acme/acme.large", region_name="us-east-1")
    answer = client.converse(modelId=model_id, messages=[{"role": "user", "content": [{"text": "Hello?"}]}])
    client.close()
    assert answer["output"]["message"]["content"][0]["text"] == "Hello from acme.large"
    assert sent(upstream)[:2] == ("/model/acme.large/converse", {"authorization": "Bearer secret-1"})


def test_boto3_finds_a_cloud_identity_itself() -> None:
    """A cloud identity is left to boto3's own rules, in the region of the route."""
    catalog = catalog_of(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="secret", AWS_REGION="eu-west-3")
    client, model_id = boto3.client(catalog, "bedrock/amazon.nova-pro-v1:0")
    assert client.meta.endpoint_url == "https://bedrock-runtime.eu-west-3.amazonaws.com"
    assert (client.meta.region_name, model_id) == ("eu-west-3", "amazon.nova-pro-v1:0")


def test_what_an_sdk_cant_speak_is_an_error_before_any_request(serve: Serve) -> None:
    """A model whose only usable route uses another protocol is refused with a message, and nothing is sent."""
    upstream = serve("acme-large", protocols=("anthropic-messages",))
    catalog = catalog_of(Direct(upstream), ACME_KEY="secret-1")
    with pytest.raises(NoEffectiveRoute, match="it speaks anthropic-messages, not openai-chat"):
        openai.client(catalog, "acme/acme-large")
    with pytest.raises(UnsupportedRoute, match="speaks anthropic-messages"):
        openai.client(catalog, catalog.resolve("acme/acme-large"))
    assert upstream.received == []


def test_anthropics_sdk_refuses_a_base_url_that_it_would_change(serve: Serve) -> None:
    """A base URL that does not end with /v1 is refused with a message, because Anthropic's SDK adds /v1."""
    upstream = serve("acme-large", protocols=("anthropic-messages",), base="/messages-api")
    catalog = catalog_of(Direct(upstream), ACME_KEY="secret-1")
    with pytest.raises(UnsupportedRoute, match="only base URLs that end with /v1"):
        anthropic.client(catalog, "acme/acme-large")


def test_a_route_without_a_model_or_without_a_key_is_refused(serve: Serve) -> None:
    """A route without a model or without a key is refused, and the error says which of the two is missing."""
    catalog = catalog_of(Direct(serve("acme-large")), ACME_KEY="secret-1")
    with pytest.raises(UsageError, match=r"has no model\. Use a route from"):
        openai.client(catalog, catalog.provider("acme").routes[0])
    without_key = next(route for route in catalog.routes("openrouter/openai/gpt-5") if route.via == "direct")
    with pytest.raises(UsageError, match="OPENROUTER_API_KEY is not set"):
        openai.client(catalog, without_key)


def test_a_further_protocol_is_found() -> None:
    """OpenAI's own endpoint also supports chat completions; the route has that protocol if it is requested."""
    catalog = catalog_of(OPENAI_API_KEY="secret-1")
    assert catalog.resolve("openai/gpt-5").protocol == "openai-responses"
    assert catalog.resolve("openai/gpt-5", protocols=["openai-chat"]).protocol == "openai-chat"
    client, model_id = openai.client(catalog, ModelRef("openai", "gpt-5"))
    with client:
        assert (str(client.base_url), model_id) == ("https://api.openai.com/v1/", "gpt-5")


def test_a_missing_library_is_named_with_its_extra() -> None:
    """An integration whose library is not installed says which extra to install."""
    hidden = {"httpx": ["httpx", "httpx2"]}  # these two first: other integrations import theirs
    hidden |= {name: [name] for name in ("openai", "anthropic", "litellm", "pydantic_ai", "boto3")}
    hidden["langchain"] = ["langchain_openai"]
    code = f"""import importlib, sys
from polyroute.errors import MissingExtra
for name, libraries in {hidden}.items():
    sys.modules.update(dict.fromkeys(libraries))
    try:
        importlib.import_module(f"polyroute.integrations.{{name}}")
    except MissingExtra as error:
        print(name, error)
    for library in libraries:
        del sys.modules[library]"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert list(said) == list(hidden)
    assert [name for name in hidden if f"polyroute[{name.replace('_', '-')}]" not in said[name]] == []


@pytest.mark.parametrize(("installed", "other"), [("httpx", "httpx2"), ("httpx2", "httpx")])
def test_one_of_the_two_is_enough(serve: Serve, installed: str, other: str) -> None:
    """With only httpx or only httpx2 installed, the client is of that library, and the key arrives."""
    upstream = serve("acme-large")
    code = f"""import sys; sys.modules[{other!r}] = None
from polyroute import Catalog, Environment, Plugins
from polyroute.integrations import httpx
environment = Environment({{"DEXTO_API_KEY": "secret-1", "DEXTO_API_URL": {upstream.url!r}}})
catalog = Catalog(Plugins.load(only=["direct", "dexto"]), environment)
client, path, model_id = httpx.client(catalog, {CLAUDE!r})
with client:
    client.post(path, json={{"model": model_id}})
print(type(client).__module__)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in (installed, f"{installed}._client")
    assert upstream.received[0].keys == {"authorization": "Bearer secret-1"}


def test_importing_polyroute_imports_no_integration() -> None:
    """`import polyroute` imports neither an integration nor the library of one."""
    names = "openai anthropic litellm pydantic_ai langchain_openai httpx httpx2 boto3 asyncio logging pydantic tomllib"
    code = f"import sys, polyroute; print([name for name in {names.split()} if name in sys.modules])"
    code += "; print([name for name in sys.modules if name.startswith('polyroute.integrations')])"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "[]"]


@pytest.mark.parametrize("ask", OPENAI_CHAT)
def test_a_custom_models_route_arrives_as_it_is(serve: Serve, make_catalog: MakeCatalog, ask: Ask) -> None:
    """A custom model with its own key and base URL is called there, under the ID as entered."""
    upstream = serve("My-Model:v1")
    entry = {"name": "My-Model:v1", "provider": "openai-compatible", "baseURL": upstream.url, "apiKey": "secret-1"}
    text = json.dumps({"version": 1, "models": [entry]})
    catalog = make_catalog(files={".dexto/models/custom-models.json": text})
    assert ask(catalog, "openai-compatible/My-Model:v1") == "Hello from My-Model:v1"
    assert sent(upstream) == ("/v1/chat/completions", {"authorization": "Bearer secret-1"}, "My-Model:v1")
