"""Entries of the keyring under names that the user chooses, for custom models whose key is `keyring:NAME`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from polyroute._internal.redact import is_masked, masked
from polyroute._internal.terminal import some_of
from polyroute.credentials.keys import KEPT, Key, Removed, Stored, checked
from polyroute.environment import KEYRING
from polyroute.errors import Unavailable, UsageError
from polyroute.types import Credential, Source

if TYPE_CHECKING:
    from polyroute.catalog import Catalog


def store(catalog: Catalog, name: str, value: str) -> Stored:
    """Store `value` under `name` in the keyring, the only place where such names are looked up.

    Raises UsageError if the name or the key is invalid, and Unavailable if there is no keyring.
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
        raise Unavailable(f"Nothing was stored. {error}", remedy) from None
    readers = catalog.plugins.readers.get(name, ())
    notes = (f"{name} is also read by {some_of(readers)}.",) if readers else ()
    return Stored("", name, Source(KEYRING, name), notes=notes)


def remove(catalog: Catalog, name: str) -> Removed:
    """Remove the entry `name`. Raises Unavailable if the keyring can't be used."""
    name = _name(name)
    was_there = catalog.environment.keyring.drop(name)
    return Removed("", name, (Source(KEYRING, name),) if was_there else (), None)


def listed(catalog: Catalog) -> tuple[Key, ...]:
    """Return all entries that are not the key of a provider."""
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
    """Return `text` if it is a name that custom models can refer to. Raises UsageError."""
    if not re.fullmatch(r"[!-~]+", text):
        raise UsageError("The name of an entry must not contain white space, control or non-ASCII characters.")
    return text
