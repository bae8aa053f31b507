"""Between a client library and the network: a key goes to its endpoint alone, in the header of its route."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, MutableMapping
from typing import Any

from polyroute._internal.secret_memory import MARGIN_SECONDS
from polyroute.base_url import Origin, origin_of
from polyroute.environment import Environment
from polyroute.errors import WrongEndpoint
from polyroute.results import Route

UNUSED = "set-by-polyroute"
"""What a library gets that insists on a key: the guard sets the real one, so that no client object holds it."""

_KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
_OWN_HEADERS = ("accept", "content-type", "user-agent", "connection")
_UNAUTHORIZED = 401
_OWN_PREFIXES = ("x-stainless-", "anthropic-version")


class Guard:
    """A request hook of httpx and httpx2: sets the key, takes away what is not the route's, refuses other hosts.

    Redirects are not followed by the clients that carry one; a client that is pointed elsewhere is refused here.
    """

    def __init__(self, route: Route, environment: Environment) -> None:
        """Raises SecretUnavailable where the key can't be had; UsageError for a base URL that nobody could call."""
        self._route, self._environment = route, environment
        self._call = environment.call(route)
        self._origin, self._is_refused = origin_of(self._call.base_url), False
        self._taken_away = [*_KEY_HEADERS, route.auth.name]

    @property
    def route(self) -> Route:
        """The route, with the base URL that its secret is for."""
        return self._route._replace(base_url=self._call.base_url)

    def take_away(self, defaults: Collection[str], wanted: Collection[str] = ()) -> None:
        """Send none of these headers, but those that a library sets of its own accord and those in `wanted`.

        Libraries take headers from the process's variables, which may be meant for another endpoint than the route's.
        """
        kept = {name.lower() for name in wanted}
        for name in map(str.lower, defaults):
            own = name in _OWN_HEADERS or name.startswith(_OWN_PREFIXES)
            if not own and name not in kept and name not in self._taken_away:
                self._taken_away.append(name)

    def __call__(self, request: Any) -> None:
        """Make `request` the route's, or raise WrongEndpoint. A key that is about to expire is asked for anew."""
        self._renew()
        host = request.url.raw_host.decode("ascii")  # as it is on the wire: `host` has a punycoded name in letters
        self.apply((request.url.scheme, host, request.url.port), request.headers)

    async def asynchronous(self, request: Any) -> None:
        """The same, where a hook is awaited: a login may have to be renewed over the network."""
        if self._is_old:
            await asyncio.to_thread(self._renew)
        self(request)

    def after(self, response: Any) -> None:
        """Ask for the key anew at the next request, where the endpoint has refused it."""
        if response.status_code == _UNAUTHORIZED and self._route.credential:
            self._environment.forget(self._route.credential)
            self._is_refused = True

    async def asynchronous_after(self, response: Any) -> None:
        """The same, where a hook is awaited."""
        self.after(response)

    def apply(self, origin: Origin, headers: MutableMapping[str, str]) -> None:
        """Make these the headers of a request to `origin`, or raise WrongEndpoint."""
        if origin != self._origin:
            raise WrongEndpoint(f"A key for {self._origin[1]} does not go to {origin[1]}.")
        for name in self._taken_away:
            if name in headers:
                del headers[name]
        for header in self._call.headers:
            name, value = header
            if name not in headers or header not in self._route.headers:
                headers[name] = value  # a library says itself which version of a protocol it speaks

    @property
    def _is_old(self) -> bool:
        until = self._call.expires_at
        return self._is_refused or (until is not None and time.time() > until - MARGIN_SECONDS)

    def renewed(self) -> Guard:
        """The guard itself, after it has asked for a key that is about to expire."""
        self._renew()
        return self

    def _renew(self) -> None:
        if self._is_old:
            self._call = self._environment.call(self._route)
            self._origin, self._is_refused = origin_of(self._call.base_url), False

    @property
    def options(self) -> dict[str, Any]:
        """The arguments for a client of httpx or httpx2."""
        return {"follow_redirects": False, "event_hooks": {"request": [self], "response": [self.after]}}

    @property
    def async_options(self) -> dict[str, Any]:
        """The arguments for an asynchronous client of either."""
        hooks = {"request": [self.asynchronous], "response": [self.asynchronous_after]}
        return {"follow_redirects": False, "event_hooks": hooks}
