"""Refresh stale lists in the background."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from polyroute import Environment, PolyrouteError
from polyroute._internal.threads import Workers
from polyroute.lists.stored import FetchedList
from polyroute.server.state import Snapshot, StateHolder

_INTERVAL_SECONDS = 3600.0
"""How often lists are checked. Only lists older than a day are fetched, and none if `POLYROUTE_OFFLINE` is set."""


class BackgroundRefresh:
    """Fetches stale lists while the server receives requests. No request waits for it, and failures are ignored."""

    def __init__(self, environment: Environment | None, *, enabled: bool) -> None:
        """`environment` has the variables to fetch with; by default they are those of the user who sends a request."""
        self._environment = environment
        self._due = 0.0 if enabled else float("inf")
        self._task: asyncio.Task[None] | None = None
        self._workers = Workers(1)

    def start_if_due(self, holder: StateHolder, snapshot: Snapshot) -> None:
        """Start a refresh in the background if the last one was long enough ago."""
        if time.monotonic() >= self._due and (self._task is None or self._task.done()):
            self._due = time.monotonic() + _INTERVAL_SECONDS
            self._task = asyncio.create_task(self._refresh(holder, snapshot))

    async def _refresh(self, holder: StateHolder, snapshot: Snapshot) -> None:
        catalog = snapshot.catalog
        await self._workers.run(lambda: _fetch(catalog.plugins.lists, self._environment or catalog.environment))
        holder.reload_in_background()


def _fetch(lists: Iterable[FetchedList], environment: Environment) -> None:
    """Fetch the lists that are stale and may be fetched; keep the others, and those whose fetch fails."""
    from polyroute.list_refresh import refresh

    try:
        refresh(lists, environment)
    except PolyrouteError:
        return
