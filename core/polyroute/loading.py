"""Finding, importing and registering plugins, each on its own: whatever is wrong with one stays with it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import reduce
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
        self.plugins: dict[str, Plugin] = {}
        self.problems: list[Problem] = []
        self.manager = pluggy.PluginManager("polyroute")
        self.manager.add_hookspecs(hookspecs)

    def load(self, objects: Iterable[object], points: Sequence[EntryPoint]) -> Loaded:
        for item in objects:
            self._add(Plugin(_object_name(item)), lambda item=item: item)  # type: ignore[misc]
        for point in points:
            plugin = Plugin(point.name, point.distribution, point.version)
            self._add(plugin, lambda target=point.target: _import(target))  # type: ignore[misc]
        self._check_names()
        if not self.plugins:
            self.problems.append(Problem("No provider plugin is installed.", "Run: pip install 'polyroute[all]'."))
        hooks = self._hooks()
        return Loaded(tuple(self.plugins.values()), hooks, tuple(self.problems))

    def _add(self, plugin: Plugin, bring: Callable[[], object]) -> None:
        key = _unique(f"{plugin.distribution}:{plugin.name}", self.plugins)
        if reason := self._off(plugin):
            self.plugins[key] = plugin._replace(enabled=False, reason=reason)
            return
        self.plugins[key] = plugin
        try:
            item = bring()
        except CONTAINED as error:
            self._refuse(key, f"can't be imported: {describe(error)}", "Mend or uninstall it.")
            return
        try:
            self.manager.register(item, key)
        except CONTAINED as error:
            message = f"was refused by pluggy as a whole: {describe(error)}"
            self._refuse(key, message, "Give each hook the arguments that polyroute/hookspecs.py declares.")

    def _off(self, plugin: Plugin) -> str:
        if plugin.name in self.disabled:
            return "disabled by name"
        allowed = self.only is None or not plugin.distribution or plugin.name in self.only
        return "" if allowed else "not among those asked for"

    def _refuse(self, key: str, message: str, remedy: str, hook: str = "") -> None:
        plugin = self.plugins[key]
        self.plugins[key] = plugin._replace(enabled=False, reason=message)
        self.problems.append(plugin.problem(message, remedy, hook))

    def _check_names(self) -> None:
        known = {plugin.name for plugin in self.plugins.values()}
        for name in sorted({*(self.only or ()), *self.disabled} - known):
            remedy = f"Installed are: {', '.join(sorted(known)) or 'none'}."
            self.problems.append(Problem(f"There is no plugin {name!r} to enable or disable.", remedy))

    def _hooks(self) -> dict[str, tuple[Implementation, ...]]:
        """Every hook's implementations, in order of ownership and not in pluggy's."""
        self._refuse_wrappers()
        order = {key: index for index, key in enumerate(self.plugins)}
        hooks: dict[str, tuple[Implementation, ...]] = {}
        for name, caller in self._callers():
            implementations = sorted(caller.get_hookimpls(), key=lambda each: order[each.plugin_name])
            if caller.has_spec():
                hooks[name] = tuple(
                    Implementation(self.plugins[each.plugin_name], each.function, tuple(each.argnames))
                    for each in implementations
                )
            else:
                self._report_unknown(name, [each.plugin_name for each in implementations if not each.optionalhook])
        return hooks

    def _callers(self) -> list[tuple[str, pluggy.HookCaller]]:
        return [(name, caller) for name, caller in vars(self.manager.hook).items() if not name.startswith("_")]

    def _refuse_wrappers(self) -> None:
        for name, caller in self._callers():
            for each in caller.get_hookimpls():
                if each.wrapper or each.hookwrapper:
                    self.manager.unregister(name=each.plugin_name)
                    self._refuse(each.plugin_name, "wraps a hook", "Return values instead; wrappers are refused.", name)

    def _report_unknown(self, hook: str, keys: Iterable[str]) -> None:
        remedy = "Correct the name, or update polyroute; the plugin's other hooks are in use."
        for key in keys:
            self.problems.append(self.plugins[key].problem("implements a hook that does not exist", remedy, hook))


def describe(error: BaseException) -> str:
    """An exception in one line for people."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _import(target: str) -> object:
    module, _, attribute = target.partition(":")
    imported: object = importlib.import_module(module)
    return reduce(getattr, attribute.split("."), imported) if attribute else imported


def _object_name(item: object) -> str:
    name: str = getattr(item, "__name__", "") or type(item).__name__
    return name


def _unique(key: str, taken: Collection[str]) -> str:
    return key if key not in taken else _unique(key + "'", taken)
