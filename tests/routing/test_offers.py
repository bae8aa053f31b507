"""Every way to run the same model, and which other reference runs where one does not."""

from __future__ import annotations

import pytest

from polyroute import NoEffectiveRoute, UnknownProvider, explain
from polyroute.documents import catalog as documents
from polyroute.model_ids.normalize import is_free
from tests.support.catalogs import MakeCatalog

SONNET = "anthropic/claude-sonnet-4-5"
AWS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"}
EUROPEAN = "bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0"


def test_one_offer_for_each_provider(make_catalog: MakeCatalog) -> None:
    """Direct, through gateways and at other providers: one offer for each, with its price and context."""
    offers = make_catalog().offers(SONNET)
    providers = [each.provider for each in offers]
    assert len(providers) == len(set(providers)) > 20
    assert {"anthropic", "dexto", "openrouter", "bedrock", "vertex"} <= set(providers)
    assert (
        providers[:3]
        == [route.via.replace("direct", "anthropic") for route in make_catalog().routes(SONNET) if route.model_id][:3]
    )
    for each in offers:
        assert not each.route.usable and each.route.reason and each.route.remedy
    dexto, bedrock = (next(each for each in offers if each.provider == name) for name in ("dexto", "bedrock"))
    assert dexto.listing == make_catalog().plugins.models("openrouter")["anthropic/claude-sonnet-4.5"]
    assert bedrock.price[:4] == (3, 15, 0.3, 3.75)
    assert len(bedrock.other_ids) > 3


def test_usable_offers_come_first(make_catalog: MakeCatalog) -> None:
    """Offers that can be run come first: those of the model itself, then others by price."""
    offers = make_catalog(**AWS, POE_API_KEY="p", OPENROUTER_API_KEY="o").offers(SONNET)
    assert [each.provider for each in offers if each.route.usable] == ["openrouter", "poe", "bedrock"]
    assert [each.route.usable for each in offers[:4]] == [True, True, True, False]


@pytest.mark.parametrize(
    ("region", "profile"),
    [("eu-west-1", "eu."), ("us-east-1", "us."), ("ap-south-1", "global."), ("sa-east-1", "global."), ("", "global.")],
)
def test_the_profile_of_the_users_region(make_catalog: MakeCatalog, region: str, profile: str) -> None:
    """Of several regions' IDs that of the user's region is used, else the one for everywhere."""
    offers = make_catalog(**{**AWS, "AWS_REGION": region}).offers(SONNET)
    bedrock = next(each for each in offers if each.provider == "bedrock")
    assert bedrock.model.id == f"{profile}anthropic.claude-sonnet-4-5-20250929-v1:0"


def test_protocols_limit_offers(make_catalog: MakeCatalog) -> None:
    """Offers that speak none of the wanted protocols are not usable."""
    catalog = make_catalog(**AWS, ANTHROPIC_API_KEY="a")
    usable = [each.provider for each in catalog.offers(SONNET, protocols=["anthropic-messages"]) if each.route.usable]
    assert usable == ["anthropic"]


def test_the_same_model_from_elsewhere(make_catalog: MakeCatalog) -> None:
    """A listing at any provider leads to the same offers, its own first."""
    catalog = make_catalog()
    own, other = catalog.offers(SONNET), catalog.offers("vertex/claude-sonnet-4-5@20250929")
    assert other[0].provider == "vertex"
    assert {each.provider for each in own} == {each.provider for each in other}


def test_offers_of_an_unlisted_model(make_catalog: MakeCatalog) -> None:
    """A model in no list has the offers of its own routes; an unknown provider is an error."""
    assert [each.provider for each in make_catalog().offers("openrouter/new/new-1")] == ["dexto", "openrouter"]
    with pytest.raises(UnknownProvider):
        make_catalog().offers("nobody/x")


def test_where_a_model_runs_is_said(make_catalog: MakeCatalog) -> None:
    """If a model can't be run, every answer names the reference by which it can."""
    catalog = make_catalog(**AWS)
    with pytest.raises(NoEffectiveRoute, match=f"You can run it as {EUROPEAN}") as caught:
        catalog.resolve(SONNET)
    assert list(map(str, caught.value.elsewhere)) == [EUROPEAN]
    with pytest.raises(NoEffectiveRoute, match=f"You can run it as {EUROPEAN}"):
        catalog.run(SONNET, lambda route: None)
    explained = explain(catalog, SONNET)
    assert f"It can't be run now. You can run it as {EUROPEAN}." in explained.lines
    assert documents.explanation(explained, ())["elsewhere"] == [EUROPEAN]


def test_nothing_is_named_that_does_not_run(make_catalog: MakeCatalog) -> None:
    """Without any key no other reference is named; own servers that may not be running are not named either."""
    assert make_catalog().elsewhere(SONNET) == ()
    assert make_catalog().elsewhere("openrouter/openai/gpt-oss-20b") == ()


def test_free_variants_are_named_last(make_catalog: MakeCatalog) -> None:
    """A free variant has limits of its own, so it is named after the model at its price."""
    elsewhere = make_catalog(OPENROUTER_API_KEY="o").elsewhere("deepinfra/deepseek-ai/DeepSeek-V4-Flash")
    assert list(map(str, elsewhere)) == [
        "deepseek/deepseek-v4-flash",
        "openrouter/deepseek/deepseek-v4-flash",
        "openrouter/deepseek/deepseek-v4-flash:free",
    ]


def test_each_variant_of_a_provider_has_its_own_price(make_catalog: MakeCatalog) -> None:
    """A provider's free or quantised variant is an offer of its own; neither lends its price or ID to the other."""
    catalog = make_catalog(OPENROUTER_API_KEY="o")
    for each in catalog.offers("deepseek/deepseek-v4-flash"):
        assert not [other for other in each.other_ids if is_free(other) != is_free(each.route.model_id or "")]
        assert not (each.price.kind == "free" and not is_free(each.route.model_id or ""))


def test_the_maker_is_named_first(make_catalog: MakeCatalog) -> None:
    """The maker's own reference comes before others; with it, gateways count."""
    elsewhere = make_catalog(DEXTO_API_KEY="d", POE_API_KEY="p").elsewhere(EUROPEAN)
    assert list(map(str, elsewhere)) == [
        SONNET,
        "poe/anthropic/claude-sonnet-4.5",
        "openrouter/anthropic/claude-sonnet-4.5",
    ]
