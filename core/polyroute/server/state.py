"""The state that requests are answered from. It is immutable, and replaced as soon as something has changed."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from starlette.types import Scope

from polyroute import Catalog, Environment, ModelRef, Plugins, Preferences
from polyroute._internal.threads import Workers
from polyroute.choices.picker_state import PickerState
from polyroute.model_list.order import ModelOrder
from polyroute.model_list.rows import ModelRows
from polyroute.model_list.selection import SelectableModels
from polyroute.server.answers import PATIENCE_SECONDS, Answers, MemoryLimit, ResponseKey, note_error
from polyroute.server.cached_response import CachedResponse
from polyroute.server.errors import ApiError
from polyroute.server.fingerprint import fingerprint, is_listed
from polyroute.server.known_keys import KnownKeys, UserFacts
from polyroute.server.known_servers import KnownServers
from polyroute.server.listing import Listing
from polyroute.server.loader import FRESH_SECONDS, LoadedEnvironment, Loader, PluginSource, user_files
from polyroute.server.measures import Measure

if TYPE_CHECKING:
    from polyroute.organisation import OrganisationPolicy
    from polyroute.organisation.policy_file import PolicyFile
    from polyroute.server.policy_source import PolicySource

_GIVE_UP_SECONDS = 30.0
"""How long loading a state may take before another attempt is started."""
_ATTEMPTS = 4
"""How many attempts may hang at the same time."""
_MAX_STATES = 10_000
"""How many users' states are kept, with 30 kB for each. A dropped one is loaded again in milliseconds."""
_LISTED_BYTES, _ROW_BYTES = 650, 1_400
"""About what a model takes in a `Listing`, and in `ModelRows` with what a search keeps."""
Sharing = Literal["content", "models", "user"]
"""With whom a user shares an answer: with all users of equal content; with those of them who have no favorites,
recents and models of their own; with nobody."""


class Contents:
    """The answers that users share, by plugins and fingerprint, for as long as a user has them."""

    def __init__(self) -> None:
        self.memory = MemoryLimit()
        self.loads = {"loaded": 0, "failed": 0}
        """How often a state was loaded, or could not be."""
        self._answers: weakref.WeakValueDictionary[tuple[Sharing, int, bytes], Answers] = weakref.WeakValueDictionary()

    def of(self, sharing: Sharing, plugins: Plugins, digest: bytes) -> Answers:
        """Return the answers of everybody with the same plugins and fingerprint."""
        alike = plugins.alike
        return self._answers.setdefault((sharing, id(alike), digest), Answers(self.memory, keeps=alike))


class Snapshot:
    """One immutable state of one user, with the answers that follow from it."""

    def __init__(
        self, catalog: Catalog, seen: Mapping[str, Hashable | None], contents: Contents, known: UserFacts
    ) -> None:
        self.catalog, self.known = catalog, known
        self._known_keys = known.keys.of(catalog.environment)
        self._is_unchanged = catalog.environment.documents.watch(seen)
        self._order = _order(catalog)
        self._has_unlisted = not all(is_listed(ref, catalog) for ref in catalog.custom_refs)
        digest, self._problems = fingerprint(catalog)
        own = Answers(contents.memory)
        is_own = self._has_unlisted or self._order.is_personal
        self.answers: Mapping[Sharing, Answers] = {
            "content": contents.of("content", catalog.plugins, digest),
            "models": own if is_own else contents.of("models", catalog.plugins, digest),
            "user": own,
        }

    @property
    def listing(self) -> Listing:
        """All models with their routes."""
        return self.answers["content"].part(
            Listing, lambda: Listing(self.catalog, self._problems), lambda made: made.count * _LISTED_BYTES
        )

    @property
    def models(self) -> SelectableModels:
        """All models, whoever offers them, in the user's order."""
        kept = self.answers["models"]
        shared = self.answers["content"]
        listed = shared.made(ModelRows) if self._has_unlisted else None
        rows = (kept if self._has_unlisted else shared).part(
            ModelRows, lambda: ModelRows(self.catalog, listed=listed), lambda made: made.count * _ROW_BYTES
        )
        return kept.part(SelectableModels, lambda: SelectableModels(rows, self._order), lambda _: 8 * rows.count)

    @property
    def is_current(self) -> bool:
        """Whether none of its files has changed, and nothing else is known of servers and keys."""
        environment = self.catalog.environment
        if self.known.servers.of(environment) != self.catalog.plugins.servers:
            return False
        if self.known.keys.of(environment) is not self._known_keys:
            return False
        return self._is_unchanged() and self.catalog.environment.is_current()

    def cached(self, key: ResponseKey) -> CachedResponse | None:
        """Return the response that was made for `key`, if there is one."""
        for answers in self.answers.values():
            if found := answers.responses.get(key):
                answers.used = time.monotonic()
                return found
        return None


def _order(catalog: Catalog) -> ModelOrder:
    """Return the order in which the user chooses models."""
    state, names = PickerState(catalog.environment), catalog.plugins.names
    favorites, recents = (
        [ModelRef(names.get(each.provider, each.provider), each.model) for each in picked]
        for picked in (state.favourites(), state.recents())
    )
    return ModelOrder(favorites, recents)


