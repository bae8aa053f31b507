"""The catalog over HTTP, as a model picker needs it."""

from __future__ import annotations

import json

import pytest

from tests.support.http_server import Serve

DEXTO = {"DEXTO_API_KEY": "dexto-secret"}


def test_a_gateways_key_unlocks_what_it_carries(serve: Serve) -> None:
    """With only the gateway's key, a vendor reports `hasApiKey` as true and `hasDirectKey` as false."""
    anthropic = serve(**DEXTO).json("/api/llm/catalog")["providers"]["anthropic"]
    assert anthropic["hasApiKey"]
    assert anthropic["hasEffectiveCredentials"]
    assert not anthropic["hasDirectKey"]
    assert anthropic["canRouteViaDexto"]
    assert anthropic["credentialSources"] == {"direct": False, "openrouter": False, "dexto": True}
    assert [route["via"] for route in anthropic["routes"]] == ["dexto", "direct", "openrouter"]


@pytest.mark.parametrize("mode", ["grouped", "flat"])
def test_both_forms_say_who_pays(serve: Serve, mode: str) -> None:
    """Both forms of the catalog contain `auth`, which tells who pays."""
    auth = {"hasDextoKey": True, "preferDextoCredits": True}
    assert serve(**DEXTO).json(f"/api/llm/catalog?mode={mode}")["auth"] == auth
    assert serve().json(f"/api/llm/catalog?mode={mode}")["auth"] == auth | {"hasDextoKey": False}


def test_a_model_says_its_route(serve: Serve) -> None:
    """Every model has the route that it would take, or null if it has no usable route."""
    models = serve(**DEXTO).json("/api/llm/catalog?mode=flat")["models"]
    sonnet = next(each for each in models if (each["provider"], each["name"]) == ("anthropic", "claude-sonnet-4-5"))
    assert (sonnet["via"], sonnet["usable"]) == ("dexto", True)
    assert all(model["usable"] == (model["via"] is not None) for model in models)
    assert len(models) > 4_000


def test_a_model_that_the_gateway_lacks_says_why(serve: Serve) -> None:
    """If a provider is usable but one of its models is not, the model gives the reason."""
    models = serve(**DEXTO).json("/api/llm/catalog?provider=openai&usable=false")["providers"]["openai"]["models"]
    assert models
    assert all("dexto" in model["why"] for model in models)


def test_has_key_means_effective(serve: Serve) -> None:
    """`hasKey` filters by whether any route is usable."""
    client = serve(**DEXTO)
    assert "anthropic" in client.json("/api/llm/catalog?hasKey=true")["providers"]
    assert "anthropic" not in client.json("/api/llm/catalog?hasKey=0")["providers"]
    assert "mistral" in serve(MISTRAL_API_KEY="m").json("/api/llm/catalog?hasKey=1")["providers"]


def test_filters(serve: Serve) -> None:
    """The catalog is filtered by provider (an alias stays as requested), file type and default, or has no models."""
    client = serve()
    assert list(client.json("/api/llm/catalog?provider=glm,openai")["providers"]) == ["glm", "openai"]
    assert list(client.json("/api/llm/catalog?provider=glm&provider=nobody")["providers"]) == ["glm"]
    with_audio = client.json("/api/llm/catalog?mode=flat&fileType=audio")["models"]
    assert with_audio
    assert all("audio" in model["supportedFileTypes"] for model in with_audio)
    defaults = client.json("/api/llm/catalog?mode=flat&defaultOnly=true")["models"]
    assert all(model["default"] for model in defaults)
    assert len(defaults) == len({model["provider"] for model in defaults})
    bare = client.json("/api/llm/catalog?includeModels=false")["providers"]
    assert all(provider["models"] == [] for provider in bare.values())
    assert len(json.dumps(client.json("/api/llm/catalog?scope=curated"))) < 100_000


@pytest.mark.parametrize("query", ["", "?scope=all", "?scope=curated", "?includeModels=false"])
def test_names_that_clients_know(serve: Serve, query: str) -> None:
    """Every listing by provider also contains the aliases by which clients know the providers."""
    client = serve(**DEXTO)
    found = client.json(f"/api/llm/catalog{query}")["providers"]
    assert {"anthropic", "openai", "google", "groq", "xai", "cohere", "minimax", "glm", "openrouter"} <= found.keys()
    assert found["glm"]["hasApiKey"]
    if "zai" in found:
        assert found["zai"] == found["glm"]


def test_the_gateway_itself_is_not_offered(serve: Serve) -> None:
    """Clients find the gateway with its key and without models: users select a model, never the payer."""
    client = serve(**DEXTO)
    found = client.json("/api/llm/catalog")["providers"]
    assert "dexto" not in found
    gateway = found["dexto-nova"]
    assert (gateway["hasApiKey"], gateway["primaryEnvVar"]) == (True, "DEXTO_API_KEY")
    assert (gateway["supportsBaseURL"], gateway["models"]) == (False, [])
    assert {model["provider"] for model in client.json("/api/llm/catalog?mode=flat")["models"]} < found.keys()


