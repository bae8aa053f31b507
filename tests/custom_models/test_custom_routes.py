"""A user's own models in the catalog: by which route each runs, and where its key goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polyroute import (
    Catalog,
    CustomModelRules,
    Environment,
    ModelRef,
    Plugins,
    Preferences,
    Provider,
    Route,
    SecretUnavailable,
    explain,
    hookimpl,
)
from tests.support.catalogs import MakeCatalog, MakeEnvironment

GLM = "openrouter/z-ai/glm-4.5-air:free"
OPENROUTER = "https://openrouter.ai/api/v1"
URL = "https://one.example/v1"
KEY = "sk-own-0123456789"
FILE = ".dexto/models/custom-models.json"


def holding(*models: dict[str, Any]) -> dict[str, str]:
    """Return the user's file with these models."""
    return {FILE: json.dumps({"version": 1, "models": models})}


def own(reference: str, **fields: Any) -> dict[str, Any]:
    """Return an entry of the file."""
    provider, name = reference.split("/", 1)
    return {"provider": provider, "name": name, **fields}


def custom(catalog: Catalog) -> list[str]:
    """Return the catalog's custom models, by reference."""
    return [str(model.ref) for model in catalog.models() if catalog.custom_model(model.ref)]


def facts(route: Route) -> tuple[str, str | None, str, str]:
    """Return the gateway, model ID, base URL and credential of a route."""
    return route.via, route.model_id, route.base_url, str(route.credential)


# --- Through gateways ---


def test_via_dexto_with_that_very_id(make_catalog: MakeCatalog) -> None:
    """With only the gateway's key, a custom model of openrouter runs via the gateway, its ID unchanged."""
    route = make_catalog(files=holding(own(GLM)), DEXTO_API_KEY="d").resolve(GLM)
    assert (route.via, route.model_id, route.mapping) == ("dexto", "z-ai/glm-4.5-air:free", "verbatim")


def test_direct_with_the_providers_key(make_catalog: MakeCatalog) -> None:
    """With only the provider's own key, a custom model runs direct."""
    route = make_catalog(files=holding(own(GLM)), OPENROUTER_API_KEY="o").resolve(GLM)
    assert facts(route) == ("direct", "z-ai/glm-4.5-air:free", OPENROUTER, "env OPENROUTER_API_KEY")


def test_direct_first_with_its_own_key(make_catalog: MakeCatalog) -> None:
    """A custom model's own key comes before the preferred gateway and the provider's key, and is the one revealed."""
    catalog = make_catalog(files=holding(own(GLM, apiKey=KEY)), DEXTO_API_KEY="d", OPENROUTER_API_KEY="o")
    first, second, *_ = catalog.routes(GLM)
    assert facts(first) == ("direct", "z-ai/glm-4.5-air:free", OPENROUTER, f"custom model {GLM} apiKey")
    assert second.via == "dexto"
    assert catalog.environment.reveal(first.credential) == KEY
    assert first.credential is not None
    assert first.credential.endpoint == OPENROUTER
    assert catalog.resolve("openrouter/other/model").via == "dexto"


@pytest.mark.parametrize("preferences", [Preferences(order=("dexto",)), Preferences(pins={GLM: "dexto"})])
def test_what_the_user_said_of_it_comes_first(make_catalog: MakeCatalog, preferences: Preferences) -> None:
    """A full order and a pin of the custom model win over its own key."""
    catalog = make_catalog(preferences, files=holding(own(GLM, apiKey=KEY)), DEXTO_API_KEY="d")
    assert [route.via for route in catalog.routes(GLM)][:2] == ["dexto", "direct"]


def test_nothing_is_there(make_catalog: MakeCatalog) -> None:
    """Without any credential a custom model can't be run, like any other model of its provider."""
    catalog = make_catalog(files=holding(own(GLM)))
    assert not any(route.usable for route in catalog.routes(GLM))
    assert "a custom model of yours" in str(explain(catalog, GLM))


