"""The commands `plugins add`, `remove`, `trust`, `untrust`, `enable`, `disable` and `refresh`."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from polyroute._internal import cache, files, platform
from polyroute.cli import output, prompts, text
from polyroute.cli.activity import Activity
from polyroute.cli.output import NO
from polyroute.documents import plugins as documents
from polyroute.environment import Environment
from polyroute.errors import Unavailable, UsageError
from polyroute.plugins import switching
from polyroute.plugins.loaded import Plugins
from polyroute.plugins.manifests import loader
from polyroute.plugins.manifests.discovery import MANIFEST
from polyroute.plugins.manifests.loader import Manifest
from polyroute.plugins.trust import download, install, policy
from polyroute.plugins.trust.approvals import Approvals, Consent, Provenance
from polyroute.results import Kind, Plugin

if TYPE_CHECKING:
    from polyroute.documents.plugin_types import PluginInfo

_CACHES = ("manifest", "fingerprint", "executable")


def add(options: argparse.Namespace) -> int:
    """`polyroute plugins add`: show what a plugin needs, ask for approval, and copy it to the plugin folder."""
    environment = Environment.load()
    approvals = Approvals.load(environment)
    approvals.require_writable()
    with _at_hand(options) as (folder, source):
        manifest = usable(folder, options.source)
        consent = approvals.consent_to(manifest)
        plugin = _described(manifest, os.path.join(environment.plugins_directory, manifest.name))
        plugins = output.loaded(environment, run=False)
        if why := _taken(plugin, manifest, plugins):
            return output.done(options, f"{plugin.name} was not added: {why}", NO, plugin=plugin.name, added=False)
        _show(plugin, manifest, source.place if source.kind == "url" else options.source, plugins)
        if source.sha256:
            text.notes([f"  sha256     {source.sha256}"])
        known = approvals.sources.get(os.path.realpath(plugin.folder))
        changed = _changed(source, known)
        text.notes([f"  CAREFUL    it {each}" for each in changed])
        if changed and options.yes:
            remedy = f"If you agree: --sha256 {source.sha256}. Nothing was changed."
            raise UsageError(f"{source.place} {changed[0]}.", remedy)
        if os.path.lexists(plugin.folder):
            text.notes([f"  replaces   {plugin.folder}"])
        if not prompts.agreed("Add and trust it?", yes=options.yes):
            return output.done(options, "Nothing was changed.", NO, plugin=plugin.name, added=False)
        policy.check_place(environment.plugins_directory, environment.home)
        target = install.install(folder, environment.plugins_directory, plugin.name)
    is_pinned = source.is_pinned or (known is not None and known.is_pinned and known.place == source.place)
    approvals.approve(_same(usable(target), consent, approvals), consent, source._replace(is_pinned=is_pinned))
    return _added(options, os.path.join(target, MANIFEST), environment)


@contextlib.contextmanager
def _at_hand(options: argparse.Namespace) -> Iterator[install.PluginAtHand]:
    """Yield the plugin; while it is downloaded, show that the command is working."""
    is_remote = download.is_address(options.source)
    with contextlib.ExitStack() as kept:
        with Activity(f"downloading {options.source}") if is_remote else contextlib.nullcontext():
            found = install.at_hand(options.source, insecure=options.insecure, sha256=options.sha256)
            at_hand = kept.enter_context(found)
        yield at_hand


def _changed(source: Provenance, known: Provenance | None) -> list[str]:
    """Return that a file has another digest than the one that the user named when adding it before, if so."""
    is_as_before = known is None or not known.is_pinned or known.place != source.place or known.sha256 == source.sha256
    if source.is_pinned or known is None or is_as_before:
        return []
    return [f"has the SHA-256 digest {source.sha256}, and you approved {known.sha256}"]


def _added(options: argparse.Namespace, path: str, environment: Environment) -> int:
    """Record the owner of the plugin's providers, and report whether the plugin can be used now."""
    plugin = recorded(path, environment)
    plugins = output.loaded(environment, run=False)
    plugin = next(each for each in plugins.all if each.manifest == path)
    problems = [each for each in plugins.problems if each.plugin == plugin.name]
    if not plugin.enabled or not (plugins.owned.get(plugin) or plugins.hooks_of(plugin)):
        why = f"{plugin.reason}. {problems[0].remedy if problems else ''}".rstrip()
        return output.done(
            options, f"{plugin.name} was added, but can't be used: {why}", NO, plugin=plugin.name, added=True
        )
    text.problems(problems)
    return output.done(
        options, f"{plugin.name} was added and is in use (in {plugin.folder}).", plugin=plugin.name, added=True
    )


