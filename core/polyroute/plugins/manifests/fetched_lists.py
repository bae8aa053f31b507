"""Model lists that manifests declare for `polyroute refresh`, read as the manifest describes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from typing import Any, get_args

from polyroute._internal.json_fields import date_at
from polyroute.lists import stored
from polyroute.lists.stored import FetchedList
from polyroute.plugins.manifests.description import ModelList
from polyroute.types import Model, ModelStatus

_LIMITS = ("context", "output", "input_limit")
_PRICES = ("input_price", "output_price", "cache_read_price", "cache_write_price")
_MODALITIES = ("input_modalities", "output_modalities")
_ABILITIES = ("tools", "reasoning", "structured_output", "temperature", "open_weights")
_DATES = ("release_date", "knowledge")


def declared(each: ModelList, models: Iterable[Model], *, is_gateway: bool) -> FetchedList:
    """Return the list as `polyroute refresh` takes it. `models` are the models in the manifest."""
    known = sum(1 for model in models if model.provider == each.provider)
    gateways = (each.provider,) if is_gateway else ()
    return FetchedList(each.provider, each.url, partial(_count, each), models=known, gateways=gateways)


def merged(listed: Iterable[Model], fetched: Iterable[ModelList]) -> list[Model]:
    """Return a manifest's models. If a provider's list was fetched, return its entries, completed from the manifest."""
    by_provider: dict[str, dict[str, Model]] = {}
    for model in listed:
        by_provider.setdefault(model.provider, {})[model.id] = model
    for each in fetched:
        if rows := _rows(each, stored.read(each.provider, "")):
            known = by_provider.get(each.provider, {})
            found = [_model(each, row, known) for row in rows]
            by_provider[each.provider] = {model.id: model for model in found}
    return [model for models in by_provider.values() for model in models.values()]


def _count(each: ModelList, document: Any) -> int:
    count = len(_rows(each, document))
    if not count:
        raise ValueError(f"the response has no models at {each.at!r}")
    return count


def _rows(each: ModelList, document: Any) -> list[Any]:
    found = _at(document, each.at) if each.at else document
    rows = found if isinstance(found, list) else []
    return [row for row in rows if _text(_at(row, each.fields["id"]))]


def _model(each: ModelList, row: Any, known: dict[str, Model]) -> Model:
    values = {field: _value(field, _at(row, path), each) for field, path in each.fields.items()}
    model_id = values.pop("id")
    model = known.get(model_id, Model(each.provider, model_id))
    return model._replace(**{field: value for field, value in values.items() if value not in (None, "", ())})


def _value(field: str, value: Any, each: ModelList) -> Any:
    """Return a value in the type of its field; a value of another type counts as missing."""
    if field in _LIMITS:
        return value if type(value) is int and value > 0 else None
    if field in _PRICES:
        return _price(value, each.price_tokens)
    if field in _MODALITIES:
        return tuple([text for text in value if _text(text)]) if isinstance(value, list) else ()
    if field in _ABILITIES:
        return value if isinstance(value, bool) else None
    if field in _DATES:
        return date_at({field: value}, field)
    text = _text(value)
    return text if field != "status" or text in get_args(ModelStatus) else ""


def _price(value: Any, tokens: int) -> float | None:
    try:
        price = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except ValueError:
        return None
    return round(price * 1_000_000 / tokens, 6) if 0 <= price < math.inf else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() else ""


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value
