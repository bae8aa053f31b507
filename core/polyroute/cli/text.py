"""Output for users: tables and sentences."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from polyroute.cli import screen, tables
from polyroute.cli.tables import Cell
from polyroute.explanation import explain, price, suggestions
from polyroute.lists.stored import age, when
from polyroute.results import Mapped, Plugin, Price, Route
from polyroute.types import DIRECT, ModelRef, Problem

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.list_refresh import RefreshReport
    from polyroute.lists.changes import Moves
    from polyroute.lists.decisions import Change
    from polyroute.model_list.rows import ModelRow

_SHOWN_MODELS = 50


def with_key(route: Route) -> str:
    """Return the credential of a usable route as part of a sentence."""
    return f"with {route.credential}" if route.credential and route.credential.source else "without a key"


def lines(texts: Iterable[str]) -> None:
    """Print lines; on a terminal they are broken between words."""
    for text in texts:
        print(screen.fitted(text, sys.stdout))


def notes(texts: Iterable[str]) -> None:
    """Print lines to stderr, because stdout is for results."""
    for text in texts:
        print(screen.fitted(text, sys.stderr), file=sys.stderr)


def resolution(model: ModelRef, routes: Sequence[Route], catalog: Catalog) -> None:
    """Print the route to a model, or why there is none."""
    route = next((route for route in routes if route.usable), None)
    if route is None:
        lines(explain(catalog, model).lines)
        return
    facts = {
        "model": str(model),
        "runs": runs(route),
        "as": route.model_id or "",
        "at": route.base_url,
        "with": str(route.credential),
        "speaks": route.protocol,
        "costs": price(route.listing, model, route, catalog.plugins),
        "otherwise": ", ".join(runs(other) for other in routes if other.usable and other is not route),
    }
    tables.show((), [(name, fact) for name, fact in facts.items() if fact])
    if route.mapping == "unlisted":
        others = " or ".join(suggestions(catalog, model))
        hint = f" Did you mean {others}?" if others else ""
        lines([f"{model} is not in any list: the ID is sent unchanged.{hint}"])
        _note_on_stale_lists(catalog)


@screen.paged()
def models(shown: Sequence[ModelRow], count: int, catalog: Catalog, *, cut: bool, usable: bool) -> None:
    """Print a table of models with the route that each would take.

    With `cut`, a terminal without a pager gets only the first ones. With `usable`, all can be run.
    """
    is_cut = cut and sys.stdout.isatty() and not screen.pager()
    rows = [_model(each) for each in (shown[:_SHOWN_MODELS] if is_cut else shown)]
    if rows:
        titles = ("Model", "Context", "In $/M", "Out $/M", "Released", "Listed by", "Runs")
        tables.show(titles, rows, optional=("Listed by", "Released", "Context", "Out $/M", "In $/M"))
    if count > len(rows):
        lines([f"{count - len(rows):,} more: add words to narrow the search, or use --limit or --json."])
    if not count:
        hint = " that you can run now. `polyroute status` says what your credentials run" if usable else ""
        lines([f"No model matches{hint}."])
    _note_on_stale_lists(catalog)


def mapped(found: Sequence[Mapped], via: str) -> None:
    """Print a table of models with the gateway's IDs; for missing ones, similar models or the reason."""
    rows = [(f"{each.provider}/{each.model}", each.id or "-", each.evidence, _otherwise(each)) for each in found]
    if rows:
        tables.show(("Model", f"Via {via}", "Known", "Otherwise"), rows, optional=("Known",))


def _otherwise(mapped: Mapped) -> str:
    if mapped.id is not None:
        return ""
    return f"Similar: {', '.join(mapped.suggestions)}" if mapped.suggestions else mapped.why


def refreshed(
    reports: Sequence[RefreshReport], accepted: Sequence[Change], moves: Moves | None, waiting: Sequence[Change]
) -> None:
    """Print the result for each list, one line of what came and went, and the accepted changes."""
    rows = [_list(each) for each in reports]
    if rows:
        tables.show(("List", "State", "Models", "Of"), rows)
    if moves:
        lines([_moved(moves, len({change.provider for change in waiting}))])
    lines(f"{each.provider}: accepted {each}." for each in accepted)
    for each in reports:
        if not each.is_good:
            why = each.error or "POLYROUTE_OFFLINE is set"
            notes([f"polyroute: {each.name} ({each.url}): {why}; the list was not changed."])


