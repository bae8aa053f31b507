"""Listings at all providers that are one model of its maker, with the bundled list and with a later one."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from polyroute import ModelRef, Plugins
from polyroute.model_ids.groups import Groups, Kept
from polyroute.model_ids.mapper import SchemeMapper
from polyroute.model_ids.normalize import folded, is_free
from polyroute.model_ids.scheme import Naming, Scheme
from tests.support.later_list import fetched
from tests.support.model_words import MEANING

NAMED_OTHERWISE = {
    # Their aliases say why, with the source.
    "deepseek/deepseek-chat": "DeepSeek V3",
    "deepseek/deepseek-chat-v3-0324": "DeepSeek V3 0324",
    "deepseek/deepseek-chat-v3.1": "DeepSeek V3.1",
    "deepseek/deepseek-v4-flash": "deepseek-chat and deepseek-reasoner since April 2026",
    "google/gemini-2.5-flash-image": "Nano Banana",
    "google/gemini-3-flash-preview": "OpenCode omits that it is a preview; there is no other",
    "google/gemini-3.1-pro-preview": "OpenCode omits that it is a preview; there is no other",
    "meta-llama/llama-3.2-11b-vision-instruct": "every list has this size with vision only",
    "meta-llama/llama-3.3-70b-instruct": "Turbo is Together's word for FP8",
    "moonshotai/kimi-k2": "Moonshot AI calls its snapshots previews",
    "moonshotai/kimi-k2-0905": "Moonshot AI calls its snapshots previews",
    "qwen/qwen-2.5-7b-instruct": "Turbo is Together's word for FP8",
    # What the later list calls one model.
    "google/gemini-3.1-pro-preview-customtools": "so titled at Databricks",
}
"""Models that some provider names with another word, with the reason."""


SERVED = re.compile("^Pro/|/chat-completion/models(?=/)|(?<=:thinking):[a-z0-9]+$")
"""What says how a model is served, although elsewhere the word makes another one: SiliconFlow's tier without limits,
an application at Clarifai, and how long a model thinks at NanoGPT."""


class Listings(NamedTuple):
    """All listings by word, and the groups."""

    groups: Groups
    by_word: dict[str, list[ModelRef]]
    document: dict[str, Any]
    """The fetched list; empty if the bundled one is used."""

    def canonical(self, ref: ModelRef) -> str:
        """Return models.dev's canonical ID of a listed model, without a date; empty if it has none."""
        names = {"bedrock": "amazon-bedrock", "vertex": "google-vertex", "vertex-anthropic": "google-vertex-anthropic"}
        listed = self.document.get(names.get(ref.provider, ref.provider), {"models": {}})["models"]
        return re.sub("-20[0-9]{6}$", "", listed.get(ref.id, {}).get("canonical_model_id", ""))


@pytest.fixture(scope="module", params=["bundled", "later"])
def listings(request: pytest.FixtureRequest, plugins: Plugins, tmp_path_factory: pytest.TempPathFactory) -> Any:
    if request.param == "bundled":
        return grouped(plugins, {})
    with fetched(tmp_path_factory.mktemp("later")) as document:
        return grouped(Plugins.load(only=["direct", "openrouter", "dexto"]), document)


def grouped(plugins: Plugins, document: dict[str, Any]) -> Listings:
    groups = plugins.groups
    assert groups
    by_word = defaultdict(list)
    for model in plugins.all_models():
        if word := groups.word(model.ref):
            by_word[word].append(model.ref)
    return Listings(groups, dict(by_word), document)


def test_many_models_are_listed_by_several(listings: Listings) -> None:
    """Most listings are in a group of several providers, and each is among the members of its group."""
    several = {word: refs for word, refs in listings.by_word.items() if len({each.provider for each in refs}) > 1}
    assert len(several) > 520
    assert sum(map(len, several.values())) > 3_900
    for refs in several.values():
        assert set(listings.groups.members(refs[0])) == set(refs)


def test_no_group_joins_models_that_a_word_tells_apart(listings: Listings) -> None:
    """IDs in one group have the same words that make another model, unless a table says why not."""
    for word, refs in listings.by_word.items():
        told = {meaning(SERVED.sub("", each.id)) for each in refs}
        assert len({words for words, _ in told}) == 1 or word in NAMED_OTHERWISE, (word, told)
        assert len({size for _, sizes in told for size in sizes[:1]}) < 2, (word, told)  # a size may be left out


