"""Verify credentials by sending requests to their endpoints."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from polyroute._internal import http_client
from polyroute._internal.redact import redacted
from polyroute._internal.threads import Workers
from polyroute.base_url import joined
from polyroute.environment import Environment
from polyroute.errors import PolyrouteError, SecretUnavailable
from polyroute.fallback.failures import ErrorResponse, interpret, message_in
from polyroute.fallback.rules import Rules
from polyroute.named_tuples import NamedTuple
from polyroute.results import LocalServer, Route
from polyroute.routing.destinations import REASON, may_take
from polyroute.routing.protocols import failure_rules
from polyroute.types import DIRECT, Call, Probe, Verification, VerificationState

if TYPE_CHECKING:
    import httpx2

    from polyroute.catalog import Catalog

SECONDS = 10.0
"""The default time limit of a verification, for all providers together."""
_KEPT_SECONDS = 60.0
_MOST_BYTES = 1 << 20
_STATES: Mapping[str, VerificationState] = {
    "no_credit": "no_credit",
    "invalid": "invalid",
    "unavailable": "unreachable",
    "rate_limited": "rate_limited",
}
_BY_STATUS: Mapping[int, VerificationState] = {403: "invalid"}


Known = Probe | Verification
"""The request that verifies a credential, or the verification that its plugin has already made."""


class RecentResults:
    """The results of the last minute, by endpoint and by a salted digest of the key, which does not reveal it."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)
        self._results: dict[tuple[str, bytes], tuple[float, Verification]] = {}

    def get(self, call: Call) -> Verification | None:
        """Return the result for `call` if it is recent, else None."""
        at, found = self._results.get(self._key(call), (0.0, None))
        return found if found and time.monotonic() - at < _KEPT_SECONDS else None

    def put(self, call: Call, found: Verification) -> None:
        """Keep the result for `call`."""
        self._results[self._key(call)] = time.monotonic(), found

    def _key(self, call: Call) -> tuple[str, bytes]:
        headers = json.dumps(call.headers).encode()
        return call.base_url, hashlib.blake2b(headers, key=self._salt, digest_size=16).digest()


_KEPT = RecentResults()
"""The recent results of this process. A result can only be looked up with its key."""


class VerificationRequest(NamedTuple):
    """The environment and the limits of a verification."""

    environment: Environment
    paid: bool = False
    seconds: float = SECONDS
    rules: Mapping[str, Rules] = MappingProxyType({})
    """By provider, the rules that interpret its endpoint's errors."""


def verify(
    catalog: Catalog, providers: Iterable[str] = (), *, paid: bool = False, seconds: float = SECONDS
) -> tuple[Verification, ...]:
    """Return whether the keys of these providers, or of all that have one, work now, as their endpoints report.

    All endpoints are requested concurrently, within `seconds`. Results are kept for a minute. `paid` allows requests
    that cost money. Raises UnknownProvider; MissingExtra.
    """
    from polyroute import local_servers  # it imports an HTTP client

    catalog = local_servers.unasked(catalog)
    asked = [catalog.provider(name) for name in providers]
    among = asked or catalog.status().providers.values()
    direct = {each.provider.id: next(route for route in each.routes if route.via == DIRECT) for each in among}
    routes = direct if asked else _with_key(direct)
    refused = {name for name, each in routes.items() if not may_take(each, catalog.environment, catalog.plugins)}
    credentials = tuple(each.credential for name, each in routes.items() if each.credential and name not in refused)
    probes = catalog.plugins.verifications(credentials, catalog.environment)
    probes |= {name: Verification(name, "unsupported", REASON) for name in refused}
    own = {name: route for name, route in routes.items() if route.credential and route.credential.kind == "none"}
    servers = local_servers.states(catalog, own, seconds=local_servers.SECONDS) if own else {}
    probes |= {name: _of_server(each) for name, each in servers.items() if each.state != "unchecked"}
    rules = {name: failure_rules(route, name, catalog.plugins) for name, route in routes.items()}
    return _verified(routes, probes, VerificationRequest(catalog.environment, paid, seconds, rules))


def _of_server(server: LocalServer) -> Verification:
    if server.state == "running":
        return Verification(server.provider, "valid", f"running with {len(server.models)} models at {server.address}")
    return Verification(server.provider, "unreachable", f"not running at {server.address}")


