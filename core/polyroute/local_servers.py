"""Ask the user's own servers whether they run, and which models they have.

They are asked only where a user wants to know: by no status, and before no call. Requests go to this machine or to the
address that the user set, directly and not through a proxy, with the key that is bound to that address.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any

from polyroute.base_url import is_loopback, joined
from polyroute.errors import SecretUnavailable, UsageError
from polyroute.results import LocalServer, Route
from polyroute.types import DIRECT, Call, Model

if TYPE_CHECKING:
    from polyroute.catalog import Catalog

SECONDS = 0.3
"""How long all servers together are waited for."""
_MOST_BYTES = 1 << 20
_MOST_MODELS = 1_000


def look(catalog: Catalog, providers: Iterable[str] = (), *, seconds: float = SECONDS) -> Catalog:
    """Return a catalog that knows which of the user's own servers run, and their models. `catalog` stays as it is.

    By default all of them are asked, together within `seconds`. Raises UnknownProvider.
    """
    return catalog.knowing({**catalog.plugins.servers, **states(catalog, providers, seconds=seconds)})


def states(catalog: Catalog, providers: Iterable[str] = (), *, seconds: float = SECONDS) -> dict[str, LocalServer]:
    """Return the state of these of the user's own servers, or of all. Raises UnknownProvider."""
    known, catalog = catalog.plugins.servers, unasked(catalog)
    names = [catalog.plugins.find(name).id for name in providers] or list(catalog.plugins.providers)
    own = [name for name in names if catalog.plugins.providers[name].kind == "own-server"]
    routes = {name: _direct(catalog, name) for name in own}
    found = {name: LocalServer(name, route.base_url, "unchecked") for name, route in routes.items() if route.usable}
    asked = {name: _asking(catalog, routes[name], seconds) for name in found if _may_be_asked(catalog, routes[name])}
    until = time.monotonic() + seconds
    for name, each in asked.items():
        each.thread.join(max(0.0, until - time.monotonic()))
        found[name] = found[name]._replace(state="not_running" if each.models is None else "running")
        found[name] = found[name]._replace(models=tuple(_models(name, each.models or (), catalog)))
    return {name: _since(each, known.get(name)) for name, each in found.items()}


def unasked(catalog: Catalog) -> Catalog:
    """Return a catalog for which no server was asked yet."""
    return catalog.knowing({}) if catalog.plugins.servers else catalog


def _since(found: LocalServer, before: LocalServer | None) -> LocalServer:
    """Return what was found of a server, with the time since when it is so."""
    if before and found == before._replace(since=0.0):
        return before
    return found._replace(since=0.0 if found.state == "unchecked" else time.time())


class _Asking:
    """One request in a thread of its own, which is abandoned if it takes too long."""

    def __init__(self, call: Call, seconds: float) -> None:
        self.models: list[str] | None = None
        """The IDs of the server's models; None as long as it has not answered."""
        self._call, self._seconds = call, seconds
        self.thread = threading.Thread(target=self._ask, daemon=True)
        self.thread.start()

    def _ask(self) -> None:
        try:
            self.models = _ids(_body(self._call, self._seconds))
        except (OSError, HTTPException, ValueError, RecursionError):
            return


def _direct(catalog: Catalog, name: str) -> Route:
    return next(route for route in catalog.provider(name).routes if route.via == DIRECT)


def _may_be_asked(catalog: Catalog, route: Route) -> bool:
    """Return whether an address is on this machine, or was set by the user."""
    host = _host(route.base_url)[0]
    if not catalog.environment.documents.is_local:  # it would be asked from another machine than the user's
        return False
    provider = route.credential and catalog.plugins.providers[route.credential.provider]
    return is_loopback(host) or bool(provider and "$" in provider.base_url)


def _asking(catalog: Catalog, route: Route, seconds: float) -> _Asking:
    try:
        call = catalog.environment.call(route)
    except (SecretUnavailable, UsageError):
        call = Call(route.base_url, ())
    return _Asking(call, seconds)


def _host(url: str) -> tuple[str, int | None]:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return parts.hostname or "", parts.port


def _body(call: Call, seconds: float) -> Any:
    """Return the JSON that a server answers with the list of its models. Raises OSError, HTTPException, ValueError."""
    host, port = _host(call.base_url)
    kind = HTTPSConnection if call.base_url.startswith("https:") else HTTPConnection
    connection = kind(host, port, timeout=seconds)
    try:
        path = "/" + joined(call.base_url, "/models").partition("://")[2].partition("/")[2]
        connection.request("GET", path, headers={**dict(call.headers), "Accept": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            return {}
        return json.loads(response.read(_MOST_BYTES))
    finally:
        connection.close()


def _ids(body: Any) -> list[str]:
    """Return the IDs in a list of models, in the form that all such servers give it."""
    rows = body.get("data") if isinstance(body, dict) else None
    found = [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [each for each in found if isinstance(each, str) and 0 < len(each) < 1_000 and each.isprintable()]


def _models(name: str, ids: Iterable[str], catalog: Catalog) -> Iterable[Model]:
    """Yield the models of a server, with what its list says of those that it has."""
    listed: Mapping[str, Model] = catalog.plugins.models(name)
    for each in list(dict.fromkeys(ids))[:_MOST_MODELS]:
        yield listed.get(each) or Model(name, each)
