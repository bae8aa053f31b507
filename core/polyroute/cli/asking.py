"""The commands `status`, `explain`, `resolve` and `models`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output
from polyroute.cli.output import NO, YES
from polyroute.documents import catalog as documents
from polyroute.routing.references import canonical

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.cli.grammar import Subparsers
    from polyroute.types import ModelRef, Verification


def _status(options: argparse.Namespace) -> int:
    """`polyroute status`: list the providers that can be used, with their routes."""
    with output.catalog() as catalog:
        asked = [catalog.provider(name) for name in options.providers]
        found = catalog.status()
        verified = _verified(catalog, options) if options.verified else None
    if options.json:
        return output.document(documents.status(found, verified))
    from polyroute.cli import text

    text.status(found, asked, catalog, everything=options.all)
    if verified is not None:
        from polyroute.cli import verify

        verify.show(verified)
    return YES


def _verified(catalog: Catalog, options: argparse.Namespace) -> tuple[Verification, ...]:
    from polyroute.verification import verify

    return verify(catalog, options.providers)


def _explain(options: argparse.Namespace) -> int:
    """`polyroute explain`: explain why a provider or model can be run or not."""
    from polyroute.explanation import explain

    with output.catalog() as catalog:
        explanation = explain(catalog, options.subject)
    if options.json:
        output.document(documents.explanation(explanation, catalog.problems))
    else:
        from polyroute.cli import text

        text.lines(explanation.lines)
        text.problems(catalog.problems)
    return YES if explanation.usable else NO


def _resolve(options: argparse.Namespace) -> int:
    """`polyroute resolve`: print the route to take for a model."""
    with output.catalog() as catalog:
        model = canonical(options.model, catalog.plugins)
        routes = catalog.routes(model)
        shown = _formatted(catalog, model, options.format) if options.format else ""
    if shown:
        output.exact(shown)
    elif options.json:
        output.document(documents.resolution(model, routes, catalog.problems))
    else:
        from polyroute.cli import text

        text.resolution(model, routes, catalog)
        text.problems(catalog.problems)
    return YES if any(route.usable for route in routes) else NO


def _formatted(catalog: Catalog, model: ModelRef, form: str) -> str:
    from polyroute.integrations.formats import formatted

    return formatted(catalog, model, form)


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


def _status_grammar(subparsers: Subparsers) -> None:
    command = grammar.command(subparsers, "status", _status, "list the providers that can be used, and their routes")
    command.add_argument("providers", nargs="*", metavar="PROVIDER", help="show details of these providers")
    command.add_argument("--all", action="store_true", help="also list the providers that can't be used")
    command.add_argument("--verified", action="store_true", help="also ask the endpoints whether the keys work")
    grammar.with_json(command)


def _explain_grammar(subparsers: Subparsers) -> None:
    command = grammar.command(subparsers, "explain", _explain, "explain why a provider or model can be run or not")
    command.add_argument("subject", metavar="PROVIDER|MODEL")
    grammar.with_json(command)


def _resolve_grammar(subparsers: Subparsers) -> None:
    from polyroute.integrations.formats import FORMATS

    command = grammar.command(subparsers, "resolve", _resolve, "print the route to take for a model")
    command.add_argument("model", metavar="MODEL", help="provider/model")
    how = command.add_mutually_exclusive_group()
    how.add_argument("--format", choices=FORMATS, default="", help="for a shell or configuration, keys by reference")
    grammar.with_json(how)


def _models_grammar(subparsers: Subparsers) -> None:
    command = grammar.command(subparsers, "models", _models, "list models")
    command.add_argument("query", nargs="*", metavar="QUERY", help="words that the ID or name must contain")
    command.add_argument("--provider", default="", metavar="P", help="only models of this provider")
    command.add_argument("--available", action="store_true", help="only models that can be run now")
    grammar.with_json(command)


COMMANDS = {
    "status": _status_grammar,
    "explain": _explain_grammar,
    "resolve": _resolve_grammar,
    "models": _models_grammar,
}
