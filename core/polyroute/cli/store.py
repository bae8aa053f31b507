"""The command `store`."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from polyroute.cli import grammar, team
from polyroute.cli.output import NO, YES
from polyroute.environment import Environment

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers
    from polyroute.postgres.database import Store


def _migrate(options: argparse.Namespace) -> int:
    """`polyroute store migrate`: create what the database lacks."""
    from polyroute.postgres.migrations import migrate

    with _opened(options) as store, store.transaction() as connection:
        count = migrate(connection)
    print(f"{count} migration{'s' * (count > 1)} applied." if count else "The database is up to date.")
    return YES


def _rotate(options: argparse.Namespace) -> int:
    """`polyroute store rotate`: seal all documents with the newest key."""
    from polyroute.postgres.rotation import rotate

    with _opened(options) as store:
        found = rotate(store)
    print(f"{found.sealed} documents sealed with the newest key.")
    if found.unopened:
        print(f"{found.unopened} left as they are, because no key in the file opens them.")
    return NO if found.unopened else YES


@contextlib.contextmanager
def _opened(options: argparse.Namespace) -> Iterator[Store]:
    team.read_variables(options, Environment.load())
    store = team.opened(options)
    try:
        yield store
    finally:
        store.close()


def add_to(subparsers: Subparsers) -> None:
    """Add the parsers of the command."""
    about = "prepare the database of a team's server"
    family = subparsers.add_parser("store", help=about, description=about, formatter_class=grammar.FORMATTER)
    actions = family.add_subparsers(metavar="COMMAND", required=True)
    team.add_store(grammar.command(actions, "migrate", _migrate, "create the tables that the database lacks"))
    team.add_store(grammar.command(actions, "rotate", _rotate, "seal all documents with the newest key"))
