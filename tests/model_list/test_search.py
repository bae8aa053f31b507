"""What users type finds the model that they mean."""

from __future__ import annotations

import pytest

from polyroute import Catalog, Environment, Plugins
from polyroute.model_ids.search import Search, parts
from polyroute.model_list.rows import ModelRow, ModelRows
from polyroute.model_list.selection import ModelSelection, SelectableModels


@pytest.fixture(scope="module")
def models(plugins: Plugins, tmp_path_factory: pytest.TempPathFactory) -> SelectableModels:
    """Provide all bundled models without a key."""
    return SelectableModels(ModelRows(Catalog(plugins, Environment({}, home=tmp_path_factory.mktemp("home")))))


def found(models: SelectableModels, query: str) -> list[ModelRow]:
    return models.select(ModelSelection(query))


@pytest.mark.parametrize(
    ("queries", "first"),
    [
        (("gpt5", "gpt 5", "gpt-5", "GPT\u20115", "chatgpt 5"), "openai/gpt-5"),
        (("gpt4o", "4o"), "openai/gpt-4o"),
        (("gpt55",), "openai/gpt-5.5"),
        (("gpt5mini",), "openai/gpt-5-mini"),
        (("glm5",), "zai/glm-5"),
        (("o3mini",), "openai/o3-mini"),
        (("deepsek",), "deepseek/deepseek-v4-pro"),
        (("sonnet 4-5", "sonnet4.5", "claude 4.5 sonnet"), "anthropic/claude-sonnet-4-5"),
        (("claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5"), "anthropic/claude-sonnet-4-5"),
        (("claude4.5",), "anthropic/claude-opus-4-5"),
        (("opus", "cluade", "antropic", "Cl\u00e0ude"), "anthropic/claude-opus-4-7"),
        (("llama3.3", "llama 70b"), "llama/llama-3.3-70b-instruct"),
        (("bedrock sonnet",), "anthropic/claude-sonnet-4-6"),
    ],
)
def test_the_first_model_is_the_one_that_is_meant(
    models: SelectableModels, queries: tuple[str, ...], first: str
) -> None:
    """Case, separators, accents, the order of words, what is left out and misspelled words don't matter."""
    for query in queries:
        assert found(models, query)[0].id == first, query


def test_what_is_nowhere_finds_nothing(models: SelectableModels) -> None:
    """A word that is like no name finds nothing; no words find every model."""
    assert found(models, "zxqv") == []
    assert len(found(models, " - ")) == len(found(models, "")) > 1_200


def test_a_provider_limits_the_models(models: SelectableModels) -> None:
    """The name of a provider finds models that it lists."""
    for row in found(models, "bedrock sonnet"):
        assert "bedrock" in row.providers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GPT-5 Mini", ["gpt", "5", "mini"]),
        ("claude-sonnet-4-5-20250929", ["claude", "sonnet", "4.5", "20250929"]),
        ("Qwen3-8B", ["qwen", "3", "8", "b"]),
        ("llama3.3", ["llama", "3.3"]),
        ("o3\u2011mini", ["o", "3", "mini"]),
        ("Qu\u00e9 pas\u00f3", ["que", "paso"]),
    ],
)
def test_parts_of_a_name(text: str, expected: list[str]) -> None:
    """Words and numbers are told apart; a dash between single digits is a dot, but not before a size."""
    assert parts(text) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("t 5", ["T-5", "T-5 mini", "T-5.5", "big T-5"]),
        ("mini t", ["T-5 mini"]),
        ("t 5 mini", ["T-5 mini"]),
        ("ig", ["big T-5"]),
        ("t 6", []),
    ],
)
def test_better_matches_come_first(query: str, expected: list[str]) -> None:
    """A whole name comes before the first parts of one, these before the beginning of one, and that before words."""
    names = ["big T-5", "T-5.5", "T-5 mini", "T-5"]
    assert [names[each] for each in Search((name, name) for name in names).find(query, lambda _: 0)] == expected


def test_equal_matches_keep_their_rank() -> None:
    """Of texts that match equally well the one that ranks lowest comes first."""
    assert Search(("A-1", name) for name in ("x", "y", "z")).find("a1", lambda index: -index) == [2, 1, 0]
