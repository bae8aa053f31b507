"""What plugins and projects declare is bounded: no declaration makes a command slow, and none is granted too much."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

from polyroute import Plugins, Provider, hookimpl
from polyroute._internal import cache
from polyroute.plugins.executables import permissions
from polyroute.plugins.executables.jsonrpc import RpcError
from polyroute.plugins.manifests import loader
from polyroute.plugins.manifests.loader import Manifest
from polyroute.plugins.manifests.parser import parse
from polyroute.plugins.manifests.validators import InvalidDocument
from polyroute.types.constraints import MOST_ENTRIES
from tests.support.distributions import BUNDLED
from tests.support.manifests import User, plugin, words

SHARED = 300
"""Providers that read one variable."""


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    """Return a user with their own caches."""
    monkeypatch.setenv("POLYROUTE_HOME", str(tmp_path / "ours"))
    return User(tmp_path)


def providers(count: int) -> str:
    """Return a manifest with providers that all read one variable, each for a host of its own."""
    return "".join(
        f'[providers.p{n}]\nenv = ["ACME_KEY"]\nbase_url = "https://p{n}.example/v1"\n' for n in range(count)
    )


def test_unapproved_manifests_are_not_parsed(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest in a project costs nothing before it is approved: it is listed by its folder's name."""
    user.put("waits", in_project=True)
    monkeypatch.setattr(loader, "read", None)
    catalog = user.catalog()
    assert "waits for your approval" in words(catalog, "waits")
    assert not plugin(catalog, "waits").enabled


def test_unapproved_manifests_stay_out_of_the_cache(user: User) -> None:
    """`polyroute plugins` parses them to show what they are, and keeps nothing of them."""
    folder = user.put("waits", in_project=True)
    found = Plugins.load(environment=user.environment(), project=user.project, run=False)
    assert "waits" in [each.name for each in found.all]
    assert cache.recall("manifests", str(folder / "plugin.toml")) is None


def test_unapproved_manifests_are_counted(user: User) -> None:
    """Of many plugins in a project the first are listed, and the others counted."""
    for number in range(30):
        user.put(f"waits-{number}", in_project=True)
    catalog = user.catalog()
    waiting = [each for each in catalog.problems if each.code == "not-approved"]
    assert len(waiting) == 21
    assert waiting[-1].message.startswith("10 more plugins of this project wait")


def test_providers_that_share_a_variable(user: User) -> None:
    """Each names a few of the others, so that the size of a status grows with their number only."""
    folder = user.put("many", providers(SHARED))
    user.approve(folder)
    catalog = user.catalog(ACME_KEY="k")
    routes = [catalog.provider(f"p{n}").routes[0] for n in range(SHARED)]
    assert all(route.credential and len(route.credential.shared_with) == 20 for route in routes)
    assert max(len(route.reason) for route in routes) < 500


def test_unapproved_providers_that_share_a_variable(user: User) -> None:
    """What is withheld from each names a few of the others, too."""
    user.put("many", providers(SHARED))
    told = words(user.catalog(ACME_KEY="k"), "many")
    assert "and others" in told
    assert len(told) < 1_000 * SHARED


@pytest.mark.parametrize(
    "text",
    [
        providers(MOST_ENTRIES + 1),
        f"[providers.acme]\naliases = {json.dumps([f'a{n}' for n in range(MOST_ENTRIES + 1)])}\n",
        "[providers.acme]\n" + "".join(f'slots.s{n} = {{ from = ["A{n}"] }}\n' for n in range(MOST_ENTRIES + 1)),
    ],
    ids=["providers", "aliases", "slots"],
)
def test_a_manifest_with_too_many(text: str, user: User) -> None:
    """A manifest with more providers, aliases or slots than anybody needs is refused."""
    user.put("many", text)
    told = words(user.catalog(), "many")
    assert "at most 1000" in told
    assert len(told) < 2_000


def test_a_python_plugin_with_too_many_providers() -> None:
    """A plugin in Python is held to the same number."""

    class Many:
        @hookimpl
        def polyroute_providers(self) -> list[Provider]:
            """Return one too many."""
            return [Provider(f"p{n}", "P") for n in range(MOST_ENTRIES + 1)]

    found = Plugins.load([Many()], only=BUNDLED)
    assert "p0" not in found.providers
    assert any("returned more than 1,000 items" in each.message for each in found.problems)


