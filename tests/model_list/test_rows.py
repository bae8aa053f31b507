"""One row for each model: what is known of it, what it costs, and how it runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from polyroute import Catalog, Environment, Model, ModelRef, Plugins, Provider, hookimpl
from polyroute.model_list.order import ModelOrder, _day, is_new
from polyroute.model_list.rows import ModelRow, ModelRows
from polyroute.model_list.selection import ModelSelection, SelectableModels
from polyroute.routing.prices import price
from polyroute.types import Alternative, Credential, Group, Slot, Source
from tests.support.catalogs import MakeCatalog

SONNET = "anthropic/claude-sonnet-4-5"
AWS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"}


def row(make_catalog: MakeCatalog, model: str, **variables: str) -> ModelRow:
    found = ModelRows(make_catalog(**variables)).find(model)
    assert found, model
    return found


def test_a_model_has_one_row(make_catalog: MakeCatalog) -> None:
    """All providers' entries of one model are one row, under its maker's ID, found by each of its references."""
    rows = ModelRows(make_catalog())
    found = rows.find(SONNET)
    assert found is not None
    assert (found.id, found.name, found.maker) == (SONNET, "Claude Sonnet 4.5", "anthropic")
    assert {"bedrock", "openrouter", "vercel", "vertex"} <= set(found.providers)
    for listing in found.listings:
        assert rows.find(str(listing.ref)) is found
    assert len({each.id for each in rows.all}) == len(rows.all)
    assert sum(len(each.listings) for each in rows.all) == len(rows._catalog.models())


@pytest.mark.parametrize(
    ("variables", "ref", "via"),
    [
        ({"ANTHROPIC_API_KEY": "a"}, SONNET, "direct"),
        ({"DEXTO_API_KEY": "d", "ANTHROPIC_API_KEY": "a"}, SONNET, "dexto"),
        (AWS, "bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "direct"),
        ({**AWS, "ANTHROPIC_API_KEY": "a"}, SONNET, "direct"),
    ],
)
def test_the_way_that_would_be_taken(make_catalog: MakeCatalog, variables: dict[str, str], ref: str, via: str) -> None:
    """A model runs at its maker if possible, else at another provider, under the reference that can be run."""
    found = row(make_catalog, SONNET, **variables)
    assert found.offer is not None
    assert (str(found.ref), found.offer.route.via) == (ref, via)
    assert make_catalog(**variables).resolve(found.ref) == found.offer.route


def test_price_and_context_are_those_of_the_way(make_catalog: MakeCatalog) -> None:
    """The price and the context are those at the endpoint of the route that would be taken, not the maker's."""
    direct = row(make_catalog, SONNET, ANTHROPIC_API_KEY="a")
    routed = row(make_catalog, SONNET, DEXTO_API_KEY="d")
    listed = make_catalog().plugins.models("openrouter")["anthropic/claude-sonnet-4.5"]
    assert (direct.facts.context, routed.facts.context) == (200_000, listed.context)
    for found in ModelRows(make_catalog(DEXTO_API_KEY="d")).all:
        if found.offer and found.offer.listing and found.price.kind == "metered":
            assert (found.price.input, found.price.output) == found.offer.listing[5:7], found.id


def test_every_row_runs_as_resolve_says(make_catalog: MakeCatalog) -> None:
    """Each usable row's way is the route that `resolve` takes for its reference."""
    catalog = make_catalog(DEXTO_API_KEY="d", GROQ_API_KEY="g")
    usable = [each for each in ModelRows(catalog).all if each.offer]
    assert len(usable) > 300
    assert all(each.offer and catalog.resolve(each.ref) == each.offer.route for each in usable)


KEY = (Group((Slot("key", (Alternative("ACME_KEY"),), secret=True),)),)


@pytest.mark.parametrize(
    ("listing", "provider", "kind", "amounts"),
    [
        (Model("acme", "a", input_price=1, output_price=2), Provider("acme", "Acme"), "metered", (1, 2)),
        (Model("acme", "a", input_price=0, output_price=2), Provider("acme", "Acme"), "metered", (0, 2)),
        (Model("acme", "a", input_price=0, output_price=0), Provider("acme", "Acme"), "unknown", (None, None)),
        (Model("acme", "a"), Provider("acme", "Acme"), "unknown", (None, None)),
        (None, Provider("acme", "Acme"), "unknown", (None, None)),
        (Model("acme", "a:free", input_price=0, output_price=0), Provider("acme", "Acme"), "free", (0, 0)),
        (Model("acme", "a:free", input_price=1, output_price=1), Provider("acme", "Acme"), "metered", (1, 1)),
        (Model("acme", "a", input_price=0, output_price=0), Provider("acme", "Acme", plan=True), "plan", (None, None)),
        (Model("acme", "a"), Provider("acme", "Acme", "own-server", (Group(kind="none"),)), "local", (0, 0)),
        (Model("acme", "a"), Provider("acme", "Acme", "own-server", KEY), "unknown", (None, None)),
    ],
)
def test_what_a_model_costs(
    listing: Model | None, provider: Provider, kind: str, amounts: tuple[float | None, float | None]
) -> None:
    """Zero is a price only of an ID that says so and of the user's own server; else it is not known."""
    found = price(listing, provider)
    assert (found.kind, found[:2]) == (kind, amounts)


