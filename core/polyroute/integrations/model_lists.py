"""The lists of models of the APIs, as their SDKs read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polyroute.integrations.api_methods import GENERATE, MESSAGES, METHODS
from polyroute.types import Model

_UNKNOWN_DATE = "1970-01-01T00:00:00Z"
_GENERATE_METHODS = [each.path.rpartition(":")[2] for each in METHODS if each.protocol == GENERATE]


def listed(protocol: str, models: Sequence[Model]) -> dict[str, Any]:
    """Return a whole list of models in the form of the API `protocol`."""
    entries = [entry(protocol, each) for each in models]
    if protocol == GENERATE:
        return {"models": entries}
    if protocol == MESSAGES:
        ends = {"first_id": entries[0]["id"], "last_id": entries[-1]["id"]} if entries else {}
        return {"data": entries, "has_more": False, "first_id": None, "last_id": None, **ends}
    return {"object": "list", "data": entries}


def entry(protocol: str, model: Model) -> dict[str, Any]:
    """Return one model in the form of the API `protocol`. Limits are left out if they are not known."""
    reference, name = str(model.ref), model.name or model.id
    facts: dict[str, Any]
    if protocol == GENERATE:
        limits = {"inputTokenLimit": model.context, "outputTokenLimit": model.output}
        facts = {"name": f"models/{reference}", "displayName": name, "supportedGenerationMethods": _GENERATE_METHODS}
    elif protocol == MESSAGES:
        limits = {"max_input_tokens": model.context, "max_tokens": model.output}
        facts = {"type": "model", "id": reference, "display_name": name, "created_at": _UNKNOWN_DATE}
    else:
        limits = {"context_length": model.context, "max_output_tokens": model.output}
        facts = {"id": reference, "object": "model", "created": 0, "owned_by": model.provider, "name": name}
    return {**facts, **{key: value for key, value in limits.items() if value is not None}}
