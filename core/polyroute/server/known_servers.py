"""What is known of users' own servers, in memory until the process ends."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from types import MappingProxyType

from polyroute import Environment
from polyroute.results import LocalServer

_MAX_USERS = 10_000
_NONE: Mapping[str, LocalServer] = MappingProxyType({})


class KnownServers:
    """By user, the states of their own servers as they were found last."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Mapping[str, LocalServer]] = {}

    def of(self, environment: Environment) -> Mapping[str, LocalServer]:
        """Return by provider what is known of a user's servers; empty if they were not asked."""
        return self._found.get(environment.owner, _NONE)

    def put(self, environment: Environment, servers: Mapping[str, LocalServer]) -> None:
        """Remember what was found."""
        self._found.pop(environment.owner, None)
        self._found[environment.owner] = servers  # the most recent last
        while len(self._found) > _MAX_USERS:
            self._found.pop(next(iter(self._found), 0), None)
