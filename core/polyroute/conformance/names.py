"""Checks of names: of providers and aliases, of wire protocols, and of the gateways that `like` refers to."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from polyroute.conformance.terms import Terms, near
from polyroute.environment import Environment
from polyroute.integrations.request_paths import PROTOCOLS
from polyroute.plugins.loaded import Plugins
from polyroute.plugins.manifests.description import Description
from polyroute.results import Finding
from polyroute.types import DIRECT, Model, Provider, Routeability

_TAKE_ANOTHER = "Give it another name."


@functools.cache
def bundled() -> Plugins:
    """Return the bundled plugins with what they declare."""
    return Plugins.load(only=bundled_names(), environment=Environment({}), run=False)


@functools.cache
def bundled_names() -> tuple[str, ...]:
    """Return the names of the bundled plugins."""
    found = Plugins.load(only=[], environment=Environment({})).all
    return tuple(plugin.name for plugin in found if plugin.is_bundled)


def findings(found: Description, terms: Terms, beside: Sequence[Description]) -> Iterator[Finding]:
    """Yield the findings about the names in a description; `beside` has the others of the same distribution."""
    models: dict[str, list[Model]] = {}
    for model in found.models:
        models.setdefault(model.provider, []).append(model)
    taken: dict[str, Provider] = {}
    for provider in found.providers:
        yield from _twice(provider, taken, terms)
        yield from _aliases(provider, terms)
        yield from _bundled(provider)
        yield from _protocols(provider, models.get(provider.id, ()), terms)
    yield from _likes(found, terms, beside)
    yield from _circles(found, terms)


def _twice(provider: Provider, taken: dict[str, Provider], terms: Terms) -> Iterator[Finding]:
    """Yield the names that another provider of this plugin has too; `taken` maps names to providers."""
    for name in dict.fromkeys((provider.id, *provider.aliases)):
        other = taken.setdefault(name, provider)
        if other is not provider:
            place = terms.place(provider, "id" if name == provider.id else "aliases", provider.id)
            message = f"{place} has {name!r}, which is a name of another provider ({other.id}) of this plugin"
            yield Finding("name-twice", "error", message, _TAKE_ANOTHER)


def _aliases(provider: Provider, terms: Terms) -> Iterator[Finding]:
    place = terms.place(provider, "aliases", provider.id)
    for alias in dict.fromkeys(provider.aliases):
        if alias == provider.id:
            message = f"{place} has {alias!r}, which is already its ID"
            yield Finding("alias-useless", "warning", message, "Remove it.")
        elif alias == DIRECT or re.search(r"[\s/]|^$", alias):
            message = f"{place} has {alias!r}, which can't be a provider's name"
            yield Finding(
                "alias-wrong",
                "error",
                message,
                "Write it as one word without /: users write it before the / of provider/model.",
            )
        elif alias != alias.lower():
            message = f"{place} has {alias!r}, which is found only if written with these capitals"
            yield Finding("alias-case", "advice", message, f"Write it as {alias.lower()!r}.")
        if provider.aliases.count(alias) > 1:
            yield Finding("alias-twice", "warning", f"{place} has {alias!r} twice", "Remove one.")


def _bundled(provider: Provider) -> Iterator[Finding]:
    for name in dict.fromkeys((provider.id, *provider.aliases)):
        if provider_id := bundled().names.get(name):
            owner = bundled().owners[provider_id].name
            message = f"{name} belongs to the bundled plugin {owner}, so what this plugin declares for it is ignored"
            yield Finding("name-taken", "warning", message, _TAKE_ANOTHER)


def _protocols(provider: Provider, models: Iterable[Model], terms: Terms) -> Iterator[Finding]:
    said = [("protocol", provider.protocol), *(("also_speaks", each) for each in provider.also_speaks)]
    places = {(field, name): [terms.place(provider, field, provider.id)] for field, name in said}
    for model in models:
        if model.protocol:
            place = terms.place(model, "protocol", provider.id)
            places.setdefault(("model", model.protocol), []).append(place)
    for (_, name), where in places.items():
        if name not in PROTOCOLS:
            more = f" (and {len(where) - 1} more)" if len(where) > 1 else ""
            message = f"{where[0]}{more} is {name!r}, which is not a wire protocol"
            yield Finding("protocol-unknown", "error", message, near(name, PROTOCOLS, _one_of(PROTOCOLS)))


def _likes(found: Description, terms: Terms, beside: Sequence[Description]) -> Iterator[Finding]:
    """Yield the gateways and providers of other plugins that are named, but not declared by any known plugin."""
    rules = [rule for each in (found, *beside) for rule in each.routeability]
    gateways = {*bundled().rules, *(rule.gateway for rule in rules)}
    for place, name, _ in _named(found, terms):
        if name not in gateways:
            is_provider = name in bundled().names or any(name == each.id for each in found.providers)
            what = "is a provider, not a gateway" if is_provider else "neither this plugin nor a bundled one declares"
            message = f"{place} is {name!r}, which {what}"
            yield Finding("like-unknown", "warning", message, near(name, gateways, _one_of(sorted(gateways))))
    providers = {*bundled().providers, *(each.id for one in beside for each in one.providers)}
    for name in sorted(terms.extended - providers):
        if terms.kind != "python":  # in Python, loading reports it
            message = f"extends.{name}: neither this distribution nor a bundled plugin declares {name!r}"
            remedy = near(name, providers, "Name a provider of another plugin.")
            yield Finding("extends-unknown", "warning", message, remedy)


def _named(found: Description, terms: Terms) -> Iterator[tuple[str, str, str]]:
    """Yield each place where a gateway is like another: the place, the other's name and the gateway's name."""
    spelled = {gateway: mapping.like for gateway, mapping in found.mappings.items() if mapping.like}
    for gateway, like in spelled.items():
        yield terms.place(found.mappings[gateway], "like", gateway), like, gateway
    for rule in found.routeability:
        if rule.like and rule.like != spelled.get(rule.gateway):  # an extension has it in both, if in one
            yield terms.place(rule, "like", rule.gateway), rule.like, rule.gateway


def _circles(found: Description, terms: Terms) -> Iterator[Finding]:
    for place, like, gateway in _named(found, terms):
        chain = _chain(gateway, like, {rule.gateway: rule for rule in found.routeability})
        if chain[-1] == gateway:
            message = f"{place} leads back to {gateway}: {' → '.join(chain)}"
            yield Finding("like-circle", "error", message, "Name another gateway, or declare what it carries.")


def _chain(gateway: str, like: str, rules: Mapping[str, Routeability]) -> list[str]:
    chain = [gateway, like]
    while chain[-1] not in chain[:-1] and (rule := rules.get(chain[-1])) and rule.like:
        chain.append(rule.like)
    return chain


def _one_of(names: Sequence[str]) -> str:
    return f"Known are: {', '.join(names)}." if names else ""