# --- Base URLs and keys ---


@pytest.mark.parametrize("provider", ["openai-compatible", "litellm"])
def test_a_base_url_of_its_own(make_catalog: MakeCatalog, provider: str) -> None:
    """A custom model with its own base URL runs only there, with its own key."""
    catalog = make_catalog(files=holding(own(f"{provider}/m", baseURL=URL, apiKey=KEY)), DEXTO_API_KEY="d")
    (route,) = catalog.routes(f"{provider}/m")
    assert facts(route) == ("direct", "m", URL, f"custom model {provider}/m apiKey")
    assert route.usable
    assert route.credential is not None
    assert route.credential.endpoint == URL
    assert catalog.environment.reveal(route.credential) == KEY


@pytest.mark.parametrize("provider", ["openai-compatible", "litellm"])
def test_an_environment_key_is_not_sent_to_it(make_catalog: MakeCatalog, provider: str) -> None:
    """The provider's key is not sent to a custom base URL: the route is usable without any key."""
    variables = {"OPENAI_API_KEY": "o", "LITELLM_API_KEY": "l", "OPENAI_BASE_URL": f"{URL}/x"}
    catalog = make_catalog(files=holding(own(f"{provider}/m", baseURL=URL)), **variables)
    (route,) = catalog.routes(f"{provider}/m")
    assert route.usable
    assert route.base_url == URL
    assert route.credential is not None
    assert (route.credential.kind, route.credential.source, route.credential.endpoint) == ("none", None, URL)
    assert catalog.environment.reveal(route.credential) == ""


def test_the_same_base_url_as_the_environments(make_catalog: MakeCatalog) -> None:
    """A key that was found for exactly this base URL is sent to it."""
    files = holding(own("litellm/m", baseURL=f"{URL}/"))
    catalog = make_catalog(files=files, LITELLM_API_KEY="l", LITELLM_BASE_URL=URL)
    (route,) = catalog.routes("litellm/m")
    assert facts(route) == ("direct", "m", f"{URL}/", "env LITELLM_API_KEY")
    assert route.credential is not None
    assert route.credential.endpoint == route.base_url


@pytest.mark.parametrize("reference", ["$MY_KEY", "${MY_KEY}"])
def test_a_variable_by_name(make_catalog: MakeCatalog, reference: str) -> None:
    """An environment key goes to a custom base URL if the entry names it; if it is not set, the route says so."""
    files = holding(own("openai-compatible/m", baseURL=URL, apiKey=reference))
    catalog = make_catalog(files=files, MY_KEY=KEY)
    (route,) = catalog.routes("openai-compatible/m")
    assert facts(route) == ("direct", "m", URL, "env MY_KEY")
    assert catalog.environment.reveal(route.credential) == KEY
    (route,) = make_catalog(files=files, OPENAI_API_KEY="o").routes("openai-compatible/m")
    assert not route.usable
    assert route.credential is None
    assert reference in route.reason


def test_a_keyring_reference(make_catalog: MakeCatalog) -> None:
    """The credential of an entry names its key in the keyring, for the entry's endpoint; a missing key is reported."""
    files = holding(own("openai-compatible/m", baseURL=URL, apiKey="keyring:mine"))
    (route,) = make_catalog(files=files).routes("openai-compatible/m")
    assert not route.usable
    assert "keyring:mine" in route.reason
    files[".local/state/polyroute/keyring.names"] = "mine\n"
    (route,) = make_catalog(files=files).routes("openai-compatible/m")
    assert facts(route) == ("direct", "m", URL, "keyring mine")
    assert route.credential is not None
    assert route.credential.endpoint == URL


