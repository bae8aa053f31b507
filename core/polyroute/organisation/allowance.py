"""What a policy allows in one catalog: which evaluations of providers and which routes stay usable."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from polyroute import base_url
from polyroute.environment import HOST, ORGANISATION, Environment
from polyroute.lazy import cached_property
from polyroute.organisation.patterns import ANY, any_matches, matches, with_id
from polyroute.plugins.loaded import Plugins
from polyroute.preferences import Preferences
from polyroute.requirements.evaluation import Evaluation
from polyroute.requirements.slots import variables_of
from polyroute.results import Route
from polyroute.types import DIRECT, ModelRef, Provider, Slot
from polyroute.types.policies import OrganisationPolicy

_OF_MAKERS = "vendor"
"""The kind of providers that run their own models, so that patterns say whether any of them is allowed."""
_DISABLED = "its provider is disabled by the organisation's policy"
_WHOLE = ("url", "host")
"""What a setting is that decides the host of an address alone."""


class Allowance:
    """What a policy allows in the catalog of one user."""

    def __init__(
        self,
        policy: OrganisationPolicy,
        plugins: Plugins,
        environment: Environment,
        reverse: Callable[[str, str], ModelRef | None],
    ) -> None:
        """`reverse` returns the maker's model that a gateway offers under an ID; None if that is not certain."""
        self.policy, self._plugins, self._environment, self._reverse = policy, plugins, environment, reverse
        names = plugins.names
        self._models = tuple(with_id(each, names) for each in policy.allowed_models)
        self._known: dict[ModelRef, bool] = {}

    def over(self, own: Preferences) -> Preferences:
        """Return a user's preferences with what the policy locks in its place."""
        given = self.policy.preferences
        if "order" in given.names:
            own = own._replace(prefer=given.prefer, order=given.order, pins=given.pins)
        if given.disable_providers is not None:
            own = own._replace(disabled_providers=frozenset(given.disable_providers))
        return own

    def judged(self, found: Mapping[str, Evaluation]) -> dict[str, Evaluation]:
        """Return the evaluations of providers with those that the policy does not allow replaced."""
        refused = {name: self._refused(each) for name, each in found.items()}
        kept = {name: refused[name] or each for name, each in found.items()}
        return {**kept, **{name: self._no(f"requests to {name}") for name in self.forbidden}}

    def _refused(self, found: Evaluation) -> Evaluation | None:
        """Return the evaluation in place of one whose address the policy does not allow; None if it is allowed."""
        credential = found.credential
        if credential is None or self.may_reach(credential.endpoint):
            return None
        provider = self._plugins.providers[credential.provider]
        deciding = [credential.address] if credential.address else _deciding(provider)
        if _is_usual(credential.endpoint, provider) or any(map(self._is_organisations, deciding)):
            return None
        return self._no(_address(credential.endpoint))

    def _no(self, what: str) -> Evaluation:
        return Evaluation(None, refusal(what), self.policy.remedy, allowed=False)

    @cached_property
    def forbidden(self) -> frozenset[str]:
        """The providers to which no request may go."""
        patterns, names = self.policy.allowed_providers, self._plugins.names
        allowed = [names.get(each, each) for each in patterns]
        return frozenset(each for each in self._plugins.providers if patterns and not any_matches(allowed, each))

    def _is_organisations(self, variable: str) -> bool:
        found = self._environment.source(variable)
        return found is not None and found.layer in (HOST, ORGANISATION)

    def may_reach(self, url: str) -> bool:
        """Return whether users may set an address of this host."""
        allowed, host = self.policy.allowed_hosts, base_url.authority(url)
        if allowed is None:
            return True
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        return any_matches(map(str.lower, allowed), host) or any_matches(map(str.lower, allowed), name)

    def allows(self, ref: ModelRef) -> bool:
        """Return whether a model is allowed, whoever runs it."""
        known = self._known.get(ref)
        if known is None:
            known = self._known[ref] = not self._models or self._is_listed(ref)
        return known

    def _is_listed(self, ref: ModelRef) -> bool:
        if any_matches(self._models, f"{ref.provider}/{ref.id}"):
            return True
        maker = self._maker(ref)
        return maker is not None and any_matches(self._models, f"{maker.provider}/{maker.id}")

    def _maker(self, ref: ModelRef) -> ModelRef | None:
        if self._plugins.providers[ref.provider].kind == "gateway":
            return self._reverse(ref.provider, ref.id)
        groups = self._plugins.groups
        return groups.native(ref.provider, ref.id) if groups else None

    def _has_models(self, provider: Provider) -> bool:
        """Return whether any model of a provider may be allowed."""
        if not self._models or provider.kind != _OF_MAKERS:
            return True
        return any(matches(each.partition("/")[0], provider.id) for each in self._models)

    def on_routes(self, routes: Iterable[Route], provider: Provider, ref: ModelRef | None) -> Iterable[Route]:
        """Yield the routes to a model, or to a provider's models, marked as not usable if it is not allowed."""
        if ref is None:
            is_allowed, what = self._has_models(provider), f"{provider.id}'s models"
        else:
            is_allowed, what = self.allows(ref), str(ref)
        return routes if is_allowed else (self._off(each, what) for each in routes)

    def on_own(self, routes: tuple[Route, ...], provider: Provider, url: str) -> tuple[Route, ...]:
        """Return the routes to a model of the user's own, whose own address is `url`, as they are allowed."""
        what = f"requests to {provider.id}" if provider.id in self.forbidden else ""
        if url and not what and not _is_usual(url, provider) and not self.may_reach(url):
            what = _address(url)
        return tuple([self._off(each, what) if what and each.via == DIRECT else each for each in routes])

    def _off(self, route: Route, what: str) -> Route:
        return route._replace(usable=False, allowed=False, reason=refusal(what), remedy=self.policy.remedy)

    @property
    def locks_disabled(self) -> bool:
        """Whether the policy decides which providers are disabled."""
        return self.policy.preferences.disable_providers is not None

    def switched_off(self, route: Route) -> Route:
        """Return a route to a provider that is disabled."""
        return route._replace(usable=False, allowed=False, reason=_DISABLED, remedy=self.policy.remedy)


def refusal(what: str) -> str:
    """Return the reason why something can't be used, as a part of a sentence."""
    return f"the organisation's policy does not allow {what}"


def _is_usual(url: str, provider: Provider) -> bool:
    """Return whether the provider's plugin declares the host of an address; never of a user's own server."""
    if provider.kind == "own-server":
        return False
    usual = [provider.base_url, *(case.base_url for case in provider.base_url_cases)]
    usual += [slot.default for slot in _whole(provider) if slot.default]
    parts = {slot.name for group in provider.requirement for slot in group.slots} - {s.name for s in _whole(provider)}
    return any(matches(_template(base_url.authority(each), parts), base_url.authority(url)) for each in usual)


def _template(authority: str, parts: Collection[str]) -> str:
    """Return the pattern of the hosts that a template stands for; a setting that is a whole host matches nothing."""
    for each in parts:
        authority = authority.replace(f"${{{each.lower()}}}", ANY)
    return authority


def _whole(provider: Provider) -> list[Slot]:
    return [slot for group in provider.requirement for slot in group.slots if slot.check in _WHOLE]


def _deciding(provider: Provider) -> list[str]:
    return [name for slot in _whole(provider) for name in variables_of(slot)]


def _address(url: str) -> str:
    return f"the address {base_url.authority(url)}"
