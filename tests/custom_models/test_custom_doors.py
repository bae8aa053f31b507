"""One entry has one verdict and one message, by whichever way a user enters it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from polyroute import ModelRef, Plugins, UsageError
from polyroute.custom_models.store import CustomStore
from polyroute.server.schemas import CustomModelBody, CustomModelChanges

URL = "https://one.example/v1"
RULES: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"provider": "ollama", "name": ""}, "name must be"),
    "white space": ({"provider": "ollama", "name": " m"}, "name must be"),
    "other white space": ({"provider": "ollama", "name": "m\ufeff"}, "name must be"),
    "NUL": ({"provider": "ollama", "name": "a\0b"}, "name must be"),
    "long name": ({"provider": "ollama", "name": "m" * 1001}, "name must be"),
    "no base URL wanted": ({"provider": "openrouter", "name": "m", "baseURL": URL}, "baseURL is not allowed"),
    "no custom models": ({"provider": "openai", "name": "gpt-5", "baseURL": URL}, "accepts no custom models"),
    "no custom models, plain": ({"provider": "anthropic", "name": "m"}, "accepts no custom models"),
    "base URL missing": ({"provider": "litellm", "name": "m"}, "baseURL is missing"),
    "other scheme": ({"provider": "litellm", "name": "m", "baseURL": "ftp://x"}, "baseURL must be"),
    "user": ({"provider": "litellm", "name": "m", "baseURL": "https://me:pw@x/v1"}, "baseURL must be"),
    "port": ({"provider": "litellm", "name": "m", "baseURL": "https://x:99999"}, "baseURL must be"),
    "not ASCII": ({"provider": "litellm", "name": "m", "baseURL": "https://\xe4.example"}, "baseURL must be"),
    "two dots": ({"provider": "litellm", "name": "m", "baseURL": "https://a..b"}, "baseURL must be"),
    "line end": ({"provider": "litellm", "name": "m", "baseURL": f"{URL}\n"}, "baseURL must be"),
    "no file": ({"provider": "local", "name": "m"}, "filePath must name"),
    "other file": ({"provider": "local", "name": "m", "filePath": "/m.bin"}, "filePath must name"),
    "file unwanted": ({"provider": "ollama", "name": "m", "filePath": "/m.gguf"}, "filePath is not allowed"),
    "zero": ({"provider": "ollama", "name": "m", "maxInputTokens": 0}, "maxInputTokens must be"),
    "fraction": ({"provider": "ollama", "name": "m", "maxOutputTokens": 1.5}, "maxOutputTokens must be"),
    "boolean": ({"provider": "ollama", "name": "m", "maxOutputTokens": True}, "maxOutputTokens must be"),
    "too much": ({"provider": "ollama", "name": "m", "maxInputTokens": 2**53 + 2}, "maxInputTokens must be"),
    "text": ({"provider": "ollama", "name": "m", "maxInputTokens": "9"}, "maxInputTokens must be"),
    "key on two lines": ({"provider": "ollama", "name": "m", "apiKey": "a\nb"}, "apiKey must be"),
    "key not ASCII": ({"provider": "ollama", "name": "m", "apiKey": "\u043a"}, "apiKey must be"),
    "bad variable": ({"provider": "ollama", "name": "m", "apiKey": "${A B}"}, "apiKey must be"),
    "bad keyring": ({"provider": "ollama", "name": "m", "apiKey": "keyring:"}, "apiKey must be"),
    "display name": ({"provider": "ollama", "name": "m", "displayName": ["x"]}, "displayName must be"),
    "valid": ({"provider": "ollama", "name": "m", "maxInputTokens": 8, "apiKey": "k", "displayName": "M"}, ""),
    "whole": ({"provider": "ollama", "name": "m", "maxInputTokens": 1000.0}, ""),
    "valid with a base URL": ({"provider": "litellm", "name": "m", "baseURL": "http://[fe80::1:2:3:4]:80/v1"}, ""),
    "valid file": ({"provider": "local", "name": "m", "filePath": "/m.gguf"}, ""),
}
"""By rule, an entry and the message that it must get; empty for an entry that is accepted."""


def verdicts(entry: dict[str, Any], folder: Path, plugins: Plugins) -> dict[str, str]:
    """Return what each way in says of an entry, with an empty text if it is accepted."""
    return {way: _message(way, entry, folder / f"{way}.json", plugins) for way in WAYS}


WAYS = ("add", "post", "edit", "patch", "import", "import with secrets", "dry run", "file", "repaired file")


def _message(way: str, entry: dict[str, Any], path: Path, plugins: Plugins) -> str:
    store = CustomStore(str(path), plugins)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"version": 1, "models": [entry] if "file" in way else []}), encoding="utf-8")
    if "file" in way:
        if way == "repaired file":
            path.write_text(path.read_text(encoding="utf-8")[:-2], encoding="utf-8")
            assert store.repair() is not None
        listing = store.listing()
        assert json.loads(path.read_text(encoding="utf-8"))["models"] == [entry]  # never lost
        return listing.problems[0].message if listing.problems else ""
    if "import" in way or way == "dry run":
        data = json.dumps([entry]).encode()
        (report,) = store.import_entries(data, with_secrets=way != "import", dry_run=way == "dry run")
        return report.note if report.action == "refused" else ""
    if way in ("edit", "patch"):
        before = {"provider": entry["provider"], "name": "before"}
        path.write_text(json.dumps({"version": 1, "models": [before]}), encoding="utf-8")
    try:
        _enter(way, entry, store)
    except UsageError as error:
        return str(error)
    except ValidationError as error:
        return "; ".join(f"{each['loc'][0]} {each['msg']}".replace("Value error, ", "") for each in error.errors())
    return ""


def _enter(way: str, entry: dict[str, Any], store: CustomStore) -> None:
    changes = {field: value for field, value in entry.items() if field != "provider"}
    if way == "add":
        store.add(entry)
    elif way == "post":
        store.add(CustomModelBody.model_validate(entry).model_dump(exclude_unset=True), upsert=True)
    else:
        given = changes if way == "edit" else CustomModelChanges.model_validate(changes).model_dump(exclude_unset=True)
        store.edit(ModelRef(entry["provider"], "before"), given)


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_holds_everywhere(rule: str, plugins: Plugins, tmp_path: Path) -> None:
    """Whatever a rule refuses is refused with the same message by every way in, and what it accepts is accepted."""
    entry, expected = RULES[rule]
    found = verdicts(entry, tmp_path, plugins)
    if rule.startswith(("key ", "bad ", "user")):
        del found["import"]  # it leaves secrets out
    refused = {way for way, message in found.items() if message}
    assert refused == (set(found) if expected else set()), found
    assert [way for way, message in found.items() if expected not in message] == []


TEXTS = st.sampled_from(["", "m", " m", "/m.gguf", URL, "https://u@a", "$A", "$", "****", "a\0", "\xe4", "x" * 1001])
VALUES = TEXTS | st.text(max_size=3) | st.sampled_from([0, 1, 2.0, 1.5, 2**53, 2**53 + 2, True, None])


@given(
    st.fixed_dictionaries(
        {"provider": st.sampled_from(["ollama", "litellm", "local", "openrouter", "openai"]), "name": VALUES},
        optional=dict.fromkeys(("baseURL", "displayName", "maxInputTokens", "apiKey", "filePath"), VALUES),
    )
)
def test_one_verdict_everywhere(plugins: Plugins, entry: dict[str, Any]) -> None:
    """Any entry gets one verdict: `add`, POST, an import and the file agree, apart from null, which removes a field."""
    if None in entry.values() or entry["name"] == "":
        return
    with tempfile.TemporaryDirectory() as folder:
        ways = ("add", "post", "import with secrets", "file")
        found = {way: bool(_message(way, entry, Path(folder, way, "models.json"), plugins)) for way in ways}
    assert len(set(found.values())) == 1, found
