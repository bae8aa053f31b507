"""Request hooks for HTTP clients that send a key to its own endpoint only, in the header that its route requires."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any

from polyroute._internal import http_client
from polyroute._internal.secret_memory import MARGIN_SECONDS
from polyroute.base_url import Origin, origin_of
from polyroute.environment import Environment
from polyroute.errors import WrongEndpoint
from polyroute.results import Route

UNUSED = "set-by-polyroute"
"""A placeholder for libraries that require a key. The guard sets the real key, so no client object holds it."""

_KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
_OWN_HEADERS = ("accept", "content-type", "user-agent", "connection")
_OF_TRANSPORTS = ("verify", "cert", "http1", "http2", "limits")
"""The options of a client that its transport takes."""
_UNAUTHORIZED = 401
_OWN_PREFIXES = ("x-stainless-", "anthropic-version")


class Guard:
    """A request hook of httpx and httpx2. It sets the key, removes other credentials and refuses other hosts.

    Clients with a guard don't follow redirects. If a client is pointed at another host, the guard raises WrongEndpoint.
    """

    def __init__(self, route: Route, environment: Environment) -> None:
        """Raises SecretUnavailable if the key can't be read, UsageError if the base URL is invalid."""
        self._route, self._environment = route, environment
        self._call = environment.call(route)
        self._origin, self._is_refused = origin_of(self._call.base_url), False
        self._removed = [*_KEY_HEADERS, route.auth.name]

    @property
    def route(self) -> Route:
        """The route, with the base URL that its secret is valid for."""
        return self._route._replace(base_url=self._call.base_url)

    def remove_defaults(self, defaults: Collection[str], wanted: Collection[str] = ()) -> None:
        """Remove these headers from requests, except those that every library sets and those in `wanted`.

        Libraries read default headers from the process's variables, which may be meant for another endpoint.
        """
        kept = {name.lower() for name in wanted}
        for name in map(str.lower, defaults):
            own = name in _OWN_HEADERS or name.startswith(_OWN_PREFIXES)
            if not own and name not in kept and name not in self._removed:
                self._removed.append(name)

    def __call__(self, request: Any) -> None:
        """Set the headers of `request`. Renews a key that is about to expire; raises WrongEndpoint for other hosts."""
        self._renew()
        host = request.url.raw_host.decode("ascii")  # as sent; `host` is the decoded form of an internationalized name
        self.apply((request.url.scheme, host, request.url.port), request.headers)

    async def asynchronous(self, request: Any) -> None:
        """Do the same as an asynchronous hook. A login may have to be renewed over the network, in a thread."""
        if self._needs_renewal:
            await asyncio.to_thread(self._renew)
        self(request)

    def after(self, response: Any) -> None:
        """Read the key again before the next request if the endpoint refused it with status 401."""
        if response.status_code == _UNAUTHORIZED and self._route.credential:
            self._environment.forget(self._route.credential)
            self._is_refused = True

    async def asynchronous_after(self, response: Any) -> None:
        """Do the same as `after`, as an asynchronous hook."""
        self.after(response)

    def apply(self, origin: Origin, headers: MutableMapping[str, str]) -> None:
        """Set the route's headers for a request to `origin`. Raises WrongEndpoint if it is not the route's endpoint."""
        if origin != self._origin:
            raise WrongEndpoint(
                f"A key for {self._origin[1]} is not sent to {origin[1]}.", "Don't change the client's base URL."
            )
        for name in self._removed:
            if name in headers:
                del headers[name]
        for header in self._call.headers:
            name, value = header
            if name not in headers or header not in self._route.headers:
                headers[name] = value  # the library's own protocol version wins over the route's default

    @property
    def _needs_renewal(self) -> bool:
        until = self._call.expires_at
        return self._is_refused or (until is not None and time.time() > until - MARGIN_SECONDS)

    def renewed(self) -> Guard:
        """Return the guard itself, after renewing a key that is about to expire."""
        self._renew()
        return self

    def _renew(self) -> None:
        if self._needs_renewal:
            self._call = self._environment.call(self._route)
            self._origin, self._is_refused = origin_of(self._call.base_url), False

    def options(self, client_class: Any, given: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
        """Return the keyword arguments for a client of httpx or httpx2, with the caller's own in `given`.

        Raises Unavailable if the proxy or the CA certificates that the process's variables name can't be used.
        """
        return {**self._network(client_class, given), "event_hooks": {"request": [self], "response": [self.after]}}

    def async_options(self, client_class: Any, given: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
        """Return the same as `options` for an asynchronous client."""
        hooks = {"request": [self.asynchronous], "response": [self.asynchronous_after]}
        return {**self._network(client_class, given), "event_hooks": hooks}

    def _network(self, client_class: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        of_transport = {name: given[name] for name in _OF_TRANSPORTS if name in given}
        own = {} if "transport" in given else http_client.transport(client_class, self._call.base_url, **of_transport)
        return {"follow_redirects": False, **own}
