"""By which route a model runs, in which order, and under which ID."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute import (
    Catalog,
    Environment,
    InvalidModelReference,
    Model,
    ModelRef,
    NoEffectiveRoute,
    Plugins,
    Preferences,
    Provider,
    Route,
    UnknownProvider,
    explain,
    hookimpl,
    suggestions,
)
from polyroute.types import Alternative, Group, Slot
from tests.support.catalogs import MakeCatalog, MakeEnvironment

ALL = {"DEXTO_API_KEY": "d", "OPENROUTER_API_KEY": "o", "ANTHROPIC_API_KEY": "a", "GROQ_API_KEY": "g"}


def vias(routes: tuple[Route, ...]) -> list[str]:
    return [route.via for route in routes]


@pytest.mark.parametrize(
    ("preferences", "provider", "expected"),
    [
        (Preferences(), "anthropic", ["dexto", "direct", "openrouter"]),
        (Preferences(), "groq", ["direct", "dexto", "openrouter"]),
        (Preferences(), "openrouter", ["dexto", "direct"]),
        (Preferences(), "bedrock", ["direct"]),
        (Preferences("direct"), "anthropic", ["direct", "dexto", "openrouter"]),
        (Preferences("openrouter"), "anthropic", ["openrouter", "direct", "dexto"]),
        (Preferences("openrouter"), "groq", ["direct", "openrouter", "dexto"]),
        (Preferences("dexto-nova"), "anthropic", ["dexto", "direct", "openrouter"]),
        (Preferences(order=("openrouter", "dexto", "direct")), "groq", ["openrouter", "dexto", "direct"]),
        (Preferences("direct", order=("openrouter",)), "anthropic", ["openrouter", "direct", "dexto"]),
        (Preferences(order=("direct",), pins={"anthropic": "dexto"}), "anthropic", ["direct", "dexto", "openrouter"]),
        (Preferences(pins={"anthropic": "openrouter"}), "anthropic", ["openrouter", "dexto", "direct"]),
        (Preferences(pins={"groq": "dexto"}), "groq", ["dexto", "direct", "openrouter"]),
        (Preferences(pins={"openrouter": "direct"}), "openrouter", ["direct", "dexto"]),
        (Preferences(pins={"amazon-bedrock": "direct"}), "bedrock", ["direct"]),
    ],
)
def test_order_of_routes(
    make_catalog: MakeCatalog, preferences: Preferences, provider: str, expected: list[str]
) -> None:
    """A full order wins; else come pins, the preferred gateway, direct, other gateways; hosts go direct first."""
    catalog = make_catalog(preferences)
    assert vias(catalog.provider(provider).routes) == expected
    assert catalog.problems == ()


def test_a_gateway_comes_first_by_default(make_catalog: MakeCatalog) -> None:
    """With a direct key and a gateway's key, the gateway's route is taken, and direct is the fallback."""
    routes = make_catalog(**ALL).routes("anthropic/claude-sonnet-4-5")
    assert [(route.via, route.usable) for route in routes] == [("dexto", True), ("direct", True), ("openrouter", True)]


def test_prefer_direct_keeps_the_gateways(make_catalog: MakeCatalog) -> None:
    """`prefer direct` takes the direct route and keeps the gateways as fallback."""
    catalog = make_catalog(Preferences("direct"), **ALL)
    assert catalog.resolve("anthropic/claude-sonnet-4-5").via == "direct"
    without_direct_key = make_catalog(Preferences("direct"), DEXTO_API_KEY="d")
    assert without_direct_key.resolve("anthropic/claude-sonnet-4-5").via == "dexto"


def test_a_pin_of_one_model(make_catalog: MakeCatalog) -> None:
    """A pin of one model takes precedence over the pin of its provider, and affects no other model."""
    pins = {"anthropic": "direct", "anthropic/claude-sonnet-4-5": "openrouter"}
    catalog = make_catalog(Preferences(pins=pins), **ALL)
    assert catalog.resolve("anthropic/claude-sonnet-4-5").via == "openrouter"
    assert catalog.resolve("anthropic/claude-opus-4-5").via == "direct"


@pytest.mark.parametrize(
    "preferences",
    [
        Preferences("nowhere"),
        Preferences(order=("dexto", "nowhere")),
        Preferences(pins={"anthropic": "nowhere"}),
        Preferences(pins={"nobody": "direct"}),
        Preferences(disabled_providers=frozenset({"nobody"})),
    ],
)
def test_unknown_names_in_preferences_are_problems(make_catalog: MakeCatalog, preferences: Preferences) -> None:
    """A preference that names something unknown is a problem, and the other preferences apply."""
    catalog = make_catalog(preferences, **ALL)
    assert len(catalog.problems) == 1
    assert catalog.problems[0].remedy
    assert catalog.resolve("anthropic/claude-sonnet-4-5").via == "dexto"


def test_a_disabled_provider(make_catalog: MakeCatalog) -> None:
    """A disabled provider has no usable route, and the reason says that it is disabled."""
    catalog = make_catalog(Preferences(disabled_providers=frozenset({"anthropic"})), **ALL)
    with pytest.raises(NoEffectiveRoute, match="disabled by preference"):
        catalog.resolve("anthropic/claude-sonnet-4-5")
    assert not catalog.provider("anthropic").has_effective_credentials


def test_a_disabled_gateway(make_catalog: MakeCatalog) -> None:
    """A disabled gateway carries no provider, and the next route is taken."""
    catalog = make_catalog(Preferences(disabled_providers=frozenset({"dexto"})), **ALL)
    assert catalog.resolve("anthropic/claude-sonnet-4-5").via == "direct"


def test_catalogs_share_what_is_the_same_for_all(make_catalog: MakeCatalog) -> None:
    """Catalogs hold one route to a provider of which nothing is there, and what differs between them is their own."""
    one, other = (
        make_catalog(),
        make_catalog(Preferences(disabled_providers=frozenset({"openrouter"})), GROQ_API_KEY="g"),
    )
    routes = [catalog.provider("mistral").routes for catalog in (one, other)]
    assert vias(routes[0]) == vias(routes[1]) == ["dexto", "direct", "openrouter"]
    assert [first is second for first, second in zip(*routes, strict=True)] == [False, True, False]
    assert ["disabled" in each[2].reason for each in routes] == [False, True]
    assert [catalog.provider("groq").has_direct_key for catalog in (one, other)] == [False, True]


@pytest.mark.parametrize(
    ("preferences", "preferred"),
    [
        (Preferences(), "dexto"),
        (Preferences("openrouter"), "openrouter"),
        (Preferences(order=("direct", "dexto")), "direct"),
        (Preferences(disabled_providers=frozenset({"dexto"})), "direct"),
    ],
)
def test_what_is_preferred(make_catalog: MakeCatalog, preferences: Preferences, preferred: str) -> None:
    """The preferred route is the one that is tried first: the first of a full order, and never a disabled gateway."""
    assert make_catalog(preferences, **ALL).status().preferred == preferred


@pytest.mark.parametrize("subject", [None, 5, ["anthropic", "x"]])
def test_what_is_no_reference_at_all(make_catalog: MakeCatalog, subject: object) -> None:
    """A reference that is neither a text nor a ModelRef is refused with an error that says so."""
    with pytest.raises(InvalidModelReference, match="or a ModelRef"):
        make_catalog().routes(subject)  # type: ignore[arg-type]


def test_variables_win_over_the_file(make_environment: MakeEnvironment) -> None:
    """Preferences come from the host, then from variables, then from config.toml."""
    files = {".config/polyroute/config.toml": 'prefer = "openrouter"\norder = ["direct"]\n[pins]\ngroq = "dexto"\n'}
    environment = make_environment(files, POLYROUTE_PREFER="direct", POLYROUTE_ORDER="dexto, direct")
    assert Preferences.load(environment, prefer="dexto").prefer == "dexto"
    loaded = Preferences.load(environment)
    assert (loaded.prefer, loaded.order, loaded.pins) == ("direct", ("dexto", "direct"), {"groq": "dexto"})


def test_any_openrouter_id_is_usable(make_catalog: MakeCatalog) -> None:
    """An OpenRouter ID that is not in any list runs unchanged with only a Dexto key."""
    route = make_catalog(DEXTO_API_KEY="d").resolve("openrouter/z-ai/GLM-9 Air:free")
    assert (route.via, route.model_id, route.mapping) == ("dexto", "z-ai/GLM-9 Air:free", "verbatim")


@given(st.text(min_size=1))
def test_openrouter_ids_are_never_altered(plugins: Plugins, model_id: str) -> None:
    """An ID that is entered for openrouter reaches every route unchanged."""
    from polyroute import Environment

    catalog = Catalog(plugins, Environment({"DEXTO_API_KEY": "d", "OPENROUTER_API_KEY": "o"}, home="/nowhere"))
    assert {route.model_id for route in catalog.routes(f"openrouter/{model_id}")} == {model_id}


def test_a_gateways_list_decides_per_model(make_catalog: MakeCatalog) -> None:
    """A gateway that does not list a model has no usable route for it, with that reason; the next route is taken."""
    catalog = make_catalog(OPENAI_API_KEY="k", DEXTO_API_KEY="d")
    through, direct, _ = catalog.routes("openai/text-embedding-3-small")
    assert (through.usable, through.model_id, through.mapping) == (False, None, "not_offered")
    assert "not offered by dexto" in through.reason
    assert direct.usable


def test_an_unlisted_native_id_is_usable_direct(make_catalog: MakeCatalog) -> None:
    """An ID that is not in any list is sent to the provider unchanged, and marked unlisted."""
    route = make_catalog(OPENAI_API_KEY="k").resolve("openai/gpt-99-turbo")
    assert (route.via, route.model_id, route.mapping) == ("direct", "gpt-99-turbo", "unlisted")


def test_a_gateways_spelling_runs_direct_under_the_native_id(make_catalog: MakeCatalog) -> None:
    """A reference in a gateway's spelling runs direct under the provider's own ID if that ID is certain."""
    route = make_catalog(ANTHROPIC_API_KEY="k").resolve("anthropic/claude-sonnet-4.5")
    assert (route.via, route.model_id) == ("direct", "claude-sonnet-4-5")


def test_a_native_spelling_runs_through_the_gateway(make_catalog: MakeCatalog) -> None:
    """The provider's own ID, with dashes for dots, runs through a gateway under the gateway's ID."""
    route = make_catalog(OPENROUTER_API_KEY="k").resolve("anthropic/claude-sonnet-4-5")
    assert (route.via, route.model_id) == ("openrouter", "anthropic/claude-sonnet-4.5")


def test_a_models_own_base_url(make_catalog: MakeCatalog) -> None:
    """The route of a model with its own base URL and protocol has both, and the key is bound to that base URL."""
    catalog = make_catalog(AZURE_API_KEY="k", AZURE_RESOURCE_NAME="mine")
    route = catalog.resolve("azure/claude-haiku-4-5")
    assert (route.base_url, route.protocol) == ("https://mine.services.ai.azure.com/anthropic/v1", "anthropic-messages")
    assert route.credential
    assert route.credential.endpoint == route.base_url


def test_aliases_select_the_same_provider(make_catalog: MakeCatalog) -> None:
    """Another tool's name for a provider is an alias that selects it."""
    catalog = make_catalog(AWS_BEARER_TOKEN_BEDROCK="k", AWS_REGION="eu-west-1")
    assert catalog.provider("amazon-bedrock") == catalog.provider("bedrock")
    assert catalog.resolve("amazon-bedrock/x").base_url == "https://bedrock-runtime.eu-west-1.amazonaws.com"


