"""Checks of where and how a plugin sends keys: prefixes without a space, and variables that other providers read."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from polyroute.conformance.names import bundled
from polyroute.conformance.terms import Terms
from polyroute.plugins.manifests.description import Description, Executable
from polyroute.plugins.trust import policy, risks
from polyroute.plugins.trust.policy import Readers
from polyroute.requirements import places
from polyroute.results import Finding
from polyroute.types import Alternative, AuthHeader, BaseUrlCase, Model, Provider, Slot

_SCHEMES = r"(bearer|token|basic|key|api[-_]?key)"


def findings(found: Description, terms: Terms) -> Iterator[Finding]:
    """Yield the findings about where and how the keys of a description are sent."""
    for provider in found.providers:
        hosts = _hosts(provider, found)
        for url in sorted(hosts):
            if url.startswith("http://") and not _is_near(url):
                yield Finding("plain-http", "warning", f"{url} sends keys of {provider.id} unencrypted", "Use https.")
        yield from _prefix(provider, provider.auth, provider.id, terms)
        if terms.kind != "executable":  # `granted` checks an executable's variables
            yield from _shared(provider, hosts, terms)
    for model in found.models:
        if model.auth:
            yield from _prefix(model, model.auth, model.provider, terms)


def granted(executable: Executable) -> Iterator[Finding]:
    """Yield the findings about the variables that a program is granted."""
    hosts = {f"https://{host}" for host in executable.hosts}
    for name in executable.variables:
        if (others := readers().get(name)) and not hosts <= others.hosts:
            yield _told("executable.variables", name, others, hosts)


@functools.cache
def readers() -> Mapping[str, Readers]:
    """Return, by variable, the bundled providers that read a secret from it."""
    return risks.readers(bundled().providers.values())


def _prefix(item: Provider | Model, auth: AuthHeader, provider: str, terms: Terms) -> Iterator[Finding]:
    is_scheme = re.fullmatch(_SCHEMES, auth.prefix, re.IGNORECASE)
    is_joined = auth.name.lower().endswith("authorization") and auth.prefix[-1:].isalnum()
    if is_scheme or is_joined:
        place = terms.place(item, "auth.prefix", provider)
        message = f'{place} is "{auth.prefix}" without a space: the header would be {auth.name}: {auth.prefix}SECRET'
        remedy = f"Set {terms.said('prefix', f'{auth.prefix} ')}."
        yield Finding("prefix-joined", "error", message, remedy)


def _hosts(provider: Provider, found: Description) -> set[str]:
    """Return the hosts that get the key of a provider, including those of models with their own base URL."""
    urls = {each.base_url for each in found.models if each.provider == provider.id and each.base_url}
    cases = (BaseUrlCase("", "", url) for url in urls)
    return policy.hosts(provider._replace(base_url_cases=(*provider.base_url_cases, *cases)))


def _shared(provider: Provider, hosts: set[str], terms: Terms) -> Iterator[Finding]:
    for name in sorted(places.all_variables(provider)):
        others = readers().get(name)
        if others and others.providers - {provider.id} and not hosts <= others.hosts:
            yield _told(_place(provider, name, terms), name, others, hosts)


def _told(place: str, name: str, others: Readers, hosts: Iterable[str]) -> Finding:
    known, where = ", ".join(sorted(others.providers)), ", ".join(sorted(hosts)) or "elsewhere"
    message = f"{place} names {name}, which holds the key of {known}: that key would be sent to {where}"
    return Finding("variable-shared", "advice", message, "Name a variable of your own.")


def _place(provider: Provider, name: str, terms: Terms) -> str:
    """Return the place where a provider names a variable."""
    for slot in (slot for group in provider.requirement for slot in group.slots):
        if any(name in (*each.variables, each.variable) or f"${{{name}" in each.file for each in slot.alternatives):
            if terms.kind != "python" and _is_short(slot):
                return f"{terms.place(provider, 'env', provider.id)} (or slots.key.from)"
            return terms.place(slot, terms.words("from", "alternatives"), provider.id)
    field = "key_variable" if name == provider.key_variable else "detects"
    return terms.place(provider, field, provider.id)


def _is_short(slot: Slot) -> bool:
    """Return whether a slot is the one that `env` declares."""
    return slot == Slot("key", tuple(Alternative(each.variable) for each in slot.alternatives), secret=True)


def _is_near(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local")) or "." not in host
