"""Keeping lists fresh in the background."""

from __future__ import annotations

import asyncio
import time

from polyroute import PolyrouteError
from polyroute._internal.threads import Workers
from polyroute.server.state import Snapshot, StateHolder

_EVERY_SECONDS = 3600.0
"""How often it is looked whether a list is stale. Fetching is for those older than a day, and not where offline."""


class Upkeep:
    """Fetches stale lists while requests come; nobody waits for it, and nothing is said where it fails."""

    def __init__(self, *, wanted: bool) -> None:
        self._due = 0.0 if wanted else float("inf")
        self._task: asyncio.Task[None] | None = None
        self._workers = Workers(1)

    def nudge(self, holder: StateHolder, snapshot: Snapshot) -> None:
        """Begin, where it is time."""
        if time.monotonic() >= self._due and (self._task is None or self._task.done()):
            self._due = time.monotonic() + _EVERY_SECONDS
            self._task = asyncio.create_task(self._refresh(holder, snapshot))

    async def _refresh(self, holder: StateHolder, snapshot: Snapshot) -> None:
        await self._workers.run(lambda: _fetch(snapshot))
        holder.look()


def _fetch(snapshot: Snapshot) -> None:
    """Lists that are fresh, or that nobody may fetch, are left; so are those that can't be had now."""
    from polyroute.list_refresh import refresh

    try:
        refresh(snapshot.catalog.plugins.lists, snapshot.catalog.environment)
    except PolyrouteError:
        return
