"""The command `keys`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from polyroute._internal.spelling import did_you_mean
from polyroute._internal.terminal import clean
from polyroute.catalog import Catalog
from polyroute.cli import grammar, output, prompts, screen
from polyroute.cli.output import NO, YES
from polyroute.credentials import keys, named_keys
from polyroute.documents import keys as documents
from polyroute.errors import UnknownProvider, UsageError
from polyroute.types import Provider

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers


def _set(options: argparse.Namespace) -> int:
    """`polyroute keys set`: store a key, or all that a provider needs, from prompts or stdin."""
    if options.name is not None:
        return _set_named(options)
    from polyroute.cli import key_setup

    with output.catalog() as catalog:
        provider = _provider(options.provider, catalog)
        stored = key_setup.stored(provider, catalog, pin=options.pin)
        verified = key_setup.verified(provider, catalog) if prompts.has_user() else None
    if options.json:
        output.document(documents.stored(stored, verified))
    else:
        key_setup.show(stored, verified)
    return NO if verified and verified.state in key_setup.REFUSED else YES


def _set_named(options: argparse.Namespace) -> int:
    with output.catalog() as catalog:
        stored = named_keys.store(catalog, options.name, prompts.secret(f"Key for {options.name}, not shown: "))
    if options.json:
        return output.document(documents.stored(stored))
    if not stored.kept:
        print(clean(f"Stored: {stored.source}."))
    _print_notes(stored.notes)
    return YES


def _list(options: argparse.Namespace) -> int:
    """`polyroute keys list`: print the source of each key, and a mask."""
    with output.catalog() as catalog:
        asked = [_provider(name, catalog).id for name in options.providers]
        found = [keys.find(catalog, name) for name in asked] or [*keys.listed(catalog), *named_keys.listed(catalog)]
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
    """`polyroute keys remove`: remove a key from where `keys set` stores it."""
    with output.catalog() as catalog:
        if options.name is not None:
            removed = named_keys.remove(catalog, options.name)
        else:
            removed = keys.remove(catalog, _provider(options.provider, catalog).id)
    if options.json:
        output.document(documents.removed(removed))
    else:
        whose = clean(removed.provider or removed.variable)
        for source in removed.removed:
            print(clean(f"The key of {whose} was removed: {source}."))
        if not removed.removed:
            print(f"Polyroute has stored no key of {whose}.")
        if removed.left:
            print(f"{removed.provider} still has a key, which you must remove at its source: {removed.left}.")
        _print_notes(removed.notes if removed.removed else ())
    return YES if removed.removed and not removed.left else NO


def _provider(name: str, catalog: Catalog) -> Provider:
    """Return the provider of this name. An unknown name is not quoted in the error: it may be a key."""
    try:
        return catalog.plugins.find(name)
    except UnknownProvider as error:
        remedy = did_you_mean(error.suggestions, "See `polyroute status --all`.")
        raise UsageError("There is no provider of that name.", remedy, error.suggestions) from None


def _row(key: keys.Key) -> tuple[str, ...]:
    credential = key.credential
    whose = key.provider or f"keyring:{key.variable}"
    return whose, key.mask or "none", str(credential) if credential else "", ", ".join(key.also_read_by)


def _print_notes(notes: Iterable[str]) -> None:
    for note in notes:
        print(screen.fitted(f"polyroute: {note}", sys.stderr), file=sys.stderr)


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    family = subparsers.add_parser("keys", help="set, list and remove your keys", formatter_class=grammar.FORMATTER)
    commands = family.add_subparsers(metavar="COMMAND", required=True)
    for name, run, text in (
        (
            "set",
            _set,
            "ask for what a provider needs, or read a key from stdin, and store it in the keyring or the global .env",
        ),
        ("list", _list, "list the source and the last characters of each key"),
        ("remove", _remove, "remove a key from where `set` stores it"),
    ):
        command = grammar.command(commands, name, run, text)
        if name == "list":
            command.add_argument("providers", nargs="*", metavar="PROVIDER", help="list only these providers")
        else:
            whose = command.add_mutually_exclusive_group(required=True)
            whose.add_argument("provider", nargs="?", metavar="PROVIDER")
            whose.add_argument("--name", help="an entry of the keyring, for custom models whose key is keyring:NAME")
        if name == "set":
            command.add_argument("--no-pin", dest="pin", action="store_false", help="don't change the order of routes")
        grammar.with_json(command)
