"""What an operation of the API is: where it answers, what it reads, and the function that answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from polyroute import Catalog
from polyroute.server.listing import Listing
from polyroute.server.schemas import Body, Empty, Query

if TYPE_CHECKING:
    from polyroute.server.current_model import CurrentModels
    from polyroute.server.removed_keys import RemovedKeys
    from polyroute.server.state import Snapshot

Q = TypeVar("Q", bound=Query)
B = TypeVar("B", bound=Body)


class OperationCall(NamedTuple):
    """One request, read and checked."""

    snapshot: Snapshot
    current: CurrentModels
    query: Query
    path: Mapping[str, str]
    """Parameters in the path."""
    sent: Body | None
    removed: RemovedKeys

    @property
    def catalog(self) -> Catalog:
        """What is answered from."""
        return self.snapshot.catalog

    @property
    def listing(self) -> Listing:
        """All models with their routes."""
        return self.snapshot.listing

    def asked(self, _: type[Q]) -> Q:
        """The query, of the type that the operation declares."""
        return cast(Q, self.query)

    def body(self, _: type[B]) -> B:
        """The body, of the type that the operation declares."""
        return cast(B, self.sent)


class Operation(NamedTuple):
    """One path and method. `answer` is called in a thread, with a catalog that does not change meanwhile."""

    method: str
    path: str
    answer: Callable[[OperationCall], Mapping[str, object]]
    """Its docstring is the operation's summary, and what it returns by its annotation is what the answer holds."""
    query: type[Query] = Empty
    body: type[Body] | None = None
    lane: str = "reading"
    """Which threads it takes: `reading`, `writing`, or `network`, so that what is slow there delays nothing here."""
    prepared: bool = False
    """Whether its answer follows from the catalog alone, and is kept as long as that."""
