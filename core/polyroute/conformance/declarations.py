"""Checks of what a plugin declares, for all kinds of plugins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from polyroute.conformance import names, placeholders, sending
from polyroute.conformance.terms import PYTHON, Terms
from polyroute.plugins.manifests.description import Description
from polyroute.requirements import places, slots
from polyroute.results import Finding
from polyroute.types import Provider

_LIST_IN_PYTHON = "Yield them in polyroute_models, or return a mapper in polyroute_model_ids."


def findings(found: Description, terms: Terms = PYTHON, beside: Sequence[Description] = ()) -> Iterator[Finding]:
    """Yield the findings about everything that a plugin declares, including its models, in the terms of its kind.

    `beside` has the other descriptions of the same distribution.
    """
    terms = terms._replace(extended=frozenset(rule.gateway for rule in found.routeability if rule.extends))
    for provider in found.providers:
        yield from _provider(provider, found, terms)
    yield from names.findings(found, terms, beside)
    yield from placeholders.findings(found, terms)
    yield from sending.findings(found, terms)


def _provider(provider: Provider, found: Description, terms: Terms) -> Iterator[Finding]:
    name = provider.id
    if not provider.requirement and "detect" not in found.methods:
        message = f"{name} can't be used: it declares no requirement"
        yield Finding("requirement-missing", "error", message, _requirement(terms))
    if not provider.base_url:
        remedy = f"Set {terms.said('base_url', 'https://…')}."
        yield Finding("base-url-missing", "error", f"{name} has no base URL", remedy)
    yield from _gateway(provider, found, terms)
    yield from _variables(provider)


def _requirement(terms: Terms) -> str:
    """Return how to declare a provider's requirement."""
    return terms.words(
        'Set env = ["NAME_API_KEY"], or groups = [{ kind = "none" }] for a server that needs no key.',
        'Set requirement=(Group((Slot("key", (Alternative("NAME_API_KEY"),), secret=True),)),), '
        'or (Group(kind="none"),) for a server that needs no key.',
        'Set "env": ["NAME_API_KEY"], or "groups": [{"kind": "none"}] for a server that needs no key.',
    )


def _gateway(provider: Provider, found: Description, terms: Terms) -> Iterator[Finding]:
    name = provider.id
    rule = next((each for each in found.routeability if each.gateway == name), None)
    if provider.kind == "gateway" and rule is None:
        in_json = f"List its models, or add providers.{name}.routeability."
        remedy = terms.words(
            f"List its models, or add [providers.{name}.routeability].", "Yield a Routeability.", in_json
        )
        yield Finding("routeability-missing", "warning", f"the gateway {name} carries no provider's models", remedy)
    if rule and not rule.like and not _can_spell(name, found):
        in_toml = 'List them: models = [...], or models = "models.json" next to the manifest.'
        remedy = terms.words(in_toml, _LIST_IN_PYTHON, 'List them: "models": [...], or support `map`.')
        yield Finding("models-missing", "error", f"the gateway {name} has no models, so no ID can be found", remedy)
    if rule and provider.kind != "gateway":
        remedy = f"Set {terms.said('kind', 'gateway')}."
        yield Finding("kind-mismatch", "warning", f"{name} carries other providers' models", remedy)


def _can_spell(gateway: str, found: Description) -> bool:
    """Return whether a gateway's model IDs can be found: in its list, by a rule, or by asking its program."""
    spelling = found.mappings.get(gateway)
    is_listed = gateway in {*(each.provider for each in found.models), *(each.provider for each in found.lists)}
    is_asked = "map" in found.methods or (spelling is not None and "models" in found.methods)
    return is_listed or is_asked or (spelling is not None and bool(spelling.spelled))


def _variables(provider: Provider) -> Iterator[Finding]:
    found = {name for each in places.alternatives(provider) for name in slots.named(each)}
    for name in sorted(each for each in found if each != each.upper()):
        yield Finding("variable-case", "advice", f"the variable {name} is not in upper case")
