"""Model references of any characters: they are understood or refused, and a model ID is never changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute import InvalidModelReference, ModelRef, Plugins, UnknownProvider
from polyroute.routing.references import canonical, parse
from tests.support import fuzzing

PROVIDERS = st.sampled_from(
    ["openai", "anthropic", "openrouter", "amazon-bedrock", "dexto", "OpenAI", "open ai", "", "z-ai"]
)
IDS = st.sampled_from(["gpt-5", "z-ai/glm-4.5-air:free", "GPT-5", " gpt-5", "", "/", "@cf/x", "a/b/c", "\u202e", "%2f"])
TEXTS = st.text(max_size=40) | st.tuples(PROVIDERS | st.text(max_size=8), IDS | st.text(max_size=40)).map("/".join)


def check(plugins: Plugins, text: str) -> None:
    """Check that a text is refused with a message, or is read as written and only the provider's alias is replaced."""
    given = ModelRef.parse(text)
    assert str(given) == text or ("/" not in text and given == (text, ""))
    try:
        provider, ref = parse(text, plugins)
    except (InvalidModelReference, UnknownProvider) as error:
        assert str(error)
        return
    assert ref == (provider.id, text.partition("/")[2])
    assert canonical(str(ref), plugins) == canonical(ref, plugins) == ref


@given(text=TEXTS)
@fuzzing.short(300)
def test_references(plugins: Plugins, text: str) -> None:
    """A reference is split at its first slash, keeps its ID, and stays what it is when it is read again."""
    check(plugins, text)


@pytest.mark.soak
@given(text=TEXTS)
@fuzzing.long()
def test_many_references(plugins: Plugins, text: str) -> None:
    """The same for many more references."""
    check(plugins, text)
