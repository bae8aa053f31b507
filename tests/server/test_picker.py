"""Every request of Dexto's model picker gets a response as the published contract requires, in all states of keys.

`tests/data/contract/answers.json` holds what the contract requires of responses and errors: fields, types, enums.
Additional fields are allowed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest

from tests.support.catalogs import MakeEnvironment
from tests.support.http_server import Answer, Client, Serve

CONTRACT = json.loads((Path(__file__).parent.parent / "data" / "contract" / "answers.json").read_text(encoding="utf-8"))
DEXTO, OPENROUTER = {"DEXTO_API_KEY": "dexto-canary-1"}, {"OPENROUTER_API_KEY": "sk-or-v1-canary-2"}
STATES = {"nothing": {}, "dexto": DEXTO, "openrouter": OPENROUTER, "both": DEXTO | OPENROUTER}
GLM = {"provider": "openrouter", "model": "z-ai/glm-4.5-air:free"}
FORM = {"name": GLM["model"], "provider": "openrouter", "displayName": "GLM", "maxInputTokens": 131_072}

Ask = Callable[..., Any]


@pytest.fixture(params=STATES)
def state(request: pytest.FixtureRequest) -> str:
    """The name of a state of keys."""
    return str(request.param)


@pytest.fixture
def client(serve: Serve, state: str) -> Client:
    """A server with the keys of the state."""
    return serve(**STATES[state])


@pytest.fixture
def ask(client: Client) -> Ask:
    """A function that sends a request of the contract and checks the response against the contract."""

    def send(request: str, path: str = "", body: Any = None) -> Any:
        method, _, template = request.partition(" ")
        target = f"/api{path or template}"
        answer = client.send(method, target) if body is None else client.write(method, target, body)
        return held(answer, request)

    return send


def held(answer: Answer, request: str) -> Any:
    """Check a successful response against the contract, and return its document."""
    assert answer.status == 200, answer.body
    check(answer.json, CONTRACT["answers"][request])
    return answer.json


def refused(answer: Answer, status: int) -> Any:
    """Check an error against the contract, and return its document."""
    assert answer.status == status, answer.body
    check(answer.json, CONTRACT["error"])
    return answer.json


def check(document: Any, schema: Any) -> None:
    jsonschema.Draft202012Validator({**schema, "$defs": CONTRACT["$defs"]}).validate(document)


def test_the_contract_can_be_broken() -> None:
    """The schemas reject documents with missing or wrong fields."""
    for document in ({}, {"config": {"provider": "nobody", "model": "x"}, "routing": {"viaDexto": False}}):
        with pytest.raises(jsonschema.ValidationError):
            check(document, CONTRACT["answers"]["GET /llm/current"])


# --- Requests at startup ---


@pytest.mark.parametrize(
    "query",
    ["", "?scope=curated", "?scope=all&includeModels=false", "?mode=grouped&hasKey=true", "?provider=openai,glm"],
)
def test_listing_by_provider(ask: Ask, state: str, query: str) -> None:
    """In the catalog by provider, `hasApiKey` is true exactly for providers that can be run."""
    providers = ask("GET /llm/catalog", f"/llm/catalog{query}")["providers"]
    assert all(each["hasApiKey"] for each in providers.values()) or "hasKey" not in query
    if "openai" in providers:
        assert providers["openai"]["hasApiKey"] == (state != "nothing")
        assert not providers["openai"]["hasDirectKey"]
    if query == "":
        assert providers["ollama"]["hasApiKey"]
        assert providers["openrouter"]["hasApiKey"] == (state != "nothing")


@pytest.mark.parametrize("query", ["?mode=flat", "?mode=flat&scope=curated&fileType=pdf", "?mode=flat&defaultOnly=1"])
def test_listing_flat(ask: Ask, query: str) -> None:
    """The flat catalog follows the contract."""
    assert ask("GET /llm/catalog", f"/llm/catalog{query}")["models"]


def test_what_else_it_asks_at_its_start(ask: Ask, client: Client, state: str) -> None:
    """At startup the picker also requests the current model, custom models, its state, the login and local models."""
    current = ask("GET /llm/current")
    assert current["config"]["hasApiKey"] == (state != "nothing")
    assert current["routing"]["viaDexto"] == (state in ("dexto", "both"))
    assert ask("GET /llm/custom-models")["models"] == []
    featured = ask("GET /llm/model-picker-state")["featured"]
    assert featured
    usable = state in ("dexto", "both")
    assert client.json("/api/dexto-auth/status") == {"enabled": True, "authenticated": usable, "canUse": usable}
    assert client.json("/api/models/local") == {"models": []}
    assert ask("GET /llm/capabilities", "/llm/capabilities?provider=anthropic&model=claude-sonnet-4-5")


# --- Custom models ---


def test_add_switch_edit_rename_delete(ask: Ask, client: Client, state: str) -> None:
    """With any key, a custom model can be added, used, edited, renamed and deleted; without one, it can't be used."""
    saved = ask("POST /llm/custom-models", body=FORM)
    assert {name: saved["model"][name] for name in FORM} == FORM
    assert switched(client, state)
    edited = ask(
        "POST /llm/custom-models", body={"name": GLM["model"], "provider": "openrouter", "displayName": "Other"}
    )
    assert edited["model"]["displayName"] == "Other"
    assert edited["model"]["maxInputTokens"] == FORM["maxInputTokens"]  # the form may leave it out
    ask("DELETE /llm/custom-models/{name}", "/llm/custom-models/z-ai%2Fglm-4.5-air%3Afree")
    ask("POST /llm/custom-models", body={**FORM, "name": "z-ai/glm-4.5-air"})
    (renamed,) = ask("GET /llm/custom-models")["models"]
    assert renamed["name"] == "z-ai/glm-4.5-air"
    assert renamed["usable"] == (state != "nothing")
    deleted = ask("DELETE /llm/custom-models/{name}", "/llm/custom-models/z-ai%2Fglm-4.5-air")
    assert deleted["deleted"] == "z-ai/glm-4.5-air"
    assert ask("GET /llm/custom-models")["models"] == []


