"""The users of a team: whose request it is, and what that user has in the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlette.types import Scope

from polyroute import Environment
from polyroute.postgres.database import Store
from polyroute.postgres.stored_user import HOME, StoredUser
from polyroute.server.identity import IdentityHeader
from polyroute.server.measures import Measure


class TeamUsers:
    """Returns what loads the environment of the user who sent a request, for `create_app`."""

    def __init__(self, store: Store, identity: IdentityHeader) -> None:
        self._store, self._identity = store, identity

    def __call__(self, scope: Scope) -> Callable[[], Environment]:
        """Return what loads the environment of a request's user: an equal function for the same user.

        Raises ApiError if the request is of no user.
        """
        return _Loading(self._store.user(self._identity.user(scope)))

    def have_met_store(self) -> bool:
        """Return whether the store was reached at least once."""
        return self._store.epoch > 0

    def measures(self) -> Iterable[Measure]:
        """Return what metrics say of the store."""
        store, connections = self._store, self._store.connections()
        yield Measure("store_up", "Whether changes of other replicas are heard now.", store.is_listening)
        yield Measure("store_contacts", "How often listening to changes began.", store.epoch, kind="counter")
        for state in ("open", "free"):
            yield Measure("store_connections", "Connections to the store.", connections[state], ("state", state))
        yield Measure("store_waiting", "Requests that wait for a connection.", connections["waiting"])


class _Loading:
    """Loads one user's environment. It has nothing of the server's process: no variable, and no file."""

    __slots__ = ("_user",)

    def __init__(self, user: StoredUser) -> None:
        self._user = user

    def __call__(self) -> Environment:
        """Return the environment. Raises StoreUnavailable if the user's documents are not known."""
        return Environment({}, home=HOME, documents=self._user.documents())

    def __hash__(self) -> int:
        return hash(self._user)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Loading) and other._user is self._user
