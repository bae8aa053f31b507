"""The command `completion`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from polyroute.cli import grammar
from polyroute.cli.completion_scripts import SCRIPTS
from polyroute.cli.output import YES
from polyroute.errors import UsageError

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers


def _completion(options: argparse.Namespace) -> int:
    """`polyroute completion`: print a completion script for a shell or, for such a script, what a word may become."""
    if options.complete is not None:
        from polyroute.cli import candidates

        found = candidates.of(options.words, options.complete)
        print("".join(f"{each}\n" for each in found), end="")
    else:
        print(_script(options), end="")
    return YES


def _script(options: argparse.Namespace) -> str:
    """Return the script of the shell. Raises UsageError."""
    if len(options.words) != 1:
        options.parser.error("the following arguments are required: SHELL")
    name = options.words[0]
    if name not in SCRIPTS:
        near = grammar.suggestions(name, SCRIPTS)
        raise UsageError(f"There is no script for {name!r}.", f"Shells are: {', '.join(SCRIPTS)}.", near)
    return SCRIPTS[name]


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "completion", _completion, "print a completion script for your shell")
    command.add_argument("words", nargs="*", metavar="SHELL", help=f"one of {', '.join(SCRIPTS)}")
    command.add_argument("--complete", metavar="WORD", help=argparse.SUPPRESS)
