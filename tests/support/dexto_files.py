"""Dexto's way with the file of custom models, replayed from the facts in `tests/data/dexto`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FACTS = json.loads(Path(__file__).parents[1].joinpath("data/dexto/custom_models.json").read_text(encoding="utf-8"))
VERSIONS = tuple(FACTS["versions"])


class DextoFile:
    """The file as one version of Dexto reads and writes it."""

    def __init__(self, path: Path, version: str) -> None:
        self.path = path
        self._facts = FACTS["versions"][version]

    def load(self) -> list[dict[str, Any]]:
        """Return the models with the fields that it knows; none if a single one is invalid."""
        if not self.path.exists():
            return []
        document = json.loads(self.path.read_text(encoding="utf-8"))
        if document.get("version") != 1 or not all(map(self._is_valid, document["models"])):
            return []
        known = {*self._facts["texts"], *self._facts["counts"], self._facts["reasoning"]}
        return [{name: value for name, value in each.items() if name in known} for each in document["models"]]

    def save(self, model: dict[str, Any]) -> None:
        """Add a model, or replace the first one with the same name, and write what was read."""
        models = self.load()
        same = [index for index, each in enumerate(models) if each["name"] == model["name"]]
        models[same[0] if same else len(models) :] = [model, *(models[same[0] + 1 :] if same else [])]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"version": 1, "models": models}, indent=2), encoding="utf-8")

    def _is_valid(self, entry: dict[str, Any]) -> bool:
        provider = entry.get("provider", "openai-compatible")
        texts = all(isinstance(entry[name], str) for name in self._facts["texts"] if name in entry)
        counts = all(
            type(entry[name]) is int and 0 < entry[name] < 2**53 for name in self._facts["counts"] if name in entry
        )
        url = "baseURL" not in entry or bool(urlsplit(entry["baseURL"]).netloc)
        needs = provider not in ("openai-compatible", "litellm") or "baseURL" in entry
        file = provider != "local" or entry.get("filePath", "").endswith(".gguf")
        return bool(
            provider in self._facts["providers"] and entry.get("name") and texts and counts and url and needs and file
        )
