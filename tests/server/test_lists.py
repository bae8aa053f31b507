"""Lists of models over HTTP: validating IDs, and fetching the lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from polyroute import Plugins
from tests.support.file_server import running
from tests.support.http_server import Client, Serve
from tests.support.serving import started, within
from tests.support.shell import Shell


def test_offline_is_said(serve: Serve) -> None:
    """Offline, fetching lists fails as the contract requires: `ok` is false."""
    answer = serve(POLYROUTE_OFFLINE="1").send("POST", "/api/openrouter/refresh-cache")
    assert (answer.status, answer.json["ok"]) == (500, False)
    assert "offline" in answer.json["message"]


@pytest.mark.parametrize("name", ["z-ai/glm-4.5-aiir", "nobody/knows"])
def test_what_is_in_no_list(serve: Serve, name: str) -> None:
    """Without a fresh list, an unlisted model is `unknown` rather than `invalid`, and similar IDs are suggested."""
    found = serve().json(f"/api/openrouter/validate/{name.replace('/', '%2F')}")
    assert (found["valid"], found["status"]) == (False, "unknown")
    assert ("z-ai/glm-4.5-air" in found["suggestions"]) == name.startswith("z-ai")


def test_stale_lists_are_fetched_behind_the_back(tmp_path: Path, plugins: Plugins) -> None:
    """A server fetches stale lists in the background, and at once on request; it answers from what it fetched."""
    shell = Shell(tmp_path)
    (shell.ours / "cache").unlink()  # the server makes a cache of its own
    listed = [listing(name) for name in plugins.models("openrouter")]
    with running() as upstream:
        own = upstream.put("/models", {"data": [*listed, listing("made/up")]})
        urls = f"openrouter={own} models-dev={upstream.put('/no', b'not a list')}"
        with started(shell, POLYROUTE_LIST_URLS=urls, POLYROUTE_OFFLINE="") as server:
            assert becomes(server.client, "made/up", "valid")
            assert becomes(server.client, "made/later", "invalid")  # it is not in the fresh list
            upstream.put("/models", {"data": [*listed, listing("made/later")]})
            refreshed = server.client.send("POST", "/api/openrouter/refresh-cache")
            assert refreshed.status == 500  # one of the two lists is invalid
            assert becomes(server.client, "made/later", "valid")


def test_lists_are_left_alone_on_request(tmp_path: Path, plugins: Plugins) -> None:
    """With `--no-refresh` a server fetches lists only when it is told to, once each."""
    shell = Shell(tmp_path)
    (shell.ours / "cache").unlink()
    with running() as upstream:
        own = upstream.put("/models", {"data": [*map(listing, plugins.models("openrouter")), listing("made/up")]})
        urls = f"openrouter={own} models-dev={upstream.put('/no', b'not a list')}"
        with started(shell, "--no-refresh", POLYROUTE_LIST_URLS=urls, POLYROUTE_OFFLINE="") as server:
            assert server.client.get("/api/openrouter/validate/made%2Fup").json["status"] == "unknown"
            server.client.send("POST", "/api/openrouter/refresh-cache")
            assert becomes(server.client, "made/up", "valid")
        assert sorted(path for path, _ in upstream.seen) == ["/models", "/no"]


def becomes(client: Client, name: str, status: str) -> bool:
    """Return whether a model's ID gets this status soon."""
    path = f"/api/openrouter/validate/{name.replace('/', '%2F')}"
    return within(30, lambda: client.get(path).json.get("status") == status)


def listing(name: str) -> dict[str, Any]:
    """Return a model in the form of the gateway's own list."""
    return {
        "id": name,
        "name": name,
        "created": 1_790_000_000,
        "context_length": 1_000,
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "pricing": {"prompt": "0.000003", "completion": "0.000015"},
        "top_provider": {"max_completion_tokens": 100},
    }
