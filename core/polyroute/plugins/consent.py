"""Which keys are withheld until the user agrees: those of contested providers and of other providers' variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from polyroute._internal.problems import Reporter
from polyroute._internal.terminal import quoted
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.loader import Loaded
from polyroute.plugins.registry import Registry
from polyroute.plugins.trust import policy
from polyroute.plugins.trust.policy import Readers
from polyroute.plugins.trust.programs import Unsafe
from polyroute.requirements import places
from polyroute.results import Plugin
from polyroute.types import Provider

if TYPE_CHECKING:
    from polyroute.plugins.manifests.loader import Manifest


class Withheld(NamedTuple):
    """Why a provider gets no credential until the user agrees."""

    reason: str
    remedy: str


class ConsentedClaims(NamedTuple):
    """Which providers may have which keys."""

    claims: Registry
    """The claims, without the places where manifests may not look for keys."""
    withheld: Mapping[str, Withheld]
    """By provider ID, the providers whose owner the user has to confirm."""


def with_consent(claims: Registry, loaded: Loaded, report: Reporter) -> ConsentedClaims:
    """Return what holds with the consent that the user has given so far."""
    rivals: dict[str, list[Plugin]] = {}
    for plugin, name in claims.lost:
        rivals.setdefault(name, []).append(plugin)
    found = ((name, _contested(name, rivals.get(name, ()), claims, loaded)) for name in claims.owners)
    withheld = {name: each for name, each in found if each}
    for name, each in withheld.items():
        owner = claims.owners[name]
        report(owner.problem(each.reason, each.remedy, code="key-withheld", provider=name))
    agreed = {name: each for name, each in claims.agreed.items() if name not in withheld}
    return ConsentedClaims(claims._replace(providers=_own_places(claims, loaded, report), agreed=agreed), withheld)


def hosts(plugin: Plugin, provider: Provider, loaded: Loaded) -> frozenset[str]:
    """Return the hosts that may get the keys of a plugin's provider; they are recorded with the user's consent."""
    return frozenset(policy.hosts(provider, loaded.manifests.get(plugin)))


def _contested(name: str, losers: Iterable[Plugin], claims: Registry, loaded: Loaded) -> Withheld | None:
    """Return why a provider's key is withheld from its owner; None if it is not. `losers` declare it, too."""
    owner = claims.owners[name]
    if not owner.is_third_party:
        return None
    recorded = loaded.approvals.owners.get(name)
    remedy = f"If you trust {owner.label}: `polyroute plugins trust {quoted(owner.name)}`."
    if recorded is None:
        rivals = sorted({plugin.label for plugin in losers if _is_rival(plugin, owner)})
        if not rivals:
            return None
        return Withheld(f"{owner.label} and {', '.join(rivals)} both declare {name}; neither gets a key", remedy)
    found = hosts(owner, claims.providers[name], loaded)
    if found <= recorded.hosts:
        return None
    where, before = ", ".join(sorted(found)), ", ".join(sorted(recorded.hosts)) or "nowhere"
    if recorded.identity != owner.identity:
        why = f"{name} belonged to {recorded.identity}, which is gone; it would now be called at {where} (was {before})"
    else:
        why = f"{name} would now be called at {where} (you agreed to {before})"
    return Withheld(f"{why}; its key is withheld", remedy)


def _is_rival(plugin: Plugin, owner: Plugin) -> bool:
    return plugin.is_third_party and plugin.identity != owner.identity


def _own_places(claims: Registry, loaded: Loaded, report: Reporter) -> Mapping[str, Provider]:
    """Return the providers without the places where a manifest looks for a key that it may not send.

    A manifest that the user has approved may look wherever it declares.
    """
    theirs = {name: loaded.manifests[owner] for name, owner in claims.owners.items() if owner in loaded.manifests}
    if not theirs:
        return claims.providers
    believed = _Believed(loaded)
    known = _variables(claims, theirs, believed)
    providers = dict(claims.providers)
    for name, manifest in theirs.items():
        provider, owner = providers[name], claims.owners[name]
        if believed.is_approved(owner):
            continue
        variables = places.all_variables(provider)
        others = {each: found for each in variables if (found := _others(name, known[each]))}
        withheld = policy.contested(provider, manifest, others)
        if added := _added_headers(name, manifest, claims, believed):
            withheld |= dict.fromkeys(places.secret_places(provider), f"it adds {'; '.join(added)}")
        if withheld:
            command = f"`polyroute plugins trust {quoted(owner.name)}`"
            where = ", ".join(sorted(policy.hosts(provider, manifest)))
            why = f"{'; '.join(sorted({*withheld.values()}))}: {name} may not send it to {where} without your consent"
            remedy = f"If that is what you want: {command}."
            report(owner.problem(why, remedy, code="key-withheld", provider=name))
            providers[name] = policy.without_places(provider, withheld, f"To let its plugin look for it: {command}.")
        providers[name] = policy.without_looking(providers[name], others)
    return providers


