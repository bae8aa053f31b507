"""Finding out, by asking their endpoints, whether credentials work right now."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from polyroute._internal import http_client
from polyroute._internal.redact import redacted
from polyroute._internal.threads import Workers
from polyroute.base_url import joined
from polyroute.environment import Environment
from polyroute.errors import SecretUnavailable
from polyroute.fallback.failures import ErrorResponse, Rules, judged, message_in
from polyroute.results import Route
from polyroute.routing.protocols import failure_rules
from polyroute.types import DIRECT, Call, Probe, Verification, VerificationState

if TYPE_CHECKING:
    import httpx2

    from polyroute.catalog import Catalog

SECONDS = 10.0
"""How long all of it may take."""
_KEPT_SECONDS = 60.0
_MOST_BYTES = 1 << 20
_STATES: Mapping[str, VerificationState] = {
    "no_credit": "no_credit",
    "invalid": "invalid",
    "unavailable": "unreachable",
}
_BY_STATUS: Mapping[int, VerificationState] = {403: "invalid", 429: "rate_limited"}


Known = Probe | Verification
"""How to find out, or what its plugin found out already."""


class RecentResults:
    """Results of the last minute, by endpoint and by a digest that tells keys apart without telling them."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)
        self._results: dict[tuple[str, bytes], tuple[float, Verification]] = {}

    def get(self, call: Call) -> Verification | None:
        """What was found lately, if it was."""
        at, found = self._results.get(self._key(call), (0.0, None))
        return found if found and time.monotonic() - at < _KEPT_SECONDS else None

    def put(self, call: Call, found: Verification) -> None:
        """Keep what was found."""
        self._results[self._key(call)] = time.monotonic(), found

    def _key(self, call: Call) -> tuple[str, bytes]:
        headers = json.dumps(call.headers).encode()
        return call.base_url, hashlib.blake2b(headers, key=self._salt, digest_size=16).digest()


_KEPT = RecentResults()
"""Of this process; a key must be known to ask for what was found of it."""


class VerificationRequest(NamedTuple):
    """With what, and how far, endpoints are asked."""

    environment: Environment
    paid: bool = False
    seconds: float = SECONDS
    rules: Mapping[str, Rules] = MappingProxyType({})
    """By provider, how its endpoint words errors."""


def verify(
    catalog: Catalog, providers: Iterable[str] = (), *, paid: bool = False, seconds: float = SECONDS
) -> tuple[Verification, ...]:
    """Whether the keys of these providers, or of all that have one, work right now: their endpoints are asked.

    All at once, within `seconds`; the answers of the last minute are kept. `paid` allows what costs something.
    Raises UnknownProvider; MissingExtra.
    """
    asked = [catalog.provider(name) for name in providers]
    among = asked or catalog.status().providers.values()
    direct = {each.provider.id: next(route for route in each.routes if route.via == DIRECT) for each in among}
    routes = direct if asked else _with_key(direct)
    credentials = tuple(route.credential for route in routes.values() if route.credential)
    probes = catalog.plugins.verifications(credentials, catalog.environment)
    rules = {name: failure_rules(route, name, catalog.plugins) for name, route in routes.items()}
    return _verified(routes, probes, VerificationRequest(catalog.environment, paid, seconds, rules))


def _verified(
    routes: Mapping[str, Route], probes: Mapping[str, Known], asking: VerificationRequest
) -> tuple[Verification, ...]:
    """The verification of each provider's own route, in a thread of its own: wherever it is called from."""
    with ThreadPoolExecutor(1, "polyroute-verify") as pool:
        return pool.submit(asyncio.run, _all(routes, probes, asking)).result()


async def _all(
    routes: Mapping[str, Route], probes: Mapping[str, Known], asking: VerificationRequest
) -> tuple[Verification, ...]:
    readers = Workers(len(routes))
    seconds = asking.seconds
    async with http_client.client("Verification", "verify", seconds=seconds, connect_seconds=seconds) as client:
        asked = [_one(name, route, probes.get(name), asking, readers, client) for name, route in routes.items()]
        return tuple(await asyncio.gather(*asked))