def test_bytes_are_sent_once(serve: Serve) -> None:
    """A client with the current ETag gets 304, and a client that accepts gzip gets a compressed response."""
    client = serve(**DEXTO)
    packed = client.get("/api/llm/catalog", accept_encoding="gzip")
    again = client.get("/api/llm/catalog", accept_encoding="gzip", if_none_match=packed.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    plain = client.get("/api/llm/catalog")
    assert plain.headers["etag"] == packed.headers["etag"]
    assert len(packed.body) * 5 < len(plain.body)
    assert packed.json == plain.json


def test_resolving(serve: Serve) -> None:
    """`resolve` returns the command's document; for a model that can't be run, its route is null."""
    found = serve(**DEXTO).json("/api/llm/resolve?model=anthropic/claude-sonnet-4-5")
    assert found["route"]["via"] == "dexto"
    assert found["route"]["modelId"] == "anthropic/claude-sonnet-4.5"
    none = serve().json("/api/llm/resolve?model=openrouter/z-ai%2Fglm-4.5-air:free")
    assert none["model"] == "openrouter/z-ai/glm-4.5-air:free"
    assert none["route"] is None
    assert all(route["remedy"] for route in none["routes"])


def test_status_of_some(serve: Serve) -> None:
    """`status` returns the command's document, optionally for some providers only."""
    status = serve(**DEXTO).json("/api/llm/status?provider=anthropic,glm")
    assert list(status["providers"]) == ["anthropic", "glm"]
    assert status["auth"]["hasDextoKey"]


def test_what_a_model_can(serve: Serve) -> None:
    """Capabilities say yes, no, or null for what is not known; a model that is in no list is not said to lack any."""
    client = serve()
    known = client.json("/api/llm/capabilities?provider=openai&model=gpt-5")
    assert known["can"] == {"tools": True, "reasoning": True, "structuredOutput": True, "temperature": False}
    assert known["reasoning"]["capable"] is True
    plain = client.json("/api/llm/capabilities?provider=openai&model=gpt-3.5-turbo")
    assert plain["can"]["reasoning"] is plain["reasoning"]["capable"] is False
    unlisted = client.json("/api/llm/capabilities?provider=openai&model=nobody-knows")
    assert set(unlisted["can"].values()) == {None}
    assert unlisted["reasoning"]["capable"] is True


def test_capabilities_of_a_gateways_model(serve: Serve) -> None:
    """A model's file types are found under the gateway's spelling of its ID too."""
    client = serve()
    own = client.json("/api/llm/capabilities?provider=anthropic&model=claude-sonnet-4-5")
    routed = client.json("/api/llm/capabilities?provider=dexto-nova&model=anthropic/claude-sonnet-4.5")
    assert own["supportedFileTypes"] == routed["supportedFileTypes"] == ["pdf", "image"]
    assert routed["provider"] == "dexto-nova"
    assert client.json("/api/llm/capabilities?provider=openai&model=nobody-knows")["supportedFileTypes"] == []


@pytest.mark.parametrize("provider", ["openai-compatible", "litellm", "glama", "openrouter", "dexto-nova"])
def test_a_users_own_model_may_take_anything(serve: Serve, provider: str) -> None:
    """For a custom model all file types are listed, because clients refuse files of unlisted types."""
    client = serve(**DEXTO)
    every = ["pdf", "image", "audio", "video", "document"]
    assert client.json(f"/api/llm/capabilities?provider={provider}&model=nobody/knows")["supportedFileTypes"] == every
    listed = client.json("/api/llm/catalog")["providers"][provider]
    assert listed["models"] or listed["supportedFileTypes"] == every


@pytest.mark.parametrize("provider", ["ollama", "local"])
def test_what_runs_on_this_machine_may_take_images(serve: Serve, provider: str) -> None:
    """Models that run on this machine accept images only, as clients expect."""
    client = serve()
    assert client.json(f"/api/llm/capabilities?provider={provider}&model=own")["supportedFileTypes"] == ["image"]
    assert client.json("/api/llm/catalog")["providers"][provider]["supportedFileTypes"] == ["image"]


@pytest.mark.parametrize("variables", [DEXTO, {"OPENROUTER_API_KEY": "o"}, {"COHERE_API_KEY": "c"}])
def test_what_is_offered_first_can_be_run(serve: Serve, variables: dict[str, str]) -> None:
    """If the gateway lacks a provider's default model, the provider's newest usable model is featured instead."""
    client = serve(**variables)
    featured = client.json("/api/llm/model-picker-state")["featured"]
    assert all(each["usable"] for each in featured)
    providers = client.json("/api/llm/catalog?includeModels=false")["providers"]
    assert all(providers[each["provider"]]["hasApiKey"] for each in featured)
    assert "cohere" in {each["provider"] for each in featured}
    assert client.json("/api/llm/current")["config"]["hasApiKey"]


def test_a_model_that_is_newer_than_any_list(serve: Serve) -> None:
    """The user can switch to an unlisted model with the provider's own key, but not with a gateway's key."""
    newer = {"provider": "openai", "model": "gpt-newer"}
    assert serve(OPENAI_API_KEY="sk-secret").post("/api/llm/switch", newer).status == 200
    assert serve(**DEXTO).post("/api/llm/switch", newer).status == 400
