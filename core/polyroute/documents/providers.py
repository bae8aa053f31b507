"""Create the JSON document about providers as clients show them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from polyroute.credentials.settings import needed
from polyroute.documents.catalog import verification
from polyroute.documents.parts import moment, source
from polyroute.environment import GLOBAL, KEYRING
from polyroute.lists.stored import day
from polyroute.results import LocalServer
from polyroute.types import DIRECT, ModelRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polyroute.catalog import Catalog
    from polyroute.documents.provider_types import (
        AskedServer,
        AskedServers,
        ProvidersDocument,
        SettingDocument,
        ShownLists,
        ShownProvider,
        VerifiedDocument,
    )
    from polyroute.results import ProviderStatus, Route
    from polyroute.types import Verification

    Checked = tuple[Verification, float]
    """What an endpoint said about a key, and when, in seconds since 1970."""


def providers(catalog: Catalog, checked: Mapping[str, Checked]) -> ProvidersDocument:
    """Return the document of all providers that a user can set up, with what endpoints said of keys."""
    everyone = catalog.status().providers.values()
    wanted = [each for each in everyone if each.provider.selectable or each.provider.kind == "gateway"]
    shown = [_provider(each, catalog, checked.get(each.provider.id)) for each in wanted]
    shown.sort(key=lambda each: (not each["usable"], -each["models"], each["id"]))
    return {"providers": shown, "lists": _lists(catalog)}


def servers(found: Iterable[LocalServer]) -> AskedServers:
    """Return the document of the user's own servers and their states."""
    return {"servers": [_server(each) for each in found]}


def _server(known: LocalServer) -> AskedServer:
    return {
        "id": known.provider,
        "address": known.address,
        "state": known.state,
        "since": moment(known.since or None),
        "models": len(known.models),
    }


def _provider(status: ProviderStatus, catalog: Catalog, checked: Checked | None) -> ShownProvider:
    provider, route = status.provider, next(each for each in status.routes if each.via == DIRECT)
    found = route.credential.source if route.credential else None
    needs = _needs(status, catalog)
    url = _address(provider.id, route, needs, catalog) if provider.kind == "own-server" else ""
    known = catalog.plugins.servers.get(provider.id)
    known = known if known and known.address == url else LocalServer(provider.id, url, "unchecked")
    return {
        "id": provider.id,
        "name": provider.name,
        "kind": provider.kind,
        "usable": route.usable,
        "effective": status.has_effective_credentials,
        "reason": route.reason,
        "remedy": route.remedy or None,
        "credential": str(route.credential) if route.credential else None,
        "source": source(found),
        "removable": found is not None and found.layer in (KEYRING, GLOBAL),
        "needs": needs,
        "models": _count(provider.id, catalog),
        "address": url or None,
        "local": _server(known) if url else None,
        "verified": _verified(*checked) if checked else None,
        "documentation": provider.documentation or None,
        "keysPage": provider.keys_page or None,
    }


def _address(name: str, route: Route, needs: Iterable[SettingDocument], catalog: Catalog) -> str:
    """Return the address of the user's own server, also if it does not run, so that no route leads to it."""
    known = catalog.plugins.servers.get(name)
    is_set = known and all(each["found"] for each in needs)
    return route.base_url or (known.address if known and is_set else "")


def _verified(found: Verification, at: float) -> VerifiedDocument:
    return {**verification(found), "when": moment(at) or ""}


def _count(name: str, catalog: Catalog) -> int:
    """Return how many models a provider lists, or the gateway whose list it has."""
    groups, listed = catalog.plugins.groups, catalog.plugins.models(name)
    if not listed and (shared := catalog.plugins.list_of(name)):
        name = shared.gateways[0]
        listed = catalog.plugins.models(name)
    return len({groups.shared_word(ModelRef(name, each)) or each for each in listed}) if groups else len(listed)


def _needs(status: ProviderStatus, catalog: Catalog) -> list[SettingDocument]:
    return [
        {"name": each.variable, "secret": each.secret, "hint": each.hint, "found": each.source is not None}
        for each in needed(status.provider, catalog.environment)
    ]


def _lists(catalog: Catalog) -> ShownLists:
    newest = max(map(day, catalog.plugins.lists), default="")
    days = (datetime.now(UTC).date() - date.fromisoformat(newest[:10])).days if newest else None
    return {"date": newest, "days": days}
