"""The command `status`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output
from polyroute.cli.output import NO, YES
from polyroute.documents import catalog as documents

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.cli.grammar import Subparsers
    from polyroute.types import Verification


def _status(options: argparse.Namespace) -> int:
    """`polyroute status`: list the providers that can be used, with their routes."""
    if options.exit_code and not options.providers:
        options.parser.error("--exit-code needs a PROVIDER")
    with output.catalog(look=options.verified) as catalog:
        asked = [catalog.provider(name) for name in options.providers]
        found = catalog.status()
        verified = _verified(catalog, options) if options.verified else None
    status = YES if all(each.has_effective_credentials for each in asked) or not options.exit_code else NO
    if options.json:
        output.document(documents.status(found, verified))
        return status
    from polyroute.cli import overview

    overview.status(found, asked, catalog, everything=options.all)
    if verified is not None:
        from polyroute.cli import verify

        verify.show(verified)
    return status


def _verified(catalog: Catalog, options: argparse.Namespace) -> tuple[Verification, ...]:
    from polyroute.cli.activity import Activity
    from polyroute.verification import verify

    with Activity("asking the endpoints"):
        return verify(catalog, options.providers)


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "status", _status, "list the providers that can be used, and their routes")
    command.add_argument("providers", nargs="*", metavar="PROVIDER", help="show details of these providers")
    command.add_argument("--all", action="store_true", help="also list the providers that can't be used")
    command.add_argument("--exit-code", action="store_true", help="end with status 1 unless each PROVIDER can be used")
    command.add_argument("--verified", action="store_true", help="also ask the endpoints whether the keys work")
    grammar.with_json(command)
