"""Create the JSON documents about plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyroute.documents.parts import SCHEMA, problem, problems
from polyroute.plugins.manifests import loader
from polyroute.plugins.trust import policy, risks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polyroute import results as found
    from polyroute.catalog import Catalog
    from polyroute.documents.plugin_types import (
        BindingDocument,
        GrantedDocument,
        ManifestFacts,
        PluginChange,
        PluginChanged,
        PluginChecked,
        PluginDocument,
        PluginFacts,
        PluginFinding,
        PluginHealth,
        PluginInfo,
        PluginsDocument,
        PluginsHealth,
        PluginSourceDocument,
    )
    from polyroute.plugins import loaded
    from polyroute.plugins.manifests.description import Executable
    from polyroute.plugins.manifests.loader import Manifest
    from polyroute.plugins.trust.approvals import Provenance
    from polyroute.results import Finding
    from polyroute.types import declarations


def plugins(catalog: Catalog) -> PluginsDocument:
    """Return the document of `polyroute plugins --json`."""
    owned = catalog.plugins.owned
    return {
        "schema": SCHEMA,
        "plugins": [plugin(each, catalog.plugins, owned.get(each, [])) for each in catalog.plugins.all],
        "problems": problems(catalog.problems),
    }


def plugin(plugin: found.Plugin, plugins: loaded.Plugins, owned: Sequence[str]) -> PluginDocument:
    """Return one plugin with what it provides, and its risks."""
    return {
        **plugin_facts(plugin),
        "hooks": list(plugins.hooks_of(plugin)),
        "providers": list(owned),
        "warnings": warnings(plugin, manifest_of(plugin), plugins),
        "source": _source(added_from(plugin, plugins)),
    }


def added_from(plugin: found.Plugin, plugins: loaded.Plugins) -> Provenance | None:
    """Return where `plugins add` took a plugin from; None if it was not added in this way."""
    return plugins.approvals.sources.get(loader.Manifest(plugin.manifest).identity) if plugin.manifest else None


def _source(known: Provenance | None) -> PluginSourceDocument | None:
    return {"kind": known.kind, "place": known.place, "sha256": known.sha256 or None} if known else None


def manifest_of(plugin: found.Plugin) -> Manifest | None:
    """Return the manifest of a plugin, or None."""
    if not plugin.manifest:
        return None
    is_used = plugin.enabled or not plugin.in_project
    return loader.load([plugin.manifest])[0] if is_used else loader.unapproved(plugin.manifest)


def warnings(plugin: found.Plugin, manifest: Manifest | None, plugins: loaded.Plugins) -> list[str]:
    """Return the risks of a plugin, as predicates: their subject is the plugin."""
    strangers = [each for each in plugins.providers.values() if plugins.owners[each.id] != plugin]
    found: list[str] = []
    if manifest:
        dangers = risks.found(manifest, risks.readers(strangers))
        found = [*risks.program(manifest), *dangers, *risks.headers(manifest, strangers)]
    declared = plugins.claimed.get(plugin, manifest.description.providers if manifest else ())
    owners = ((each.id, plugins.owners.get(each.id)) for each in declared)
    taken = [f"claims {name}, which is {owner.label}'s" for name, owner in owners if owner and owner != plugin]
    return [*found, *taken] if plugin.is_third_party else []


def plugin_facts(plugin: found.Plugin) -> PluginFacts:
    """Return the facts that are known without calling the plugin."""
    return {
        "name": plugin.name,
        "distribution": plugin.distribution or None,
        "version": plugin.version or None,
        "origin": plugin.origin,
        "kind": plugin.kind,
        "folder": plugin.folder or None,
        "enabled": plugin.enabled,
        "reason": plugin.reason or None,
    }


def info(plugin: found.Plugin, manifest: Manifest | None, plugins: loaded.Plugins) -> PluginInfo:
    """Return the document of `polyroute plugins info --json`."""
    said = manifest.description.providers if manifest else ()
    return {
        "schema": SCHEMA,
        **plugin_facts(plugin),
        "hooks": list(plugins.hooks_of(plugin)),
        "warnings": warnings(plugin, manifest, plugins),
        "source": _source(added_from(plugin, plugins)),
        "providers": [provider.id for provider in said] or list(plugins.owned.get(plugin, [])),
        "bindings": _bindings_of(manifest) if manifest else _bindings(plugin, plugins),
        **_manifest_facts(manifest),
    }


def _manifest_facts(manifest: Manifest | None) -> ManifestFacts:
    if manifest is None:
        return {}
    said = manifest.description
    return {
        "extends": [rule.gateway for rule in said.routeability if rule.extends],
        "executable": _granted(said.executable) if said.executable else None,
        "methods": list(said.methods),
    }


def _bindings_of(manifest: Manifest) -> list[BindingDocument]:
    """Return the hosts to which a plugin with a manifest would send credentials."""
    return [{"credential": name, "host": host} for name, host in policy.bindings(manifest)]


def _granted(executable: Executable) -> GrantedDocument:
    return {
        "argv": list(executable.argv),
        "variables": list(executable.variables),
        "hosts": list(executable.hosts),
        "settings": list(executable.settings),
    }


def _bindings(plugin: found.Plugin, plugins: loaded.Plugins) -> list[BindingDocument]:
    """Return the hosts to which a Python plugin would send credentials."""
    from polyroute.requirements.places import secret_variables

    hosts = plugins.hosts_of(plugin, refused=True)
    return [
        {"credential": name, "host": host}
        for provider in plugins.claimed.get(plugin, ())
        for name in sorted(secret_variables(provider))
        for host in sorted(hosts[provider.id])
    ]


def health(reports: Sequence[PluginHealth], others: Iterable[declarations.Problem]) -> PluginsHealth:
    """Return the document of `polyroute plugins doctor --json`; `others` are problems that don't belong to a plugin."""
    beside = problems(others)
    healthy = not beside and all(report["healthy"] for report in reports)
    return {"schema": SCHEMA, "healthy": healthy, "plugins": list(reports), "problems": beside}


def report(plugin: found.Plugin, problems: Sequence[declarations.Problem], findings: Sequence[Finding]) -> PluginHealth:
    """Return the problems of one plugin."""
    return {
        **plugin_facts(plugin),
        "healthy": not problems and not findings,
        "problems": [problem(each) for each in problems],
        "findings": [_finding(each) for each in findings],
    }


def checked(findings: Iterable[Finding], *, passes: bool) -> PluginChecked:
    """Return the document of `polyroute plugins check --json`."""
    return {"schema": SCHEMA, "passes": passes, "findings": [_finding(each) for each in findings]}


def _finding(finding: Finding) -> PluginFinding:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "remedy": finding.remedy,
    }


def changed(change: PluginChange) -> PluginChanged:
    """Return the document of a `polyroute plugins` command that changes something."""
    return {"schema": SCHEMA, **change}
