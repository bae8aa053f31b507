"""Plugins for the previous version work unchanged, with the same files, hook signatures and positional fields.

`data/old_plugins` contains that version's examples, byte for byte.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from polyroute import (
    Alternative,
    AuthHeader,
    BaseUrlCase,
    Catalog,
    Credential,
    CustomModelRules,
    Detection,
    Environment,
    FetchedList,
    Group,
    IdMapping,
    Mapper,
    Model,
    ModelRef,
    Plugins,
    Probe,
    Problem,
    Provider,
    Routeability,
    Slot,
    Source,
    Verification,
    hookimpl,
    verify,
)
from tests.support.distributions import BUNDLED, site_on_path
from tests.support.example_executables import COMPILERS, patience, user
from tests.support.fake_endpoint import Serve
from tests.support.machine import needed
from tests.support.manifests import User
from tests.support.shell import Shell

pytestmark = pytest.mark.slow

__all__ = ["patience", "user"]

OLD = Path(__file__).parents[1] / "data" / "old_plugins"


# The examples


def assert_acme(catalog: Catalog) -> None:
    """Assert that Acme is as the previous version's plugin declares it, without any problem."""
    assert list(map(str, catalog.problems)) == []
    route = catalog.resolve("acme/acme-large")
    assert (route.via, route.model_id, route.mapping) == ("direct", "acme-large", "listed")
    assert (route.base_url, route.protocol, route.auth) == ("https://api.acme.example/v1", "openai-chat", AuthHeader())
    assert catalog.environment.reveal(route.credential) == "acme-secret"
    assert catalog.models(provider="acme") == [Model("acme", "acme-large", "Acme Large", 128_000, 8_192)]
    assert catalog.provider("acme").provider.name == "Acme"
    assert catalog.plugins.owners["acme"].version == "1.0.0"
    assert [route.via for route in catalog.reload().provider("acme").routes if route.usable] == ["direct"]


def test_a_plugin_in_python(tmp_path: Path) -> None:
    """The previous version's example in Python can be installed and resolves without a problem."""
    source = (OLD / "python-plugin" / "acme_polyroute" / "__init__.py").read_text(encoding="utf-8")
    with site_on_path(tmp_path) as site:
        site.module("acme_polyroute", source)
        site.metadata("acme_polyroute", "[polyroute]\nacme = acme_polyroute\n", "1.0.0")
        environment = Environment({"ACME_API_KEY": "acme-secret"}, home=tmp_path)
        assert_acme(Catalog(Plugins.load(only=[*BUNDLED, "acme"], environment=environment), environment))


def test_a_manifest(user: User) -> None:
    """The previous version's example manifest, in the plugin folder, resolves without a problem."""
    user.copy(OLD / "acme-manifest", "acme")
    assert_acme(user.catalog(ACME_API_KEY="acme-secret"))


def test_a_manifest_can_be_added(shell: Shell) -> None:
    """`plugins add` accepts the previous version's manifest, which can then be used."""
    done = shell.run("plugins", "add", str(OLD / "acme-manifest"), "--yes")
    assert (done.returncode, "was added and is in use" in done.stdout) == (0, True), done.stderr
    found = shell.run("resolve", "acme/acme-large", ACME_API_KEY="acme-secret")
    assert (found.returncode, found.stderr) == (0, "")


def test_a_gateway_by_data_alone(user: User) -> None:
    """The previous version's gateway manifest has the same routeability and the same mappings in both directions."""
    user.copy(OLD / "vercel-gateway", "vercel")
    catalog = user.catalog(AI_GATEWAY_API_KEY="k")
    assert list(map(str, catalog.problems)) == []
    cases = {
        ModelRef("anthropic", "claude-sonnet-4-5-20250929"): "anthropic/claude-sonnet-4.5",
        ModelRef("mistral", "mistral-large-latest"): "mistral/mistral-large-3",
        ModelRef("zhipuai", "glm-4.6"): "zai/glm-4.6",
        ModelRef("bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0"): "anthropic/claude-haiku-4.5",
        ModelRef("xai", "grok-4"): None,
    }
    assert {ref: catalog.mapping("vercel-gateway", ref).id for ref in cases} == cases
    route = catalog.resolve("xai/grok-4.3")
    assert (route.via, route.model_id, route.base_url) == (
        "vercel-gateway",
        "xai/grok-4.3",
        "https://ai-gateway.vercel.sh/v1",
    )
    assert catalog.maker("vercel-gateway/zai/glm-4.6") == ModelRef("zai", "glm-4.6")


