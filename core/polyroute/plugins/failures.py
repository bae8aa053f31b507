"""Ask plugins how endpoints word errors. Imported when the first error is interpreted."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from polyroute._internal.problems import Reporter
from polyroute.plugins.hook_calls import Hooks, call_lists, problem
from polyroute.plugins.registered import author
from polyroute.results import Plugin
from polyroute.types import FailureRule, Provider


def declared(
    hooks: Hooks, owners: Mapping[str, Plugin], claimed: Mapping[Plugin, Collection[Provider]], report: Reporter
) -> dict[str, list[FailureRule]]:
    """Return by provider the rules of its owner.

    The rules of a plugin that declares the provider too, but does not own it, are ignored as its provider is.
    """
    found: dict[str, list[FailureRule]] = {}
    for each in hooks.implementing("polyroute_failures"):
        plugin = author(each)
        own = {provider.id for provider in claimed.get(plugin, ())}
        for name, rules in call_lists(each, FailureRule, report).items():
            if owners.get(name) == plugin:
                found[name] = rules
            elif name in owners and name not in own:
                fault = f"declared failures of {name!r}, which only the provider's owner may do"
                report(problem(each, fault, "not-owner", "Correct the plugin.", name))
    return found
