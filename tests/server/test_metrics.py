"""Metrics for Prometheus: what they count, who may read them, and that they tell nothing of users."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

from polyroute import MissingExtra
from polyroute.server import Metrics
from polyroute.server.loader import FRESH_SECONDS
from tests.support.http_server import Client, Serve

CANARY = "canary"
FAVORITE = {"provider": "openai", "model": "gpt-5-mini"}


def values(client: Client) -> dict[tuple[str, str], float]:
    """Return all values, as Prometheus's own parser reads them, by name and labels."""
    answer = client.get("/metrics")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    samples = [each for family in parsed(answer.body.decode()) for each in family.samples]
    return {(each.name, " ".join(value for _, value in sorted(each.labels.items()))): each.value for each in samples}


def test_requests_are_counted(serve: Serve) -> None:
    """Requests are counted by operation and class of the status, and by how long they took; probes are not."""
    client = serve.app(metrics=Metrics())
    for path in ("/api/llm/current", "/api/llm/current", "/api/llm/key/a", "/api/llm/key/b", "/nothing", "/health"):
        client.get(path)
    found = values(client)
    counts = {labels: value for (name, labels), value in found.items() if name == "polyroute_requests_total"}
    assert counts == {
        "GET /api/llm/current 2xx": 2,
        "GET /api/llm/key/{provider} 4xx": 2,
        "other 4xx": 1,
    }
    assert found["polyroute_request_seconds_count", "GET /api/llm/current"] == 2
    assert 0 < found["polyroute_request_seconds_sum", "GET /api/llm/current"] < 60
    assert found["polyroute_request_seconds_bucket", "+Inf GET /api/llm/current"] == 2


def test_states_and_plugins(serve: Serve) -> None:
    """There are metrics of the states that are kept and loaded, of prepared answers, and of plugins."""
    client = serve.app(metrics=Metrics())
    before = values(client)
    client.get("/api/llm/current")
    client.get("/api/llm/status")
    after = values(client)
    assert (before["polyroute_snapshots", ""], after["polyroute_snapshots", ""]) == (0, 1)
    assert after["polyroute_snapshot_loads_total", "loaded"] == 1
    assert after["polyroute_snapshot_loads_total", "failed"] == 0
    assert after["polyroute_answer_bytes", ""] > before["polyroute_answer_bytes", ""]
    assert after["polyroute_plugins", "enabled"] >= 3
    assert after["polyroute_plugin_problems", ""] == 0


def test_a_folder_that_is_made_later_loads_the_state_once(serve: Serve) -> None:
    """The first file of a user makes the folder of others that are missing; the state is not loaded at each request."""
    client = serve.app(plugins=None, metrics=Metrics())
    assert client.post("/api/llm/model-picker-state/favorites/toggle", FAVORITE).status == 200
    for _ in range(6):
        time.sleep(2 * FRESH_SECONDS)
        assert client.get("/api/llm/current").status == 200
    assert values(client)["polyroute_snapshot_loads_total", "loaded"] <= 3


def test_verifications(serve: Serve) -> None:
    """Results of verifications are counted by what the endpoint said, without the provider."""
    client = serve.app(metrics=Metrics())
    client.post("/api/llm/verify", {"providers": ["dexto"]})
    found = {labels: value for (name, labels), value in values(client).items() if name.endswith("verifications_total")}
    assert found == {"unsupported": 1}


def test_nothing_of_users(serve: Serve) -> None:
    """Whatever a client puts into methods, paths, queries, headers and bodies, no metric has it."""
    client = serve.app(metrics=Metrics())
    named: dict[str, Any] = {"user_agent": f"{CANARY}/1", "x_forwarded_user": CANARY, "traceparent": CANARY}
    for path in (f"/{CANARY}", f"/api/{CANARY}", f"/api/llm/key/{CANARY}", f"/api/llm/models/{CANARY}%2Fa"):
        client.get(path, **named)
        client.send("DELETE", path, **named)
        client.send(CANARY.upper(), path, **named)
    client.get(f"/api/llm/search?q={CANARY}", **named)
    client.post("/api/llm/key", {"provider": "xai", "apiKey": CANARY})
    client.post("/api/llm/custom-models", {"provider": "openrouter", "name": f"{CANARY}/m"})
    assert len(values(client)) > 50
    assert CANARY not in client.get("/metrics").body.decode().lower()


def test_who_may_read_them(serve: Serve) -> None:
    """They need the token if there is one, and pages of other origins may not read them."""
    client = serve.app(metrics=Metrics(), token="right")
    anonymous = Client(client.url)
    assert client.get("/metrics").status == 200
    assert anonymous.get("/metrics").status == 401
    assert client.get("/metrics", origin="https://evil.example").status == 403
    assert client.get("/metrics", sec_fetch_site="cross-site").status == 403
    assert client.get("/metrics", host="evil.example").status == 403
    assert client.send("POST", "/metrics").status == 404


def test_they_are_off_unless_asked_for(serve: Serve) -> None:
    """Without metrics there is no such path."""
    assert serve().get("/metrics").status == 404


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the library is not installed, the error names the extra that has it."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.delitem(sys.modules, "polyroute.server.metrics")
    with pytest.raises(MissingExtra, match=r"polyroute\[team\]"):
        importlib.import_module("polyroute.server.metrics")


def test_a_single_user_imports_none_of_it() -> None:
    """Without its options, the command and the server import nothing that is for a team."""
    source = """if True:
        import sys
        import polyroute.cli.serve
        from polyroute.server import create_app, process
        create_app()
        print(*{name.partition(".")[0] for name in sys.modules} & {"prometheus_client", "psycopg", "cryptography"})
        print(*{"polyroute.server.metrics", "polyroute.server.team", "polyroute.postgres"} & set(sys.modules))
    """
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
