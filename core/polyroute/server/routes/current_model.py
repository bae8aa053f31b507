"""Operations on the current model."""

from __future__ import annotations

import contextlib
from typing import cast

from polyroute import ModelRef, NoEffectiveRoute, Route, Unavailable, validate
from polyroute._internal.redact import is_masked
from polyroute.choices.current_model import Selection, preferred_model
from polyroute.choices.picker_state import Picked, PickerState
from polyroute.custom_models.models import literal
from polyroute.dexto_compat import GATEWAY
from polyroute.dexto_compat.http import MISSING_KEY, SWITCH_INPUT_MISSING, VIA_FIELD
from polyroute.documents.http_types import Config, Current, ModelFacts, Settings, Switched
from polyroute.server import model_lookup
from polyroute.server.errors import ApiError, issue
from polyroute.server.operations import Operation, OperationCall
from polyroute.server.schemas import CurrentQuery, SwitchBody
from polyroute.types import DIRECT

_NOT_SETTINGS = {"provider", "model", "baseURL", "apiKey", "sessionId"}
_ANY_MODEL = ("gateway", "own-server", "own-cloud")
"""The kinds of providers that run models which are in no list."""
_LEFT_TO_ROUTES = (MISSING_KEY, "no_route", "model_not_listed")
"""Codes that validation is ignored for: routes also consider a key given with the choice and models in no list yet."""


def _current(call: OperationCall) -> Current:
    """Return the current model, and whether it can be run."""
    chosen = call.current.get(call.catalog.environment, call.parameters(CurrentQuery).sessionId)
    selection = chosen or _first_choice(call)
    routes = _routes(call, selection)
    route = next((each for each in routes if each.usable), None)
    return {
        "config": _config(call, selection, routes),
        "routing": {VIA_FIELD: route is not None and route.via == GATEWAY, "via": route.via if route else None},
        "chosen": chosen is not None,
    }


def _switch(call: OperationCall) -> Switched:
    """Make a model current, if a usable route to it exists."""
    body = call.body(SwitchBody)
    before = call.current.get(call.catalog.environment, body.sessionId) or _first_choice(call)
    selection = _selected(body, before, call)
    _check(call, selection)
    routes = _routes(call, selection)
    if not any(route.usable for route in routes):
        ref = model_lookup.model(call.catalog, selection.provider, selection.model)
        raise NoEffectiveRoute(ModelRef(selection.provider, selection.model), routes, call.catalog.elsewhere(ref))
    call.current.set(call.catalog.environment, body.sessionId, selection)
    picked = Picked(selection.provider, selection.model, selection.base_url)
    with contextlib.suppress(Unavailable):  # the switch succeeds even if the recents can't be written
        PickerState(call.catalog.environment).push_recent(picked)
    document: Switched = {"config": _config(call, selection, routes)}
    if body.sessionId:
        document["sessionId"] = body.sessionId
    return document


def _check(call: OperationCall, selection: Selection) -> None:
    """Raise ApiError for a choice that would also be an error in a configuration."""
    ref = model_lookup.model(call.catalog, selection.provider, selection.model)
    section = {"provider": ref.provider, "model": ref.id, "baseURL": selection.base_url}
    wrong = [
        found
        for found in validate(call.catalog, section)
        if found.severity == "error" and found.code not in _LEFT_TO_ROUTES
    ]
    if wrong:
        issues = [issue(each.code, f"{each.message}. {each.remedy}", [each.path]) for each in wrong]
        message = f"{wrong[0].path}: {wrong[0].message}."
        raise ApiError(wrong[0].code, message, recovery=wrong[0].remedy, issues=issues)


def _selected(body: SwitchBody, before: Selection, call: OperationCall) -> Selection:
    """Return the model that a body selects. If that is of the previous provider, its endpoint stays."""
    if not (body.provider or body.model):
        message = "The request names neither a model nor a provider. Name the model to switch to."
        raise ApiError(SWITCH_INPUT_MISSING, message)
    provider = body.provider or _provider_of(body.model, before.provider, call)
    model = body.model or _default(provider, call)
    same = before if not body.provider and provider == before.provider else Selection("", "")
    base_url = body.baseURL or same.base_url
    kept = same.api_key if same.base_url == base_url else ""
    settings = body.model_dump(exclude=_NOT_SETTINGS, exclude_unset=True)
    return Selection(provider, model, base_url, settings, _given(body, provider, model, call) or kept)


