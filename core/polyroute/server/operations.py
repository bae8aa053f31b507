"""The declaration of an API operation: its path, its input and its handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar, cast

from polyroute import Catalog
from polyroute.named_tuples import NamedTuple
from polyroute.server.errors import ApiError
from polyroute.server.listing import Listing
from polyroute.server.schemas import Body, Empty, Query

if TYPE_CHECKING:
    from polyroute.choices.current_model import CurrentModels
    from polyroute.server.removed_keys import RemovedKeys
    from polyroute.server.state import Sharing, Snapshot

Q = TypeVar("Q", bound=Query)
B = TypeVar("B", bound=Body)


class OperationCall(NamedTuple):
    """One request, parsed and validated."""

    snapshot: Snapshot
    current: CurrentModels
    query: Query
    path: Mapping[str, str]
    """Parameters in the path."""
    parsed_body: Body | None
    removed: RemovedKeys

    @property
    def catalog(self) -> Catalog:
        """The catalog that the request is answered from."""
        return self.snapshot.catalog

    def require_this_machine(self, message: str, recovery: str = "Use `polyroute` on your own machine.") -> None:
        """Raise ApiError with this message if the user works on another machine than that of the server."""
        if not self.catalog.environment.documents.is_local:
            raise ApiError("not_this_machine", message, "forbidden", scope="http", recovery=recovery)

    @property
    def listing(self) -> Listing:
        """All models with their routes."""
        return self.snapshot.listing

    def parameters(self, _: type[Q]) -> Q:
        """Return the query parameters, as the type that the operation declares."""
        return cast(Q, self.query)

    def body(self, _: type[B]) -> B:
        """Return the body, as the type that the operation declares."""
        return cast(B, self.parsed_body)


class Operation(NamedTuple):
    """One path and method. `handler` is called in a worker thread, with an immutable catalog."""

    method: str
    path: str
    handler: Callable[[OperationCall], Mapping[str, object]]
    """Its docstring is the operation's summary, and its return annotation declares the response."""
    query: type[Query] = Empty
    body: type[Body] | None = None
    lane: str = "reading"
    """The threads that run it: `reading`, `writing` or `network`, so that slow operations don't delay the others."""
    cached_for: Sharing | None = None
    """With whom users share its response, which is cached until their state changes; None if it is not cached."""
