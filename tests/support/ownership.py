"""A user whose provider `acme` is somebody's, and those who claim it after that."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from polyroute import Catalog, Environment, ModelRef, Plugins, Problem, Route
from polyroute.list_refresh import refresh
from tests.support.distributions import site_on_path
from tests.support.file_server import running
from tests.support.manifests import User
from tests.support.shell import Shell

HOME = "https://api.acme.example"
EVIL = "https://evil.example"
KEY = "acme-canary"
OWNER = f"""\
version = "1.0"

[providers.acme]
name = "Acme"
kind = "gateway"
env = ["ACME_API_KEY"]
base_url = "{HOME}/v1"
aliases = ["acme-ai"]
custom_models = {{ base_url = "optional" }}
verify = {{ path = "/balance" }}
list = {{ url = "{HOME}/v1/models", at = "data" }}
models = ["anthropic/claude-sonnet-4-5", {{ id = "acme-large", context = 128_000 }}]
mapping = {{ providers = {{ anthropic = {{ namespace = "anthropic" }} }} }}
"""
OWNER_IN_PYTHON = f"""\
from polyroute import *

IDS = ("anthropic/claude-sonnet-4-5", "acme-large")


class Mapper:
    def lookup(self, model):
        name = f"{{model.provider}}/{{model.id}}"
        return IdMapping(name, "listed", "its list") if name in IDS else IdMapping(None, "not_offered", "not listed")

    def reverse(self, gateway_id):
        return ModelRef(*gateway_id.split("/", 1)) if "/" in gateway_id else None


@hookimpl
def polyroute_providers():
    key = Slot("key", (Alternative("ACME_API_KEY"),), secret=True)
    rules = CustomModelRules("optional")
    yield Provider(
        "acme", "Acme", "gateway", (Group((key,)),), "{HOME}/v1", aliases=("acme-ai",), custom_models=rules
    )


@hookimpl
def polyroute_routeability():
    return [Routeability("acme", frozenset({{"anthropic"}}))]


@hookimpl
def polyroute_model_ids():
    return {{"acme": Mapper()}}


@hookimpl
def polyroute_models(provider_ids):
    return [Model("acme", each, context=128_000) for each in IDS] if "acme" in provider_ids else []


@hookimpl
def polyroute_lists():
    return [FetchedList("acme", "{HOME}/v1/models", len, gateways=("acme",))]


@hookimpl
def polyroute_verifications():
    return [Probe("acme", "/balance")]
"""
CLAIM = f"""\
[providers.acme]
name = "Evil"
kind = "gateway"
env = ["ACME_API_KEY"]
base_url = "{EVIL}/v1"
aliases = ["acme-ai"]
custom_models = {{ base_url = "optional" }}
headers = {{ x-evil = "yes" }}
verify = {{ path = "/evil" }}
models = ["openai/evil", {{ id = "acme-large", context = 1, base_url = "{EVIL}/v2" }}]
routeability = {{ offered = ["openai"], preferred = true }}
"""
CLAIM_IN_PYTHON = f"""\
from polyroute import *


class Mapper:
    def lookup(self, model):
        return IdMapping("evil", "listed", "it says so")

    def reverse(self, gateway_id):
        return ModelRef("openai", "evil")


@hookimpl
def polyroute_providers():
    key = Slot("key", (Alternative("ACME_API_KEY"),), secret=True)
    rules = CustomModelRules("optional")
    yield Provider(
        "acme", "Evil", "gateway", (Group((key,)),), "{EVIL}/v1", aliases=("acme-ai",), custom_models=rules
    )


@hookimpl
def polyroute_routeability():
    return [Routeability("acme", frozenset({{"openai"}}), preferred=True)]


@hookimpl
def polyroute_model_ids():
    return {{"acme": Mapper()}}


@hookimpl
def polyroute_models(provider_ids):
    if "acme" in provider_ids:
        yield Model("acme", "acme-large", context=1, base_url="{EVIL}/v2")
        yield Model("acme", "openai/evil")


@hookimpl
def polyroute_secrets(credential, environment):
    return "evil-secret"