def built(kind: str, user: User) -> Path:
    """Put an old executable into the plugin folder and build it. A missing tool fails the test only in CI."""
    compiler = COMPILERS[kind]
    needed(compiler[0] if compiler else kind)
    folder = user.copy(OLD / kind, "acme")
    if compiler:
        cache = {"GOCACHE": str(user.home / "go-build"), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
        subprocess.run(compiler, cwd=folder, check=True, env={**os.environ, **cache})
    for each in folder.glob("acme*"):
        each.chmod(0o755)
    return folder


@pytest.mark.parametrize("kind", COMPILERS)
def test_an_executable_of_protocol_1(kind: str, user: User) -> None:
    """The unchanged old executables, one per language, answer protocol 1 for each environment."""
    user.approve(built(kind, user))
    assert_acme(user.catalog(ACME_API_KEY="acme-secret"))
    assert not user.catalog().provider("acme").has_direct_key


def test_an_executable_can_be_added(shell: Shell, tmp_path: Path) -> None:
    """`plugins add` accepts an old executable and asks for its description; the plugin can then be used."""
    shutil.copytree(OLD / "sh", tmp_path / "downloads" / "acme")
    (tmp_path / "downloads" / "acme" / "acme.sh").chmod(0o755)
    done = shell.run("plugins", "add", str(tmp_path / "downloads" / "acme"), "--yes")
    assert (done.returncode, "was added and is in use" in done.stdout) == (0, True), done.stderr
    found = shell.run("resolve", "acme/acme-large", ACME_API_KEY="acme-secret")
    assert (found.returncode, found.stderr) == (0, "")


# The previous signatures of hooks


class OldMapper:
    """A mapper for the gateway, based on the gateway's list."""

    def __init__(self, listed: Callable[[str], Iterable[str]]) -> None:
        self.listed = frozenset(listed("old-gate"))

    def lookup(self, model: ModelRef) -> IdMapping:
        """Return the ID in the gateway's list."""
        name = f"old/{model.id}"
        return IdMapping(name, "listed", "in its list") if name in self.listed else IdMapping(None, "not_offered", "no")

    def reverse(self, gateway_id: str) -> ModelRef | None:
        """Return the vendor's model."""
        return ModelRef("old", gateway_id.removeprefix("old/")) if gateway_id in self.listed else None


class OldPlugin:
    """A vendor with its own login and a gateway, written for the previous version only."""

    def __init__(self, base_url: str = "https://old.example/v1", *, looks: bool = True) -> None:
        self.base_url = base_url
        self.looks = looks
        self.verified: list[tuple[Credential, ...]] = []

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return both providers, with every previous field, by position."""
        alternatives = (
            Alternative("OLD_KEY", "", False, "", (), ""),
            Alternative("", "~/.old/${OLD_PROFILE:-main}", False, "old", ("key",), ""),
        )
        region = Slot("region", (Alternative("OLD_REGION"),), False, "eu", "slug", "")
        key = Slot("key", alternatives, True, "", "", "Run: old login.")
        gate = Provider(
            "old-gate",
            "Old gateway",
            "gateway",
            (Group((key, region), "api-key"),),
            "https://${region}.gate.old.example/v1",
            (BaseUrlCase("region", "global", "https://gate.old.example/v1"),),
            "openai-chat",
            AuthHeader("X-Old-Key", ""),
            (("X-Old-Client", "polyroute"),),
            ("old-gateway",),
            True,
            CustomModelRules("optional", ""),
            "https://old.example/docs",
            "OLD_KEY",
            ("anthropic-messages",),
        )
        return [Provider("old", "Old", "vendor", (), self.base_url), gate]

    @hookimpl
    def polyroute_credentials(self, environment: Environment) -> list[Detection]:
        """Return the login, by position."""
        return [
            Detection("old", "oauth-token", Source("plugin", "login", "", "", ""), self.base_url, "", "Run: old login.")
        ]

    @hookimpl
    def polyroute_routeability(self) -> list[Routeability]:
        """Make the vendor routeable via the gateway, by position."""
        return [Routeability("old-gate", frozenset({"old"}), {}, (), "", False)]

    @hookimpl
    def polyroute_model_ids(self, listed: Callable[[str], Iterable[str]]) -> Mapping[str, Mapper]:
        """Return one mapper, without regard to the environment."""
        return {"old-gate": OldMapper(listed)}

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str]) -> Iterable[Model]:
        """Return one model each, with every previous field, by position."""
        facts = ("Large", 9_000, 900, 1.5, 2.5, ("text",), ("text",), "2025-01-01")
        if "old" in provider_ids:
            yield Model(
                "old", "large", *facts, self.base_url, "openai-responses", AuthHeader("X-Old", ""), (("A", "b"),)
            )
        if "old-gate" in provider_ids:
            yield Model("old-gate", "old/large", *facts)

    @hookimpl
    def polyroute_secrets(self, credential: Credential) -> str:
        """Return a string."""
        return f"secret of {credential.provider} by {credential.source}\n"

    @hookimpl
    def polyroute_verifications(self, credentials: tuple[Credential, ...]) -> list[Probe | Verification]:
        """Return a probe or a verification, by position."""
        self.verified.append(credentials)
        if self.looks:
            return [Probe("old", "/balance", True, "", "left", "EUR", {"418": "invalid"})]
        return [Verification("old", "valid", "it says so", "3 EUR")]


def catalog_of(item: object, home: Path, **variables: str) -> Catalog:
    """Return a catalog of the bundled plugins and this object."""
    return Catalog(Plugins.load([item], only=BUNDLED), Environment(variables, home=home))


def test_hooks_with_the_former_signatures(tmp_path: Path) -> None:
    """A plugin with the previous hook signatures has providers, routes, models, IDs and a secret, and no problem."""
    catalog = catalog_of(OldPlugin(), tmp_path, OLD_KEY="old-key")
    direct, gate = sorted(catalog.routes("old/large"), key=lambda route: route.via)
    assert (direct.via, direct.usable, direct.model_id) == ("direct", True, "large")
    assert (direct.protocol, direct.auth, direct.headers) == (
        "openai-responses",
        AuthHeader("X-Old", ""),
        (("A", "b"),),
    )
    assert catalog.environment.reveal(direct.credential) == "secret of old by plugin login"
    assert (gate.via, gate.usable, gate.model_id) == ("old-gate", True, "old/large")
    assert (gate.base_url, gate.headers) == ("https://eu.gate.old.example/v1", (("X-Old-Client", "polyroute"),))
    assert catalog.environment.reveal(gate.credential) == "old-key"
    assert catalog.models("large", provider="old")[0][2:10] == (
        "Large",
        9_000,
        900,
        1.5,
        2.5,
        ("text",),
        ("text",),
        "2025-01-01",
    )
    assert catalog.maker("old-gateway/old/large") == ModelRef("old", "large")
    assert catalog.problems == ()


def test_a_file_of_the_former_kind(tmp_path: Path) -> None:
    """An alternative with six positional fields is found in the section of a file, as before."""
    (tmp_path / ".old").mkdir()
    (tmp_path / ".old" / "main").write_text("[old]\nkey = from-file\n")
    catalog = catalog_of(OldPlugin(), tmp_path, OLD_REGION="global")
    (route,) = [each for each in catalog.provider("old-gate").routes if each.via == "direct"]
    assert (route.base_url, catalog.environment.reveal(route.credential)) == (
        "https://gate.old.example/v1",
        "from-file",
    )
    assert catalog.problems == ()


def test_a_former_verification_by_probe(serve: Serve, tmp_path: Path) -> None:
    """A hook that takes only `credentials` returns a probe of seven positional fields, and the endpoint is called."""
    upstream = serve("large", key="secret of old by plugin login")
    upstream.documents["/balance"] = {"left": 3}
    plugin = OldPlugin(upstream.url)
    catalog = catalog_of(plugin, tmp_path)
    assert verify(catalog, ["old"]) == (Verification("old", "valid", "", "3 EUR"),)
    assert [[each.provider for each in asked] for asked in plugin.verified] == [["old"]]
    assert catalog.problems == ()


def test_a_former_verification_of_its_own(tmp_path: Path) -> None:
    """A hook that takes only `credentials` may verify by itself, for every user; its secrets belong to nobody known."""
    plugins = Plugins.load([OldPlugin(looks=False)], only=BUNDLED)
    for name in ("ann", "bob"):
        catalog = Catalog(plugins, Environment({"OLD_KEY": name}, home=tmp_path / name))
        assert verify(catalog, ["old"]) == (Verification("old", "valid", "it says so", "3 EUR"),)
        assert {each.code for each in catalog.problems} <= {"whose-secret"}


def test_a_former_list(tmp_path: Path) -> None:
    """A fetched list with eight positional fields is declared as before."""

    class Listing:
        @hookimpl
        def polyroute_lists(self) -> list[FetchedList]:
            """Return one list."""
            return [FetchedList("old", "https://old.example/list", len, "2025-01-01", 3, ("old-gate",), (), ())]

    catalog = Catalog(Plugins.load([OldPlugin(), Listing()], only=[]), Environment({}, home=tmp_path))
    found = catalog.plugins.list_of("old-gate")
    assert found is not None
    assert (found.name, found.models, found.bundled) == ("old", 3, "2025-01-01")
    assert catalog.problems == ()


def test_positional_fields_mean_what_they_meant() -> None:
    """The previous fields of every type have kept their positions."""
    credential = Credential("p", "https://p.example", "api-key", Source("env", "P", "/p", "s", "f"), ("q",), "plugin")
    assert credential._asdict() | {"source": None} == {
        "provider": "p",
        "endpoint": "https://p.example",
        "kind": "api-key",
        "source": None,
        "shared_with": ("q",),
        "plugin": "plugin",
        "remedy": "",
        "expires_at": None,
        "address": "",
    }
    problem = Problem("message", "remedy", "plugin", "distribution", "1.0", "hook", "/path")
    assert (problem.message, problem.version, problem.hook, problem.path) == ("message", "1.0", "hook", "/path")
    assert (problem.code, problem.provider) == ("", "")
    assert str(problem) == "plugin plugin (distribution 1.0): hook: /path: message. remedy"
