"""What people read: tables and sentences, drawn by rich, which is imported only here."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from polyroute.answers import ProviderStatus, Route, Status
from polyroute.cli.plain import clean
from polyroute.errors import MissingExtra
from polyroute.explaining import explain_provider
from polyroute.types import DIRECT, Model, ModelRef, Problem

try:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text
except ImportError:
    raise MissingExtra("Output for people (--json works without it)", "cli") from None

if TYPE_CHECKING:
    from polyroute.catalog import Catalog

_SHOWN_MODELS = 50
_PIPE_WIDTH = 200
"""Columns where there is no terminal, so that nothing is cut for `grep`."""


def lines(texts: Iterable[str]) -> None:
    """Plain lines, wrapped by the terminal alone."""
    for text in texts:
        print(clean(text))


def status(found: Status, asked: Sequence[ProviderStatus], catalog: Catalog, *, everything: bool) -> None:
    """The usable providers in a table and the rest counted, or those asked for in full."""
    if asked:
        for each in asked:
            lines([*explain_provider(each).lines, ""])
    else:
        _overview(found, catalog, everything=everything)
    _note_on_credits(found, catalog)
    problems(found.problems)


def resolution(model: ModelRef, routes: Sequence[Route], catalog: Catalog) -> None:
    """The route to take, or why there is none."""
    route = next((route for route in routes if route.usable), None)
    if route is None:
        lines(catalog.explain(model).lines)
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    facts = {
        "model": str(model),
        "runs": _runs(route),
        "as": route.model_id or "",
        "at": route.base_url,
        "with": str(route.credential),
        "speaks": route.protocol,
        "otherwise": ", ".join(_runs(other) for other in routes if other.usable and other is not route),
    }
    for name, fact in facts.items():
        if fact:
            table.add_row(Text(name, style="bold"), _cell(fact))
    _console().print(table)


def models(found: Sequence[Model], catalog: Catalog) -> None:
    """A table of models with the route by which each would run."""
    console = _console()
    shown = found[:_SHOWN_MODELS] if console.is_terminal else found
    table = _table("Model", "Context", "In $/M", "Out $/M", "Runs")
    for model in shown:
        route = next((route for route in catalog.routes(model.ref) if route.usable), None)
        context = f"{model.context:,}" if model.context else ""
        cells = [str(model.ref), context, _price(model.input_price), _price(model.output_price), _runs(route)]
        table.add_row(*map(_cell, cells))
    if shown:
        console.print(table)
    if len(found) > len(shown):
        lines([f"{len(found) - len(shown)} more: add words to narrow it down, or use --json."])
    if not found:
        lines(["No model matches."])


def plugins(catalog: Catalog) -> None:
    """A table of plugins, then the problems."""
    table = _table("Plugin", "Distribution", "Origin", "In use", "Provides")
    owners = catalog.plugins.owners
    for plugin in catalog.plugins.all:
        provided = [name for name, owner in owners.items() if owner == plugin]
        provides = ", ".join(provided[:4]) + (f" and {len(provided) - 4} more" if len(provided) > 4 else "")
        in_use = "yes" if plugin.enabled else f"no: {plugin.reason}"
        distribution = f"{plugin.distribution} {plugin.version}".strip()
        table.add_row(*map(_cell, [plugin.name, distribution, plugin.origin, in_use, provides]))
    _console().print(table)
    problems(catalog.problems)


def problems(found: Sequence[Problem]) -> None:
    """What is amiss, on stderr."""
    for problem in found:
        print(clean(f"problem: {problem}"), file=sys.stderr)


def _overview(found: Status, catalog: Catalog, *, everything: bool) -> None:
    providers = [each for each in found.providers.values() if each.provider.selectable]
    usable = [each for each in providers if each.has_effective_credentials]
    keyless = [each for each in usable if _is_keyless(each)]
    keyed = [each for each in usable if not _is_keyless(each)]
    rest = [each for each in providers if not each.has_effective_credentials]
    if keyed:
        _console().print(_usable_table(keyed))
    elif providers:
        lines(_first_steps(catalog))
    if keyless:
        names = ", ".join(each.provider.id for each in keyless)
        lines(["", f"Without any key, if the server runs: {names}."])
    if everything:
        _console().print(_unusable_table(rest))
    elif rest:
        counted = f"{len(keyed)} of {len(providers)} providers can be used" if keyed else f"{len(rest)} more are known"
        lines(["", f"{counted}. See the others with `polyroute status --all`, one with `polyroute status PROVIDER`."])


def _usable_table(usable: Sequence[ProviderStatus]) -> Table:
    table = _table("Provider", "Runs", "With", "Otherwise")
    for each in usable:
        routes = [route for route in each.routes if route.usable]
        shared = routes[0].credential.shared_with if routes[0].credential else ()
        credential = f"{routes[0].credential}{' (shared)' if shared else ''}"
        otherwise = ", ".join(map(_runs, routes[1:]))
        table.add_row(*map(_cell, [each.provider.id, _runs(routes[0]), credential, otherwise]))
    return table


def _unusable_table(rest: Sequence[ProviderStatus]) -> Table:
    table = _table("Not usable", "Why", "What to do")
    for each in rest:
        direct = _direct(each)
        table.add_row(*map(_cell, [each.provider.id, direct.reason, direct.remedy]))
    return table


def _first_steps(catalog: Catalog) -> Iterable[str]:
    yield "Nothing is set up yet. Any one of these will do:"
    preferred = catalog.plugins.default_preference
    for gateway in sorted(catalog.plugins.gateways, key=lambda gateway: gateway != preferred):
        status = catalog.provider(gateway)
        carried = sum(gateway in catalog.plugins.carriers(name) for name in catalog.plugins.providers)
        remedy = _direct(status).remedy
        yield f"  - {status.provider.name}, one key for the models of {carried} providers. {remedy}"
    yield "  - A key of a single provider: `polyroute status PROVIDER` says which variable to set."
    yield "Variables can be set in the shell, or kept in the global .env file (see the README)."


def _note_on_credits(found: Status, catalog: Catalog) -> None:
    """Say once that a default, and nobody's choice, spends a gateway's credits beside a direct key."""
    if catalog.preferences.prefer or catalog.preferences.order or found.preferred == DIRECT:
        return
    pinned = {catalog.plugins.names.get(target) for target in catalog.preferences.pins}
    by_default = {name: each for name, each in found.providers.items() if name not in pinned}
    spending = [name for name, each in by_default.items() if each.has_direct_key and _goes_first(found, each)]
    if spending:
        message = (
            f"note: by default {found.preferred} comes first, also where a direct key is there: {', '.join(spending)}."
            " To use direct keys first: polyroute prefer direct"
        )
        print(clean(message), file=sys.stderr)


def _goes_first(found: Status, each: ProviderStatus) -> bool:
    return next(route for route in each.routes if route.usable).via == found.preferred


def _is_keyless(each: ProviderStatus) -> bool:
    return all(route.credential and route.credential.source is None for route in each.routes if route.usable)


def _direct(each: ProviderStatus) -> Route:
    return next(route for route in each.routes if route.via == DIRECT)


def _runs(route: Route | None) -> str:
    if route is None:
        return "no"
    return DIRECT if route.via == DIRECT else f"via {route.via}"


def _price(price: float | None) -> str:
    return "" if price is None else f"{price:g}"


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def _cell(text: str) -> Text:
    """Text and nothing else: no markup of rich, no terminal's control characters."""
    return Text(clean(text))


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)