async def _one(
    name: str,
    route: Route,
    probe: Known | None,
    asking: VerificationRequest,
    readers: Workers,
    client: httpx2.AsyncClient,
) -> Verification:
    if isinstance(probe, Verification):
        return probe._replace(message=asking.environment.without_secrets(redacted(probe.message)))
    why = _unsupported(route, probe, asking.paid)
    if why or probe is None:
        return Verification(name, "unsupported", why)
    try:
        async with asyncio.timeout(asking.seconds):
            # in a thread: a keyring may wait for the person, and a plugin for the network
            call = await readers.run(lambda: asking.environment.call(route))
            found = _KEPT.get(call)
            if found is None:
                found = await _asked(client, call, probe, asking)
                _KEPT.put(call, found)
        if found.state == "invalid" and route.credential:
            asking.environment.forget(route.credential)
    except SecretUnavailable as error:
        return Verification(name, "invalid", redacted(str(error)))
    except TimeoutError:
        return Verification(name, "unreachable", f"no answer within {asking.seconds:g} seconds")
    return found._replace(provider=name)


async def _asked(client: httpx2.AsyncClient, call: Call, probe: Probe, asking: VerificationRequest) -> Verification:
    def told(text: str) -> str:
        return redacted(asking.environment.without_secrets(text))

    try:
        return _found(probe, *await _answer(client, call, probe), told, asking.rules.get(probe.provider, ()))
    except Exception as error:  # whatever the network, or what answers there, does
        return Verification(probe.provider, "unreachable", told(f"{type(error).__name__}: {error}"))


def _unsupported(route: Route, probe: Probe | None, paid: bool) -> str:
    """Why it can't be asked, or empty."""
    credential = route.credential
    if credential is None:
        return f"there is no credential: {route.reason}"
    if credential.kind in ("none", "cloud-identity"):
        return "it needs no key" if credential.kind == "none" else "a cloud identity has no key to ask with"
    if probe is None:
        return "no request is known by which it would tell"
    return "" if probe.free or paid else "it would cost something: ask for it (--paid)"


async def _answer(client: httpx2.AsyncClient, call: Call, probe: Probe) -> tuple[int, str]:
    headers = {**dict(call.headers), "accept": "application/json"}
    method, content = ("POST", probe.body) if probe.body else ("GET", None)
    if content:
        headers["content-type"] = "application/json"
    url = joined(call.base_url, probe.path)
    data = b""
    async with client.stream(method, url, headers=headers, content=content) as response:
        async for part in response.aiter_bytes():
            data += part
            if len(data) > _MOST_BYTES:
                break
    return response.status_code, data.decode(errors="replace")


def _found(probe: Probe, status: int, text: str, told: Callable[[str], str], rules: Rules) -> Verification:
    """What an answer means."""
    try:
        body: Any = json.loads(text)
    except (ValueError, RecursionError):
        body = text
    words = told(f"HTTP {status}: {message_in(body)}".rstrip(": "))
    if status >= 300:
        return Verification(probe.provider, _state(probe, status, text, rules), words)
    left = _at(body, probe.remaining)
    remaining = f"{left} {_at(body, probe.currency) or probe.currency}" if left is not None else ""
    state: VerificationState = "no_credit" if _is_spent(left) else "valid"
    return Verification(probe.provider, probe.means.get(str(status), state), "", told(remaining))


def _state(probe: Probe, status: int, text: str, rules: Rules) -> VerificationState:
    if said := probe.means.get(str(status)):
        return said
    if failure := judged(ErrorResponse(status, text, ""), rules):
        return _STATES.get(failure.means, "unsupported")
    if status < 400 or status >= 500:
        return "unreachable"
    return _BY_STATUS.get(status, "unsupported")


def _at(body: Any, path: str) -> str | int | float | None:
    """The text or number at a dotted path."""
    for step in path.split("."):
        if isinstance(body, list) and step.isdigit():
            body = body[int(step)] if int(step) < len(body) else None
        else:
            body = body.get(step) if isinstance(body, Mapping) else None
    return body if isinstance(body, str | int | float) and not isinstance(body, bool) else None


def _is_spent(left: str | int | float | None) -> bool:
    try:
        return left is not None and float(left) <= 0
    except ValueError:
        return False


def _with_key(routes: Mapping[str, Route]) -> dict[str, Route]:
    """Of providers' own routes, those with a key that could be asked about."""
    return {name: route for name, route in routes.items() if route.credential and route.credential.kind != "none"}
