"""Choose the models of a client."""

from __future__ import annotations

import json
from collections.abc import Sequence

from polyroute.catalog import Catalog
from polyroute.clients.table import ClientEntry
from polyroute.errors import NoEffectiveRoute
from polyroute.integrations import translation
from polyroute.integrations.request_paths import HTTP
from polyroute.model_names import named
from polyroute.named_tuples import NamedTuple
from polyroute.types import Model

_MOST_LISTED = 300
"""How many models a client's configuration lists: a variable is at most 128 kB long."""


class Choice(NamedTuple):
    """The models that a client gets."""

    model: str
    small: str
    models: str
    """A JSON object of models that can be run now, with their limits; empty if the client takes no list."""
    is_native: bool
    """Whether the model's first route speaks the client's API, so that nothing is translated."""


def choose(client: ClientEntry, catalog: Catalog, model: str, small: str) -> Choice:
    """Return the choice, if both models can be run; either may be a name that clients of the same API may send.

    Raises NoEffectiveRoute, MissingExtra and what a wrong name or reference raises.
    """
    shortcuts = catalog.preferences.shortcuts
    model, small = (str(named(each, client.protocol, catalog, shortcuts)) for each in (model, small or model))
    native = {each: _is_native(client, catalog, each) for each in (model, small)}
    return Choice(model, small, _listed(client, catalog, (model, small)), all(native.values()))


def _is_native(client: ClientEntry, catalog: Catalog, model: str) -> bool:
    others = [[each for each in HTTP if each != client.protocol]] if translation.is_installed() else []
    try:
        plan = catalog.fallback_plan(model, "never", (client.protocol,), *others)
    except NoEffectiveRoute:
        if not others and catalog.route(model):
            raise translation.missing(model) from None
        raise
    return plan.route.protocol == client.protocol


def _listed(client: ClientEntry, catalog: Catalog, chosen: Sequence[str]) -> str:
    if not any("{models}" in text for text in (*client.env.values(), *client.args, *client.files.values())):
        return "{}"
    found = {str(each.ref): each for each in catalog.models(available=True)}
    names = [*dict.fromkeys(chosen), *(name for name in found if name not in chosen)][:_MOST_LISTED]
    return json.dumps({name: _limits(found.get(name)) for name in names}, separators=(",", ":"))


def _limits(model: Model | None) -> dict[str, object]:
    if model is None or not (model.context and model.output):
        return {}
    return {"limit": {"context": model.context, "output": model.output}}
