"""Report what is wrong with each plugin, and how to fix it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from polyroute.catalog import Catalog
from polyroute.conformance import manifest
from polyroute.documents import plugins as documents
from polyroute.results import Finding, Plugin

if TYPE_CHECKING:
    from polyroute.documents.plugin_types import PluginHealth, PluginsHealth

_SAID_BY_LOADING = ("manifest-refused", "folder-unsafe", "like-unknown", "extends-unknown")


def document(catalog: Catalog) -> PluginsHealth:
    """Return the document of `polyroute plugins doctor --json`. Only plugins that are in use are run."""
    list(catalog.plugins.all_models())  # so that what is asked late has been asked
    _ = catalog.plugins.mappers
    reports = [_report(plugin, catalog) for plugin in catalog.plugins.all]
    names = {plugin.name for plugin in catalog.plugins.all}
    return documents.health(reports, [each for each in catalog.problems if each.plugin not in names])


def lines(found: PluginsHealth) -> Iterable[str]:
    """Yield the same document as text for users."""
    for report in found["plugins"]:
        off = f"not in use: {report['reason']}" if report["reason"] else "ok"
        yield f"{report['name']}: {off if report['healthy'] else 'needs attention'}"
        for each in (*report["problems"], *report["findings"]):
            yield f"  {each['message']}"
            if each.get("remedy"):
                yield f"    {each['remedy']}"
    for each in found["problems"]:
        yield f"{each.get('path', 'other')}: {each['message']}. {each.get('remedy', '')}".rstrip()
    yield "Nothing is wrong." if found["healthy"] else "Errors in one plugin do not affect the others."


def _report(plugin: Plugin, catalog: Catalog) -> PluginHealth:
    problems = [each for each in catalog.problems if each.plugin == plugin.name]
    findings = [each for each in _findings(plugin) if each.severity != "advice"]
    return documents.report(plugin, problems, findings)


def _findings(plugin: Plugin) -> list[Finding]:
    """Return the kit's findings on a manifest, except those that loading reports with knowledge of other plugins."""
    found = manifest.check(plugin.manifest) if plugin.manifest else []
    return [each for each in found if each.code not in _SAID_BY_LOADING]
