"""Output for users: tables and sentences."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from polyroute._internal.terminal import clean
from polyroute.cli import tables
from polyroute.explanation import explain, explain_provider, price, suggestions
from polyroute.lists.stored import age, when
from polyroute.results import Mapped, Plugin, Price, ProviderStatus, Route, Status
from polyroute.routing.prices import is_unasked
from polyroute.types import DIRECT, ModelRef, Problem

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.list_refresh import RefreshReport
    from polyroute.lists.changes import Change, Moves
    from polyroute.model_list.rows import ModelRow

_SHOWN_GATEWAYS = 3
_SHOWN_MODELS = 50


def with_key(route: Route) -> str:
    """Return the credential of a usable route as part of a sentence."""
    return f"with {route.credential}" if route.credential and route.credential.source else "without a key"


def lines(texts: Iterable[str]) -> None:
    """Print lines without wrapping them."""
    for text in texts:
        print(clean(text))


def notes(texts: Iterable[str]) -> None:
    """Print lines to stderr, because stdout is for results."""
    for text in texts:
        print(clean(text), file=sys.stderr)


def status(found: Status, asked: Sequence[ProviderStatus], catalog: Catalog, *, everything: bool) -> None:
    """Print a table of usable providers and the number of others, or the requested providers in full."""
    if asked:
        for number, each in enumerate(asked):
            lines(["", *explain_provider(each).lines] if number else explain_provider(each).lines)
    else:
        _overview(found, catalog, everything=everything)
    _note_on_credits(found, catalog)
    problems(found.problems)


def resolution(model: ModelRef, routes: Sequence[Route], catalog: Catalog) -> None:
    """Print the route to a model, or why there is none."""
    route = next((route for route in routes if route.usable), None)
    if route is None:
        lines(explain(catalog, model).lines)
        return
    facts = {
        "model": str(model),
        "runs": _runs(route),
        "as": route.model_id or "",
        "at": route.base_url,
        "with": str(route.credential),
        "speaks": route.protocol,
        "costs": price(route),
        "otherwise": ", ".join(_runs(other) for other in routes if other.usable and other is not route),
    }
    tables.show((), [(name, fact) for name, fact in facts.items() if fact])
    if route.mapping == "unlisted":
        others = " or ".join(suggestions(catalog, model))
        hint = f" Did you mean {others}?" if others else ""
        lines([f"{model} is not in any list: the ID is sent unchanged.{hint}"])
        _note_on_stale_lists(catalog)


def models(shown: Sequence[ModelRow], count: int, catalog: Catalog, *, cut: bool) -> None:
    """Print a table of models with the route that each would take. `cut`: print only the first ones on a terminal."""
    rows = [_model(each) for each in (shown[:_SHOWN_MODELS] if cut and sys.stdout.isatty() else shown)]
    if rows:
        tables.show(("Model", "Context", "In $/M", "Out $/M", "Released", "Listed by", "Runs"), rows)
    if count > len(rows):
        lines([f"{count - len(rows):,} more: add words to narrow the search, or use --limit or --json."])
    if not count:
        lines(["No model matches."])
    _note_on_stale_lists(catalog)


def mapped(found: Sequence[Mapped], via: str) -> None:
    """Print a table of models with the gateway's IDs; for missing ones, similar models or the reason."""
    rows = [(f"{each.provider}/{each.model}", each.id or "-", each.evidence, _otherwise(each)) for each in found]
    if rows:
        tables.show(("Model", f"Via {via}", "Known", "Otherwise"), rows)


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
            print(clean(f"polyroute: {each.name} ({each.url}): {why}; the list was not changed."), file=sys.stderr)


def _moved(moves: Moves, waiting: int) -> str:
    came = f"New models: {moves.models_added:,}, gone: {moves.models_removed:,}"
    providers = f"; new providers: {', '.join(moves.providers_added)}" if moves.providers_added else ""
    held = f"; providers whose changes wait for your consent: {waiting}" if waiting else ""
    return f"{came}{providers}{held}."


def _list(report: RefreshReport) -> tuple[str, ...]:
    models = f"{report.models:,}" if report.models else ""
    return report.name, report.state, models, when(report.fetched) if report.fetched else "installed"


def plugins(catalog: Catalog) -> None:
    """Print a table of plugins, followed by warnings and problems."""
    from polyroute.documents import plugins as documents

    rows = [_plugin(plugin, catalog.plugins.owned.get(plugin, [])) for plugin in catalog.plugins.all]
    if rows:
        tables.show(("Plugin", "Distribution", "Origin", "In use", "Provides"), rows)
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


def problems(found: Sequence[Problem]) -> None:
    """Print problems to stderr."""
    notes(f"problem: {problem}" for problem in found)


