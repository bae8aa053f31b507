"""The command `resolve`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output
from polyroute.cli.output import NO, YES
from polyroute.documents import catalog as documents
from polyroute.model_reference import reference
from polyroute.types import ModelRef

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.cli.grammar import Subparsers


def _resolve(options: argparse.Namespace) -> int:
    """`polyroute resolve`: print the route to take for a model."""
    with output.catalog() as catalog:
        model = reference(catalog, options.model)
        routes = catalog.routes(options.model)
        elsewhere = () if any(route.usable for route in routes) else catalog.elsewhere(model)
        shown = _formatted(catalog, ModelRef.parse(options.model), options.format) if options.format else ""
    if shown:
        output.exact(shown)
    elif options.json:
        output.document(documents.resolution(model, routes, elsewhere, catalog.problems))
    else:
        from polyroute.cli import text

        text.resolution(model, routes, catalog)
        text.problems(catalog.problems)
    return YES if any(route.usable for route in routes) else NO


def _formatted(catalog: Catalog, model: ModelRef, form: str) -> str:
    from polyroute.integrations.formats import formatted

    return formatted(catalog, model, form)


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    from polyroute.integrations.formats import FORMATS

    command = grammar.command(subparsers, "resolve", _resolve, "print the route to take for a model")
    command.add_argument("model", metavar="MODEL", help="provider/model")
    how = command.add_mutually_exclusive_group()
    how.add_argument("--format", choices=FORMATS, default="", help="for a shell or configuration, keys by reference")
    grammar.with_json(how)
