"""Checks of a plugin object as an application uses it: alone, with no variable set, then with all variables set."""

from __future__ import annotations

import json
from collections.abc import Iterator

from polyroute.catalog import Catalog
from polyroute.conformance import declarations, names
from polyroute.conformance.terms import CANARY, near
from polyroute.documents import catalog as catalog_documents
from polyroute.documents import plugins as plugin_documents
from polyroute.environment import Environment
from polyroute.plugins import hookspecs
from polyroute.plugins.loaded import Plugins
from polyroute.plugins.manifests.description import Description, Method
from polyroute.requirements.places import variables
from polyroute.results import Finding
from polyroute.types import ModelRef, Problem, Routeability

_OF_OTHERS = ("not-a-gateway", "not-a-mapper")
"""Problems that can be judged only together with the plugins that it may extend."""
_DECLARED = ("provider-taken", "like-nobody")
"""Problems that the checks in `declared` report better."""


def findings(plugin: object, home: str) -> Iterator[Finding]:
    """Yield the findings about a plugin; `home` is an empty home folder."""
    plugins = Plugins.load([plugin], only=[], environment=Environment({"HOME": home}))
    catalog = Catalog(plugins, Environment({"HOME": home}))
    call_all_hooks(catalog)
    among = Plugins.load([plugin], only=names.bundled_names(), environment=Environment({"HOME": home}))
    yield from (problem(each) for each in catalog.problems if each.code not in (*_OF_OTHERS, *_DECLARED))
    yield from map(problem, _beside_others(among, home))
    said = declaration(plugins)._replace(routeability=_rules(among))
    if not (said.providers or said.routeability):
        yield Finding("providers-missing", "warning", "it declares no provider")
    yield from declarations.findings(said)
    if CANARY in all_output(plugins, home):
        yield Finding("secret-told", "error", "the catalog contains the value of a variable", "Return names only.")


def problem(found: Problem) -> Finding:
    """Return a problem that a catalog would report as a finding."""
    told = f"{found.hook}: {found.message}".removeprefix(": ")
    return Finding("problem", "error", told, f"{_nearest(found)} {found.remedy}".lstrip())


def _nearest(found: Problem) -> str:
    """Return a suggestion for an unknown name."""
    if found.code == "unknown-hook":
        return near(found.hook, (name for name in vars(hookspecs) if name.startswith("polyroute_")))
    is_unknown = found.code == "not-a-gateway" and found.provider not in names.bundled().providers
    return near(found.provider, names.bundled().providers) if is_unknown else ""


def _beside_others(among: Plugins, home: str) -> list[Problem]:
    """Return the problems of the first plugin with what it declares about other plugins' providers."""
    catalog = Catalog(among, Environment({"HOME": home}))
    _ = catalog.plugins.mappers
    return [each for each in catalog.problems if each.plugin == among.all[0].name and each.code in _OF_OTHERS]


def _rules(among: Plugins) -> tuple[Routeability, ...]:
    """Return the rules of the first plugin: of its own gateways and of those that it extends."""
    return tuple(rule for name, rule in among.rules.items() if rule != names.bundled().rules.get(name))


def declaration(plugins: Plugins) -> Description:
    """Return what the plugins declare as one description."""
    own, hooks = plugins.claimed.get(plugins.all[0], ()), plugins.hooks_of(plugins.all[0])
    answers: dict[str, Method] = {"polyroute_credentials": "detect", "polyroute_model_ids": "map"}
    return Description(
        providers=own,
        routeability=tuple(plugins.rules.values()),
        models=tuple(plugins.all_models()),
        methods=tuple(method for hook, method in answers.items() if hook in hooks),
    )


def call_all_hooks(catalog: Catalog) -> None:
    """Call every hook that needs no network, and each mapper in both directions."""
    catalog.status()
    models = catalog.models()[:100]
    _ = catalog.plugins.failures
    for mapper in catalog.plugins.mappers.values():
        for ref in [each.ref for each in models] or [ModelRef("nobody", "nothing")]:
            found = mapper.lookup(ref)
            mapper.reverse(found.id or ref.id)


def all_output(plugins: Plugins, home: str) -> str:
    """Return everything that a catalog outputs when every variable holds the canary."""
    named = {name: CANARY for provider in plugins.providers.values() for name in variables(provider)}
    catalog = Catalog(plugins, Environment({**named, "HOME": home}))
    models = catalog.models()[:20]
    resolved = [catalog_documents.resolution(each.ref, catalog.routes(each.ref), (), ()) for each in models]
    return json.dumps([catalog_documents.status(catalog.status()), plugin_documents.plugins(catalog), resolved])