@hookimpl
def polyroute_verifications(credentials, environment):
    return [Verification("acme", "valid", "evil")]
"""
LOGS_IN = """

@hookimpl
def polyroute_credentials(environment):
    return [Detection("acme", "oauth-token", Source("plugin", "evil"))]
"""
EXTENDS = """

@hookimpl(specname="polyroute_routeability")
def extending():
    return [Routeability("acme", frozenset({"openai"}), extends=True)]
"""
LISTS = f"""

@hookimpl
def polyroute_lists():
    return [FetchedList("acme", "{EVIL}/models", len)]
"""
PROGRAM = f"""\
import json, sys

evil = {{"base_url": "{EVIL}/v1", "env": ["ACME_API_KEY"], "kind": "gateway", "models": ["openai/evil", "acme-large"]}}
answers = {{
    "describe": {{"protocol": 1, "providers": {{"acme": evil}}}},
    "models": {{"providers": {{"acme": ["openai/evil", {{"id": "acme-large", "context": 1}}]}}}},
    "map": {{"models": []}},
    "secret": {{"secret": "evil-secret"}},
    "verify": {{"providers": {{"acme": {{"state": "valid", "message": "evil"}}}}}},
    "detect": {{"providers": {{"acme": {{"ref": "evil"}}}}}},
}}
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({{"jsonrpc": "2.0", "id": request["id"], "result": answers[request["method"]]}}), flush=True)
"""
EXECUTABLE = f"""\
methods = METHODS

[executable]
argv = {json.dumps([sys.executable, "-I", "-S", "./run.py"])}
variables = ["ACME_API_KEY"]
hosts = ["evil.example"]
"""
LISTED = {
    "id": "acme",
    "name": "Evil",
    "env": ["ACME_API_KEY"],
    "npm": "@ai-sdk/openai-compatible",
    "api": f"{EVIL}/v1",
    "models": {"evil": {"id": "evil", "name": "Evil"}, "acme-large": {"id": "acme-large", "limit": {"context": 1}}},
}


class Machine:
    """A user with a plugin folder, a project, a Python environment and caches of their own."""

    def __init__(self, home: Path, shared: Path) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.shell = Shell(home)
        (self.shell.ours / "cache").unlink()
        shutil.copytree(shared, self.shell.ours / "cache")
        self.user = User(home)
        self.folder, self.project, self.site = self.user.folder, self.user.project, self.shell.site
        self.state = self.shell.ours / "state"

    def run(self, *arguments: str, given: str = "", status: int = 0, **variables: str) -> str:
        """Run `polyroute` in the project and return its output."""
        done = self.shell.run(*arguments, given=given, **variables)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def environment(self, **variables: str) -> Environment:
        """Return the user's environment, with the same variables as their shell."""
        own = {name: self.shell.variables[name] for name in ("PATH", "HOME", "POLYROUTE_HOME")}
        return Environment({**own, **variables}, home=self.home)

    def catalog(self, **variables: str) -> Catalog:
        """Return a catalog of all plugins that are installed or in the folders."""
        environment = self.environment(**variables)
        return Catalog(Plugins.load(environment=environment, project=self.project), environment)

    def downloaded(self, name: str, text: str, **files: str) -> Path:
        """Write a plugin that is in none of the folders yet."""
        folder = self.home / "downloads" / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in {"plugin.toml": text, **files}.items():
            (folder / file.replace("_", ".")).write_text(content)
        return folder

    def install(self, distribution: str, plugin: str, source: str) -> None:
        """Install a distribution with a plugin in Python."""
        self.site.install(distribution, plugin, source)

    def install_manifests(self, distribution: str, *, target: str = "", **files: str) -> None:
        """Install a distribution whose package contains these manifests and no code."""
        package = distribution.replace("-", "_")
        (self.site.folder / package).mkdir()
        for name, text in files.items():
            (self.site.folder / package / f"{name}.toml").write_text(text)
        self.site.metadata(package, f"[polyroute]\n{distribution} = {package}{target}\n")

    def fetch(self, document: Mapping[str, Any]) -> None:
        """Let models.dev's list be fetched with these providers."""
        environment = self.environment()
        wanted = Plugins.load(only=["direct"], environment=environment).lists
        with running() as server:
            url = server.put("/models-dev", document)
            found = [each._replace(models=0) for each in wanted if each.name == "models-dev"]
            (report,) = refresh(found, environment, force=True, urls={"models-dev": url})
        assert report.state == "updated", report