@pytest.mark.parametrize("text", ["", "/", "gpt-4o", "openai", "openai/", "/gpt-4o"])
def test_a_reference_without_provider_or_model(make_catalog: MakeCatalog, text: str) -> None:
    """A text that is not `provider/model` is refused, and the error names that form."""
    with pytest.raises(InvalidModelReference, match="written provider/model"):
        make_catalog().routes(text)


def test_a_gateway_that_is_not_selectable(make_catalog: MakeCatalog) -> None:
    """A gateway that is not selectable can't be used as a model's provider."""
    with pytest.raises(InvalidModelReference, match="can't be selected"):
        make_catalog(DEXTO_API_KEY="d").resolve("dexto/anthropic/claude-sonnet-4.5")


@pytest.mark.parametrize("name", ["OpenAI", "open ai", "opnai", " openai"])
def test_a_misspelt_provider(make_catalog: MakeCatalog, name: str) -> None:
    """A misspelt provider is refused with the closest names."""
    with pytest.raises(UnknownProvider) as caught:
        make_catalog().resolve(f"{name}/gpt-4o")
    assert "openai" in caught.value.suggestions


def test_no_effective_route_says_what_to_do(make_catalog: MakeCatalog) -> None:
    """If no route is usable, the error has the reason and remedy of every route."""
    with pytest.raises(NoEffectiveRoute) as caught:
        make_catalog().resolve(ModelRef("anthropic", "claude-sonnet-4-5"))
    assert vias(caught.value.routes) == ["dexto", "direct", "openrouter"]
    assert all(route.remedy and route.remedy in str(caught.value) for route in caught.value.routes)