def _added_headers(name: str, manifest: Manifest, claims: Registry, believed: _Believed) -> list[str]:
    """Return the headers that a manifest adds to requests to the hosts of providers whose claim counts."""
    if not (claims.providers[name].headers or manifest.model_headers.get(name)):
        return []
    owned = ((claims.owners[other], each) for other, each in claims.providers.items())
    others = [each for owner, each in owned if owner != claims.owners[name] and believed(owner, each)]
    return policy.added_headers(claims.providers[name], manifest, others)


class _Believed:
    """Which plugins may claim a variable as their own."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._approved = {plugin for plugin, manifest in loaded.manifests.items() if _is_approved(manifest, loaded)}

    def is_approved(self, plugin: Plugin) -> bool:
        """Return whether the user has approved a manifest."""
        return plugin in self._approved

    def __call__(self, plugin: Plugin, provider: Provider) -> bool:
        """Return whether a plugin's claim counts: it is in Python, approved or the recorded owner of the provider."""
        if plugin not in self._loaded.manifests or plugin in self._approved:
            return True
        owner = self._loaded.approvals.owners.get(provider.id)
        return owner is not None and owner.identity == plugin.identity


class _Variable(NamedTuple):
    """The providers that read a secret from one variable."""

    all: frozenset[str]
    believed: Readers
    """Those whose claim counts."""
    ours: Readers
    """Those among them that belong to bundled plugins and to the application itself."""
    namesake: str
    """The one that the variable is named after; empty if there is none."""


def _variables(claims: Registry, theirs: Iterable[str], believed: _Believed) -> Mapping[str, _Variable]:
    """Return the readers of each variable that a manifest names."""
    named = {
        variable
        for name in theirs
        for provider in (claims.providers[name],)
        for variable in (*places.variables(provider), *places.secret_variables(provider))
    }
    readers: dict[str, list[Provider]] = {variable: [] for variable in named}
    for provider in claims.providers.values():
        for variable in places.secret_variables(provider) & named:
            readers[variable].append(provider)
    return {variable: _variable(variable, found, claims, believed) for variable, found in readers.items()}


def _variable(variable: str, readers: Sequence[Provider], claims: Registry, believed: _Believed) -> _Variable:
    trusted = [each for each in readers if believed(claims.owners[each.id], each)]
    ours = [each for each in trusted if not claims.owners[each.id].is_third_party]
    ids = frozenset(each.id for each in readers)
    namesake = next((each for each in ids if variable == f"{_in_capitals(each)}_API_KEY"), "")
    return _Variable(ids, _together(trusted), _together(ours), namesake)


def _together(providers: Sequence[Provider]) -> Readers:
    ids = frozenset(each.id for each in providers)
    return Readers(ids, frozenset(host for each in providers for host in policy.hosts(each)))


def _others(name: str, variable: _Variable) -> Readers | None:
    """Return the readers that keep the provider `name` of an unapproved manifest from a variable; None if it may read.

    Readers whose claim counts come first; a recorded owner yields to bundled plugins and the application's own. If
    nobody's claim counts, a variable named after a provider belongs to that provider, so that an unapproved manifest
    can't take another's key away by naming its variable.
    """
    is_believed = name in variable.believed.providers
    trusted = variable.ours if is_believed else variable.believed
    if trusted.providers - {name}:
        return trusted
    others = variable.all - {name}
    return None if is_believed or name == variable.namesake or not others else Readers(others, frozenset())


def _in_capitals(provider_id: str) -> str:
    return provider_id.upper().replace("-", "_").replace(".", "_")


def _is_approved(manifest: Manifest, loaded: Loaded) -> bool:
    try:
        return loaded.approvals.state(manifest) == "approved"
    except Unsafe:
        return False
