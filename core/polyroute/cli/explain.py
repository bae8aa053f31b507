"""The command `explain`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output
from polyroute.cli.output import NO, YES
from polyroute.documents import catalog as documents

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers


def _explain(options: argparse.Namespace) -> int:
    """`polyroute explain`: explain why a provider or model can be run or not."""
    from polyroute.explanation import explain

    with output.catalog(look=True) as catalog:
        explanation = explain(catalog, options.subject)
    if options.json:
        output.document(documents.explanation(explanation, catalog.problems))
    else:
        from polyroute.cli import text

        text.lines(explanation.lines)
        text.problems(catalog.problems, explanation.lines)
    return YES if explanation.usable else NO


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "explain", _explain, "explain why a provider or model can be run or not")
    command.add_argument("subject", metavar="PROVIDER|MODEL")
    grammar.with_json(command)