def test_a_key_does_not_follow_an_edit(make_catalog: MakeCatalog, tmp_path: Path) -> None:
    """A credential that was found for one base URL reveals nothing after the file's base URL has changed."""
    catalog = make_catalog(files=holding(own("openai-compatible/m", baseURL=URL, apiKey=KEY)))
    (route,) = catalog.routes("openai-compatible/m")
    changed = holding(own("openai-compatible/m", baseURL="https://two.example", apiKey="sk-for-two"))
    (tmp_path / FILE).write_text(changed[FILE], encoding="utf-8")
    with pytest.raises(SecretUnavailable):
        catalog.environment.reveal(route.credential)
    (again,) = catalog.reload().routes("openai-compatible/m")
    assert again.base_url == "https://two.example"


def test_a_key_is_read_when_it_is_revealed(make_catalog: MakeCatalog, tmp_path: Path) -> None:
    """A key that was removed in the meantime can't be revealed."""
    catalog = make_catalog(files=holding(own(GLM, apiKey=KEY)))
    route = catalog.resolve(GLM)
    (tmp_path / FILE).unlink()
    with pytest.raises(SecretUnavailable):
        catalog.environment.reveal(route.credential)


def test_a_project_does_not_steer_an_own_key(plugins: Plugins, tmp_path: Path) -> None:
    """A project's settings never decide the base URL to which a custom model's key is sent."""
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_text(holding(own("bedrock/m", apiKey=KEY), own("ollama/m", apiKey=KEY))[FILE])
    project = tmp_path / "project"
    project.mkdir()
    lines = ["AWS_BEARER_TOKEN_BEDROCK=theirs", "AWS_REGION=evil-1", "OLLAMA_BASE_URL=https://evil.example"]
    (project / ".env").write_text("\n".join(lines))
    catalog = Catalog(plugins, Environment({}, home=tmp_path, trusted_project=project))
    for reference in ("bedrock/m", "ollama/m"):
        (route,) = catalog.routes(reference)
        assert not route.usable, reference
        assert route.credential is None


def test_two_people_in_one_process(plugins: Plugins, tmp_path: Path) -> None:
    """In one process, each catalog has only its own user's custom models."""
    catalogs = []
    for name in ("one", "two"):
        path = tmp_path / name / FILE
        path.parent.mkdir(parents=True)
        path.write_text(holding(own("openrouter/m", apiKey=f"{KEY}-{name}"))[FILE])
        catalogs.append(Catalog(plugins, Environment({}, home=tmp_path / name)))
    revealed = [each.environment.reveal(each.resolve("openrouter/m").credential) for each in catalogs]
    assert revealed == [f"{KEY}-one", f"{KEY}-two"]


# --- Files, hosts, third parties ---


def test_a_local_file(make_catalog: MakeCatalog, tmp_path: Path) -> None:
    """A model that is a file can be run if the file exists."""
    path = tmp_path / "m.gguf"
    files = holding(own("local/m", filePath=str(path)))
    (route,) = make_catalog(files=files).routes("local/m")
    assert not route.usable
    assert str(path) in route.reason
    path.touch()
    catalog = make_catalog(files=files)
    assert catalog.resolve("local/m").model_id == "m"
    model = catalog.custom_model(ModelRef("local", "m"))
    assert model is not None
    assert model.file_path == str(path)


def test_an_own_cloud_stays_own(make_catalog: MakeCatalog) -> None:
    """A custom model of an own cloud runs only there, and its ID need not be in any list."""
    variables = {"AWS_BEARER_TOKEN_BEDROCK": "b", "AWS_REGION": "eu-west-1", "DEXTO_API_KEY": "d"}
    (route,) = make_catalog(files=holding(own("bedrock/eu.made-up-v1:0")), **variables).routes(
        "bedrock/eu.made-up-v1:0"
    )
    assert (route.via, route.model_id, route.mapping) == ("direct", "eu.made-up-v1:0", "verbatim")
    assert route.usable


