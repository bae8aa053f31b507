"""The command `doctor`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output
from polyroute.cli.output import NO, YES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyroute.catalog import Catalog
    from polyroute.cli.grammar import Subparsers
    from polyroute.results import Trouble


def _doctor(options: argparse.Namespace) -> int:
    """`polyroute doctor`: report everything that is amiss, and how to fix it."""
    from polyroute.cli import text
    from polyroute.diagnosis import diagnose, own_servers
    from polyroute.documents.problems import diagnosis

    with output.catalog() as catalog:
        found = diagnose(_asked(catalog, own_servers(catalog)))
    if options.json:
        output.document(diagnosis(found))
    else:
        text.lines([*_lines(found), _summary(found)])
    return NO if found else YES


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


def _summary(found: tuple[Trouble, ...]) -> str:
    return f"{len(found)} found." if found else "Nothing is amiss."


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "doctor", _doctor, "report everything that is amiss, and how to fix it")
    grammar.with_json(command)
