"""What a policy of an organisation allows in a catalog, what it locks, and whose keys are used."""

from __future__ import annotations

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyroute import Catalog, Environment, ModelRef, NoEffectiveRoute, Plugins, Preferences, SecretUnavailable, explain
from polyroute.credentials import keys
from polyroute.documents import catalog as documents
from polyroute.local_servers import states
from polyroute.organisation.member import MemberEnvironment
from polyroute.organisation.patterns import matches
from polyroute.types.policies import KeyPlace, LockedPreferences, OrganisationPolicy
from tests.support.catalogs import MakeEnvironment

CLAUDE, GPT = "anthropic/claude-sonnet-4-5", "openai/gpt-5"
ALL = {"DEXTO_API_KEY": "d", "OPENROUTER_API_KEY": "o", "ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "p"}
ASK = "To have it allowed, ask platform@acme.example."
KEY = "sk-of-the-organisation-WXYZ"

Make = Callable[..., Catalog]


@pytest.fixture
def make(plugins: Plugins, make_environment: MakeEnvironment) -> Make:
    """Return a function that makes the catalog of a user under a policy."""

    def catalog(
        preferences: Preferences | None = None,
        files: dict[str, str] | None = None,
        held: dict[str, str] | None = None,
        own: dict[str, str] | None = None,
        locks: LockedPreferences | None = None,
        **policy: object,
    ) -> Catalog:
        rules = OrganisationPolicy("platform@acme.example", preferences=locks or LockedPreferences(), **policy)  # type: ignore[arg-type]
        environment = make_environment(files, **(ALL if own is None else own))
        return Catalog(plugins, MemberEnvironment(environment, rules, held or {}), preferences)

    return catalog


def reasons(catalog: Catalog, model: str) -> dict[str, str]:
    return {each.via: f"{each.reason}. {each.remedy}" for each in catalog.routes(model) if not each.allowed}


def test_a_policy_without_rules_changes_nothing(
    make: Make, plugins: Plugins, make_environment: MakeEnvironment
) -> None:
    """A policy that says nothing leaves every route as it was."""
    without = Catalog(plugins, make_environment(**ALL))
    for model in (CLAUDE, GPT, "openrouter/z-ai/glm-4.6", "groq/llama-3.3-70b-versatile"):
        assert make().routes(model) == without.routes(model)


def test_requests_go_to_allowed_providers_only(make: Make) -> None:
    """A route to a provider that no pattern matches is not usable, and says whom to ask."""
    catalog = make(allowed_providers=("open*",))
    assert catalog.resolve(CLAUDE).via == "openrouter"
    assert reasons(catalog, CLAUDE) == {
        "dexto": f"the organisation's policy does not allow requests to dexto. {ASK}",
        "direct": f"the organisation's policy does not allow requests to anthropic. {ASK}",
    }
    assert "the organisation's policy does not allow requests to anthropic" in str(explain(catalog, "anthropic"))


def test_a_provider_may_be_named_by_an_alias(make: Make) -> None:
    """Names in patterns are IDs or aliases, as everywhere."""
    assert make(allowed_providers=("dexto-nova",)).resolve(CLAUDE).via == "dexto"


def test_models_outside_can_not_be_run_by_any_route(make: Make) -> None:
    """A model that no pattern matches has no usable route, whichever key there is."""
    catalog = make(allowed_models=("anthropic/claude-sonnet-*",))
    assert catalog.resolve(CLAUDE).usable
    assert catalog.route(GPT) is None
    assert set(reasons(catalog, GPT).values()) == {f"the organisation's policy does not allow {GPT}. {ASK}"}
    with pytest.raises(NoEffectiveRoute) as raised:
        catalog.resolve(GPT)
    assert str(raised.value) == f"{GPT} can't be run: the organisation's policy does not allow {GPT}. {ASK}"
    assert {each.provider for each in catalog.models(provider="anthropic", available=True)} == {"anthropic"}
    assert catalog.models(provider="openai", available=True) == []


def test_a_gateways_model_is_allowed_with_its_makers(make: Make) -> None:
    """`anthropic/claude-*` allows the same models under a gateway's reference, and no others there."""
    catalog = make(allowed_models=("anthropic/claude-*",))
    assert catalog.resolve("openrouter/anthropic/claude-sonnet-4.5").usable
    assert catalog.route("openrouter/openai/gpt-5") is None
    assert catalog.elsewhere(GPT) == ()


def test_a_vendor_without_an_allowed_model_says_so(make: Make) -> None:
    """The status of a provider none of whose models is allowed has the policy as its reason."""
    status = make(allowed_models=("anthropic/claude-*",)).provider("openai")
    assert {each.reason for each in status.routes} == {"the organisation's policy does not allow openai's models"}


@given(st.text("ab/*-.", max_size=8), st.text("ab/-.", max_size=8))
def test_a_star_stands_for_any_characters(pattern: str, name: str) -> None:
    """Patterns match as a shell's do, with `*` as the only special character."""
    assert matches(pattern, name) is fnmatchcase(name, pattern)


@settings(max_examples=15)
@given(st.sets(st.sampled_from(["anthropic/claude-*", "openai/*", "*/gpt-5", "openrouter/*", "groq/x"]), min_size=1))
def test_what_may_run_is_what_a_pattern_matches(plugins: Plugins, patterns: set[str]) -> None:
    """A vendor's model has a usable route exactly if a pattern matches its reference."""
    rules = OrganisationPolicy("us", allowed_models=tuple(patterns))
    catalog = Catalog(plugins, MemberEnvironment(Environment(ALL), rules))
    for model in catalog.models(provider="openai") + catalog.models(provider="anthropic"):
        allowed = any(fnmatchcase(str(model.ref), each) for each in patterns)
        route = catalog.route(model.ref)
        assert (route is not None) is allowed
        assert all(each.allowed is allowed for each in catalog.routes(model.ref))


def test_locked_preferences_take_the_place_of_the_users(make: Make) -> None:
    """A locked order of routes is used, whatever a user prefers or pins."""
    own = Preferences("dexto", pins={"anthropic": "dexto"}, disabled_providers=frozenset({"openai"}))
    locked = make(own, locks=LockedPreferences(prefer="openrouter", disable_providers=("groq",)))
    assert (locked.preferred, locked.resolve(CLAUDE).via, locked.resolve(GPT).usable) == (
        "openrouter",
        "openrouter",
        True,
    )
    groq = locked.provider("groq").routes
    assert {each.remedy for each in groq} == {ASK}
    assert not any(each.allowed for each in groq)


def test_an_own_key_comes_before_the_organisations(make: Make) -> None:
    """The organisation's key is used only where the user has none."""
    given = {"ANTHROPIC_API_KEY": KeyPlace("ACME_KEY"), "GROQ_API_KEY": KeyPlace("ACME_KEY")}
    catalog = make(keys=given, held={"ACME_KEY": KEY})
    sources = {name: catalog.provider(name).routes for name in ("anthropic", "groq")}
    found = {name: str(next(r.credential for r in routes if r.via == "direct")) for name, routes in sources.items()}
    assert found == {"anthropic": "env ANTHROPIC_API_KEY", "groq": "organisation GROQ_API_KEY"}
    route = catalog.resolve("groq/llama-3.3-70b-versatile")
    assert catalog.environment.call(route).headers[-1] == ("Authorization", f"Bearer {KEY}")
    assert catalog.reload().resolve("groq/llama-3.3-70b-versatile") == route


def test_a_mounted_key_is_read_at_each_use(make: Make, tmp_path: Path) -> None:
    """A file with a key may be replaced while the server runs; a missing one is an error that names whom to ask."""
    file = tmp_path / "mounted"
    file.write_text(f"{KEY}\n")
    catalog = make(keys={"GROQ_API_KEY": KeyPlace(file=str(file))}, own={})
    route = catalog.resolve("groq/llama-3.3-70b-versatile")
    assert catalog.environment.reveal(route.credential) == KEY
    file.write_text("rotated")
    assert catalog.environment.reveal(route.credential) == "rotated"
    file.unlink()
    with pytest.raises(SecretUnavailable, match=r"platform@acme\.example"):
        catalog.environment.reveal(route.credential)


def test_the_organisations_key_is_shown_to_nobody(make: Make) -> None:
    """It has no mask, no variable has its value, and messages of endpoints lose even its last characters."""
    catalog = make(keys={"GROQ_API_KEY": KeyPlace("ACME_KEY")}, held={"ACME_KEY": KEY}, own={"ACME_KEY": KEY})
    key = keys.find(catalog, "groq")
    assert (str(key.credential), key.mask) == ("organisation GROQ_API_KEY", "")
    assert catalog.environment.setting("GROQ_API_KEY") is None
    assert catalog.environment.source("ACME_KEY") is None
    catalog.environment.reveal(key.credential)
    assert catalog.environment.without_secrets(f"{KEY} or sk-****WXYZ") == "[REDACTED] or sk-****[REDACTED]"
    assert keys.remove(catalog, "groq")[2:4] == ((), key.credential)


@settings(max_examples=25)
@given(key=st.text("QXZJ0123456789-_", min_size=5, max_size=60).map(lambda text: f"sk{text}XZQJ"))
def test_no_document_has_the_end_of_an_organisations_key(plugins: Plugins, key: str) -> None:
    """Whatever the key is, no document, repr or message of the user's catalog has its last four characters."""
    rules = OrganisationPolicy("us", keys={"GROQ_API_KEY": KeyPlace("K"), "OPENROUTER_API_KEY": KeyPlace("K")})
    catalog = Catalog(plugins, MemberEnvironment(Environment({"K": key}), rules, {"K": key}))
    route = catalog.resolve("groq/llama-3.3-70b-versatile")
    revealed = catalog.environment.reveal(route.credential)
    shown = [
        documents.status(catalog.status()),
        documents.resolution(ModelRef("groq", "x"), catalog.routes("groq/x"), (), catalog.problems),
        [keys.find(catalog, name) for name in ("groq", "openrouter")],
        explain(catalog, "groq"),
        catalog.environment,
        [catalog.environment.setting(name) for name in catalog.environment.names],
        catalog.environment.without_secrets(f"wrong key {key}, …{key[-4:]}, {key[-7:]}"),
    ]
    assert revealed == key
    assert key[-4:] not in repr(shown)


@pytest.mark.parametrize("layer", ["process", "global"])
def test_no_users_address_gets_the_organisations_key(make: Make, layer: str) -> None:
    """A base URL of the user's own, in a variable of any layer, gets no key of the organisation."""
    own = {"OPENAI_BASE_URL": "https://mine.example/v1"}
    files = {".dexto/.env": "OPENAI_BASE_URL=https://mine.example/v1\n"} if layer == "global" else None
    catalog = make(
        keys={"OPENAI_API_KEY": KeyPlace("K")}, held={"K": KEY}, files=files, own=own if layer == "process" else {}
    )
    direct = next(each for each in catalog.routes(GPT) if each.via == "direct")
    assert not direct.usable
    assert "must not determine where organisation OPENAI_API_KEY is sent" in direct.reason


def test_no_model_of_a_users_own_gets_the_organisations_key(make: Make) -> None:
    """A custom model can't send the organisation's key to its own base URL, by reference or by its provider."""
    mine = {"provider": "openai-compatible", "baseURL": "https://mine.example/v1"}
    models = [{**mine, "name": name, "apiKey": name} for name in ("$GROQ_API_KEY", "${GROQ_API_KEY}")]
    files = {".dexto/models/custom-models.json": json.dumps({"version": 1, "models": models})}
    catalog = make(keys={"GROQ_API_KEY": KeyPlace("K")}, held={"K": KEY}, own={}, files=files)
    assert len(catalog.custom_refs) == 2
    for ref in catalog.custom_refs:
        assert catalog.route(ref) is None


@pytest.mark.parametrize(
    ("allowed", "usable"),
    [
        (("mine.example",), True),
        (("*.example",), True),
        (("mine.example:8443",), True),
        (("mine.example:443",), False),
        (("other.example",), False),
        ((), False),
        (None, True),
    ],
)
def test_users_set_addresses_of_allowed_hosts_only(make: Make, allowed: tuple[str, ...] | None, usable: bool) -> None:
    """A user's own address, in a variable or in a custom model, must be of a host that the policy allows."""
    own = {"OPENAI_API_KEY": "p", "OPENAI_BASE_URL": "https://mine.example:8443/v1"}
    mine = {"provider": "openai-compatible", "name": "m", "baseURL": "https://mine.example:8443/v1", "apiKey": "k"}
    files = {".dexto/models/custom-models.json": json.dumps({"version": 1, "models": [mine]})}
    catalog = make(own=own, files=files, allowed_hosts=allowed)
    for model in (GPT, "openai-compatible/m"):
        route = next(each for each in catalog.routes(model) if each.via == "direct")
        assert (route.usable, route.allowed) == (usable, usable)
        assert usable or route.reason == "the organisation's policy does not allow the address mine.example:8443"


def test_many_users_set_no_address_unless_the_policy_says_which() -> None:
    """To many users of one server, a policy that names no hosts allows none."""
    assert OrganisationPolicy("us").for_many.allowed_hosts == ()
    assert OrganisationPolicy("us", allowed_hosts=("a",)).for_many.allowed_hosts == ("a",)


def test_no_server_is_asked_that_is_not_allowed(make: Make) -> None:
    """The machine that runs a server is not asked for own servers, even at the usual address."""
    assert states(make(own={}, allowed_hosts=()), seconds=0.1) == {}
    assert states(make(own={}), ["ollama"], seconds=0).keys() == {"ollama"}


def test_the_organisations_own_settings_are_no_users_address(make: Make) -> None:
    """An address that the policy sets gets the organisation's key, though users may set none."""
    place = {"OPENAI_BASE_URL": "https://llm.acme.example/v1"}
    catalog = make(keys={"OPENAI_API_KEY": KeyPlace("K")}, held={"K": KEY}, settings=place, own={}, allowed_hosts=())
    assert catalog.resolve(ModelRef.parse(GPT)).base_url == "https://llm.acme.example/v1"
