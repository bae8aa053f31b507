"""The plugin manager: the plugins in use and their hook implementations, in order of ownership."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FunctionType, MethodType, ModuleType
from typing import Protocol, cast

import pluggy

from polyroute._internal.containment import describe, pass_on
from polyroute.plugins import hookspecs
from polyroute.results import Plugin, Refused

_MARK = "polyroute_impl"
"""The attribute with which pluggy marks implementations."""


class Registered(Protocol):
    """What a manager takes: a plugin in Python, or an object of ours with marked methods."""

    plugin: Plugin

    @property
    def hook_names(self) -> Iterable[str]:
        """The names of the attributes that may be implementations."""


class Implementation(Protocol):
    """What implements a hook: pluggy's record of it, or ours."""

    @property
    def plugin(self) -> object:
        """The object that was registered, whose `plugin` is its author."""

    @property
    def function(self) -> Callable[..., object]:
        """What is called."""

    @property
    def argnames(self) -> Sequence[str]:
        """The names of the arguments that it takes."""

    @property
    def opts(self) -> pluggy.HookimplOpts:
        """The options with which it was marked."""


class _OwnImplementation:
    """A hook implemented by an object of ours, whose methods need none of pluggy's checks."""

    def __init__(self, plugin: Registered, name: str) -> None:
        self.plugin = plugin
        self.function: MethodType = getattr(plugin, name)
        code = self.function.__func__.__code__
        self.argnames = code.co_varnames[1 : code.co_argcount]
        self.opts: pluggy.HookimplOpts = vars(self.function.__func__)[_MARK]


class PythonPlugin:
    """A plugin written in Python: a module or an object."""

    def __init__(self, plugin: Plugin, item: object) -> None:
        self.plugin = plugin
        self.item = item

    @property
    def hook_names(self) -> Iterable[str]:
        """All names except dunder names; of a module, only its marked functions."""
        if isinstance(self.item, ModuleType):
            return [name for name, each in vars(self.item).items() if _is_marked(each)]
        return [name for name in dir(self.item) if not name.startswith("__")]


class Manager(pluggy.PluginManager):
    """All plugins in use. Their order is by ownership, never by a plugin's own choice, and hook wrappers are refused.

    Hooks are not called through it, since one implementation that raises would lose every plugin's results.
    """

    def __init__(self) -> None:
        super().__init__("polyroute")
        self.add_hookspecs(hookspecs)
        self._ours: dict[str, list[_OwnImplementation]] = {}
        self._implementations: dict[str, tuple[Implementation, ...]] = {}

    def enter(self, registered: Registered) -> None:
        """Register a plugin with its hooks. Raises Refused if the plugin must not be used at all."""
        plugin = registered.plugin
        if not isinstance(registered, PythonPlugin):
            for name in registered.hook_names:
                self._ours.setdefault(name, []).append(_OwnImplementation(registered, name))
            return
        try:
            self.register(_Handle(registered), plugin.name)
        except Refused:
            raise
        except BaseException as error:
            pass_on(error)
            message = f"was refused by pluggy as a whole: {describe(error)}"
            remedy = "Give each hook the arguments that polyroute/plugins/hookspecs.py declares."
            raise Refused(plugin.problem(message, remedy, code="signature")) from error

    def parse_hookspec_opts(self, module_or_class: ModuleType | type, name: str) -> pluggy.HookspecOpts | None:
        """Return the options of a hook's specification; None for what else its module has, which is not looked at."""
        return super().parse_hookspec_opts(module_or_class, name) if name.startswith("polyroute_") else None

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        """Return the options of a marked attribute; None if it is not an implementation."""
        handle = cast("_Handle", plugin)
        opts = super().parse_hookimpl_opts(handle.item, name)  # runs none of the plugin's properties
        if opts is None:
            return None
        if opts.get("wrapper") or opts.get("hookwrapper"):
            remedy = "Return values instead; wrappers are refused."
            hook = opts.get("specname") or name
            raise Refused(handle.plugin.problem("wraps a hook", remedy, hook, code="wrapper"))
        vars(handle)[name] = getattr(handle.item, name)
        return opts

    def implementing(self, hook: str) -> tuple[Implementation, ...]:
        """Return the implementations of a hook, in order of ownership."""
        found = self._implementations.get(hook)
        if found is None:
            each = (*getattr(self.hook, hook).get_hookimpls(), *self._ours.get(hook, ()))
            found = self._implementations[hook] = tuple(sorted(each, key=lambda one: author(one).rank))
        return found

    def unknown(self) -> Iterator[tuple[str, Plugin]]:
        """Yield each implemented hook that does not exist, with its plugin; optional hooks are left out."""
        for hook, caller in cast("dict[str, pluggy.HookCaller]", vars(self.hook)).items():
            if not caller.has_spec():
                yield from ((hook, author(each)) for each in caller.get_hookimpls() if not each.optionalhook)

    def hooks_of(self, plugin: Plugin) -> tuple[str, ...]:
        """Return the names of the hooks that a plugin implements."""
        handle = self.get_plugin(plugin.name)
        if handle:
            return tuple(each.name for each in self.get_hookcallers(handle) or ())
        return tuple(name for name, ours in self._ours.items() if any(author(each) == plugin for each in ours))


class _Handle:
    """The object that pluggy holds for a plugin, so that the plugin's own `__eq__` and `__hash__` don't matter.

    It has the implementations as attributes, for a fast second look-up.
    """

    def __init__(self, registered: PythonPlugin) -> None:
        self.plugin = registered.plugin
        self.item = registered.item
        self._names = registered.hook_names

    def __dir__(self) -> Iterable[str]:
        return self._names


def author(implementation: Implementation) -> Plugin:
    """Return the plugin that an implementation belongs to."""
    plugin: Plugin = implementation.plugin.plugin  # type: ignore[attr-defined]
    return plugin


def _is_marked(value: object) -> bool:
    return isinstance(value, FunctionType | MethodType) and hasattr(value, _MARK)