def test_only_routes_that_the_client_speaks(make_catalog: MakeCatalog) -> None:
    """If the host names protocols, routes with another protocol are skipped, and the error says so."""
    both = make_catalog(Preferences("direct"), **ALL)
    assert both.resolve("anthropic/claude-sonnet-4-5", protocols=["openai-chat"]).via == "dexto"
    with pytest.raises(NoEffectiveRoute, match="it speaks anthropic-messages"):
        make_catalog(ANTHROPIC_API_KEY="k").resolve("anthropic/claude-sonnet-4-5", protocols=["openai-chat"])


def test_suggestions_stay_with_the_provider(make_catalog: MakeCatalog) -> None:
    """For a misspelt model, models of the same provider are suggested before those of any gateway."""
    assert suggestions(make_catalog(), "anthropic/claude-sonet-4-5")[0] == "anthropic/claude-sonnet-4-5"


@pytest.mark.parametrize("available", [True, False])
def test_models_match_all_words(make_catalog: MakeCatalog, available: bool) -> None:
    """A search finds the models whose reference or name contains all words, and only available ones on request."""
    found = make_catalog(DEXTO_API_KEY="d").models("CLAUDE sonnet", available=available)
    assert all("claude" in str(model.ref).lower() or "claude" in model.name.lower() for model in found)
    assert ("anthropic" in {model.provider for model in found}) is True
    assert ("bedrock" in {model.provider for model in found}) is not available


