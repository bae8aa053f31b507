"""Switch plugins off and on by name, for the commands and the HTTP API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyroute._internal.spelling import alike, did_you_mean
from polyroute.errors import UsageError
from polyroute.plugins.trust.approvals import Approvals

if TYPE_CHECKING:
    from polyroute.environment import Environment
    from polyroute.plugins.loaded import Plugins
    from polyroute.results import Plugin


def named(name: str, plugins: Plugins) -> Plugin:
    """Return the plugin of this name, used or not. Raises UsageError with the names that are spelled alike."""
    if found := next((each for each in plugins.all if each.name == name), None):
        return found
    names = [each.name for each in plugins.all]
    others = alike(name, names)
    remedy = did_you_mean(others, f"Plugins are: {', '.join(names) or 'none'}.")
    raise UsageError(f"There is no plugin {name!r}.", remedy, others)


def switch(name: str, plugins: Plugins, environment: Environment, *, on: bool) -> Plugin:
    """Record whether a plugin may be used, from the next time that plugins are loaded, and return it as it was.

    Switching a plugin on approves nothing. Raises UsageError if there is none of this name, and Unavailable or
    MissingExtra if the decision can't be written.
    """
    plugin = named(name, plugins)
    Approvals.load(environment).switch(plugin.name, on=on)
    return plugin
