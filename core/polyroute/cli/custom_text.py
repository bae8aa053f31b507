"""Output for users about custom models."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from polyroute.catalog import Catalog
from polyroute.cli import tables, text
from polyroute.custom.editing import Outcome
from polyroute.custom.models import CustomModel
from polyroute.custom.transfer import Report
from polyroute.documents.custom_models import advice, routes, runs
from polyroute.system.plain import clean

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
    _tell(advice(model, catalog))


def outcome(outcome: Outcome, done: str, catalog: Catalog) -> None:
    """Print what was done, and the route that the model would use now or what is missing."""
    text.lines(f"{done}. {_would_run(outcome.model, catalog)}".split("\n"))
    _tell([*([outcome.note] if outcome.note else []), *advice(outcome.model, catalog)])


def imported(reports: Sequence[Report], *, dry_run: bool, conflict: bool) -> None:
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


def _tell(notes: Sequence[str]) -> None:
    for note in notes:
        print(clean(f"note: {note}"), file=sys.stderr)