def test_explain_tells_each_route_in_words(make_catalog: MakeCatalog) -> None:
    """An explanation has every route with its ID, reason and remedy, and the evidence for the ID."""
    text = str(explain(make_catalog(DEXTO_API_KEY="d"), "anthropic/claude-sonnet-4-5"))
    assert "via dexto as anthropic/claude-sonnet-4.5" in text
    assert "Set ANTHROPIC_API_KEY" in text
    assert "Model ID via dexto: anthropic/claude-sonnet-4.5 is in its list" in text


def test_explain_says_why_a_provider_is_not_carried(make_catalog: MakeCatalog) -> None:
    """An explanation of an own cloud says that no gateway can carry it, and lists all ways to use it."""
    text = str(explain(make_catalog(), "bedrock"))
    assert "Not routeable via openrouter, dexto: it is billed to your own cloud account." in text
    assert "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN" in text


class Huge:
    """A host's plugin with a provider of its own."""

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return one provider of the kind host."""
        key = Slot("key", (Alternative("HUGE_KEY"),), secret=True)
        return [Provider("huge", "Huge", requirement=(Group((key,)),), base_url="https://huge.example/v1")]

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str]) -> list[Model]:
        """Return one model."""
        return [Model("huge", "m")] if "huge" in provider_ids else []


def test_a_hosts_own_plugin_is_a_provider_like_any(make_environment: MakeEnvironment) -> None:
    """A plugin object that the host passes in is used like any other plugin."""
    catalog = Catalog(Plugins.load([Huge()], only=[]), make_environment(HUGE_KEY="k"))
    route = catalog.resolve("huge/m")
    assert (route.base_url, route.mapping) == ("https://huge.example/v1", "listed")
    assert catalog.environment.reveal(route.credential) == "k"


LISTED = [
    "anthropic/claude-sonnet-4-5",
    "anthropic/claude-opus-4-1-20250805",
    "openai/gpt-4o",
    "openai/gpt-4o-2024-08-06",
    "google/gemini-2.5-pro",
    "groq/llama-3.3-70b-versatile",
    "groq/openai/gpt-oss-120b",
    "alibaba/qwen3-32b-fp8",
    "mistral/mistral-large-latest",
    "openrouter/anthropic/claude-sonnet-4.5",
    "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
    "xai/grok-4",
]
CHANGES = st.sampled_from(["{}", "{}-x", "{}-20240101", "{}-2025-01-01", "{}:free", "x/{}", "{}/x", "{}0", "{}-latest"])


@given(data=st.data())
def test_the_route_to_take_is_the_first_usable_one(plugins: Plugins, data: st.DataObject) -> None:
    """For any model, listed or not, `resolve` takes the first usable route of `routes`."""
    name, _, model_id = data.draw(st.sampled_from(LISTED)).partition("/")
    reference = f"{name}/{data.draw(CHANGES).format(model_id)}"
    found = [Catalog(plugins, Environment(ALL), Preferences(prefer)).resolve for prefer in ("dexto", "openrouter")]
    answers = [_resolved(resolve, reference) for resolve in found]  # first, so that nothing is cached yet
    for prefer, answer in zip(("dexto", "openrouter"), answers, strict=True):
        routes = Catalog(plugins, Environment(ALL), Preferences(prefer)).routes(reference)
        assert answer == next((route for route in routes if route.usable), routes)


def _resolved(resolve: Callable[[str], Route], reference: str) -> Route | tuple[Route, ...]:
    try:
        return resolve(reference)
    except NoEffectiveRoute as error:
        return error.routes
