"""Load and reload plugins and the catalogs of users."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from polyroute import Catalog, Environment, Plugins, Preferences
from polyroute._internal.cache import Identity, identity_or_none
from polyroute._internal.paths import cache_directory
from polyroute._internal.watching import Watch
from polyroute.choices.picker_state import PickerState
from polyroute.custom_models.loaded import own_path
from polyroute.dexto_compat import custom_models_path, installed_models_path
from polyroute.lists import changes
from polyroute.plugins.trust.approvals import Approvals
from polyroute.server.known_keys import UserFacts
from polyroute.server.measures import Measure

if TYPE_CHECKING:
    from polyroute.server.policy_source import PolicySource
    from polyroute.types.policies import OrganisationPolicy

FRESH_SECONDS = 0.01
"""How long files are not checked again: checking twenty costs as much as a small response."""
LoadedEnvironment = Environment | Callable[[], Environment]
"""An environment, or what loads it, in a thread. It identifies the user: it is equal only for the same user."""
_MAX_FILES = 2_000
"""How many files of plugins and fetched lists are watched. A change to any other needs a restart of the server."""


class PluginSource:
    """The plugins that the host passed, else the installed ones, which are loaded again when their files have changed.

    All users share them, so they are loaded for the environment of the process; for a single user, for theirs.
    """

    def __init__(self, given: Plugins | None, environment: Environment | None) -> None:
        """`environment` is that of the single user; None for that of the process."""
        self._given, self._environment = given, environment
        self._loaded: Plugins | None = None
        self._made_from: Mapping[str, Identity | None] = {}
        self._watch = Watch({})
        self._fresh_until = 0.0
        self._lock = threading.Lock()

    def current(self) -> Plugins:
        """Return the plugins, loaded again if their files have changed."""
        if self._given is not None:
            return self._given
        with self._lock:
            environment = self._environment = self._environment or Environment.load()
            made_from = {path: identity_or_none(path) for path in _plugin_files(environment)}
            if self._loaded is None or made_from != self._made_from:
                self._loaded, self._made_from = Plugins.load(environment=environment.again()), made_from
            self._watch = Watch(made_from)  # also if only the folder of a missing file has come
            return self._loaded

    def measures(self) -> Iterable[Measure]:
        """Return what metrics say of the plugins."""
        if (plugins := self._given or self._loaded) is None:
            return
        in_use = sum(plugin.enabled for plugin in plugins.all)
        for state, count in (("enabled", in_use), ("disabled", len(plugins.all) - in_use)):
            yield Measure("plugins", "Plugins that were found.", count, ("state", state))
        yield Measure("plugin_problems", "What went wrong in plugins.", len(plugins.problems))

    def expect_change(self) -> None:
        """Check the files again at the next question, however fresh they are: one may just have been written."""
        self._fresh_until = 0.0

    def are_current(self, plugins: Plugins) -> bool:
        """Return whether these are still the plugins to use. Their files are checked once for all users."""
        if self._given is not None:
            return True
        if (now := time.monotonic()) > self._fresh_until:
            if not self._watch.is_unchanged():
                return False
            self._fresh_until = now + FRESH_SECONDS
        return plugins is self._loaded


class Loader:
    """Loads the catalogs of one user."""

    def __init__(
        self,
        source: PluginSource,
        environment: LoadedEnvironment | None,
        preferences: Preferences | None,
        known: UserFacts,
        policies: PolicySource | None = None,
    ) -> None:
        """`environment` is that of the process if None is given, and `preferences` are the user's."""
        self.known = known
        self._policies = policies
        self._policy: OrganisationPolicy | None = None
        self._source, self._environment, self._preferences = source, environment, preferences
        self._plugins: Plugins | None = None

    def environment(self, previous: Catalog | None) -> Environment:
        """Return the user's environment as it is now."""
        if previous is not None:
            return previous.environment.again()
        load = Environment.load if self._environment is None else self._environment
        return load if isinstance(load, Environment) else load()

    def catalog(self, environment: Environment) -> Catalog:
        """Return the catalog of an environment."""
        if self._policies is not None:
            environment = self._policies.given_to(environment)
            self._policy = environment.policy
        self._plugins = self._source.current()
        catalog = Catalog.load(plugins=self._plugins, environment=environment, preferences=self._preferences)
        known = self.known.servers.of(environment)
        return catalog.knowing(known) if known else catalog

    def expect_change(self) -> None:
        """Check the files of plugins again at the next question: one may just have been written."""
        self._source.expect_change()

    @property
    def is_current(self) -> bool:
        """Whether the plugins and the policy of the latest catalog are still those to use."""
        if self._plugins is None or not self._source.are_current(self._plugins):
            return False
        return self._policies is None or self._policies.is_current(self._policy)


def user_files(environment: Environment) -> Iterable[str]:
    """Return the files that a catalog and its answers depend on, other than those that the environment tracks."""
    yield custom_models_path(environment.shared_home)
    yield own_path(environment)
    yield from (PickerState(environment).path, PickerState(environment).shared_path)
    yield installed_models_path(environment.shared_home)


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