def meaning(model_id: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the words that make another model, and the sizes."""
    parts = re.findall("[a-z]+|[0-9]+-b(?=-|$)", folded(re.sub("(?<=[0-9])b(?![a-z0-9])", "-b", model_id.lower())))
    sizes = tuple(each for each in parts if each.endswith("-b"))
    return frozenset(each for each in parts if MEANING.fullmatch(each)), sizes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sap-ai-core/anthropic--claude-4.7-opus", "anthropic/claude-opus-4-7"),
        ("clarifai/qwen/qwenLM/models/Qwen3-30B-A3B-Thinking-2507", "openrouter/qwen/qwen3-30b-a3b-thinking-2507"),
        ("alibaba-cn/siliconflow/deepseek-v3.2", "openrouter/deepseek/deepseek-v3.2"),
        ("302ai/doubao-seed-1-8-251215", "nano-gpt/doubao-seed-1-8-251215"),
        ("nano-gpt/anthropic/claude-opus-4.6:thinking:low", "302ai/claude-opus-4-6-thinking"),
        ("groq/whisper-large-v3", "scaleway/whisper-large-v3"),
        ("alibaba/qwq-plus", "llmgateway/qwq-plus"),
    ],
)
def test_providers_spell_one_model_in_many_ways(plugins: Plugins, one: str, other: str) -> None:
    """Order of words, paths, other hosts' names and settings of one service make no models of their own."""
    assert plugins.groups
    assert ModelRef.parse(other) in plugins.groups.members(ModelRef.parse(one))


def test_groups_are_pure(listings: Listings) -> None:
    """Of the listings in a group nearly all have one canonical ID, where the list has canonical IDs."""
    called = [Counter(filter(None, map(listings.canonical, refs))) for refs in listings.by_word.values()]
    several = [each for each in called if each.total() > 1]
    assert len(several) > 250 or not listings.document
    assert sum(max(each.values()) for each in several) >= 0.99 * sum(each.total() for each in several)


def test_free_quantised_and_deployed_models_are_no_models_of_their_own(listings: Listings) -> None:
    """Variants that differ in how they are served are listings of the model; a word that makes another one is kept."""
    words = {ref: word for word, refs in listings.by_word.items() for ref in refs}
    assert words[ModelRef("azure", "gpt-4.1")] == "openai/gpt-4.1"
    free = [words[ref] for ref in words if is_free(ref.id) and len(listings.by_word[words[ref]]) > 1]
    assert len(free) > 40
    assert not [word for word in free if is_free(word)]
    assert listings.groups.word(ModelRef("azure", "gpt-4.1-mini")) == "openai/gpt-4.1-mini"


def test_a_name_of_the_users_own_is_no_model(listings: Listings) -> None:
    """An unlisted deployment is in no group, whatever its name."""
    assert listings.groups.word(ModelRef("azure", "gpt-4.1-of-mine")) is None
    assert listings.groups.members(ModelRef("azure", "gpt-4.1-of-mine")) == ()


def test_routes_never_replace_a_variant(listings: Listings, plugins: Plugins) -> None:
    """Routes go by narrower words: a free or a deployed model is none that another ID could replace."""
    mapper = plugins.mappers["openrouter"]
    assert isinstance(mapper, SchemeMapper)
    assert mapper.word(ModelRef("azure", "gpt-4.1")) is None
    for refs in listings.by_word.values():
        for ref in refs:
            if ref.id.endswith(":free"):
                assert mapper.word(ref) != mapper.word(ref._replace(id=ref.id.removesuffix(":free"))), ref


# A scheme of one's own

OWN = Scheme(
    "acme",
    {"umbrella/t-1": (), "umbrella/t-2": ()},
    {"host": Naming(rules=("path", "bare"), suffixes=("-x",)), "far": Naming(rules=("bare",))},
    families={"t": "umbrella"},
    native={"umbrella": ("t-1", "t-9", "t-latest")},
)
LISTS = {
    "umbrella": ["t-1", "t-9", "t-latest"],
    "host": ["umbrella/T-1-x", "t-9", "t-latest", "who/t-1"],
    "far": ["t_9", "t-1", "T-1"],
    "acme": ["umbrella/t-1"],
}


@pytest.fixture
def groups() -> Iterator[Groups]:
    yield Groups(SchemeMapper(lambda: OWN), lambda: Kept([], {}), LISTS, lambda name: LISTS.get(name, ()))


@pytest.mark.parametrize(
    ("model", "members"),
    [
        ("umbrella/t-1", ["acme/umbrella/t-1", "far/T-1", "far/t-1", "host/umbrella/T-1-x", "umbrella/t-1"]),
        ("umbrella/t-9", ["far/t_9", "host/t-9", "umbrella/t-9"]),
        ("umbrella/t-latest", ["host/t-latest", "umbrella/t-latest"]),
        ("host/who/t-1", ["host/who/t-1"]),
        ("far/z-1", []),
    ],
)
def test_members(groups: Groups, model: str, members: list[str]) -> None:
    """Members are the listings of the same model at all providers, whether or not the gateway of the scheme has it."""
    assert [str(each) for each in groups.members(ModelRef.parse(model))] == members


def test_a_maker_is_found_by_the_same_word(groups: Groups) -> None:
    """A listing leads back to its maker's own model, also to one that the gateway of the scheme does not have."""
    assert groups.native("host", "t-9") == ("umbrella", "t-9")
    assert groups.native("host", "umbrella/T-1-x") == ("umbrella", "t-1")
    assert groups.native("host", "who/t-1") is None
    assert groups.native("host", "unlisted") is None
