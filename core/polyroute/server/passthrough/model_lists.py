"""The lists of models that clients ask for, in the form of their API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from itertools import compress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Path

from polyroute import Catalog, PolyrouteError
from polyroute._internal.threads import Workers
from polyroute.integrations import model_lists
from polyroute.integrations.api_methods import CHAT, GENERATE_PREFIX, PREFIX, RESPONSES, api_of
from polyroute.model_names import named
from polyroute.routing.destinations import may_take
from polyroute.server.answers import wait_for
from polyroute.server.cached_response import CachedResponse, encode
from polyroute.server.errors import ApiError
from polyroute.server.pages import path_within
from polyroute.server.passthrough.translator import Translator
from polyroute.server.state import States
from polyroute.types import Model

_FORM = b" "
"""Separates the query from the form in the key of a cached response: no query contains a space."""


class ModelListing:
    """Answers which models a client can run with the API that it uses."""

    def __init__(
        self, holders: States, lane: Workers, shortcuts: Mapping[str, str], translator: Translator | None
    ) -> None:
        self._holders, self._lane, self._shortcuts, self._translator = holders, lane, shortcuts, translator

    def routes(self) -> list[Path]:
        """Return the HTTP routes."""
        lists = [Path(f"{each}/models", self._list) for each in (PREFIX, GENERATE_PREFIX)]
        return [*lists, *(Path(f"{each}/models/{{model:rest}}", self._one) for each in (PREFIX, GENERATE_PREFIX))]

    async def _list(self, request: Request) -> CachedResponse:
        snapshot = await self._holders.for_request(request.scope).snapshot()
        protocol = _api(request)
        key = (request.scope["path"], request.scope["query_string"] + _FORM + protocol.encode())
        return await snapshot.answers["models"].response(
            key, lambda: self._listed(protocol, snapshot.catalog), self._lane
        )

    async def _one(self, request: Request) -> Response:
        snapshot = await self._holders.for_request(request.scope).snapshot()
        protocol, name = _api(request), request.path_params["model"]
        found = await self._in_thread(lambda: self._find(name, protocol, snapshot.catalog))
        return Response(encode(model_lists.entry(protocol, found)), media_type="application/json")

    async def _in_thread(self, work: Callable[[], Model]) -> Model:
        found: Model = await wait_for(asyncio.ensure_future(self._lane.run(work)))
        return found

    def _listed(self, protocol: str, catalog: Catalog) -> dict[str, Any]:
        protocols = self._protocols(protocol)
        available = catalog.models(available=True)
        routes = (catalog.route(each.ref, protocols=protocols) for each in available)
        taken = (bool(each and may_take(each, catalog.environment, catalog.plugins)) for each in routes)
        return model_lists.listed(protocol, [*compress(available, taken)])

    def _find(self, name: str, protocol: str, catalog: Catalog) -> Model:
        """Return what is known of a model that can be run now. Raises ApiError with status 404 for any other."""
        shortcuts = {**catalog.preferences.shortcuts, **self._shortcuts}
        try:
            route_plan = catalog.fallback_plan(
                named(name, protocol, catalog, shortcuts), "never", self._protocols(protocol)
            )
        except (PolyrouteError, ApiError) as error:
            raise ApiError("model_not_found", str(error), "not_found") from None
        ref = route_plan.model
        listed = (each for each in catalog.models(provider=ref.provider) if each.ref == ref)
        return next(listed, Model(*ref))

    def _protocols(self, protocol: str) -> Collection[str]:
        """Return the protocols of the routes that a client can take. Clients of two APIs ask in the same form."""
        own = (CHAT, RESPONSES) if protocol == CHAT else (protocol,)
        return [*own, *(self._translator.targets(protocol) if self._translator else ())]


def _api(request: Request) -> str:
    return api_of(path_within(request.scope), request.scope["headers"])