def test_an_own_server_with_a_key_may_cost_something() -> None:
    """A server that is called with a key is not said to be free."""
    provider = Provider("acme", "Acme", "own-server", (*KEY, Group(kind="none")))
    credential = Credential("acme", "http://localhost/v1", "api-key", Source("env", "ACME_KEY"))
    assert price(Model("acme", "a"), provider, credential).kind == "unknown"
    assert price(Model("acme", "a"), provider).kind == "local"


def test_free_models_are_free(make_catalog: MakeCatalog) -> None:
    """`free` selects only IDs that say so, and local servers."""
    free = SelectableModels(ModelRows(make_catalog(DEXTO_API_KEY="d"))).select(ModelSelection(free=True))
    assert len(free) > 10
    assert all(each.ref.id.endswith(":free") or each.price.kind == "local" for each in free)


def test_selections(make_catalog: MakeCatalog) -> None:
    """Every selected model is known to have what was asked for."""
    models = SelectableModels(ModelRows(make_catalog(DEXTO_API_KEY="d")))
    wanted = ModelSelection(usable=True, can=("tools", "image"), context=500_000, price=2)
    found = models.select(wanted)
    assert 5 < len(found) < 500
    for each in found:
        assert each.offer and each.facts.tools is True and "image" in each.facts.input_modalities
        assert (each.facts.context or 0) >= 500_000 and each.price.input is not None and each.price.input <= 2
    assert {each.maker for each in models.select(ModelSelection(maker="cohere"))} == {"cohere"}


@pytest.mark.parametrize("sorting", ["price", "context", "newest", "name"])
def test_sorting(make_catalog: MakeCatalog, sorting: str) -> None:
    """Models are sorted by one fact, best first or reversed; unknown ones are last in both."""
    models = SelectableModels(ModelRows(make_catalog()))
    facts: dict[str, Callable[[ModelRow], Any]] = {
        "price": lambda each: each.price.input,
        "context": lambda each: each.facts.context and -each.facts.context,
        "newest": lambda each: -_day(each.facts.release_date) or None,
        "name": lambda each: each.name.casefold(),
    }
    for sign, name in ((1, sorting), (-1, f"-{sorting}")):
        values = [facts[sorting](each) for each in models.select(ModelSelection(sorting=name))]
        known = [each for each in values if each is not None]
        assert values[: len(known)] == known == sorted(known, reverse=sign < 0)


def test_order(make_catalog: MakeCatalog) -> None:
    """Favorites come first, then recent ones, the user's own under their names, those that can be run, and others."""
    mine = {"name": "mine", "provider": "openai-compatible", "baseURL": "http://h.example/v1"}
    named = {"name": "z-ai/glm-5", "provider": "openrouter", "displayName": "My GLM"}
    own = json.dumps({"version": 1, "models": [mine, named]})
    catalog = make_catalog(files={".dexto/models/custom-models.json": own}, ANTHROPIC_API_KEY="a")
    favorite, recent = ModelRef("zai", "glm-5"), ModelRef("bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0")
    order = ModelOrder([favorite], [recent, favorite])
    rows = SelectableModels(ModelRows(catalog), order).select(ModelSelection())
    assert [each.id for each in rows[:3]] == ["zai/glm-5", SONNET, "openai-compatible/mine"]
    assert rows[0].name == "My GLM"
    bands = [order.band(each) for each in rows]
    assert bands == sorted(bands, key=("favorite", "recent", "own", "runs", "setup").index)
    assert {each.maker for each, band in zip(rows, bands, strict=True) if band == "runs"} == {"anthropic"}


def test_popular_and_recent_models_come_first(make_catalog: MakeCatalog) -> None:
    """Within a band a model that many providers list and that was released lately comes first."""
    rows = SelectableModels(ModelRows(make_catalog())).select(ModelSelection())
    first = [each for each in rows if ModelOrder().band(each) == "setup"][:20]
    assert min(len(each.providers) for each in first) > 8
    assert min(each.facts.release_date for each in first) > "2025-06"


def test_new_models(make_catalog: MakeCatalog) -> None:
    """A model is new if it was released in the 45 days before the date of the list."""
    found = row(make_catalog, SONNET)
    assert [is_new(found, day) for day in ("2025-10-30", "2025-11-12", "2025-11-13")] == [True, True, False]


class Lists:
    """A plugin whose models no other lists."""

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return one vendor."""
        return [Provider("acme", "Acme", "vendor", KEY, "https://acme.example/v1")]

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str]) -> list[Model]:
        """Return two models, one without a name."""
        return [Model("acme", "acme-1", "Acme 1"), Model("acme", "acme-2")] if "acme" in provider_ids else []


def test_models_of_a_third_party_have_rows() -> None:
    """A model that only a third party's plugin lists has a row under its own reference."""
    rows = ModelRows(Catalog(Plugins.load([Lists()], only=[]), Environment({"ACME_KEY": "k"})))
    assert [(each.id, each.name, each.offer is not None) for each in rows.all] == [
        ("acme/acme-1", "Acme 1", True),
        ("acme/acme-2", "acme-2", True),
    ]
