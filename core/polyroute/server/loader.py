"""Making catalogs of one environment, again and again."""

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

_MOST_FILES = 2_000
"""Of plugins and fetched lists; whoever has more starts the server anew after a change."""


class Loader:
    """Loads catalogs. Plugins that no host gave are loaded again too, where what they are made of has changed."""

    def __init__(
        self, plugins: Plugins | None, environment: Environment | None, preferences: Preferences | None
    ) -> None:
        self._given, self._environment, self._preferences = plugins, environment, preferences
        self._made_from: Mapping[str, Identity | None] = {}

    def __call__(self, before: Catalog | None) -> Catalog:
        """A catalog of what is there now, of the same plugins as the one before where they are still the same."""
        environment = self._now(before)
        if self._given is not None:
            return before.reload() if before else self._catalog(self._given, environment)
        made_from = {path: identity_or_none(path) for path in _plugin_files(environment)}
        if before is not None and made_from == self._made_from:
            return before.reload()
        plugins = Plugins.load(environment=environment)
        self._made_from = made_from
        return self._catalog(plugins, environment)

    def files(self, environment: Environment) -> Iterable[str]:
        """Files that matter and that are read past the environment."""
        yield custom_models_path(environment.shared_home)
        yield PickerState(environment).path
        if self._given is None:
            yield from _plugin_files(environment)

    def _now(self, before: Catalog | None) -> Environment:
        if before is not None:
            return before.environment.again()
        return Environment.load() if self._environment is None else self._environment

    def _catalog(self, plugins: Plugins, environment: Environment) -> Catalog:
        return Catalog.load(plugins=plugins, environment=environment, preferences=self._preferences)


def _plugin_files(environment: Environment) -> Iterable[str]:
    """What loading plugins looks at: the person's folder of them, what the person agreed to, and fetched lists."""
    yield Approvals.load(environment).path
    yield changes.path_in(environment.state_directory)
    found = (
        path
        for folder in (environment.plugins_directory, os.path.join(cache_directory(), "lists"))
        for path in _tree(folder, 2)
    )
    yield from islice(found, _MOST_FILES)


def _tree(folder: str, depth: int) -> Iterable[str]:
    """A folder, and what is in it down to some depth: a folder changes when something is added or removed."""
    yield folder
    try:
        with os.scandir(folder) as entries:
            inner = sorted((each.path, each.is_dir()) for each in entries)
    except OSError:
        return
    for path, is_folder in inner:
        yield from _tree(path, depth - 1) if is_folder and depth > 1 else (path,)
