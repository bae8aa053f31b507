"""What people read of their own models."""

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

_DONE = {"added": "is added", "replaced": "is replaced", "skipped": "is skipped", "conflict": "is there already"}
_WOULD = {"added": "would be added", "replaced": "would be replaced", "skipped": "would be skipped"}


def listing(models: Sequence[CustomModel], catalog: Catalog) -> None:
    """A table of all models, with the route by which each would run, and what is amiss."""
    if models:
        rows = [(str(m.ref), m.display_name, m.base_url or m.file_path, m.key, runs(m, catalog)) for m in models]
        tables.show(("Model", "Name", "At", "Key", "Runs"), rows)
    elif not catalog.problems:
        text.lines(["You have no custom models. To add one: polyroute custom add PROVIDER/MODEL"])
    text.problems(catalog.problems)


def fields(model: CustomModel, catalog: Catalog) -> None:
    """Everything that is stored of a model, and how it would run."""
    stored = {name: str(value) for name, value in model.document.items()}
    tables.show((), [*stored.items(), ("runs", runs(model, catalog))])
    _tell(advice(model, catalog))


def outcome(outcome: Outcome, done: str, catalog: Catalog) -> None:
    """What was done, and by which route the model would run now; else what is missing."""
    text.lines(f"{done}. {_would_run(outcome.model, catalog)}".split("\n"))
    _tell([*([outcome.note] if outcome.note else []), *advice(outcome.model, catalog)])


def imported(reports: Sequence[Report], *, dry_run: bool, conflict: bool) -> None:
    """A line for each entry, and whether anything was written."""
    verbs = {**_DONE, **_WOULD} if dry_run or conflict else _DONE
    for number, report in enumerate(reports):
        name = report.model or f"entry {number}"
        note = f": {report.note}" if report.note else ""
        text.lines([f"{name} {verbs.get(report.action, 'is refused')}{note}"])
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