def test_a_chain_of_likes(user: User) -> None:
    """Gateways that are each like the next are followed a few steps, and the rest is told."""
    gateway = '[providers.g{}]\nkind = "gateway"\nbase_url = "https://g.example"\nrouteability = {{ like = "g{}" }}\n'
    user.put("chain", "".join(gateway.format(n, n + 1) for n in range(30)))
    assert "g0 is like g10, which is not installed, refers back to it or is too far away" in words(
        user.catalog(), "chain"
    )


def test_an_edit_that_keeps_size_and_time_is_seen(tmp_path: Path) -> None:
    """An edit in place that sets the modification time back is another state: only the system sets the change time."""
    path = tmp_path / "plugin.toml"
    path.write_text("https://good.example")
    before, seen = path.stat(), cache.identity(str(path))
    with path.open("r+") as file:
        file.write("https://evil.example")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (before.st_size, before.st_mtime_ns, before.st_ino) == (after.st_size, after.st_mtime_ns, after.st_ino)
    assert cache.identity(str(path)) != seen


NEVER = """
    LD_PRELOAD LD_AUDIT DYLD_INSERT_LIBRARIES GCONV_PATH GLIBC_TUNABLES PATH IFS ENV BASH_ENV SHELLOPTS PS4
    PROMPT_COMMAND ZDOTDIR PYTHONPATH PYTHONSTARTUP PERL5OPT PERL5LIB RUBYOPT RUBYLIB GEM_PATH BUNDLE_GEMFILE
    NODE_OPTIONS NODE_PATH npm_config_prefix JAVA_TOOL_OPTIONS _JAVA_OPTIONS CLASSPATH DOTNET_STARTUP_HOOKS
    CORECLR_PROFILER_PATH PHPRC LUA_INIT LUA_PATH R_PROFILE_USER JULIA_LOAD_PATH ERL_FLAGS GIT_SSH_COMMAND
    GIT_EXTERNAL_DIFF SSH_ASKPASS EDITOR PAGER BROWSER LESSOPEN OPENSSL_CONF SSLKEYLOGFILE
""".split()
EXECUTABLE = {"executable": {"argv": ["./run"], "variables": ["NAME"]}}
SLOT = {"from": [{"command": ["print-key"], "variables": ["NAME"]}], "secret": True}
COMMAND = {"providers": {"acme": {"base_url": "https://a.example/v1", "slots": {"key": SLOT}}}}


@pytest.mark.parametrize("program", [EXECUTABLE, COMMAND], ids=["an executable", "a command"])
def test_what_no_program_is_granted(program: dict[str, object]) -> None:
    """Variables with which an interpreter, a linker or a tool runs other code are granted to no program."""
    for name in NEVER:
        with pytest.raises(InvalidDocument, match="can never be granted"):
            parse(json.loads(json.dumps(program).replace("NAME", name)), strict=True)


@pytest.mark.parametrize("name", ["ACME_API_KEY", "GITHUB_TOKEN", "HOME", "HTTPS_PROXY", "SSL_CERT_FILE"])
def test_what_a_program_may_be_granted(name: str) -> None:
    """Keys, homes, proxies and certificates may be granted."""
    parse(json.loads(json.dumps(EXECUTABLE).replace("NAME", name)), strict=True)


@pytest.mark.parametrize("named", ["key_variable = 'OTHER_KEY'", "detects = ['OTHER_KEY']", "env = ['OTHER_KEY']"])
def test_describe_names_only_granted_variables(named: str) -> None:
    """The description of an executable names no variable that its manifest does not grant, in whatever field."""
    granted = Manifest("/nonexistent/plugin.toml", parse(EXECUTABLE, strict=True))
    described = parse(tomllib.loads(f"[providers.acme]\n{named}\n"), strict=False)
    with pytest.raises(RpcError, match="needs the variable OTHER_KEY"):
        permissions.check(described, granted)
