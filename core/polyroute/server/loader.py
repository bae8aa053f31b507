"""Load and reload the catalog of one environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import islice

from polyroute import Catalog, Environment, Plugins, Preferences
from polyroute._internal.cache import Identity, identity_or_none
from polyroute._internal.paths import cache_directory
from polyroute.dexto_compat import custom_models_path
from polyroute.lists import changes
from polyroute.plugins.trust.approvals import Approvals
from polyroute.server.picker_state import PickerState

_MAX_FILES = 2_000
"""How many files of plugins and fetched lists are watched. A change to any other needs a restart of the server."""


class Loader:
    """Loads catalogs. Unless the host passed the plugins, they are reloaded when their files have changed."""

    def __init__(
        self, plugins: Plugins | None, environment: Environment | None, preferences: Preferences | None
    ) -> None:
        self._given, self._environment, self._preferences = plugins, environment, preferences
        self._made_from: Mapping[str, Identity | None] = {}

    def __call__(self, previous: Catalog | None) -> Catalog:
        """Return an up-to-date catalog, with the plugins of the previous one unless their files have changed."""
        environment = self._current_environment(previous)
        if self._given is not None:
            return previous.reload() if previous else self._catalog(self._given, environment)
        made_from = {path: identity_or_none(path) for path in _plugin_files(environment)}
        if previous is not None and made_from == self._made_from:
            return previous.reload()
        plugins = Plugins.load(environment=environment)
        self._made_from = made_from
        return self._catalog(plugins, environment)

    def files(self, environment: Environment) -> Iterable[str]:
        """Return the files that the catalog depends on, other than those that the environment tracks."""
        yield custom_models_path(environment.shared_home)
        yield PickerState(environment).path
        if self._given is None:
            yield from _plugin_files(environment)

    def _current_environment(self, previous: Catalog | None) -> Environment:
        if previous is not None:
            return previous.environment.again()
        return Environment.load() if self._environment is None else self._environment

    def _catalog(self, plugins: Plugins, environment: Environment) -> Catalog:
        return Catalog.load(plugins=plugins, environment=environment, preferences=self._preferences)


def _plugin_files(environment: Environment) -> Iterable[str]:
    """Return the files that loading plugins depends on: the user's plugins and approvals, and fetched lists."""
    yield Approvals.load(environment).path
    yield changes.path_in(environment.state_directory)
    found = (
        path
        for folder in (environment.plugins_directory, os.path.join(cache_directory(), "lists"))
        for path in _tree(folder, 2)
    )
    yield from islice(found, _MAX_FILES)


def _tree(folder: str, depth: int) -> Iterable[str]:
    """Return a folder, which changes when an entry is added or removed, and its contents down to a depth."""
    yield folder
    try:
        inner = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    except OSError:
        return
    for path in inner:
        yield from _tree(path, depth - 1) if depth > 1 and os.path.isdir(path) else (path,)
