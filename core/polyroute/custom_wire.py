"""The JSON forms of a person's own models, and what is to be said of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from polyroute import wire
from polyroute.answers import Route
from polyroute.catalog import Catalog
from polyroute.custom.editing import Outcome
from polyroute.custom.models import CustomModel
from polyroute.custom.transfer import Report
from polyroute.errors import PolyrouteError
from polyroute.routing.references import listed_alike
from polyroute.types import ModelRef, Problem

Document = dict[str, Any]


def listing(models: Iterable[CustomModel], problems: Iterable[Problem]) -> Document:
    """The document of `polyroute custom list --json`."""
    listed = [model.document for model in models]
    return {"schema": wire.SCHEMA, "models": listed, "problems": [wire.problem(each) for each in problems]}


def one(model: CustomModel, catalog: Catalog, outcome: Outcome | None = None) -> Document:
    """The document of a command that shows or has changed one model."""
    notes = [*([outcome.note] if outcome and outcome.note else []), *advice(model, catalog)]
    found = routes(model, catalog)
    via = next((route.via for route in found if route.usable), None)
    created = {"created": outcome.created} if outcome else {}
    return {"schema": wire.SCHEMA, "model": model.document, **created, "runs": via, "notes": notes}


def imported(reports: Sequence[Report], *, written: bool) -> Document:
    """The document of `polyroute custom import --json`."""
    entries = [{"model": each.model or None, "action": each.action, "note": each.note or None} for each in reports]
    return {"schema": wire.SCHEMA, "written": written, "entries": entries}


def routes(model: CustomModel, catalog: Catalog) -> tuple[Route, ...]:
    """The routes of a custom model; none where its provider is not installed or can't be selected."""
    try:
        return catalog.routes(model.ref)
    except PolyrouteError:
        return ()


def runs(model: CustomModel, catalog: Catalog) -> str:
    """How a model would run now, in a few words."""
    if model.provider not in catalog.plugins.names:
        return "provider not available"
    via = next((route.via for route in routes(model, catalog) if route.usable), "")
    return f"via {via}" if via in catalog.plugins.gateways else via or "no"


def advice(model: CustomModel, catalog: Catalog) -> list[str]:
    """What a person should know of a model that may be what they want all the same."""
    others = [str(ModelRef(model.provider, each)) for each in alike(model, catalog)]
    hint = [f"Did you mean {' or '.join(others)}?"] if others else []
    return [" ".join([remark, *hint]) for remark in remarks(model, catalog)]


def remarks(model: CustomModel, catalog: Catalog) -> list[str]:
    """The same, without what may have been meant."""
    plugins = catalog.plugins
    if model.provider not in plugins.names:
        return [f"{model.provider} is not available: no plugin in use provides it. The model is kept."]
    provider = plugins.find(model.provider)
    if not provider.selectable:
        return [f"{provider.id} can't be selected: it runs other providers' models."]
    listed = plugins.models(provider.id)
    if model.base_url or not listed or model.name in listed:
        return []
    return [f"{model.name} is not in the list of {provider.id}'s models. It is sent as it is."]


def alike(model: CustomModel, catalog: Catalog) -> list[str]:
    """IDs in the provider's list that are spelled alike, where the model is in no list and has no URL of its own."""
    provider = catalog.plugins.names.get(model.provider, "")
    if not provider or model.base_url or not catalog.plugins.providers[provider].selectable:
        return []
    return [each.id for each in listed_alike(ModelRef(provider, model.name), catalog.plugins)]
