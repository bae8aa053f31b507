"""Putting made-up distributions where an installer would put them, and looking at what they change."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from polyroute import Catalog, Environment, Plugins, Problem, Provider, Route

BUNDLED = ("direct", "openrouter", "dexto")
KEYS = {"ANTHROPIC_API_KEY": "a", "DEXTO_API_KEY": "d", "GROQ_API_KEY": "g", "GOOD_KEY": "k"}

_SOUND = """\
from polyroute import *


class Mapper:
    def lookup(self, model):
        return IdMapping(f"made-{model.id}", "listed", "it is in the list")

    def reverse(self, gateway_id):
        return None


KEY = Slot("key", (Alternative("NAME_KEY"),), secret=True)


@hookimpl
def polyroute_providers():
    yield Provider("name", "Name", "gateway", base_url="https://name.example/v1", aliases=("name-alias",))
    yield Provider("name-vendor", "Vendor", "vendor", (Group((KEY,)),), "https://vendor.example/v1")


@hookimpl
def polyroute_credentials(environment):
    return [Detection("name", "oauth-token", Source("plugin", "login"))]


@hookimpl
def polyroute_routeability():
    return [Routeability("name", providers=("name-vendor",))]


@hookimpl
def polyroute_model_ids():
    return {"name": Mapper()}


@hookimpl
def polyroute_models(provider_ids):
    return [Model("name-vendor", "large", "Large")] if "name-vendor" in provider_ids else []


@hookimpl
def polyroute_secrets(credential):
    return "secret of name"
"""


def sound(name: str) -> str:
    """Return the source of a plugin that implements every hook: a gateway, and a vendor whose models it carries."""
    return _SOUND.replace("name", name).replace("NAME", name.upper()).replace("Name", name.capitalize())


class Site:
    """A folder on the path, like site-packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def module(self, name: str, source: str) -> None:
        """Write a module; forget it if it was already imported from here."""
        (self.folder / f"{name}.py").write_text(source, encoding="utf-8")
        sys.modules.pop(name, None)
        importlib.invalidate_caches()

    def metadata(self, distribution: str, entry_points: str | bytes, version: str = "1.0", kind: str = "dist") -> Path:
        """Write the metadata that an installer writes for a distribution, and return its folder."""
        folder = self.folder / f"{distribution}-{version}.{kind}-info"
        folder.mkdir()
        name = "METADATA" if kind == "dist" else "PKG-INFO"
        (folder / name).write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        text = entry_points.encode() if isinstance(entry_points, str) else entry_points
        (folder / "entry_points.txt").write_bytes(text)
        return folder

    def install(self, distribution: str, plugin: str, source: str, *, version: str = "1.0", target: str = "") -> Path:
        """Install a distribution with one plugin, a module, and return the folder with its metadata."""
        module = f"{distribution}_{plugin}".replace("-", "_")
        self.module(module, source)
        return self.metadata(
            distribution.replace("-", "_"), f"[polyroute]\n{plugin} = {target or module}\n", version=version
        )


@contextmanager
def site_on_path(folder: Path) -> Iterator[Site]:
    """Put a site on the path for the block, and forget afterwards what was imported from it."""
    site, before = Site(folder), set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield site
        for name in set(sys.modules) - before:
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
                del sys.modules[name]


def load(*names: str, environment: Environment | None = None, add: tuple[object, ...] = ()) -> Catalog:
    """Return a catalog of the bundled and the named plugins, by default with some keys and without a home."""
    environment = Environment(KEYS, home="/nonexistent") if environment is None else environment
    return Catalog(Plugins.load(add, only=[*BUNDLED, *names]), environment)


class Picture(NamedTuple):
    """What a catalog returns for the valid plugins and those that depend on them."""

    providers: Mapping[str, tuple[Provider, tuple[Route, ...]]]
    routes: tuple[Route, ...]
    models: list[Any]
    secret: str


def picture(catalog: Catalog, good: str = "good") -> Picture:
    """Return all results of the plugin `good`, and its providers and those of the bundled plugins."""
    theirs = {name for name, owner in catalog.plugins.owners.items() if owner.name in (*BUNDLED, good)}
    providers = {name: (each.provider, each.routes) for name, each in catalog.status().providers.items()}
    credential = next(each.credential for each in catalog.provider(good).routes if each.credential)
    return Picture(
        {name: each for name, each in providers.items() if name in theirs},
        (*catalog.routes(f"{good}-vendor/large"), *catalog.routes("anthropic/claude-sonnet-4-5")),
        [*catalog.models(provider=f"{good}-vendor"), *catalog.models("sonnet", provider="anthropic")],
        catalog.environment.reveal(credential),
    )


def problem_of(catalog: Catalog, plugin: str, hook: str = "") -> Problem:
    """Return the only problem of a plugin, or of one of its hooks, and check that it has a remedy."""
    problems = [problem for problem in catalog.problems if problem.plugin == plugin and hook in ("", problem.hook)]
    (problem,) = set(problems)
    assert problem.remedy
    return problem
