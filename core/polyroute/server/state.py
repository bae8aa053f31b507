"""The state that requests are answered from. It is immutable, and replaced as soon as something has changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from starlette.types import Scope

from polyroute import Catalog, Environment, ModelRef, Plugins, Preferences
from polyroute._internal.cache import Identity, identity_or_none
from polyroute._internal.threads import Workers
from polyroute.model_list.order import ModelOrder
from polyroute.model_list.rows import ModelRows
from polyroute.model_list.selection import SelectableModels
from polyroute.server.cached_response import CachedResponse, encode
from polyroute.server.errors import ApiError
from polyroute.server.listing import Listing
from polyroute.server.loader import Loader
from polyroute.server.picker_state import PickerState

FRESH_SECONDS = 0.01
"""How long files are not checked again: checking twenty costs as much as a small response."""
PATIENCE_SECONDS = 5.0
"""How long requests wait for a new state before they are answered from the old one. Loading a state takes milliseconds,
unless a plugin hangs."""
_GIVE_UP_SECONDS = 30.0
"""How long loading a state may take before another attempt is started."""
_ATTEMPTS = 4
"""How many attempts may hang at the same time."""
_CACHE_BYTES = 16_000_000
"""The limit for the cached responses of one state, with their paths and queries. Beyond it the cache is cleared."""
_ENTRY_BYTES = 2_000
"""About what a cached response takes besides its body and its key."""
ResponseKey = tuple[str, bytes]
"""The path and the query of a request."""
_MAX_STATES = 256
"""How many states are kept. A dropped one is loaded again in milliseconds."""


class Snapshot:
    """One immutable state, with the responses that were cached for it."""

    def __init__(self, catalog: Catalog, seen: Mapping[str, Identity | None]) -> None:
        self.catalog = catalog
        self.responses: dict[ResponseKey, CachedResponse] = {}
        self._seen = seen
        self._making: dict[ResponseKey, asyncio.Task[CachedResponse]] = {}
        self._bytes = 0

    @cached_property
    def listing(self) -> Listing:
        """All models with their routes."""
        return Listing(self.catalog)

    @cached_property
    def models(self) -> SelectableModels:
        """All models, whoever offers them, in the user's order."""
        state, names = PickerState(self.catalog.environment), self.catalog.plugins.names
        favorites, recents = (
            [ModelRef(names.get(each.provider, each.provider), each.model) for each in picked]
            for picked in (state.favourites(), state.recents())
        )
        return SelectableModels(ModelRows(self.catalog), ModelOrder(favorites, recents))

    @property
    def is_current(self) -> bool:
        """Whether none of the files that it was loaded from has changed."""
        unchanged = all(identity_or_none(path) == seen for path, seen in self._seen.items())
        return unchanged and self.catalog.environment.is_current()

    async def response(self, key: ResponseKey, make: Callable[[], Any], workers: Workers) -> CachedResponse:
        """Return the cached response for `key`. It is made once, even if several requests wait for it."""
        if key in self.responses:
            return self.responses[key]
        if key not in self._making:
            self._making[key] = asyncio.create_task(workers.run(lambda: CachedResponse(encode(make()))))
            self._making[key].add_done_callback(lambda task: self._keep(key, task))
        response: CachedResponse = await wait_for(self._making[key])
        return response

    def _keep(self, key: ResponseKey, task: asyncio.Task[CachedResponse]) -> None:
        del self._making[key]
        if task.cancelled() or task.exception():
            return
        response = task.result()
        size = response.size + sum(map(len, key)) + _ENTRY_BYTES
        if self._bytes + size > _CACHE_BYTES:
            self.responses.clear()
            self._bytes = 0
        self.responses[key] = response
        self._bytes += size


