"""Asking the gateways' mappers, so that what goes wrong in one costs its own gateway alone."""

from __future__ import annotations

from polyroute.loading import CONTAINED, describe
from polyroute.plugins import Plugins
from polyroute.soundness import fault
from polyroute.types import IdMapping, ModelRef, Problem, Suggester

_HOOK = "polyroute_model_ids"


class Mappers:
    """All mappers of the loaded plugins; what fails becomes a problem in `problems`."""

    def __init__(self, plugins: Plugins, problems: list[Problem]) -> None:
        self._plugins = plugins
        self._problems = problems
        # Their mappers are tested never to answer unsoundly, and looking costs half a look-up.
        self._bundled = {name for name in plugins.gateways if plugins.owners[name].origin == "bundled"}

    def lookup(self, gateway: str, ref: ModelRef) -> IdMapping:
        """The ID by which `gateway` knows a model, or none, and why."""
        mapper = self._plugins.mappers.get(gateway)
        if mapper is None:
            return IdMapping(None, "unknown", self._lacking(gateway))
        try:
            found = mapper.lookup(ref)
            wrong = "" if gateway in self._bundled else fault(found)
        except CONTAINED as error:
            wrong = describe(error)
        return IdMapping(None, "unknown", self._failed(gateway, wrong)) if wrong else found

    def reverse(self, gateway: str, gateway_id: str) -> ModelRef | None:
        """The provider and native ID of a gateway's ID, where its mapper is certain."""
        mapper = self._plugins.mappers.get(gateway)
        try:
            back = mapper.reverse(gateway_id) if mapper else None
            wrong = fault(back) if back is not None else ""
        except CONTAINED as error:
            wrong = describe(error)
        if wrong:
            self._failed(gateway, wrong)
        return None if wrong else back

    def suggest(self, ref: ModelRef) -> tuple[str, ...]:
        """References that may be meant and can be selected, of all gateways."""
        found = dict.fromkeys(each for gateway in self._plugins.mappers for each in self._suggested(gateway, ref))
        return tuple(each for each in found if each != str(ref) and self._is_selectable(each))

    def _suggested(self, gateway: str, ref: ModelRef) -> tuple[str, ...]:
        mapper = self._plugins.mappers[gateway]
        try:
            return tuple(map(str, mapper.suggest(ref))) if isinstance(mapper, Suggester) else ()
        except CONTAINED as error:
            self._failed(gateway, describe(error))
            return ()

    def _is_selectable(self, reference: str) -> bool:
        provider = self._plugins.providers.get(self._plugins.names.get(reference.partition("/")[0], ""))
        return provider is not None and provider.selectable

    def _lacking(self, gateway: str) -> str:
        """Report a gateway without mapper, where nothing else says why it has none."""
        owner = self._plugins.owners[gateway]
        told = [each for each in self._plugins.problems if each.hook == _HOOK and each.plugin == owner.name]
        return "it has no mapper for model IDs" if told else self._failed(gateway, "its plugin gives none")

    def _failed(self, gateway: str, wrong: str) -> str:
        message = f"the mapper of {gateway} failed: {wrong}"
        owner = self._plugins.owners[gateway]
        problem = owner.problem(message, "Update or disable the plugin.", _HOOK)
        if problem not in self._problems:
            self._problems.append(problem)
        return message
