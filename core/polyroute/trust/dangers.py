"""What is dangerous about a plugin, in words: what a user who is asked to trust it is told first."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from polyroute import requirements, slots
from polyroute.manifests.manifests import Manifest
from polyroute.trust import trust
from polyroute.trust.trust import Readers
from polyroute.types import Alternative, Provider


def readers(providers: Iterable[Provider]) -> Mapping[str, Readers]:
    """By variable, who looks for a secret there and where it is sent."""
    found: dict[str, Readers] = {}
    for provider in providers:
        for name in requirements.secret_variables(provider):
            known = found.get(name, Readers(frozenset(), frozenset()))
            found[name] = Readers(known.providers | {provider.id}, known.hosts | trust.hosts(provider))
    return found


def program(manifest: Manifest) -> list[str]:
    """What a plugin runs that is a program itself; nothing for one that is none."""
    granted = manifest.description.executable
    return (
        [f"runs a program as you ({shlex.join(granted.argv)}): trusting it is trusting it with your account"]
        if granted
        else []
    )


def found(manifest: Manifest, others: Mapping[str, Readers]) -> list[str]:
    """What is dangerous about a manifest: commands, files, and variables that `others` read for other hosts."""
    commands = [f"runs `{shlex.join(each)}` as you, for its key" for each in manifest.description.commands]
    sent = [each for provider in manifest.description.providers for each in _sent(provider, manifest, others)]
    return list(dict.fromkeys([*commands, *sent, *_granted(manifest, others)]))


def _sent(provider: Provider, manifest: Manifest, others: Mapping[str, Readers]) -> Iterable[str]:
    where = ", ".join(sorted(trust.hosts(provider, manifest))) or "nowhere"
    for place in trust.contested(provider, manifest, others):
        if not place.command:
            yield f"{_taken(place, others)} to {where}"


def _taken(place: Alternative, others: Mapping[str, Readers]) -> str:
    if place.file or place.names_file:
        return f"sends the file {'that it names in ' if place.names_file else ''}{trust.shown(place)}"
    names = [name for name in slots.named(place) if name in others]
    return f"sends {', '.join(names)}, which {', '.join(sorted(others[names[0]].providers))} reads,"


def _granted(manifest: Manifest, others: Mapping[str, Readers]) -> Iterable[str]:
    """Variables that a program gets, and that others read for other hosts than it may name."""
    granted = manifest.description.executable
    hosts = {f"https://{host}" for host in granted.hosts} if granted else set()
    where = ", ".join(sorted(hosts))
    for name in granted.variables if granted else ():
        if name in others and not hosts <= others[name].hosts:
            yield f"gets {name}, which {', '.join(sorted(others[name].providers))} reads, for {where}"
