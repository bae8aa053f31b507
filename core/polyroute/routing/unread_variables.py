"""Variables that seem to hold a provider's key or address under a name that nobody reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from polyroute.environment import Environment
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.loaded import Plugins
from polyroute.requirements.places import secret_variables
from polyroute.types import Problem, Provider

_KEY = r"(?:_?(?:API|ACCESS|AUTH|SECRET|PRIVATE|KEYS?|TOKENS?|PAT|FILE))+"
_ADDRESS = r"(?:_?(?:API|BASE|URL|URI|HOST|ENDPOINT|PROXY|REVERSE|SERVER))+"
_BEFORE = r"(?:VITE|NEXT_PUBLIC|NUXT(?:_PUBLIC)?|REACT_APP|EXPO_PUBLIC|PUBLIC|MY|APP|LLM)_"
_FOR_TYPOS = 6
"""The shortest word in which a typo is looked for: many short ones differ in one letter."""

_OWN = ("own-cloud", "own-server")

Meant = tuple[str, str]
"""The variable that was probably meant, and its provider."""


def find(plugins: Plugins, environment: Environment, referred: Collection[str] = ()) -> tuple[Problem, ...]:
    """Return a problem for each variable that seems to be a provider's, but that nobody reads.

    `referred` are the variables that custom models read. Each problem has the code `variable-unread` and the provider.
    An address is only told of providers of which something else is set, and of the user's own servers.
    """
    found = misnamed(plugins, environment.names, referred)
    return tuple(_problem(each, environment) for each in found)


class Misnamed(NamedTuple):
    """A variable that nobody reads, and the one that was probably meant."""

    name: str
    meant: str
    provider: str
    is_whole_key: bool
    """Whether it alone is what the provider needs."""


def misnamed(plugins: Plugins, names: Iterable[str], referred: Collection[str] = ()) -> Iterator[Misnamed]:
    """Yield which of these variables seem to hold a provider's key or address under a name that nobody reads."""
    given, known = {*names}, {*plugins.index[0], *plugins.readers, *referred}
    for words, meant_by in ((_KEY, _keys), (_ADDRESS, _addresses)):
        named = {name: _word(name, words) for name in sorted(given - known)}
        named = {name: word for name, word in named.items() if word and word != _word(name, "")}
        meant = meant_by(plugins, given, {word[0] for word in named.values()}) if named else {}
        for name, word in named.items():
            found = meant.get(word) or _alike(word, meant)
            if found and found[0] not in given:
                yield Misnamed(name, *found, is_whole_key=found[0] in _whole_keys(plugins.providers[found[1]]))


def _problem(found: Misnamed, environment: Environment) -> Problem:
    why = f"{environment.source(found.name)} is set, but nobody reads a variable of this name."
    stored = f", or store the key: `polyroute keys set {found.provider}`" if found.is_whole_key else ""
    return Problem(
        why, f"Did you mean {found.meant}? Rename it{stored}.", code="variable-unread", provider=found.provider
    )


def _keys(plugins: Plugins, _: Collection[str], initials: Collection[str]) -> dict[str, Meant]:
    """Return the variable of a key and its provider, by what is left of names without the words for a key.

    Only words with these initials are looked for, which saves most of the time.
    """
    ends = ("KEY", "TOKEN")
    readers = {each: names[0] for each, names in _readers(plugins) if each.endswith(ends)}
    usual = sorted(readers, key=lambda variable: (not variable.endswith("_API_KEY"), variable))
    found: dict[str, Meant] = {}
    for variable in usual:
        if variable[0] in initials:
            found.setdefault(_word(variable, _KEY), (variable, readers[variable]))
    for variable in usual:
        for name in _names(plugins.providers[readers[variable]], initials):
            found.setdefault(name, (variable, readers[variable]))
    return _without_others(found, plugins, _KEY)


def _readers(plugins: Plugins) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield each variable of a key with the providers that read it: the user's own servers where no other does."""
    yield from plugins.readers.items()
    for provider in plugins.providers.values():
        if provider.kind == "own-server":
            others = secret_variables(provider) - plugins.readers.keys()
            yield from ((each, (provider.id,)) for each in sorted(others))


def _addresses(plugins: Plugins, given: Collection[str], initials: Collection[str]) -> dict[str, Meant]:
    """Return the same as `_keys`, of variables with addresses."""
    found: dict[str, Meant] = {}
    for provider in plugins.providers.values():
        variables = _own_addresses(provider) if provider.kind in _OWN or provider.address else []
        if variables and (provider.kind == "own-server" or secret_variables(provider) & {*given}):
            named = [(_word(each, _ADDRESS), each) for each in variables if each[0] in initials]
            for word, variable in (*named, *((name, variables[0]) for name in _names(provider, initials))):
                found.setdefault(word, (variable, provider.id))
    return _without_others(found, plugins, _KEY)


def _own_addresses(provider: Provider) -> list[str]:
    """Return the variables in which a provider's address may stand."""
    slots = [slot for group in provider.requirement for slot in group.slots if slot.check == "url"]
    named = [each.variable for slot in slots for each in slot.alternatives if each.variable]
    return [*(provider.address.variables if provider.address else ()), *named]


def _whole_keys(provider: Provider) -> set[str]:
    """Return the variables of which one has all that is secret of a credential."""
    secret = [[slot for slot in group.slots if slot.secret] for group in provider.requirement]
    return {each.variable for slots in secret if len(slots) == 1 for each in slots[0].alternatives}


def _names(provider: Provider, initials: Collection[str]) -> list[str]:
    names = (provider.id, *provider.aliases, *provider.nicknames)
    return [_word(each, "") for each in names if each[0].upper() in initials]


def _without_others(found: dict[str, Meant], plugins: Plugins, words: str) -> dict[str, Meant]:
    """Return these words without those of variables that are known to prove nothing: they are other tools'."""
    proves_nothing = {_word(each, words) for provider in plugins.providers.values() for each in provider.detects}
    return {word: meant for word, meant in found.items() if word and word not in proves_nothing}


def _word(name: str, words: str) -> str:
    """Return a name without what hosts put before it, and without these words at its end."""
    plain = re.sub(f"^{_BEFORE}", "", name.upper().replace("-", "_").replace(".", "_"))
    return (re.sub(f"{words}$", "", plain) if words else plain).replace("_", "")


def _alike(word: str, meant: Mapping[str, Meant]) -> Meant | None:
    if len(word) < _FOR_TYPOS:
        return None
    return next((found for other, found in meant.items() if _is_typo(word, other)), None)


def _is_typo(one: str, other: str) -> bool:
    """Return whether one letter is missing, added or another, or whether two that are beside each other are swapped."""
    if abs(len(one) - len(other)) > 1 or len(other) < _FOR_TYPOS or one[0] != other[0]:
        return False
    shortest = min(len(one), len(other))
    start = next((at for at in range(shortest) if one[at] != other[at]), shortest)
    rest, others = one[start:], other[start:]
    swapped = rest[1::-1] + rest[2:] == others and len(rest) > 1
    return swapped or rest[1:] == others[1:] or rest[1:] == others or rest == others[1:]
