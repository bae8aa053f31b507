"""Asking the gateways' mappers, so that what goes wrong in one costs its own gateway alone."""

from __future__ import annotations

from polyroute.loading import CONTAINED, describe
from polyroute.plugins import Plugins
from polyroute.types import IdMapping, ModelRef, Problem, Suggester


class Mappers:
    """All mappers of the loaded plugins; what fails becomes a problem in `problems`."""

    def __init__(self, plugins: Plugins, problems: list[Problem]) -> None:
        self._plugins = plugins
        self._problems = problems

    def lookup(self, gateway: str, ref: ModelRef) -> IdMapping:
        """The ID by which `gateway` knows a model, or none, and why."""
        mapper = self._plugins.mappers.get(gateway)
        if mapper is None:
            return IdMapping(None, "unknown", f"{gateway} has no model-ID mapping")
        try:
            return mapper.lookup(ref)
        except CONTAINED as error:
            return IdMapping(None, "unknown", self._failed(gateway, error))

    def reverse(self, gateway: str, gateway_id: str) -> ModelRef | None:
        """The provider and native ID of a gateway's ID, where its mapper is certain."""
        mapper = self._plugins.mappers.get(gateway)
        try:
            return mapper.reverse(gateway_id) if mapper else None
        except CONTAINED as error:
            self._failed(gateway, error)
            return None

    def suggest(self, ref: ModelRef) -> tuple[str, ...]:
        """References that may be meant and can be selected, of all gateways."""
        found = dict.fromkeys(each for gateway in self._plugins.mappers for each in self._suggested(gateway, ref))
        return tuple(each for each in found if each != str(ref) and self._is_selectable(each))

    def _suggested(self, gateway: str, ref: ModelRef) -> tuple[str, ...]:
        mapper = self._plugins.mappers[gateway]
        try:
            return mapper.suggest(ref) if isinstance(mapper, Suggester) else ()
        except CONTAINED as error:
            self._failed(gateway, error)
            return ()

    def _is_selectable(self, reference: str) -> bool:
        provider = self._plugins.providers.get(self._plugins.names.get(reference.partition("/")[0], ""))
        return provider is not None and provider.selectable

    def _failed(self, gateway: str, error: BaseException) -> str:
        fault = f"the mapper of {gateway} failed: {describe(error)}"
        owner = self._plugins.owners[gateway]
        self._problems.append(owner.problem(fault, "Update or disable the plugin.", "polyroute_model_ids"))
        return fault
