"""What a user of a team's server can't reach: the server's machine, its network, and what is its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from polyroute import Plugins
from polyroute.plugins.trust.approvals import Approvals
from polyroute.postgres.stored_user import HOME
from polyroute.server import PassThrough
from polyroute.types.policies import OrganisationPolicy
from tests.support.endpoint_plugins import Direct
from tests.support.fake_endpoint import Upstream
from tests.support.http_server import Client
from tests.support.manifests import ACME, PROGRAM
from tests.support.pass_through import CHAT, TOKEN, asking
from tests.support.team_server import Team

pytestmark = pytest.mark.team
MODELS, KEY, VERIFY = "/api/llm/custom-models", "/api/llm/key", "/api/llm/verify"


@pytest.fixture
def declared() -> Iterator[Upstream]:
    """Return the endpoint of the provider `acme`, as its plugin declares it."""
    with Upstream("large").running() as found:
        yield found


@pytest.fixture
def inside() -> Iterator[Upstream]:
    """Return a server in the network of the team's server, which no plugin declares."""
    with Upstream("large").running() as found:
        yield found


@pytest.fixture
def ann(team: Team, declared: Upstream) -> Client:
    """Return a client of a user with a pass-through."""
    plugins = Plugins.load([Direct(declared)], only=["direct", "openrouter", "dexto"])
    options = {"token": TOKEN, "pass_through": PassThrough("auto", translate=False)}
    return team.start(plugins=plugins, **options).client("ann")


def test_the_endpoint_of_a_plugin_is_called(ann: Client, declared: Upstream) -> None:
    """With a user's key, the pass-through calls the endpoint that a plugin declares."""
    assert ann.post(KEY, {"provider": "acme", "apiKey": declared.key}).status == 200
    assert ann.post(CHAT, asking("acme/large")).status == 200
    assert [each.path for each in declared.received] == ["/v1/chat/completions"]


@pytest.mark.parametrize("provider", ["openai-compatible", "ollama"])
def test_an_address_of_a_user_is_not_called(ann: Client, inside: Upstream, provider: str) -> None:
    """The server sends nothing to a base URL that a user has set, and says so; the model stays the user's."""
    own = {"provider": provider, "name": "large", "baseURL": inside.url, "apiKey": inside.key}
    assert ann.post(MODELS, own).status == 200
    refused = ann.post(CHAT, asking(f"{provider}/large"))
    assert (refused.status, "to an address that a user has set" in refused.json["error"]["message"]) == (400, True)
    assert f"{provider}/large" not in {each["id"] for each in ann.json("/v1/models")["data"]}
    assert ann.json(f"/api/llm/resolve?model={provider}/large")["route"]
    assert inside.received == []


@pytest.mark.parametrize(("hosts", "status"), [(("127.0.0.1",), 200), (("llm.acme.example",), 400), (None, 400)])
def test_a_policy_allows_addresses(team: Team, inside: Upstream, hosts: tuple[str, ...] | None, status: int) -> None:
    """With a policy, the server calls those addresses of users whose host the policy allows, and no others."""
    policy = OrganisationPolicy(contact="admins@acme.example", allowed_hosts=hosts)
    passing = PassThrough("auto", translate=False)
    ann = team.start(token=TOKEN, pass_through=passing, policy=policy).client("ann")
    own = {"provider": "openai-compatible", "name": "large", "baseURL": inside.url, "apiKey": inside.key}
    assert ann.post(MODELS, own).status == 200
    assert ann.post(CHAT, asking("openai-compatible/large")).status == status
    assert len(inside.received) == (status == 200)


def test_a_server_of_a_user_is_not_asked(ann: Client, inside: Upstream) -> None:
    """The addresses of users' own servers are asked neither whether they run nor whether a key works."""
    inside.documents["/models"] = {"data": [{"id": "large"}]}
    values = {"OLLAMA_BASE_URL": inside.url}
    assert ann.post(KEY, {"provider": "ollama", "values": values}).status == 200
    servers = ann.post("/api/llm/local/look", {}).json["servers"]
    assert {each["state"] for each in servers} == {"unchecked"}
    found = ann.post(VERIFY, {"providers": ["ollama", "lmstudio"]}).json["verifications"]
    assert {each["state"] for each in found.values()} == {"unsupported"}
    refused = ann.get(f"/api/models/ollama?baseURL={inside.url}")
    assert (refused.status, refused.json["code"]) == (403, "not_this_machine")
    assert ann.post(CHAT, asking("ollama/large")).status == 400
    assert inside.received == []


def test_files_of_the_server_are_hidden(ann: Client, tmp_path: Path) -> None:
    """Nobody learns whether a file exists on the server: paths are refused alike."""
    (tmp_path / "there.gguf").write_bytes(b"x")
    for name in ("there.gguf", "missing.gguf"):
        path = str(tmp_path / name)
        own = {"provider": "local", "name": "mine", "filePath": path}
        answers = [ann.post(MODELS, own), ann.post("/api/models/local/validate", {"filePath": path})]
        assert [(each.status, each.json["code"]) for each in answers] == [(403, "not_this_machine")] * 2
    ann.post(MODELS, {"provider": "openrouter", "name": "acme/own"})
    assert ann.write("PATCH", f"{MODELS}/acme%2Fown", {"filePath": "/etc/passwd"}).status == 403
    assert ann.json("/api/models/local")["models"] == []


def test_plugins_are_not_switched_by_users(ann: Client) -> None:
    """Users can't disable the plugins that they share."""
    answer = ann.post("/api/plugins/switch", {"plugin": "openrouter", "enabled": False})
    assert (answer.status, answer.json["code"]) == (403, "not_this_machine")
    assert ann.post("/api/plugins/switch", {"plugin": "no-such", "enabled": True}).status == 403


def test_lists_are_not_fetched_for_users(ann: Client) -> None:
    """Users can't make the server fetch lists."""
    for path in ("/api/llm/lists/refresh", "/api/openrouter/refresh-cache"):
        assert ann.post(path, {}).json["code"] == "not_this_machine"


def test_plugins_of_users_are_not_loaded(team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plugins are those of whoever runs the server: what a user has stored, or approved, is no plugin."""
    monkeypatch.setenv("POLYROUTE_HOME", str(tmp_path))
    (tmp_path / "plugins" / "acme").mkdir(parents=True)
    (tmp_path / "plugins" / "acme" / "plugin.toml").write_text(ACME)
    serving = team.start(plugins=None)
    documents = serving.replica.environment("ann").documents
    for name in ("program", "evil"):
        path = f"{HOME}/.local/share/polyroute/plugins/{name}/plugin.toml"
        with documents.locked(path):
            documents.replace(path, (PROGRAM if name == "program" else ACME.replace("acme", "evil")).encode())
    stored = Approvals.load(serving.replica.environment("ann")).path
    assert stored.startswith(HOME)
    names = {each["name"] for each in serving.client("ann").json("/api/plugins")["plugins"]}
    assert "acme" in names
    assert not {"program", "evil"} & names
