"""The command `plugins`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from polyroute import wire
from polyroute.cli import grammar, output
from polyroute.cli.exits import YES

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers


def _plugins(options: argparse.Namespace) -> int:
    """`polyroute plugins`: where they come from, what they provide, what is amiss."""
    with output.catalog() as catalog:
        document = wire.plugins(catalog)
    if options.json:
        return output.document(document)
    from polyroute.cli import text

    text.plugins(catalog)
    return YES


def _grammar(subparsers: Subparsers) -> None:
    grammar.with_json(
        grammar.command(subparsers, "plugins", _plugins, "the plugins, what they provide, and what is amiss")
    )


COMMANDS = {"plugins": _grammar}
