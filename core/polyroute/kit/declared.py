"""Checks of what a plugin declares, whichever kind it is."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from polyroute import requirements
from polyroute.environment import Environment
from polyroute.kit import Finding
from polyroute.manifests.description import Description
from polyroute.plugins import Plugins
from polyroute.trust import trust
from polyroute.types import Provider


def findings(found: Description) -> Iterator[Finding]:
    """What is to be said of everything that a plugin declares; its models are among it."""
    for provider in found.providers:
        yield from _provider(provider, found)
        yield from _taken(provider)


def _provider(provider: Provider, found: Description) -> Iterator[Finding]:
    name = provider.id
    if not provider.requirement and "detect" not in found.methods:
        remedy = 'Say env = ["NAME_API_KEY"]; or groups = [{ kind = "none" }] for a server that needs no key.'
        yield Finding("requirement-missing", "error", f"nobody can use {name}: it says not what it needs", remedy)
    if not provider.base_url:
        yield Finding("base-url-missing", "error", f"{name} has no base URL", "Say where it is called: base_url.")
    for url in trust.hosts(provider):
        if url.startswith("http://") and not _is_near(url):
            yield Finding("plain-http", "warning", f"{url} sends keys of {name} unencrypted", "Use https.")
    yield from _gateway(provider, found)
    yield from _slots(provider)


def _taken(provider: Provider) -> Iterator[Finding]:
    for name in (provider.id, *provider.aliases):
        if owner := _bundled().get(name):
            message = f"{name} belongs to the bundled plugin {owner}, and what this one says of it does not count"
            yield Finding("name-taken", "warning", message, "Give it another name.")


@functools.cache
def _bundled() -> Mapping[str, str]:
    """Which bundled plugin has a name."""
    plugins = Plugins.load(environment=Environment({}), run=False)
    owners = {name: plugins.owners[provider] for name, provider in plugins.names.items()}
    return {name: owner.name for name, owner in owners.items() if owner.origin == "bundled"}


def _gateway(provider: Provider, found: Description) -> Iterator[Finding]:
    name = provider.id
    rule = next((each for each in found.routeability if each.gateway == name), None)
    if provider.kind == "gateway" and rule is None:
        remedy = "List its models, or add [providers.NAME.routeability]."
        yield Finding("routeability-missing", "warning", f"the gateway {name} carries nobody's models", remedy)
    if rule and not rule.like and not _can_spell(name, found):
        remedy = 'List them: models = [...], or models = "models.json" beside the manifest. Or answer `map`.'
        yield Finding("models-missing", "error", f"the gateway {name} has no list: no ID can be found in it", remedy)
    if rule and provider.kind != "gateway":
        yield Finding("kind-mismatch", "warning", f"{name} carries others' models", 'Say kind = "gateway".')


def _can_spell(gateway: str, found: Description) -> bool:
    """Whether a gateway's model IDs can be found: in its list, by a scheme for one that is asked for, or by asking."""
    is_listed = any(each.provider == gateway for each in found.models)
    return is_listed or "map" in found.methods or ("models" in found.methods and gateway in found.mappings)


def _slots(provider: Provider) -> Iterator[Finding]:
    for group in provider.requirement:
        for slot in group.slots:
            if f"${{{slot.name}}}" in provider.base_url and not slot.check:
                remedy = 'Say check = "slug", "host" or "url".'
                yield Finding("slot-unchecked", "warning", f"{slot.name} stands unchecked in the base URL", remedy)
    names = {name for each in requirements.alternatives(provider) for name in requirements.named(each)}
    for name in sorted(each for each in names if each != each.upper()):
        yield Finding("variable-case", "advice", f"the variable {name} is not in capitals")


def _is_near(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local")) or "." not in host
