"""Report what is wrong with each plugin, and how to fix it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from polyroute.catalog import Catalog
from polyroute.diagnosis import plugin_findings
from polyroute.documents import plugins as documents
from polyroute.results import Plugin

if TYPE_CHECKING:
    from polyroute.documents.plugin_types import PluginHealth, PluginsHealth


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
    return documents.report(plugin, problems, plugin_findings(plugin))
