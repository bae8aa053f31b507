"""The models that plugins list and their mappers of model IDs, for one environment.

An implementation without the parameter `environment` is called once for all environments and its results are shared;
one that takes it is called for each environment, and its results are kept with that environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from polyroute._internal.containment import pass_on
from polyroute._internal.problems import Reporter
from polyroute.environment import Environment
from polyroute.lazy import cached_property
from polyroute.plugins.hook_calls import Hooks, call_items, call_mapping, problem, takes_environment
from polyroute.plugins.registered import author
from polyroute.plugins.registry import Gateways, Registry
from polyroute.results import Plugin
from polyroute.types import Mapper, Model

if TYPE_CHECKING:
    from polyroute.model_ids.groups import Groups
    from polyroute.plugins.registered import Implementation
    from polyroute.plugins.same_models import SameModels

_MODELS, _MODEL_IDS = "polyroute_models", "polyroute_model_ids"


class ModelLists:
    """The results of the shared implementations, or those of one environment on top of the shared ones."""

    def __init__(
        self,
        hooks: Hooks,
        claims: Registry,
        found: Gateways,
        moved: Mapping[str, Iterable[tuple[Plugin, Model]]],
        report: Reporter,
    ) -> None:
        """`moved`: by provider, the models of fetched lists whose base URLs the user has agreed to."""
        self._hooks, self._claims, self._gateways, self._moved = hooks, claims, found, moved
        self._report = report
        self._shared: ModelLists | None = None
        self._usual: ModelLists | None = None
        self._arguments: dict[str, object] = {"listed": self.listed}
        self._rows: dict[Implementation, dict[str, list[Model]]] = {}
        self._models: dict[str, Mapping[str, Model]] = {}
        self._moving: dict[str, set[str]] = {}

    @property
    def depend_on_environment(self) -> bool:
        """Whether any implementation takes the environment."""
        return any(takes_environment(each) for hook in (_MODELS, _MODEL_IDS) for each in self._hooks.implementing(hook))

    def about(self, environment: Environment) -> ModelLists:
        """Return the listings of one environment, on top of the shared ones in `self`."""
        own = ModelLists(self._hooks, self._claims, self._gateways, self._moved, environment.report)
        own._shared = self._shared or self._usual or self
        own._arguments["environment"] = environment
        return own

    def listing(self, models: Mapping[str, Iterable[Model]]) -> ModelLists:
        """Return the plugins' listings with other models for some providers."""
        usual = self._usual or self
        if not models:
            return usual
        own = ModelLists(self._hooks, self._claims, self._gateways, self._moved, self._report)
        own._shared, own._rows, own._usual = usual._shared, usual._rows, usual
        own._arguments.update({name: each for name, each in self._arguments.items() if name != "listed"})
        found = {name: {each.id: each for each in of_provider} for name, of_provider in models.items()}
        own._models = {**usual._models, **found}
        return own

    def models(self, provider_id: str) -> Mapping[str, Model]:
        """Return a provider's models by ID; empty if no list is known."""
        if provider_id not in self._models:
            self._ask(frozenset({provider_id}))
        return self._models[provider_id]

    def all_models(self) -> Iterable[Model]:
        """Yield every model of every provider; plugins are asked for all providers at once."""
        self._ask(frozenset(self._claims.providers))
        for provider_id in self._claims.providers:
            yield from self._models[provider_id].values()

    def listed(self, provider_id: str) -> Iterable[str]:
        """Return the IDs in a provider's list; empty if there is no such provider."""
        return self.models(provider_id).keys() if provider_id in self._claims.providers else ()

    @cached_property
    def mappers(self) -> Mapping[str, Mapper]:
        """By gateway, its mapper of model IDs, which must come from the plugin that declares what it carries."""
        return self._same_models.mappers()

    @property
    def groups(self) -> Groups | None:
        """The listings of all providers, grouped by model; None if no plugin says how IDs are spelled."""
        return self._same_models.groups

    @cached_property
    def _same_models(self) -> SameModels:
        from polyroute.plugins.same_models import SameModels

        return SameModels(self._declared_mappers(), self._claims, self._gateways, self.listed, self._ask)

    def _declared_mappers(self) -> dict[str, Mapper]:
        mappers = {**self._own_mappers}
        if self._shared:
            mappers = {**self._shared._own_mappers, **mappers}
        for gateway, rule in self._gateways.rules.items():
            if rule.like in mappers and gateway not in mappers:  # it has no mapper: it spells as that one
                mappers[gateway] = mappers[rule.like]
        return mappers

    @cached_property
    def _own_mappers(self) -> dict[str, Mapper]:
        mappers: dict[str, Mapper] = {}
        for each in self._implementing(_MODEL_IDS):
            for gateway, mapper in call_mapping(each, self._report, self._arguments).items():
                if fault := self._misplaced(gateway, mapper, author(each)):
                    named = gateway if type(gateway) is str else ""
                    self._report(problem(each, fault, "not-a-mapper", "Correct the plugin.", named))
                else:
                    mappers[gateway] = mapper
        return mappers

    def _misplaced(self, gateway: Any, mapper: object, plugin: Plugin) -> str:
        if type(gateway) is not str:
            return "returned a mapper for something that is not the ID of a provider"
        theirs = (self._gateways.representatives.get(gateway), self._claims.owners.get(gateway))
        if plugin in theirs and _is_mapper(mapper):
            return ""
        return f"returned a mapper for {gateway!r} that is not a Mapper, or is for another plugin's provider"

    def _implementing(self, hook: str) -> Iterable[Implementation]:
        """Return the implementations to call here: those that take the environment, or those that don't."""
        is_own = "environment" in self._arguments
        return [each for each in self._hooks.implementing(hook) if takes_environment(each) == is_own]

    def _ask(self, provider_ids: frozenset[str]) -> None:
        provider_ids -= self._models.keys()
        if not provider_ids:
            return
        for each in self._implementing(_MODELS):
            rows = self._rows.setdefault(each, {})
            arguments = {**self._arguments, "provider_ids": provider_ids}
            found = call_items(each, Model, self._report, arguments)
            for name, models in groupby(found, attrgetter("provider")):
                if name in provider_ids and (author(each), name) not in self._claims.lost:
                    rows.setdefault(name, []).extend(self._accepted(name, models, each))
        if self._shared:
            self._shared._ask(provider_ids)
        self._models.update({provider_id: self._merged(provider_id) for provider_id in provider_ids})

    def _accepted(self, provider_id: str, models: Iterable[Model], each: Implementation) -> Iterable[Model]:
        """Return a provider's models as one implementation may set them."""
        priced = [model if model.input_price or model.output_price else self._priced(model) for model in models]
        if self._claims.owners[provider_id] == author(each) and provider_id not in self._claims.agreed:
            return priced
        return [self._bound(model, each) for model in priced]

    def _merged(self, provider_id: str) -> Mapping[str, Model]:
        """Return a provider's models. For each ID the first plugin wins: host, bundled or owner, then the others."""
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

    def _priced(self, model: Model) -> Model:
        """Return the model without its prices if both are 0, which lists also say of prices that they don't know.

        They are kept where nothing is paid: of models that are called free, and at the user's own server.
        """
        if model.input_price or model.output_price or model.input_price is None or model.id.endswith(":free"):
            return model
        is_own = self._claims.providers[model.provider].kind == "own-server"
        return model if is_own else model._replace(input_price=None, output_price=None)

    def _bound(self, model: Model, each: Implementation) -> Model:
        """Return the model without its call details unless its plugin owns the provider, since keys are sent there."""
        plain = self._bound_by(model, author(each))
        if plain is not model:
            fault = f"sets how to call {model.ref}, which only {self._claims.owners[model.provider].label} may do"
            remedy = "Correct the plugin; these fields were ignored."
            self._report(problem(each, fault, "not-owner", remedy, model.provider))
        if plain.base_url and (host := self._new_host(plain)):
            fault = f"{model.ref} would now be called at {host}, which you have not agreed to"
            remedy = f"The provider's own base URL is used. To allow it: `polyroute plugins trust {author(each).name}`."
            self._report(problem(each, fault, "key-withheld", remedy, model.provider))
            return plain._replace(base_url="")
        return plain

    def _new_host(self, model: Model) -> str:
        """Return the host of a model's own base URL if the user has not agreed to it, else an empty string."""
        agreed = self._claims.agreed.get(model.provider)
        if agreed is None:
            return ""
        found = self._hosts(model) - agreed
        self._moving.setdefault(model.provider, set()).update(found)
        return ", ".join(sorted(found))

    def hosts(self, provider_id: str) -> set[str]:
        """Return the hosts of a provider's models that have their own base URL."""
        models = [model for model in self.models(provider_id).values() if model.base_url]
        return {host for model in models for host in self._hosts(model)}

    def _hosts(self, model: Model) -> set[str]:
        from polyroute.plugins.trust.policy import hosts_of_url

        return {*hosts_of_url(model.base_url, self._claims.providers[model.provider])}

    def refused_hosts(self, provider_id: str) -> set[str]:
        """Return the hosts of a provider's models that the user has not agreed to."""
        self.models(provider_id)
        return {*self._moving.get(provider_id, ()), *(self._shared.refused_hosts(provider_id) if self._shared else ())}

    def _bound_by(self, model: Model, plugin: Plugin) -> Model:
        if not (model.base_url or model.protocol or model.auth or model.headers):
            return model
        if self._claims.owners[model.provider] == plugin:
            return model
        return model._replace(base_url="", protocol="", auth=None, headers=())


def _is_mapper(value: object) -> bool:
    try:
        return isinstance(value, Mapper)
    except BaseException as error:
        pass_on(error)
        return False
