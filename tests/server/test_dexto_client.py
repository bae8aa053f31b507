"""What Dexto's own clients send, and what they have on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.catalogs import MakeEnvironment
from tests.support.http_server import Client, Serve

SWITCH = "/api/llm/switch"


@pytest.fixture
def client(serve: Serve) -> Client:
    """A client of a user with a key for Anthropic and one for Dexto."""
    return serve(ANTHROPIC_API_KEY="a", DEXTO_API_KEY="d")


@pytest.mark.parametrize("body", [{}, {"sessionId": "s"}, {"apiKey": "sk-12345678"}])
def test_a_switch_names_something(client: Client, body: dict[str, Any]) -> None:
    """A switch without a model and a provider is refused with Dexto's code."""
    answer = client.post(SWITCH, body)
    assert (answer.status, answer.json["code"]) == (400, "llm_switch_input_missing")


def test_a_switch_to_a_model_alone_or_a_provider_alone(client: Client) -> None:
    """A model alone finds its vendor, and a provider alone takes its default model."""
    config = client.post(SWITCH, {"model": "claude-sonnet-4-5"}).json["config"]
    assert (config["provider"], config["model"]) == ("anthropic", "claude-sonnet-4-5")
    config = client.post(SWITCH, {"provider": "cohere"}).json["config"]
    assert config["provider"] == "cohere"
    assert config["model"].startswith("command-a")
    assert "translate" not in config["model"]
    answer = client.post(SWITCH, {"model": "made-up-by-nobody"})
    assert (answer.status, answer.json["code"]) == (400, "llm_model_unknown")


def test_a_model_that_nobody_offers(serve: Serve) -> None:
    """A model that no endpoint offers is another error than a missing key."""
    client = serve(DEXTO_API_KEY="d")
    answer = client.post(SWITCH, {"provider": "openai", "model": "gpt-made-up"})
    assert (answer.status, answer.json["code"]) == (400, "llm_model_incompatible")
    answer = serve().post(SWITCH, {"provider": "openai", "model": "gpt-5"})
    assert (answer.status, answer.json["code"]) == (400, "llm_api_key_missing")


def test_unknown_fields_are_noted(client: Client) -> None:
    """Unknown fields of a body are ignored, and a note names them unless they might be keys."""
    answer = client.post(SWITCH, {"model": "claude-sonnet-4-5", "router": "x", "sk-12345678-secret": 1})
    assert answer.json["notes"] == ["These fields are unknown and were ignored: router, …."]


def test_the_gateway_is_no_provider_of_a_custom_model(client: Client) -> None:
    """`dexto` is refused over HTTP as by the command; `dexto-nova`, as Dexto writes it, is accepted and kept."""
    path = "/api/llm/custom-models"
    refused = client.post(path, {"provider": "dexto", "name": "openai/gpt-5"})
    assert (refused.status, refused.json["code"]) == (400, "llm_model_invalid")
    assert client.post(path, {"provider": "dexto-nova", "name": "openai/gpt-5"}).status == 200
    (model,) = client.json(path)["models"]
    assert (model["provider"], model["usable"], model["via"]) == ("dexto-nova", True, "dexto")


def test_models_for_other_tasks(client: Client) -> None:
    """Embedding models are in the catalog only if they are asked for."""

    def named(query: str) -> set[str]:
        return {each["name"] for each in client.json(f"/api/llm/catalog?mode=flat&provider=openai{query}")["models"]}

    assert "text-embedding-3-large" not in named("")
    assert named("&allKinds=true") > named("")
    assert "text-embedding-3-large" in named("&allKinds=true")


def test_the_page_of_keys_gets_direct_keys(client: Client) -> None:
    """To the request of Dexto's page of keys, `hasApiKey` says whether the provider's own key is set."""
    keys = client.json("/api/llm/catalog?mode=grouped&includeModels=false")["providers"]
    assert keys["anthropic"]["hasApiKey"]
    assert not keys["openai"]["hasApiKey"]
    assert client.json("/api/llm/catalog?mode=grouped")["providers"]["openai"]["hasApiKey"]


