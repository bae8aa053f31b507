"""The bundled gateways: whom each carries, how its models are spelled and called, and in which order they are tried."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from polyroute import Catalog, Environment, ModelRef, Plugins, Preferences, explain
from polyroute.errors import NoEffectiveRoute
from tests.support.later_list import fetched, later

NAMES = ["direct", "openrouter", "dexto", "gateways"]
FOLDER = Path((find_spec("polyroute_gateways") or pytest.fail("not installed")).submodule_search_locations[0])  # type: ignore[index]
GATEWAYS = [path.stem for path in FOLDER.glob("*.toml")]
VENDORS = ("anthropic", "openai", "google")
NOT_GATEWAYS = ("huggingface", "github-models", "github-copilot", "digitalocean", "opencode-go", "perplexity-agent")

CANONICAL_APART = {
    # The maker's entry lacks the word that its ID and its title have.
    "deepseek/deepseek-v4-flash-vision-exp",
    "moonshotai/kimi-k2.7-code-highspeed",
}
"""Models whose entries have different canonical IDs at the maker and at a gateway, although they are the same."""
MOVED_SINCE = {
    "deepseek/deepseek-chat",
    "deepseek/deepseek-reasoner",
    "deepseek/deepseek-v4-flash",
    "deepseek/deepseek-v4-pro",
    # The canonical IDs of one model are an alias and a snapshot.
    "anthropic/claude-sonnet-4-0",
    "anthropic/claude-sonnet-4-20250514",
}
"""Models in the bundled list that the later list, which has canonical IDs, gives other ones."""


@pytest.fixture(scope="module")
def all_plugins(throw_away_homes: Path) -> Plugins:
    return Plugins.load(only=NAMES)


class Later(NamedTuple):
    """What is loaded with the later list, and the home that has the list."""

    plugins: Plugins
    home: Path


@pytest.fixture(scope="module")
def with_later_list(tmp_path_factory: pytest.TempPathFactory) -> Later:
    home = tmp_path_factory.mktemp("later")
    with fetched(home):
        return Later(Plugins.load(only=NAMES), home)


@pytest.fixture(params=["bundled", "later"])
def listing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Plugins, set[str]]:
    """Return plugins with either list. What they read late, they read in the home of this list; no other test does."""
    if request.param == "bundled":
        return request.getfixturevalue("all_plugins"), MOVED_SINCE
    later_list: Later = request.getfixturevalue("with_later_list")
    monkeypatch.setenv("POLYROUTE_HOME", str(later_list.home))
    return later_list.plugins, CANONICAL_APART


def keys(plugins: Plugins, gateway: str) -> dict[str, str]:
    """Return the variables that a provider needs, and no others."""
    (group, *_) = plugins.providers[gateway].requirement
    return {slot.alternatives[0].variable: "made-up" for slot in group.slots}


def catalog(
    plugins: Plugins, home: Path, variables: Mapping[str, str], preferences: Preferences | None = None
) -> Catalog:
    return Catalog(plugins, Environment(variables, home=home), preferences)


def mapped(plugins: Plugins, gateway: str) -> Iterator[tuple[ModelRef, str]]:
    """Yield each vendor's listed model that a gateway carries, with the gateway's ID."""
    for name in plugins.providers:
        if gateway in plugins.carriers(name):
            for model in plugins.models(name).values():
                if (found := plugins.mappers[gateway].lookup(model.ref).id) is not None:
                    yield model.ref, found


def test_each_is_data_of_a_few_lines() -> None:
    """Each gateway is a manifest that extends its provider; the distribution contains no code."""
    assert len(GATEWAYS) == 18
    assert [path.name for path in FOLDER.rglob("*.py")] == []
    for name in GATEWAYS:
        text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
        assert tomllib.loads(text)["extends"].keys() == {name}
        assert len(text.splitlines()) <= 4


def test_they_load_without_a_problem(all_plugins: Plugins) -> None:
    """All are gateways, in a fixed order of rank after OpenRouter and Dexto."""
    assert all_plugins.problems == ()
    assert {*all_plugins.gateways} == {"openrouter", "dexto", *GATEWAYS}
    first = "openrouter dexto vercel kilo requesty opencode zenmux llmgateway orcarouter cloudflare-ai-gateway"
    assert all_plugins.gateways[:10] == tuple(first.split())


@pytest.mark.parametrize("gateway", sorted(GATEWAYS))
def test_its_key_counts_towards_the_vendors_in_its_list(all_plugins: Plugins, tmp_path: Path, gateway: str) -> None:
    """With only a gateway's variable the vendors in its list are effective, by its own IDs, address and protocol."""
    found = catalog(all_plugins, tmp_path, keys(all_plugins, gateway))
    listed, provider = all_plugins.models(gateway), all_plugins.providers[gateway]
    offered = dict(mapped(all_plugins, gateway))
    vendors = {ref.provider for ref in offered} & {*VENDORS}
    assert vendors >= {"anthropic", "openai"}
    for vendor in vendors:
        assert found.provider(vendor).has_effective_credentials
        ref, gateway_id = next((ref, each) for ref, each in offered.items() if ref.provider == vendor)
        route, entry = found.resolve(ref), listed[gateway_id]
        assert (route.via, route.model_id, route.listing) == (gateway, gateway_id, entry)
        assert route.protocol == (entry.protocol or provider.protocol)
        assert route.base_url.startswith("https://")
        assert route.credential
        assert route.credential.provider == gateway
        assert route.credential.endpoint == route.base_url
    assert not found.provider("togetherai").has_effective_credentials