def _verified(
    routes: Mapping[str, Route], probes: Mapping[str, Known], asking: VerificationRequest
) -> tuple[Verification, ...]:
    """Verify the direct route of each provider, in a thread because the caller may run an event loop.

    Ctrl+C ends the requests, for which the thread would otherwise wait.
    """
    started: Future[Callable[[], object]] = Future()

    def run() -> tuple[Verification, ...]:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            work = loop.create_task(_all(routes, probes, asking))
            started.set_result(partial(loop.call_soon_threadsafe, work.cancel))
            return loop.run_until_complete(work)

    with ThreadPoolExecutor(1, "polyroute-verify") as pool:
        ended = pool.submit(run)
        try:
            return ended.result()
        except KeyboardInterrupt:
            started.result()()
            raise


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
        return await _of_plugin(probe, route, asking, readers)
    why = _unsupported(route, probe, asking.paid)
    if why or probe is None:
        return Verification(name, "unsupported", why)
    try:
        async with asyncio.timeout(asking.seconds):
            # in a thread: a keyring may wait for the user, and a plugin for the network
            call = await readers.run(lambda: asking.environment.call(route))
            found = _KEPT.get(call)
            if found is None:
                found = await _asked(client, call, probe, asking)
                _KEPT.put(call, found)
        if found.state == "invalid" and route.credential:
            asking.environment.forget(route.credential)
    except SecretUnavailable as error:
        return Verification(name, "invalid", _safe(str(error), asking))
    except TimeoutError:
        return Verification(name, "unreachable", f"no response within {asking.seconds:g} seconds")
    return found._replace(provider=name)


async def _of_plugin(found: Verification, route: Route, asking: VerificationRequest, readers: Workers) -> Verification:
    """Return what a plugin found out, without the secret, which is read because the message may quote it."""
    if found.message and route.credential:
        with contextlib.suppress(SecretUnavailable, TimeoutError):
            async with asyncio.timeout(asking.seconds):
                await readers.run(lambda: asking.environment.secret(route.credential))
    return found._replace(message=_safe(found.message, asking))


async def _asked(client: httpx2.AsyncClient, call: Call, probe: Probe, asking: VerificationRequest) -> Verification:
    try:
        return _found(
            probe,
            *await _response(client, call, probe),
            partial(_safe, asking=asking),
            asking.rules.get(probe.provider, ()),
        )
    except PolyrouteError as error:
        return Verification(probe.provider, "unreachable", _safe(str(error), asking))
    except Exception as error:  # the client library may raise anything for a bad network or a bad response
        return Verification(probe.provider, "unreachable", _safe(http_client.failure(error), asking))


def _safe(text: str, asking: VerificationRequest) -> str:
    return redacted(asking.environment.without_secrets(text))


def _unsupported(route: Route, probe: Probe | None, paid: bool) -> str:
    """Return why the credential can't be verified; empty if it can."""
    credential = route.credential
    if credential is None:
        return f"there is no credential: {route.reason}"
    if credential.kind in ("none", "cloud-identity"):
        return "it needs no key" if credential.kind == "none" else "a cloud identity has no key to verify"
    if credential.address:
        return f"it is called at the address in {credential.address}, for which there is no request that verifies a key"
    if probe is None:
        return "its plugin declares no request that verifies a key"
    return "" if probe.free or paid else f"the request costs money: `polyroute verify {probe.provider} --paid` sends it"


async def _response(client: httpx2.AsyncClient, call: Call, probe: Probe) -> tuple[int, str]:
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


def _found(probe: Probe, status: int, text: str, safe: Callable[[str], str], rules: Rules) -> Verification:
    """Interpret a response."""
    try:
        body: Any = json.loads(text)
    except (ValueError, RecursionError):
        body = text
    message = safe(f"HTTP {status}: {message_in(body)}".rstrip(": "))
    if status >= 300:
        return Verification(probe.provider, _state(probe, status, text, rules), message)
    left = _at(body, probe.remaining)
    remaining = f"{left} {_at(body, probe.currency) or probe.currency}" if left is not None else ""
    state: VerificationState = "no_credit" if _is_spent(left) else "valid"
    return Verification(probe.provider, probe.means.get(str(status), state), "", safe(remaining))


def _state(probe: Probe, status: int, text: str, rules: Rules) -> VerificationState:
    if state := probe.means.get(str(status)):
        return state
    failure = interpret(ErrorResponse(status, text, ""), rules)
    if failure and failure.means != "caller":
        return _STATES.get(failure.means, "unsupported")
    if status < 400 or status >= 500:
        return "unreachable"
    return _BY_STATUS.get(status, "unsupported")


def _at(body: Any, path: str) -> str | int | float | None:
    """Return the text or number at a dotted path, or None."""
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
    """Return the direct routes with a credential that may be verified."""
    return {name: route for name, route in routes.items() if route.credential and route.credential.kind != "none"}
