"""Which custom models are imported from the files of other programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polyroute import Plugins
from polyroute.validation.importing import entries_in

SERVER = "http://localhost:8080/v1"
FILES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "extra-openai-models.yaml": (
        f"- {{model_id: orca, model_name: orca-mini, api_base: '{SERVER}'}}\n",
        [{"name": "orca-mini", "displayName": "orca", "baseURL": SERVER}],
    ),
    "opencode.jsonc": (
        """{ // a comment
        "provider": {"mine": {"npm": "x", "options": {"baseURL": "http://localhost:8080/v1", "apiKey": "{env:MINE}"},
          "models": {"qwen3": {"name": "Qwen", "limit": {"context": 32768, "output": 4096}}}}}}""",
        [
            {
                "name": "qwen3",
                "displayName": "Qwen",
                "maxInputTokens": 32768,
                "maxOutputTokens": 4096,
                "baseURL": SERVER,
                "apiKey": "$MINE",
            }
        ],
    ),
    "litellm.yaml": (
        "model_list:\n"
        f"  - {{model_name: a, litellm_params: {{model: openai/x, api_base: '{SERVER}', api_key: os.environ/MINE}}}}\n"
        "  - {model_name: b, litellm_params: {model: bedrock/converse/acme.model-v1}}\n"
        "  - {model_name: '*', litellm_params: {model: 'openai/*'}}\n",
        [
            {"name": "x", "baseURL": SERVER, "displayName": "a", "apiKey": "$MINE"},
            {"provider": "bedrock", "name": "acme.model-v1", "displayName": "b"},
        ],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_models_of_other_programs(plugins: Plugins, name: str) -> None:
    """Models are imported with name, base URL, limits and a reference to their key; patterns are not."""
    text, entries = FILES[name]
    assert json.loads(entries_in(text.encode(), name, plugins)) == entries


@pytest.mark.parametrize(
    "data", [b'[{"name": "a", "provider": "bedrock"}]', b'{"version": 1, "models": []}', b"{", b""]
)
def test_other_data_is_left_alone(plugins: Plugins, data: bytes) -> None:
    """What is no file of another program is returned unchanged."""
    assert entries_in(data, "models.json", plugins) == data
