"""Test support for plugin authors: contract tests to inherit, and fakes.

    from polyroute.testing import PluginContract
    import acme_polyroute

    class TestAcme(PluginContract):
        plugin = acme_polyroute

This module does not import pytest, and it opens no connections.
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
    """The tests that every Python plugin must pass. Inherit them in a test class that sets `plugin`."""

    plugin: object
    """The module or object that implements the hooks."""

    def test_it_conforms(self) -> None:
        """The conformance kit finds no error, neither with the plugin alone nor together with the bundled plugins."""
        with tempfile.TemporaryDirectory() as home:
            found = list(contract.findings(self.plugin, home))
        assert [str(each) for each in found if each.severity == "error"] == []

    def test_it_answers_alike_every_time(self) -> None:
        """What a plugin declares does not change from one load to the next."""
        first, second = (contract.declaration(fake_catalog(self.plugin).plugins) for _ in range(2))
        assert first == second


class ExecutableContract:
    """The tests that every executable must pass. Inherit them in a test class that sets `folder`. It is run."""

    folder: str | Path
    """The folder that contains its plugin.toml."""

    def test_it_conforms(self) -> None:
        """The conformance kit finds no error."""
        found = runner.check(str(self.folder), run=True)
        assert [str(each) for each in found if each.severity == "error"] == []


def fake_environment(
    home: str | Path = "/nonexistent", files: Mapping[str, str] | None = None, **variables: str
) -> Environment:
    """Return an environment with only these variables and this home directory.

    `files` maps paths relative to `home` to texts, which are written first.
    """
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
    """Return a catalog with these plugin objects and the installed plugins named in `only`.

    By default, the environment has no variables and no files, and the preferences are the defaults.
    """
    environment = fake_environment() if environment is None else environment
    return Catalog(Plugins.load(plugins, only=only, environment=environment), environment, preferences)
