"""The command `doctor`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from polyroute._internal.terminal import clean, quoted
from polyroute.cli import grammar, output
from polyroute.cli.output import NO, YES
from polyroute.documents.problems import DISABLE, REPAIR
from polyroute.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from polyroute.catalog import Catalog
    from polyroute.cli.grammar import Subparsers
    from polyroute.repairs import RepairOutcome
    from polyroute.results import Trouble


def _doctor(options: argparse.Namespace) -> int:
    """`polyroute doctor`: report everything that is wrong, and how to fix it."""
    from polyroute import repairs
    from polyroute.cli import text
    from polyroute.diagnosis import diagnose, own_servers
    from polyroute.documents.problems import diagnosis, repaired

    with output.catalog() as loaded:
        done = _repaired(loaded) if options.repair else []
        catalog = loaded.reload() if done else loaded
        found = diagnose(_asked(catalog, own_servers(catalog)))
        repairable = repairs.repairable(found, catalog)
    if options.json:
        document = diagnosis(found, repairable)
        output.document({**document, "repaired": [repaired(each) for each in done]} if options.repair else document)
    else:
        text.lines([*map(_done, done), *_lines(found), *_summary(found, repairable)])
    return NO if found else YES


def _repaired(catalog: Catalog) -> list[RepairOutcome]:
    """Repair the damaged files of the user. One that can't be repaired is said, and stays among what is found."""
    from polyroute.repairs import repairs

    done = {}
    for each in repairs(catalog).values():
        if each.is_needed():
            try:
                found = each.run()
            except Unavailable as error:
                print(f"polyroute: {clean(str(error))}", file=sys.stderr)
            else:
                done[found.path] = found
    return list(done.values())


def _done(each: RepairOutcome) -> str:
    return f"{each.path} was repaired. {each.note}{each.original and f' The original was kept: {each.original}'}"


def _asked(catalog: Catalog, servers: list[str]) -> Catalog:
    """Return a catalog that knows which of these servers run."""
    if not servers:
        return catalog
    from polyroute import local_servers

    return local_servers.look(catalog, servers)


def _lines(found: Iterable[Trouble]) -> Iterable[str]:
    for each in found:
        where = f" ({each.path})" if each.path else ""
        yield f"{each.severity}: {each.subject}: {each.message.removesuffix('.')}{where} [{each.code}]"
        if each.affects:
            yield f"  affects {', '.join(each.affects)}"
        if each.remedy:
            yield f"  {each.remedy}"
        if each.plugin:
            yield f"  To do without it: {DISABLE} {quoted(each.plugin)}"


def _summary(found: tuple[Trouble, ...], repairable: Collection[str]) -> Iterable[str]:
    yield f"{len(found)} found." if found else "Nothing is wrong."
    if repairable:
        yield f"To repair what is damaged, and lose nothing of it: {REPAIR}"


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "doctor", _doctor, "report everything that is wrong, and how to fix it")
    command.add_argument("--repair", action="store_true", help="repair damaged files; what can't be read is kept")
    grammar.with_json(command)
