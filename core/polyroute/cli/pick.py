"""The command `pick`: choose a model on the terminal."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output
from polyroute.cli.output import NO, YES
from polyroute.errors import MissingExtra, PolyrouteError, UsageError

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.cli.grammar import Subparsers
    from polyroute.types import ModelRef

_TERMINAL = "/dev/tty"


def choose(catalog: Catalog, query: str = "") -> ModelRef | None:
    """Return the model that the user chooses on the terminal, beginning with a search; None if they choose none.

    The picker is drawn on the terminal itself, so stdout may be a pipe. Raises UsageError if there is no terminal,
    MissingExtra if the library is not installed.
    """
    try:
        from polyroute.cli import picker
    except ImportError:
        raise MissingExtra("The picker", "cli") from None
    try:
        with open(_TERMINAL, encoding="utf-8") as given, open(_TERMINAL, "w", encoding="utf-8") as shown:
            while True:
                chosen = picker.run(catalog, query, given, shown)
                if not isinstance(chosen, picker.KeyWanted):
                    return chosen
                query = chosen.query
                _store_key(catalog, chosen.provider)
                catalog = catalog.reload()
    except OSError:
        raise UsageError("The picker needs a terminal.", "For programs: `polyroute models --ids`.") from None


def _store_key(catalog: Catalog, provider: str) -> None:
    """Ask for a key and store it; an error is shown and the picker goes on."""
    from polyroute.cli import prompts
    from polyroute.credentials import keys

    try:
        variable = keys.variable_of(catalog.plugins.find(provider))
        if secret := prompts.secret(f"Key of {provider} ({variable}), not shown: "):
            keys.store(catalog, provider, secret)
    except PolyrouteError as error:
        print(f"polyroute: {error}", file=sys.stderr)
        prompts.secret("Press Enter to go on.")


def _pick(options: argparse.Namespace) -> int:
    """`polyroute pick`: choose a model and print its reference."""
    with output.catalog() as catalog:
        chosen = choose(catalog, " ".join(options.query))
    if chosen is None:
        return NO
    print(chosen)
    return YES


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "pick", _pick, "choose a model on the terminal, and print its reference")
    command.add_argument("query", nargs="*", metavar="QUERY", help="words of the name or the ID, in any spelling")
