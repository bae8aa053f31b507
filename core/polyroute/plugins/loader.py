"""Find, import and register plugins, each on its own, so that a failure stays with its plugin."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from polyroute._internal import cache
from polyroute._internal.containment import describe, expect_plugins, pass_on
from polyroute._internal.problems import Problems
from polyroute.environment import PROCESS, Environment
from polyroute.lazy import cached_property
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.entry_points import (
    EntryPoint,
    data_folders,
    folder_of,
    import_target,
    installed,
    normalized,
    object_name,
    same,
)
from polyroute.plugins.manager import Manager
from polyroute.plugins.manifests import discovery
from polyroute.plugins.manifests.discovery import MANIFEST
from polyroute.plugins.registered import PythonPlugin
from polyroute.plugins.trust.approvals import Approvals
from polyroute.results import Plugin, Refused
from polyroute.types import Problem

if TYPE_CHECKING:
    from polyroute.plugins.admission import Admission
    from polyroute.plugins.manifests.loader import Manifest


DISABLED = "disabled by name"
"""Why a plugin is not in use that the user has disabled."""
_MOST_WAITING = 20
"""The most unapproved plugins of a project that are listed: somebody else may have put them there."""


class Loaded(NamedTuple):
    """The result of loading: every plugin found, with those in use registered."""

    plugins: tuple[Plugin, ...]
    manager: Manager
    problems: tuple[Problem, ...]
    manifests: Mapping[Plugin, Manifest]
    """By plugin, the manifests of the plugins in use."""
    approvals: Approvals


class LoadRequest(NamedTuple):
    """What to load."""

    objects: Iterable[object]
    """The host application's own plugins."""
    only: Collection[str] | None
    """The names of the plugins to use; None for all."""
    disabled: Collection[str]
    project: str
    """A folder in the project whose approved plugins are used; empty for none."""
    run: bool
    """Whether executables may be run."""
    bundled: Sequence[str] | None
    """The distributions that come first and are trusted like Polyroute itself; None for those of its extra `all`."""


def load(request: LoadRequest, environment: Environment) -> Loaded:
    """Load the host's objects, then the installed plugins, those in the user's folder and those of a project."""
    found = installed()
    bundled = found.bundled if request.bundled is None else tuple(map(normalized, request.bundled))
    approvals = Approvals.load(environment)
    if exposed := cache.exposure():
        problem = Problem(f"The cache is not used: {exposed.why}", exposed.remedy, code="cache-unsafe")
        approvals = approvals._replace(problems=(*approvals.problems, problem))
    loader = _Loader(request, bundled, approvals)
    points = sorted(found.points, key=partial(_ownership, bundled))
    return loader.load(points, environment)


def _ownership(bundled: Sequence[str], point: EntryPoint) -> tuple[int, str, str]:
    if point.distribution in bundled:
        return bundled.index(point.distribution), "", point.name
    return len(bundled), point.distribution, point.name


