"""Plugin objects made of descriptions: they implement hooks like a plugin in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from polyroute.lists.stored import FetchedList
from polyroute.plugins.manifests.description import Description
from polyroute.plugins.marker import hookimpl
from polyroute.results import Plugin
from polyroute.types import FailureRule, Mapper, Model, Probe, Provider, Routeability

if TYPE_CHECKING:
    from polyroute.model_ids.plain_mappers import Listed
    from polyroute.model_ids.scheme import Scheme
    from polyroute.plugins.manifests.description import Spelling

Models = Callable[[], Iterable[Model]]
"""Returns the models that a description lists; they are read when first needed."""


class Described:
    """Hook implementations that return what a description declares."""

    def __init__(self, plugin: Plugin, said: Description, models: Models | None) -> None:
        self.plugin = plugin
        self.said = said
        self.listing = models

    @property
    def hook_names(self) -> Iterable[str]:
        """The hooks to register."""
        said = self.said
        if said.providers:
            yield "polyroute_providers"
        if said.routeability:
            yield "polyroute_routeability"
        if said.mappings:
            yield "polyroute_model_ids"
        if self.listing or said.lists:
            yield "polyroute_models"
        if said.lists:
            yield "polyroute_lists"
        if said.failures:
            yield "polyroute_failures"
        if said.probes:
            yield "polyroute_verifications"

    @hookimpl
    def polyroute_providers(self) -> Iterable[Provider]:
        """Return its providers."""
        return self.said.providers

    @hookimpl
    def polyroute_routeability(self) -> Iterable[Routeability]:
        """Return the routeability rules of its gateways and of the providers that it extends."""
        return self.said.routeability

    @hookimpl
    def polyroute_lists(self) -> Iterable[FetchedList]:
        """Return the model lists that can be fetched."""
        from polyroute.plugins.manifests import fetched_lists

        gateways = {rule.gateway for rule in self.said.routeability}
        models = tuple((self.listing or tuple)())
        return [fetched_lists.declared(each, models, is_gateway=each.provider in gateways) for each in self.said.lists]

    @hookimpl
    def polyroute_failures(self) -> Mapping[str, Iterable[FailureRule]]:
        """Return how the endpoints of its providers word errors."""
        return self.said.failures

    def models(self, provider_ids: frozenset[str]) -> Iterable[Model]:
        """Return the models that it lists, updated from the fetched lists."""
        listed = [model for model in (self.listing or tuple)() if model.provider in provider_ids]
        lists = [each for each in self.said.lists if each.provider in provider_ids]
        if not lists:
            return listed
        from polyroute.plugins.manifests import fetched_lists

        return fetched_lists.merged(listed, lists)

    def mappers(self, listed: Listed) -> Mapping[str, Mapper]:
        """Return the mappers of its gateways."""
        return {gateway: self._mapper(gateway, spelling, listed) for gateway, spelling in self.said.mappings.items()}

    def _mapper(self, gateway: str, spelling: Spelling, listed: Listed) -> Mapper:
        rule = next((each for each in self.said.routeability if each.gateway == gateway), Routeability(gateway))
        if spelling.like:
            from polyroute.model_ids.plain_mappers import LikeMapper

            more = _table(spelling) if spelling.table().keys() - {"provider"} else None
            return LikeMapper(gateway, spelling.like, listed, more)
        if spelling.spelled:
            from polyroute.model_ids.plain_mappers import SpelledMapper

            return SpelledMapper(rule, spelling.spelled == "provider/id", listed)
        from polyroute.model_ids.mapper import SchemeMapper

        return SchemeMapper(partial(_scheme, rule, spelling, self.listing or tuple, listed))


class ManifestPlugin(Described):
    """A plugin without code: its results are the same for every environment."""

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str]) -> Iterable[Model]:
        """Return the models that it lists, updated from the fetched lists."""
        return self.models(provider_ids)

    @hookimpl
    def polyroute_model_ids(self, listed: Listed) -> Mapping[str, Mapper]:
        """Return the mappers of its gateways."""
        return self.mappers(listed)

    @hookimpl
    def polyroute_verifications(self) -> Iterable[Probe]:
        """Return the probes that check keys at its endpoints."""
        return self.said.probes


def _table(spelling: Spelling) -> Scheme:
    from polyroute.model_ids.scheme import scheme

    return scheme(spelling.table(), {})


def _scheme(rule: Routeability, spelling: Spelling, models: Models, listed: Listed) -> Scheme:
    """Return the scheme of a gateway for its own list and the lists of the vendors in it."""
    from polyroute.model_ids.scheme import scheme

    dates = {each.id: tuple(filter(None, [each.release_date])) for each in models() if each.provider == rule.gateway}
    dates = dates or dict.fromkeys(listed(rule.gateway), ())  # an extension uses the list of the provider's owner
    makers = {name.partition("/")[0] for name in dates} | spelling.providers.keys()
    return scheme(spelling.table(), dates, {maker: ids for maker in makers if (ids := tuple(listed(maker)))})