def switched(client: Client, state: str) -> bool:
    """Switch to the custom model and check the current model; without a key, check that the switch is refused."""
    answer = client.post("/api/llm/switch", {**GLM, "sessionId": "s"})
    if state == "nothing":
        error = refused(answer, 400)
        assert error["code"] == "llm_api_key_missing"
        assert error["issues"][0]["path"] == ["apiKey"]
        assert "OPENROUTER_API_KEY" in error["recovery"]
        return True
    document = held(answer, "POST /llm/switch")
    current = held(client.get("/api/llm/current?sessionId=s"), "GET /llm/current")
    assert document["config"]["hasApiKey"]
    assert current["routing"]["viaDexto"] == (state in ("dexto", "both"))
    return bool(document["sessionId"] == "s" and current["config"]["model"] == GLM["model"])


@pytest.mark.parametrize("provider", ["openai-compatible", "dexto-nova"])
def test_an_own_model_is_called_what_the_user_calls_it(client: Client, state: str, provider: str) -> None:
    """The current model has the display name and the limits that the user entered."""
    own = {"name": "x-ai/grok-4", "provider": provider, "displayName": "Mine", "maxInputTokens": 1_000}
    endpoint = {"baseURL": "http://localhost:9/v1"} if provider == "openai-compatible" else {}
    client.post("/api/llm/custom-models", own | endpoint)
    answer = client.post("/api/llm/switch", {"provider": provider, "model": own["name"], **endpoint})
    if provider == "dexto-nova" and state not in ("dexto", "both"):
        assert refused(answer, 400)["code"] == "llm_api_key_missing"
        return
    for config in (held(answer, "POST /llm/switch")["config"], client.json("/api/llm/current")["config"]):
        assert (config["displayName"], config["maxInputTokens"]) == ("Mine", 1_000)
        assert config.get("baseURL", "") == endpoint.get("baseURL", "")


@pytest.mark.parametrize("key", ["", "sk-proj-canary-0123456789"])
def test_the_picker_chooses_an_own_model(ask: Ask, client: Client, key: str) -> None:
    """The picker sends a model's base URL and key as it received them: first the key itself, later its mask."""
    own = {"name": "own", "provider": "openai-compatible", "baseURL": "http://localhost:9/v1"}
    given = {"apiKey": key} if key else {}
    ask("POST /llm/custom-models", body=own | given)
    choice = {"provider": own["provider"], "model": own["name"], "baseURL": own["baseURL"]}
    assert ask("POST /llm/switch", body=choice | given)["config"]["hasApiKey"]
    (shown,) = ask("GET /llm/custom-models")["models"]
    mask = {"apiKey": shown["apiKey"]} if key else {}
    assert ask("POST /llm/switch", body=choice | mask)["config"]["hasApiKey"]
    client.post("/api/llm/switch", {"provider": "ollama", "model": "m"})
    assert ask("POST /llm/switch", body=choice | mask)["config"]["baseURL"] == own["baseURL"]


