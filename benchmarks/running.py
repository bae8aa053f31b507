"""The time that Polyroute adds to a call of an SDK, and to the slowest of many verifications."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import openai as sdk

from benchmarks.measuring import Figure, fastest, interleaved, judged, seconds, show
from polyroute import (
    Alternative,
    Catalog,
    Environment,
    Group,
    Preferences,
    Probe,
    Provider,
    Route,
    Slot,
    hookimpl,
    verify,
)
from polyroute.integrations.guard import Guard

ADDED_MICROSECONDS = 50
RATIO, MILLISECONDS = 1.3, 20
PROVIDERS = 20
SLOWEST = 0.3
CALLS = 200
_ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}],
}


class Made:
    """A plugin with providers that have keys and probes, all at one server."""

    def __init__(self, url: str) -> None:
        self.url = url

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return the providers."""
        groups = (Group((Slot("key", (Alternative("ACME_KEY"),), secret=True),)),)
        return [Provider(f"acme{i}", "Acme", "host", groups, f"{self.url}/{i}") for i in range(PROVIDERS)]

    @hookimpl
    def polyroute_verifications(self) -> list[Probe]:
        """Return a probe for each provider."""
        return [Probe(f"acme{i}", "/models") for i in range(PROVIDERS)]


class Slow(BaseHTTPRequestHandler):
    """An endpoint that takes from 10 ms for the first provider to the time of the slowest for the last."""

    def do_GET(self) -> None:
        """Respond after the provider's delay."""
        number = int(self.path.split("/")[1])
        time.sleep(0.01 + (SLOWEST - 0.01) * number / (PROVIDERS - 1))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Log nothing."""


class Server(ThreadingHTTPServer):
    """A server whose queue has room for all concurrent requests, because a full queue delays requests by a second."""

    request_queue_size = 4 * PROVIDERS


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Run such a server on this machine, and yield its address."""
    with Server(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    with serving() as url:
        user = Environment({"ACME_KEY": "k"})
        catalog = Catalog.load([Made(url)], only=[], environment=user, preferences=Preferences())
        good = show("A call through OpenAI's SDK", _calls(catalog.resolve("acme0/m"), catalog, options.repeats))
        good &= show(f"Verification of {PROVIDERS} providers", _verifications(catalog))
    return 0 if good or not options.check else 1


def _calls(route: Route, catalog: Catalog, repeats: int) -> list[Figure]:
    """Measure calls without a network, which leaves only the work of the SDK and of the integration."""
    answer = httpx.MockTransport(lambda _: httpx.Response(200, json=_ANSWER))
    guard = Guard(route, catalog.environment)
    untouched: Any = httpx.Client(transport=answer)  # newer versions of the SDK have another client as their type
    guarded: Any = httpx.Client(transport=answer, **guard.options(httpx.Client, {"transport": answer}))
    bare = sdk.OpenAI(base_url=route.base_url, api_key="k", http_client=untouched)
    ours = sdk.OpenAI(base_url=route.base_url, api_key="k", http_client=guarded)
    guard.remove_defaults(ours.default_headers)
    clients: Mapping[str, Any] = {"bare": bare, "guarded": ours}
    taken = fastest(interleaved({name: _many(client) for name, client in clients.items()}, repeats))
    added = (taken["guarded"] - taken["bare"]) / CALLS * 1e6
    return [
        Figure("the bare SDK", f"{taken['bare'] / CALLS * 1e6:.0f} µs"),
        judged("added by the integration", added, "µs", ADDED_MICROSECONDS),
    ]


def _many(client: sdk.OpenAI) -> Callable[[], float]:
    def once() -> None:
        for _ in range(CALLS):
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])

    return lambda: seconds(once)


def _verifications(catalog: Catalog) -> list[Figure]:
    """Measure once, because results are kept. This includes creating the client."""
    start = time.perf_counter()
    found = verify(catalog)
    taken = time.perf_counter() - start
    if [each.state for each in found] != ["valid"] * PROVIDERS:
        raise RuntimeError(f"nothing was measured: {found[0]}")
    over = (taken - SLOWEST * RATIO) * 1000
    return [
        Figure("all of them, times the slowest", f"{taken / SLOWEST:.2f}"),
        judged(f"over {RATIO} times the slowest", over, "ms", MILLISECONDS),
    ]


if __name__ == "__main__":
    sys.exit(main())