async def wait_for(task: asyncio.Future[Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Return the result of `task`. Raises ApiError, without cancelling the task, if it takes longer than `seconds`."""
    task.add_done_callback(_note_error)  # the client may leave before
    await asyncio.wait({task}, timeout=seconds)
    if task.done():
        return task.result()
    raise ApiError("timeout", "A plugin or a service did not respond in time. Try again later.", "timeout")


class StateHolder:
    """Holds the current state of one environment."""

    def __init__(self, loader: Loader) -> None:
        self._load = loader
        self._workers = Workers(_ATTEMPTS)
        self._snapshot: Snapshot | None = None
        self._fresh_until = 0.0
        self._renewal: asyncio.Task[None] | None = None
        self._renewal_started = 0.0
        self._changed: set[asyncio.Event] = set()

    def fresh(self) -> Snapshot | None:
        """Return the current state; None if it has to be loaded, or loaded again, first."""
        if self._snapshot is None or (now := time.monotonic()) < self._fresh_until:
            return self._snapshot
        if self._renewal is not None or not self._snapshot.is_current:
            return None
        self._fresh_until = now + FRESH_SECONDS
        return self._snapshot

    async def snapshot(self) -> Snapshot:
        """Return the current state, loaded again if something has changed."""
        return self.fresh() or await self._renewed()

    async def reload_after_write(self) -> None:
        """Load a new state after a file was written."""
        self._fresh_until = 0.0
        if self._renewal is not None:
            await asyncio.wait({self._renewal}, timeout=PATIENCE_SECONDS)
        if self._snapshot is None or not self._snapshot.is_current:
            await self._renewed()

    def reload_in_background(self) -> None:
        """Start to load a new state if something has changed, without waiting for it."""
        if self.fresh() is None and self._renewal is None:
            self._begin()

    def subscribe(self) -> asyncio.Event:
        """Return an event that is set at every new state, until `unsubscribe`."""
        event = asyncio.Event()
        self._changed.add(event)
        return event

    def unsubscribe(self, event: asyncio.Event) -> None:
        """Stop setting the event."""
        self._changed.discard(event)

    async def _renewed(self) -> Snapshot:
        renewal = self._begin() if self._renewal is None or self._hangs else self._renewal
        left = self._renewal_started + PATIENCE_SECONDS - time.monotonic()
        await asyncio.wait({renewal}, timeout=max(left, 0))
        if renewal.done():
            renewal.result()
        if self._snapshot is None:
            raise ApiError("timeout", "The plugins are still being loaded. Try again later.", "timeout")
        return self._snapshot

    @property
    def _hangs(self) -> bool:
        return time.monotonic() - self._renewal_started > _GIVE_UP_SECONDS

    def _begin(self) -> asyncio.Task[None]:
        self._renewal_started = time.monotonic()
        self._renewal = asyncio.create_task(self._renew())
        self._renewal.add_done_callback(_note_error)
        return self._renewal

    async def _renew(self) -> None:
        try:
            snapshot = await self._workers.run(self._make)
            if asyncio.current_task() is self._renewal:
                self._put(snapshot)
        finally:
            if asyncio.current_task() is self._renewal:
                self._renewal = None

    def _put(self, snapshot: Snapshot) -> None:
        self._snapshot, self._fresh_until = snapshot, time.monotonic() + FRESH_SECONDS
        for event in self._changed:
            event.set()

    def _make(self) -> Snapshot:
        before = self._snapshot.catalog if self._snapshot else None
        seen: dict[str, Identity | None] = {}
        if before is not None:
            seen = {path: identity_or_none(path) for path in self._load.files(before.environment)}
        catalog = self._load(before)
        for path in self._load.files(catalog.environment):
            seen.setdefault(path, identity_or_none(path))
        return Snapshot(catalog, seen)


def _note_error(task: asyncio.Future[Any]) -> None:
    """Take notice of an error, which asyncio would otherwise print, with what it quotes, if nobody waits for it."""
    if not task.cancelled():
        task.exception()


class States:
    """The states of all environments that requests have been received for."""

    def __init__(
        self,
        plugins: Plugins | None,
        environment: Environment | Callable[[Scope], Environment] | None,
        preferences: Preferences | None,
    ) -> None:
        self._plugins, self._preferences = plugins, preferences
        self._environment_of = environment if callable(environment) else None
        self._only = self._new(None if callable(environment) else environment)
        self._holders: dict[Environment, StateHolder] = {}

    @property
    def only(self) -> StateHolder | None:
        """The holder of the state for all requests; None if each request has an environment of its own."""
        return self._only if self._environment_of is None else None

    def for_request(self, scope: Scope) -> StateHolder:
        """Return the holder of the state for one request, given its ASGI scope."""
        return self._only if self._environment_of is None else self._for_environment(self._environment_of(scope))

    def _for_environment(self, environment: Environment) -> StateHolder:
        holder = self._holders.pop(environment, None) or self._new(environment)
        self._holders[environment] = holder  # the most recent last
        if len(self._holders) > _MAX_STATES:
            del self._holders[next(iter(self._holders))]
        return holder

    def _new(self, environment: Environment | None) -> StateHolder:
        return StateHolder(Loader(self._plugins, environment, self._preferences))