def _moved(moves: Moves, waiting: int) -> str:
    came = f"New models: {moves.models_added:,}, gone: {moves.models_removed:,}"
    providers = f"; new providers: {', '.join(moves.providers_added)}" if moves.providers_added else ""
    held = f"; providers whose changes wait for your consent: {waiting}" if waiting else ""
    return f"{came}{providers}{held}."


def _list(report: RefreshReport) -> tuple[str, ...]:
    models = f"{report.models:,}" if report.models else ""
    return report.name, report.state, models, when(report.fetched) if report.fetched else "installed"


@screen.paged()
def plugins(catalog: Catalog) -> None:
    """Print a table of plugins, followed by warnings and problems."""
    from polyroute.documents import plugins as documents

    rows = [_plugin(plugin, catalog.plugins.owned.get(plugin, [])) for plugin in catalog.plugins.all]
    if rows:
        titles = ("Plugin", "Distribution", "Origin", "In use", "Provides")
        tables.show(titles, rows, optional=("Distribution", "Origin"))
    for plugin in catalog.plugins.all:
        if source := documents.added_from(plugin, catalog.plugins):
            lines([f"{plugin.name} was added from {source}"])
        warnings = documents.warnings(plugin, documents.manifest_of(plugin), catalog.plugins)
        lines(f"CAREFUL  {plugin.name} {each}" for each in warnings)
    problems(catalog.problems)


def preferences(catalog: Catalog) -> None:
    """Print the preferred route, and the pins of providers and models."""
    own = catalog.preferences
    chosen = own.prefer or ", ".join(own.order)
    facts = {
        "first": f"{catalog.preferred}{'' if chosen else ' (by default)'}",
        "order": ", ".join(own.order),
        **{f"for {target}": via for target, via in own.pins.items()},
        "not used": ", ".join(sorted(own.disabled_providers)),
        "file": catalog.environment.config_path,
    }
    tables.show((), [(name, fact) for name, fact in facts.items() if fact])


def problems(found: Sequence[Problem], said: Sequence[str] = ()) -> None:
    """Print problems to stderr, except for those that were said already."""
    notes(f"problem: {problem}" for problem in found if str(problem) not in said)


def _model(row: ModelRow) -> tuple[str, ...]:
    context = f"{row.facts.context:,}" if row.facts.context else ""
    way = Cell(runs(row.offer.route), "good") if row.offer else Cell("no", "faint")
    if row.offer and row.server == "unchecked":
        way = Cell("if its server runs", "unsure")
    return str(row.ref), context, *_price(row.price), row.facts.release_date, str(len(row.providers)), way


def _plugin(plugin: Plugin, owned: Sequence[str]) -> tuple[str, ...]:
    provides = ", ".join(owned[:4]) + (f" and {len(owned) - 4} more" if len(owned) > 4 else "")
    in_use = "yes" if plugin.enabled else Cell(f"no: {plugin.reason.partition(':')[0]}", "unsure")
    return plugin.name, f"{plugin.distribution} {plugin.version}".strip(), plugin.origin, in_use, provides


def _note_on_stale_lists(catalog: Catalog) -> None:
    """Print one note if a list is stale that was fetched, or the one that was installed is months old."""
    stale = {each.name: of for each in catalog.plugins.lists if (of := age(each)).is_old}
    if stale:
        of = min(stale.values(), key=lambda each: each.fetched or 0)
        which = "the list of models is" if of.fetched is None else f"the list {next(iter(stale))} was"
        notes([f"note: {which} {of}. To fetch the newest: polyroute refresh"])


def runs(route: Route) -> str:
    """Return the way that a route takes, as a word."""
    return DIRECT if route.via == DIRECT else f"via {route.via}"


def _price(price: Price) -> tuple[str, str]:
    if price.kind in ("free", "local", "plan"):
        text = "plan" if price.kind == "plan" else "free"
        return text, text
    return _amount(price.input), _amount(price.output)


def _amount(price: float | None) -> str:
    return "" if price is None else f"{price:g}"
