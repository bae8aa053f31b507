"""Output of `status` for users: what the credentials run, or the first steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from polyroute.cli import screen, tables
from polyroute.cli.tables import Cell
from polyroute.cli.text import lines, notes, problems, runs
from polyroute.explanation import explain_provider
from polyroute.results import ProviderStatus, Route, Status
from polyroute.types import DIRECT

if TYPE_CHECKING:
    from polyroute.catalog import Catalog

_SHOWN_GATEWAYS = 3


@screen.paged()
def status(found: Status, asked: Sequence[ProviderStatus], catalog: Catalog, *, everything: bool) -> None:
    """Print a table of usable providers and the number of others, or the requested providers in full."""
    if asked:
        for number, each in enumerate(asked):
            lines(["", *explain_provider(each).lines] if number else explain_provider(each).lines)
    else:
        _overview(found, catalog, everything=everything)
    _note_on_credits(found, catalog)
    problems(found.problems)


def _overview(found: Status, catalog: Catalog, *, everything: bool) -> None:
    providers = [each for each in found.providers.values() if each.provider.selectable]
    usable = [each for each in providers if each.has_effective_credentials]
    keyless = [each for each in usable if _is_keyless(each)]
    keyed = [each for each in usable if not _is_keyless(each)]
    rest = [each for each in providers if not each.has_effective_credentials]
    if keyed and everything:
        titles = ("Provider", "Runs", "With", "Otherwise")
        tables.show(titles, [_usable(each) for each in keyed], optional=("Otherwise",))
        lines([""])
    elif keyed:
        lines(_by_credential(keyed))
    elif providers:
        lines(_first_steps(catalog))
    if keyless:
        names = ", ".join(each.provider.id for each in keyless)
        lines(["", f"Without a key, if the server is running: {names}."])
    if everything:
        lines([""])
        tables.show(("Not usable", "Why", "What to do"), [_unusable(each) for each in rest], optional=("Why",))
    elif rest:
        counted = f"{len(keyed)} of {len(providers)} providers can be used" if keyed else f"{len(rest)} more are known"
        lines(["", f"{counted}. See all with `polyroute status --all`, one with `polyroute status PROVIDER`."])


def _by_credential(keyed: Sequence[ProviderStatus]) -> Iterator[str]:
    """Yield a line for each credential: which providers it runs, or for which it is a further way."""
    first_for: dict[tuple[str, str], list[str]] = {}
    further: dict[str, list[str]] = {}
    for each in keyed:
        first, *others = [route for route in each.routes if route.usable]
        first_for.setdefault((str(first.credential), first.via), []).append(each.provider.id)
        for route in others:
            further.setdefault(str(route.credential), []).append(each.provider.id)
    for (credential, via), names in sorted(first_for.items(), key=lambda item: -len(item[1])):
        counted = f"{len(names)} providers" if len(names) > 1 else names[0]
        named = f": {', '.join(names)}" if len(names) > 1 else ""
        yield f"{credential} runs {counted}{'' if via == DIRECT else f' via {via}'}{named}."
    for credential, names in further.items():
        if credential not in {known for known, _ in first_for}:
            yield f"{credential} is a further way to {', '.join(names)}."


def _usable(each: ProviderStatus) -> tuple[str, ...]:
    first, *others = [route for route in each.routes if route.usable]
    shared = " (shared)" if first.credential and first.credential.shared_with else ""
    return each.provider.id, Cell(runs(first), "good"), f"{first.credential}{shared}", ", ".join(map(runs, others))


def _unusable(each: ProviderStatus) -> tuple[str, ...]:
    direct = _direct(each)
    return each.provider.id, direct.reason, direct.remedy


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
    yield "To store a key: `polyroute keys set PROVIDER`. Variables may also be set in the shell."


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
        notes([message])


def _goes_first(found: Status, each: ProviderStatus) -> bool:
    return next(route for route in each.routes if route.usable).via == found.preferred


def _is_keyless(each: ProviderStatus) -> bool:
    return all(route.credential and route.credential.source is None for route in each.routes if route.usable)


def _direct(each: ProviderStatus) -> Route:
    return next(route for route in each.routes if route.via == DIRECT)
