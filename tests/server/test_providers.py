"""Providers over HTTP: what each needs, setting it up and taking it back, and the lists of models."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.test_catalog import DEXTO
from tests.support.fake_endpoint import Upstream
from tests.support.http_server import Client, Serve

AZURE = {"AZURE_API_KEY": "key-123456789", "AZURE_RESOURCE_NAME": "mine"}


def provider(client: Client, name: str) -> Any:
    document = client.json("/api/llm/providers")
    return next(each for each in document["providers"] if each["id"] == name)


def test_what_is_set_up_and_what_each_needs(serve: Serve) -> None:
    """Providers that are set up come first; each has its kind, its settings, the source of its key and its models."""
    client = serve(**DEXTO)
    document = client.json("/api/llm/providers")
    assert document["providers"][0]["usable"]
    assert document["lists"]["date"] == "2026-05-21" and document["lists"]["days"] >= 0
    dexto = provider(client, "dexto")
    assert (dexto["kind"], dexto["source"]["name"], dexto["removable"]) == ("gateway", "DEXTO_API_KEY", False)
    assert dexto["models"] == provider(client, "openrouter")["models"] > 300
    azure = provider(client, "azure")
    assert (azure["usable"], azure["source"]) == (False, None)
    assert [(each["name"], each["secret"], each["found"]) for each in azure["needs"]] == [
        ("AZURE_API_KEY", True, False),
        ("AZURE_RESOURCE_NAME", False, False),
    ]
    assert provider(client, "ollama")["address"].startswith("http://")


def test_several_settings_at_once(serve: Serve) -> None:
    """All settings of a provider are stored by one request; a key that is stored can be removed."""
    client = serve()
    answer = client.post("/api/llm/key", {"provider": "azure", "values": AZURE})
    assert (answer.status, answer.json["provider"]) == (200, "azure")
    stored = provider(client, "azure")
    assert (stored["usable"], stored["removable"]) == (True, True)
    removed = client.send("DELETE", "/api/llm/key/azure").json
    assert (removed["removed"], removed["left"], removed["envVar"]) == (True, None, "AZURE_API_KEY")
    assert not provider(client, "azure")["usable"]
    assert client.send("DELETE", "/api/llm/key/azure").json["removed"] is False


def test_a_key_in_the_environment_stays(serve: Serve) -> None:
    """A key that a variable has can't be removed; the answer says where it is."""
    removed = serve(**DEXTO).send("DELETE", "/api/llm/key/dexto").json
    assert (removed["removed"], removed["left"]) == (False, "env DEXTO_API_KEY")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"values": {}},
        {"apiKey": "key-123456789", "values": AZURE},
        {"values": {"PATH": "/bin"}},
        {"values": {**AZURE, "AZURE_API_KEY": "$HOME"}},
        {"values": {**AZURE, "AZURE_API_KEY": "two words"}},
    ],
)
def test_wrong_settings_are_refused(serve: Serve, body: dict[str, Any]) -> None:
    """A request has either a key or settings, and only values for variables that the provider reads."""
    client = serve()
    assert client.post("/api/llm/key", {"provider": "azure", **body}).status == 400
    assert not any(each["found"] for each in provider(client, "azure")["needs"])


def test_models_are_found_by_words(serve: Serve) -> None:
    """A search returns IDs alone, best first, with the user's usable models before others of equal rank."""
    client = serve(**DEXTO)
    assert client.json("/api/llm/search?q=sonnet+4-5")["models"][0] == "anthropic/claude-sonnet-4-5"
    assert client.json("/api/llm/search?q=zxqv") == {"models": []}


def test_a_snippet(serve: Serve) -> None:
    """A model's code refers to the key by its variable; a route that a format can't express says why."""
    client = serve(**DEXTO)
    found = client.json("/api/llm/snippet?model=anthropic/claude-sonnet-4-5")
    compile(found["text"], "snippet", "exec")
    assert 'os.environ["DEXTO_API_KEY"]' in found["text"]
    assert found["formats"]["python"] == "Python"
    direct = client.json("/api/llm/snippet?model=anthropic/claude-sonnet-4-5&format=polyroute")
    assert "openai.client(" in direct["text"]
    client = serve(**DEXTO, ANTHROPIC_API_KEY="k", AZURE_API_KEY="k", AZURE_RESOURCE_NAME="mine")
    by_pin = client.json("/api/llm/snippet?model=anthropic/claude-sonnet-4-5&via=direct")
    assert "anthropic.Anthropic(" in by_pin["text"]
    refused = client.json("/api/llm/snippet?model=azure/gpt-4.1&format=openai")
    assert refused["text"] is None and "api-key" in refused["reason"]


def test_lists_are_fetched_anew(serve: Serve) -> None:
    """Offline, each list says why it can't be fetched, and nothing has moved."""
    answer = serve(POLYROUTE_OFFLINE="1").write("POST", "/api/llm/lists/refresh", None)
    assert answer.status == 200 and answer.json["moves"] is None
    assert {each["state"] for each in answer.json["lists"]} == {"offline"}


def test_own_servers_are_asked(serve: Serve) -> None:
    """Each of the user's own servers has its address, also if it does not run, its state and number of models."""
    with Upstream("one", "two").running() as upstream:
        client = serve(OLLAMA_BASE_URL=upstream.url)
        before = {each["id"]: each["local"] for each in client.json("/api/llm/providers")["providers"]}
        servers = client.write("POST", "/api/llm/local/look", None).json["servers"]
        after = {each["id"]: each["local"] for each in client.json("/api/llm/providers")["providers"]}
    states = {each["id"]: (each["state"], each["models"]) for each in servers}
    assert (before["ollama"]["state"], before["openai"]) == ("unchecked", None)
    assert after["ollama"] == next(each for each in servers if each["id"] == "ollama")
    assert states["ollama"][0] == "running"
    assert states["lmstudio"] == ("not_running", 0)
    assert {each["id"] for each in servers if after[each["id"]] != each} == set()
