"""A broken plugin is switched off, and on again, over HTTP as by the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polyroute import Environment
from tests.support.http_server import Client, Serve

BROKEN = '[providers.acme]\nname = "Acme"\nbase_url = "api.acme"\n'
DISABLE = {"kind": "disable", "command": "polyroute plugins disable acme", "plugin": "acme"}


def served(serve: Serve, home: Path) -> Client:
    """Return a client of the server of a user with a plugin that is left out."""
    folder = home / "ours/plugins/acme"
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text(BROKEN, encoding="utf-8")
    return serve.app(plugins=None, environment=Environment({"POLYROUTE_HOME": str(home / "ours")}, home=home))


def of_acme(client: Client) -> list[Any]:
    """Return the problems of the plugin."""
    return [each for each in client.json("/api/llm/problems")["problems"] if each["subject"] == "acme"]


def test_a_broken_plugin_is_switched_off_and_on(serve: Serve, tmp_path: Path) -> None:
    """Its problem names the action, which takes the problem away; switched on again, the problem is back."""
    client = served(serve, tmp_path)
    found = of_acme(client)
    assert DISABLE in found[0]["actions"]
    answer = client.post("/api/plugins/switch", {"plugin": "acme", "enabled": False})
    assert (answer.status, answer.json) == (200, {"ok": True, "plugin": "acme", "enabled": False})
    assert of_acme(client) == []
    (plugin,) = [each for each in client.json("/api/plugins")["plugins"] if each["name"] == "acme"]
    assert (plugin["enabled"], plugin["reason"]) == (False, "disabled by name")
    assert client.post("/api/plugins/switch", {"plugin": "acme", "enabled": True}).json["enabled"] is True
    assert of_acme(client) == found


def test_only_plugins_that_there_are(serve: Serve, tmp_path: Path) -> None:
    """An unknown name is 404 with the names that are meant, and nothing is written."""
    client = served(serve, tmp_path)
    answer = client.post("/api/plugins/switch", {"plugin": "acmee", "enabled": False})
    assert (answer.status, answer.json["code"]) == (404, "plugin_unknown")
    assert "acme" in answer.plain.decode()
    assert not (tmp_path / "ours/state/plugins.json").exists()


def test_a_part_of_polyroute_is_not_offered_to_be_switched_off(serve: Serve, tmp_path: Path) -> None:
    """Only problems of plugins that the user added have the action."""
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/config.toml").write_text("prefer = direct\n", encoding="utf-8")
    client = served(serve, tmp_path)
    others = [each for each in client.json("/api/llm/problems")["problems"] if each["subject"] != "acme"]
    assert others
    assert [action for each in others for action in each["actions"] if action["kind"] == "disable"] == []
