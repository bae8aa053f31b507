"""The plugins in use and their hook implementations, in order of ownership.

Hooks are called one implementation at a time, since one that raises would otherwise lose every plugin's results.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from polyroute.lazy import cached_property
from polyroute.plugins.registered import OwnImplementation, PythonPlugin, author, is_marked

if TYPE_CHECKING:
    from polyroute.plugins.foreign import ForeignPlugins
    from polyroute.plugins.registered import Implementation, Registered
    from polyroute.results import Plugin


class Manager:
    """All plugins in use, ordered by ownership and never by a plugin's own choice.

    Those in Python are registered with pluggy, which finds and checks their implementations. Our own distributions,
    which tests check, and manifests are taken as they are: importing pluggy would take a seventh of the time of
    `status`.
    """

    def __init__(self, ours: Collection[str] = ()) -> None:
        """`ours` are the distributions that need no check."""
        self._ours = ours
        self._own: dict[str, list[Implementation]] = {}
        self._known: dict[str, tuple[Implementation, ...]] = {}

    def enter(self, registered: Registered) -> None:
        """Register a plugin with its hooks. Raises Refused if the plugin must not be used at all."""
        if isinstance(registered, PythonPlugin) and registered.plugin.distribution not in self._ours:
            self._foreign.enter(registered)
            return
        owner = registered.item if isinstance(registered, PythonPlugin) else registered
        for name in registered.hook_names:
            if is_marked(function := getattr(owner, name)):
                self._own.setdefault(name, []).append(OwnImplementation(registered, function))

    def implementing(self, hook: str) -> tuple[Implementation, ...]:
        """Return the implementations of a hook, in order of ownership."""
        found = self._known.get(hook)
        if found is None:
            foreign = self._foreign.implementing(hook) if self._has_foreign else ()
            each = (*foreign, *self._own.get(hook, ()))
            found = self._known[hook] = tuple(sorted(each, key=lambda one: author(one).rank))
        return found

    def unknown(self) -> Iterator[tuple[str, Plugin]]:
        """Yield each implemented hook that does not exist, with its plugin; optional hooks are left out."""
        return self._foreign.unknown() if self._has_foreign else iter(())

    def hooks_of(self, plugin: Plugin) -> tuple[str, ...]:
        """Return the names of the hooks that a plugin implements."""
        own = tuple(name for name, ours in self._own.items() if any(author(each) == plugin for each in ours))
        return own or (self._foreign.hooks_of(plugin) if self._has_foreign else ())

    @cached_property
    def _foreign(self) -> ForeignPlugins:
        from polyroute.plugins.foreign import ForeignPlugins

        return ForeignPlugins()

    @property
    def _has_foreign(self) -> bool:
        return "_foreign" in vars(self)
