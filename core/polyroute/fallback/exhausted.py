"""Remember which credentials have no credit left, so that routes with others are tried first."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from polyroute.errors import InsufficientCredits
from polyroute.results import Route
from polyroute.types import Credential

REMEMBERED_SECONDS = 300.0
"""How long a credential counts as exhausted if its endpoint does not say when to try again."""
_MAX_REMEMBERED_SECONDS = 86_400.0


class ExhaustedCredentials:
    """The exhausted credentials of one user. They are kept in memory only."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._until: dict[Credential, float] = {}

    def note(self, error: InsufficientCredits) -> None:
        """Remember the credential of a route that failed."""
        if error.route.credential is not None:
            seconds = REMEMBERED_SECONDS if error.retry_after is None else error.retry_after
            self._until[error.route.credential] = self._now() + min(seconds, _MAX_REMEMBERED_SECONDS)

    def last(self, routes: Sequence[Route]) -> list[Route]:
        """Return the routes with those of exhausted credentials behind all others."""
        now = self._now()
        self._until = {each: until for each, until in self._until.items() if until > now}
        return sorted(routes, key=lambda route: route.credential in self._until)