@contextmanager
def machine(home: Path, shared: Path) -> Iterator[Machine]:
    """Return a user who works in the project, for the block."""
    with ExitStack() as stack:
        found = Machine(home, shared)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("POLYROUTE_HOME", str(found.shell.ours))
        patch.chdir(found.project)
        stack.enter_context(site_on_path(found.site.folder))
        yield found


@contextmanager
def restored(machine: Machine) -> Iterator[Machine]:
    """Remove after the block everything that was added within it."""
    places = (
        machine.folder,
        machine.project,
        machine.site.folder,
        machine.state,
        machine.shell.ours / "cache" / "lists",
    )
    before = {place: set(place.iterdir()) if place.is_dir() else set() for place in places}
    kept = {path: path.read_bytes() for path in before[machine.state] if path.is_file()}
    try:
        yield machine
    finally:
        for place in filter(Path.is_dir, places):
            for each in set(place.iterdir()) - before[place]:
                shutil.rmtree(each) if each.is_dir() else each.unlink()
        for path, content in kept.items():
            path.write_bytes(content)
        for name in [name for name in sys.modules if name.startswith("aaa")]:
            del sys.modules[name]


# Ways in which the owner of `acme` is recorded


def by_add(machine: Machine) -> None:
    """Record the owner by `plugins add`: a manifest in the plugin folder."""
    machine.run("plugins", "add", str(machine.downloaded("acme", OWNER)), "--yes")


def by_trust(machine: Machine) -> None:
    """Record the owner by `plugins trust`: a distribution in Python."""
    machine.install("zz-acme", "acme", OWNER_IN_PYTHON)
    machine.run("plugins", "trust", "acme", "--yes")


def by_key(machine: Machine) -> None:
    """Record the owner by `keys set`: a manifest that the user has put into the plugin folder."""
    machine.user.put("acme", OWNER)
    machine.run("keys", "set", "acme", given="stored-canary\n")


RECORDED: dict[str, Callable[[Machine], None]] = {"plugins add": by_add, "plugins trust": by_trust, "keys set": by_key}


# Plugins that claim `acme` afterwards, each named so that it comes first of its kind


def python(machine: Machine, more: str = "", name: str = "aaa") -> None:
    """Install a distribution in Python that claims it."""
    machine.install(f"{name}-claim", name, CLAIM_IN_PYTHON + more)


def python_with_login(machine: Machine) -> None:
    """Install a distribution in Python that finds a login too."""
    python(machine, LOGS_IN, "aaa-login")


def python_extending(machine: Machine) -> None:
    """Install a distribution in Python that also extends what it claims."""
    python(machine, EXTENDS, "aaa-extending")


def python_with_list(machine: Machine) -> None:
    """Install a distribution in Python with a list of the same name."""
    python(machine, LISTS, "aaa-list")


def carried(machine: Machine) -> None:
    """Install a distribution that contains a manifest."""
    machine.install_manifests("aaa-carried", target=":plugin.toml", plugin=CLAIM)


def carried_with_list(machine: Machine) -> None:
    """Install a distribution that contains a manifest with a list to fetch."""
    claim = CLAIM + f'list = {{ url = "{EVIL}/v1/models" }}\n'
    machine.install_manifests("aaa-carried", target=":plugin.toml", plugin=claim)


def several(machine: Machine) -> None:
    """Install a distribution with several manifests."""
    machine.install_manifests("aaa-several", aaa=CLAIM, bbb=CLAIM)


def in_folder(machine: Machine) -> None:
    """Put a manifest into the plugin folder."""
    machine.user.put("aaa", CLAIM)


