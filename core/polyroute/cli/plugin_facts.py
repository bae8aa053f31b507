"""Describe one plugin to the user before and after it is trusted, with warnings first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyroute.documents.plugin_types import PluginInfo


def lines(found: PluginInfo) -> Iterable[str]:
    """The same for users."""
    first, *wants = _wants(found)
    yield first
    yield f"  from       {found['folder'] or found['distribution'] or 'the host'} ({found['origin']})"
    yield "  in use     yes" if found["enabled"] else f"  in use     no: {found['reason']}"
    yield f"  providers  {', '.join(found['providers']) or 'none'}"
    yield from wants


def before(found: PluginInfo, source: str) -> Iterable[str]:
    """Yield what the user sees before trusting the plugin in `source`, when no program has been run yet."""
    first, *wants = _wants(found)
    yield first
    yield f"  from       {source}"
    if found["providers"]:
        yield f"  providers  {', '.join(found['providers'])}"
    yield from wants


def _wants(found: PluginInfo) -> Iterable[str]:
    what = {"manifest": "a manifest without code", "python": "in Python", "executable": "a program"}[found["kind"]]
    yield f"{found['name']} {found['version'] or ''}".rstrip() + f", {what}"
    for warning in found["warnings"]:
        yield f"  CAREFUL    it {warning}"
    if found.get("extends"):
        yield f"  extends    {', '.join(found['extends'])}"
    for each in found["bindings"]:
        yield f"  sends      {each['credential']} to {each['host']}"
    if granted := found.get("executable"):
        yield f"  runs       {' '.join(granted['argv'])}"
        yield f"  reads      {', '.join(granted['variables']) or 'no variable'}"
        yield f"  hosts      {', '.join(granted['hosts']) or 'none'}"
        yield f"  answers    {', '.join(['describe', *found['methods']])}"
