"""Whose state a request is answered from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from starlette.types import Scope

from polyroute import Catalog, Environment, Plugins, Preferences
from polyroute.dexto_compat import custom_models_path
from polyroute.picker_state import PickerState
from polyroute.server.state import Holder

_MOST = 256
"""States kept at once; one that is forgotten is made again in milliseconds."""


class Holders:
    """The states of all environments that requests come for; of one, where there are no others."""

    def __init__(
        self,
        plugins: Plugins | None,
        environment: Environment | Callable[[Scope], Environment] | None,
        preferences: Preferences | None,
    ) -> None:
        self._plugins, self._preferences = plugins, preferences
        self._loading = threading.Lock()
        self._of_scope = environment if callable(environment) else None
        self._only = Holder(self._loader(None if callable(environment) else environment), _also)
        self._holders: dict[Environment, Holder] = {}

    def of(self, scope: Scope) -> Holder:
        """The state for one request."""
        return self._only if self._of_scope is None else self._of(self._of_scope(scope))

    def _of(self, environment: Environment) -> Holder:
        holder = self._holders.pop(environment, None) or Holder(self._loader(environment), _also)
        self._holders[environment] = holder  # the most recent last
        if len(self._holders) > _MOST:
            del self._holders[next(iter(self._holders))]
        return holder

    def _loader(self, environment: Environment | None) -> Callable[[Catalog | None], Catalog]:
        def load(before: Catalog | None) -> Catalog:
            if before is not None:
                return before.reload()
            return self._first(Environment.load() if environment is None else environment)

        return load

    def _first(self, environment: Environment) -> Catalog:
        with self._loading:
            if self._plugins is None:
                self._plugins = Plugins.load(environment=environment)
        return Catalog.load(plugins=self._plugins, environment=environment, preferences=self._preferences)


def _also(environment: Environment) -> Iterable[str]:
    """Files that matter and that are read past the environment."""
    return custom_models_path(environment.shared_home), PickerState(environment).path
