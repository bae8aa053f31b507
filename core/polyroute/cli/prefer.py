"""The command `prefer`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from polyroute.catalog import Catalog
from polyroute.cli import grammar, output
from polyroute.cli.output import YES
from polyroute.documents import catalog as documents
from polyroute.environment import PROCESS
from polyroute.errors import UsageError
from polyroute.routing.order import checked
from polyroute.types import DIRECT

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers


def _prefer(options: argparse.Namespace) -> int:
    """`polyroute prefer`: store or remove a preference or pin, or print all of them."""
    if options.via and options.unset:
        raise UsageError("Give either a route or --unset, not both.")
    if options.unset:
        return _unset(options)
    return _set(options) if options.via else _show(options)


def _show(options: argparse.Namespace) -> int:
    if options.target:
        raise UsageError("--for needs a route or --unset.")
    with output.catalog() as catalog:
        document = documents.preferences(catalog)
    if options.json:
        return output.document(document)
    from polyroute.cli import text

    text.preferences(catalog)
    text.problems(catalog.problems)
    return YES


def _set(options: argparse.Namespace) -> int:
    from polyroute.preferences import save

    with output.catalog() as catalog:
        via, target = checked(options.via, options.target, catalog.plugins)
        path = save(catalog.environment, via, target)
    if options.json:
        return output.document(documents.preferred(via, target, path))
    print(f"{via} now comes first{f' for {target}' if target else ''} (in {path}).")
    _tell_what_wins(via, target, catalog)
    return YES


def _unset(options: argparse.Namespace) -> int:
    from polyroute.preferences import unset

    with output.catalog() as catalog:
        path = unset(catalog.environment, options.target, catalog.plugins.names)
        first = catalog.reload().preferred
    if options.json:
        return output.document(documents.preferred(None, options.target, path))
    print(
        f"Nothing is pinned for {options.target}." if options.target else f"Nothing is preferred; {first} comes first."
    )
    return YES


def _tell_what_wins(via: str, target: str, catalog: Catalog) -> None:
    """Print a note if the stored preference has no effect."""
    if catalog.preferences.order:
        print("polyroute: a complete `order` is set and overrides this.", file=sys.stderr)
    elif not target and catalog.environment.setting("POLYROUTE_PREFER", layer=PROCESS):
        print("polyroute: POLYROUTE_PREFER is set and overrides the file.", file=sys.stderr)
    elif not target and via != DIRECT:
        print("Hosts still run direct first: to change that for one, pin it with `--for`.", file=sys.stderr)


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "prefer", _prefer, "choose which route comes first")
    command.add_argument(
        "via", nargs="?", default="", metavar="direct|GATEWAY|cheapest", help="without it, show preferences"
    )
    command.add_argument("--for", dest="target", default="", metavar="PROVIDER[/ID]", help="only for this one")
    command.add_argument("--unset", action="store_true", help="remove the preference, or with --for the pin")
    grammar.with_json(command)
