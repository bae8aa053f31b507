"""What is known of users' own servers, in memory until the process ends."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

from polyroute import Environment
from polyroute.results import LocalServer

T = TypeVar("T")

_MAX_USERS = 10_000


class Known(Generic[T]):
    """By user and provider, what was found out last."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Mapping[str, T]] = {}
        self._none: Mapping[str, T] = MappingProxyType({})

    def of(self, environment: Environment) -> Mapping[str, T]:
        """Return by provider what is known for a user; empty if nothing was asked."""
        return self._found.get(environment.owner, self._none)

    def put(self, environment: Environment, found: Mapping[str, T]) -> None:
        """Remember what was found, in place of what was known."""
        self._found.pop(environment.owner, None)
        self._found[environment.owner] = found  # the most recent last
        while len(self._found) > _MAX_USERS:
            self._found.pop(next(iter(self._found), 0), None)


class KnownServers(Known[LocalServer]):
    """By user, the states of their own servers."""
