"""Manifests of any text: a description or a message, never another error, and the same from the cache and from JSON."""

from __future__ import annotations

import itertools
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute.plugins.manifests.description import Description
from polyroute.plugins.manifests.loader import Manifest, load, models
from polyroute.plugins.manifests.parser import parse
from polyroute.plugins.manifests.validators import InvalidDocument
from tests.support import fuzzing
from tests.support.canary_user import EXECUTABLE, MANIFEST
from tests.support.ownership import OWNER

EXAMPLES = Path(__file__).parents[2] / "examples"


def edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    """Return a text in which something is replaced at several places."""
    for place, left, words in edits:
        at = place % (len(text) + 1)
        text = text[:at] + words + text[at + left :]
    return text


SOUND = [
    OWNER,
    MANIFEST.replace("@URL@", "https://acme.example/v1").replace("@COMMAND@", "op"),
    EXECUTABLE.replace("@ARGV@", '["./run"]').replace("@HOST@", "acme.example"),
    *(path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*/plugin.toml"))),
]
LINES = sorted({line for text in SOUND for line in text.splitlines() if len(line) < 300})
WORDS = st.sampled_from([
    '"', "'", "=", "[", "]", "[[", "{", "}", ".", ",", "\n", "#", "\\", "\0", "\ufeff", "true", "-1", "1e9", "nan",
    '""', "[]", "{}", "1979-05-27", "${x}", "${key}", "https://", "é", '"""', "providers", "acme", "a.b.c", "\u202e",
])  # fmt: skip
EDITS = st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 12), WORDS | st.text(max_size=4)), max_size=3)
TEXTS = st.one_of(
    st.builds(edited, st.sampled_from(SOUND), EDITS),
    st.lists(st.sampled_from(LINES), max_size=12).map("\n".join),
    st.text(max_size=60),
)
NUMBERS = itertools.count()


def check(folder: Path, text: str) -> None:
    """Load a manifest with this text from its file, from the cache and as JSON."""
    path = folder / f"m{next(NUMBERS)}" / "plugin.toml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    first, second = load([str(path)]), load([str(path)])
    assert first == second
    (found,) = first
    if found.fault:
        assert found.description == Description()
        return
    assert {each.provider for each in models(found)} == found.listed
    check_as_json(tomllib.loads(path.read_bytes().decode("utf-8-sig")), found)


def check_as_json(table: Any, found: Manifest) -> None:
    """Check that a program that describes itself with the same values is understood alike."""
    if any(isinstance(each.get("models"), str) for each in table.get("providers", {}).values()):
        return  # a list in another file
    said = parse(json.loads(json.dumps(table)), strict=True)
    assert said._replace(models=()) == found.description
    try:
        assert parse({**table, "unknown": 1}, strict=False) == said
    except InvalidDocument as error:
        raise AssertionError("an unknown field is refused where a later version may have added it") from error


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all manifests."""
    return tmp_path_factory.mktemp("manifests")


@given(text=TEXTS)
@fuzzing.short(150)
def test_manifests(folder: Path, text: str) -> None:
    """A manifest is a description or has a fault, is the same from the cache, and means the same in JSON."""
    check(folder, text)


@pytest.mark.soak
@given(text=TEXTS)
@fuzzing.long()
def test_many_manifests(folder: Path, text: str) -> None:
    """The same for many more manifests."""
    check(folder, text)
