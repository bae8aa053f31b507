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

from polyroute.catalog import Catalog
from polyroute.conformance import contract, runner
from polyroute.environment import Environment
from polyroute.plugins.loaded import Plugins
from polyroute.preferences import Preferences


class PluginContract:
    """What every plugin in Python has to hold. Inherit it in a test class and give `plugin`."""

    plugin: object
    """The module or object with the hooks."""

    def test_it_conforms(self) -> None:
        """The conformance kit finds no error: as a host uses it, alone and beside the bundled plugins."""
        with tempfile.TemporaryDirectory() as home:
            found = list(contract.findings(self.plugin, home))
        assert [str(each) for each in found if each.severity == "error"] == []

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
        assert [str(each) for each in runner.check(str(self.folder)) if each.severity == "error"] == []


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
