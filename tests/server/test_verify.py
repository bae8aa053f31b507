"""Verification over HTTP: only on request, and without the key in the response."""

from __future__ import annotations

from typing import Any

from tests.support.http_server import Serve

SECRET = "canary-key-1234"


def test_a_provider_without_a_probe(serve: Serve) -> None:
    """Without a free endpoint to call, the state is `unsupported`, and the response contains no key."""
    answer = serve(DEXTO_API_KEY=SECRET).post("/api/llm/verify", {"providers": ["dexto"]})
    assert answer.json["verifications"]["dexto"]["state"] == "unsupported"
    assert SECRET.encode() not in answer.body


def test_what_was_found_is_kept(serve: Serve) -> None:
    """What an endpoint said stays with its key for all clients, until the key is replaced."""
    client = serve(DEXTO_API_KEY=SECRET)

    def known() -> Any:
        providers = client.json("/api/llm/providers")["providers"]
        return next(each["verified"] for each in providers if each["id"] == "dexto")

    assert known() is None
    client.post("/api/llm/verify", {"providers": ["dexto"]})
    assert known()["state"] == "unsupported"
    client.post("/api/llm/key", {"provider": "dexto", "apiKey": "another-key-5678"})
    assert known() is None


def test_nothing_to_verify(serve: Serve) -> None:
    """Without any key, no endpoint is called."""
    assert serve().post("/api/llm/verify", {}).json["verifications"] == {}


def test_an_unknown_provider(serve: Serve) -> None:
    """An unknown provider is refused with the closest names."""
    answer = serve().post("/api/llm/verify", {"providers": ["anthropc"]})
    assert answer.status == 400
    assert "anthropic" in answer.json["message"]
