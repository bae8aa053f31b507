"""The loaded plugins and what they declare: providers, gateways and mappers of model IDs."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from polyroute._internal.problems import Problems
from polyroute.environment import COMMAND, Environment
from polyroute.errors import UnknownProvider
from polyroute.lazy import cached_property
from polyroute.lists.decisions import Decision
from polyroute.lists.stored import FetchedList, age
from polyroute.plugins.hook_calls import Hooks
from polyroute.plugins.loader import Loaded, LoadRequest, load, names_in
from polyroute.plugins.model_lists import ModelLists
from polyroute.plugins.registry import assign_owners, closest, extended, gateways, merged_lists, without
from polyroute.plugins.shared import Shared
from polyroute.requirements import evaluation, places
from polyroute.requirements.evaluation import Evaluation
from polyroute.results import LocalServer, Plugin
from polyroute.types import (
    DIRECT,
    Credential,
    Detection,
    FailureRule,
    Mapper,
    Model,
    Probe,
    Problem,
    Provider,
    Routeability,
    Secret,
    Verification,
)

if TYPE_CHECKING:
    from polyroute.model_ids.groups import Groups
    from polyroute.plugins.consent import Withheld
    from polyroute.plugins.secrets import Secrets


class Plugins:
    """The loaded plugins, in order of ownership, and what they declare. Load them once per process.

    Threads and catalogs can share the object: its results never change, and `problems` grows as more hooks are called.
    """

    def __init__(self, loaded: Loaded, environment: Environment) -> None:
        self.all = loaded.plugins
        """Every plugin found, including those not in use."""
        self._loaded = loaded
        self._problems = Problems(loaded.problems)
        report = self._problems.report
        self._hooks, self.approvals = Hooks(loaded.manager), loaded.approvals
        answers = self._hooks.items("polyroute_providers", Provider, report)
        found = self._hooks.items("polyroute_lists", FetchedList, report)
        judged = Decision(answers)
        if any(each.providers or each.moved for _, each in found):
            from polyroute.lists import changes

            agreed = changes.accepted(environment.state_directory, environment.home)
            judged = changes.judge(answers, found, agreed, self.approvals.owners)
        self.waiting, self.unasked = judged.waiting, judged.unasked
        """By provider ID, providers that only a fetched list has; they get no key before the user agrees."""
        for problem in judged.problems:
            report(problem)
        claims = without(assign_owners(judged.answers, report, self.approvals.owners), judged.refused)
        self.lists = merged_lists(found, claims, report)
        self.claimed = claims.claimed
        """By plugin, the providers that it declares, whether it owns them or not."""
        self.withheld: Mapping[str, Withheld] = {}
        """By provider ID, providers that get no key until the user has confirmed their owner."""
        if any(owner.is_third_party for owner in claims.owners.values()):
            from polyroute.plugins.consent import with_consent

            claims, self.withheld = with_consent(claims, loaded, report)
        rules = self._hooks.items("polyroute_routeability", Routeability, report)
        self._gateways = gateways(rules, claims, report)
        claims = claims._replace(providers=extended(claims, self._gateways))
        self.rules: Mapping[str, Routeability] = self._gateways.rules
        self.providers, self.owners, self.names = claims.providers, claims.owners, claims.names
        self.representatives = self._gateways.representatives
        """By gateway, the plugin that declares what it carries and how it spells models: its owner or an extension."""
        self.lost = claims.lost
        """Third-party plugins with a provider that they declared but do not own: what they say about it is ignored."""
        self._listings = ModelLists(self._hooks, claims, self._gateways, judged.moved, report)
        self.servers: Mapping[str, LocalServer] = {}
        """By provider ID, what is known of the user's own servers."""
        self.alike = object()
        """The same for all plugins that differ only in `servers`."""
        self.shared = Shared()
        self._users: set[Hashable] = set()
        self._late: dict[str, Secrets] = {}

    @classmethod
    def load(
        cls,
        add: Iterable[object] = (),
        *,
        only: Iterable[str] | None = None,
        environment: Environment | None = None,
        project: str | os.PathLike[str] = "",
        run: bool = True,
        bundled: Sequence[str] | None = None,
    ) -> Plugins:
        """Load plugins, and return them in order of ownership.

        These are the plugin objects in `add`, then the installed plugins, those in the user's plugin folder, and the
        approved ones of the project at (or above) `project`. With `only`, plugins that it does not name are not used,
        except those in `add`. Executables are run for their description unless `run` is false, in which case their
        last one is used. The distributions in `bundled`, by default those of Polyroute's extra `all`, come before other
        installed ones, in this order, and are trusted like Polyroute itself.

        The variables `POLYROUTE_DISABLE_PLUGINS` and (unless `only` is given) `POLYROUTE_PLUGINS` of `environment`, by
        default that of the process, disable plugins by name. A plugin's failure is never raised, but reported in
        `problems`. Only caches are written.
        """
        environment = Environment.load() if environment is None else environment
        allowed = names_in("POLYROUTE_PLUGINS", environment) if only is None else list(only)
        disabled = names_in("POLYROUTE_DISABLE_PLUGINS", environment) or ()
        request = LoadRequest(add, allowed, disabled, os.fspath(project), run, bundled)
        return cls(load(request, environment), environment)

    def about(self, environment: Environment) -> Plugins:
        """Return these plugins as one environment sees them; problems of its own hook calls are reported to it.

        Results that do not depend on the environment are shared.
        """
        self._users.add(environment.owner)
        if not self._listings.depend_on_environment:
            return self
        return self._with(alike=object(), _listings=self._listings.about(environment)).knowing(self.servers)

    def knowing(self, servers: Mapping[str, LocalServer]) -> Plugins:
        """Return these plugins with what is known of the user's own servers, and the models of those that run."""
        running = {name: each.models for name, each in servers.items() if each.state == "running"}
        return self._with(servers=servers, _listings=self._listings.listing(running))

    def _with(self, **changed: object) -> Plugins:
        seen = object.__new__(Plugins)
        vars(seen).update(vars(self), **changed)
        return seen

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems so far."""
        return tuple(self._problems)

    @cached_property
    def gateways(self) -> tuple[str, ...]:
        """The provider IDs of all gateways, in order of rank."""
        return tuple(self.rules)

    def is_recorded(self, provider_id: str, owner: Plugin) -> bool:
        """Return whether the user has agreed that a plugin owns a provider."""
        known = self.approvals.owners.get(provider_id)
        return known is not None and known.identity == owner.identity

    def hosts_of(self, plugin: Plugin, *, refused: bool = False) -> dict[str, frozenset[str]]:
        """Return the hosts that get the keys of each provider a plugin declares; with `refused`, also withheld ones."""
        from polyroute.plugins.consent import hosts

        found = {each.id: hosts(plugin, each, self._loaded) for each in self.claimed.get(plugin, ())}
        if plugin.kind == "python":  # a manifest's own hosts include those of its models
            for name in found.keys() & self.providers.keys():
                found[name] |= self._listings.hosts(name)
                found[name] |= self._listings.refused_hosts(name) if refused else set()
        return found

    def list_of(self, gateway: str) -> FetchedList | None:
        """Return the fetchable list in which this gateway's model IDs are looked up, or None."""
        return next((each for each in self.lists if gateway in each.gateways), None)

    def can_be_fresher(self, gateway: str) -> bool:
        """Return whether `polyroute refresh` would fetch a newer list of this gateway's models."""
        found = self.list_of(gateway)
        return found is not None and self.shared.get(("fresher", gateway), lambda: not age(found).is_fresh)

    @cached_property
    def with_bundled_mappers(self) -> frozenset[str]:
        """The gateways whose models a bundled plugin maps."""
        return frozenset(name for name in self.gateways if self.representatives[name].is_bundled)

    @cached_property
    def default_preference(self) -> str:
        """The gateway that asks to be first; `direct` if none does."""
        return next((gateway for gateway, rule in self.rules.items() if rule.preferred), DIRECT)

    def carriers(self, provider_id: str) -> tuple[str, ...]:
        """Return the gateways that may carry this provider's models, with or without a credential."""
        return self._gateways.carriers.get(provider_id, ())

    def find(self, name: str) -> Provider:
        """Return the provider with this ID or alias. Raises UnknownProvider, with the closest names."""
        try:
            return self.providers[self.names[name]]
        except (KeyError, TypeError):
            raise self.unknown(str(name)) from None

    def unknown(self, name: str) -> UnknownProvider:
        """Return the error for an unknown provider name, with the closest names."""
        named = [each for each in self.all if each.name == name and each.reason]
        off = " ".join(f"The plugin {each.name!r} is not in use: {each.reason}." for each in named)
        return UnknownProvider(name, closest(name, self.names, self.providers), "" if name in self.names else off)

    def hooks_of(self, plugin: Plugin) -> tuple[str, ...]:
        """Return the names of the hooks that `plugin` implements."""
        return self._hooks.of(plugin)

    @cached_property
    def owned(self) -> Mapping[Plugin, list[str]]:
        """By plugin, the IDs of the providers that it owns."""
        owned: dict[Plugin, list[str]] = {}
        for name, owner in self.owners.items():
            owned.setdefault(owner, []).append(name)
        return owned

    @cached_property
    def readers(self) -> Mapping[str, tuple[str, ...]]:
        """By variable, the services that read a secret from it; the user's own servers are not included."""
        readers: dict[str, list[str]] = {}
        for provider in (each for each in self.providers.values() if each.kind != "own-server"):
            for variable in places.secret_variables(provider):
                readers.setdefault(variable, []).append(provider.id)
        return {variable: tuple(each) for variable, each in readers.items()}

    @cached_property
    def knowledge(self) -> evaluation.Knowledge:
        """What all providers together say about keys; a third party can't say whose another's keys are."""
        ours = (each for each in self.providers.values() if not self.owners[each.id].is_third_party)
        return evaluation.Knowledge(self.readers, evaluation.prefixes(ours))

    def touched(self, environment: Environment) -> set[str]:
        """Return the providers whose requirement must be evaluated, since the environment may have what it names."""
        by_variable, always = self.index
        return {*always, *(each for name in environment.names for each in by_variable.get(name, ()))}

    def unmet(self, provider_id: str) -> Evaluation:
        """Return the evaluation of a provider that is not `touched`, which is the same in every environment."""
        provider = self.providers[provider_id]
        return self.shared.get(("unmet", provider_id), lambda: evaluation.evaluate_untouched(provider))

    def detections(self, environment: Environment) -> list[tuple[Plugin, Detection]]:
        """Return what plugins find beyond requirements, each with its plugin."""
        return self._hooks.items("polyroute_credentials", Detection, environment.report, environment=environment)

    def secret(self, credential: Credential, environment: Environment) -> Secret:
        """Return the secret of a credential from a plugin or a command, or the reason why there is none."""
        if credential.source and credential.source.layer == COMMAND:
            from polyroute.plugins.secrets import command_secret

            return command_secret(self.providers[credential.provider], credential, environment)
        return self._secrets.secret(credential, environment)

    def verifications(
        self, credentials: tuple[Credential, ...], environment: Environment
    ) -> dict[str, Probe | Verification]:
        """Return by provider how to check its key, or what its plugin found."""
        return self._secrets.verifications(credentials, environment)

    @cached_property
    def failures(self) -> Mapping[str, Sequence[FailureRule]]:
        """By provider, how its endpoint words errors; plugins are asked on first use, for all providers."""
        from polyroute.plugins.failures import declared

        return declared(self._hooks, self.owners, self.claimed, self._problems.report)

    @property
    def _secrets(self) -> Secrets:
        """The plugins' secrets, shared by all environments and created on first use."""
        if "secrets" not in self._late:
            from polyroute.plugins.secrets import Secrets

            self._late.setdefault("secrets", Secrets(self._hooks, self.owners, self._users))
        return self._late["secrets"]

    @property
    def mappers(self) -> Mapping[str, Mapper]:
        """By gateway, its mapper of model IDs."""
        return self._listings.mappers

    @property
    def groups(self) -> Groups | None:
        """The listings of all providers, grouped by the model that they are; None if no plugin has a scheme of IDs."""
        return self._listings.groups

    def models(self, provider_id: str) -> Mapping[str, Model]:
        """Return a provider's models by ID; empty if no list is known."""
        return self._listings.models(provider_id)

    def all_models(self) -> Iterable[Model]:
        """Yield every model of every provider; plugins are asked for all providers at once."""
        return self._listings.all_models()

    @cached_property
    def index(self) -> tuple[dict[str, list[str]], frozenset[str]]:
        """By variable, its readers; and the providers that must always be evaluated."""
        return places.index(self.providers.values())
