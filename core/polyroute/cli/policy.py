"""The command `policy`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output
from polyroute.cli.output import NO, YES

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers


def _check(options: argparse.Namespace) -> int:
    """`polyroute policy check`: check the policy of an organisation before it is given to a server."""
    from polyroute.organisation.policy_file import read

    with output.catalog() as catalog:
        _, warnings = read(options.file, catalog.plugins, None)
    for each in warnings:
        print(f"warning: {options.file}: {each}", file=sys.stderr)
    if not warnings:
        print("The policy can be used, and each pattern matches a listed model.")
    return NO if warnings else YES


def add_to(subparsers: Subparsers) -> None:
    """Add the parsers of the command."""
    about = "check the policy of an organisation, for `serve --policy-file`"
    family = subparsers.add_parser("policy", help=about, description=about, formatter_class=grammar.FORMATTER)
    actions = family.add_subparsers(metavar="COMMAND", required=True)
    said = "check a policy: whether it can be used, and what its patterns match; not whether its keys are there"
    grammar.command(actions, "check", _check, said).add_argument("file", metavar="FILE", help="a policy in TOML")