def test_what_the_page_kept_by_itself_moves_here(ask: Ask) -> None:
    """Favourites and custom models (without a provider) that older pages kept in the browser can be posted."""
    ask("POST /llm/custom-models", body={"name": "own", "baseURL": "http://localhost:9/v1", "maxInputTokens": 1_000})
    own = {"provider": "openai-compatible", "model": "own", "baseURL": "http://localhost:9/v1"}
    for _ in range(2):  # the page may post them twice
        assert ask("PUT /llm/model-picker-state/favorites", body={"favorites": [GLM, own]})["count"] == 2
    state = ask("GET /llm/model-picker-state")
    assert [each["model"] for each in state["favorites"]] == [GLM["model"], "own"]
    assert [each["provider"] for each in state["custom"]] == ["openai-compatible"]
    assert "image" in state["custom"][0]["supportedFileTypes"]


def test_a_key_that_comes_back_masked_is_kept(ask: Ask, client: Client) -> None:
    """A posted mask keeps the stored key, on edit and on rename; the key itself is never returned."""
    model = {"name": "own", "provider": "openai-compatible", "baseURL": "http://localhost:9/v1"}
    ask("POST /llm/custom-models", body={**model, "apiKey": "sk-proj-canary-0123456789"})
    (shown,) = ask("GET /llm/custom-models")["models"]
    assert "canary" not in json.dumps(shown)
    for mask in (shown["apiKey"], "[REDACTED]"):
        ask("POST /llm/custom-models", body={**model, "displayName": mask, "apiKey": mask})
        assert ask("GET /llm/custom-models")["models"][0]["apiKey"] == shown["apiKey"]
    ask("DELETE /llm/custom-models/{name}", "/llm/custom-models/own")
    ask("POST /llm/custom-models", body={**model, "name": "renamed", "apiKey": "[REDACTED]"})
    (renamed,) = ask("GET /llm/custom-models")["models"]
    assert (renamed["name"], renamed["apiKey"]) == ("renamed", shown["apiKey"])


def test_the_form_renames_a_model_with_its_own_key(ask: Ask, client: Client, state: str) -> None:
    """Renaming a model in the form keeps the model's own key, and no other model gets that key.

    The form displays the key masked. If the provider has no key, the form posts the mask as the provider's key, then
    deletes the model and adds it again without a key.
    """
    model = {"name": "a/b", "provider": "openrouter"}
    ask("POST /llm/custom-models", body={**model, "apiKey": "sk-or-v1-own-0123456789"})
    (shown,) = ask("GET /llm/custom-models")["models"]
    mask = {"apiKey": shown["apiKey"]}
    if not ask("GET /llm/key/{provider}", "/llm/key/openrouter")["hasKey"]:
        ask("POST /llm/key", body={"provider": "openrouter", **mask})
        mask = {}
    ask("DELETE /llm/custom-models/{name}", "/llm/custom-models/a%2Fb")
    renamed = ask("POST /llm/custom-models", body={**model, "name": "a/c", **mask})["model"]
    assert renamed["apiKey"] == shown["apiKey"]
    ask("DELETE /llm/custom-models/{name}", "/llm/custom-models/a%2Fc")
    assert "apiKey" not in ask("POST /llm/custom-models", body=model)["model"]


def test_a_name_under_two_providers(ask: Ask, client: Client) -> None:
    """The same ID under two providers is two models; deleting one requires its provider."""
    ask("POST /llm/custom-models", body={"name": "a/b", "provider": "openrouter"})
    ask("POST /llm/custom-models", body={"name": "a/b", "provider": "glama"})
    error = refused(client.delete("/api/llm/custom-models/a%2Fb"), 409)
    assert [each["provider"] for each in error["context"]["candidates"]] == ["openrouter", "glama"]
    ask("DELETE /llm/custom-models/{name}", "/llm/custom-models/a%2Fb?provider=glama")
    assert [each["provider"] for each in ask("GET /llm/custom-models")["models"]] == ["openrouter"]


@pytest.mark.parametrize("name", ["a%b", "a/b", "a%2Fb", "../x", "ü", "a b", "a?b#c"])
def test_any_name_can_be_deleted(ask: Ask, client: Client, name: str) -> None:
    """A model of any name can be deleted; the name is percent-encoded once."""
    path = f"/llm/custom-models/{quote(name, safe='')}"
    assert refused(client.delete(f"/api{path}"), 404)["context"] == {"modelName": name}
    ask("POST /llm/custom-models", body={"name": name, "provider": "openrouter"})
    assert ask("DELETE /llm/custom-models/{name}", path)["deleted"] == name


@pytest.mark.parametrize("provider", ["dexto-nova"])
def test_the_gateways_own_models(ask: Ask, client: Client, state: str, provider: str) -> None:
    """Clients may name the gateway as a model's provider, and read back the same provider."""
    saved = ask("POST /llm/custom-models", body={"name": GLM["model"], "provider": provider})
    assert saved["model"]["provider"] == provider
    (listed,) = ask("GET /llm/custom-models")["models"]
    assert listed["usable"] == (state in ("dexto", "both"))
    answer = client.post("/api/llm/switch", {"provider": provider, "model": GLM["model"]})
    assert answer.status == (200 if listed["usable"] else 400)