def recorded(path: str, environment: Environment) -> Plugin:
    """Record that the plugin with the manifest or name `path` owns its providers, and return the plugin.

    Programs are run, since the user has just approved that.
    """
    with output.stdout_kept_clean():
        plugins = output.loaded(environment, run=True)
        plugin = next(each for each in plugins.all if path in (each.manifest, each.name))
        hosts = plugins.hosts_of(plugin, refused=True)
    theirs = {name: each for name, each in hosts.items() if _may_own(plugin, name, plugins)}
    if plugin.is_third_party:
        Approvals.load(environment).own(plugin.identity, theirs)
    return plugin


def _may_own(plugin: Plugin, name: str, plugins: Plugins) -> bool:
    """Return whether a plugin owns a provider or may take it over: from a third party without the user's approval."""
    owner = plugins.owners.get(name, plugin)
    return owner == plugin or (owner.is_third_party and not plugins.is_recorded(name, owner))


def _taken(plugin: Plugin, manifest: Manifest, plugins: Plugins) -> str:
    """Return why the plugin would be useless, as other plugins own all its providers, or an empty string."""
    said = manifest.description
    if said.executable or any(rule.extends for rule in said.routeability):
        return ""
    others = {each.id: plugins.owners[each.id] for each in said.providers if each.id in plugins.owners}
    taken = {name: owner for name, owner in others.items() if owner.identity != plugin.identity}
    taken = {name: owner for name, owner in taken.items() if not _may_own(plugin, name, plugins)}
    if not said.providers or len(taken) < len(said.providers):
        return ""
    names = ", ".join(f"{name} belongs to plugin {owner.label}" for name, owner in taken.items())
    return f"{names}. Give its provider another ID."


def _same(manifest: Manifest, consent: Consent, approvals: Approvals) -> Manifest:
    """Return the manifest if it is what the user has approved. Raises UsageError."""
    if approvals.consent_to(manifest) != consent:
        raise UsageError(f"{manifest.path} changed while you were asked.", "Run the command again.")
    return manifest


def trust_(options: argparse.Namespace) -> int:
    """`polyroute plugins trust`: approve a plugin's current state and its ownership of its providers."""
    environment, plugin, plugins = named(options.name)
    if not plugin.is_third_party:
        raise UsageError(f"{plugin.name} is already trusted: it is {plugin.origin}.")
    approvals = Approvals.load(environment)
    approvals.require_writable()
    manifest = usable(plugin.manifest) if plugin.manifest else None
    consent = approvals.consent_to(manifest) if manifest else None  # it may change before the user answers
    _show(plugin, manifest, plugin.folder or plugin.distribution, plugins)
    if not prompts.agreed("Trust it as it is now?", yes=options.yes):
        return output.done(options, "Nothing was changed.", NO, plugin=plugin.name, trusted=False)
    if manifest:
        approvals.approve(manifest, consent)
    recorded(plugin.manifest or plugin.name, environment)
    return output.done(options, f"{plugin.name} is trusted as it is now.", plugin=plugin.name, trusted=True)


def untrust(options: argparse.Namespace) -> int:
    """`polyroute plugins untrust`: revoke the approval of a plugin."""
    environment, plugin, _ = named(options.name)
    if not plugin.is_third_party:
        raise UsageError(f"{plugin.name} is {plugin.origin}.", "To switch it off, use `polyroute plugins disable`.")
    Approvals.load(environment).revoke(_identity(plugin), plugin.identity)
    return output.done(options, f"{plugin.name} is no longer trusted.", plugin=plugin.name, trusted=False)