@pytest.mark.parametrize("name", NOT_GATEWAYS)
def test_what_is_no_gateway_counts_towards_nobody(all_plugins: Plugins, tmp_path: Path, name: str) -> None:
    """A key for open models, a plan, a cloud or a shared variable makes no vendor effective."""
    assert name not in all_plugins.gateways
    assert all_plugins.providers[name].kind == "host"
    found = catalog(all_plugins, tmp_path, keys(all_plugins, name))
    assert {route.via for vendor in VENDORS for route in found.provider(vendor).routes} & {name} == set()


def test_a_key_for_open_models_runs_no_vendor(all_plugins: Plugins, tmp_path: Path) -> None:
    """With HF_TOKEN alone neither anthropic nor openai nor google is effective."""
    found = catalog(all_plugins, tmp_path, {"HF_TOKEN": "made-up"})
    assert [name for name in VENDORS if found.provider(name).has_effective_credentials] == []
    with pytest.raises(NoEffectiveRoute, match=r"vercel, kilo, .*: no key"):
        found.resolve("anthropic/claude-sonnet-4-5")


@pytest.mark.parametrize(
    ("variable", "model", "expected"),
    [
        (
            "ZENMUX_API_KEY",
            "anthropic/claude-sonnet-4-5",
            "anthropic/claude-sonnet-4.5 anthropic-messages https://zenmux.ai/api/anthropic/v1 x-api-key",
        ),
        ("ZENMUX_API_KEY", "openai/gpt-5", "openai/gpt-5 openai-responses https://zenmux.ai/api/v1 Authorization"),
        (
            "ZENMUX_API_KEY",
            "deepseek/deepseek-v4-pro",
            "deepseek/deepseek-v4-pro openai-chat https://zenmux.ai/api/v1 A",
        ),
        (
            "OPENCODE_API_KEY",
            "anthropic/claude-sonnet-4-5",
            "claude-sonnet-4-5 anthropic-messages https://opencode.ai/zen/v1 x-api-key",
        ),
        (
            "OPENCODE_API_KEY",
            "google/gemini-3.1-pro-preview",
            "gemini-3.1-pro google-generate-content https://opencode.ai/zen/v1 x-goog-api-key",
        ),
        ("OPENCODE_API_KEY", "openai/gpt-5", "gpt-5 openai-responses https://opencode.ai/zen/v1 Authorization"),
        ("OPENCODE_API_KEY", "zai/glm-5", "glm-5 openai-chat https://opencode.ai/zen/v1 Authorization"),
        ("AI_GATEWAY_API_KEY", "xai/grok-4.3", "xai/grok-4.3 openai-chat https://ai-gateway.vercel.sh/v1 A"),
        ("KILO_API_KEY", "xai/grok-4.3", "x-ai/grok-4.3 openai-chat https://api.kilo.ai/api/gateway Authorization"),
        ("LLMGATEWAY_API_KEY", "openai/gpt-5", "gpt-5 openai-chat https://api.llmgateway.io/v1 Authorization"),
    ],
)
def test_a_route_is_called_as_the_gateways_entry_says(
    all_plugins: Plugins, tmp_path: Path, variable: str, model: str, expected: str
) -> None:
    """ID, protocol, base URL and header of the key are those of the gateway's own entry for the model."""
    route = catalog(all_plugins, tmp_path, {variable: "made-up"}).resolve(model)
    assert f"{route.model_id} {route.protocol} {route.base_url} {route.auth.name}".startswith(expected)