def test_a_third_partys_provider(make_environment: MakeEnvironment) -> None:
    """A custom model of a third party's provider that sets a base URL needs a key of its own."""

    class Plugin:
        @hookimpl
        def polyroute_providers(self) -> list[Provider]:
            rules = CustomModelRules("optional")
            return [Provider("acme", "Acme", base_url="https://acme.example", custom_models=rules)]

    files = holding(own("acme/a", baseURL=URL), own("acme/b", baseURL=URL, apiKey=KEY), own("acme/c", apiKey=KEY))
    catalog = Catalog(Plugins.load([Plugin()], only=[]), make_environment(files))
    assert [catalog.routes(f"acme/{name}")[0].usable for name in "abc"] == [False, True, True]
    assert catalog.resolve("acme/c").base_url == "https://acme.example"
    assert "--key-stdin" in catalog.routes("acme/a")[0].remedy


def test_an_own_key_whose_place_is_not_certain(make_catalog: MakeCatalog) -> None:
    """If a variable may set the server's address, a key needs a base URL in its entry, and the remedy says so."""
    (route,) = make_catalog(files=holding(own("ollama/m", apiKey=KEY))).routes("ollama/m")
    assert not route.usable
    assert "polyroute custom edit ollama/m --base-url URL --keep-key" in route.remedy
    assert make_catalog(files=holding(own("ollama/m", apiKey=KEY, baseURL=URL))).resolve("ollama/m").base_url == URL


# --- Lists and problems ---


def test_custom_models_are_on_offer(make_catalog: MakeCatalog) -> None:
    """Custom models are listed and marked, with the fields of their entries; a listed model keeps its list's fields."""
    listed = make_catalog().models(provider="openrouter")[0]
    entry = own(GLM, displayName="GLM Air", maxInputTokens=1000, maxOutputTokens=50)
    catalog = make_catalog(files=holding(entry, own(str(listed.ref), displayName="Mine")), OPENROUTER_API_KEY="o")
    found = {str(model.ref): model for model in catalog.models(provider="openrouter", available=True)}
    assert (found[GLM].name, found[GLM].context, found[GLM].output) == ("GLM Air", 1000, 50)
    mine = found[str(listed.ref)]
    assert (mine.name, mine.context) == ("Mine", listed.context)
    assert custom(catalog) == [str(listed.ref), GLM]
    assert [str(model.ref) for model in catalog.models("glm air openrouter/")][-1] == GLM


def test_a_provider_that_is_not_available(make_catalog: MakeCatalog) -> None:
    """A custom model of an unavailable provider is kept and reported as a problem; everything else works."""
    catalog = make_catalog(files=holding(own("from-2030/m"), own("openrouter/m", apiKey=KEY)))
    assert catalog.resolve("openrouter/m").usable
    (problem,) = catalog.problems
    assert "from-2030/m: its provider is not available" in problem.message
    assert custom(catalog) == ["openrouter/m"]
    assert [str(model.ref) for model in catalog.custom_models.listing().models] == ["from-2030/m", "openrouter/m"]


def test_an_alias_finds_it(make_catalog: MakeCatalog) -> None:
    """A model stored under an alias belongs to the provider, and the name that Dexto writes selects Dexto's route."""
    catalog = make_catalog(files=holding(own("dexto-nova/m"), own("amazon-bedrock/m", apiKey=KEY)), AWS_REGION="eu-1")
    assert catalog.custom_model(ModelRef("bedrock", "m")) is not None
    assert [route.via for route in catalog.routes("dexto-nova/m")] == ["dexto"]
    assert custom(catalog) == ["bedrock/m"]


@pytest.mark.parametrize("text", ["{", '{"version": 2}'])
def test_an_unreadable_file_is_a_problem(make_catalog: MakeCatalog, text: str) -> None:
    """With an unreadable file, models and routes still work, and a problem says what to do."""
    catalog = make_catalog(files={FILE: text}, OPENROUTER_API_KEY="o")
    assert catalog.resolve(GLM).via == "direct"
    (problem,) = catalog.problems
    assert "repair" in problem.remedy
    assert problem.path.endswith(FILE)
