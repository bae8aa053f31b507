"""Helpers to build the argument parsers of commands."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

# argparse creates a formatter for each argument. Without a width, each queries the terminal, and the first imports
# shutil with all compression modules, which takes a twentieth of the time of `polyroute status`.
FORMATTER = partial(argparse.HelpFormatter, width=100)


def command(
    subparsers: Subparsers, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    """Add a command and return its parser. `run` executes the command and returns its exit status."""
    parser = subparsers.add_parser(name, help=text, description=text, formatter_class=FORMATTER, allow_abbrev=False)
    parser.set_defaults(run=run, refuse=parser.error)
    return parser


def with_json(parser: argparse._ActionsContainer) -> None:
    """Add the option --json to a command."""
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
