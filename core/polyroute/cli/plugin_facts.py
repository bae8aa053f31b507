"""What a person is told of one plugin before and after trusting it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from polyroute import wire
from polyroute.loading.plugin import Plugin
from polyroute.manifests.manifests import Manifest
from polyroute.trust import trust

WARNING = "It runs a program as you: trusting it is trusting it with your account."


def document(
    plugin: Plugin, manifest: Manifest | None, providers: Iterable[str], hooks: Iterable[str]
) -> dict[str, Any]:
    """The document of `polyroute plugins info --json`."""
    found: dict[str, Any] = {"schema": wire.SCHEMA, **wire.plugin_facts(plugin), "hooks": list(hooks)}
    if manifest is None:
        return {**found, "providers": list(providers)}
    granted = manifest.description.executable
    return {
        **found,
        "providers": [provider.id for provider in manifest.description.providers] or list(providers),
        "bindings": [{"credential": name, "host": host} for name, host in trust.bindings(manifest)],
        "executable": granted and {key: list(value) for key, value in granted._asdict().items()},
        "methods": list(manifest.description.methods),
    }


def lines(found: dict[str, Any]) -> Iterable[str]:
    """The same for people."""
    first, *wants = _wants(found)
    yield first
    yield f"  from       {found['folder'] or found['distribution'] or 'the host'} ({found['origin']})"
    yield f"  in use     {'yes' if found['enabled'] else 'no: ' + found['reason']}"
    yield f"  providers  {', '.join(found['providers']) or 'none'}"
    yield from wants


def before(found: dict[str, Any], source: str) -> Iterable[str]:
    """What a person is told who is asked to trust the plugin in `source`. No program has run yet to say what it has."""
    first, *wants = _wants(found)
    yield first
    yield f"  from       {source}"
    if found["providers"]:
        yield f"  providers  {', '.join(found['providers'])}"
    yield from wants


def _wants(found: dict[str, Any]) -> Iterable[str]:
    what = {"manifest": "a manifest without code", "python": "in Python", "executable": "a program"}[found["kind"]]
    yield f"{found['name']} {found['version'] or ''}".rstrip() + f", {what}"
    for each in found.get("bindings", ()):
        yield f"  sends      {each['credential']} to {each['host']}"
    if granted := found.get("executable"):
        yield f"  runs       {' '.join(granted['argv'])}"
        yield f"  reads      {', '.join(granted['variables']) or 'no variable'}"
        yield f"  hosts      {', '.join(granted['hosts']) or 'none'}"
        yield f"  answers    {', '.join(['describe', *found['methods']])}"
        yield f"  {WARNING}"