def _overview(found: Status, catalog: Catalog, *, everything: bool) -> None:
    providers = [each for each in found.providers.values() if each.provider.selectable]
    usable = [each for each in providers if each.has_effective_credentials]
    keyless = [each for each in usable if _is_keyless(each)]
    keyed = [each for each in usable if not _is_keyless(each)]
    rest = [each for each in providers if not each.has_effective_credentials]
    if keyed:
        tables.show(("Provider", "Runs", "With", "Otherwise"), [_usable(each) for each in keyed])
    elif providers:
        lines(_first_steps(catalog))
    if keyless:
        names = ", ".join(each.provider.id for each in keyless)
        lines(["", f"Without a key, if the server is running: {names}."])
    if everything:
        tables.show(("Not usable", "Why", "What to do"), [_unusable(each) for each in rest])
    elif rest:
        counted = f"{len(keyed)} of {len(providers)} providers can be used" if keyed else f"{len(rest)} more are known"
        lines(["", f"{counted}. See the others with `polyroute status --all`, one with `polyroute status PROVIDER`."])


def _usable(each: ProviderStatus) -> tuple[str, ...]:
    first, *others = [route for route in each.routes if route.usable]
    shared = " (shared)" if first.credential and first.credential.shared_with else ""
    return each.provider.id, _runs(first), f"{first.credential}{shared}", ", ".join(map(_runs, others))


def _unusable(each: ProviderStatus) -> tuple[str, ...]:
    direct = _direct(each)
    return each.provider.id, direct.reason, direct.remedy


def _model(row: ModelRow) -> tuple[str, ...]:
    context = f"{row.facts.context:,}" if row.facts.context else ""
    runs = _runs(row.offer.route if row.offer else None)
    if row.offer and is_unasked(row.offer):
        runs = "if its server runs"
    return str(row.ref), context, *_price(row.price), row.facts.release_date, str(len(row.providers)), runs


def _plugin(plugin: Plugin, owned: Sequence[str]) -> tuple[str, ...]:
    provides = ", ".join(owned[:4]) + (f" and {len(owned) - 4} more" if len(owned) > 4 else "")
    in_use = "yes" if plugin.enabled else f"no: {plugin.reason.partition(':')[0]}"
    return plugin.name, f"{plugin.distribution} {plugin.version}".strip(), plugin.origin, in_use, provides


def _first_steps(catalog: Catalog) -> Iterable[str]:
    yield "Nothing is set up yet. Any one of these will do:"
    preferred = catalog.plugins.default_preference
    first, *others = sorted(catalog.plugins.gateways, key=lambda gateway: gateway != preferred) or [""]
    for gateway in filter(None, (first, *others[:_SHOWN_GATEWAYS])):
        status = catalog.provider(gateway)
        carried = sum(gateway in catalog.plugins.carriers(name) for name in catalog.plugins.providers)
        remedy = _direct(status).remedy
        yield f"  - {status.provider.name}, one key for the models of {carried} providers. {remedy}"
    if more := others[_SHOWN_GATEWAYS:]:
        yield f"  - A key of another gateway: {', '.join(more)}."
    yield "  - A key of a single provider: `polyroute status PROVIDER` shows which variable to set."
    yield f"Set variables in the shell or in {catalog.environment.dotenv_path}."


def _note_on_credits(found: Status, catalog: Catalog) -> None:
    """Print a note if a gateway's credits are used by default, although a direct key exists."""
    if catalog.preferences.prefer or catalog.preferences.order or found.preferred == DIRECT:
        return
    pinned = {catalog.plugins.names.get(target) for target in catalog.preferences.pins}
    by_default = {name: each for name, each in found.providers.items() if name not in pinned}
    spending = [name for name, each in by_default.items() if each.has_direct_key and _goes_first(found, each)]
    if spending:
        message = (
            f"note: by default {found.preferred} is tried first, even for providers with a direct key:"
            f" {', '.join(spending)}. To use direct keys first: polyroute prefer direct"
        )
        print(clean(message), file=sys.stderr)


def _note_on_stale_lists(catalog: Catalog) -> None:
    """Print one note if a list is stale that was fetched, or the one that was installed is months old."""
    stale = {each.name: of for each in catalog.plugins.lists if (of := age(each)).is_old}
    if stale:
        of = min(stale.values(), key=lambda each: each.fetched or 0)
        which = "the list of models is" if of.fetched is None else f"the list {next(iter(stale))} was"
        notes([f"note: {which} {of}. To fetch the newest: polyroute refresh"])


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


def _price(price: Price) -> tuple[str, str]:
    if price.kind in ("free", "local", "plan"):
        text = "plan" if price.kind == "plan" else "free"
        return text, text
    return _amount(price.input), _amount(price.output)


def _amount(price: float | None) -> str:
    return "" if price is None else f"{price:g}"
