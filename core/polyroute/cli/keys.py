"""The command `keys`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from polyroute import key_entries, keys
from polyroute.catalog import Catalog
from polyroute.cli import entering, grammar, output
from polyroute.cli.exits import NO, YES
from polyroute.documents import keys as documents
from polyroute.errors import UnknownProvider, UsageError
from polyroute.system.plain import clean
from polyroute.types import Provider

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers


def _set(options: argparse.Namespace) -> int:
    """`polyroute keys set`: keep a key, from a hidden prompt or stdin."""
    with output.catalog() as catalog:
        if options.name is not None:
            stored = key_entries.store(catalog, options.name, entering.secret(f"Key for {options.name}, not shown: "))
        else:
            variable = keys.variable_of(_provider(options.provider, catalog))
            secret = entering.secret(f"Key of {options.provider} ({variable}), not shown: ")
            stored = keys.store(catalog, options.provider, secret, pin=options.pin)
    if options.json:
        return output.document(documents.stored(stored))
    if not stored.kept:
        print(clean(f"The key of {stored.provider or stored.variable} is stored: {stored.source}."))
    _tell(stored.notes)
    return YES


def _list(options: argparse.Namespace) -> int:
    """`polyroute keys list`: where each key comes from, and a mask."""
    with output.catalog() as catalog:
        asked = [_provider(name, catalog).id for name in options.providers]
        found = [keys.find(catalog, name) for name in asked] or [*keys.listed(catalog), *key_entries.listed(catalog)]
    if options.json:
        output.document(documents.keys(found, catalog.problems))
    else:
        from polyroute.cli import tables, text

        rows = [_row(key) for key in found]
        if rows:
            tables.show(("Provider", "Key", "From", "Also read by"), rows)
        else:
            text.lines(["No provider has a key. To store one: polyroute keys set PROVIDER"])
        text.problems(catalog.problems)
    return YES if found and all(key.mask for key in found) else NO


def _remove(options: argparse.Namespace) -> int:
    """`polyroute keys remove`: take a key out of where `keys set` puts it."""
    with output.catalog() as catalog:
        if options.name is not None:
            removed = key_entries.remove(catalog, options.name)
        else:
            removed = keys.remove(catalog, _provider(options.provider, catalog).id)
    if options.json:
        output.document(documents.removed(removed))
    else:
        whose = clean(removed.provider or removed.variable)
        for source in removed.removed:
            print(clean(f"The key of {whose} is removed: {source}."))
        if not removed.removed:
            print(f"No key of {whose} was stored here.")
        if removed.left:
            print(f"{removed.provider} still has one, which has to be removed there: {removed.left}.")
        _tell(removed.notes if removed.removed else ())
    return YES if removed.removed and not removed.left else NO


def _provider(name: str, catalog: Catalog) -> Provider:
    """The provider of this name. What is no name may be a key, and is not repeated."""
    try:
        return catalog.plugins.find(name)
    except UnknownProvider as error:
        hint = (
            f"Did you mean {' or '.join(error.suggestions)}?" if error.suggestions else "See `polyroute status --all`."
        )
        raise UsageError(f"There is no provider of that name. {hint}") from None


def _row(key: keys.Key) -> tuple[str, ...]:
    credential = key.credential
    shared = ", ".join(credential.shared_with) if credential else ""
    return key.provider or f"keyring:{key.variable}", key.mask or "none", str(credential) if credential else "", shared


def _tell(notes: Iterable[str]) -> None:
    for note in notes:
        print(clean(f"polyroute: {note}"), file=sys.stderr)


def _grammar(subparsers: Subparsers) -> None:
    family = subparsers.add_parser("keys", help="your keys: set, list, remove", formatter_class=grammar.FORMATTER)
    commands = family.add_subparsers(metavar="COMMAND", required=True)
    for name, run, text in (
        ("set", _set, "keep a key in the keyring or the global .env; it is asked for, or read from stdin"),
        ("list", _list, "where each key comes from, and its last characters"),
        ("remove", _remove, "remove a key from where `set` keeps it"),
    ):
        command = grammar.command(commands, name, run, text)
        command.set_defaults(takes_key=True)
        if name == "list":
            command.add_argument("providers", nargs="*", metavar="PROVIDER", help="of these only")
        else:
            whose = command.add_mutually_exclusive_group(required=True)
            whose.add_argument("provider", nargs="?", metavar="PROVIDER")
            whose.add_argument("--name", help="an entry of the keyring, for custom models whose key is keyring:NAME")
        if name == "set":
            command.add_argument("--no-pin", dest="pin", action="store_false", help="leave the order of routes alone")
        grammar.with_json(command)


COMMANDS = {"keys": _grammar}
