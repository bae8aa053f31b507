"""What a gateway's mapper of model IDs is, and what it returns."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from polyroute.named_tuples import NamedTuple
from polyroute.types.constraints import Filled
from polyroute.types.declarations import Evidence, ModelRef


class IdMapping(NamedTuple):
    """A gateway's ID for a model and the evidence for it; or no ID and the reason."""

    id: Filled | None
    evidence: Evidence
    why: str = ""
    """The explanation for users; never empty if there is no ID."""


@runtime_checkable
class Mapper(Protocol):
    """Translates model IDs for one gateway. It is built once and called often, so both methods must be look-ups."""

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """Return the gateway's ID for `model`, or the reason why there is none."""

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """Return the provider and its own ID for a gateway's ID; None unless that is certain."""


@runtime_checkable
class Suggester(Protocol):
    """A mapper that can also suggest models, for messages to users only, never to compute routes.

    This is optional and separate from `lookup`, because finding similar names takes a thousand times as long.
    """

    def suggest(self, model: ModelRef, /) -> tuple[str, ...]:
        """Return references that may have been meant, the likeliest first. Unlike all other methods, this may guess."""


@runtime_checkable
class Preparing(Protocol):
    """A mapper that calls another service and can fetch many IDs in one request."""

    def prepare(self, models: Sequence[ModelRef], /) -> None:
        """Fetch the IDs of these models, which are about to be looked up, in one request."""
