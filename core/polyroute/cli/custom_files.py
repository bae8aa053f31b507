"""The commands `custom import`, `custom export` and `custom repair`."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output, text
from polyroute.cli.exits import NO, YES
from polyroute.documents import custom_models as documents
from polyroute.errors import Unavailable, UsageError
from polyroute.system import files

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers


def _export(options: argparse.Namespace) -> int:
    """`polyroute custom export`: all of them as JSON, by default without secrets."""
    with output.catalog() as catalog:
        store = catalog.custom_models
        data = store.export(with_secrets=options.with_secrets)
        if not options.with_secrets:
            text.problems(store.listing().problems)  # these entries are left out
    if options.file == "-":
        sys.stdout.buffer.write(data)  # UTF-8, whatever a terminal is set to
        return YES
    if os.path.lexists(options.file):
        raise UsageError(f"{options.file} is there already, and is not overwritten.")
    with files.told(options.file):
        files.replace(options.file, data, mode=0o600)
    if options.json:
        return output.document(documents.exported(options.file, secrets=options.with_secrets))
    print(f"Written to {options.file}{'' if options.with_secrets else ', without secrets'}.")
    return YES


def _import(options: argparse.Namespace) -> int:
    """`polyroute custom import`: take entries in, and tell what became of each."""
    data = _read(options.file)
    with output.catalog() as catalog:
        reports = catalog.custom_models.take_in(
            data, options.on_conflict, with_secrets=options.with_secrets, dry_run=options.dry_run
        )
    actions = {report.action for report in reports}
    written = bool(actions & {"added", "replaced"}) and "conflict" not in actions and not options.dry_run
    if options.json:
        output.document(documents.imported(reports, written=written))
    else:
        from polyroute.cli import custom_text

        custom_text.imported(reports, dry_run=options.dry_run, conflict="conflict" in actions)
    return NO if actions & {"conflict", "refused"} else YES


def _repair(options: argparse.Namespace) -> int:
    """`polyroute custom repair`: save what can be read of a broken file, and keep the original."""
    with output.catalog() as catalog:
        store = catalog.custom_models
        repaired = store.repair()
    if options.json:
        return output.document(documents.repaired(store.path, repaired))
    if repaired is None:
        print(f"Nothing is broken in {store.path}.")
    else:
        print(f"{repaired.saved} entries are saved in {store.path}. The original is kept: {repaired.original}")
    return YES


def _read(path: str) -> bytes:
    if path == "-":
        if sys.stdin is None:
            raise UsageError("There is no stdin to import from.")
        return sys.stdin.buffer.read()
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Unavailable(f"{path} can't be read: {error.strerror}.") from None


def add_to(commands: Subparsers) -> None:
    """Add the grammars of these commands."""
    taking = grammar.command(commands, "import", _import, "take in models that `export` gave")
    taking.add_argument("file", metavar="FILE", help="- for stdin")
    taking.add_argument("--on-conflict", choices=("skip", "replace", "fail"), default="fail", help="by default fail")
    taking.add_argument("--dry-run", action="store_true", help="only tell what would become of each")
    taking.add_argument("--with-secrets", action="store_true", help="take keys in too; look at the file first")
    grammar.with_json(taking)
    giving = grammar.command(commands, "export", _export, "your models as JSON")
    giving.add_argument("file", nargs="?", default="-", metavar="FILE", help="a new file; by default stdout")
    giving.add_argument("--with-secrets", action="store_true", help="keys too")
    grammar.with_json(giving)
    grammar.with_json(grammar.command(commands, "repair", _repair, "save what can be read of a broken file"))
