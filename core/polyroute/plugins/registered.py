"""What a manager registers, and the implementations of hooks in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Protocol

    from polyroute.results import Plugin

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
        def opts(self) -> Mapping[str, Any]:
            """The options with which it was marked."""


MARK = "polyroute_impl"
"""The attribute with which pluggy marks implementations."""


class PythonPlugin:
    """A plugin written in Python: a module or an object."""

    def __init__(self, plugin: Plugin, item: object) -> None:
        self.plugin = plugin
        self.item = item

    @property
    def hook_names(self) -> Iterable[str]:
        """All names except dunder names; of a module, only its marked functions."""
        if isinstance(self.item, ModuleType):
            return [name for name, each in vars(self.item).items() if is_marked(each)]
        return [name for name in dir(self.item) if not name.startswith("__")]


class OwnImplementation:
    """A hook implemented by a plugin of ours."""

    def __init__(self, registered: Registered, function: Callable[..., object]) -> None:
        self.plugin = registered
        self.function = function
        plain = getattr(function, "__func__", function)
        code = plain.__code__
        self.argnames = code.co_varnames[plain is not function : code.co_argcount]
        self.opts: Mapping[str, Any] = vars(plain)[MARK]


def author(implementation: Implementation) -> Plugin:
    """Return the plugin that an implementation belongs to."""
    plugin: Plugin = implementation.plugin.plugin  # type: ignore[attr-defined]
    return plugin


def is_marked(value: object) -> bool:
    """Return whether a value is a function or a bound method that implements a hook."""
    return isinstance(value, FunctionType | MethodType) and hasattr(value, MARK)