class _Loader:
    def __init__(self, request: LoadRequest, bundled: Collection[str], approvals: Approvals) -> None:
        self.request, self.bundled, self.approvals = request, bundled, approvals
        self.disabled = {*request.disabled, *approvals.disabled}
        self.plugins: list[Plugin] = []
        self.problems = Problems(approvals.problems)
        # Those that a host names as bundled are somebody else's.
        self.manager = Manager(bundled if request.bundled is None else ())
        self.names: dict[str, int] = {}
        self.items: dict[int, object] = {}  # kept alive, so that no two share an id

    @cached_property
    def admission(self) -> Admission:
        """Registers manifests; created only when needed, since many runs have none and should not import it."""
        from polyroute.plugins.admission import Admission

        return Admission(self.approvals, self.manager)

    def load(self, points: Sequence[EntryPoint], environment: Environment) -> Loaded:
        for item in self.request.objects:
            self._add(Plugin(self._unique(object_name(item))), partial(self._register, partial(same, item)))
        for point in points:
            self._add_installed(point)
        project = discovery.project_directory(self.request.project)
        self._add_manifests(discovery.in_folders(environment.plugins_directory), in_project=False)
        self._add_project(discovery.in_folders(project) if project else [])
        taken: Mapping[Plugin, Manifest] = {}
        if "admission" in vars(self):
            for problem in self.admission.ask_executables(environment, run=self.request.run):
                self.problems.report(problem)
            taken = self.admission.taken
        self._check_names()
        self._check_hooks()
        if not self.plugins:
            remedy = "Run: pip install 'polyroute[all]'."
            self.problems.report(Problem("No provider plugin is installed.", remedy, code="no-plugins"))
        return Loaded(tuple(self.plugins), self.manager, tuple(self.problems), taken, self.approvals)

    def _add_installed(self, point: EntryPoint) -> None:
        plugin = Plugin(
            self._installed_name(point.name, point.distribution),
            point.distribution,
            point.version,
            is_bundled=point.distribution in self.bundled,
        )
        if point.target.endswith(f":{MANIFEST}"):
            path = os.path.join(folder_of(point.target), MANIFEST)
            self._add(plugin._replace(kind="manifest", manifest=path), partial(self._enter_carried, point.target))
        else:
            self._add(plugin, partial(self._enter_imported, point.target))

    def _installed_name(self, name: str, distribution: str) -> str:
        """Return a plugin name, with its distribution added if the name is taken: disabling one must not hit both."""
        return f"{name}@{distribution}" if name in self.names else self._unique(name)

    def _add_manifests(self, paths: Sequence[str], *, in_project: bool) -> None:
        for manifest in self.admission.found(paths) if paths else ():
            self._add_manifest(manifest, in_project=in_project)

    def _add_project(self, paths: Sequence[str]) -> None:
        """Add a project's plugins. Those without an approval cost ordinary commands nothing: they are not parsed."""
        approved = [path for path in paths if os.path.realpath(os.path.dirname(path)) in self.approvals.fingerprints]
        self._add_manifests(approved, in_project=True)
        waiting = [path for path in paths if path not in approved]
        for path in waiting[:_MOST_WAITING]:
            if self.request.run:
                self._add_waiting(path)
            else:
                self._add_manifest(self.admission.unapproved(path), in_project=True)
        if len(waiting) > _MOST_WAITING:
            more = (
                f"{len(waiting) - _MOST_WAITING:,} more plugins of this project wait for approval; they are not listed"
            )
            self.problems.report(Problem(more, "Remove those that you don't need.", code="not-approved"))

    def _add_waiting(self, path: str) -> None:
        folder = os.path.basename(os.path.dirname(path))
        plugin = Plugin(self._project_name(folder), kind="manifest", manifest=path, in_project=True)
        self._add(plugin, self.admission.waiting)

    def _add_manifest(self, manifest: Manifest, *, in_project: bool) -> None:
        if in_project:
            name = self._project_name(os.path.basename(manifest.folder))
        else:
            name = f"{manifest.name}@folder" if manifest.name in self.names else self._unique(manifest.name)
        kind, version = self.admission.kind(manifest), manifest.description.version
        plugin = Plugin(name, version=version, kind=kind, manifest=manifest.path, in_project=in_project)
        self._add(plugin, partial(self.admission.dropped_in, manifest))

    def _add(self, plugin: Plugin, enter: Callable[[Plugin], object], *, is_asked_for: bool = False) -> None:
        plugin = plugin._replace(rank=len(self.plugins))
        reason = self._off(plugin, is_asked_for)
        self.plugins.append(plugin)
        if not reason:
            try:
                enter(plugin)
            except Refused as refusal:
                reason = refusal.problem.message
                self.problems.report(refusal.problem)
            except BaseException as error:
                pass_on(error)
                reason = f"can't be imported: {describe(error)}"
                self.problems.report(plugin.problem(reason, "Fix or uninstall it.", code="not-imported"))
        if reason:
            self.plugins[plugin.rank] = plugin._replace(enabled=False, reason=reason)

    def _off(self, plugin: Plugin, is_asked_for: bool) -> str:
        if plugin.name in self.disabled:
            return DISABLED
        only = self.request.only
        if is_asked_for or only is None or plugin.origin == "host" or plugin.name in only:
            return ""
        return "not among the plugins selected"

    def _enter_imported(self, target: str, plugin: Plugin) -> None:
        """Register what an entry point names: a Python plugin, or a package without code that carries manifests."""
        if not plugin.is_bundled:
            expect_plugins()
        item = import_target(target)
        paths = discovery.in_package(data_folders(item))
        if not paths:
            self._register(partial(same, item), plugin)
            return
        self.plugins.pop()  # replaced by one plugin for each manifest
        for manifest in self.admission.found(paths):
            name, kind = self._installed_name(manifest.name, plugin.distribution), self.admission.kind(manifest)
            each = plugin._replace(name=name, kind=kind, manifest=manifest.path)
            self._add(each, partial(self.admission.installed, manifest), is_asked_for=True)

    def _enter_carried(self, target: str, plugin: Plugin) -> None:
        """Register the one manifest that a distribution carries instead of code."""
        if not plugin.folder:
            raise ModuleNotFoundError(f"no package contains {target}")
        (manifest,) = self.admission.found([plugin.manifest])
        self.plugins[plugin.rank] = plugin = plugin._replace(kind=self.admission.kind(manifest))
        self.admission.installed(manifest, plugin)

    def _register(self, bring: Callable[[], object], plugin: Plugin) -> None:
        item = bring()
        if id(item) in self.items:
            raise Refused(plugin.problem("is already registered", "Pass each plugin once.", code="twice"))
        self.items[id(item)] = item
        self.manager.enter(PythonPlugin(plugin, item))
        if not self.manager.hooks_of(plugin):
            remedy = "Mark its functions with @polyroute.hookimpl."
            self.problems.report(plugin.problem("implements no hook", remedy, code="no-hooks"))

    def _project_name(self, folder: str) -> str:
        """Return the name of a project's plugin: its folder's, which is known before its manifest is parsed."""
        return f"{folder}@project" if folder in self.names else self._unique(folder)

    def _unique(self, name: str) -> str:
        count = self.names[name] = self.names.get(name, 0) + 1
        return name if count == 1 else f"{name} {count}"

    def _check_hooks(self) -> None:
        remedy = "Correct the name, or update polyroute; the plugin's other hooks are in use."
        for hook, plugin in self.manager.unknown():
            message = "implements a hook that does not exist"
            self.problems.report(plugin.problem(message, remedy, hook, code="unknown-hook"))

    def _check_names(self) -> None:
        known = {*self.names, *(plugin.name for plugin in self.plugins)}
        for name in sorted({*(self.request.only or ()), *self.disabled} - known - self.approvals.disabled):
            remedy = f"Installed plugins: {', '.join(sorted(known)) or 'none'}."
            message = f"There is no plugin {name!r} to enable or disable."
            self.problems.report(Problem(message, remedy, code="unknown-plugin"))


def names_in(variable: str, environment: Environment) -> list[str] | None:
    """Return the names in a variable of the process, which commas separate; None if it is not set."""
    text = environment.setting(variable, layer=PROCESS)
    return [name.strip() for name in text.split(",") if name.strip()] if text else None
