"""How an executable spells a gateway's models: any number of them in one request."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from polyroute.environment import Environment
from polyroute.executables.jsonrpc import Fault
from polyroute.executables.remembering import FAILED_SECONDS
from polyroute.plugin import Failed
from polyroute.types import IdMapping, ModelRef

if TYPE_CHECKING:
    from polyroute.executables.plugin import ExecutablePlugin

MOST_MODELS = 10_000
"""In one request."""


class ExecutableMapper:
    """One gateway's mapper, for one environment."""

    def __init__(self, plugin: ExecutablePlugin, gateway: str, environment: Environment) -> None:
        self._plugin = plugin
        self._gateway = gateway
        self._environment = environment
        self._known: dict[ModelRef, IdMapping] = {}
        self._back: dict[str, ModelRef] = {}
        self._failed: tuple[float, Failed] | None = None

    def prepare(self, models: Sequence[ModelRef], /) -> None:
        """Ask for all of these that are not known yet. Raises Failed, and for a while without asking again."""
        unknown = [each for each in dict.fromkeys(models) if each not in self._known]
        for start in range(0, len(unknown), MOST_MODELS):
            self._ask(unknown[start : start + MOST_MODELS])

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """The ID by which the gateway knows `model`."""
        if model not in self._known:
            self.prepare([model])
        return self._known[model]

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """The model of a gateway's ID that was found before; nothing else is certain."""
        return self._back.get(gateway_id)

    def _ask(self, models: Sequence[ModelRef]) -> None:
        from polyroute.executables import replies

        if self._failed and time.monotonic() < self._failed[0] + FAILED_SECONDS:
            raise self._failed[1]
        rows = [{"provider": ref.provider, "id": ref.id} for ref in models]
        try:
            params = {"gateway": self._gateway, "models": rows}
            found = replies.mappings(self._plugin.result("map", params, self._environment))
        except (Fault, Failed) as fault:
            failed = Failed(f"executable {fault}", fault.code)
            self._failed = time.monotonic(), failed
            raise failed from None
        for ref in models:
            self._known[ref] = found.get(ref, IdMapping(None, "unknown", "its plugin does not know it"))
            if gateway_id := self._known[ref].id:
                self._back.setdefault(gateway_id, ref)
