"""Finding, importing and registering plugins, each on its own: whatever is wrong with one stays with it."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import pluggy

from polyroute import hookspecs
from polyroute.dexto_compat import BUNDLED_DISTRIBUTIONS
from polyroute.environment import Environment
from polyroute.loading.entry_points import EntryPoint, find
from polyroute.loading.importing import folder_of, import_target, object_name, same
from polyroute.loading.plugin import CONTAINED, Implementation, Kind, Plugin, describe
from polyroute.manifests import adapters, manifests
from polyroute.manifests.manifests import Manifest
from polyroute.system.plain import quoted
from polyroute.trust import trust
from polyroute.trust.approvals import Approvals
from polyroute.trust.trust import Unsafe
from polyroute.types import Problem


class Loaded(NamedTuple):
    """What loading gave: every plugin found, and the hooks of those in use, in order of ownership."""

    plugins: tuple[Plugin, ...]
    hooks: Mapping[str, tuple[Implementation, ...]]
    problems: tuple[Problem, ...]
    manifests: Mapping[Plugin, Manifest]
    """Those of the plugins in use that have one."""
    approvals: Approvals


def load(
    objects: Iterable[object],
    only: Collection[str] | None,
    disabled: Collection[str],
    environment: Environment,
    project: str,
    run: bool,
) -> Loaded:
    """Load the host's `objects`, then installed plugins, those in the person's folder and those of a `project`: all,
    or those named in `only`; none in `disabled`. Executables are asked only where they may `run`.
    """
    points = sorted(find(), key=_ownership)
    approvals = Approvals.load(environment)
    loader = _Loader(only, {*disabled, *approvals.disabled}, approvals, run)
    return loader.load(objects, points, environment, manifests.project_directory(project))


def _ownership(point: EntryPoint) -> tuple[int, str, str]:
    if point.distribution in BUNDLED_DISTRIBUTIONS:
        return BUNDLED_DISTRIBUTIONS.index(point.distribution), "", point.name
    return len(BUNDLED_DISTRIBUTIONS), point.distribution, point.name


class _Loader:
    def __init__(self, only: Collection[str] | None, disabled: set[str], approvals: Approvals, run: bool) -> None:
        self.only, self.disabled, self.approvals, self.run = only, disabled, approvals, run
        self.plugins: list[Plugin] = []
        self.problems = list(approvals.problems)
        self.hooks: dict[str, list[Implementation]] = {}
        self.names: dict[str, int] = {}
        self.items: dict[int, object] = {}  # kept, so that no two have one id
        self.manifests: dict[Plugin, Manifest] = {}

    def load(
        self, objects: Iterable[object], points: Sequence[EntryPoint], environment: Environment, project: str
    ) -> Loaded:
        for item in objects:
            self._add(Plugin(self._unique(object_name(item))), partial(self._register, partial(same, item)))
        self._add_installed(points)
        for directory in (environment.plugins_directory, project):
            for manifest in manifests.load(manifests.folders(directory)) if directory else ():
                self._add_manifest(manifest, in_project=directory == project)
        self._add_executables(environment)
        self._check_names()
        if not self.plugins:
            self.problems.append(Problem("No provider plugin is installed.", "Run: pip install 'polyroute[all]'."))
        hooks = {name: tuple(each) for name, each in self.hooks.items()}
        return Loaded(tuple(self.plugins), hooks, tuple(self.problems), self.manifests, self.approvals)

    def _add_installed(self, points: Iterable[EntryPoint]) -> None:
        for point in points:
            # A name taken already is told apart by its distribution: to switch one off must not hit another.
            name = f"{point.name}@{point.distribution}" if point.name in self.names else self._unique(point.name)
            plugin = Plugin(name, point.distribution, point.version)
            if point.target.endswith(f":{manifests.MANIFEST}"):
                carried = plugin._replace(kind="manifest", folder=folder_of(point.target))
                self._add(carried, partial(self._enter_carried, point.target))
            else:
                self._add(plugin, partial(self._register, partial(import_target, point.target)))

    def _add_manifest(self, manifest: Manifest, *, in_project: bool) -> None:
        place = "project" if in_project else "folder"
        name = f"{manifest.name}@{place}" if manifest.name in self.names else self._unique(manifest.name)
        kind: Kind = "executable" if manifest.description.executable else "manifest"
        facts = ("", manifest.description.version, True, "", kind, manifest.folder, in_project)
        self._add(Plugin(name, *facts), partial(self._enter, manifest))

    def _add_executables(self, environment: Environment) -> None:
        """Ask all executables at once; each keeps its place among the other plugins."""
        approved = {plugin.name: plugin for plugin in self.manifests if plugin.kind == "executable"}
        if not approved:
            return
        from polyroute.executables.executable import Member
        from polyroute.executables.hooks import Executables

        known = {name: self.approvals.fingerprints[os.path.realpath(each.folder)] for name, each in approved.items()}
        executables = Executables(
            [Member(name, self.manifests[each], known[name], each.problem) for name, each in approved.items()],
            environment,
        )
        for member, found in executables.hooks() if self.run else executables.remembered():
            self._implement(approved[member.name], found)
        self.problems += executables.problems
        order = {plugin.name: index for index, plugin in enumerate(self.plugins)}
        for each in self.hooks.values():
            each.sort(key=lambda one: order[one.plugin.name])

    def _implement(self, plugin: Plugin, found: adapters.Hooks) -> None:
        for hook, (function, arguments) in found.items():
            self.hooks.setdefault(hook, []).append(Implementation(plugin, function, arguments))

    def _add(self, plugin: Plugin, enter: Callable[[Plugin], Plugin]) -> None:
        reason = self._off(plugin)
        if not reason:
            try:
                plugin = enter(plugin)
            except _Refused as refusal:
                reason = refusal.problem.message
                self.problems.append(refusal.problem)
            except CONTAINED as error:
                reason = f"can't be imported: {describe(error)}"
                self.problems.append(plugin.problem(reason, "Mend or uninstall it."))
        self.plugins.append(plugin._replace(enabled=False, reason=reason) if reason else plugin)

    def _off(self, plugin: Plugin) -> str:
        if plugin.name in self.disabled:
            return "disabled by name"
        allowed = self.only is None or plugin.origin == "host" or plugin.name in self.only
        return "" if allowed else "not among those asked for"

    def _enter_carried(self, target: str, plugin: Plugin) -> Plugin:
        """Take in a distribution that carries a manifest instead of code."""
        if not plugin.folder:
            raise ModuleNotFoundError(f"no package holds {target}")
        (manifest,) = manifests.load([plugin.folder])
        if manifest.description.executable:
            return self._enter(manifest, plugin._replace(kind="executable"))
        return self._take(plugin, manifest)

    def _enter(self, manifest: Manifest, plugin: Plugin) -> Plugin:
        """Take in a plugin of the person's folder or of a project, if it is safe, and approved where it must be."""
        if plugin.kind == "executable" and os.name != "posix":
            raise _Refused(plugin.problem("executables need a POSIX system", "Use it on Linux or macOS."))
        try:
            trust.check_files(manifest)
            if (plugin.in_project or plugin.kind == "executable") and not manifest.fault:
                self._check_approval(plugin, manifest)
        except Unsafe as unsafe:
            raise _Refused(plugin.problem(f"is not safe: {unsafe.why}", unsafe.remedy)) from None
        return self._take(plugin, manifest)

    def _check_approval(self, plugin: Plugin, manifest: Manifest) -> None:
        state = self.approvals.state(manifest)
        if state != "approved":
            name = quoted(plugin.name)
            remedy = f"See `polyroute plugins info {name}`, then `polyroute plugins trust {name}`."
            why = "has changed since it was approved" if state == "changed" else "waits for your approval"
            raise _Refused(plugin.problem(why, remedy))

    def _take(self, plugin: Plugin, manifest: Manifest) -> Plugin:
        if manifest.fault:
            remedy = f"Mend it; `polyroute plugins check {quoted(manifest.folder)}` says more."
            raise _Refused(plugin.problem("; ".join(manifest.fault.splitlines()), remedy))
        self.manifests[plugin] = manifest
        if plugin.kind != "executable":
            self._implement(plugin, adapters.hooks(manifest))
        return plugin

    def _register(self, bring: Callable[[], object], plugin: Plugin) -> Plugin:
        item = bring()
        if id(item) in self.items:
            raise _Refused(plugin.problem("is there already", "Bring each plugin once."))
        self.items[id(item)] = item
        callers = _checked(plugin, item)
        if not callers:
            self.problems.append(plugin.problem("implements no hook", "Mark its functions with @polyroute.hookimpl."))
        for hook, caller in callers.items():
            if caller.has_spec():
                found = [_implementation(plugin, each) for each in caller.get_hookimpls()]
                self.hooks.setdefault(hook, []).extend(found)
            elif not all(each.optionalhook for each in caller.get_hookimpls()):
                remedy = "Correct the name, or update polyroute; the plugin's other hooks are in use."
                self.problems.append(plugin.problem("implements a hook that does not exist", remedy, hook))
        return plugin

    def _unique(self, name: str) -> str:
        count = self.names[name] = self.names.get(name, 0) + 1
        return name if count == 1 else f"{name} {count}"

    def _check_names(self) -> None:
        known = {plugin.name for plugin in self.plugins}
        for name in sorted({*(self.only or ()), *self.disabled} - known - self.approvals.disabled):
            remedy = f"Installed are: {', '.join(sorted(known)) or 'none'}."
            self.problems.append(Problem(f"There is no plugin {name!r} to enable or disable.", remedy))


class _Refused(Exception):
    """A plugin that is not taken into use."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def _checked(plugin: Plugin, item: object) -> dict[str, pluggy.HookCaller]:
    """The hooks of `item`, after pluggy has checked them against their specifications.

    Each plugin has a manager of its own: a shared one compares every plugin with all others, and orders
    hooks by what plugins say of themselves.
    """
    manager = pluggy.PluginManager("polyroute")
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(item, plugin.name)
    except CONTAINED as error:
        message = f"was refused by pluggy as a whole: {describe(error)}"
        remedy = "Give each hook the arguments that polyroute/hookspecs.py declares."
        raise _Refused(plugin.problem(message, remedy)) from error
    callers: dict[str, pluggy.HookCaller] = vars(manager.hook)
    used = {hook: caller for hook, caller in callers.items() if caller.get_hookimpls()}
    for hook, caller in used.items():
        if any(each.wrapper or each.hookwrapper for each in caller.get_hookimpls()):
            remedy = "Return values instead; wrappers are refused."
            raise _Refused(plugin.problem("wraps a hook", remedy, hook))
    return used


def _implementation(plugin: Plugin, each: pluggy.HookImpl) -> Implementation:
    return Implementation(plugin, each.function, tuple(each.argnames))
