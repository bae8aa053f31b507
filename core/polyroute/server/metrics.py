"""Metrics for Prometheus. Labels have what the code declares, and nothing that users write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polyroute import __version__
from polyroute._internal.threads import Workers
from polyroute.errors import MissingExtra
from polyroute.server.measures import Measure, Source
from polyroute.server.operations import Operation
from polyroute.server.probes import UNCACHED
from polyroute.server.request_log import Entry
from polyroute.server.routes.user import VERIFY_PATH
from polyroute.server.state import States

try:
    from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.exposition import generate_latest
except ImportError:
    raise MissingExtra("Metrics", "team") from None

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "polyroute_"
_OTHER = "other"
_METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""In seconds: prepared answers take one millisecond, models minutes."""


class Metrics:
    """What one server has counted. Nothing is global: two servers in a process have metrics of their own."""

    path = "/metrics"

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            f"{_PREFIX}requests",
            "Requests that have ended, by operation and class of the status.",
            ("operation", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            f"{_PREFIX}request_seconds",
            "How long requests took until the end of the response.",
            ("operation",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._verifications = Counter(
            f"{_PREFIX}verifications",
            "Keys that were verified, by what their endpoint said.",
            ("state",),
            registry=self._registry,
        )
        self.add(lambda: [Measure("info", "The version that runs.", 1, ("version", __version__))])

    def add(self, source: Source) -> None:
        """Ask `source` too, at each scrape."""
        self._registry.register(_Collector(source))

    def observe(self, entry: Entry) -> None:
        """Count a request that has ended."""
        is_known = entry.path is not None and entry.method in _METHODS
        operation = f"{entry.method} {entry.path}" if is_known else _OTHER
        status = f"{entry.status // 100}xx" if entry.status else "none"
        self._requests.labels(operation, status).inc()
        self._seconds.labels(operation).observe(entry.seconds)

    def answered(self, operation: Operation, document: Mapping[str, Any]) -> None:
        """Count what the response of an operation says."""
        if operation.path == VERIFY_PATH:
            for each in document["verifications"].values():
                self._verifications.labels(each["state"]).inc()

    def route(self, states: States, lane: Workers) -> Route:
        """Return the HTTP route, which also has what `states` have counted. They are asked in `lane`."""
        self.add(states.measures)

        async def scrape(_: Request) -> Response:
            text = await lane.run(lambda: generate_latest(self._registry))
            return Response(text, headers={"content-type": _CONTENT_TYPE, **UNCACHED})

        return Route(self.path, scrape, methods=["GET"])


class _Collector:
    """Makes metrics of measures, when they are scraped."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Return the metrics of the source."""
        for _, group in groupby(self._source(), key=lambda each: each.name):
            yield _family(list(group))


def _family(measures: list[Measure]) -> CounterMetricFamily | GaugeMetricFamily:
    first = measures[0]
    kind = CounterMetricFamily if first.kind == "counter" else GaugeMetricFamily
    family = kind(f"{_PREFIX}{first.name}", first.about, labels=[first.label[0]] if first.label else [])
    for each in measures:
        family.add_metric([each.label[1]] if each.label else [], each.value)
    return family
