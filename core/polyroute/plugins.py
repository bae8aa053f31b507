"""The loaded plugins with all that they declare: who exists, who carries whom, who translates IDs."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import cast

from polyroute import changes, requirements
from polyroute.changes import Change
from polyroute.environment import PROCESS, Environment
from polyroute.errors import UnknownProvider
from polyroute.lists import FetchedList, age
from polyroute.loading.asking import Hooks
from polyroute.loading.claims import carriers, settle, united
from polyroute.loading.consent import consented
from polyroute.loading.loading import Loaded, load
from polyroute.loading.plugin import CONTAINED, Plugin
from polyroute.requirements import Evaluation
from polyroute.types import (
    DIRECT,
    Credential,
    Detection,
    Mapper,
    Model,
    Probe,
    Problem,
    Provider,
    Routeability,
    Verification,
)


class Plugins:
    """The loaded plugins, in order of ownership, with what they declare. Load them once per process.

    A value that threads and catalogs can share: its answers never change, and `problems` grows as more is asked.
    """

    def __init__(self, loaded: Loaded, accepted: Collection[Change] = ()) -> None:
        """`accepted` is what the person agreed to of what fetched lists change."""
        self.all = loaded.plugins
        """Every plugin found, those not in use included."""
        self._problems = list(loaded.problems)
        self._hooks = Hooks(loaded.hooks)
        answers = self._hooks.items("polyroute_providers", Provider, self._problems)
        found = self._hooks.items("polyroute_lists", FetchedList, self._problems)
        self.lists = united(found, self._problems)
        judged = changes.judge(answers, found, accepted) if found else changes.Judged(answers)
        self.waiting = judged.waiting
        self._moved = judged.moved
        self._problems += judged.problems
        claims = consented(settle(judged.answers, self._problems), loaded, self._problems)
        self.providers = claims.providers
        self.owners = claims.owners
        self.names = claims.names
        self._lost = claims.lost
        rules = self._hooks.items("polyroute_routeability", Routeability, self._problems)
        self.rules, self._carriers = carriers(rules, claims, self._problems)
        self._unmet: dict[str, Evaluation] = {}
        self._can_be_fresher: dict[str, bool] = {}
        self._models: dict[str, dict[str, Model]] = {}

    @classmethod
    def load(
        cls,
        add: Iterable[object] = (),
        *,
        only: Iterable[str] | None = None,
        environment: Environment | None = None,
        project: str | os.PathLike[str] = "",
        run: bool = True,
    ) -> Plugins:
        """Load the plugin objects in `add`, then the installed plugins, those in the person's plugin folder, and those
        that the person has approved of the project at (or above) `project`: all, or those named in `only`. Executables
        are asked unless `run` is false; then what they said last is all that is known of them.

        The variables `POLYROUTE_DISABLE_PLUGINS` and (unless `only` is given) `POLYROUTE_PLUGINS` of the
        environment, by default of the process, switch plugins off by name. Never raises for a plugin: see
        `problems`.
        """
        environment = Environment.load() if environment is None else environment
        allowed = _names("POLYROUTE_PLUGINS", environment) if only is None else list(only)
        disabled = _names("POLYROUTE_DISABLE_PLUGINS", environment) or ()
        loaded = load(add, allowed, disabled, environment, os.fspath(project), run)
        return cls(loaded, changes.accepted(environment.state_directory))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What went wrong so far."""
        return tuple(self._problems)

    @property
    def gateways(self) -> tuple[str, ...]:
        """The provider IDs of all gateways, in order of ownership."""
        return tuple(self.rules)

    def list_of(self, gateway: str) -> FetchedList | None:
        """The list in which this gateway's model IDs are looked up, if it can be fetched."""
        return next((each for each in self.lists if gateway in each.gateways), None)

    def can_be_fresher(self, gateway: str) -> bool:
        """Whether `polyroute refresh` would fetch a newer list of this gateway's models."""
        known = self._can_be_fresher.get(gateway)
        if known is None:
            found = self.list_of(gateway)
            known = self._can_be_fresher[gateway] = found is not None and not age(found).is_fresh
        return known

    @cached_property
    def default_preference(self) -> str:
        """The gateway that asks to be first; `direct` where none does."""
        return next((gateway for gateway, rule in self.rules.items() if rule.preferred), DIRECT)

    def carriers(self, provider_id: str) -> tuple[str, ...]:
        """The gateways that may carry this provider's models, with or without a credential."""
        return self._carriers.get(provider_id, ())

    def find(self, name: str) -> Provider:
        """The provider of this ID or alias; raises UnknownProvider with the closest names."""
        try:
            return self.providers[self.names[name]]
        except (KeyError, TypeError):
            raise self.unknown(str(name)) from None

    def unknown(self, name: str) -> UnknownProvider:
        """The error for a name that no provider has, with the closest names."""
        named = [each for each in self.all if each.name == name and each.reason]
        off = [f"The plugin {each.name!r} is not in use: {each.reason}." for each in named]
        return UnknownProvider(name, self._closest(name), " ".join(off) if name not in self.names else "")

    def hooks_of(self, plugin: Plugin) -> tuple[str, ...]:
        """The hooks that `plugin` implements."""
        return self._hooks.of(plugin)

    @cached_property
    def owned(self) -> Mapping[Plugin, list[str]]:
        """By plugin, the provider IDs that are its own."""
        owned: dict[Plugin, list[str]] = {}
        for name, owner in self.owners.items():
            owned.setdefault(owner, []).append(name)
        return owned

    @cached_property
    def readers(self) -> Mapping[str, tuple[str, ...]]:
        """For each variable in which a secret is looked for, the services that look there."""
        readers: dict[str, tuple[str, ...]] = {}
        services = [provider for provider in self.providers.values() if provider.kind != "own-server"]
        for provider in services:
            for variable in requirements.secret_variables(provider):
                readers[variable] = (*readers.get(variable, ()), provider.id)
        return readers

    def touched(self, environment: Environment) -> set[str]:
        """The providers whose requirement must be evaluated, since something that it names may be there."""
        by_variable, always = self._index
        touched = set(always)
        for name in environment.names:
            if name in by_variable:
                touched.update(by_variable[name])
        return touched

    def unmet(self, provider_id: str, environment: Environment) -> Evaluation:
        """The evaluation of a provider that is not touched: the same in every environment."""
        found = self._unmet.get(provider_id)
        if found is None:
            found = requirements.evaluate(self.providers[provider_id], environment, {})
            self._unmet[provider_id] = found
        return found

    def detections(self, environment: Environment, problems: list[Problem]) -> list[tuple[Plugin, Detection]]:
        """What plugins find beyond requirements, each with its author."""
        return self._hooks.items("polyroute_credentials", Detection, problems, environment=environment)

    def secret(self, credential: Credential, problems: list[Problem]) -> str | None:
        """The secret of a credential that a plugin owns."""
        return self._hooks.text("polyroute_secrets", credential.plugin, problems, credential=credential)

    def verifications(
        self, credentials: tuple[Credential, ...], problems: list[Problem]
    ) -> dict[str, Probe | Verification]:
        """By provider, how to find out whether its key works, or what its plugin found; only the owner may say."""
        found: dict[str, Probe | Verification] = {}
        hook, kinds = "polyroute_verifications", cast("tuple[type[Probe | Verification], ...]", (Probe, Verification))
        for plugin, answer in self._hooks.items(hook, kinds, problems, credentials=credentials):
            if self.owners.get(answer.provider) == plugin:
                found.setdefault(answer.provider, answer)
            elif answer.provider in self.owners:
                fault = f"spoke of the key of {answer.provider!r}, which only its owner may"
                problems.append(plugin.problem(fault, "Correct the plugin.", hook))
        return found

    @cached_property
    def mappers(self) -> Mapping[str, Mapper]:
        """By gateway, what translates model IDs; only the gateway's owner may bring it."""
        mappers: dict[str, Mapper] = {}
        for plugin, answer in self._hooks.mappings("polyroute_model_ids", self._problems, listed=self._listed):
            for gateway, mapper in answer.items():
                if self.owners.get(gateway) == plugin and _is_mapper(mapper):
                    mappers[gateway] = mapper
                else:
                    fault = f"gave a mapper for {gateway!r} that is none, or not for a provider of its own"
                    self._problems.append(plugin.problem(fault, "Correct the plugin.", "polyroute_model_ids"))
        return {**self._borrowed(mappers), **mappers}

    def _borrowed(self, mappers: Mapping[str, Mapper]) -> dict[str, Mapper]:
        """A gateway that carries what another does, and says nothing of IDs, spells them as that one."""
        return {name: mappers[rule.like] for name, rule in self.rules.items() if rule.like in mappers}

    def _listed(self, provider_id: str) -> Iterable[str]:
        return self.models(provider_id).keys() if provider_id in self.providers else ()

    def models(self, provider_id: str) -> Mapping[str, Model]:
        """A provider's models by ID; empty where no list is known."""
        if provider_id not in self._models:
            self._ask_models(frozenset({provider_id}))
        return self._models[provider_id]

    def all_models(self) -> Iterable[Model]:
        """Every model of every provider, asked for at once."""
        self._ask_models(frozenset(self.providers.keys() - self._models.keys()))
        for provider_id in self.providers:
            yield from self._models[provider_id].values()

    def _ask_models(self, provider_ids: frozenset[str]) -> None:
        models: dict[str, dict[str, Model]] = {provider_id: {} for provider_id in provider_ids}
        if not provider_ids:
            return
        for plugin, model in self._hooks.items("polyroute_models", Model, self._problems, provider_ids=provider_ids):
            if model.provider in models and (plugin, model.provider) not in self._lost:
                models[model.provider].setdefault(model.id, self._bound(model, plugin))
        for provider_id in provider_ids:
            models[provider_id].update(
                (each.id, self._bound(each, by)) for by, each in self._moved.get(provider_id, ())
            )
        self._models.update(models)

    def _bound(self, model: Model, plugin: Plugin) -> Model:
        """A model; only the provider's owner can say where and how it is called, for keys are sent there."""
        plain = model._replace(base_url="", protocol="", auth=None, headers=())
        if plain == model or self.owners[model.provider] == plugin:
            return model
        fault = f"says how to call {model.ref}, which only {self.owners[model.provider].label} may"
        self._problems.append(plugin.problem(fault, "It was left out; correct the plugin.", "polyroute_models"))
        return plain

    @cached_property
    def _index(self) -> tuple[dict[str, list[str]], frozenset[str]]:
        by_variable: dict[str, list[str]] = {}
        always = set()
        for provider in self.providers.values():
            for variable in requirements.variables(provider):
                by_variable.setdefault(variable, []).append(provider.id)
            if not requirements.depends_on_variables_only(provider):
                always.add(provider.id)
        return by_variable, frozenset(always)

    def _closest(self, name: str) -> list[str]:
        import difflib

        plain = name.strip().lower().replace(" ", "-")
        close = [plain] if plain in self.names else difflib.get_close_matches(plain, self.names, 3, 0.7)
        return list(dict.fromkeys(self.names[each] for each in close))


def _is_mapper(value: object) -> bool:
    try:
        return isinstance(value, Mapper)
    except CONTAINED:
        return False


def _names(variable: str, environment: Environment) -> list[str] | None:
    text = environment.setting(variable, layer=PROCESS)
    return [name.strip() for name in text.split(",") if name.strip()] if text else None
