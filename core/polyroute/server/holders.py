"""Whose state a request is answered from."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Scope

from polyroute import Environment, Plugins, Preferences
from polyroute.server.loader import Loader
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
        self._of_scope = environment if callable(environment) else None
        self._only = self._new(None if callable(environment) else environment)
        self._holders: dict[Environment, Holder] = {}

    def of(self, scope: Scope) -> Holder:
        """The state for one request."""
        return self._only if self._of_scope is None else self._of(self._of_scope(scope))

    def _of(self, environment: Environment) -> Holder:
        holder = self._holders.pop(environment, None) or self._new(environment)
        self._holders[environment] = holder  # the most recent last
        if len(self._holders) > _MOST:
            del self._holders[next(iter(self._holders))]
        return holder

    def _new(self, environment: Environment | None) -> Holder:
        return Holder(Loader(self._plugins, environment, self._preferences))
