"""The log of requests: one entry for each, without bodies, headers and keys."""

from __future__ import annotations

import json
from queue import Queue
from typing import Any

from tests.support.endpoint_plugins import Direct
from tests.support.fake_endpoint import Serve
from tests.support.http_server import Client
from tests.support.pass_through import BEARER, CHAT, TOKEN, PassingTo, asking, passing_to
from tests.support.serving import started
from tests.support.shell import Shell

__all__ = ["passing_to"]


def test_a_request_for_a_model(serve: Serve, passing_to: PassingTo) -> None:
    """An entry says who asked for which model, which route ran, and with what result."""
    entries: Queue[Any] = Queue()
    client = passing_to(Direct(serve("acme-large")), log=entries.put)
    assert client.send("POST", CHAT, body(), user_agent="claude-cli/2.1.0 (external, cli)").status == 200
    entry = entries.get(timeout=30)
    assert entry.pop("time").endswith("Z")
    assert 0 < entry.pop("milliseconds") < 60_000
    assert entry == {
        "client": "127.0.0.1",
        "program": "claude-cli/2.1.0",
        "method": "POST",
        "path": CHAT,
        "model": "acme/acme-large",
        "route": {"via": "direct", "model": "acme-large", "protocol": "openai-chat"},
        "status": 200,
    }


def test_nothing_secret_is_logged(serve: Serve, passing_to: PassingTo) -> None:
    """No entry has a body, a query, a header, a key or the token, wherever a client puts it."""
    entries: Queue[Any] = Queue()
    client = passing_to(Direct(serve("acme-large")), log=entries.put)
    logged = []
    client.send("POST", f"{CHAT}?key=canary", body("canary"), user_agent=f"{TOKEN}/1", x_canary="canary")
    logged.append(entries.get(timeout=30))
    for path in (f"/v1/{TOKEN}", "/api/llm/current"):
        client.get(path)
        logged.append(entries.get(timeout=30))
    assert [entry["path"] for entry in logged] == [CHAT, "/v1/[REDACTED]", "/api/llm/current"]
    assert "canary" not in str(logged)


def test_a_refused_request(serve: Serve, passing_to: PassingTo) -> None:
    """A refused request is logged too, without a route."""
    entries: Queue[Any] = Queue()
    client = passing_to(Direct(serve("acme-large")), log=entries.put)
    for headers, status in ({}, 400), ({"authorization": ""}, 401):
        client.send("POST", CHAT, b"{}", **headers)
        entry = entries.get(timeout=30)
        assert (entry["status"], entry["route"], entry["model"]) == (status, None, None)


def test_lines_on_stderr(shell: Shell) -> None:
    """`serve --log-json` writes each entry as a line of JSON to stderr."""
    with started(shell, "--log-json", POLYROUTE_TOKEN=TOKEN) as server:
        assert Client(server.ready["url"], **BEARER).get("/api/llm/current").status == 200
        server.end()
        assert server.process.stderr is not None
        (line,) = server.process.stderr.read().splitlines()
    assert (json.loads(line)["path"], json.loads(line)["status"]) == ("/api/llm/current", 200)


def body(text: str = "Hello?") -> bytes:
    return json.dumps(asking("acme/acme-large", user=text)).encode()
