"""The JSON forms of what the catalog says. Their JSON Schemas are in `docs/schemas`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from polyroute.answers import Mapped, ProviderStatus, Route, Status
from polyroute.catalog import Catalog
from polyroute.dexto_compat import CAN_ROUTE_FIELD, GATEWAY, auth_fields
from polyroute.lists import FetchedList, age
from polyroute.logins import Secret, Source, Verification
from polyroute.secret_values import merged
from polyroute.types import Model, ModelRef, Problem

if TYPE_CHECKING:
    from polyroute.keys import Key, Removed, Stored
    from polyroute.validation.sections import FileFinding

if TYPE_CHECKING:
    from polyroute.changes import Change
    from polyroute.refreshing import Report
    from polyroute.routing.explaining import Explanation

SCHEMA = 1
"""Raised only when a reader of the documents would break."""

Document = dict[str, Any]


def status(status: Status, verified: Iterable[Verification] | None = None) -> Document:
    """The document of `polyroute status --json`, with `verified` that of `--verified`."""
    own = status.providers.get(GATEWAY)
    return {
        "schema": SCHEMA,
        "auth": auth_fields(own is not None and own.has_direct_key, status.preferred),
        "providers": {name: provider(each) for name, each in status.providers.items()},
        "problems": [problem(each) for each in status.problems],
        **({} if verified is None else {"verifications": _verifications(verified)}),
    }


def provider(status: ProviderStatus) -> Document:
    """One provider in a status document."""
    provider = status.provider
    return {
        "name": provider.name,
        "kind": provider.kind,
        "selectable": provider.selectable,
        "aliases": list(provider.aliases),
        "hasDirectKey": status.has_direct_key,
        "hasEffectiveCredentials": status.has_effective_credentials,
        CAN_ROUTE_FIELD: status.can_route_via(GATEWAY),
        "credentialSources": status.credential_sources,
        "routes": [_provider_route(route) for route in status.routes],
    }


def resolution(model: ModelRef, routes: tuple[Route, ...], problems: tuple[Problem, ...]) -> Document:
    """The document of `polyroute resolve --json`: the route to take, or null, and all routes in order."""
    documents = [_model_route(route) for route in routes]
    chosen = next((document for document in documents if document["usable"]), None)
    keys = ("via", "modelId", "mapping", "baseUrl", "protocol", "auth", "headers", "credential", "source")
    return {
        "schema": SCHEMA,
        "model": str(model),
        "route": {key: chosen[key] for key in keys} if chosen else None,
        "routes": documents,
        "problems": [problem(each) for each in problems],
    }


def _provider_route(route: Route) -> Document:
    return {
        "via": route.via,
        "usable": route.usable,
        "credential": str(route.credential) if route.credential else None,
        "expiresAt": _moment(route.credential.expires_at) if route.credential else None,
        "reason": route.reason,
        "remedy": route.remedy or None,
    }


def _model_route(route: Route) -> Document:
    return {
        **_provider_route(route),
        "modelId": route.model_id,
        "mapping": route.mapping,
        "baseUrl": route.base_url or None,
        "protocol": route.protocol,
        "auth": {"header": route.auth.name, "prefix": route.auth.prefix},
        "headers": dict(route.headers),
        "source": _source(route.credential.source if route.credential else None),
    }


def model(model: Model, *, custom: bool = False) -> Document:
    """One model on offer, perhaps one that the person has added; prices in US dollars per million tokens."""
    return {
        "provider": model.provider,
        "model": model.id,
        "name": model.name,
        "context": model.context,
        "output": model.output,
        "inputPrice": model.input_price,
        "outputPrice": model.output_price,
        "inputModalities": list(model.input_modalities),
        "outputModalities": list(model.output_modalities),
        "releaseDate": model.release_date,
        "custom": custom,
    }


def models(found: Iterable[Model], catalog: Catalog) -> Document:
    """The document of `polyroute models --json`, with of when the lists are that models come from."""
    return {
        "schema": SCHEMA,
        "models": [model(each, custom=catalog.custom_model(each.ref) is not None) for each in found],
        "lists": [_list(each) for each in catalog.plugins.lists],
        "problems": [problem(each) for each in catalog.problems],
    }


def _list(each: FetchedList) -> Document:
    of = age(each)
    return {"name": each.name, "fetched": _moment(of.fetched), "bundled": of.bundled or None, "fresh": of.is_fresh}


def mapped(mapped: Mapped) -> Document:
    """One line of `polyroute map --json`."""
    return {key: value for key, value in mapped._asdict().items() if key != "why"}


def verifications(found: Iterable[Verification], problems: tuple[Problem, ...]) -> Document:
    """The document of `polyroute verify --json`."""
    return {
        "schema": SCHEMA,
        "verifications": _verifications(found),
        "problems": [problem(each) for each in problems],
    }


def _verifications(found: Iterable[Verification]) -> Document:
    return {
        name: {"state": state, "message": message or None, "remaining": remaining or None}
        for name, state, message, remaining in found
    }


def explanation(explanation: Explanation, problems: tuple[Problem, ...]) -> Document:
    """The document of `polyroute explain --json`."""
    return {
        "schema": SCHEMA,
        "subject": explanation.subject,
        "usable": explanation.usable,
        "text": list(explanation.lines),
        "routes": [_model_route(route) for route in explanation.routes],
        "problems": [problem(each) for each in problems],
    }


def refreshed(
    reports: Iterable[Report], accepted: Iterable[Change], waiting: Iterable[Change], problems: Iterable[Problem]
) -> Document:
    """The document of `polyroute refresh --json`."""
    return {
        "schema": SCHEMA,
        "lists": [
            {**each._asdict(), "fetched": _moment(each.fetched), "error": each.error or None} for each in reports
        ],
        "accepted": [each._asdict() for each in accepted],
        "waiting": [each._asdict() for each in waiting],
        "problems": [problem(each) for each in problems],
    }


def _moment(moment: float | None) -> str | None:
    """ISO 8601, in UTC."""
    return None if moment is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def problem(problem: Problem) -> Document:
    """Something that went wrong; fields without meaning here are left out."""
    return {key: value for key, value in problem._asdict().items() if value}


def keys(found: Iterable[Key], problems: tuple[Problem, ...]) -> Document:
    """The document of `polyroute keys list --json`."""
    documents = [key(each) for each in found]
    return {"schema": SCHEMA, "keys": documents, "problems": [problem(each) for each in problems]}


def key(key: Key) -> Document:
    """One provider's key: where it comes from, and a mask."""
    return {
        "provider": key.provider or None,
        "variable": key.variable or None,
        "credential": str(key.credential) if key.credential else None,
        "source": _source(key.credential.source if key.credential else None),
        "mask": key.mask or None,
    }


