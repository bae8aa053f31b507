"""Storing all that a provider needs: keys with the keys, everything else in the global `.env`, all or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from polyroute import Catalog, UsageError
from polyroute.credentials import settings
from tests.support.catalogs import MakeCatalog

AZURE = {"AZURE_API_KEY": "key-123456789", "AZURE_RESOURCE_NAME": "my-resource"}


@pytest.fixture
def catalog(make_catalog: MakeCatalog) -> Catalog:
    """A user without keys, on a machine without a keyring."""
    return make_catalog()


def needed(catalog: Catalog, name: str) -> list[tuple[str, bool, bool]]:
    """Return for each setting its variable, whether it is secret, and whether it was found."""
    provider = catalog.plugins.find(name)
    found = settings.needed(provider, catalog.environment)
    return [(each.variable, each.secret, each.source is not None) for each in found]


def written(catalog: Catalog) -> str:
    path = Path(catalog.environment.dotenv_path)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_what_a_provider_needs(catalog: Catalog) -> None:
    """Each missing variable is named, and whether it is a secret; an alternative is left out."""
    assert needed(catalog, "azure") == [("AZURE_API_KEY", True, False), ("AZURE_RESOURCE_NAME", False, False)]
    assert needed(catalog, "anthropic") == [("ANTHROPIC_API_KEY", True, False)]
    assert needed(catalog, "ollama") == []


def test_all_are_stored_at_once(catalog: Catalog) -> None:
    """Several settings make a provider usable in one step, and the result says where each is."""
    stored = settings.store(catalog, "azure", AZURE)
    assert str(stored.source) == "global .env AZURE_API_KEY"
    assert {name: str(source) for name, source in stored.settings.items()} == {
        "AZURE_RESOURCE_NAME": "global .env AZURE_RESOURCE_NAME"
    }
    later = catalog.reload()
    assert needed(later, "azure") == [("AZURE_API_KEY", True, True), ("AZURE_RESOURCE_NAME", False, True)]
    route = later.resolve("azure/gpt-4.1")
    assert "my-resource" in route.base_url


def test_one_may_be_changed_alone(catalog: Catalog) -> None:
    """A setting that is not given stays as it is."""
    settings.store(catalog, "azure", AZURE)
    settings.store(catalog.reload(), "azure", {"AZURE_RESOURCE_NAME": "other"})
    assert "key-123456789" in written(catalog)
    assert "other" in catalog.reload().resolve("azure/gpt-4.1").base_url


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("azure", {**AZURE, "AZURE_API_KEY": "two words"}, "white space"),
        ("azure", {**AZURE, "AZURE_RESOURCE_NAME": "a\nPATH=b"}, "control characters"),
        ("azure", {**AZURE, "AZURE_RESOURCE_NAME": " "}, "empty"),
        ("azure", {**AZURE, "PATH": "/bin"}, "azure reads only these variables: AZURE_API_KEY"),
        ("nobody", AZURE, "nobody"),
    ],
)
def test_nothing_is_stored_if_anything_is_wrong(catalog: Catalog, name: str, values: Any, words: str) -> None:
    """A value that can't be, or a variable that the provider does not read, is refused before anything is stored."""
    with pytest.raises(UsageError, match=words):
        settings.store(catalog, name, values)
    assert written(catalog) == ""


def test_a_gateways_key_pins_it(make_catalog: MakeCatalog) -> None:
    """A key for a gateway that another gateway carries is to be used: it pins the gateway to direct, and says so."""
    catalog = make_catalog(DEXTO_API_KEY="k")
    stored = settings.store(catalog, "openrouter", {"OPENROUTER_API_KEY": "key-123456789"})
    assert stored.notes
    assert 'openrouter = "direct"' in Path(stored.pinned).read_text(encoding="utf-8")
