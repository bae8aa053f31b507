"""Find everything that is wrong: in plugins, files, lists, custom models and the network's variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import partial

from polyroute._internal.terminal import some_of
from polyroute.catalog import Catalog
from polyroute.choices.current_model import damaged
from polyroute.choices.picker_state import PickerState
from polyroute.errors import MissingExtra, PolyrouteError
from polyroute.lists.stored import FetchedList, day
from polyroute.plugins.loader import DISABLED
from polyroute.results import Finding, Plugin, Severity, Trouble
from polyroute.types import Problem, Provider

_ELSEWHERE = ("https://other.invalid/", "http://other.invalid/")
"""Addresses that only `NO_PROXY=*` excepts from a proxy. Nothing is sent there."""
_SAID_BY_LOADING = ("manifest-refused", "folder-unsafe", "like-unknown", "extends-unknown")

_OLD_DAYS = 30
"""After how many days a list misses what users look for."""

Finder = Callable[[Catalog], Iterable[Trouble]]


def diagnose(catalog: Catalog) -> tuple[Trouble, ...]:
    """Return everything that is wrong, errors first.

    Plugins that are in use are run; nothing is sent.
    """
    list(catalog.plugins.all_models())  # so that what is asked late has been asked
    _ = catalog.plugins.mappers
    catalog.status()
    found = dict.fromkeys(each for finder in FINDERS for each in finder(catalog))
    return tuple(sorted(found, key=lambda each: _ORDER.index(each.severity)))


def plugin_findings(plugin: Plugin) -> list[Finding]:
    """Return what is wrong with a plugin's manifest, except what loading reports. A disabled plugin is not checked."""
    from polyroute.conformance import manifest

    found = manifest.check(plugin.manifest) if plugin.manifest and plugin.reason != DISABLED else []
    return [each for each in found if each.code not in _SAID_BY_LOADING and each.severity != "advice"]


def _reported(catalog: Catalog) -> Iterable[Trouble]:
    """Yield the problems of plugins, files and preferences so far, and of variables that nobody reads."""
    yield from _troubles((*catalog.problems, *catalog.unread_variables), catalog)


def _choices(catalog: Catalog) -> Iterable[Trouble]:
    """Yield the problems of the files with what the user has chosen."""
    problems = PickerState(catalog.environment).problems
    current = damaged(catalog.environment)
    yield from _troubles((*problems, current) if current else problems, catalog)


def _troubles(problems: Iterable[Problem], catalog: Catalog) -> Iterable[Trouble]:
    provided = {plugin.name: [each.id for each in owned] for plugin, owned in catalog.plugins.claimed.items()}
    known = {plugin.name: plugin for plugin in catalog.plugins.all}
    for each in problems:
        affects = (each.provider,) if each.provider else tuple(provided.get(each.plugin, ()))
        subject = each.plugin or each.provider or each.path or "preferences"
        plugin = _may_be_disabled(known.get(each.plugin))
        about = each.message, each.remedy, each.path, affects, plugin
        yield Trouble(each.code or "problem", _severity(each), subject, *about)


def _may_be_disabled(plugin: Plugin | None) -> str:
    """Return the name of a plugin of a third party."""
    return plugin.name if plugin and plugin.is_third_party else ""


def _severity(problem: Problem) -> Severity:
    return "error" if problem.plugin or problem.code.endswith("unreadable") else "warning"


def _manifests(catalog: Catalog) -> Iterable[Trouble]:
    for plugin in catalog.plugins.all:
        for each in plugin_findings(plugin):
            about = each.message, each.remedy, plugin.manifest, (), _may_be_disabled(plugin)
            yield Trouble(each.code, each.severity, plugin.name, *about)


def _old_lists(catalog: Catalog) -> Iterable[Trouble]:
    found: dict[str, list[FetchedList]] = {}
    for each in catalog.plugins.lists:
        found.setdefault(day(each), []).append(each)
    for of, lists in found.items():
        if of and (days := _days_since(of)) > _OLD_DAYS:
            names = " and ".join(each.name for each in lists)
            message = f"{days} days old; newer models are missing and prices may have changed"
            affects = tuple(dict.fromkeys(name for each in lists for name in each.gateways))
            yield Trouble("list-old", "advice", names, message, "Fetch them: `polyroute refresh`.", "", affects)


def _days_since(moment: str) -> int:
    return (datetime.now(UTC).date() - date.fromisoformat(moment[:10])).days


def _unshared_models(catalog: Catalog) -> Iterable[Trouble]:
    """Yield a trouble if the tool that shares the file of custom models would lose them."""
    store = catalog.custom_models
    if found := store.unread():
        places = ", ".join(f"models[{index}]" for index in found)
        message = f"{places}: the tool that shares this file can't read it with them, and would drop all models"
        remedy = "Move them to a file of our own: `polyroute custom repair`."
        yield Trouble("custom-models-unshared", "error", "custom models", message, remedy, store.path)


def _servers(catalog: Catalog) -> Iterable[Trouble]:
    """Yield a trouble for each server at an address that the user set, if it was asked and does not run."""
    for name, known in catalog.plugins.servers.items():
        if known.state == "not_running" and (variable := _set_by(catalog.plugins.providers[name], catalog)):
            message = f"nothing answers at {known.address}, which {variable} names"
            remedy = f"Start the server, or correct {variable}."
            yield Trouble("server-not-running", "warning", name, message, remedy, "", (name,))


def _set_by(provider: Provider, catalog: Catalog) -> str:
    """Return the variable in which the user named the address of a server; empty if there is none."""
    slots = (slot for group in provider.requirement for slot in group.slots if slot.check == "url")
    names = (each.variable for slot in slots for each in slot.alternatives if each.variable)
    return next((name for name in names if catalog.environment.source(name)), "")


def own_servers(catalog: Catalog) -> list[str]:
    """Return the providers whose servers are at an address that the user set."""
    own = (each for each in catalog.plugins.providers.values() if each.kind == "own-server")
    return [each.id for each in own if _set_by(each, catalog)]


def _network(catalog: Catalog) -> Iterable[Trouble]:
    """Yield a trouble for each variable for proxies and certificates that can't be used."""
    from polyroute._internal import http_client, proxies

    certificates = partial(http_client.client, "The network", "http", seconds=1, connect_seconds=1)
    checks: list[Callable[[], object]] = [certificates, *(partial(proxies.require, url) for url in _ELSEWHERE)]
    for check in checks:
        try:
            check()
        except MissingExtra:  # nothing is sent then
            continue
        except PolyrouteError as error:
            yield Trouble("network-variables", "error", "network", error.fault, error.remedy)
    if useless := proxies.useless_exceptions():
        fault = f"NO_PROXY has {some_of(useless)}, which is no host, domain, address or network"
        yield Trouble("network-variables", "warning", "network", fault, "Correct it: it has no effect.")


FINDERS: tuple[Finder, ...] = (_reported, _choices, _manifests, _unshared_models, _servers, _network, _old_lists)
_ORDER: tuple[Severity, ...] = ("error", "warning", "advice")
