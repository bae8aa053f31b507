"""Between a client library and the network: a key goes to its endpoint alone, in the header of its route."""

from __future__ import annotations

from collections.abc import Collection, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from polyroute.answers import Route
from polyroute.environment import Environment
from polyroute.errors import UsageError, WrongEndpoint

UNUSED = "set-by-polyroute"
"""What a library gets that insists on a key: the guard sets the real one, so that no client object holds it."""

Origin = tuple[str, str, int | None]

_KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
_OWN_HEADERS = ("accept", "content-type", "user-agent", "connection")
_OWN_PREFIXES = ("x-stainless-", "anthropic-version")


class Guard:
    """A request hook of httpx and httpx2: sets the key, takes away what is not the route's, refuses other hosts.

    Redirects are not followed by the clients that carry one; a client that is pointed elsewhere is refused here.
    """

    def __init__(self, route: Route, environment: Environment) -> None:
        self._origin = origin_of(route.base_url)
        self._taken_away = [*_KEY_HEADERS]
        self._headers = route.headers
        self._key: tuple[tuple[str, str], ...] = ()
        if secret := environment.reveal(route.credential):
            self._key = ((route.auth.name, route.auth.prefix + secret),)
            self._taken_away.append(route.auth.name)

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
        """Make `request` the route's, or raise WrongEndpoint."""
        host = request.url.raw_host.decode("ascii")  # as it is on the wire: `host` has a punycoded name in letters
        self.apply((request.url.scheme, host, request.url.port), request.headers)

    async def asynchronous(self, request: Any) -> None:
        """The same, where a hook is awaited."""
        self(request)

    def apply(self, origin: Origin, headers: MutableMapping[str, str]) -> None:
        """Make these the headers of a request to `origin`, or raise WrongEndpoint."""
        if origin != self._origin:
            raise WrongEndpoint(f"A key for {self._origin[1]} does not go to {origin[1]}.")
        for name in self._taken_away:
            if name in headers:
                del headers[name]
        for name, value in self._headers:
            if name not in headers:  # a library says which version of a protocol it speaks
                headers[name] = value
        for name, value in self._key:
            headers[name] = value

    @property
    def options(self) -> dict[str, Any]:
        """The arguments for a client of httpx."""
        return {"follow_redirects": False, "event_hooks": {"request": [self]}}

    @property
    def async_options(self) -> dict[str, Any]:
        """The arguments for an asynchronous client of httpx."""
        return {"follow_redirects": False, "event_hooks": {"request": [self.asynchronous]}}


def origin_of(url: str) -> Origin:
    """Scheme, host and port as httpx tells them: without the port that the scheme implies.

    Raises UsageError for what nobody could call.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
    except ValueError:
        host, port = "", None
    if not host:
        raise UsageError(f"{url} is no address that could be called: correct the base URL.")
    return parts.scheme, host, None if (parts.scheme, port) in (("https", 443), ("http", 80)) else port
