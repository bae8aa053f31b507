"""The command `refresh`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from polyroute.catalog import Catalog
from polyroute.cli import grammar, output
from polyroute.cli.activity import Activity
from polyroute.cli.output import COULD_NOT, YES
from polyroute.documents import refreshing as documents
from polyroute.errors import Unavailable, UsageError
from polyroute.lists.changes import accept, moved
from polyroute.types import ModelRef

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers
    from polyroute.list_refresh import RefreshReport
    from polyroute.lists.decisions import Change


def _refresh(options: argparse.Namespace) -> int:
    """`polyroute refresh`: fetch the lists that are not fresh, or accept changes of fetched lists."""
    with output.catalog() as catalog:
        accepted = _accept(options.accept, catalog)
        before = None if options.accept else _listed(catalog)
    reports = () if options.accept else _fetch(catalog, options)
    with output.catalog() as catalog:
        waiting, problems = catalog.plugins.waiting, catalog.problems
        is_new = any(report.state == "updated" for report in reports)
        moves = moved(before, _listed(catalog)) if is_new and before is not None else None
    if options.json:
        output.document(documents.refreshed(reports, accepted, waiting, problems, moves))
    else:
        from polyroute.cli import text

        text.refreshed(reports, accepted, moves, waiting)
        text.problems(problems)
    return YES if all(report.is_good for report in reports) else COULD_NOT


def _listed(catalog: Catalog) -> frozenset[ModelRef]:
    return frozenset(model.ref for model in catalog.plugins.all_models())


def _fetch(catalog: Catalog, options: argparse.Namespace) -> Sequence[RefreshReport]:
    from polyroute.list_refresh import refresh

    if not catalog.plugins.lists:
        raise Unavailable("No enabled plugin has a list to fetch.", "See `polyroute plugins`.")
    sizes: dict[str, int] = {}

    def show(name: str, size: int) -> None:
        sizes[name] = size
        activity.say("fetching " + ", ".join(f"{name} {size // 1024:,} kB" for name, size in sizes.items()))

    with Activity(f"fetching {len(catalog.plugins.lists)} lists") as activity:
        return refresh(catalog.plugins.lists, catalog.environment, force=options.force, progress=show)


def _accept(names: Sequence[str], catalog: Catalog) -> list[Change]:
    """Record that the user accepts all waiting changes of these providers."""
    waiting = (*catalog.plugins.waiting, *catalog.plugins.unasked.values())
    for name in names:
        if name not in {change.provider for change in waiting}:
            others = ", ".join(sorted({change.provider for change in waiting}))
            raise UsageError(f"No change of {name!r} is waiting to be accepted. Waiting: {others or 'none'}.")
    changes = [change for change in waiting if change.provider in names]
    if changes:
        accept(changes, catalog.environment.state_directory)
    return changes


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "refresh", _refresh, "fetch the newest lists of models")
    command.add_argument("--force", action="store_true", help="also fetch lists that are fresh")
    command.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="PROVIDER",
        help="fetch nothing; accept a fetched list's changes of how this provider is called",
    )
    grammar.with_json(command)
