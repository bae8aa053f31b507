"""The command `completion`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from polyroute.cli import grammar
from polyroute.cli.output import YES
from polyroute.errors import MissingExtra

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers

_SHELLS = ("bash", "zsh", "tcsh")


def _completion(options: argparse.Namespace) -> int:
    """`polyroute completion`: print a completion script for a shell."""
    try:
        import shtab
    except ImportError:
        raise MissingExtra("Shell completion", "cli") from None
    from polyroute.cli.main import build

    print(shtab.complete(build(), options.shell))
    return YES


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "completion", _completion, "print a completion script for your shell")
    command.add_argument("shell", choices=_SHELLS)