# --- Favourites and recents ---


def test_favourites_and_recents(ask: Ask) -> None:
    """Favourites can be toggled, variants are distinct favourites, and recent models are listed newest first."""
    path = "/llm/model-picker-state"
    assert ask(f"POST {path}/favorites/toggle", body=GLM)["isFavorite"]
    assert ask(f"POST {path}/favorites/toggle", body={**GLM, "baseURL": "http://localhost:1/v1"})["isFavorite"]
    assert len(ask(f"GET {path}")["favorites"]) == 2
    assert not ask(f"POST {path}/favorites/toggle", body=GLM)["isFavorite"]
    assert ask(f"PUT {path}/favorites", body={"favorites": [GLM]})["count"] == 1
    ask(f"POST {path}/recents", body={"provider": "openai", "model": "gpt-5"})
    ask(f"POST {path}/recents", body=GLM)
    state = ask(f"GET {path}")
    assert [each["model"] for each in state["recents"]] == [GLM["model"], "gpt-5"]
    assert state["favorites"][0]["displayName"] == "GLM 4.5 Air (free)"


def test_what_is_switched_to_is_recent(ask: Ask, client: Client, state: str) -> None:
    """The server, not the page, records recents: each successful switch, for all sessions or one; no failed one."""
    for body in (GLM, GLM | {"sessionId": "s"}):
        client.post("/api/llm/switch", body)
    recents = ask("GET /llm/model-picker-state")["recents"]
    assert [each["model"] for each in recents] == ([] if state == "nothing" else [GLM["model"]])


def test_a_switch_needs_no_recents(serve: Serve, make_environment: MakeEnvironment) -> None:
    """If recents can't be written, the switch still succeeds, and their file is left unchanged."""
    environment = make_environment(**DEXTO)
    remembered = Path(environment.state_directory, "model-picker.json")
    remembered.parent.mkdir(parents=True)
    remembered.write_text("[]", encoding="utf-8")
    assert serve.app(environment=environment).post("/api/llm/switch", GLM).status == 200
    assert remembered.read_text(encoding="utf-8") == "[]"


# --- Keys ---


def test_keys(ask: Ask, state: str) -> None:
    """The key's state is that of the direct key, masked; a saved key takes effect at once."""
    before = ask("GET /llm/key/{provider}", "/llm/key/openrouter")
    assert before["hasKey"] == (state in ("openrouter", "both"))
    assert before["hasEffectiveCredentials"] == (state != "nothing")
    assert before["envVar"] == "OPENROUTER_API_KEY"
    assert "canary" not in json.dumps(before)
    assert ask("POST /llm/key", body={"provider": "xai", "apiKey": "xai-canary-0123"})
    assert ask("GET /llm/key/{provider}", "/llm/key/xai")["hasKey"]
    assert ask("GET /llm/catalog", "/llm/catalog?provider=xai")["providers"]["xai"]["hasDirectKey"]


def test_a_key_for_a_gateway_is_a_wish_to_use_it(ask: Ask, state: str) -> None:
    """An OpenRouter key posted while the other gateway comes first is used from then on, and the response says so."""
    saved = ask("POST /llm/key", body={"provider": "openrouter", "apiKey": "sk-or-v1-canary-3"})
    assert saved["pinned"]
    assert any("direct" in note for note in saved["notes"])
    routes = ask("GET /llm/catalog", "/llm/catalog?provider=openrouter")["providers"]["openrouter"]["routes"]
    assert (routes[0]["via"], routes[0]["usable"]) == ("direct", True)


def test_the_gateways_key(ask: Ask) -> None:
    """The gateway's key is found and saved under any of its names."""
    saved = ask("POST /llm/key", body={"provider": "dexto-nova", "apiKey": "dexto-canary-4567"})
    assert (saved["provider"], saved["envVar"]) == ("dexto-nova", "DEXTO_API_KEY")
    assert ask("GET /llm/key/{provider}", "/llm/key/dexto-nova")["hasKey"]
    assert ask("GET /llm/catalog", "/llm/catalog?mode=flat")["auth"]["hasDextoKey"]


# --- Validating ---


@pytest.mark.parametrize(("model", "status"), [("z-ai%2Fglm-4.5-air%3Afree", "valid"), ("nobody%2Fknows", None)])
def test_validating(ask: Ask, model: str, status: str | None) -> None:
    """A model in the gateway's list is valid; no other model is reported as valid."""
    found = ask("GET /openrouter/validate/{modelId}", f"/openrouter/validate/{model}")
    assert (found["valid"], found["status"]) == (True, "valid") if status else not found["valid"]
    assert ("contextLength" in found.get("info", {})) == bool(status)
