"""The dangers of a plugin, as messages that are displayed before the user is asked to trust it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from polyroute._internal.terminal import some_of
from polyroute.plugins.manifests.loader import Manifest
from polyroute.plugins.trust import policy
from polyroute.plugins.trust.policy import Readers
from polyroute.requirements import places, slots
from polyroute.types import Alternative, Provider


def readers(providers: Iterable[Provider]) -> Mapping[str, Readers]:
    """Return, by variable, the providers that read a secret from it and the hosts that get it."""
    ids: dict[str, set[str]] = {}
    hosts: dict[str, set[str]] = {}
    for provider in providers:
        for name in places.secret_variables(provider):
            ids.setdefault(name, set()).add(provider.id)
            hosts.setdefault(name, set()).update(policy.hosts(provider))
    return {name: Readers(frozenset(each), frozenset(hosts[name])) for name, each in ids.items()}


def program(manifest: Manifest) -> list[str]:
    """Return the danger of an executable's program; empty for a plugin without one."""
    granted = manifest.description.executable
    return (
        [f"runs a program as you ({shlex.join(granted.argv)}): trusting it is trusting it with your account"]
        if granted
        else []
    )


def found(manifest: Manifest, others: Mapping[str, Readers]) -> list[str]:
    """Return the dangers of a manifest: commands, files, and variables that `others` read for other hosts."""
    commands = [f"runs `{shlex.join(each)}` as you, for its key" for each in manifest.description.commands]
    sent = [each for provider in manifest.description.providers for each in _sent(provider, manifest, others)]
    return list(dict.fromkeys([*commands, *sent, *_granted(manifest, others)]))


def headers(manifest: Manifest, others: Iterable[Provider]) -> list[str]:
    """Return the headers that a manifest adds to requests to hosts of `others`, other plugins' providers."""
    known = [*others] if any(each.headers for each in manifest.description.providers) or manifest.model_headers else []
    added = (policy.added_headers(each, manifest, known) for each in manifest.description.providers)
    return [f"adds {each}" for some in added for each in some]


def _sent(provider: Provider, manifest: Manifest, others: Mapping[str, Readers]) -> Iterable[str]:
    where = ", ".join(sorted(policy.hosts(provider, manifest))) or "nowhere"
    for place in policy.contested(provider, manifest, others):
        if not place.command:
            yield f"{_taken(place, others)} to {where}"


def _taken(place: Alternative, others: Mapping[str, Readers]) -> str:
    if place.file or place.names_file:
        return f"sends the file {'named by ' if place.names_file else ''}{policy.display_name(place)}"
    names = [name for name in slots.named(place) if name in others]
    return f"sends {', '.join(names)}, which {some_of(sorted(others[names[0]].providers))} reads,"


def _granted(manifest: Manifest, others: Mapping[str, Readers]) -> Iterable[str]:
    """Yield the variables that a program gets although others read them for hosts that it is not granted."""
    granted = manifest.description.executable
    hosts = {f"https://{host}" for host in granted.hosts} if granted else set()
    where = ", ".join(sorted(hosts))
    for name in granted.variables if granted else ():
        if name in others and not hosts <= others[name].hosts:
            yield f"gets {name}, which {', '.join(sorted(others[name].providers))} reads, for {where}"