def stored_key(stored: Stored) -> Document:
    """The document of `polyroute keys set --json`."""
    return {
        "schema": SCHEMA,
        "provider": stored.provider or None,
        "variable": stored.variable,
        "source": _source(stored.source),
        "kept": stored.kept,
        "pinned": stored.pinned or None,
        "notes": list(stored.notes),
    }


def removed_key(removed: Removed) -> Document:
    """The document of `polyroute keys remove --json`."""
    return {
        "schema": SCHEMA,
        "provider": removed.provider or None,
        "variable": removed.variable,
        "removed": [_source(each) for each in removed.removed],
        "left": _source(removed.left.source if removed.left else None),
        "notes": list(removed.notes),
    }


def credential(model: ModelRef, route: Route) -> Document:
    """The document of `polyroute credential --json`: everything but the secret."""
    keys = ("via", "modelId", "baseUrl", "auth", "credential", "source")
    document = _model_route(route)
    return {"schema": SCHEMA, "model": str(model), **{key: document[key] for key in keys}}


def revealed(route: Route, secret: Secret) -> Document:
    """The document of `polyroute credential --reveal`, the only one with a secret in it."""
    return {
        "type": route.credential.kind if route.credential else "none",
        "value": secret.value,
        "header": route.auth.name,
        "prefix": route.auth.prefix,
        "headers": dict(merged(route.headers, secret.headers)),
        "baseUrl": secret.endpoint or route.base_url,
        "expiresAt": _moment(secret.expires_at),
    }


def preferences(catalog: Catalog) -> Document:
    """The document of `polyroute prefer --json`."""
    own = catalog.preferences
    return {
        "schema": SCHEMA,
        "prefer": own.prefer or None,
        "order": list(own.order),
        "pins": dict(own.pins),
        "disableProviders": sorted(own.disabled_providers),
        "first": catalog.preferred,
        "file": catalog.environment.config_path,
        "problems": [problem(each) for each in catalog.problems],
    }


def findings(valid: bool, found: Iterable[FileFinding], problems: tuple[Problem, ...]) -> Document:
    """The document of `polyroute check --json`."""
    documents = [{"file": each.file, "line": each.line, **each.finding._asdict()} for each in found]
    return {"schema": SCHEMA, "valid": valid, "findings": documents, "problems": [problem(each) for each in problems]}


def _source(source: Source | None) -> Document | None:
    return {key: value for key, value in source._asdict().items() if key != "expires"} if source else None
