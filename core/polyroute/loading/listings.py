"""Models on offer and mappers of model IDs, as one environment sees them.

Implementations that leave `environment` out are asked once for all environments, and what they answer is remembered by
implementation; those that take it are asked for each environment, and their answers stay with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import pluggy

from polyroute._internal.problems import Reporter
from polyroute.environment import Environment
from polyroute.loading.asking import Hooks, items_of, mapping_of, problem, takes_environment
from polyroute.loading.claims import Claims, Gateways
from polyroute.loading.manager import author
from polyroute.plugin import CONTAINED, Plugin
from polyroute.types import Mapper, Model

_MODELS, _MODEL_IDS = "polyroute_models", "polyroute_model_ids"


class Listings:
    """What some of the implementations list: all that are shared, or all of one environment with the shared ones."""

    def __init__(
        self,
        hooks: Hooks,
        claims: Claims,
        found: Gateways,
        moved: Mapping[str, Iterable[tuple[Plugin, Model]]],
        report: Reporter,
    ) -> None:
        """`moved` has by provider the models of fetched lists to whose base URLs the user agreed."""
        self._hooks, self._claims, self._gateways, self._moved = hooks, claims, found, moved
        self._report = report
        self._shared: Listings | None = None
        self._arguments: dict[str, object] = {"listed": self.listed}
        self._rows: dict[pluggy.HookImpl, dict[str, list[Model]]] = {}
        self._models: dict[str, Mapping[str, Model]] = {}
        self._moving: dict[str, set[str]] = {}

    @property
    def depend_on_environment(self) -> bool:
        """Whether any implementation takes the environment."""
        return any(takes_environment(each) for hook in (_MODELS, _MODEL_IDS) for each in self._hooks.implementing(hook))

    def about(self, environment: Environment) -> Listings:
        """The listings of one environment, of which `self` has what is shared."""
        own = Listings(self._hooks, self._claims, self._gateways, self._moved, environment.report)
        own._shared = self._shared or self
        own._arguments["environment"] = environment
        return own

    def models(self, provider_id: str) -> Mapping[str, Model]:
        """A provider's models by ID; empty where no list is known."""
        if provider_id not in self._models:
            self._ask(frozenset({provider_id}))
        return self._models[provider_id]

    def all_models(self) -> Iterable[Model]:
        """Every model of every provider, asked for at once."""
        self._ask(frozenset(self._claims.providers.keys() - self._models.keys()))
        for provider_id in self._claims.providers:
            yield from self._models[provider_id].values()

    def listed(self, provider_id: str) -> Iterable[str]:
        """The IDs in a provider's list; none where there is no such provider."""
        return self.models(provider_id).keys() if provider_id in self._claims.providers else ()

    @cached_property
    def mappers(self) -> Mapping[str, Mapper]:
        """By gateway, what translates model IDs; only who says whom the gateway carries may bring it."""
        mappers = {**self._own_mappers}
        if self._shared:
            mappers = {**self._shared._own_mappers, **mappers}
        for gateway, rule in self._gateways.rules.items():
            if rule.like in mappers and gateway not in mappers:  # it says nothing of IDs: it spells them as that one
                mappers[gateway] = mappers[rule.like]
        return _among(mappers)

    @cached_property
    def _own_mappers(self) -> dict[str, Mapper]:
        mappers: dict[str, Mapper] = {}
        for each in self._implementing(_MODEL_IDS):
            for gateway, mapper in mapping_of(each, self._report, self._arguments).items():
                if fault := self._misplaced(gateway, mapper, author(each)):
                    self._report(problem(each, fault, "not-a-mapper", "Correct the plugin.", str(gateway)))
                else:
                    mappers[gateway] = mapper
        return mappers

    def _misplaced(self, gateway: Any, mapper: object, plugin: Plugin) -> str:
        is_theirs = isinstance(gateway, str) and self._gateways.spokesmen.get(gateway) == plugin
        is_theirs = is_theirs or (isinstance(gateway, str) and self._claims.owners.get(gateway) == plugin)
        if is_theirs and _is_mapper(mapper):
            return ""
        return f"gave a mapper for {gateway!r} that is none, or not for a provider of its own"

    def _implementing(self, hook: str) -> Iterable[pluggy.HookImpl]:
        """The implementations that are asked here: those that take the environment, or those that do not."""
        is_own = "environment" in self._arguments
        return [each for each in self._hooks.implementing(hook) if takes_environment(each) == is_own]

    def _ask(self, provider_ids: frozenset[str]) -> None:
        if not provider_ids:
            return
        for each in self._implementing(_MODELS):
            rows = self._rows.setdefault(each, {})
            arguments = {**self._arguments, "provider_ids": provider_ids}
            for model in items_of(each, Model, self._report, arguments):
                if model.provider in provider_ids and (author(each), model.provider) not in self._claims.lost:
                    rows.setdefault(model.provider, []).append(self._bound(model, each))
        if self._shared:
            self._shared._ask(provider_ids - self._shared._models.keys())
        self._models.update({provider_id: self._merged(provider_id) for provider_id in provider_ids})

    def _merged(self, provider_id: str) -> Mapping[str, Model]:
        """A provider's models: the first to name one wins: the host, a bundled plugin or the owner, then others."""
        shared = self._shared
        if shared and not any(provider_id in rows for rows in self._rows.values()):
            return shared.models(provider_id)
        asked = {**(shared._rows if shared else {}), **self._rows}
        models: dict[str, Model] = {}
        having = [each for each in self._hooks.implementing(_MODELS) if provider_id in asked.get(each, {})]
        for each in sorted(having, key=lambda one: self._is_stranger(author(one), provider_id)):
            for model in asked[each][provider_id]:
                models.setdefault(model.id, model)
        moved = ((each.id, self._bound_by(each, by)) for by, each in self._moved.get(provider_id, ()))
        models.update(moved)
        return models

    def _is_stranger(self, plugin: Plugin, provider_id: str) -> bool:
        return plugin.is_third_party and self._claims.owners[provider_id] != plugin

    def _bound(self, model: Model, each: pluggy.HookImpl) -> Model:
        """A model; only the provider's owner can say where and how it is called, for keys are sent there."""
        plain = self._bound_by(model, author(each))
        if plain is not model:
            fault = f"says how to call {model.ref}, which only {self._claims.owners[model.provider].label} may"
            remedy = "It was left out; correct the plugin."
            self._report(problem(each, fault, "not-owner", remedy, model.provider))
        if plain.base_url and (host := self._new_host(plain)):
            fault = f"{model.ref} would now be called at {host}, to which you have not agreed"
            remedy = (
                f"It is called where the others are. If you trust it: `polyroute plugins trust {author(each).name}`."
            )
            self._report(problem(each, fault, "key-withheld", remedy, model.provider))
            return plain._replace(base_url="")
        return plain

    def _new_host(self, model: Model) -> str:
        """Where a model of its own would be called that the user has not agreed to; empty where there is no such."""
        agreed = self._claims.agreed.get(model.provider)
        if agreed is None:
            return ""
        from polyroute.trust.trust import host

        found = host(model.base_url, model.provider)
        if found in agreed:
            return ""
        self._moving.setdefault(model.provider, set()).add(found)
        return found

    def hosts(self, provider_id: str) -> set[str]:
        """The hosts of a provider's models that have a base URL of their own."""
        from polyroute.trust.trust import host

        return {host(model.base_url, provider_id) for model in self.models(provider_id).values() if model.base_url}

    def refused_hosts(self, provider_id: str) -> set[str]:
        """Those of its models to which the user has not agreed."""
        self.models(provider_id)
        return {*self._moving.get(provider_id, ()), *(self._shared.refused_hosts(provider_id) if self._shared else ())}

    def _bound_by(self, model: Model, plugin: Plugin) -> Model:
        if not (model.base_url or model.protocol or model.auth or model.headers):
            return model
        if self._claims.owners[model.provider] == plugin:
            return model
        return model._replace(base_url="", protocol="", auth=None, headers=())


def _among(mappers: Mapping[str, Mapper]) -> Mapping[str, Mapper]:
    """The mappers, of which those that spell as another does know the others."""
    from polyroute.spelled import LikeMapper

    return {name: each.among(mappers) if isinstance(each, LikeMapper) else each for name, each in mappers.items()}


def _is_mapper(value: object) -> bool:
    try:
        return isinstance(value, Mapper)
    except CONTAINED:
        return False
