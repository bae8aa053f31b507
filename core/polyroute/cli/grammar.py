"""What the grammars of all commands are made of."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

# argparse makes a formatter for each argument; without a width each would ask the terminal, and the first
# would import shutil with all compressors: a twentieth of `polyroute status`.
FORMATTER = partial(argparse.HelpFormatter, width=100)


def command(
    subparsers: Subparsers, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    """Add a command that is carried out by `run`, which returns its exit status."""
    parser = subparsers.add_parser(name, help=text, description=text, formatter_class=FORMATTER, allow_abbrev=False)
    parser.set_defaults(run=run, refuse=parser.error)
    return parser


def with_json(parser: argparse._ActionsContainer) -> None:
    """Let the command print its document."""
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
