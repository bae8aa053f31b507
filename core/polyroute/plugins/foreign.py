"""Plugins in Python of others, and of the host: pluggy finds their implementations and checks their signatures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, cast

import pluggy

from polyroute._internal.containment import describe, pass_on
from polyroute.plugins import hookspecs
from polyroute.plugins.registered import author
from polyroute.results import Plugin, Refused

if TYPE_CHECKING:
    from polyroute.plugins.registered import Implementation, PythonPlugin


class ForeignPlugins(pluggy.PluginManager):
    """The plugins of others. Hook wrappers are refused."""

    def __init__(self) -> None:
        super().__init__("polyroute")
        self.add_hookspecs(hookspecs)

    def enter(self, registered: PythonPlugin) -> None:
        """Register a plugin with its hooks. Raises Refused if the plugin must not be used at all."""
        plugin = registered.plugin
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

    def implementing(self, hook: str) -> Sequence[Implementation]:
        """Return the implementations of a hook."""
        found: Sequence[Implementation] = getattr(self.hook, hook).get_hookimpls()
        return found

    def unknown(self) -> Iterator[tuple[str, Plugin]]:
        """Yield each implemented hook that does not exist, with its plugin; optional hooks are left out."""
        for hook, caller in cast("dict[str, pluggy.HookCaller]", vars(self.hook)).items():
            if not caller.has_spec():
                yield from ((hook, author(each)) for each in caller.get_hookimpls() if not each.optionalhook)

    def hooks_of(self, plugin: Plugin) -> tuple[str, ...]:
        """Return the names of the hooks that a plugin implements."""
        handle = self.get_plugin(plugin.name)
        return tuple(each.name for each in self.get_hookcallers(handle) or ()) if handle else ()


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