def remove(options: argparse.Namespace) -> int:
    """`polyroute plugins remove`: delete a plugin from the plugin folder.

    Models and preferences that name it are kept, and so is the record of its providers: the next plugin that claims
    them gets no key without the user's approval.
    """
    environment, plugin, _ = named(options.name)
    if plugin.origin != "folder":
        ways = {"project": f"delete {plugin.folder}", "host": "it belongs to the host"}
        way = ways.get(plugin.origin, f"pip uninstall {plugin.distribution}")
        raise UsageError(f"{plugin.name} is not in your plugin folder: {way}.")
    approvals = Approvals.load(environment)
    approvals.require_writable()
    with files.readable_errors(plugin.folder):
        if platform.is_link(plugin.folder):
            os.remove(plugin.folder)
        else:
            shutil.rmtree(plugin.folder)
    approvals.revoke(_identity(plugin))
    return output.done(options, f"{plugin.name} was removed.", plugin=plugin.name, removed=True)


def _identity(plugin: Plugin) -> str:
    return Manifest(plugin.manifest).identity if plugin.manifest else ""


def enable(options: argparse.Namespace) -> int:
    """`polyroute plugins enable`: enable a disabled plugin."""
    return _switch(options, on=True)


def disable(options: argparse.Namespace) -> int:
    """`polyroute plugins disable`: disable a plugin until it is enabled again."""
    return _switch(options, on=False)


def refresh(options: argparse.Namespace) -> int:
    """`polyroute plugins refresh`: clear cached data of plugins, so that they are read and run again."""
    cache.forget(_CACHES)
    return output.done(options, "The next command reads all plugins again.", refreshed=True)


def named(name: str) -> tuple[Environment, Plugin, Plugins]:
    """Return the environment, the plugin of this name, and all plugins. No program is run. Raises UsageError."""
    environment = Environment.load()
    plugins = output.loaded(environment, run=False)
    return environment, switching.named(name, plugins), plugins


def usable(place: str, source: str = "") -> Manifest:
    """Return the manifest at a path or in a folder, which was copied from `source`.

    Raises UsageError if it is invalid or can't be trusted, and Unavailable if it runs a program and this system can't.
    """
    (manifest,) = loader.load([place if place.endswith(".toml") else os.path.join(place, MANIFEST)])
    if manifest.fault:
        raise UsageError(f"{source or manifest.path}:\n{manifest.fault}")
    if manifest.description.runs_programs and not platform.RUNS_PROGRAMS:
        what = f"{manifest.name} runs a program, which {platform.NEEDS_POSIX}"
        raise Unavailable(f"{what}. Nothing was changed.", platform.WORKS_HERE)
    policy.fingerprint(manifest)
    return manifest


def _switch(options: argparse.Namespace, *, on: bool) -> int:
    environment = Environment.load()
    plugin = switching.switch(options.name, output.loaded(environment, run=False), environment, on=on)
    state = "enabled" if on else "disabled"
    return output.done(options, f"{plugin.name} is {state}.", plugin=plugin.name, enabled=on)


def _described(manifest: Manifest, folder: str) -> Plugin:
    """Return the plugin of a manifest as if it were in `folder`."""
    kind: Kind = "executable" if manifest.description.executable else "manifest"
    path, version = os.path.join(folder, MANIFEST), manifest.description.version
    return Plugin(manifest.name, "", version, False, "not added yet", kind, path)


def _show(plugin: Plugin, manifest: Manifest | None, source: str, plugins: Plugins) -> None:
    text.notes(before(documents.info(plugin, manifest, plugins), source))


def lines(found: PluginInfo) -> Iterable[str]:
    """Yield the document of `polyroute plugins info` as text for users."""
    first, *wants = _wants(found)
    yield first
    yield f"  from       {found['folder'] or found['distribution'] or 'the host'} ({found['origin']})"
    if source := found["source"]:
        digest = f" (sha256 {source['sha256']})" if source["sha256"] else ""
        yield f"  added      from {source['place']}{digest}"
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
