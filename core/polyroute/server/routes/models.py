"""Operations on models, whoever offers them."""

from __future__ import annotations

from polyroute.documents.http_types import Snippet
from polyroute.documents.model_rows import ABILITIES, RowDocuments
from polyroute.documents.model_types import FoundModels, ModelDetails, ModelRowsDocument
from polyroute.errors import UnsupportedRoute, UsageError
from polyroute.integrations.formats import FORMATS, formatted
from polyroute.model_list.rows import ModelRow
from polyroute.model_list.selection import ModelSelection
from polyroute.model_reference import reference
from polyroute.server.errors import ApiError
from polyroute.server.operations import Operation, OperationCall
from polyroute.server.schemas import ModelsQuery, SearchQuery, SnippetQuery
from polyroute.types import DIRECT


def _models(call: OperationCall) -> ModelRowsDocument:
    """List models, one for each, whoever offers it."""
    query = call.parameters(ModelsQuery)
    found = call.snapshot.models.select(_selection(query))
    shown = found[: query.limit] if query.limit else found
    return _documents(call).rows(shown, len(found))


def _found(call: OperationCall) -> FoundModels:
    """Find models by words of a name or an ID, in any spelling."""
    found = call.snapshot.models.select(ModelSelection(call.parameters(SearchQuery).q))
    return {"models": [row.id for row in found]}


def _snippet(call: OperationCall) -> Snippet:
    """Return how to call a model in code, by the route that would be taken or by another one; the key by reference."""
    query = call.parameters(SnippetQuery)
    model = reference(call.catalog, query.model)
    if query.via not in ("", DIRECT, *call.catalog.plugins.gateways):
        raise ApiError("llm_route_unknown", f"There is no route {query.via!r}.", "not_found")
    text = reason = None
    try:
        text = formatted(call.catalog, model, query.format, via=query.via)
    except UnsupportedRoute as error:
        reason = str(error)
    return {"format": query.format, "text": text, "reason": reason, "formats": dict(FORMATS)}


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
        ref = reference(call.catalog, name)
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
    Operation("GET", "/llm/search", _found, SearchQuery, cached_for="models"),
    Operation("GET", "/llm/snippet", _snippet, SnippetQuery, cached_for="user"),
)
