"""The command line's grammar."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from polyroute import __version__
from polyroute.cli import commands

if TYPE_CHECKING:
    _Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_SHELLS = ("bash", "zsh", "tcsh")
# argparse makes a formatter for each argument; without a width each would ask the terminal, and the first
# would import shutil with all compressors: a twentieth of `polyroute status`.
_FORMATTER = partial(argparse.HelpFormatter, width=100)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read a command line; its `run` is the function that carries it out. Exits with 2 on bad usage."""
    return build(arguments[0] if arguments else "").parse_args(arguments)


def build(command: str = "") -> argparse.ArgumentParser:
    """The parser of `command`, or of the whole command line where there is no such command.

    Building the parsers of all commands costs as much as half the work of one.
    """
    parser = argparse.ArgumentParser(
        "polyroute",
        description="With what you have, which models can you run, by which route, and if not, why not?",
        formatter_class=_FORMATTER,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"polyroute {__version__}")
    subparsers = parser.add_subparsers(prog="polyroute", metavar="COMMAND", required=True)
    for add in [_COMMANDS[command]] if command in _COMMANDS else _COMMANDS.values():
        add(subparsers)
    return parser


def _command(
    subparsers: _Subparsers, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    command = subparsers.add_parser(name, help=text, description=text, formatter_class=_FORMATTER, allow_abbrev=False)
    command.set_defaults(run=run)
    return command


def _with_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON document and nothing else")


def _status(subparsers: _Subparsers) -> None:
    command = _command(subparsers, "status", commands.status, "which providers can be used, by which route")
    command.add_argument("providers", nargs="*", metavar="PROVIDER", help="tell more about these")
    command.add_argument("--all", action="store_true", help="list the providers that can't be used too")
    _with_json(command)


def _explain(subparsers: _Subparsers) -> None:
    command = _command(subparsers, "explain", commands.explain, "why a provider or model can be run, or not")
    command.add_argument("subject", metavar="PROVIDER|MODEL")
    _with_json(command)


def _resolve(subparsers: _Subparsers) -> None:
    command = _command(subparsers, "resolve", commands.resolve, "the route to take for a model")
    command.add_argument("model", metavar="MODEL", help="provider/model")
    _with_json(command)


def _models(subparsers: _Subparsers) -> None:
    command = _command(subparsers, "models", commands.models, "the models on offer")
    command.add_argument("query", nargs="*", metavar="QUERY", help="words that the ID or name contains")
    command.add_argument("--provider", default="", metavar="P", help="of this provider only")
    command.add_argument("--available", action="store_true", help="only those that can be run now")
    _with_json(command)


def _plugins(subparsers: _Subparsers) -> None:
    _with_json(_command(subparsers, "plugins", commands.plugins, "the plugins, what they provide, and what is amiss"))


def _prefer(subparsers: _Subparsers) -> None:
    command = _command(subparsers, "prefer", commands.prefer, "which route comes first: direct, or a gateway")
    command.add_argument("via", metavar="direct|GATEWAY")
    command.add_argument("--for", dest="target", default="", metavar="PROVIDER[/ID]", help="for this one only")
    _with_json(command)


def _completion(subparsers: _Subparsers) -> None:
    command = _command(subparsers, "completion", commands.completion, "print a completion script for your shell")
    command.add_argument("shell", choices=_SHELLS)


_COMMANDS = {
    "status": _status,
    "explain": _explain,
    "resolve": _resolve,
    "models": _models,
    "plugins": _plugins,
    "prefer": _prefer,
    "completion": _completion,
}
