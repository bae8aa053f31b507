"""The command `verify`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output
from polyroute.cli.activity import Activity
from polyroute.cli.output import COULD_NOT, NO, YES
from polyroute.documents import catalog as documents

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers
    from polyroute.types import Verification


def _verify(options: argparse.Namespace) -> int:
    """`polyroute verify`: ask endpoints whether keys work now."""
    from polyroute.verification import verify

    with output.catalog() as catalog, Activity("asking the endpoints"):
        found = verify(catalog, options.providers, paid=options.paid, seconds=options.seconds)
    if options.json:
        output.document(documents.verifications(found, catalog.problems))
    else:
        from polyroute.cli import text

        show(found)
        text.problems(catalog.problems)
    missing = [name for name in options.providers if not catalog.provider(name).has_direct_key]
    return NO if missing or not found else _status(found, is_named=bool(options.providers))


def show(found: Sequence[Verification]) -> None:
    """Print verifications as a table."""
    from polyroute.cli import tables, text

    if not found:
        text.lines(["There is no key to verify."])
        return
    rows = [(each.provider, tables.Cell(each.state, _style(each)), each.remaining, each.message) for each in found]
    tables.show(("Provider", "State", "Credit left", "Why"), rows, optional=("Credit left",))


def _style(verification: Verification) -> str:
    """Return the style that stresses what the state says."""
    return {"valid": "good", "invalid": "bad", "no_credit": "bad"}.get(verification.state, "unsure")


def _status(found: Sequence[Verification], *, is_named: bool) -> int:
    """Return the exit status. A key that can't be verified counts only if its provider was named."""
    states = {each.state for each in found} - (set() if is_named else {"unsupported"})
    if states & {"invalid", "no_credit"}:
        return NO
    return YES if states <= {"valid"} else COULD_NOT


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "verify", _verify, "ask endpoints whether keys work now")
    command.add_argument("providers", nargs="*", metavar="PROVIDER", help="verify only the keys of these providers")
    command.add_argument("--paid", action="store_true", help="allow requests that cost a little money")
    command.add_argument("--seconds", type=float, default=10.0, metavar="N", help="the time limit (default: 10)")
    grammar.with_json(command)
