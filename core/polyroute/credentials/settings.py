"""Store all settings that a provider needs: secrets as `keys` does, anything else in the global `.env`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from polyroute._internal import dotenv
from polyroute._internal.redact import is_masked
from polyroute._internal.terminal import some_of
from polyroute.credentials import keys
from polyroute.environment import GLOBAL, Environment
from polyroute.errors import UsageError
from polyroute.named_tuples import NamedTuple
from polyroute.requirements.evaluation import nearest
from polyroute.requirements.slots import fill, variables_of
from polyroute.types import DIRECT, Provider, Slot, Source

if TYPE_CHECKING:
    from polyroute.catalog import Catalog


class Setting(NamedTuple):
    """A value that a provider needs, and where it was found."""

    variable: str
    """The variable in which `store` keeps it."""
    secret: bool
    hint: str
    """What the provider's plugin says about it; may be empty."""
    source: Source | None
    """Where it was found; None if it is missing."""


def needed(provider: Provider, environment: Environment) -> tuple[Setting, ...]:
    """Return the settings of the provider that can be kept in variables: of the group that is met, or lacks least.

    Settings with a default are left out.
    """
    slots = _slots(provider, environment)
    if not slots and provider.key_variable:
        return (Setting(provider.key_variable, True, "", environment.source(provider.key_variable)),)
    found = ((_variable(slot), slot) for slot in slots if not slot.default)
    return tuple(
        Setting(name, slot.secret, slot.remedy, fill(slot, environment).source) for name, slot in found if name
    )


def store(
    catalog: Catalog, name: str, values: Mapping[str, str], *, pin: bool = True, shared: bool = False
) -> keys.Stored:
    """Store several settings of the provider `name`, by variable. Create a new catalog afterwards.

    All values are checked before the first is stored. The key is stored last, because it makes the provider usable,
    and as `keys.store` does, with `pin` and `shared`. Raises UnknownProvider, UsageError if the provider does not need
    such a variable or a value is not valid, and Unavailable if one can't be stored.
    """
    provider = catalog.plugins.find(name)
    is_secret = _secrets(provider, values)
    for variable, value in values.items():
        if not is_secret[variable]:
            _checked(variable, value)
        elif not is_masked(value):
            keys.checked(value)
    settings = {variable: value.strip() for variable, value in values.items() if not is_secret[variable]}
    for variable, value in settings.items():
        dotenv.update(catalog.environment.documents, catalog.environment.dotenv_path, variable, value)
    found = [
        keys.store(catalog.reload(), provider.id, value, pin=pin, variable=variable, shared=shared)
        for variable, value in values.items()
        if is_secret[variable]
    ]
    notes = [note for each in found for note in each.notes] if found else _not_enough(provider, catalog.reload())
    notes = [*notes, *_shadowed(provider, settings, catalog.reload())]
    return _together(provider, found, settings)._replace(notes=tuple(dict.fromkeys(notes)))


def _together(provider: Provider, found: Sequence[keys.Stored], settings: Iterable[str]) -> keys.Stored:
    """Return one result: of the last key or, if there is none, of the first setting."""
    stored = {name: Source(GLOBAL, name) for name in settings}
    stored |= {each.variable: each.source for each in found if each.source}
    variable = found[-1].variable if found else next(iter(stored), "")
    source = stored.pop(variable, None)
    pinned = next((each.pinned for each in found if each.pinned), "")
    kept = bool(found) and all(each.kept for each in found)
    return keys.Stored(provider.id, variable, source, kept, pinned, settings=stored)


def _not_enough(provider: Provider, catalog: Catalog) -> list[str]:
    route = next(route for route in catalog.provider(provider.id).routes if route.via == DIRECT)
    more = f"That is not enough for {provider.id}: {route.reason}. {route.remedy}".rstrip()
    return [] if route.usable else [more]


def _shadowed(provider: Provider, settings: Collection[str], catalog: Catalog) -> Iterator[str]:
    """Yield notes on stored settings that are not used."""
    for each in needed(provider, catalog.environment):
        if each.variable in settings and each.source and each.source.layer != GLOBAL:
            yield f"{each.variable} is still read from {each.source}, which takes precedence."


def _secrets(provider: Provider, values: Mapping[str, str]) -> dict[str, bool]:
    """Return for each variable whether it holds a secret. Raises UsageError if the provider does not read it."""
    known = {name: slot.secret for group in provider.requirement for slot in group.slots for name in variables_of(slot)}
    if provider.key_variable:
        known.setdefault(provider.key_variable, True)
    if not values.keys() <= known.keys():  # the others are not quoted: one may be a key in the wrong place
        raise UsageError(f"{provider.id} reads only these variables: {some_of(known)}.")
    return {name: known[name] for name in values}


def _checked(variable: str, value: str) -> None:
    if not value.strip() or not value.isprintable():
        raise UsageError(f"The value of {variable} is empty or has control characters: nothing was stored.")


def _slots(provider: Provider, environment: Environment) -> list[Slot]:
    """Return the slots of the group that is met, or else of the one that lacks least."""
    return [each.slot for each in nearest(provider, environment)]


def _variable(slot: Slot) -> str:
    plain = (each for each in slot.alternatives if each.variable and not (each.names_file or each.json_field))
    return next((each.variable for each in plain), "")
