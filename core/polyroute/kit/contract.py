"""Checks of a plugin object, as a host would use it: alone, with nothing set, then with everything set."""

from __future__ import annotations

import json
from collections.abc import Iterator

from polyroute import wire
from polyroute.catalog import Catalog
from polyroute.environment import Environment
from polyroute.kit import Finding, declared
from polyroute.manifests.description import Description
from polyroute.plugins import Plugins
from polyroute.requirements import variables
from polyroute.types import ModelRef, Problem

CANARY = "canary-5f1d0c7a9e"
"""Stands where secrets would."""


def findings(plugin: object, home: str) -> Iterator[Finding]:
    """What is to be said of a plugin, with `home` as the home of a person who has nothing."""
    plugins = Plugins.load([plugin], only=[], environment=Environment({"HOME": home}))
    catalog = Catalog(plugins, Environment({"HOME": home}))
    asked_for_all(catalog)
    yield from map(problem, catalog.problems)
    if not plugins.providers:
        yield Finding("providers-missing", "warning", "it has no provider of its own")
    yield from declared.findings(declaration(plugins))
    if CANARY in everything_told(plugins, home):
        yield Finding("secret-told", "error", "the value of a variable is in what the catalog says", "Tell names only.")


def problem(found: Problem) -> Finding:
    """A problem that a host would show, as a finding."""
    return Finding("problem", "error", f"{found.hook}: {found.message}".removeprefix(": "), found.remedy)


def declaration(plugins: Plugins) -> Description:
    """All that the plugins declare, as one description."""
    own, hooks = tuple(plugins.providers.values()), plugins.hooks_of(plugins.all[0])
    answers = {"polyroute_credentials": "detect", "polyroute_model_ids": "map"}
    return Description(
        providers=own,
        routeability=tuple(plugins.rules.values()),
        models=tuple(plugins.all_models()),
        methods=tuple(method for hook, method in answers.items() if hook in hooks),
    )


def asked_for_all(catalog: Catalog) -> None:
    """Have every hook answer that is asked without network, and each mapper in both directions."""
    catalog.status()
    models = catalog.models()[:100]
    for mapper in catalog.plugins.mappers.values():
        for ref in [each.ref for each in models] or [ModelRef("nobody", "nothing")]:
            found = mapper.lookup(ref)
            mapper.reverse(found.id or ref.id)


def everything_told(plugins: Plugins, home: str) -> str:
    """All that a catalog says where every variable holds the canary."""
    named = {name: CANARY for provider in plugins.providers.values() for name in variables(provider)}
    catalog = Catalog(plugins, Environment({**named, "HOME": home}))
    documents = [wire.status(catalog.status()), wire.plugins(catalog)]
    documents += [wire.resolution(each.ref, catalog.routes(each.ref), ()) for each in catalog.models()[:20]]
    return json.dumps(documents)
