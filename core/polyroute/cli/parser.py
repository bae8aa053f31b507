"""The parser of the command line."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from polyroute import __version__
from polyroute.cli.exits import BAD_INPUT
from polyroute.cli.grammar import FORMATTER
from polyroute.errors import UsageError

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers

_MODULES = {
    "status": "asking",
    "explain": "asking",
    "resolve": "asking",
    "models": "asking",
    "map": "map",
    "plugins": "plugins",
    "prefer": "prefer",
    "refresh": "refresh",
    "serve": "serve",
    "custom": "custom",
    "keys": "keys",
    "credential": "credential",
    "check": "check",
    "verify": "verify",
    "completion": "completion",
}
"""The module of this package that implements each command; its `COMMANDS` has the functions that add parsers."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; `run` of the result is the function to call. Exits with status 2 on bad usage."""
    if not arguments:
        build().print_help(sys.stderr)
        raise SystemExit(BAD_INPUT)
    command = arguments[0]
    if not (command in _MODULES or command.startswith("-")):
        raise UsageError(_unknown(command))
    options, others = build(command).parse_known_args(arguments)
    if others:
        shown = "(not repeated here: a key is never an argument)" if hasattr(options, "takes_key") else " ".join(others)
        options.refuse(f"unrecognized arguments: {shown}")
    return options


def _unknown(command: str) -> str:
    import difflib

    close = difflib.get_close_matches(command, _MODULES, 1)
    hint = f"Did you mean {close[0]}?" if close else "See `polyroute --help`."
    return f"There is no command {command!r}. {hint}"


def build(command: str = "") -> argparse.ArgumentParser:
    """Return the parser of `command`, or of the whole command line if there is no such command.

    To import and build all commands would take half as long as running one.
    """
    parser = argparse.ArgumentParser(
        "polyroute",
        description="Show which models you can run with your credentials, by which route, and if not, why not.",
        formatter_class=FORMATTER,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"polyroute {__version__}")
    subparsers = parser.add_subparsers(prog="polyroute", metavar="COMMAND", required=True)
    for name in [command] if command in _MODULES else _MODULES:
        _add(name, subparsers)
    return parser


def _add(command: str, subparsers: Subparsers) -> None:
    module = importlib.import_module(f"polyroute.cli.{_MODULES[command]}")
    module.COMMANDS[command](subparsers)
