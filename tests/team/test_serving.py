"""A server of a team: each user has what is in the store, and nothing of the server or of others."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.support.database import Database
from tests.support.http_server import Client
from tests.support.serving import started
from tests.support.shell import Shell
from tests.support.stored import KEY as STORE_KEY
from tests.support.stored import eventually
from tests.support.team_server import HEADER, Team

pytestmark = pytest.mark.team
MODELS, PICKER, KEY = "/api/llm/custom-models", "/api/llm/model-picker-state", "/api/llm/key"
OWN_MODEL = {"provider": "openrouter", "name": "acme/own"}
FAVORITE = {"provider": "openai", "model": "gpt-4o-mini"}
SOON_SECONDS = 2.0
"""Much more than what is promised, since machines are shared."""


def _names(client: Client) -> list[str]:
    return [each["name"] for each in client.json(MODELS)["models"]]


def test_users_have_documents_of_their_own(team: Team) -> None:
    """A user's key, own models, favorites and preferences are that user's in every replica, and no other's."""
    one, two = team.start(), team.start()
    ann = one.client("ann")
    assert ann.post(MODELS, OWN_MODEL).status == 200
    assert ann.post(KEY, {"provider": "openai", "apiKey": "sk-canary-of-ann"}).status == 200
    assert ann.post(f"{PICKER}/favorites/toggle", FAVORITE).status == 200
    assert ann.put("/api/llm/preferences", {"prefer": "openrouter"}).status == 200
    for replica in (one, two):
        found = replica.client("ann")
        assert _names(found) == ["acme/own"]
        assert found.json(f"{KEY}/openai")["hasKey"]
        assert len(found.json(PICKER)["favorites"]) == 1
        assert found.json("/api/llm/preferences")["prefer"] == "openrouter"
        other = replica.client("bob")
        assert _names(other) == []
        assert not other.json(f"{KEY}/openai")["hasKey"]
        assert other.json(PICKER)["favorites"] == []
        assert other.json("/api/llm/preferences")["prefer"] is None


def test_nothing_of_the_server_reaches_users(team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither variables of the server's process nor files in its user's homes are a user's."""
    for name in ("HOME", "POLYROUTE_HOME", "DEXTO_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-of-server")
    (tmp_path / ".env").write_text("ANTHROPIC_API_KEY=sk-canary-of-server\n")
    (tmp_path / "config.toml").write_text('prefer = "openrouter"\n')
    ann = team.start().client("ann")
    assert not ann.json(f"{KEY}/openai")["hasKey"]
    assert not ann.json(f"{KEY}/anthropic")["hasKey"]
    assert ann.json("/api/llm/preferences")["prefer"] is None
    assert ann.post(MODELS, OWN_MODEL).status == 200
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "config.toml"]


def test_another_replica_shows_a_change(team: Team) -> None:
    """What one replica has acknowledged is soon in the answers of another, which had cached its own."""
    one, two = team.start(), team.start()
    known = two.client("ann")
    tag = known.get(MODELS).headers["etag"]
    assert known.get(MODELS, if_none_match=tag).status == 304
    one.client("ann").post(MODELS, OWN_MODEL)
    eventually(lambda: _names(known) == ["acme/own"], SOON_SECONDS)
    assert known.get(MODELS, if_none_match=tag).status == 200


def test_a_database_that_is_away(team: Team, server: Database) -> None:
    """Without the database, known users can read; changes and other users are told when to try again."""
    serving = team.start()
    ann, bob = serving.client("ann"), serving.client("bob")
    ann.post(MODELS, OWN_MODEL)
    assert ann.get(MODELS).status == 200
    server.stop()
    try:
        eventually(lambda: not serving.replica.store.is_listening)
        started = time.monotonic()
        refused = [ann.post(MODELS, {**OWN_MODEL, "name": "acme/later"}), bob.get(MODELS)]
        assert time.monotonic() - started < 2 * SOON_SECONDS
        for answer in refused:
            assert (answer.status, answer.json["code"]) == (503, "store_unavailable")
            assert (answer.headers["retry-after"], answer.json["recovery"]) == ("1", "Try again in a moment.")
        assert _names(ann) == ["acme/own"]
        assert ann.get("/api/llm/catalog").status == 200
    finally:
        server.start()
    eventually(lambda: ann.post(MODELS, {**OWN_MODEL, "name": "acme/later"}).status == 200)
    assert _names(ann) == ["acme/own", "acme/later"]
    assert bob.get(MODELS).status == 200


def test_the_log_of_a_server_without_its_database(shell: Shell, tmp_path: Path) -> None:
    """With --log-json there is nothing but lines of JSON, also while the database is away and a policy is odd."""
    (keys := tmp_path / "keys").write_text(STORE_KEY)
    (policy := tmp_path / "policy.toml").write_text('contact = "c"\nallowed_models = ["anthropic/withdrawn"]\n')
    options = ("--store-key-file", str(keys), "--identity-header", HEADER, "--trusted-proxy", "127.0.0.1", "--log-json")
    url = f"postgresql://canary@/x?host={tmp_path}"
    with started(shell, *options, "--policy-file", str(policy), POLYROUTE_STORE=url) as server:
        ann = Client(server.ready["url"], **{HEADER.replace("-", "_"): "ann"})
        assert [ann.get(MODELS).status, ann.get("/ready").status] == [503, 503]
        server.process.terminate()
        text = server.process.communicate(timeout=30)[1]
    entries = [json.loads(line) for line in text.splitlines()]
    assert [each["event"] for each in entries] == ["policy", "started", "request"]
    assert "line 2: allowed_models[0] 'anthropic/withdrawn' matches no model" in entries[0]["message"]
    assert entries[2]["error"] == "store_unavailable"
    assert "canary" not in text
