"""What manifests may look for: another provider's key goes to another host only with the person's consent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from polyroute import requirements
from polyroute.loading.claims import Claims
from polyroute.loading.loading import Loaded
from polyroute.loading.plugin import Plugin
from polyroute.manifests.manifests import Manifest
from polyroute.system.plain import quoted
from polyroute.trust import trust
from polyroute.trust.trust import Readers, Unsafe
from polyroute.types import Problem, Provider


def consented(claims: Claims, loaded: Loaded, problems: list[Problem]) -> Claims:
    """The claims, where manifests look for nothing that is not theirs to send, unless the person has approved it."""
    theirs = {name: loaded.manifests[owner] for name, owner in claims.owners.items() if owner in loaded.manifests}
    if not theirs:
        return claims
    readers = _readers(claims, theirs)
    approved = {owner for owner, manifest in loaded.manifests.items() if _is_approved(manifest, loaded)}
    providers = dict(claims.providers)
    for name, manifest in theirs.items():
        provider, owner = providers[name], claims.owners[name]
        variables = requirements.variables(provider)
        others = {each: found for each in variables if (found := _others(owner, readers[each], approved, loaded))}
        withheld = trust.contested(provider, manifest, others)
        if withheld and owner not in approved:
            command = f"`polyroute plugins trust {quoted(owner.name)}`"
            where = ", ".join(sorted(trust.hosts(provider, manifest)))
            why = f"{'; '.join(sorted(withheld.values()))}: {name} may not send it to {where} without your consent"
            problems.append(owner.problem(why, f"If that is what you want: {command}."))
            providers[name] = trust.without(provider, withheld, f"To let its plugin look for it: {command}.")
    return claims._replace(providers=providers)


def _readers(claims: Claims, theirs: Iterable[str]) -> Mapping[str, list[tuple[Plugin, Provider]]]:
    """For each variable that a manifest names, who looks for a secret there."""
    readers: dict[str, list[tuple[Plugin, Provider]]] = {
        variable: [] for name in theirs for variable in requirements.variables(claims.providers[name])
    }
    for name, provider in claims.providers.items():
        for variable in requirements.secret_variables(provider) & readers.keys():
            readers[variable].append((claims.owners[name], provider))
    return readers


def _others(
    owner: Plugin, found: Iterable[tuple[Plugin, Provider]], approved: set[Plugin], loaded: Loaded
) -> Readers | None:
    """Who else reads a variable. One manifest can't vouch for another: only those that the person has approved."""
    others = [(plugin, provider) for plugin, provider in found if plugin != owner]
    believed = [each for plugin, each in others if plugin not in loaded.manifests or plugin in approved]
    hosts = frozenset(host for each in believed for host in trust.hosts(each))
    return Readers(frozenset(each.id for _, each in others), hosts) if others else None


def _is_approved(manifest: Manifest, loaded: Loaded) -> bool:
    try:
        return loaded.approvals.state(manifest) == "approved"
    except Unsafe:
        return False
