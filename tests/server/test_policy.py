"""A policy of an organisation over HTTP: what is not allowed, what is locked, and whose keys nobody sees."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Scope

from polyroute import Environment, Plugins
from polyroute.organisation import KeyPlace, LockedPreferences, OrganisationPolicy
from polyroute.server import PolicyFile, create_app
from polyroute.server.table import OPERATIONS
from tests.server.test_canaries import FILLED, REQUESTS
from tests.support.http_server import Client, running
from tests.support.serving import started, within
from tests.support.shell import Shell

CLAUDE, GPT = "anthropic/claude-sonnet-4-5", "openai/gpt-5"
ASK = "To have it allowed, ask #models."
KEY = "sk-ant-organisation-0123456789-Qx7Zp"
RULES = """\
contact = "#models"
allowed_providers = ["anthropic", "openrouter"]
allowed_models = ["anthropic/claude-*"]

[preferences]
prefer = "direct"
disable_providers = []
"""


@pytest.fixture
def client(plugins: Plugins, tmp_path: Path) -> Iterator[Client]:
    """Return a client of a server whose only user has keys of three providers, under a policy."""
    (tmp_path / "key").write_text(f"{KEY}\n")
    policy = OrganisationPolicy(
        "#models",
        ("anthropic", "openrouter"),
        ("anthropic/claude-*",),
        preferences=LockedPreferences(prefer="direct", disable_providers=()),
        keys={"ANTHROPIC_API_KEY": KeyPlace(file=str(tmp_path / "key"))},
    )
    keys = {"OPENAI_API_KEY": "own-openai", "OPENROUTER_API_KEY": "own-openrouter"}
    with running(create_app(plugins=plugins, environment=Environment(keys, home=tmp_path), policy=policy)) as found:
        yield found


def test_every_surface_says_that_the_policy_does_not_allow_a_model(client: Client) -> None:
    """Catalog, status, one model, its ways and the list of models name the policy, and whom to ask."""
    refused = f"the organisation's policy does not allow {GPT}"
    listed = client.json("/api/llm/catalog?provider=openai,anthropic")["providers"]
    gpt = next(each for each in listed["openai"]["models"] if each["name"] == "gpt-5")
    assert (gpt["usable"], listed["openai"]["hasApiKey"]) == (False, False)
    assert listed["anthropic"]["hasApiKey"]
    status = client.json("/api/llm/status?provider=openai")["providers"]["openai"]["routes"]
    assert {(each["reason"], each["remedy"]) for each in status} == {
        ("the organisation's policy does not allow openai's models", ASK)
    }
    resolved = client.json(f"/api/llm/resolve?model={GPT}")
    assert (resolved["route"], {each["reason"] for each in resolved["routes"]}) == (None, {refused})
    rows = {each["id"]: each["runs"] for each in client.json("/api/llm/models?q=gpt-5")["models"]}
    assert rows[GPT] == {"usable": False, "allowed": False}
    ways = client.json("/api/llm/models/openai%2Fgpt-5")["ways"]
    assert {(each["allowed"], each["remedy"], len(each["missing"])) for each in ways} == {(False, ASK, 0)}
    assert refused in {each["reason"] for each in ways}
    assert client.json(f"/api/llm/resolve?model={CLAUDE}")["route"]["via"] == "direct"


def test_a_switch_to_a_model_that_is_not_allowed_is_forbidden(client: Client) -> None:
    """A switch answers 403 with the policy's words, also with a key or an address of the user's own."""
    gpt = {"provider": "openai", "model": "gpt-5"}
    mine = {"provider": "openai-compatible", "model": "gpt-5", "baseURL": "https://mine.example/v1"}
    for choice in (gpt, {**gpt, "apiKey": "own"}, {**mine, "apiKey": "own"}):
        answer = client.post("/api/llm/switch", choice)
        assert (answer.status, answer.json["code"]) == (403, "llm_not_allowed"), answer.plain
        assert ASK in answer.json["message"]


@pytest.mark.parametrize(
    "change",
    [
        {"prefer": "openrouter"},
        {"order": ["direct"]},
        {"pins": {"openai": "openrouter"}},
        {"disabled": ["openai"]},
        {"preferDextoCredits": True},
    ],
)
def test_a_locked_preference_can_not_be_changed(client: Client, change: dict[str, Any], tmp_path: Path) -> None:
    """A change answers 409 and says who locked it, and nothing is written."""
    answer = client.put("/api/llm/preferences", change)
    assert (answer.status, answer.json["code"]) == (409, "preference_locked")
    assert "locked by the organisation's policy" in answer.json["message"]
    assert "ask #models" in answer.json["message"]
    assert not (tmp_path / ".config" / "polyroute" / "config.toml").exists()
    found = client.json("/api/llm/preferences")
    assert (found["prefer"], found["disabled"], found["contact"]) == ("direct", [], "#models")
    assert found["locked"] == ["prefer", "order", "pins", "disabled"]


def test_a_key_that_is_stored_pins_nothing_that_is_locked(client: Client) -> None:
    """Storing the key of a gateway succeeds, though the order of routes is locked."""
    answer = client.post("/api/llm/key", {"provider": "openrouter", "apiKey": "own-new-key-of-openrouter"})
    assert (answer.status, answer.json["pinned"]) == (200, False)


def test_the_organisations_key_is_named_and_stays(client: Client) -> None:
    """A user sees that there is a key and whose it is, no mask, and can't remove it; an own key comes before it."""
    found = client.json("/api/llm/key/anthropic")
    assert (found["hasKey"], found["source"], "keyValue" in found) == (True, "organisation ANTHROPIC_API_KEY", False)
    removed = client.delete("/api/llm/key/anthropic").json
    assert (removed["removed"], removed["left"]) == (False, "organisation ANTHROPIC_API_KEY")
    assert client.post("/api/llm/key", {"provider": "anthropic", "apiKey": "own-anthropic-key"}).status == 200
    assert client.json("/api/llm/key/anthropic")["source"] == "global .env ANTHROPIC_API_KEY"
    assert client.delete("/api/llm/key/anthropic").json["removed"] is True
    assert client.json("/api/llm/key/anthropic")["source"] == "organisation ANTHROPIC_API_KEY"
    providers = client.json("/api/llm/providers")["providers"]
    assert [each["removable"] for each in providers if each["id"] == "anthropic"] == [False]


