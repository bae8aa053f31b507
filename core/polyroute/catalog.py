"""The catalog: the results of all plugins for one environment, combined."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from polyroute.custom_models.loaded import OwnModels
from polyroute.environment import CUSTOM, Environment
from polyroute.errors import NoEffectiveRoute
from polyroute.lazy import cached_property
from polyroute.plugins.loaded import Plugins
from polyroute.preferences import Preferences
from polyroute.results import LocalServer, Mapped, Offer, ProviderStatus, Route, Status
from polyroute.routing import credentials, references
from polyroute.routing.mappers import Mappers
from polyroute.routing.order import Order
from polyroute.routing.protocols import failure_knowledge
from polyroute.routing.router import Router
from polyroute.types import Credential, IdMapping, Model, ModelRef, Problem, Provider, Secret

if TYPE_CHECKING:
    from polyroute.custom_models.models import CustomModel
    from polyroute.custom_models.store import CustomStore
    from polyroute.fallback.failures import Failure
    from polyroute.fallback.plan import FallbackPlan, OnSwitch, Policy
    from polyroute.organisation.allowance import Allowance
    from polyroute.requirements.evaluation import Evaluation
    from polyroute.requirements.slots import FilledSlot
    from polyroute.routing.offers import Offers

T = TypeVar("T")


class Catalog:
    """The models that can be run in one environment, the routes to them, and the reasons why others can't be run.

    Its results never change, except that `problems` grows with use. A catalog is cheap to create: create another one
    whenever keys, files or preferences have changed.
    """

    def __init__(self, plugins: Plugins, environment: Environment, preferences: Preferences | None = None) -> None:
        """Find the credentials of all providers of `plugins` in `environment`, with default preferences if not given.

        Errors of plugins and files are not raised: see `problems`.
        """
        self.environment = environment.with_secret_reader(self._secret)
        self.plugins = plugins = plugins.about(self.environment)
        self._own_models = OwnModels(environment, plugins)
        self._mappers = Mappers(plugins, self.environment.report)
        self.preferences = Preferences() if preferences is None else preferences
        found = credentials.find(plugins, self.environment, self._own_models.key_variables)
        self.allowance: Allowance | None = None
        """What the policy of an organisation allows; None without one."""
        if environment.policy is not None:
            from polyroute.organisation.allowance import Allowance

            self.allowance = Allowance(environment.policy, plugins, self.environment, self._mappers.reverse)
            found, self.preferences = self.allowance.judged(found), self.allowance.over(self.preferences)
        self.evaluations: Mapping[str, Evaluation] = found
        """By provider ID, the credential or what is missing, of those that the environment may have something of."""
        self._order = Order(plugins, self.preferences)
        more = self._order, self._own_models, self.allowance
        self._router = Router(plugins, self.environment, found, self._mappers, *more)
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
        """Load plugins, environment and preferences, and return their catalog.

        The plugins are the objects in `add`, the installed ones (only those in `only`, if given) and the approved ones
        of the directory `project`, or `plugins`. `environment` is by default that of this process and its user.
        """
        environment = Environment.load() if environment is None else environment
        loaded = plugins or Plugins.load(add, only=only, environment=environment, project=project)
        catalog = cls(loaded, environment, Preferences.load(environment) if preferences is None else preferences)
        catalog._reads_preferences = preferences is None
        return catalog

    def reload(self) -> Catalog:
        """Return a new catalog with the same plugins, after reading variables, files and preferences again."""
        environment = self.environment.again()
        preferences = Preferences.load(environment) if self._reads_preferences else self.preferences
        catalog = Catalog(self.plugins, environment, preferences)
        catalog._reads_preferences = self._reads_preferences
        return catalog

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems found so far in plugins, files and preferences."""
        of_preferences = (*self.preferences.problems, *self._order.problems)
        of_user = (*self.environment.problems, *self.unread_variables, *of_preferences, *self._own_models.problems)
        return (*self.plugins.problems, *of_user)

    @cached_property
    def unread_variables(self) -> tuple[Problem, ...]:
        """A problem for each variable that seems to hold a provider's key under a name that nobody reads."""
        return credentials.unread(self.plugins, self.environment, self._own_models.key_variables)

    @property
    def preferred(self) -> str:
        """`direct`, or the ID of the gateway that is tried first for a provider without a pin."""
        return self._order.first

    def knowing(self, servers: Mapping[str, LocalServer]) -> Catalog:
        """Return this catalog with what is known of the user's own servers now, and not what was known before."""
        catalog = Catalog(self.plugins.knowing(servers), self.environment, self.preferences)
        catalog._reads_preferences = self._reads_preferences
        return catalog

    def status(self) -> Status:
        """Return every provider with its routes, and all problems."""
        providers = {name: self._status(provider) for name, provider in self.plugins.providers.items()}
        return Status(providers, self.preferred, self.problems)

    def unfilled(self, provider_id: str) -> tuple[FilledSlot, ...]:
        """Return what the requirement of a provider, by its ID, lacks; empty if it is met, or if it has none."""
        return self._router.evaluation(provider_id).unfilled

    def provider(self, name: str) -> ProviderStatus:
        """Return one provider, by ID or alias, with its routes. Raises UnknownProvider."""
        return self._status(self.plugins.find(name))

    def routes(self, model: str | ModelRef, *, protocols: Collection[str] = ()) -> tuple[Route, ...]:
        """Return all routes to a model, usable or not, in the order in which to try them.

        For a gateway's model, the last one is the direct route to the model's maker, if the maker is certain. With
        `protocols` (such as `openai-chat`), routes that speak none of them are not usable.
        Raises InvalidModelReference or UnknownProvider.
        """
        found = self._router.to_model(*references.parse(model, self.plugins), protocols)
        return references.selected(found, model, self.plugins)

    def resolve(self, model: str | ModelRef, *, protocols: Collection[str] = ()) -> Route:
        """Return the route to take for a model: the first usable one.

        With `protocols` (such as `openai-chat`), only routes that speak one of them count.
        Raises NoEffectiveRoute if no route is usable, with the reason and the remedy for each route, and with the
        references by which the same model can be run; InvalidModelReference; UnknownProvider.
        """
        if route := self.route(model, protocols=protocols):
            return route
        ref = references.canonical(model, self.plugins)
        raise NoEffectiveRoute(ref, self.routes(model, protocols=protocols), self.ways.elsewhere(ref, protocols))

    def offers(self, model: str | ModelRef, *, protocols: Collection[str] = ()) -> tuple[Offer, ...]:
        """Return every way to run a model, one for each provider, usable ones first; arguments are as in `routes`.

        These are its routes in their order, then the same model at its maker and, the cheapest first, at others.
        """
        return self.ways.of(references.canonical(model, self.plugins), protocols)

    def elsewhere(self, model: str | ModelRef, *, protocols: Collection[str] = ()) -> tuple[ModelRef, ...]:
        """Return the other references by which the same model can be run now, the best first. Raises as `offers`."""
        return self.ways.elsewhere(references.canonical(model, self.plugins), protocols)

    @cached_property
    def ways(self) -> Offers:
        """The ways to run models, as `offers` returns them, for callers that ask about thousands of models."""
        from polyroute.routing.offers import Offers

        return Offers(self.plugins, self._router, self._own_models.all.__contains__)

    def route(self, model: str | ModelRef, *, protocols: Collection[str] = ()) -> Route | None:
        """Return the route that `resolve` returns, or None if none is usable, without finding out why."""
        if references.only_via(model, self.plugins):
            return next((route for route in self.routes(model, protocols=protocols) if route.usable), None)
        return self._router.taken(*references.parse(model, self.plugins), protocols)

    def is_by_price(self, ref: ModelRef) -> bool:
        """Return whether the routes to a model are in the order of their price, because the user asked for that."""
        return self._order.is_cheapest(self.plugins.find(ref.provider), ref.id)

    def run(
        self,
        model: str | ModelRef,
        call: Callable[[Route], T],
        *,
        policy: Policy = "ask",
        on_switch: OnSwitch | None = None,
        protocols: Collection[str] = (),
    ) -> T:
        """Return the result of `call` with the first usable route, or with a later one if a route fails.

        The next route is tried if credits are used up, a key is rejected, the model is not offered or the endpoint is
        unavailable. It is never tried if the request itself is invalid, may already have been carried out, or has
        been answered in part. `policy` decides whether to switch: `never`, `ask` (only if `on_switch` returns True)
        or `auto`. Each switch is passed to `on_switch` and logged.

        Raises RouteFailed, which has the next route, if a route fails and is not replaced; otherwise the errors of
        `resolve` and of `call`.
        """
        from polyroute.fallback import plan

        return plan.run(self.fallback_plan(model, policy, protocols), call, on_switch)

    async def run_async(
        self,
        model: str | ModelRef,
        call: Callable[[Route], Awaitable[T]],
        *,
        policy: Policy = "ask",
        on_switch: OnSwitch | None = None,
        protocols: Collection[str] = (),
    ) -> T:
        """Do the same as `run` with an asynchronous `call`; `on_switch` may be asynchronous too."""
        from polyroute.fallback import plan

        return await plan.run_async(self.fallback_plan(model, policy, protocols), call, on_switch)

    def fallback_plan(self, model: str | ModelRef, policy: Policy, *protocols: Collection[str]) -> FallbackPlan:
        """Return a plan of the routes to a model, for hosts that make the calls. Raises as `run` does before a call.

        Routes with protocols of the first collection come before those that speak only one of the second.
        """
        from polyroute.fallback.plan import FallbackPlan
        from polyroute.routing.destinations import taken

        ref = references.canonical(model, self.plugins)
        attempts = [self.routes(model, protocols=each) for each in protocols or ((),)]
        routes = taken(attempts, self.environment, self.plugins)
        try:
            return FallbackPlan(ref, routes, policy, self.environment, *failure_knowledge(ref.provider, self.plugins))
        except NoEffectiveRoute:
            raise NoEffectiveRoute(ref, routes, self.ways.elsewhere(ref, set[str]().union(*protocols))) from None

    def failure(self, model: str | ModelRef, route: Route, error: BaseException) -> Failure | None:
        """Return what an exception of a client library means for a route to `model`; None if that is not known.

        It also describes what `run` raises unchanged, such as a rate limit. Raises the errors of `routes`.
        """
        from polyroute.fallback.failures import diagnose

        _, ref = references.parse(model, self.plugins)
        rules, remedy = failure_knowledge(ref.provider, self.plugins)
        failure = diagnose(error, rules(route))
        return failure and failure._replace(remedy=failure.remedy or remedy(route, failure.means))

    def models(self, query: str = "", *, provider: str = "", available: bool = False) -> list[Model]:
        """Return the entries of all lists, including custom models, whose reference or name `query` finds.

        Spelling does not matter. `provider` limits them to one provider, `available` to those that can be run now.
        Raises UnknownProvider.
        """
        models = self._own_models.found(query, self.plugins.find(provider).id if provider else "")
        if available:
            self.prepare(model.ref for model in models)
        return [model for model in models if self._router.may_run(model)] if available else models

    def prepare(self, models: Iterable[ModelRef]) -> None:
        """Fetch the IDs of many models at once, where plugins request them. Call this before requesting many routes."""
        self._mappers.prepare(models)

    def mapping(self, gateway: str, ref: ModelRef) -> IdMapping:
        """Return the gateway's ID for a model with its evidence, or why there is none. Raises UnknownProvider."""
        return self._mappers.lookup(self.plugins.find(gateway).id, ref)

    def mapped(self, gateway: str, provider: str, model_id: str) -> Mapped:
        """Return the gateway's ID for a model of `provider` (an ID or an alias), with suggestions if there is none.

        Raises UnknownProvider if `gateway` is unknown. The model of an unknown provider has no ID.
        """
        return self._mappers.answer(self.plugins.find(gateway).id, provider, model_id)

    def maker(self, model: str | ModelRef) -> ModelRef | None:
        """Return the reference of a gateway's model at its maker; None if that is not certain."""
        gateway, model_id = ModelRef.parse(model) if isinstance(model, str) else model
        return self._mappers.reverse(self.plugins.names.get(gateway, gateway), model_id)

    @property
    def custom_models(self) -> CustomStore:
        """The file of custom models, for listing and changing them. Create a new catalog after a change."""
        return self._own_models.store

    @property
    def custom_refs(self) -> Collection[ModelRef]:
        """The references of the custom models whose provider is installed."""
        return self._own_models.all.keys()

    def custom_model(self, ref: ModelRef) -> CustomModel | None:
        """Return the custom model with a reference that has the provider's ID (not an alias), or None."""
        return self._own_models.all.get(ref)

    def _secret(self, credential: Credential) -> Secret:
        if credential.source and credential.source.layer == CUSTOM:
            return Secret(self._own_models.secret(credential) or "")
        return self.plugins.secret(credential, self.environment)

    def _status(self, provider: Provider) -> ProviderStatus:
        return self._router.status(provider)
