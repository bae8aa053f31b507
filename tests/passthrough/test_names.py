"""The models that clients name: by shortcut, reference or ID, and never by likeness."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyroute import Alternative, Catalog, Environment, Group, InvalidModelReference, Model, Provider, Slot, hookimpl
from polyroute.model_names import named
from tests.support.endpoint_plugins import Direct, catalog_of
from tests.support.fake_endpoint import Serve
from tests.support.pass_through import CHAT, PassingTo, asking, passing_to

__all__ = ["passing_to"]

CHAT_API, MESSAGES, RESPONSES = "openai-chat", "anthropic-messages", "openai-responses"
GENERATE = "google-generate-content"


class Vendor:
    """A vendor with a list of models."""

    def __init__(self, name: str, *ids: str) -> None:
        key = Slot("key", (Alternative(f"{name.upper()}_KEY"),), secret=True)
        self.provider = Provider(name, name, "vendor", (Group((key,)),), "https://vendor.invalid/v1")
        self._ids = ids

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return the vendor."""
        return [self.provider]

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str]) -> list[Model]:
        """Return its list."""
        return [Model(self.provider.id, each) for each in self._ids if self.provider.id in provider_ids]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Return a catalog with two further vendors."""
    zenith = Vendor("zenith", "shared-1", "gpt-5")
    return catalog_of(Vendor("acme", "acme-large", "shared-1", "claude-sonnet-4-5"), zenith)


@pytest.mark.parametrize(
    ("name", "protocol", "expected"),
    [
        ("anthropic/claude-sonnet-4-5", CHAT_API, "anthropic/claude-sonnet-4-5"),
        ("openrouter/acme/x:free", CHAT_API, "openrouter/acme/x:free"),
        ("claude-sonnet-4-5", MESSAGES, "anthropic/claude-sonnet-4-5"),
        ("claude-sonnet-4-5[1m]", MESSAGES, "anthropic/claude-sonnet-4-5"),
        ("anthropic/claude-sonnet-4-5[1m]", CHAT_API, "anthropic/claude-sonnet-4-5"),
        ("gpt-5", RESPONSES, "openai/gpt-5"),
        ("gemini-2.5-pro", GENERATE, "google/gemini-2.5-pro"),
        ("gemini-2.5-pro", CHAT_API, "google/gemini-2.5-pro"),
        ("acme-large", MESSAGES, "acme/acme-large"),
        ("sonnet", MESSAGES, "anthropic/claude-opus-4-1"),
        ("gpt-5-mini", RESPONSES, "acme/acme-large"),
        ("sonnet[1m]", MESSAGES, "anthropic/claude-opus-4-1"),
    ],
)
def test_a_name(catalog: Catalog, name: str, protocol: str, expected: str) -> None:
    """A shortcut comes first, then a reference, then the list of the API's designer, then that of one vendor."""
    shortcuts = {"sonnet": "anthropic/claude-opus-4-1", "gpt-5-mini": "acme/acme-large"}
    assert str(named(name, protocol, catalog, shortcuts)) == expected


@pytest.mark.parametrize("name", ["claude-sonnet-4-5-x", "claude", "Acme-large", "", "claude-sonnet", "acme-large[2m]"])
def test_a_name_that_is_only_alike(catalog: Catalog, name: str) -> None:
    """A name that is only similar to a model's is refused, with the reference that was perhaps meant."""
    with pytest.raises(InvalidModelReference) as raised:
        named(name, MESSAGES, catalog, {})
    if name == "Acme-large":
        assert "acme/acme-large" in str(raised.value)


def test_a_name_of_several_models(catalog: Catalog) -> None:
    """If several vendors list an ID, and none of them is known to be its maker, the error names both."""
    with pytest.raises(InvalidModelReference, match="acme/shared-1") as raised:
        named("shared-1", CHAT_API, catalog, {})
    assert "zenith/shared-1" in str(raised.value)


def test_the_maker_of_several(catalog: Catalog) -> None:
    """If several vendors list an ID, and the grouping knows its maker, it means the maker's model."""
    assert str(named("claude-sonnet-4-5", CHAT_API, catalog, {})) == "anthropic/claude-sonnet-4-5"


def test_a_model_of_ones_own(catalog: Catalog, tmp_path: Path) -> None:
    """The ID of a custom model means that model, also if vendors list the ID."""
    file = tmp_path / ".dexto" / "models" / "custom-models.json"
    file.parent.mkdir(parents=True)
    entry = {"provider": "openai-compatible", "name": "claude-sonnet-4-5", "baseURL": "http://127.0.0.1:1/v1"}
    file.write_text(json.dumps({"version": 1, "models": [entry]}), encoding="utf-8")
    own = Catalog(catalog.plugins, Environment({}, home=str(tmp_path)))
    assert str(named("claude-sonnet-4-5", MESSAGES, own, {})) == "openai-compatible/claude-sonnet-4-5"


@pytest.mark.parametrize("name", ["large", "acme-large", "acme/acme-large[1m]"])
def test_a_request_by_name(serve: Serve, passing_to: PassingTo, name: str) -> None:
    """The endpoint gets the route's ID, whatever the client calls the model."""
    upstream = serve("acme-large")
    shortcuts = {"large": "acme/acme-large", "acme-large": "acme/acme-large"}
    assert passing_to(Direct(upstream), shortcuts=shortcuts).post(CHAT, asking(name)).status == 200
    assert upstream.received[0].body["model"] == "acme-large"
