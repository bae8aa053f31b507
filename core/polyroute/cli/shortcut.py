"""The command `shortcut`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from polyroute import shortcuts
from polyroute.cli import grammar, output
from polyroute.cli.output import YES
from polyroute.documents import catalog as documents

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers


def _list(options: argparse.Namespace) -> int:
    """`polyroute shortcut list`: print all shortcuts."""
    with output.catalog() as catalog:
        document = documents.shortcuts(catalog)
    if options.json:
        return output.document(document)
    from polyroute.cli import tables, text

    tables.show(("Name", "Means"), list(document["shortcuts"].items()))
    text.problems(catalog.problems)
    return YES


def _set(options: argparse.Namespace) -> int:
    """`polyroute shortcut set`: store a shortcut."""
    with output.catalog() as catalog:
        path = shortcuts.put(catalog, options.name, options.model)
        document = documents.shortcuts(catalog.reload())
    if options.json:
        return output.document(document)
    print(f"{options.name} now means {document['shortcuts'][options.name]} (in {path}).")
    return YES


def _remove(options: argparse.Namespace) -> int:
    """`polyroute shortcut remove`: remove a shortcut."""
    with output.catalog() as catalog:
        path = shortcuts.remove(catalog, options.name)
        document = documents.shortcuts(catalog.reload())
    if options.json:
        return output.document(document)
    print(f"{options.name} is no shortcut any more (in {path}).")
    return YES


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    about = "names of your own for models, for clients of the pass-through"
    family = subparsers.add_parser("shortcut", help=about, description=about, formatter_class=grammar.FORMATTER)
    actions = family.add_subparsers(metavar="COMMAND", required=True)
    grammar.with_json(grammar.command(actions, "list", _list, "list shortcuts"))
    command = grammar.command(actions, "set", _set, "let a name mean a model")
    command.add_argument("name", metavar="NAME")
    command.add_argument("model", metavar="PROVIDER/ID")
    grammar.with_json(command)
    command = grammar.command(actions, "remove", _remove, "remove a shortcut")
    command.add_argument("name", metavar="NAME")
    grammar.with_json(command)