def in_project(machine: Machine) -> None:
    """Put a manifest into the project and approve it."""
    machine.user.put("aaa", CLAIM, in_project=True)
    machine.run("plugins", "trust", "aaa", "--yes")


def executable(machine: Machine, methods: tuple[str, ...] = ("models", "map", "secret", "verify")) -> None:
    """Add an executable and approve it."""
    machine.user.put("aaa", EXECUTABLE.replace("METHODS", json.dumps(methods)), run_py=PROGRAM)
    machine.run("plugins", "trust", "aaa", "--yes")


def executable_with_login(machine: Machine) -> None:
    """Add an executable that also detects a login."""
    executable(machine, ("detect", "models", "map", "secret", "verify"))


def fetched(machine: Machine) -> None:
    """Fetch a list with the provider, without models."""
    machine.fetch({**bundled_list(), "acme": {**LISTED, "models": {}}})


def fetched_with_models(machine: Machine) -> None:
    """Fetch a list with the provider and its models."""
    machine.fetch({**bundled_list(), "acme": LISTED})


def bundled_list() -> dict[str, Any]:
    """Return models.dev's list as installed, with a few providers: others keep what they had before a fetch."""
    from polyroute_direct import _files, _sources

    table: Any = _files._gzipped_json(_sources.sources()[0])
    return {name: table[name] for name in ("anthropic", "azure", "deepseek", "groq", "openai", "openrouter")}


CLAIMS: dict[str, Callable[[Machine], None]] = {
    each.__name__: each
    for each in (
        python,
        python_with_login,
        python_extending,
        python_with_list,
        carried,
        carried_with_list,
        several,
        in_folder,
        in_project,
        executable,
        executable_with_login,
        fetched,
        fetched_with_models,
    )
}


def answers(catalog: Catalog, providers: Sequence[str] = ()) -> dict[str, Any]:
    """Return all results of a catalog, except its problems and plugins; of models only these providers', or all."""
    plugins = catalog.plugins
    status = catalog.status()
    sonnet = ModelRef("anthropic", "claude-sonnet-4-5")
    models: list[object] = [plugins.models(each) for each in providers] or [*plugins.all_models()]
    found: dict[str, Any] = {
        "providers": {name: (each.provider, each.routes) for name, each in status.providers.items()},
        "preferred": status.preferred,
        "owners": {name: owner.label for name, owner in plugins.owners.items()},
        "names": dict(plugins.names),
        "readers": dict(plugins.readers),
        "rules": dict(plugins.rules),
        "models": models,
        "routes": [catalog.routes(ref) for ref in (sonnet, "acme/acme-large", "acme-ai/x", "openai/gpt-5")],
        "mapped": [catalog.mapping("acme", ref) for ref in (sonnet, ModelRef("openai", "gpt-5"))],
        "maker": catalog.maker("acme/anthropic/claude-sonnet-4-5"),
        "lists": [(each.name, each.url, each.gateways) for each in plugins.lists],
        "verified": plugins.verifications((), catalog.environment).get("acme"),
    }
    credentials = (route.credential for route in catalog.provider("acme").routes if route.usable)
    return {**found, "secrets": [catalog.environment.reveal(each) for each in credentials if each]}


def without_advice(found: dict[str, Any]) -> dict[str, Any]:
    """Return results without the advice to fetch a list, which is given only as long as none has been fetched."""

    def unadvised(route: Route) -> Route:
        return route._replace(remedy=route.remedy.removeprefix("Fetch its newest list: `polyroute refresh`. "))

    return {**found, "routes": [tuple(map(unadvised, routes)) for routes in found["routes"]]}


def about(catalog: Catalog, provider: str = "acme") -> list[Problem]:
    """Return the problems of a provider."""
    return [problem for problem in catalog.problems if problem.provider == provider]


def written(*places: str | os.PathLike[str]) -> dict[str, tuple[int, int]]:
    """Return every file and folder under these places, with its size and modification time."""
    found = {}
    for place in map(Path, places):
        for path in (place, *place.rglob("*")):
            if path.exists():
                found[str(path)] = path.stat().st_size, path.stat().st_mtime_ns
    return found
