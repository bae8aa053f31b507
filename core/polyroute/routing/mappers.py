"""Call the mappers of gateways, so that an error in one affects only its own gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from polyroute._internal.containment import describe, pass_on
from polyroute._internal.problems import Reporter
from polyroute.lazy import cached_property
from polyroute.plugins.loaded import Plugins
from polyroute.results import Mapped, Plugin
from polyroute.types import IdMapping, Mapper, ModelRef, Preparing, Suggester

if TYPE_CHECKING:
    from polyroute.model_ids.groups import Groups
    from polyroute.model_ids.mapper import SchemeMapper

_HOOK = "polyroute_model_ids"


class Mappers:
    """All mappers of the loaded plugins. Errors are reported as problems."""

    def __init__(self, plugins: Plugins, report: Reporter) -> None:
        self._plugins = plugins
        self._report = report
        self._meant: dict[str, tuple[str, ...]] = {}
        self._lending: dict[str, str] = {}
        # Tests ensure that bundled mappers return valid results, and checking takes half the time of a look-up.
        self._bundled = plugins.with_bundled_mappers

    def lookup(self, gateway: str, ref: ModelRef) -> IdMapping:
        """Return the gateway's ID for a model, or the reason why there is none."""
        mapper = self._by_gateway.get(gateway)
        if mapper is None:
            return IdMapping(None, "unknown", self._lacking(gateway))
        try:
            found = mapper.lookup(ref)
            wrong = "" if gateway in self._bundled else self._fault(found)
        except BaseException as error:
            pass_on(error)
            wrong = describe(error)
        return IdMapping(None, "unknown", self._failed(gateway, wrong)) if wrong else found

    def lacks(self, gateway: str, ref: ModelRef) -> bool:
        """Return True if a quick look-up is enough to know that `gateway` has no ID for a model."""
        quick = self._quick.get(gateway)
        try:
            return quick is not None and quick(ref)
        except BaseException as error:
            pass_on(error)
            return False  # `lookup` reports the error

    def ending_with(self, model_id: str, gateways: Iterable[str]) -> Iterable[str]:
        """Return the gateways that may have an ID that ends with a slash and this one; others certainly have none."""
        names, endings = self._by_list
        if any(model_id in each for each in endings):
            return gateways
        return [each for each in gateways if each not in names]

    @cached_property
    def _by_list(self) -> tuple[frozenset[str], list[frozenset[str]]]:
        """The gateways all of whose IDs for others' models are in lists, and the endings of the IDs in these."""
        names: set[str] = set()
        endings: dict[int, frozenset[str]] = {}  # gateways share lists
        for gateway, mapper in self._by_gateway.items():
            try:
                listing = self._listing(mapper)
                if listing is not None:
                    endings.setdefault(id(listing), listing.endings)
                    names.add(gateway)
            except BaseException as error:
                pass_on(error)  # `lookup` reports the error
        return frozenset(names), list(endings.values())

    def _listing(self, mapper: Mapper) -> SchemeMapper | Groups | None:
        """Return what has all IDs that a mapper returns for others' models; None if that is not known."""
        from polyroute.model_ids.mapper import SchemeMapper
        from polyroute.model_ids.plain_mappers import LikeMapper

        if isinstance(mapper, LikeMapper):
            return self._plugins.groups if mapper.reads_groups else None
        return mapper if isinstance(mapper, SchemeMapper) else None

    @cached_property
    def _quick(self) -> Mapping[str, Callable[[ModelRef], bool]]:
        from polyroute.model_ids.mapper import SchemeMapper

        return {name: each.lacks for name, each in self._by_gateway.items() if isinstance(each, SchemeMapper)}

    @cached_property
    def _by_gateway(self) -> Mapping[str, Mapper]:
        return self._plugins.mappers

    @cached_property
    def _fault(self) -> Callable[[object], str]:
        from polyroute.types.result_check import find_fault

        return find_fault

    def lending(self, gateway: str) -> str:
        """Return the gateway whose list has the models of one without its own: it spells by the same mapper."""
        known = self._lending.get(gateway)
        if known is None:
            mapper = self._by_gateway.get(gateway)
            same = (name for name, each in self._by_gateway.items() if each is mapper and self._plugins.models(name))
            known = gateway if self._plugins.models(gateway) else next(same, gateway)
            self._lending[gateway] = known
        return known

    def prepare(self, refs: Iterable[ModelRef]) -> None:
        """Announce the models that will be looked up to mappers that request IDs, so that they request all at once."""
        asked = ((name, self._preparing(name, each)) for name, each in self._plugins.mappers.items())
        preparing = {name: each for name, each in asked if each is not None}
        wanted = list(refs) if preparing else []
        for gateway, mapper in preparing.items():
            theirs = [each for each in wanted if gateway in self._plugins.carriers(each.provider)]
            try:
                mapper.prepare(theirs)
            except BaseException as error:
                pass_on(error)
                self._failed(gateway, describe(error))

    def _preparing(self, gateway: str, mapper: Mapper) -> Preparing | None:
        try:
            return mapper if isinstance(mapper, Preparing) else None
        except BaseException as error:
            pass_on(error)
            self._failed(gateway, describe(error))
            return None

    def reverse(self, gateway: str, gateway_id: str) -> ModelRef | None:
        """Return the reference for a gateway's ID if its mapper is certain, else None."""
        mapper = self._plugins.mappers.get(gateway)
        try:
            back = mapper.reverse(gateway_id) if mapper else None
            wrong = "" if back is None or gateway in self._bundled else self._fault(back)
        except BaseException as error:
            pass_on(error)
            wrong = describe(error)
        if wrong:
            self._failed(gateway, wrong)
        return None if wrong else back

    def answer(self, gateway: str, name: str, model_id: str) -> Mapped:
        """Return the gateway's ID for the model of the provider with this ID or alias, else suggestions."""
        known = self._plugins.names.get(name)
        if known is None:
            why = f"there is no provider {name!r}"
            return Mapped(name, model_id, gateway, None, "unknown", why, self._of_nobody(gateway, name, model_id))
        ref = ModelRef(known, model_id)
        found = self.lookup(gateway, ref)
        suggested = self._selectable(self._suggested(gateway, ref)) if found.id is None else ()
        return Mapped(name, model_id, gateway, *found, suggested)

    def _of_nobody(self, gateway: str, name: str, model_id: str) -> tuple[str, ...]:
        """Return suggestions for an unknown provider name: it may be a gateway's namespace, or misspelled."""
        if name not in self._meant:
            self._meant[name] = (name, *self._plugins.unknown(name).suggestions)
        refs = (ModelRef(each, model_id) for each in self._meant[name])
        return next(filter(None, (self._selectable(self._suggested(gateway, ref)) for ref in refs)), ())

    def suggest(self, ref: ModelRef) -> tuple[str, ...]:
        """Return selectable references that may have been meant, from the mappers of all gateways."""
        found = dict.fromkeys(each for gateway in self._plugins.mappers for each in self._suggested(gateway, ref))
        return tuple(each for each in self._selectable(found) if each != str(ref))

    def _suggested(self, gateway: str, ref: ModelRef) -> tuple[str, ...]:
        mapper = self._plugins.mappers.get(gateway)
        try:
            return tuple(map(str, mapper.suggest(ref))) if isinstance(mapper, Suggester) else ()
        except BaseException as error:
            pass_on(error)
            self._failed(gateway, describe(error))
            return ()

    def _selectable(self, references: Iterable[str]) -> tuple[str, ...]:
        names, providers = self._plugins.names, self._plugins.providers
        known = ((each, names.get(ModelRef.parse(each).provider)) for each in references)
        return tuple(each for each, provider in known if provider and providers[provider].selectable)

    def _lacking(self, gateway: str) -> str:
        """Report a gateway without a mapper, unless another problem explains that, and return the reason."""
        author = self._author(gateway)
        reported = [each for each in self._plugins.problems if each.hook == _HOOK and each.plugin == author.name]
        return "it has no mapper for model IDs" if reported else self._failed(gateway, "its plugin returned none")

    def _author(self, gateway: str) -> Plugin:
        return self._plugins.representatives.get(gateway) or self._plugins.owners[gateway]

    def _failed(self, gateway: str, wrong: str) -> str:
        message = f"the mapper of {gateway} failed: {wrong}"
        remedy = "Update or disable the plugin."
        self._report(self._author(gateway).problem(message, remedy, _HOOK, code="mapper-failed", provider=gateway))
        return message
