"""The commands `plugins add`, `remove`, `trust`, `untrust`, `enable`, `disable` and `refresh`."""

from __future__ import annotations

import argparse
import os
import shutil

from polyroute import cache
from polyroute.cli import answering, output, plugin_facts, text
from polyroute.cli.exits import NO
from polyroute.environment import Environment
from polyroute.errors import UsageError
from polyroute.loading.plugin import Kind, Plugin
from polyroute.manifests import manifests
from polyroute.manifests.manifests import Manifest
from polyroute.plugins import Plugins
from polyroute.system import files
from polyroute.trust import acquiring, trust
from polyroute.trust.approvals import Approvals

_CACHES = ("manifest", "fingerprint", "executable")


def add(options: argparse.Namespace) -> int:
    """`polyroute plugins add`: show what a plugin wants, ask, and put it into the plugin folder."""
    environment = Environment.load()
    with acquiring.at_hand(options.source, insecure=options.insecure) as folder:
        manifest = usable(folder, options.source)
        plugin = _described(manifest, manifest.name)
        _tell(plugin, manifest, options.source)
        if os.path.lexists(there := os.path.join(environment.plugins_directory, plugin.name)):
            text.notes([f"  replaces   {there}"])
        if not answering.agreed("Add and trust it?", yes=options.yes):
            return output.done(options, "Nothing was changed.", NO, plugin=plugin.name, added=False)
        target = acquiring.install(folder, environment.plugins_directory, plugin.name)
    Approvals.load(environment).approve(usable(target))
    name = _told(target, environment)
    return output.done(options, f"{name} is in use from now on (in {target}).", plugin=name, added=True)


def trust_(options: argparse.Namespace) -> int:
    """`polyroute plugins trust`: approve a plugin as it is now."""
    environment, plugin = named(options.name)
    manifest = usable(_folder(plugin))
    seen = trust.fingerprint(manifest)  # it may change while the person thinks
    _tell(plugin, manifest, plugin.folder)
    if not answering.agreed("Trust it as it is now?", yes=options.yes):
        return output.done(options, "Nothing was changed.", NO, plugin=plugin.name, trusted=False)
    Approvals.load(environment).approve(manifest, seen)
    return output.done(options, f"{plugin.name} is trusted as it is now.", plugin=plugin.name, trusted=True)


def untrust(options: argparse.Namespace) -> int:
    """`polyroute plugins untrust`: take an approval back."""
    environment, plugin = named(options.name)
    Approvals.load(environment).revoke(_folder(plugin))
    return output.done(options, f"{plugin.name} is no longer trusted.", plugin=plugin.name, trusted=False)


def remove(options: argparse.Namespace) -> int:
    """`polyroute plugins remove`: delete a plugin from the plugin folder. Models and preferences that name it stay."""
    environment, plugin = named(options.name)
    if plugin.origin != "folder":
        ways = {"project": f"delete {plugin.folder}", "host": "it is the host's"}
        way = ways.get(plugin.origin, f"pip uninstall {plugin.distribution}")
        raise UsageError(f"{plugin.name} is not in your plugin folder: {way}.")
    with files.told(plugin.folder):
        if os.path.islink(plugin.folder):
            os.remove(plugin.folder)
        else:
            shutil.rmtree(plugin.folder)
    Approvals.load(environment).revoke(plugin.folder)
    return output.done(options, f"{plugin.name} is removed.", plugin=plugin.name, removed=True)


def enable(options: argparse.Namespace) -> int:
    """`polyroute plugins enable`: let a plugin be in use again."""
    return _switch(options, on=True)


def disable(options: argparse.Namespace) -> int:
    """`polyroute plugins disable`: take a plugin out of use until it is enabled."""
    return _switch(options, on=False)


def refresh(options: argparse.Namespace) -> int:
    """`polyroute plugins refresh`: forget what was kept of plugins, so that it is read and asked again."""
    cache.forget(_CACHES)
    return output.done(options, "Plugins are read again at the next command.", refreshed=True)


def named(name: str) -> tuple[Environment, Plugin]:
    """The plugin of this name, wherever it is from, without loading any. Raises UsageError."""
    environment = Environment.load()
    found = Plugins.load(only=[], environment=environment, project=output.here()).all
    for plugin in found:
        if plugin.name == name:
            return environment, plugin
    raise UsageError(f"There is no plugin {name!r}. There are: {', '.join(each.name for each in found) or 'none'}.")


def usable(folder: str, source: str = "") -> Manifest:
    """The manifest in a folder, which came from `source`. Raises UsageError where it can't be used or trusted."""
    (manifest,) = manifests.load([folder])
    if manifest.fault:
        raise UsageError(f"{source or manifest.path}:\n{manifest.fault}")
    trust.fingerprint(manifest)
    return manifest


def _told(folder: str, environment: Environment) -> str:
    """The name that the plugin in a folder has among the others, after telling what of it can't be used."""
    plugins = Plugins.load(environment=environment, project=output.here(), run=False)
    name = next(each.name for each in plugins.all if each.folder == folder)
    text.problems([each for each in plugins.problems if each.plugin == name])
    return name


def _switch(options: argparse.Namespace, *, on: bool) -> int:
    environment, plugin = named(options.name)
    Approvals.load(environment).switch(plugin.name, on=on)
    state = "enabled" if on else "disabled"
    return output.done(options, f"{plugin.name} is {state}.", plugin=plugin.name, enabled=on)


def _folder(plugin: Plugin) -> str:
    if not plugin.folder:
        raise UsageError(
            f"{plugin.name} is in Python: it is trusted by being installed, and switched off by `disable`."
        )
    return plugin.folder


def _described(manifest: Manifest, name: str) -> Plugin:
    kind: Kind = "executable" if manifest.description.executable else "manifest"
    return Plugin(name, "", manifest.description.version, False, "not added yet", kind, manifest.folder)


def _tell(plugin: Plugin, manifest: Manifest, source: str) -> None:
    text.notes(plugin_facts.before(plugin_facts.document(plugin, manifest, (), ()), source))
