"""The commands `custom import`, `custom export` and `custom repair`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from polyroute._internal import files
from polyroute._internal.terminal import clean
from polyroute.catalog import Catalog
from polyroute.cli import grammar, output, tables, text
from polyroute.cli.output import NO, YES
from polyroute.custom_models.editing import EditResult
from polyroute.custom_models.models import CustomModel
from polyroute.custom_models.transfer import ImportReport
from polyroute.dexto_compat import SHARING_TOOL
from polyroute.documents import custom_models as documents
from polyroute.documents.custom_models import advice, routes, runs
from polyroute.errors import Unavailable, UsageError

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
        raise UsageError(f"{options.file} already exists and is not overwritten.", "Choose another name.")
    with files.readable_errors(options.file):
        files.replace(options.file, data, mode=0o600)
    if options.json:
        return output.document(documents.exported(options.file, secrets=options.with_secrets))
    print(f"Written to {options.file}{'' if options.with_secrets else ', without secrets'}.")
    return YES


def _import(options: argparse.Namespace) -> int:
    """`polyroute custom import`: import entries, and print the result for each."""
    from polyroute.validation.importing import entries_in

    data = _read(options.file)
    with output.catalog() as catalog:
        data = entries_in(data, os.path.basename(options.file), catalog.plugins)
        reports = catalog.custom_models.import_entries(
            data, options.on_conflict, with_secrets=options.with_secrets, dry_run=options.dry_run
        )
    actions = {report.action for report in reports}
    written = bool(actions & {"added", "replaced"}) and "conflict" not in actions and not options.dry_run
    if options.json:
        output.document(documents.imported(reports, written=written))
    else:
        imported(reports, dry_run=options.dry_run, conflict="conflict" in actions)
    return NO if actions & {"conflict", "refused"} else YES


def _repair(options: argparse.Namespace) -> int:
    """`polyroute custom repair`: save the readable entries of a broken file, and keep the original."""
    with output.catalog() as catalog:
        store = catalog.custom_models
        repaired = store.repair()
        moved = store.separate()
    if options.json:
        return output.document(documents.repaired(store.path, repaired, moved))
    if repaired is not None:
        print(f"{repaired.saved} entries were saved to {repaired.path}. The original was kept: {repaired.original}")
    if moved:
        print(f"{moved} entries that made {SHARING_TOOL} read none were moved to {store.own_path}.")
    if repaired is None and not moved:
        print(f"{store.path} is not broken.")
    return YES


def _read(path: str) -> bytes:
    if path == "-":
        if sys.stdin is None:
            raise UsageError("stdin is closed: there is nothing to import.")
        return sys.stdin.buffer.read()
    try:
        return files.read(path, files.MOST_DATA_BYTES)
    except OSError as error:
        raise Unavailable(f"{path} can't be read: {error.strerror}.") from None


def add_to(commands: Subparsers) -> None:
    """Add the parsers of these commands."""
    import_ = grammar.command(commands, "import", _import, "import models written by `export` or of another program")
    import_.add_argument("file", metavar="FILE", help="- for stdin")
    import_.add_argument("--on-conflict", choices=("skip", "replace", "fail"), default="fail", help="by default fail")
    import_.add_argument("--dry-run", action="store_true", help="only show what would be done with each")
    import_.add_argument("--with-secrets", action="store_true", help="import keys too; review the file first")
    grammar.with_json(import_)
    export = grammar.command(commands, "export", _export, "write your models as JSON")
    export.add_argument("file", nargs="?", default="-", metavar="FILE", help="a new file; by default stdout")
    export.add_argument("--with-secrets", action="store_true", help="include keys")
    grammar.with_json(export)
    grammar.with_json(grammar.command(commands, "repair", _repair, "save the readable entries of a broken file"))


_DONE = {"added": "was added", "replaced": "was replaced", "skipped": "was skipped", "conflict": "already exists"}
_WOULD = {"added": "would be added", "replaced": "would be replaced", "skipped": "would be skipped"}


def listing(models: Sequence[CustomModel], catalog: Catalog) -> None:
    """Print a table of all custom models with the route that each would use, and problems."""
    if models:
        rows = [(str(m.ref), m.display_name, m.base_url or m.file_path, m.key, runs(m, catalog)) for m in models]
        tables.show(("Model", "Name", "At", "Key", "Runs"), rows)
    elif not catalog.problems:
        text.lines(["You have no custom models. To add one: polyroute custom add PROVIDER/MODEL"])
    text.problems(catalog.problems)


def fields(model: CustomModel, catalog: Catalog) -> None:
    """Print all stored fields of a model, and the route that it would use."""
    stored = {name: str(value) for name, value in model.document.items()}
    tables.show((), [*stored.items(), ("runs", runs(model, catalog))])
    _print_notes(advice(model, catalog))


def outcome(outcome: EditResult, done: str, catalog: Catalog) -> None:
    """Print what was done, and the route that the model would use now or what is missing."""
    text.lines(f"{done}. {_would_run(outcome.model, catalog)}".split("\n"))
    _print_notes([*([outcome.note] if outcome.note else []), *advice(outcome.model, catalog)])


def imported(reports: Sequence[ImportReport], *, dry_run: bool, conflict: bool) -> None:
    """Print a line for each entry, and whether anything was written."""
    verbs = {**_DONE, **_WOULD} if dry_run or conflict else _DONE
    for number, report in enumerate(reports):
        name = report.model or f"entry {number}"
        note = f": {report.note}" if report.note else ""
        text.lines([f"{name} {verbs.get(report.action, 'was rejected')}{note}"])
    if conflict:
        text.lines(["Nothing was written. See --on-conflict."])


def _would_run(model: CustomModel, catalog: Catalog) -> str:
    found = routes(model, catalog)
    usable = next((route for route in found if route.usable), None)
    if usable:
        how = "direct" if usable.via == "direct" else f"via {usable.via}"
        return f"It would run {how} now, as {usable.model_id}, {text.with_key(usable)}."
    ways = [f"  {route.via}: {route.reason}. {route.remedy}".rstrip() for route in found]
    return "\n".join(["It can't be run yet:", *ways]) if ways else "It can't be run here."


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        print(clean(f"note: {note}"), file=sys.stderr)
