"""Create the JSON documents about custom models, and the notes about one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from polyroute import base_url
from polyroute.documents.parts import SCHEMA, problems
from polyroute.errors import PolyrouteError
from polyroute.routing.references import listed_alike, only_via
from polyroute.types import ModelRef

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyroute.catalog import Catalog
    from polyroute.custom_models.editing import EditResult
    from polyroute.custom_models.models import CustomModel
    from polyroute.custom_models.stored_file import Repaired
    from polyroute.custom_models.transfer import ImportReport
    from polyroute.documents import custom_model_types as own
    from polyroute.results import Route
    from polyroute.types import Problem


def entry(model: CustomModel) -> own.CustomModelDocument:
    """Return a model as it is in the file, with the key masked."""
    # The fields were validated when the file was read. There may be further ones of later versions.
    return cast("own.CustomModelDocument", model.document)


def listing(models: Iterable[CustomModel], found: Iterable[Problem]) -> own.CustomModelList:
    """Return the document of `polyroute custom list --json`."""
    return {"schema": SCHEMA, "models": [entry(model) for model in models], "problems": problems(found)}


def one(model: CustomModel, catalog: Catalog, outcome: EditResult | None = None) -> own.CustomModelShown:
    """Return the document of a command that shows one model or has changed it."""
    notes = [*([outcome.note] if outcome and outcome.note else []), *advice(model, catalog)]
    via = next((route.via for route in routes(model, catalog) if route.usable), None)
    if outcome is None:
        return {"schema": SCHEMA, "model": entry(model), "runs": via, "notes": notes}
    return {"schema": SCHEMA, "model": entry(model), "created": outcome.created, "runs": via, "notes": notes}


def removed(model: CustomModel) -> own.CustomModelRemoved:
    """Return the document of `polyroute custom remove --json`."""
    return {"schema": SCHEMA, "removed": entry(model)}


def imported(reports: Iterable[ImportReport], *, written: bool) -> own.CustomModelsImported:
    """Return the document of `polyroute custom import --json`."""
    return {"schema": SCHEMA, "written": written, "entries": [_imported(each) for each in reports]}


def _imported(report: ImportReport) -> own.ImportedEntry:
    return {"model": report.model or None, "action": report.action, "note": report.note or None}


def exported(file: str, *, secrets: bool) -> own.CustomModelsExported:
    """Return the document of `polyroute custom export FILE --json`."""
    return {"schema": SCHEMA, "file": file, "secrets": secrets}


def repaired(path: str, repaired: Repaired | None, moved: int) -> own.CustomModelsRepaired:
    """Return the document of `polyroute custom repair --json`."""
    found: own.RepairedFile | None = {"original": repaired.original, "saved": repaired.saved} if repaired else None
    return {"schema": SCHEMA, "file": repaired.path if repaired else path, "repaired": found, "moved": moved}


def routes(model: CustomModel, catalog: Catalog) -> tuple[Route, ...]:
    """Return the routes of a custom model; none if its provider is not installed or not selectable."""
    try:
        return catalog.routes(model.ref)
    except PolyrouteError:
        return ()


def runs(model: CustomModel, catalog: Catalog) -> str:
    """Return a short text for how a model would run now."""
    if model.provider not in catalog.plugins.names:
        return "provider not available"
    via = next((route.via for route in routes(model, catalog) if route.usable), "")
    return f"via {via}" if via in catalog.plugins.gateways else via or "no"


def advice(model: CustomModel, catalog: Catalog) -> list[str]:
    """Return notes for the user about a model that is unusual but may be intended, with suggestions."""
    others = [str(ModelRef(model.provider, each)) for each in alike(model, catalog)]
    hint = [f"Did you mean {' or '.join(others)}?"] if others else []
    return [" ".join([remark, *hint]) for remark in remarks(model, catalog)]


def remarks(model: CustomModel, catalog: Catalog) -> list[str]:
    """Return the same notes without suggestions."""
    plugins = catalog.plugins
    if model.provider not in plugins.names:
        return [f"{model.provider} is not available: no plugin in use provides it. The model is kept."]
    provider = plugins.find(model.provider)
    if only_via(model.ref, plugins):
        return []
    if not provider.selectable:
        return [f"{provider.id} can't be selected: it runs other providers' models."]
    if model.base_url and (url := base_url.meant_for(provider, model.base_url)) != model.base_url:
        ref = ModelRef(model.provider, model.name)
        return [f"{model.base_url} may be meant as {url}: polyroute custom edit {ref} --base-url {url}"]
    listed = plugins.models(provider.id)
    if model.base_url or not listed or model.name in listed:
        return []
    return [f"{model.name} is not in the list of {provider.id}'s models. The ID is sent unchanged."]


def alike(model: CustomModel, catalog: Catalog) -> list[str]:
    """Return similarly spelled IDs in the provider's list; none if the model is listed or has its own base URL.

    An ID may itself begin with the provider's name, which is then written twice in a reference.
    """
    provider = catalog.plugins.names.get(model.provider, "")
    if not provider or model.base_url or not catalog.plugins.providers[provider].selectable:
        return []
    listed, whole = catalog.plugins.models(provider), f"{provider}/{model.name}"
    if whole in listed and model.name not in listed:
        return [whole]
    return [each.id for each in listed_alike(ModelRef(provider, model.name), catalog.plugins)]
