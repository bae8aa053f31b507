"""Who can be run through a gateway: the question that every other system answers wrongly."""

from __future__ import annotations

import pytest

from polyroute import Alternative, Catalog, Group, Plugins, Provider, Routeability, Slot, hookimpl
from tests.support.catalogs import MakeCatalog, MakeEnvironment

CARRIED = """
    alibaba anthropic bailing cohere deepseek google groq inception llama minimax mistral moonshotai morph nova
    openai perplexity stepfun tencent-tokenhub upstage xai xiaomi zai
""".split()
"""The reviewed providers: vendors selling their own models, some of which OpenRouter lists, and groq by name."""

KEYLESS = ["atomic-chat", "lmstudio", "local", "ollama"]

NEVER = """
    azure bedrock vertex vertex-anthropic databricks sap-ai-core litellm glama openai-compatible vercel
    togetherai nvidia fireworks-ai deepinfra cerebras alibaba-cn moonshotai-cn minimax-cn zhipuai zai-coding-plan
    alibaba-coding-plan minimax-coding-plan kimi-for-coding xiaomi-token-plan-cn stepfun-ai perplexity-agent
""".split()


def effective(catalog: Catalog, via: str) -> list[str]:
    return [name for name, each in catalog.status().providers.items() if each.credential_sources.get(via)]


def test_dexto_key_carries_exactly_the_reviewed_providers(make_catalog: MakeCatalog) -> None:
    """With only DEXTO_API_KEY, exactly the reviewed vendors, groq and openrouter can be run via dexto."""
    assert effective(make_catalog(DEXTO_API_KEY="k"), "dexto") == sorted([*CARRIED, "openrouter"])


def test_openrouter_key_carries_the_same_vendors(make_catalog: MakeCatalog) -> None:
    """With only OPENROUTER_API_KEY, the same vendors can be run via openrouter."""
    assert effective(make_catalog(OPENROUTER_API_KEY="k"), "openrouter") == CARRIED


def test_nothing_set_leaves_only_keyless_servers(make_catalog: MakeCatalog) -> None:
    """With nothing set, only a user's own servers that need no key are usable."""
    providers = make_catalog().status().providers
    assert [name for name, each in providers.items() if each.has_effective_credentials] == KEYLESS


@pytest.mark.parametrize("name", NEVER)
def test_own_accounts_hosts_and_plans_are_never_carried(make_catalog: MakeCatalog, name: str) -> None:
    """Own clouds, own servers, other hosts, other gateways and plan siblings are never routeable."""
    status = make_catalog(DEXTO_API_KEY="k", OPENROUTER_API_KEY="k").provider(name)
    assert not any(status.can_route_via(gateway) for gateway in ("dexto", "openrouter"))


@pytest.mark.parametrize("variables", [{}, {"DEXTO_API_KEY": "k"}])
def test_routeability_does_not_depend_on_keys(make_catalog: MakeCatalog, variables: dict[str, str]) -> None:
    """Whether a gateway may carry a provider is the same with and without a key."""
    providers = make_catalog(**variables).status().providers
    assert [name for name, each in providers.items() if each.can_route_via("openrouter")] == CARRIED


def test_blank_is_absent(make_catalog: MakeCatalog) -> None:
    """A variable that holds only white space counts as not set."""
    assert effective(make_catalog(DEXTO_API_KEY="  \t"), "dexto") == []


def test_both_gateways_map_alike(plugins: Plugins, make_environment: MakeEnvironment) -> None:
    """Dexto and OpenRouter give every model the same ID, since both use one mapping function."""
    catalog = Catalog(plugins, make_environment())
    for model in plugins.all_models():
        by_dexto, by_openrouter = catalog.mapping("dexto", model.ref), catalog.mapping("openrouter", model.ref)
        assert (by_dexto.id, by_dexto.evidence) == (by_openrouter.id, by_openrouter.evidence)


def test_dexto_maps_without_the_openrouter_plugin(make_environment: MakeEnvironment) -> None:
    """With the openrouter plugin disabled, its provider and routes are gone; Dexto carries and maps as before."""
    environment = make_environment(DEXTO_API_KEY="k", POLYROUTE_DISABLE_PLUGINS="openrouter,gateways")
    catalog = Catalog(Plugins.load(environment=environment), environment)
    assert effective(catalog, "dexto") == CARRIED
    assert "openrouter" not in catalog.status().providers
    assert catalog.resolve("xai/grok-4.3").model_id == "x-ai/grok-4.3"
    assert catalog.problems == ()


class Proxy:
    """A third party's gateway that carries the same as OpenRouter, and claims a provider that no gateway may carry."""

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return one gateway and one vendor."""
        key = Slot("key", (Alternative("PROXY_KEY"),), secret=True)
        return [
            Provider("proxy", "Proxy", "gateway", (Group((key,)),), "https://proxy.example/v1"),
            Provider("writer", "Writer", "vendor", (Group((key,)),), "https://writer.example/v1"),
        ]

    @hookimpl
    def polyroute_routeability(self) -> list[Routeability]:
        """Return OpenRouter's rule, and a user's own cloud, which is refused."""
        return [Routeability("proxy", providers=("bedrock",), like="openrouter")]


def test_a_rule_like_another_gateways(make_environment: MakeEnvironment) -> None:
    """A gateway that is `like` another carries the same providers, and third parties' vendors that its list offers."""
    plugins = Plugins.load([Proxy()], only=["direct", "openrouter"])
    catalog = Catalog(plugins, make_environment(PROXY_KEY="k"))
    assert effective(catalog, "proxy") == sorted([*CARRIED, "writer"])


def test_an_own_cloud_named_by_a_rule_is_refused(make_environment: MakeEnvironment) -> None:
    """A gateway that claims to carry a user's own cloud is a problem, and does not carry it."""
    catalog = Catalog(Plugins.load([Proxy()], only=["direct", "openrouter"]), make_environment(PROXY_KEY="k"))
    assert not catalog.provider("bedrock").can_route_via("proxy")
    assert any("can't carry bedrock" in problem.message for problem in catalog.problems)


def test_a_rule_like_nobody_is_a_problem(make_environment: MakeEnvironment) -> None:
    """A rule that refers to a missing gateway is a problem, and carries nothing."""
    catalog = Catalog(Plugins.load([Proxy()], only=["direct"]), make_environment(PROXY_KEY="k"))
    assert effective(catalog, "proxy") == []
    assert any("is like openrouter, which is not installed" in problem.message for problem in catalog.problems)
