"""For the tests of plugin authors: a contract to inherit, and fakes.

    from polyroute.testing import PluginContract
    import acme_polyroute

    class TestAcme(PluginContract):
        plugin = acme_polyroute

Nothing here needs pytest but what runs it, and nothing opens a connection.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from polyroute import kit
from polyroute.catalog import Catalog
from polyroute.environment import Environment
from polyroute.kit import contract, declared
from polyroute.plugins import Plugins
from polyroute.preferences import Preferences


class PluginContract:
    """What every plugin in Python has to hold. Inherit it in a test class and give `plugin`."""

    plugin: object
    """The module or object with the hooks."""

    def test_nothing_is_wrong_in_any_answer(self) -> None:
        """A host that asks every hook shows no problem."""
        catalog = fake_catalog(self.plugin)
        contract.asked_for_all(catalog)
        assert [str(each) for each in catalog.problems] == []

    def test_everything_declared_can_be_used(self) -> None:
        """Every provider has a base URL and can be told what it needs; every gateway has a list."""
        found = declared.findings(contract.declaration(fake_catalog(self.plugin).plugins))
        assert [str(each) for each in found if each.severity == "error"] == []

    def test_no_secret_is_told(self) -> None:
        """No value of a variable is in anything that the catalog says."""
        with tempfile.TemporaryDirectory() as home:
            assert contract.CANARY not in contract.everything_told(fake_catalog(self.plugin).plugins, home)

    def test_it_answers_alike_every_time(self) -> None:
        """What a plugin declares does not change from one load to the next."""
        first, second = (contract.declaration(fake_catalog(self.plugin).plugins) for _ in range(2))
        assert first == second


class ExecutableContract:
    """What every executable has to hold. Inherit it in a test class and give `folder`. The program is run."""

    folder: str | Path
    """Where its plugin.toml is."""

    def test_it_conforms(self) -> None:
        """The conformance kit finds no error."""
        assert [str(each) for each in kit.check(str(self.folder)) if each.severity == "error"] == []


def fake_environment(
    home: str | Path = "/nonexistent", files: Mapping[str, str] | None = None, **variables: str
) -> Environment:
    """An environment of these variables alone, and of a home into which these files are written first."""
    for name, text in (files or {}).items():
        path = Path(home) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Environment({"HOME": str(home), **variables})


def fake_catalog(
    *plugins: object,
    environment: Environment | None = None,
    preferences: Preferences | None = None,
    only: Iterable[str] = (),
) -> Catalog:
    """A catalog of these plugin objects, of no installed plugin but those in `only`, and by default of nobody."""
    environment = fake_environment() if environment is None else environment
    return Catalog(Plugins.load(plugins, only=only, environment=environment), environment, preferences)
