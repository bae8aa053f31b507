"""The command line's grammar."""

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
"""Which module of this package has each command: `COMMANDS` there says how its grammar is added."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read a command line; its `run` is the function that carries it out. Exits with 2 on bad usage."""
    if not arguments:
        build().print_help(sys.stderr)
        raise SystemExit(BAD_INPUT)
    command = arguments[0]
    if not (command in _MODULES or command.startswith("-")):
        raise UsageError(_unknown(command))
    options, others = build(command).parse_known_args(arguments)
    if others:
        told = "(not repeated here: a key is never an argument)" if hasattr(options, "takes_key") else " ".join(others)
        options.refuse(f"unrecognized arguments: {told}")
    return options


def _unknown(command: str) -> str:
    import difflib

    close = difflib.get_close_matches(command, _MODULES, 1)
    hint = f"Did you mean {close[0]}?" if close else "See `polyroute --help`."
    return f"There is no command {command!r}. {hint}"


def build(command: str = "") -> argparse.ArgumentParser:
    """The parser of `command`, or of the whole command line where there is no such command.

    Importing and building all commands costs as much as half the work of one.
    """
    parser = argparse.ArgumentParser(
        "polyroute",
        description="With what you have, which models can you run, by which route, and if not, why not?",
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
