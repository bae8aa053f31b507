"""Entries of the keyring under names that a person chooses, for custom models whose key is `keyring:NAME`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from polyroute.environment import KEYRING
from polyroute.errors import Unavailable, UsageError
from polyroute.keys import KEPT, Key, Removed, Stored, checked
from polyroute.logins import Credential, Source
from polyroute.system.masking import is_masked, masked

if TYPE_CHECKING:
    from polyroute.catalog import Catalog


def store(catalog: Catalog, name: str, value: str) -> Stored:
    """Keep `value` under `name`. Raises UsageError for what is no key or no name, and Unavailable without a keyring:
    nowhere else is such a name looked for.
    """
    name = _name(name)
    if is_masked(value):
        source = Source(KEYRING, name) if catalog.environment.in_keyring(name) else None
        return Stored("", name, source, kept=True, notes=(KEPT,))
    secret = checked(value)
    try:
        catalog.environment.keyring.put(name, secret)
    except Unavailable as error:
        remedy = "A custom model can name a variable instead: polyroute custom edit MODEL --key-variable NAME."
        raise Unavailable(f"Nothing was stored. {error} {remedy}") from None
    readers = catalog.plugins.readers.get(name, ())
    notes = (f"{name} is read by {', '.join(readers)} too.",) if readers else ()
    return Stored("", name, Source(KEYRING, name), notes=notes)


def remove(catalog: Catalog, name: str) -> Removed:
    """Remove what is kept under `name`. Raises Unavailable where the keyring can't be asked."""
    name = _name(name)
    was_there = catalog.environment.keyring.drop(name)
    return Removed("", name, (Source(KEYRING, name),) if was_there else (), None)


def listed(catalog: Catalog) -> tuple[Key, ...]:
    """All entries that are no provider's key."""
    keyring, readers = catalog.environment.keyring, catalog.plugins.readers
    return tuple(_key(name, _mask(catalog, name)) for name in sorted(keyring.names()) if name not in readers)


def _key(name: str, mask: str) -> Key:
    return Key("", name, Credential("", "", "api-key", Source(KEYRING, name)), mask)


def _mask(catalog: Catalog, name: str) -> str:
    try:
        return masked(catalog.environment.keyring.get(name) or "")
    except Unavailable:
        return masked("")


def _name(text: str) -> str:
    """A name as an entry of the file of custom models can refer to it."""
    if not re.fullmatch(r"[!-~]+", text):
        raise UsageError("The name of an entry has no white space, control or non-ASCII characters.")
    return text