def test_what_dexto_has_on_this_machine(serve: Serve, make_environment: MakeEnvironment, tmp_path: Path) -> None:
    """Dexto's favourites, default model and installed model files are read; later changes of ours come first."""
    picked = {"provider": "xai", "model": "grok-4", "updatedAt": "2026-01-01T00:00:00.000Z"}
    installed = {"id": "phi", "filePath": "/m/phi.gguf", "sizeBytes": 5, "source": "manual", "filename": "phi.gguf"}
    files = {
        ".dexto/models/model-picker-state.json": json.dumps({"version": 1, "recents": [], "favorites": [picked]}),
        ".dexto/models/state.json": json.dumps({"version": "1.0", "installed": {"phi": installed}}),
        ".dexto/preferences.yml": "llm:\n  provider: anthropic\n  model: claude-haiku-4-5\n",
    }
    client = serve.app(environment=make_environment(files=files, ANTHROPIC_API_KEY="a"))
    (favourite,) = client.json("/api/llm/model-picker-state")["favorites"]
    assert (favourite["provider"], favourite["model"]) == ("xai", "grok-4")
    assert client.json("/api/llm/current")["config"]["model"] == "claude-haiku-4-5"
    (model,) = client.json("/api/models/local")["models"]
    assert (model["id"], model["filePath"], model["source"]) == ("phi", "/m/phi.gguf", "manual")
    toggled = client.post("/api/llm/model-picker-state/favorites/toggle", {"provider": "xai", "model": "grok-4"})
    assert not toggled.json["isFavorite"]
    assert client.json("/api/llm/model-picker-state")["favorites"] == []


def test_a_model_file_is_looked_at(client: Client, tmp_path: Path) -> None:
    """A path is valid if it leads to a readable `.gguf` file."""
    file = tmp_path / "m.gguf"
    file.write_bytes(b"12345")
    valid = client.post("/api/models/local/validate", {"filePath": str(file)}).json
    assert valid == {"valid": True, "sizeBytes": 5}
    for path in ("m.gguf", str(tmp_path / "m.bin"), str(tmp_path / "none.gguf"), f"{tmp_path}/\0.gguf"):
        assert not client.post("/api/models/local/validate", {"filePath": path}).json["valid"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://models.example"])
def test_a_server_that_does_not_run(client: Client, url: str) -> None:
    """A server that does not answer is not available, and one elsewhere is not asked."""
    found = client.json(f"/api/models/ollama?baseURL={url}")
    assert (found["available"], found["models"]) == (False, [])
    assert found["error"]


def test_reasoning_settings(client: Client) -> None:
    """A model that reasons has the choices of its protocol; one that is not known to reason has none."""
    found = client.json("/api/llm/capabilities?provider=anthropic&model=claude-sonnet-4-5")["reasoning"]
    assert (found["paradigm"], found["supportsBudgetTokens"]) == ("budget", True)
    found = client.json("/api/llm/capabilities?provider=openai&model=gpt-5")["reasoning"]
    assert (found["paradigm"], found["supportedVariants"]) == ("effort", ["low", "medium", "high"])


def test_everything_that_is_wrong(serve: Serve, make_environment: MakeEnvironment) -> None:
    """The problems say what is wrong where, what it affects, and what helps, under an ID that stays the same."""
    own = {"version": 1, "models": [{"provider": "lmstudio", "name": "m"}]}
    files = {".dexto/models/custom-models.json": json.dumps(own)}
    client = serve.app(environment=make_environment(files=files))
    document = client.json("/api/llm/problems")
    assert not document["healthy"]
    found = next(each for each in document["problems"] if each["code"] == "custom-models-unshared")
    assert found["severity"] == "error"
    assert found["file"].endswith("custom-models.json")
    assert found["actions"] == [{"kind": "repair", "command": "polyroute doctor --repair"}]
    assert found["id"] in {each["id"] for each in client.json("/api/llm/problems")["problems"]}
    answer = client.post("/api/llm/repair", {"file": found["file"]}).json
    assert (answer["file"], answer["original"]) == (found["file"], None)
    assert answer["note"].endswith("models.json: 1.")
    assert "custom-models-unshared" not in {each["code"] for each in client.json("/api/llm/problems")["problems"]}
