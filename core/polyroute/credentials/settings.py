"""Store all settings that a provider needs: secrets as `keys` does, anything else in the global `.env`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from polyroute._internal import dotenv
from polyroute._internal.terminal import some_of
from polyroute.credentials import keys
from polyroute.environment import GLOBAL, Environment
from polyroute.errors import UsageError
from polyroute.requirements.evaluation import missing
from polyroute.requirements.slots import fill, variables_of
from polyroute.types import Provider, Slot, Source

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


class StoredSettings(NamedTuple):
    """The result of storing settings."""

    provider: str
    sources: Mapping[str, Source]
    """By variable, where it is stored."""
    pinned: str = ""
    """The configuration file in which the provider was pinned to direct; empty if it was not."""
    notes: tuple[str, ...] = ()
    """Messages for the user."""


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


def store(catalog: Catalog, name: str, values: Mapping[str, str]) -> StoredSettings:
    """Store several settings of the provider `name`, by variable. Create a new catalog afterwards.

    All values are checked before the first is stored. Raises UnknownProvider, UsageError if the provider does not
    need such a variable or a value is not valid, and Unavailable if one can't be stored.
    """
    provider = catalog.plugins.find(name)
    secret = _secrets(provider, values)
    for variable, value in values.items():
        keys.checked(value) if secret[variable] else _checked(variable, value)
    stored: dict[str, Source] = {}
    pinned, notes = "", list[str]()
    for variable, value in sorted(values.items(), key=lambda each: secret[each[0]]):  # the key last: it makes it usable
        if not secret[variable]:
            dotenv.update(catalog.environment.dotenv_path, variable, value.strip())
            stored[variable] = Source(GLOBAL, variable)
            continue
        kept = keys.store(catalog.reload(), provider.id, value, variable=variable)
        pinned, notes = kept.pinned, [*notes, *kept.notes]
        if kept.source:
            stored[variable] = kept.source
    return StoredSettings(provider.id, stored, pinned, tuple(notes))


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


def _slots(provider: Provider, environment: Environment) -> tuple[Slot, ...]:
    """Return the slots of the group that is met, or else of the one that lacks least."""
    lacking = {each.slot.name for each in missing(provider, environment)}
    for group in provider.requirement:
        unfilled = {slot.name for slot in group.slots if fill(slot, environment).fault}
        if unfilled == lacking:
            return group.slots
    return ()


def _variable(slot: Slot) -> str:
    plain = (each for each in slot.alternatives if each.variable and not (each.names_file or each.json_field))
    return next((each.variable for each in plain), "")
