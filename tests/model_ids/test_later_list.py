"""Model IDs with a list of a later day than the bundled one: names have moved, and there are new ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import polyroute_openrouter
from polyroute import Mapper, ModelRef, Plugins
from tests.support import later_list
from tests.support.later_list import fetched

TABLE = Path(__file__).parents[1] / "data" / "mapping-later.jsonl"
CASES = [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]


class Later(NamedTuple):
    """What is loaded with the later list."""

    plugins: Plugins
    mapper: Mapper


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Later]:
    with fetched(tmp_path_factory.mktemp("later")):
        yield Later(Plugins.load(only=["direct", "openrouter", "dexto"]), polyroute_openrouter.mapper())


def right(case: dict[str, Any]) -> set[str | None]:
    return {case["id"], *case["also_right"]}


def test_nothing_is_mapped_wrongly(later: Later) -> None:
    """No judged model gets an ID that is wrong, or that the list does not have."""
    listed = later.plugins.models("openrouter")
    for case in CASES:
        found = later.mapper.lookup(ModelRef(case["provider"], case["native_id"]))
        assert found.id is None or found.id in right(case), (case, found)
        assert found.id is None or found.id in listed or found.evidence == "verbatim"
        assert found.why


SAME = {
    "deepinfra/deepseek-ai/DeepSeek-V3": "OpenRouter's deepseek-chat is V3",
    "deepseek/deepseek-v4-flash-vision-exp": "the same name; the list calls its maker's entry by another",
}
"""Listings whose canonical ID differs from that of the ID that they are mapped to, and why that is right."""


def test_no_listing_has_another_canonical_id(later: Later) -> None:
    """Any provider's listing is mapped to a model that the list calls the same, with listed exceptions, or to none."""
    canonical = {
        f"{provider}/{model_id}": re.sub("-20[0-9]{6}$", "", found["canonical_model_id"])
        for provider, entry in later_list.later().items()
        for model_id, found in entry["models"].items()
        if found.get("canonical_model_id")
    }
    mapped = {each: later.mapper.lookup(ModelRef.parse(each)).id for each in canonical}
    theirs = {each: canonical.get(f"openrouter/{found}") for each, found in mapped.items()}
    assert sum(each is not None for each in theirs.values()) > 3_500
    assert {each for each, other in theirs.items() if other not in (None, canonical[each])} == SAME.keys()


def test_almost_all_are_found(later: Later) -> None:
    """Nearly every judged model that the list has is found."""
    offered = [case for case in CASES if None not in right(case)]
    found = [later.mapper.lookup(ModelRef(case["provider"], case["native_id"])).id for case in offered]
    assert len(offered) > 250
    assert sum(each is not None for each in found) / len(offered) >= 0.97


@pytest.mark.parametrize(
    ("model", "expected", "words"),
    [
        # A namespace that the list has beats the table of organisations, in which meta is meta-llama.
        ("vercel/meta/muse-spark-1.2", "meta/muse-spark-1.2", "is in its list"),
        ("vercel/meta/llama-3.3-70b-instruct", "meta-llama/llama-3.3-70b-instruct", "is in its list"),
        # A vendor's own name before its own ID is taken off.
        ("anthropic/anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4.5", "is in its list"),
        # The family of a name is seen in the list.
        ("opencode/muse-spark-1.3", "meta/muse-spark-1.3", "is in its list"),
        # A name that its maker has given to a newer model.
        ("deepseek/deepseek-v4-pro", "deepseek/deepseek-v4-pro-0813", "released 2026-08-12"),
        # What the list calls one model, unless a word makes another one of it.
        ("openai/gpt-5.6", "openai/gpt-5.6-sol", "the list calls both"),
        ("llmgateway/glm-5.2-fast", None, "not this one"),
        ("aihubmix/coding-xiaomi-mimo-v2.5", None, "does not say whose model"),
        ("nano-gpt/z-ai/GLM-4.5:thinking", None, "not this one"),
        # Other spellings of makers.
        ("vercel/spacexai/grok-4.6", "x-ai/grok-4.6", "is in its list"),
    ],
)
def test_names_that_moved(later: Later, model: str, expected: str | None, words: str) -> None:
    """Names that are new, or that moved since the bundled list, are mapped by what the list shows, with a reason."""
    found = later.mapper.lookup(ModelRef.parse(model))
    assert found.id == expected, found.why
    assert words in found.why


def test_the_same_twice(later: Later) -> None:
    """Asking twice gives the same answer, and the way back leads to a model that is mapped to the same ID."""
    ways = 0
    for gateway_id in later.plugins.models("openrouter"):
        back = later.mapper.reverse(gateway_id)
        if back:
            assert later.mapper.lookup(back).id == gateway_id == later.mapper.lookup(back).id
            ways += 1
    assert ways > 150
