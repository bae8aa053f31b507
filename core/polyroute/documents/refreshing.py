"""Create the JSON document of `polyroute refresh`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyroute.documents.parts import SCHEMA, moment, problems

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyroute.documents import list_types as lists
    from polyroute.documents.provider_types import ListsFetched
    from polyroute.list_refresh import RefreshReport
    from polyroute.lists.changes import Moves
    from polyroute.lists.decisions import Change
    from polyroute.types import declarations


def refreshed(
    reports: Iterable[RefreshReport],
    accepted: Iterable[Change],
    waiting: Iterable[Change],
    found: Iterable[declarations.Problem],
    moves: Moves | None = None,
) -> lists.Refreshed:
    """Return the document of `polyroute refresh --json`."""
    return {
        "schema": SCHEMA,
        "lists": [_report(each) for each in reports],
        "accepted": [_change(each) for each in accepted],
        "waiting": [_change(each) for each in waiting],
        "moves": _moves(moves) if moves else None,
        "problems": problems(found),
    }


def fetched(reports: Iterable[RefreshReport], moves: Moves | None) -> ListsFetched:
    """Return the document of what fetching all lists has changed."""
    return {"lists": [_report(each) for each in reports], "moves": _moves(moves) if moves else None}


def _moves(moves: Moves) -> lists.MovesDocument:
    return {
        "modelsAdded": moves.models_added,
        "modelsRemoved": moves.models_removed,
        "providersAdded": list(moves.providers_added),
        "providersRemoved": list(moves.providers_removed),
    }


def _report(report: RefreshReport) -> lists.FetchedListDocument:
    return {
        "name": report.name,
        "url": report.url,
        "state": report.state,
        "fetched": moment(report.fetched),
        "models": report.models,
        "error": report.error or None,
    }


def _change(change: Change) -> lists.ChangeDocument:
    return {"provider": change.provider, "what": change.what, "before": change.before, "after": change.after}
