"""Finding, importing and registering plugins, each on its own: whatever is wrong with one stays with it."""

import importlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

import pluggy

from polyroute import hookspecs
from polyroute.dexto_compat import BUNDLED_DISTRIBUTIONS
from polyroute.entry_points import EntryPoint, find
from polyroute.types import Problem

# A plugin that calls sys.exit() must not end its host; KeyboardInterrupt is the person's and passes.
CONTAINED = (Exception, SystemExit)


class Plugin(NamedTuple):
    """One plugin: where it comes from, and whether it is in use."""

    name: str
    distribution: str = ""
    """Empty for an object that the host brought."""
    version: str = ""
    enabled: bool = True
    reason: str = ""
    """Why it is not in use."""

    @property
    def origin(self) -> str:
        """Who brought it: `host`, `bundled` or `installed`."""
        if not self.distribution:
            return "host"
        return "bundled" if self.distribution in BUNDLED_DISTRIBUTIONS else "installed"

    @property
    def label(self) -> str:
        """Name, distribution and version, for messages."""
        return f"{self.name} ({self.distribution} {self.version})" if self.distribution else self.name

    def problem(self, message: str, remedy: str, hook: str = "") -> Problem:
        """A problem that names this plugin as its author."""
        return Problem(message, remedy, self.name, self.distribution, self.version, hook)


class Implementation(NamedTuple):
    """One plugin's function for one hook."""

    plugin: Plugin
    function: Callable[..., Any]
    arguments: tuple[str, ...]


class Loaded(NamedTuple):
    """What loading gave: every plugin found, and the hooks of those in use, in order of ownership."""

    plugins: tuple[Plugin, ...]
    hooks: Mapping[str, tuple[Implementation, ...]]
    problems: tuple[Problem, ...]


def load(objects: Iterable[object], only: Collection[str] | None, disabled: Collection[str]) -> Loaded:
    """Load the host's `objects`, then installed plugins: all, or those named in `only`; none in `disabled`."""
    return _Loader(only, disabled).load(objects, sorted(find(), key=_ownership))


def _ownership(point: EntryPoint) -> tuple[int, str, str]:
    if point.distribution in BUNDLED_DISTRIBUTIONS:
        return BUNDLED_DISTRIBUTIONS.index(point.distribution), "", point.name
    return len(BUNDLED_DISTRIBUTIONS), point.distribution, point.name


class _Loader:
    def __init__(self, only: Collection[str] | None, disabled: Collection[str]) -> None:
        self.only = only
        self.disabled = disabled
        self.plugins: list[Plugin] = []
        self.problems: list[Problem] = []
        self.hooks: dict[str, list[Implementation]] = {}
        self.names: dict[str, int] = {}
        self.items: dict[int, object] = {}  # kept, so that no two have one id

    def load(self, objects: Iterable[object], points: Sequence[EntryPoint]) -> Loaded:
        for item in objects:
            self._add(Plugin(self._unique(_object_name(item))), partial(_same, item))
        for point in points:
            # A name taken already is told apart by its distribution: to switch one off must not hit another.
            name = f"{point.name}@{point.distribution}" if point.name in self.names else self._unique(point.name)
            self._add(Plugin(name, point.distribution, point.version), partial(_import, point.target))
        self._check_names()
        if not self.plugins:
            self.problems.append(Problem("No provider plugin is installed.", "Run: pip install 'polyroute[all]'."))
        hooks = {name: tuple(each) for name, each in self.hooks.items()}
        return Loaded(tuple(self.plugins), hooks, tuple(self.problems))

    def _add(self, plugin: Plugin, bring: Callable[[], object]) -> None:
        reason = self._off(plugin)
        if not reason:
            try:
                self._register(plugin, bring())
            except _Refused as refusal:
                reason = refusal.problem.message
                self.problems.append(refusal.problem)
            except CONTAINED as error:
                reason = f"can't be imported: {describe(error)}"
                self.problems.append(plugin.problem(reason, "Mend or uninstall it."))
        self.plugins.append(plugin._replace(enabled=not reason, reason=reason))

    def _off(self, plugin: Plugin) -> str:
        if plugin.name in self.disabled:
            return "disabled by name"
        allowed = self.only is None or not plugin.distribution or plugin.name in self.only
        return "" if allowed else "not among those asked for"

    def _register(self, plugin: Plugin, item: object) -> None:
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

    def _unique(self, name: str) -> str:
        count = self.names[name] = self.names.get(name, 0) + 1
        return name if count == 1 else f"{name} {count}"

    def _check_names(self) -> None:
        known = {plugin.name for plugin in self.plugins}
        for name in sorted({*(self.only or ()), *self.disabled} - known):
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


def describe(error: BaseException) -> str:
    """An exception in one line for people."""
    try:
        text = " ".join(str(error).split())
    except CONTAINED:
        text = "an error that can't be told in words"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _import(target: str) -> object:
    module, _, attribute = target.partition(":")
    imported: object = importlib.import_module(module)
    return reduce(getattr, attribute.split("."), imported) if attribute else imported


def _same(item: object) -> object:
    return item


def _object_name(item: object) -> str:
    name: str = getattr(item, "__name__", "") or type(item).__name__
    return name