def test_no_response_has_the_organisations_key(client: Client) -> None:
    """No operation's response has the key or its last four characters."""
    for operation in OPERATIONS:
        if operation.method + operation.path in ("POST/llm/lists/refresh", "POST/openrouter/refresh-cache"):
            continue  # the network
        path = operation.path
        for part, value in FILLED.items():
            path = path.replace(part, value)
        for query, document in REQUESTS.get(f"{operation.method} {operation.path}", [("", None)]):
            if path == "/llm/verify":
                document = {"providers": ["groq"]}  # noqa: PLW2901 - nothing is sent
            body = None if document is None else json.dumps(document).encode()
            answer = client.send(operation.method, f"/api{path}{query}", body, content_type="application/json")
            assert KEY[-4:] not in f"{dict(answer.headers)} {answer.plain.decode()}", path


def _name(scope: Scope) -> bytes:
    found: bytes = dict(scope["headers"])[b"x-user"]
    return found


def test_users_of_one_policy_share_answers_that_follow_from_it(plugins: Plugins, tmp_path: Path) -> None:
    """After a new version of the file, nobody gets an answer of the former one."""
    file = tmp_path / "policy.toml"
    file.write_text(RULES)
    users = {name: Environment({}, home=tmp_path / name.decode()) for name in (b"ann", b"bob")}
    policy = PolicyFile(str(file))
    app = create_app(plugins=plugins, environment=lambda scope: users[_name(scope)], policy=policy)
    with running(app) as client:

        def told() -> list[bool]:
            answers = [client.get("/api/llm/status", x_user=name).plain.decode() for name in ("ann", "bob")]
            return ["ask #others." in each for each in answers]

        assert told() == [False, False]
        file.write_text(RULES.replace("#models", "#others"))
        assert within(5, lambda: told() == [True, True])


