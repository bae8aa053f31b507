"""Where the requirements of providers look: their variables, files and commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from polyroute.requirements.slots import named
from polyroute.types import Alternative, Provider, Slot


def index(providers: Iterable[Provider]) -> tuple[dict[str, list[str]], frozenset[str]]:
    """Return by variable the providers that read it, and the providers that must always be evaluated."""
    by_variable: dict[str, list[str]] = {}
    always = set()
    for provider in providers:
        for variable in variables(provider):
            by_variable.setdefault(variable, []).append(provider.id)
        if not depends_on_variables_only(provider):
            always.add(provider.id)
    return by_variable, frozenset(always)


def variables(provider: Provider) -> Iterable[str]:
    """Yield every variable that may change how the provider's requirement is evaluated."""
    for alternative in alternatives(provider):
        yield from named(alternative)
    yield from provider.address.variables if provider.address else ()


def secret_variables(provider: Provider) -> set[str]:
    """Return the variables that may contain the provider's secrets.

    They are read by its requirement, by a command that receives them, or by a plugin that detects credentials.
    """
    found = {provider.key_variable, *provider.detects}
    for group in provider.requirement:
        for slot in group.slots:
            if slot.secret:
                found.update(name for each in slot.alternatives for name in (each.variable, *each.variables))
    found.discard("")
    return found


def all_variables(provider: Provider) -> set[str]:
    """Return every variable that the provider names: in its requirement, or as one that its plugin reads."""
    return {*variables(provider), *secret_variables(provider)}


def depends_on_variables_only(provider: Provider) -> bool:
    """Return whether the provider certainly has no credential if none of its variables is set."""
    if any(alternative.file or alternative.command for alternative in alternatives(provider)):
        return False
    return all(any(not slot.default for slot in group.slots) for group in provider.requirement)


def alternatives(provider: Provider) -> Iterable[Alternative]:
    """Yield every alternative of every slot of the provider's requirement."""
    for group in provider.requirement:
        for slot in group.slots:
            yield from slot.alternatives


def secret_places(provider: Provider) -> Iterable[Alternative]:
    """Yield every alternative of every slot that holds a secret."""
    for group in provider.requirement:
        for slot in group.slots:
            yield from slot.alternatives if slot.secret else ()


def replaced(provider: Provider, change: Callable[[Alternative], Alternative]) -> Provider:
    """Return the provider with each alternative of its requirement replaced by the result of `change`."""

    def slot_of(slot: Slot) -> Slot:
        return slot._replace(alternatives=tuple([change(each) for each in slot.alternatives]))

    groups = [group._replace(slots=tuple([slot_of(slot) for slot in group.slots])) for group in provider.requirement]
    return provider._replace(requirement=tuple(groups))
