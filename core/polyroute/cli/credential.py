"""The command `credential`."""

from __future__ import annotations

import argparse
import os
import stat
import sys
from typing import TYPE_CHECKING

from polyroute._internal.spelling import alike, did_you_mean
from polyroute.catalog import Catalog
from polyroute.cli import grammar, output
from polyroute.cli.output import NO, YES
from polyroute.documents import catalog as catalog_documents
from polyroute.documents import keys as key_documents
from polyroute.errors import NoEffectiveRoute, UnsupportedRoute, UsageError
from polyroute.model_reference import reference
from polyroute.results import Route
from polyroute.types import Secret

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers


def _credential(options: argparse.Namespace) -> int:
    """`polyroute credential`: print the credential of a model's route; the secret itself only to a pipe."""
    if options.raw and (options.json or not options.reveal):
        options.parser.error("--raw goes with --reveal, and not with --json")
    if options.reveal and not _is_pipe():
        where = "a terminal" if sys.stdout.isatty() else "a file"
        raise UsageError(f"A secret is written to a pipe only, not to {where}:", "use `| PROGRAM`.")
    with output.catalog() as catalog:
        model = reference(catalog, options.model)
        routes = _routes(options.model, options.via, catalog)
        route = next((each for each in routes if each.usable), None)
        secret = catalog.environment.secret(route.credential) if route and options.reveal else Secret()
        elsewhere = () if route else catalog.elsewhere(model)
    if route is None:
        if options.reveal or not options.json:
            raise NoEffectiveRoute(model, routes, elsewhere)
        output.document(catalog_documents.resolution(model, routes, elsewhere, catalog.problems))
        return NO
    if options.raw:
        return _raw(route, secret)
    if options.reveal:
        return output.document(key_documents.revealed(route, secret))
    if options.json:
        return output.document(key_documents.credential(model, route))
    from polyroute.cli import text

    print(f"{model} is called {text.with_key(route)} at {route.base_url}.")
    return YES


def _routes(model: str, via: str, catalog: Catalog) -> tuple[Route, ...]:
    """Return all routes to the model in order, or those via `via`. Raises UsageError."""
    routes = catalog.routes(model)
    if not via:
        return routes
    via = catalog.plugins.names.get(via, via)
    found = tuple(route for route in routes if route.via == via)
    if not found:
        known = list(dict.fromkeys(route.via for route in routes))
        others = alike(via, known)
        remedy = did_you_mean(others, f"Routes are: {', '.join(known)}.")
        raise UsageError(f"There is no route to {model} via {via!r}.", remedy, others)
    return found


def _raw(route: Route, secret: Secret) -> int:
    """Write a key and nothing else, not even a line end. Raises UnsupportedRoute if a key alone is not enough."""
    if secret.headers:
        raise UnsupportedRoute(route, "its key comes with additional headers, which may be secret: omit --raw")
    if not secret.value:
        raise UnsupportedRoute(route, "it needs no key")
    sys.stdout.buffer.write(os.fsencode(secret.value))
    return YES


def _is_pipe() -> bool:
    """Return whether stdout is a pipe, or a socket, which some programs use as one."""
    mode = os.fstat(1).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "credential", _credential, "show the credential that a model is called with")
    command.add_argument("model", metavar="MODEL", help="provider/model")
    command.add_argument("--via", default="", metavar="direct|GATEWAY", help="use this route")
    command.add_argument("--reveal", action="store_true", help="write the secret as JSON, to a pipe only")
    command.add_argument("--raw", action="store_true", help="with --reveal: write only the key, without a line end")
    grammar.with_json(command)
