"""Create the JSON documents about providers, routes, models and lists."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from polyroute.dexto_compat import CAN_ROUTE_FIELD, GATEWAY, auth_fields
from polyroute.documents.parts import SCHEMA, moment, problems, source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polyroute import explanation as explanations
    from polyroute import results
    from polyroute.catalog import Catalog
    from polyroute.documents import list_types as lists
    from polyroute.documents.custom_model_types import PreferenceList, Preferred, ShortcutsDocument
    from polyroute.documents.types import (
        AuthHeaderDocument,
        ExplanationDocument,
        MappedDocument,
        PriceDocument,
        ProviderRoute,
        ProviderStatusDocument,
        Resolution,
        RouteDocument,
        StatusDocument,
        TakenRoute,
        VerificationDocument,
    )
    from polyroute.types import Model, credentials, declarations
    from polyroute.validation.sections import FileFinding


def status(status: results.Status, verified: Iterable[credentials.Verification] | None = None) -> StatusDocument:
    """Return the document of `polyroute status --json`; with `verified`, that of `--verified`."""
    own = status.providers.get(GATEWAY)
    made: dict[int, ProviderRoute] = {}
    document: StatusDocument = {
        "schema": SCHEMA,
        "auth": auth_fields(own is not None and own.has_direct_key, status.preferred),
        "providers": {name: provider(each, made) for name, each in status.providers.items()},
        "problems": problems(status.problems),
    }
    if verified is not None:
        document["verifications"] = _verifications(verified)
    return document


def provider(status: results.ProviderStatus, made: dict[int, ProviderRoute] | None = None) -> ProviderStatusDocument:
    """Return one provider of a status document.

    `made` has the documents of routes by the identity of the route: all providers share the route of one gateway.
    """
    provider, made = status.provider, {} if made is None else made
    for route in status.routes:
        if id(route) not in made:
            made[id(route)] = _provider_route(route)
    return {
        "name": provider.name,
        "kind": provider.kind,
        "selectable": provider.selectable,
        "aliases": list(provider.aliases),
        "hasDirectKey": status.has_direct_key,
        "hasEffectiveCredentials": status.has_effective_credentials,
        CAN_ROUTE_FIELD: status.can_route_via(GATEWAY),
        "credentialSources": status.credential_sources,
        "routes": [made[id(route)] for route in status.routes],
    }


def resolution(
    model: declarations.ModelRef,
    routes: Iterable[results.Route],
    elsewhere: Iterable[declarations.ModelRef],
    found: Iterable[declarations.Problem],
) -> Resolution:
    """Return the document of `polyroute resolve --json`: the route to take, or null, and all routes in order.

    `elsewhere` has the references by which the same model can be run, if no route is usable.
    """
    documents = [_route(route) for route in routes]
    chosen = next((document for document in documents if document["usable"]), None)
    return {
        "schema": SCHEMA,
        "model": str(model),
        "route": _taken(chosen) if chosen else None,
        "routes": documents,
        "elsewhere": list(map(str, elsewhere)),
        "problems": problems(found),
    }


def _taken(route: RouteDocument) -> TakenRoute:
    """Return a usable route, whose ID, evidence, base URL and credential are never null."""
    return {
        "via": route["via"],
        "modelId": route["modelId"] or "",
        "mapping": route["mapping"] or "unknown",
        "baseUrl": route["baseUrl"] or "",
        "protocol": route["protocol"],
        "auth": route["auth"],
        "headers": route["headers"],
        "credential": route["credential"] or "",
        "source": route["source"],
        "context": route["context"],
        "price": route["price"],
    }


def _provider_route(route: results.Route) -> ProviderRoute:
    return {
        "via": route.via,
        "usable": route.usable,
        "credential": str(route.credential) if route.credential else None,
        "expiresAt": moment(route.credential.expires_at) if route.credential else None,
        "reason": route.reason,
        "remedy": route.remedy or None,
    }


def _price(listing: Model | None) -> PriceDocument | None:
    if listing is None or listing.input_price is None or listing.output_price is None:
        return None
    return {"input": listing.input_price, "output": listing.output_price}


def _route(route: results.Route) -> RouteDocument:
    return {
        **_provider_route(route),
        "modelId": route.model_id,
        "mapping": route.mapping,
        "baseUrl": route.base_url or None,
        "protocol": route.protocol,
        "auth": auth(route.auth),
        "headers": dict(route.headers),
        "source": source(route.credential.source if route.credential else None),
        "context": route.listing.context if route.listing else None,
        "price": _price(route.listing),
    }


def auth(header: declarations.AuthHeader) -> AuthHeaderDocument:
    """Return the header that carries the secret."""
    return {"header": header.name, "prefix": header.prefix}


def mapped(mapped: results.Mapped) -> MappedDocument:
    """Return one line of `polyroute map --json`."""
    return {
        "provider": mapped.provider,
        "model": mapped.model,
        "via": mapped.via,
        "id": mapped.id,
        "evidence": mapped.evidence,
        "suggestions": list(mapped.suggestions),
    }


def verifications(
    verified: Iterable[credentials.Verification], found: Iterable[declarations.Problem]
) -> lists.Verifications:
    """Return the document of `polyroute verify --json`."""
    return {"schema": SCHEMA, "verifications": _verifications(verified), "problems": problems(found)}


def _verifications(found: Iterable[credentials.Verification]) -> dict[str, VerificationDocument]:
    return {each.provider: verification(each) for each in found}


def verification(found: credentials.Verification) -> VerificationDocument:
    """Return what an endpoint said about a key."""
    return {"state": found.state, "message": found.message or None, "remaining": found.remaining or None}


def explanation(explained: explanations.Explanation, found: Iterable[declarations.Problem]) -> ExplanationDocument:
    """Return the document of `polyroute explain --json`."""
    return {
        "schema": SCHEMA,
        "subject": explained.subject,
        "usable": explained.usable,
        "text": list(explained.lines),
        "routes": [_route(route) for route in explained.routes],
        "elsewhere": list(map(str, explained.elsewhere)),
        "problems": problems(found),
    }


def preferences(catalog: Catalog) -> PreferenceList:
    """Return the document of `polyroute prefer --json`."""
    own = catalog.preferences
    return {
        "schema": SCHEMA,
        "prefer": own.prefer or None,
        "order": list(own.order),
        "pins": dict(own.pins),
        "disableProviders": sorted(own.disabled_providers),
        "first": catalog.preferred,
        "file": catalog.environment.config_path,
        "problems": problems(catalog.problems),
    }


def preferred(via: str | None, target: str, path: str) -> Preferred:
    """Return the document of `polyroute prefer ROUTE --json` and `--unset`."""
    return {"schema": SCHEMA, "prefer": via, "for": target or None, "file": path}


def shortcuts(catalog: Catalog) -> ShortcutsDocument:
    """Return the document of `polyroute shortcut list|set|remove --json`."""
    return {
        "schema": SCHEMA,
        "shortcuts": dict(catalog.preferences.shortcuts),
        "file": catalog.environment.config_path,
        "problems": problems(catalog.problems),
    }


def findings(
    valid: bool,
    found: Iterable[FileFinding],
    problems_found: Iterable[declarations.Problem],
    unreadable: Mapping[str, str] = MappingProxyType({}),
) -> lists.Findings:
    """Return the document of `polyroute check --json`; `unreadable` has the error of each file that can't be read."""
    return {
        "schema": SCHEMA,
        "valid": valid,
        "findings": [_finding(each) for each in found],
        "unreadable": [{"file": file, "message": message} for file, message in unreadable.items()],
        "problems": problems(problems_found),
    }


def _finding(found: FileFinding) -> lists.FindingDocument:
    finding = found.finding
    return {
        "file": found.file,
        "line": found.line,
        "column": found.column,
        "code": finding.code,
        "severity": finding.severity,
        "path": finding.path,
        "message": finding.message,
        "remedy": finding.remedy,
    }
