"""What a user is told of one plugin before and after trusting it: what is dangerous first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from polyroute import plugin_wire, wire
from polyroute.manifests.manifests import Manifest
from polyroute.plugin import Plugin
from polyroute.plugins import Plugins
from polyroute.trust import trust


def document(plugin: Plugin, manifest: Manifest | None, plugins: Plugins) -> dict[str, Any]:
    """The document of `polyroute plugins info --json`."""
    owned = plugins.owned.get(plugin, [])
    found: dict[str, Any] = {
        "schema": wire.SCHEMA,
        **plugin_wire.plugin_facts(plugin),
        "hooks": list(plugins.hooks_of(plugin)),
        "warnings": plugin_wire.warnings(plugin, manifest, plugins),
    }
    if manifest is None:
        return {**found, "providers": list(owned), "bindings": _bindings(plugin, plugins)}
    said = manifest.description
    return {
        **found,
        "providers": [provider.id for provider in said.providers] or list(owned),
        "extends": [rule.gateway for rule in said.routeability if rule.extends],
        "bindings": [{"credential": name, "host": host} for name, host in trust.bindings(manifest)],
        "executable": said.executable and {key: list(value) for key, value in said.executable._asdict().items()},
        "methods": list(said.methods),
    }


def _bindings(plugin: Plugin, plugins: Plugins) -> list[dict[str, str]]:
    """Where a plugin in Python would send what it declares."""
    from polyroute.requirements import secret_variables

    hosts = plugins.hosts_of(plugin, refused=True)
    return [
        {"credential": name, "host": host}
        for provider in plugins.claimed.get(plugin, ())
        for name in sorted(secret_variables(provider))
        for host in sorted(hosts[provider.id])
    ]


def lines(found: dict[str, Any]) -> Iterable[str]:
    """The same for users."""
    first, *wants = _wants(found)
    yield first
    yield f"  from       {found['folder'] or found['distribution'] or 'the host'} ({found['origin']})"
    yield f"  in use     {'yes' if found['enabled'] else 'no: ' + found['reason']}"
    yield f"  providers  {', '.join(found['providers']) or 'none'}"
    yield from wants


def before(found: dict[str, Any], source: str) -> Iterable[str]:
    """What a user is told who is asked to trust the plugin in `source`. No program has run yet to say what it has."""
    first, *wants = _wants(found)
    yield first
    yield f"  from       {source}"
    if found["providers"]:
        yield f"  providers  {', '.join(found['providers'])}"
    yield from wants


def _wants(found: dict[str, Any]) -> Iterable[str]:
    what = {"manifest": "a manifest without code", "python": "in Python", "executable": "a program"}[found["kind"]]
    yield f"{found['name']} {found['version'] or ''}".rstrip() + f", {what}"
    for each in found["warnings"]:
        yield f"  CAREFUL    it {each}"
    if found.get("extends"):
        yield f"  extends    {', '.join(found['extends'])}"
    for each in found["bindings"]:
        yield f"  sends      {each['credential']} to {each['host']}"
    if granted := found.get("executable"):
        yield f"  runs       {' '.join(granted['argv'])}"
        yield f"  reads      {', '.join(granted['variables']) or 'no variable'}"
        yield f"  hosts      {', '.join(granted['hosts']) or 'none'}"
        yield f"  answers    {', '.join(['describe', *found['methods']])}"
