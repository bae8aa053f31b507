"""The JSON forms of what there is to say of plugins."""

from __future__ import annotations

from collections.abc import Sequence

from polyroute.catalog import Catalog
from polyroute.manifests import manifests
from polyroute.manifests.manifests import Manifest
from polyroute.plugin import Plugin
from polyroute.plugins import Plugins
from polyroute.trust import dangers
from polyroute.wire import SCHEMA, Document, problem


def plugins(catalog: Catalog) -> Document:
    """The document of `polyroute plugins --json`."""
    owned = catalog.plugins.owned
    return {
        "schema": SCHEMA,
        "plugins": [plugin(each, catalog.plugins, owned.get(each, [])) for each in catalog.plugins.all],
        "problems": [problem(each) for each in catalog.problems],
    }


def plugin(plugin: Plugin, plugins: Plugins, owned: Sequence[str]) -> Document:
    """One plugin with what it provides, and what is dangerous about it."""
    return {
        **plugin_facts(plugin),
        "hooks": list(plugins.hooks_of(plugin)),
        "providers": list(owned),
        "warnings": warnings(plugin, manifest_of(plugin), plugins),
    }


def manifest_of(plugin: Plugin) -> Manifest | None:
    """The manifest of a plugin that has one."""
    return manifests.load([plugin.manifest])[0] if plugin.manifest else None


def warnings(plugin: Plugin, manifest: Manifest | None, plugins: Plugins) -> list[str]:
    """What is dangerous about a plugin, in words that follow its name."""
    others = dangers.readers(each for each in plugins.providers.values() if plugins.owners[each.id] != plugin)
    found = [*dangers.program(manifest), *dangers.found(manifest, others)] if manifest else []
    declared = plugins.claimed.get(plugin, manifest.description.providers if manifest else ())
    owners = ((each.id, plugins.owners.get(each.id)) for each in declared)
    taken = [f"claims {name}, which is {owner.label}'s" for name, owner in owners if owner and owner != plugin]
    return [*found, *taken] if plugin.is_third_party else []


def plugin_facts(plugin: Plugin) -> Document:
    """What can be said of a plugin without asking it."""
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
