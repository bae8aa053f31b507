"""The command `models`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output
from polyroute.cli.output import NO, YES
from polyroute.documents import catalog as documents

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers


def _models(options: argparse.Namespace) -> int:
    """`polyroute models`: list models."""
    with output.catalog() as catalog:
        found = catalog.models(" ".join(options.query), provider=options.provider, available=options.available)
    if options.json:
        output.document(documents.models(found, catalog))
    else:
        from polyroute.cli import text

        text.models(found, catalog)
        text.problems(catalog.problems)
    return YES if found else NO


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "models", _models, "list models")
    command.add_argument("query", nargs="*", metavar="QUERY", help="words that the ID or name must contain")
    command.add_argument("--provider", default="", metavar="P", help="only models of this provider")
    command.add_argument("--available", action="store_true", help="only models that can be run now")
    grammar.with_json(command)