def test_every_model_of_the_unified_endpoint_speaks_one_protocol(listing: tuple[Plugins, set[str]]) -> None:
    """Cloudflare's unified endpoint speaks openai-chat, whatever a list says of single models."""
    plugins, _ = listing
    models = plugins.models("cloudflare-ai-gateway").values()
    assert {model.protocol for model in models if not model.base_url} == {""}
    assert plugins.providers["cloudflare-ai-gateway"].auth.name == "cf-aig-authorization"


def test_what_only_the_rest_api_has_goes_there(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Models under the names of Cloudflare's catalog go to its REST API, with its header, gateway and protocols."""
    with fetched(tmp_path_factory.mktemp("later")):
        plugins = Plugins.load(only=NAMES)
        found = catalog(plugins, tmp_path, keys(plugins, "cloudflare-ai-gateway") | {"CLOUDFLARE_GATEWAY_ID": "mine"})
        claude = found.resolve("anthropic/claude-opus-4-5", protocols=["anthropic-messages"])
        routes = [claude, found.resolve("xai/grok-4.3"), found.resolve("openai/gpt-5.5-pro")]
        assert {route.base_url for route in routes} == {"https://api.cloudflare.com/client/v4/accounts/made-up/ai/v1"}
        assert {(route.auth.name, route.auth.prefix) for route in routes} == {("Authorization", "Bearer ")}
        assert {route.headers for route in routes} == {(("cf-aig-gateway-id", "mine"),)}
        assert [route.protocol for route in routes] == ["anthropic-messages", "openai-chat", "openai-responses"]
        assert found.resolve("openai/gpt-5").base_url == "https://gateway.ai.cloudflare.com/v1/made-up/mine/compat"


CHAT, RESPONSES, MESSAGES = "openai-chat", "openai-responses", "anthropic-messages"


@pytest.mark.parametrize(
    ("gateway", "claude", "gpt"),
    [
        ("302ai", [CHAT, MESSAGES], [CHAT, RESPONSES]),
        ("abacus", [CHAT], [CHAT, RESPONSES]),
        ("aihubmix", [CHAT], [CHAT, RESPONSES]),
        ("cortecs", [CHAT, RESPONSES, MESSAGES], [CHAT, RESPONSES, MESSAGES]),
        ("fastrouter", [CHAT, RESPONSES, MESSAGES], [CHAT, RESPONSES, MESSAGES]),
        ("jiekou", [CHAT], [CHAT]),
        ("llmgateway", [CHAT, MESSAGES], [CHAT, MESSAGES]),
        ("nano-gpt", [CHAT, RESPONSES, MESSAGES], [CHAT, RESPONSES, MESSAGES]),
        ("orcarouter", [CHAT, MESSAGES], [CHAT, RESPONSES]),
        ("poe", [CHAT], [CHAT]),
        ("requesty", [CHAT, RESPONSES, MESSAGES], [CHAT, RESPONSES, MESSAGES]),
        ("venice", [CHAT], [CHAT]),
        ("zenmux", [MESSAGES], [RESPONSES]),
    ],
)
def test_clients_of_each_documented_protocol_have_a_route(
    all_plugins: Plugins, tmp_path: Path, gateway: str, claude: list[str], gpt: list[str]
) -> None:
    """A gateway has routes in the protocols that it documents for a model, with the key in the same header."""
    found = catalog(all_plugins, tmp_path, keys(all_plugins, gateway))

    def spoken(vendor: str, words: str) -> list[str]:
        offered = (ref for ref, each in mapped(all_plugins, gateway) if ref.provider == vendor and words in each)
        ref, ways = next(offered), (CHAT, RESPONSES, MESSAGES)
        return [each for each in ways if any(r.usable for r in found.routes(ref, protocols=[each]))]

    assert spoken("anthropic", "claude") == claude
    assert spoken("openai", "gpt-") == gpt


@pytest.mark.parametrize("gateway", sorted(GATEWAYS))
def test_no_model_is_mapped_wrongly(listing: tuple[Plugins, set[str]], gateway: str) -> None:
    """Every mapped ID is in the gateway's list and has the vendor's canonical ID, with listed exceptions."""
    plugins, exceptions = listing
    document = later()
    own = {each.get("canonical_model_id") for found in document.values() for each in found["models"].values()}

    def canonical(ref: ModelRef) -> str:
        entry = document.get(ref.provider, {"models": {}})["models"].get(ref.id, {})
        return re.sub("-20[0-9]{6}$", "", entry.get("canonical_model_id", str(ref) if str(ref) in own else ""))

    found = list(mapped(plugins, gateway))
    assert len(found) > 10
    assert {each for _, each in found} <= plugins.models(gateway).keys()
    pairs = ((ref, canonical(ref), canonical(ModelRef(gateway, each))) for ref, each in found)
    assert {str(ref) for ref, mine, theirs in pairs if mine and theirs and mine != theirs} <= exceptions


@pytest.mark.parametrize("gateway", sorted(GATEWAYS))
def test_there_and_back(listing: tuple[Plugins, set[str]], gateway: str) -> None:
    """The way back from a gateway's ID leads to a vendor's model that is mapped to the same word, and again so."""
    plugins, _ = listing
    mapper, groups = plugins.mappers[gateway], plugins.groups
    assert groups
    ways = 0
    for gateway_id in plugins.models(gateway):
        if back := mapper.reverse(gateway_id):
            assert mapper.reverse(gateway_id) == back
            assert plugins.providers[back.provider].kind == "vendor"
            if "latest" not in back.id:  # a name of its own, whose model is known
                assert groups.word(back) == groups.word(ModelRef(gateway, gateway_id))
            assert mapper.lookup(back).id == mapper.lookup(back).id
            ways += 1
    assert ways > 5


def test_latest_goes_to_the_same_name(all_plugins: Plugins) -> None:
    """A name that follows the newest model goes to the same name at the gateway, or nowhere."""
    for gateway in GATEWAYS:
        for ref, gateway_id in mapped(all_plugins, gateway):
            assert ("latest" in ref.id) == ("latest" in gateway_id), (gateway, ref, gateway_id)


def test_whom_they_carry_follows_from_the_list(listing: tuple[Plugins, set[str]]) -> None:
    """A gateway carries the vendors whose models it lists, and nothing else: no host, no gateway, no own cloud."""
    plugins, _ = listing
    for gateway in GATEWAYS:
        carried = {name for name in plugins.providers if gateway in plugins.carriers(name)}
        assert 3 < len(carried) < 30
        assert {plugins.providers[name].kind for name in carried} == {"vendor"}
        assert {ref.provider for ref, _ in mapped(plugins, gateway)} <= carried


# Order and price


def test_new_vendors_of_a_later_list(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A provider that only a fetched list has is a vendor if the list calls all of its models its own."""
    with fetched(tmp_path_factory.mktemp("later")):
        plugins = Plugins.load(only=NAMES)
        kinds = {name: plugins.providers[name].kind for name in ("meta", "sakana", "poolside", "arcee", "longcat")}
        vendors = ("meta", "sakana", "poolside")
        assert kinds == {**dict.fromkeys(vendors, "vendor"), "arcee": "host", "longcat": "host"}
        for name in vendors:
            assert "openrouter" in plugins.carriers(name)
        found = catalog(plugins, tmp_path, {"OPENROUTER_API_KEY": "o"})
        assert found.resolve("meta/muse-spark-1.2").model_id == "meta/muse-spark-1.2"


def test_a_fixed_order(all_plugins: Plugins, tmp_path: Path) -> None:
    """Routes are tried by rank after direct and OpenRouter, whatever they cost; a pin comes first."""
    every = {name: each for gateway in all_plugins.gateways for name, each in keys_or_own(all_plugins, gateway).items()}
    every["ANTHROPIC_API_KEY"] = "made-up"
    found = catalog(all_plugins, tmp_path, every)
    vias = [route.via for route in found.routes("anthropic/claude-sonnet-4-5") if route.usable]
    assert vias[:6] == ["dexto", "direct", "openrouter", "vercel", "kilo", "requesty"]
    pinned = catalog(all_plugins, tmp_path, every, Preferences(pins={"anthropic": "zenmux"}))
    assert pinned.resolve("anthropic/claude-sonnet-4-5").via == "zenmux"


def keys_or_own(plugins: Plugins, gateway: str) -> dict[str, str]:
    provider = plugins.providers[gateway]
    return keys(plugins, gateway) if provider.requirement else {provider.key_variable: "made-up"}


@pytest.mark.parametrize(
    "preferences",
    [
        Preferences("cheapest"),
        Preferences(pins={"deepseek": "cheapest"}),
        Preferences(pins={"deepseek/deepseek-v4-pro": "cheapest"}),
    ],
)
def test_the_cheapest_first(all_plugins: Plugins, tmp_path: Path, preferences: Preferences) -> None:
    """If the user asks for it, usable routes are tried by their price for the model, and unknown prices come last."""
    variables = {"DEEPSEEK_API_KEY": "d", "AI_GATEWAY_API_KEY": "v", "KILO_API_KEY": "k", "OPENROUTER_API_KEY": "o"}
    found = catalog(all_plugins, tmp_path, variables, preferences)
    routes = [route for route in found.routes("deepseek/deepseek-v4-pro") if route.usable]
    costs = [route.cost for route in routes]
    known = [each for each in costs if each is not None]
    assert len(routes) == 4
    assert len({*known}) > 1
    assert costs == [*sorted(known), *[None] * (4 - len(known))]
    assert found.resolve("deepseek/deepseek-v4-pro") == routes[0]
    assert found.problems == ()
    text = str(explain(found, "deepseek/deepseek-v4-pro"))
    assert "the cheapest for this model first, those of unknown price last" in text
    assert "per million tokens" in text


def test_hosts_stay_direct_for_the_cheapest(all_plugins: Plugins, tmp_path: Path) -> None:
    """A host's own route stays first, unless a pin asks for the cheapest: users choose a host for more than price."""
    variables = {"GROQ_API_KEY": "g", "OPENROUTER_API_KEY": "o"}
    model = "groq/openai/gpt-oss-120b"
    assert catalog(all_plugins, tmp_path, variables, Preferences("cheapest")).resolve(model).via == "direct"
    pinned = catalog(all_plugins, tmp_path, variables, Preferences(pins={"groq": "cheapest"})).resolve(model)
    assert pinned.via == "openrouter"


def test_the_price_is_that_of_the_route(all_plugins: Plugins, tmp_path: Path) -> None:
    """A route has the price and context of its endpoint's own list; Dexto those of the list that it proxies."""
    variables = {"OPENROUTER_API_KEY": "o", "DEXTO_API_KEY": "d", "DEEPSEEK_API_KEY": "s"}
    routes = {each.via: each for each in catalog(all_plugins, tmp_path, variables).routes("deepseek/deepseek-v4-pro")}
    there = all_plugins.models("openrouter")["deepseek/deepseek-v4-pro"]
    own = all_plugins.models("deepseek")["deepseek-v4-pro"]
    assert (routes["openrouter"].listing, routes["dexto"].listing, routes["direct"].listing) == (there, there, own)
    assert there.context != own.context or there.input_price != own.input_price


def test_nothing_is_free_that_costs_something(listing: tuple[Plugins, set[str]]) -> None:
    """A price of 0 for input and output is unknown, except for `:free` models and the user's own servers."""
    plugins, _ = listing
    free = [model for model in plugins.all_models() if model.input_price == 0 == model.output_price]
    assert any(model.id.endswith(":free") for model in free)
    assert [
        model.ref
        for model in free
        if not model.id.endswith(":free") and plugins.providers[model.provider].kind != "own-server"
    ] == []


def test_gateways_spellings_run_direct(listing: tuple[Plugins, set[str]]) -> None:
    """What gateways call a vendor's model, after a slash, runs direct under the vendor's ID if they mean the same."""
    plugins, meant = listing[0], defaultdict[ModelRef, set[ModelRef | None]](set)
    catalog = Catalog(plugins, Environment({}))
    for gateway, mapper in plugins.mappers.items():
        for listed in plugins.models(gateway):
            ending = listed.partition("/")[2]
            for name in {name for name in VENDORS if ending and ending not in plugins.models(name)}:
                if mapper.lookup(ref := ModelRef(name, ending)).id == listed:
                    meant[ref].add(mapper.reverse(listed))
    certain = {ref: native for ref, (native, *others) in meant.items() if native and not others}
    for ref, native in certain.items():
        direct = next(route for route in catalog.routes(ref) if route.via == "direct")
        assert direct.model_id == (native.id if native.provider == ref.provider else ref.id)
    assert len(certain) > 10
