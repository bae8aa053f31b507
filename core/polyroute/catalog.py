"""The catalog: all plugins' answers about one environment, added up."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Iterable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from polyroute.custom_models.loaded import OwnModels
from polyroute.environment import CUSTOM, Environment
from polyroute.plugins.loaded import Plugins
from polyroute.preferences import Preferences
from polyroute.results import Mapped, ProviderStatus, Route, Status
from polyroute.routing import credentials, references
from polyroute.routing.mappers import Mappers
from polyroute.routing.order import Order
from polyroute.routing.protocols import failure_rules
from polyroute.routing.router import Router
from polyroute.types import (
    Credential,
    IdMapping,
    Model,
    ModelRef,
    Problem,
    Provider,
    Secret,
)

if TYPE_CHECKING:
    from polyroute.custom_models.models import CustomModel
    from polyroute.custom_models.store import CustomStore
    from polyroute.fallback.plan import FallbackPlan, OnSwitch, Policy

T = TypeVar("T")


class Catalog:
    """What can be run with what is there, by which routes, and if not, why not.

    Its answers never change (`problems` grows as more is asked), and it is cheap: make another one whenever keys,
    files or preferences have changed.
    """

    def __init__(self, plugins: Plugins, environment: Environment, preferences: Preferences | None = None) -> None:
        """Ask `plugins` about `environment`. Never raises for a plugin or a file: see `problems`."""
        self.environment = environment.with_secret_reader(self._secret)
        self.plugins = plugins = plugins.about(self.environment)
        self._own_models = OwnModels(environment, plugins)
        self.preferences = Preferences() if preferences is None else preferences
        found = credentials.find(plugins, self.environment)
        self._mappers = Mappers(plugins, self.environment.report)
        self._order = Order(plugins, self.preferences)
        self._router = Router(plugins, self.environment, found, self._mappers, self._order, self._own_models)
        self._reads_preferences = False

    @classmethod
    def load(
        cls,
        add: Iterable[object] = (),
        *,
        only: Iterable[str] | None = None,
        plugins: Plugins | None = None,
        environment: Environment | None = None,
        preferences: Preferences | None = None,
        project: str | os.PathLike[str] = "",
    ) -> Catalog:
        """Everything at once: the objects in `add` and the installed plugins (or those named in `only`), the
        environment of this process, and the user's preferences, unless others are given; and the plugins that the
        user has approved of `project`. `plugins` that are loaded already are taken in place of all these.
        """
        environment = Environment.load() if environment is None else environment
        if plugins is None:
            plugins = Plugins.load(add, only=only, environment=environment, project=project)
        catalog = cls(plugins, environment, Preferences.load(environment) if preferences is None else preferences)
        catalog._reads_preferences = preferences is None
        return catalog

    def reload(self) -> Catalog:
        """A new catalog with the same plugins, after another look at variables, files and preferences."""
        environment = self.environment.again()
        preferences = Preferences.load(environment) if self._reads_preferences else self.preferences
        catalog = Catalog(self.plugins, environment, preferences)
        catalog._reads_preferences = self._reads_preferences
        return catalog

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What went wrong so far, in plugins, files and preferences."""
        of_preferences = (*self.preferences.problems, *self._order.problems)
        return (*self.plugins.problems, *self.environment.problems, *of_preferences, *self._own_models.problems)

    @property
    def preferred(self) -> str:
        """`direct`, or the gateway that is tried first where nothing is said of a provider."""
        return self._order.first

    def status(self) -> Status:
        """Every provider with its routes."""
        providers = {name: self._status(provider) for name, provider in self.plugins.providers.items()}
        return Status(providers, self.preferred, self.problems)

    def provider(self, name: str) -> ProviderStatus:
        """One provider, by ID or alias. Raises UnknownProvider."""
        return self._status(self.plugins.find(name))

    def routes(self, model: str | ModelRef, *, protocols: Collection[str] = ()) -> tuple[Route, ...]:
        """All routes to a model, in the order in which to try them: for a gateway's model, last the one to its maker.

        With `protocols`, a route that speaks none of them is not usable. Raises InvalidModelReference or
        UnknownProvider.
        """
        return self._router.to_model(*references.parse(model, self.plugins), protocols)

    def resolve(self, model: str | ModelRef, *, protocols: Collection[str] = ()) -> Route:
        """The route to take for a model: the first usable one, perhaps only of those that speak one of `protocols`.

        Raises NoEffectiveRoute, which says of every route why not and what to do; InvalidModelReference;
        UnknownProvider.
        """
        return self._router.first_usable(*references.parse(model, self.plugins), protocols)

    def run(
        self,
        model: str | ModelRef,
        call: Callable[[Route], T],
        *,
        policy: Policy = "ask",
        on_switch: OnSwitch | None = None,
        protocols: Collection[str] = (),
    ) -> T:
        """What `call` returns for the first route, or for a later one where a route can't be taken.

        It goes on where credits are gone, a key is not accepted, the model is not there or the endpoint is out of
        order; never for a request that is wrong in itself, may have been carried out or has begun to be answered.
        `policy` says whether: `never`, `ask` (where `on_switch` says True) or `auto`. Each switch is logged and given
        to `on_switch`. Raises RouteFailed, with the next route; else as `resolve` and `call` do.
        """
        from polyroute.fallback import plan

        return plan.run(self._course(model, policy, protocols), call, on_switch)

    async def run_async(
        self,
        model: str | ModelRef,
        call: Callable[[Route], Awaitable[T]],
        *,
        policy: Policy = "ask",
        on_switch: OnSwitch | None = None,
        protocols: Collection[str] = (),
    ) -> T:
        """The same with a `call`, and perhaps an `on_switch`, that is awaited."""
        from polyroute.fallback import plan

        return await plan.run_async(self._course(model, policy, protocols), call, on_switch)

    def _course(self, model: str | ModelRef, policy: Policy, protocols: Collection[str]) -> FallbackPlan:
        from polyroute.fallback.plan import FallbackPlan

        provider, ref = references.parse(model, self.plugins)
        rules = partial(failure_rules, provider=ref.provider, plugins=self.plugins)
        return FallbackPlan(ref, self._router.to_model(provider, ref, protocols), policy, self.environment, rules)

    def models(self, query: str = "", *, provider: str = "", available: bool = False) -> list[Model]:
        """The models on offer, the user's own among them, that match all words of `query`, perhaps of one
        provider, perhaps only those that can be run now. Raises UnknownProvider.
        """
        plugins = self.plugins
        provider = plugins.find(provider).id if provider else ""
        listed = plugins.models(provider).values() if provider else plugins.all_models()
        models = self._own_models.over(listed, provider)
        words = query.lower().split()
        found = [model for model in models if all(word in f"{model.ref} {model.name}".lower() for word in words)]
        if available:
            self.prepare(model.ref for model in found)
        return [model for model in found if self._is_available(model)] if available else found

    def prepare(self, models: Iterable[ModelRef]) -> None:
        """Have gateways that ask somebody else for model IDs ask for all of these at once: do so before many routes,
        explanations or mappings are wanted.
        """
        self._mappers.prepare(models)

    def mapping(self, gateway: str, ref: ModelRef) -> IdMapping:
        """The ID by which `gateway` knows a model, with evidence; or none, and why. Raises UnknownProvider for the
        gateway.
        """
        return self._mappers.lookup(self.plugins.find(gateway).id, ref)

    def mapped(self, gateway: str, provider: str, model_id: str) -> Mapped:
        """The same for a provider by any of its names, with suggestions where there is no ID. Raises UnknownProvider
        for the gateway alone: a provider that is none has no ID.
        """
        return self._mappers.answer(self.plugins.find(gateway).id, provider, model_id)

    def maker(self, model: str | ModelRef) -> ModelRef | None:
        """The same model at its maker, for a gateway's model of which that is certain."""
        gateway, model_id = ModelRef.parse(model) if isinstance(model, str) else model
        return self._mappers.reverse(self.plugins.names.get(gateway, gateway), model_id)

    @property
    def custom_models(self) -> CustomStore:
        """The file of the user's own models, to be listed and changed; make a new catalog after a change."""
        return self._own_models.store

    def custom_model(self, ref: ModelRef) -> CustomModel | None:
        """What the user has added under a reference with the provider's ID, if anything."""
        return self._own_models.all.get(ref)

    def _secret(self, credential: Credential) -> Secret:
        layer = credential.source.layer if credential.source else ""
        if layer == CUSTOM:
            return Secret(self._own_models.secret(credential) or "")
        return self.plugins.secret(credential, self.environment)

    def _status(self, provider: Provider) -> ProviderStatus:
        return ProviderStatus(provider, self._router.to_provider(provider), self.plugins.gateways)

    def _is_available(self, model: Model) -> bool:
        provider = self.plugins.providers[model.provider]
        return provider.selectable and any(route.usable for route in self._router.to_model(provider, model.ref))
