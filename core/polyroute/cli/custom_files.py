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
    """`polyroute custom export`: write all custom models as JSON, by default without secrets."""
    with output.catalog() as catalog:
        store = catalog.custom_models
        data = store.export(with_secrets=options.with_secrets)
        if not options.with_secrets:
            text.problems(store.listing().problems)  # these entries are not exported
    if options.file == "-":
        sys.stdout.buffer.write(data)  # UTF-8, whatever encoding the terminal uses
        return YES
    if os.path.lexists(options.file):
        raise UsageError(f"{options.file} already exists and is not overwritten. Choose another name.")
    with files.told(options.file):
        files.replace(options.file, data, mode=0o600)
    if options.json:
        return output.document(documents.exported(options.file, secrets=options.with_secrets))
    print(f"Written to {options.file}{'' if options.with_secrets else ', without secrets'}.")
    return YES


def _import(options: argparse.Namespace) -> int:
    """`polyroute custom import`: import entries, and print the result for each."""
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
    """`polyroute custom repair`: save the readable entries of a broken file, and keep the original."""
    with output.catalog() as catalog:
        store = catalog.custom_models
        repaired = store.repair()
    if options.json:
        return output.document(documents.repaired(store.path, repaired))
    if repaired is None:
        print(f"{store.path} is not broken.")
    else:
        print(f"{repaired.saved} entries were saved to {store.path}. The original was kept: {repaired.original}")
    return YES


def _read(path: str) -> bytes:
    if path == "-":
        if sys.stdin is None:
            raise UsageError("stdin is closed: there is nothing to import.")
        return sys.stdin.buffer.read()
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Unavailable(f"{path} can't be read: {error.strerror}.") from None


def add_to(commands: Subparsers) -> None:
    """Add the parsers of these commands."""
    taking = grammar.command(commands, "import", _import, "import models written by `export`")
    taking.add_argument("file", metavar="FILE", help="- for stdin")
    taking.add_argument("--on-conflict", choices=("skip", "replace", "fail"), default="fail", help="by default fail")
    taking.add_argument("--dry-run", action="store_true", help="only show what would be done with each")
    taking.add_argument("--with-secrets", action="store_true", help="import keys too; review the file first")
    grammar.with_json(taking)
    giving = grammar.command(commands, "export", _export, "write your models as JSON")
    giving.add_argument("file", nargs="?", default="-", metavar="FILE", help="a new file; by default stdout")
    giving.add_argument("--with-secrets", action="store_true", help="include keys")
    grammar.with_json(giving)
    grammar.with_json(grammar.command(commands, "repair", _repair, "save the readable entries of a broken file"))
