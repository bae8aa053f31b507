"""The log of requests: one entry for each, without bodies, headers and keys."""

from __future__ import annotations

import json
from queue import Queue
from typing import Any

import pytest

from polyroute import Environment
from polyroute.server import Selection
from polyroute.server.trace_context import trace_id
from tests.support.endpoint_plugins import Direct
from tests.support.fake_endpoint import Serve
from tests.support.http_server import Client
from tests.support.http_server import Serve as ServeApi
from tests.support.http_server import serve as serve_api
from tests.support.pass_through import BEARER, CHAT, TOKEN, PassingTo, asking, passing_to
from tests.support.serving import started
from tests.support.shell import Shell

__all__ = ["passing_to", "serve_api"]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_request_for_a_model(serve: Serve, passing_to: PassingTo) -> None:
    """An entry says who asked for which model, which route ran, and with what result."""
    entries: Queue[Any] = Queue()
    client = passing_to(Direct(serve("acme-large")), log=entries.put)
    assert client.send("POST", CHAT, body(), user_agent="claude-cli/2.1.0 (external, cli)").status == 200
    entry = entries.get(timeout=30)
    assert entry.pop("time").endswith("Z")
    assert 0 < entry.pop("milliseconds") < 60_000
    assert entry == {
        "level": "info",
        "event": "request",
        "trace": None,
        "client": "127.0.0.1",
        "program": "claude-cli/2.1.0",
        "method": "POST",
        "path": CHAT,
        "model": "acme/acme-large",
        "route": {"via": "direct", "model": "acme-large", "protocol": "openai-chat"},
        "status": 200,
        "error": None,
        "cause": None,
    }


def test_nothing_secret_is_logged(serve: Serve, passing_to: PassingTo) -> None:
    """No entry has a body, a query, a parameter, a header, a key or the token, wherever a client puts it."""
    entries: Queue[Any] = Queue()
    client = passing_to(Direct(serve("acme-large")), log=entries.put)
    logged = []
    client.send("POST", f"{CHAT}?key=canary", body("canary"), user_agent=f"{TOKEN}/1", x_canary="canary")
    logged.append(entries.get(timeout=30))
    for path in (f"/v1/{TOKEN}", "/canary", "/api/llm/key/canary", "/api/llm/models/canary%2F1", "/api/llm/current"):
        client.get(path, user_agent="canary0123456789012345/1")
        logged.append(entries.get(timeout=30))
    templates = ["/api/llm/key/{provider}", "/api/llm/models/{id}", "/api/llm/current"]
    assert [entry["path"] for entry in logged] == [CHAT, None, None, *templates]
    assert "canary" not in str(logged)


def test_a_refused_request(serve: Serve, passing_to: PassingTo) -> None:
    """A refused request is logged too, without a route."""
    entries: Queue[Any] = Queue()
    client = passing_to(Direct(serve("acme-large")), log=entries.put)
    for headers, status in ({}, 400), ({"authorization": ""}, 401):
        client.send("POST", CHAT, b"{}", **headers)
        entry = entries.get(timeout=30)
        assert (entry["status"], entry["route"], entry["model"]) == (status, None, None)
        assert (entry["level"], bool(entry["error"])) == ("warning", True)


def test_an_unexpected_error(serve_api: ServeApi, capsys: pytest.CaptureFixture[str]) -> None:
    """An unexpected error is one entry that says where it was raised, without its text, and no further line."""
    entries: Queue[Any] = Queue()
    client = serve_api.app(log=entries.put, current=Failing())
    answer = client.get("/api/llm/current", traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    entry = entries.get(timeout=30)
    assert (answer.status, answer.json["code"], answer.json["traceId"]) == (500, "internal_error", TRACE)
    assert (entry["level"], entry["status"], entry["error"]) == ("error", 500, "internal_error")
    assert entry["trace"] == TRACE
    assert entry["cause"].startswith("LookupError in get (")
    assert "canary" not in str(entry)
    assert capsys.readouterr().err == ""


def test_an_unexpected_error_without_a_log(serve_api: ServeApi, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a log, stderr has where it was raised."""
    assert serve_api.app(current=Failing()).get("/api/llm/current").status == 500
    said = capsys.readouterr().err
    assert said.startswith("polyroute: internal error: LookupError in get (")
    assert "canary" not in said


class Failing:
    """A store of current models that has a defect."""

    def get(self, environment: Environment, session: str, /) -> Selection | None:
        """Raise what nobody expects."""
        raise LookupError("canary")

    def set(self, environment: Environment, session: str, selection: Selection, /) -> None:
        """Store nothing."""


@pytest.mark.parametrize(
    "given",
    [
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-00f067aa0ba902b7-01-more",
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7",
        "canary",
    ],
)
def test_an_invalid_trace(given: str) -> None:
    """A `traceparent` that is not valid is no trace."""
    assert trace_id({"headers": [(b"traceparent", given.encode())]}) == ""


def test_a_trace() -> None:
    """The ID of a trace is read from a valid header, also of a later version; not if there are two."""
    header = (b"traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())
    assert trace_id({"headers": [header]}) == TRACE
    assert trace_id({"headers": [(b"traceparent", b"01" + header[1][2:] + b"-more")]}) == TRACE
    assert trace_id({"headers": [header, header]}) == ""


def test_probes_are_not_logged(serve_api: ServeApi) -> None:
    """What balancers ask every second is not in the log."""
    entries: Queue[Any] = Queue()
    client = serve_api.app(log=entries.put)
    for path in ("/ready", "/health", "/api/llm/shortcuts"):
        client.get(path)
    assert entries.get(timeout=30)["path"] == "/api/llm/shortcuts"
    assert entries.empty()


def test_lines_on_stderr(shell: Shell) -> None:
    """`serve --log-json` writes each entry as a line of JSON to stderr."""
    with started(shell, "--log-json", POLYROUTE_TOKEN=TOKEN) as server:
        assert Client(server.ready["url"], **BEARER).get("/api/llm/current").status == 200
        server.end()
        assert server.process.stderr is not None
        start, line = map(json.loads, server.process.stderr.read().splitlines())
    assert (start["level"], start["event"], start["url"]) == ("info", "started", server.ready["url"])
    assert (line["path"], line["status"]) == ("/api/llm/current", 200)


def body(text: str = "Hello?") -> bytes:
    return json.dumps(asking("acme/acme-large", user=text)).encode()