def test_a_wrong_new_version_leaves_the_former_one(
    plugins: Plugins, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The former version stays in force, users are told that, and the operator is told what is wrong, by line."""
    file = tmp_path / "policy.toml"
    file.write_text(RULES)
    with running(
        create_app(plugins=plugins, environment=Environment({}, home=tmp_path), policy=PolicyFile(str(file)))
    ) as client:
        file.write_text(RULES.replace("prefer =", "prefers ="))
        said = "the new version of the organisation's policy is wrong; the former one stays in force"
        assert within(5, lambda: said in client.get("/api/llm/status?provider=openai").plain.decode())
        assert client.json("/api/llm/preferences")["prefer"] == "direct"
        assert "line 6: preferences.prefers is not a known key. Did you mean 'prefer'?" in capfd.readouterr().err
        file.write_text(RULES)
        assert within(5, lambda: said not in client.get("/api/llm/status?provider=openai").plain.decode())


def test_a_server_without_a_policy_imports_nothing_of_it(shell: Shell) -> None:
    """Nobody pays for policies who has none."""
    code = "import sys; from polyroute.server import create_app; app = create_app(); import polyroute; "
    code += "polyroute.Catalog.load().status(); print([name for name in sys.modules if 'organisation' in name])"
    found = subprocess.run(
        [sys.executable, "-c", code], env=shell.variables, capture_output=True, text=True, check=True
    )
    assert found.stdout == "[]\n"


def test_serve_refuses_a_wrong_policy(shell: Shell, tmp_path: Path) -> None:
    """The command exits with 2 and says in which line what is wrong, before it listens."""
    file = tmp_path / "policy.toml"
    file.write_text(RULES.replace("openrouter", "opnrouter"))
    done = shell.run("serve", "--policy-file", str(file))
    assert done.returncode == 2
    assert "line 2: allowed_providers[1] 'opnrouter' matches no provider. Did you mean openrouter" in done.stderr


def test_a_model_that_was_withdrawn_blocks_no_start(shell: Shell, tmp_path: Path) -> None:
    """A server starts with a pattern that matches no listed model: it says so on stderr, and counts it."""
    file = tmp_path / "policy.toml"
    file.write_text(RULES.replace('"anthropic/claude-*"', '"anthropic/claude-*", "anthropic/claude-0-withdrawn"'))
    with started(shell, "--policy-file", str(file), "--metrics") as server:
        metrics = server.client.get("/metrics").body.decode()
        assert "polyroute_policy_unlisted 1.0" in metrics
        assert "polyroute_policy_latest 1.0" in metrics
        file.write_text(RULES.replace("prefer =", "prefers ="))
        assert within(5, lambda: "wrong" in server.client.get("/api/llm/status?provider=openai").body.decode())
        assert "polyroute_policy_latest 0.0" in server.client.get("/metrics").body.decode()
        server.process.terminate()
        said = server.process.communicate(timeout=30)[1]
    assert "warning: " in said
    assert "line 3: allowed_models[1] 'anthropic/claude-0-withdrawn' matches no model in any list now." in said


def test_a_server_with_a_policy_file(shell: Shell, tmp_path: Path) -> None:
    """A real server answers 409 to a change of what is locked, and takes a new version of the file."""
    file = tmp_path / "policy.toml"
    file.write_text(f'{RULES}\n[keys]\nANTHROPIC_API_KEY = {{ variable = "ACME_ANTHROPIC" }}\n')
    with started(shell, "--policy-file", str(file), ACME_ANTHROPIC=KEY) as server:
        client = server.client
        assert client.put("/api/llm/preferences", {"prefer": "openrouter"}).status == 409
        assert client.json("/api/llm/key/anthropic")["source"] == "organisation ANTHROPIC_API_KEY"
        file.write_text('contact = "#models"\n')
        assert within(5, lambda: client.json("/api/llm/preferences")["locked"] == [])
        assert client.put("/api/llm/preferences", {"prefer": "openrouter"}).status == 200
        assert client.json("/api/llm/key/anthropic")["hasKey"] is False
