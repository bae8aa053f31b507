"""The file of custom models that Dexto shares: neither tool loses what the other has written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polyroute import ModelRef, Plugins
from polyroute.custom_models.store import CustomStore
from tests.support.dexto_files import VERSIONS, DextoFile

URL = "http://localhost:4000/v1"
PLAIN: list[dict[str, Any]] = [
    {"provider": "openrouter", "name": "z-ai/glm-4.5-air:free", "displayName": "GLM", "maxInputTokens": 131072},
    {"provider": "openai-compatible", "name": "mine", "baseURL": URL, "apiKey": "sk-0123456789"},
    {"provider": "litellm", "name": "m", "baseURL": URL, "maxOutputTokens": 9007199254740991},
    {"provider": "local", "name": "file", "filePath": "/m.gguf"},
    {"provider": "bedrock", "name": "eu.a-v1:0"},
    {"provider": "ollama", "name": "llama3.2"},
]
OTHERS: list[dict[str, Any]] = [
    {"provider": "lmstudio", "name": "qwen"},
    {"provider": "dexto-nova", "name": "openai/gpt-5"},
    {"provider": "amazon-bedrock", "name": "us.a-v1:0"},
    {"provider": "openrouter", "name": "a/thinks", "reasoning": {"variant": "high"}},
    {"provider": "openrouter", "name": "a/old", "reasoningEffort": "high"},
    {"provider": "openrouter", "name": "a/newer", "fromLater": [1]},
    {"provider": "ollama", "name": "z-ai/glm-4.5-air:free"},
    {"provider": "openrouter", "name": "a/long", "maxInputTokens": 2**53},
]


@pytest.fixture
def store(tmp_path: Path, plugins: Plugins) -> CustomStore:
    """A store whose two files are in different folders."""
    return CustomStore(str(tmp_path / "dexto/models/custom-models.json"), plugins, str(tmp_path / "own/models.json"))


def listed(store: CustomStore) -> list[dict[str, Any]]:
    """Return all models with their keys shown, in the order of their names."""
    models = [{**each.document, "apiKey": store.secret(each.ref, each.base_url)} for each in store.listing().models]
    plain = [{name: value for name, value in each.items() if value is not None} for each in models]
    return sorted(plain, key=lambda each: (each["name"], each["provider"]))


def ordered(models: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return models in the order of `listed`."""
    return sorted(models, key=lambda each: (each["name"], each["provider"]))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_save_of_dexto_keeps_all_that_was_added(store: CustomStore, version: str) -> None:
    """Dexto reads the models that it knows complete, and after its next save no model and no field is gone."""
    for entry in (*PLAIN, *OTHERS):
        store.add(entry)
    dexto = DextoFile(Path(store.path), version)
    assert dexto.load() == PLAIN
    dexto.save({"provider": "glama", "name": "its-own"})
    dexto.save({**PLAIN[0], "displayName": "By Dexto"})
    after = [{**PLAIN[0], "displayName": "By Dexto"}, *PLAIN[1:], *OTHERS, {"provider": "glama", "name": "its-own"}]
    assert listed(store) == ordered(after)
    assert not store.listing().problems


@pytest.mark.parametrize("version", VERSIONS)
def test_what_dexto_wrote_stays_readable_to_it(store: CustomStore, version: str) -> None:
    """A change of another field leaves a model that Dexto wrote in the shared file, with its reasoning."""
    dexto = DextoFile(Path(store.path), version)
    reasoning: dict[str, Any] = (
        {"reasoningEffort": "low"} if version == VERSIONS[0] else {"reasoning": {"variant": "low"}}
    )
    dexto.save({"provider": "openrouter", "name": "a/b", **reasoning})
    store.edit(ModelRef("openrouter", "a/b"), {"displayName": "B"})
    assert dexto.load() == [{"provider": "openrouter", "name": "a/b", **reasoning, "displayName": "B"}]
    store.remove(ModelRef("openrouter", "a/b"))
    assert not dexto.load()
    assert not listed(store)


def test_a_model_moves_when_dexto_would_lose_a_field(store: CustomStore) -> None:
    """A model that gets a field which Dexto drops moves to our own file, and is one model at every moment."""
    store.add(PLAIN[0])
    store.add({**PLAIN[0], "reasoning": {"variant": "high"}}, upsert=True)
    assert listed(store) == [{**PLAIN[0], "reasoning": {"variant": "high"}}]
    assert not DextoFile(Path(store.path), VERSIONS[0]).load()
    store.edit(ModelRef("openrouter", PLAIN[0]["name"]), {"displayName": None})
    assert "displayName" not in listed(store)[0]
    store.remove(ModelRef("openrouter", PLAIN[0]["name"]))
    assert not listed(store)


def test_repairing_lets_dexto_read_its_file_again(store: CustomStore) -> None:
    """Entries that make Dexto read no model move to our own file as they are, and no model is lost."""
    path = Path(store.path)
    path.parent.mkdir(parents=True)
    entries = [PLAIN[0], {"provider": "lmstudio", "name": "qwen"}, {"name": 5}, PLAIN[1]]
    path.write_text(json.dumps({"version": 1, "models": entries}), encoding="utf-8")
    assert not DextoFile(path, VERSIONS[1]).load()
    assert store.unread() == (1, 2)
    assert store.separate() == 2
    assert DextoFile(path, VERSIONS[1]).load() == [PLAIN[0], PLAIN[1]]
    assert {"provider": "lmstudio", "name": "qwen"} in listed(store)
    assert json.loads(Path(store.own_path).read_text(encoding="utf-8"))["models"] == entries[1:3]
    assert store.separate() == 0