class StateHolder:
    """Holds the current state of one environment."""

    def __init__(self, loader: Loader, contents: Contents) -> None:
        self._load, self._contents = loader, contents
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
        if self._renewal is not None or not self._is_current:
            return None
        self._fresh_until = now + FRESH_SECONDS
        return self._snapshot

    @property
    def is_loaded(self) -> bool:
        """Whether there is a state."""
        return self._snapshot is not None

    async def snapshot(self) -> Snapshot:
        """Return the current state, loaded again if something has changed."""
        return self.fresh() or await self._renewed()

    async def reload_after_write(self) -> None:
        """Load a new state after a file was written."""
        self._fresh_until = 0.0
        self._load.expect_change()
        if self._renewal is not None:
            await asyncio.wait({self._renewal}, timeout=PATIENCE_SECONDS)
        if not self._is_current:
            await self._renewed()

    @property
    def _is_current(self) -> bool:
        return self._snapshot is not None and self._snapshot.is_current and self._load.is_current

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
        self._renewal.add_done_callback(note_error)
        return self._renewal

    async def _renew(self) -> None:
        result: Literal["loaded", "failed"] = "failed"
        try:
            snapshot = await self._workers.run(self._make)
            result = "loaded"
            if asyncio.current_task() is self._renewal:
                self._put(snapshot)
        finally:
            self._contents.loads[result] += 1
            if asyncio.current_task() is self._renewal:
                self._renewal = None

    def _put(self, snapshot: Snapshot) -> None:
        self._snapshot, self._fresh_until = snapshot, time.monotonic() + FRESH_SECONDS
        for event in self._changed:
            event.set()

    def _make(self) -> Snapshot:
        environment = self._load.environment(self._snapshot.catalog if self._snapshot else None)
        seen = {path: environment.documents.identity(path) for path in user_files(environment)}  # before they are read
        return Snapshot(self._load.catalog(environment), seen, self._contents, self._load.known)


class States:
    """The states of all environments that requests have been received for."""

    def __init__(
        self,
        plugins: Plugins | None,
        environment: Environment | Callable[[Scope], LoadedEnvironment] | None,
        preferences: Preferences | None,
        policy: OrganisationPolicy | PolicyFile | None,
        say: Callable[[str], object],
    ) -> None:
        """`say` is told what the operator should know. Raises UsageError if the policy is wrong."""
        self._environment_of = environment if callable(environment) else None
        only = None if callable(environment) else environment
        self._plugins, self._preferences, self._contents = PluginSource(plugins, only), preferences, Contents()
        self._known = UserFacts(KnownServers(), KnownKeys())
        self._policies: PolicySource | None = None
        if policy is not None:
            from polyroute.server.policy_source import PolicySource

            self._policies = PolicySource(policy, self._plugins.current, say, has_many_users=callable(environment))
        self._only = self._new(Environment({}) if callable(environment) else environment)
        self._is_prepared = False
        self._holders: dict[LoadedEnvironment, StateHolder] = {}

    @property
    def only(self) -> StateHolder | None:
        """The holder of the state for all requests; None if each request has an environment of its own."""
        return self._only if self._environment_of is None else None

    @property
    def are_loaded(self) -> bool:
        """Whether what the first request needs is loaded: see `load`."""
        return self._is_prepared if self.only is None else self.only.is_loaded

    def measures(self) -> Iterable[Measure]:
        """Return what metrics say of the states and the plugins."""
        kept = len(self._holders) + int(self.only is not None and self.only.is_loaded)
        yield Measure("snapshots", "States of users that are kept.", kept)
        for result, count in self._contents.loads.items():
            about = "States of users that were loaded, or could not be."
            yield Measure("snapshot_loads", about, count, ("result", result), "counter")
        yield Measure("answer_bytes", "About what the prepared answers take.", self._contents.memory.size)
        yield from self._plugins.measures()
        if self._policies is not None:
            yield from self._policies.measures()

    async def load(self) -> None:
        """Load the state of all requests; for many users, all that those share who have nothing of their own yet.

        The latter takes seconds where nothing is cached, for which requests would wait.
        """
        snapshot = await self._only.snapshot()
        if self.only is None:
            await Workers(1).run(lambda: (snapshot.listing, snapshot.models))
            self._is_prepared = True

    def for_request(self, scope: Scope) -> StateHolder:
        """Return the holder of the state for one request, given its ASGI scope."""
        return self._only if self._environment_of is None else self._for_environment(self._environment_of(scope))

    def _for_environment(self, environment: LoadedEnvironment) -> StateHolder:
        holder = self._holders.pop(environment, None) or self._new(environment)
        self._holders[environment] = holder  # the most recent last
        if len(self._holders) > _MAX_STATES:
            del self._holders[next(iter(self._holders))]
        return holder

    def _new(self, environment: LoadedEnvironment | None) -> StateHolder:
        sources = self._plugins, environment, self._preferences, self._known, self._policies
        return StateHolder(Loader(*sources), self._contents)
