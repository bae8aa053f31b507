"""Operations on models, whoever offers them."""

from __future__ import annotations

from polyroute.documents.model_rows import ABILITIES, RowDocuments
from polyroute.documents.model_types import ModelDetails, ModelRowsDocument
from polyroute.errors import UsageError
from polyroute.model_list.rows import ModelRow
from polyroute.model_list.selection import ModelSelection
from polyroute.routing.references import canonical
from polyroute.server.errors import ApiError
from polyroute.server.operations import Operation, OperationCall
from polyroute.server.schemas import ModelsQuery


def _models(call: OperationCall) -> ModelRowsDocument:
    """List models, one for each, whoever offers it."""
    query = call.parameters(ModelsQuery)
    found = call.snapshot.models.select(_selection(query))
    shown = found[: query.limit] if query.limit else found
    return _documents(call).rows(shown, len(found))


def _selection(query: ModelsQuery) -> ModelSelection:
    return ModelSelection(
        query.q,
        usable=query.usable in ("true", "1"),
        can=tuple(field for name, field in ABILITIES.items() if name in query.abilities),
        free=query.free in ("true", "1"),
        context=query.context,
        price=query.price,
        maker=query.maker,
        sorting=query.sort,
    )


def _model(call: OperationCall) -> ModelDetails:
    """Return what is known about a model, with every way to run it."""
    return _documents(call).details(_row(call.path["id"], call))


def _row(name: str, call: OperationCall) -> ModelRow:
    rows = call.snapshot.models.rows
    if found := rows.find(name):
        return found
    try:
        ref = canonical(name, call.catalog.plugins)
    except UsageError as error:
        raise ApiError(
            "llm_model_unknown", f"No list has {name!r}, and it is no reference: {error}", "not_found"
        ) from None
    return rows.find(str(ref)) or rows.unlisted(ref)


def _documents(call: OperationCall) -> RowDocuments:
    return RowDocuments(call.catalog, call.snapshot.models.order)


OPERATIONS = (
    Operation("GET", "/llm/models", _models, ModelsQuery, cached_for="models"),
    Operation("GET", "/llm/models/{id}", _model, cached_for="models"),
)