def _provider_of(model: str, previous: str, call: OperationCall) -> str:
    """Return the provider of a model that is named alone: the previous one if it has the model, else the only one.

    A vendor comes before those that run the models of others. Raises ApiError if it is not clear which is meant.
    """
    own = [each.provider for each in call.catalog.custom_models.named(model)]
    listing = list(dict.fromkeys([*own, *call.listing.listing(model)]))
    if call.catalog.plugins.names.get(previous, previous) in listing:
        return previous
    vendors = [each for each in listing if call.catalog.provider(each).provider.kind == "vendor"]
    if len(vendors) == 1 or len(listing) == 1:
        return (vendors or listing)[0]
    if not listing and call.catalog.provider(previous).provider.kind in _ANY_MODEL:
        return previous
    message = f"Several providers have {model!r}." if listing else f"No list has {model!r}."
    context = {"model": model, "candidates": listing}
    raise ApiError("llm_model_unknown", f"{message} Name the provider too.", context=context)


def _default(provider: str, call: OperationCall) -> str:
    call.catalog.plugins.find(provider)
    if model := call.listing.default(provider):
        return model
    raise ApiError("llm_model_invalid", f"{provider} has no default model. Name the model to switch to.")


def _given(body: SwitchBody, provider: str, model: str, call: OperationCall) -> str:
    """Return the key in a body; empty if it is the mask or the stored text of a known key."""
    key = body.apiKey.strip()
    own = call.catalog.custom_model(model_lookup.model(call.catalog, provider, model))
    return "" if is_masked(key) or (own and key == own.key) else literal(key)


def _first_choice(call: OperationCall) -> Selection:
    """Return the model that is current before any choice.

    It is the user's default in the other tool's preferences, else a well-known default model, a usable one if possible.
    """
    if (preferred := preferred_model(call.catalog.environment)) and preferred.provider in call.catalog.plugins.names:
        return preferred
    models = call.listing.well_known()
    if not models:
        raise ApiError("llm_no_model", "No plugin lists a model.", "not_found", recovery="See `polyroute plugins`.")
    return Selection(*models[0])


def _routes(call: OperationCall, selection: Selection) -> tuple[Route, ...]:
    """Return the routes to a choice. A base URL given with it gets only the key given with it, never a stored one."""
    routes = model_lookup.routes(call.catalog, selection.provider, selection.model)
    if not (selection.base_url or selection.api_key):
        return routes
    direct = next((route for route in routes if route.via == DIRECT), None)
    if direct is None:
        raise ApiError(
            "llm_model_invalid",
            f"{selection.provider} accepts neither a base URL nor a key for a single model. Leave both out.",
        )
    url, limits = selection.base_url or direct.base_url, call.catalog.allowance
    if limits is not None:
        (direct,) = limits.on_own((direct,), call.catalog.provider(selection.provider).provider, selection.base_url)
    if not direct.allowed:
        return (direct,)
    if selection.api_key and url:
        return (direct._replace(usable=True, base_url=url, reason="the key was given with the choice", remedy=""),)
    if url == direct.base_url:
        return routes
    reason = f"{url} was given without a key, and keys for other endpoints are not sent there"
    if call.catalog.provider(selection.provider).provider.kind == "own-server":
        return (direct._replace(usable=True, base_url=url, credential=None, reason="your own server needs no key"),)
    remedy = "Send its key with it, or save a custom model with its own key."
    return (direct._replace(usable=False, base_url=url, credential=None, reason=reason, remedy=remedy),)


def _config(call: OperationCall, selection: Selection, routes: tuple[Route, ...]) -> Config:
    """Return a choice as clients read it, without its key."""
    config: Config = {
        "provider": selection.provider,
        "model": selection.model,
        **_listed(call, selection),
        **_own(call, selection),
        **cast("Settings", selection.settings),  # a host's store returns what it was given
        "hasApiKey": any(route.usable for route in routes),
    }
    if selection.base_url:
        config["baseURL"] = selection.base_url
    return config


def _listed(call: OperationCall, selection: Selection) -> ModelFacts:
    """Return the facts from the list of a model."""
    ref = model_lookup.model(call.catalog, selection.provider, selection.model)
    found = call.catalog.plugins.models(ref.provider).get(ref.id)
    return _facts(found.name, found.context, found.output) if found else {}


def _own(call: OperationCall, selection: Selection) -> ModelFacts:
    """Return the facts that the user entered for a custom model."""
    for model in call.catalog.custom_models.named(selection.model):
        if model.provider == selection.provider:
            return _facts(model.display_name, *map(model.stored.get, ("maxInputTokens", "maxOutputTokens")))
    return {}


def _facts(name: str, most_input: int | None, most_output: int | None) -> ModelFacts:
    facts: ModelFacts = {}
    if name:
        facts["displayName"] = name
    if most_input:
        facts["maxInputTokens"] = most_input
    if most_output:
        facts["maxOutputTokens"] = most_output
    return facts


OPERATIONS = (
    Operation("GET", "/llm/current", _current, CurrentQuery),
    Operation("POST", "/llm/switch", _switch, body=SwitchBody, lane="writing"),
)
