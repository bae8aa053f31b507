"""Damaged files of a user: each is a problem whose repair loses nothing and makes the file usable again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from polyroute import Environment
from tests.support.http_server import Answer, Client, Serve

PICKED = {"provider": "openai", "model": "gpt-5"}
CONFIG = """\
# mine
prefer = direct
disable_providers = ["groq",
  "mistral"]
order = ["direct",
[pins
openai = "direct"

[shortcuts]
fast = "openai/gpt-5-mini"
slow = 5
"""
REPAIRED = """\
# mine
# prefer = direct
disable_providers = ["groq",
  "mistral"]
# order = ["direct",
# [pins
# openai = "direct"

[shortcuts]
fast = "openai/gpt-5-mini"
# slow = 5
"""


class Damaged(NamedTuple):
    """A damaged file, what it is afterwards, and a request that writes it."""

    name: str
    data: bytes
    after: str | None
    write: Callable[[Client], Answer]
    has_copy: bool = True


def prefer(client: Client) -> Answer:
    return client.put("/api/llm/preferences", {"prefer": "openrouter"})


def store(client: Client) -> Answer:
    return client.post("/api/llm/key", {"provider": "groq", "apiKey": "key-canary-1"})


def star(client: Client) -> Answer:
    return client.post("/api/llm/model-picker-state/favorites/toggle", PICKED)


def choose(client: Client) -> Answer:
    return client.post("/api/llm/switch", PICKED)


def add(client: Client) -> Answer:
    return client.post("/api/llm/custom-models", {"provider": "openrouter", "name": "a/b"})


CUT = '{"version": 1, "models": [{"name": "made/up", "provider": "openrouter"}, {"name": "cut o'
SAVED = '{"version": 1, "models": [{"name": "made/up", "provider": "openrouter"}]}'
DAMAGED = {
    "preferences": Damaged("ours/config.toml", CONFIG.encode(), REPAIRED, prefer),
    "preferences of a wrong kind": Damaged("ours/config.toml", b'pins = "x"', '# pins = "x"', prefer),
    "preferences of PowerShell": Damaged(
        "ours/config.toml", 'order = ["direct"]'.encode("utf-16"), 'order = ["direct"]', prefer
    ),
    "preferences of Latin-1": Damaged(
        "ours/config.toml", b"# f\xfcr\r\norder = []\r\n", "# # f\xfcr\r\norder = []\r\n", prefer
    ),
    "keys": Damaged(
        ".dexto/.env",
        b"A=1\nno assignment\n\xff\x00\nB=2\n",
        "A=1\n# no assignment\n# \xff\nB=2\n",
        store,
        has_copy=False,
    ),
    "favourites": Damaged("ours/state/model-picker.json", b'{"version": 1, "favo', None, star),
    "the model in use": Damaged("ours/state/current-models.json", b"\0\0\0\0", None, choose),
    "custom models": Damaged(".dexto/models/custom-models.json", CUT.encode(), SAVED, add),
}


def served(serve: Serve, tmp_path: Path) -> Client:
    """Return a client of the server of a user with a home."""
    variables = {"POLYROUTE_HOME": str(tmp_path / "ours"), "OPENAI_API_KEY": "k", "OPENROUTER_API_KEY": "k"}
    return serve.app(environment=Environment(variables, home=tmp_path))


def problem(client: Client, path: Path) -> Any:
    found = client.json("/api/llm/problems")["problems"]
    return next((each for each in found if each["file"] == str(path)), None)


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_repaired(serve: Serve, tmp_path: Path, name: str) -> None:
    """A damaged file is a problem with its repair, which keeps every line; then the file can be written again."""
    damaged = DAMAGED[name]
    path = tmp_path / damaged.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(damaged.data)
    client = served(serve, tmp_path)
    assert problem(client, path)["actions"] == [{"kind": "repair", "command": "polyroute doctor --repair"}]
    answer = client.post("/api/llm/repair", {"file": str(path)})
    assert (answer.status, answer.json["ok"], answer.json["file"]) == (200, True, str(path))
    if damaged.has_copy:
        assert Path(answer.json["original"]).read_bytes() == damaged.data
    if damaged.after is not None:
        after = path.read_bytes().decode()
        assert after == damaged.after or json.loads(after) == json.loads(damaged.after)
    assert problem(client, path) is None
    assert damaged.write(client).status == 200
    assert client.post("/api/llm/repair", {"file": str(path)}).json["original"] is None


def test_no_other_file_is_repaired(serve: Serve, tmp_path: Path) -> None:
    """Any other file is 404, and one that is too long or not understood at all is 409; all stay as they are."""
    client = served(serve, tmp_path)
    for name, status in (
        ("ours/other.toml", 404),
        ("ours/config.toml", 409),
        (".dexto/models/custom-models.json", 409),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("no list at all = \n" * 301, encoding="utf-8")
        assert client.post("/api/llm/repair", {"file": str(path)}).status == status
        assert path.read_text(encoding="utf-8") == "no list at all = \n" * 301
