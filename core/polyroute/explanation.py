"""Explain in text why a provider or model can be run or not."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from polyroute.errors import runs_as
from polyroute.lists.stored import age
from polyroute.model_reference import reference
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.loaded import Plugins
from polyroute.requirements.evaluation import wanted
from polyroute.results import ProviderStatus, Route, named
from polyroute.routing import prices
from polyroute.routing.mappers import Mappers
from polyroute.routing.references import canonical, listed_alike
from polyroute.types import DIRECT, Model, ModelRef, Provider

if TYPE_CHECKING:
    from polyroute.catalog import Catalog

_NOT_CARRIED = {
    "vendor": "its list offers none of this vendor's models",
    "host": "users choose a host for its price, speed and privacy",
    "own-cloud": "it is billed to your own cloud account",
    "own-server": "it is your own server",
    "gateway": "it is a gateway itself",
}
_IN_ORDER = "in the order in which they are tried"
_FEW = 2
_WITHOUT_PRICE = {"free": "free", "plan": "covered by a subscription", "local": "free, on your own server"}
_EVIDENCE = {
    "verbatim": "used unchanged",
    "listed": "in its list",
    "unlisted": "not in its list",
    "not_offered": "not offered",
    "unknown": "unknown",
}


class Explanation(NamedTuple):
    """The reasons why a provider or a model can be run or not. `str()` returns the text for users."""

    subject: str
    routes: tuple[Route, ...]
    lines: tuple[str, ...]
    elsewhere: tuple[ModelRef, ...] = ()
    """If a model can't be run, the references by which the same model can be run now."""

    @property
    def usable(self) -> bool:
        """Whether any route is usable."""
        return any(route.usable for route in self.routes)

    def __str__(self) -> str:
        return "\n".join(self.lines)


def explain(catalog: "Catalog", subject: str | ModelRef) -> Explanation:
    """Return why a provider or a model can be run or not. Raises as `catalog.routes` and `catalog.provider` do."""
    plugins = catalog.plugins
    if isinstance(subject, str) and (subject in plugins.names or not _is_model(subject, plugins)):
        found = explain_provider(catalog.provider(subject))
        return found._replace(lines=(*found.lines, *_unread(found.subject, catalog)))
    return _explain_model(reference(catalog, subject), catalog.routes(subject), catalog)


def suggestions(catalog: "Catalog", model: str | ModelRef) -> tuple[str, ...]:
    """Return references that may have been meant instead of `model`.

    These are similarly spelled models of the same provider, those that can be run first, else the same or similarly
    spelled models of gateways.
    The search is slow: call this only if the result is shown. Raises as `catalog.routes` does.
    """
    ref, plugins = canonical(model, catalog.plugins), catalog.plugins
    alike = tuple(map(str, sorted(listed_alike(ref, plugins), key=lambda each: catalog.route(each) is None)))
    return alike or Mappers(plugins, catalog.environment.report).suggest(ref)


def _is_model(text: str, plugins: Plugins) -> bool:
    """Return whether a text names a model, with or without its provider."""
    return "/" in text or any(model.id == text for model in plugins.all_models())


def explain_provider(status: ProviderStatus) -> Explanation:
    """Return why a provider's models can be run or not, and what the provider requires."""
    provider = status.provider
    lines = [_title(provider), *_routes(status.routes), *_unused(status), *_not_carried(status)]
    lines += _needs(provider)
    if provider.documentation:
        lines.append(f"Its documentation: {provider.documentation}")
    return Explanation(provider.id, status.routes, tuple(lines))


def _explain_model(ref: ModelRef, routes: tuple[Route, ...], catalog: "Catalog") -> Explanation:
    """Return why a model can be run or not, and its ID on each route."""
    status = catalog.provider(ref.provider)
    own = catalog.custom_model(ref)
    title = f"{ref}, a custom model of yours" if own else f"{ref}, a model of {status.provider.name}"
    is_usable, is_by_price = any(route.usable for route in routes), catalog.is_by_price(ref)
    elsewhere = () if is_usable else catalog.elsewhere(ref)
    routes = tuple([route._replace(listing=catalog.ways.listing(ref, route)) for route in routes])
    costs = {route.via: price(route.listing, ref, route, catalog.plugins) for route in routes}
    shown_routes = _routes(routes, elsewhere, costs, is_by_price=is_by_price)
    lines = [title, *_facts(ref, routes, catalog), *shown_routes]
    lines += [] if own and own.base_url else [*_unused(status), *_not_carried(status)]
    shown = named(routes).shown
    gateways = [route.via for route in shown if route.via != DIRECT and route.model_id]
    lines += [f"Model ID via {gateway}: {catalog.mapping(gateway, ref).why}." for gateway in gateways]
    lines += _ages([route.via for route in shown], catalog)
    is_missed = any(route.mapping in ("not_offered", "unknown") for route in shown)
    if (is_missed or not is_usable) and not elsewhere and (others := suggestions(catalog, ref)):
        known = {catalog.mapping(gateway, ref).id for gateway in status.gateways}
        kind = "The same model" if ModelRef.parse(others[0]).id in known else "Other models, spelled alike"
        lines.append(f"{kind}: {', '.join(others)}.")
    lines += _unread(ref.provider, catalog)
    return Explanation(str(ref), routes, tuple(lines), elsewhere)


def _facts(ref: ModelRef, routes: tuple[Route, ...], catalog: "Catalog") -> list[str]:
    """Return a line of what is known about a model: its context, its date, and what it can."""
    listed = (each.listing for each in routes if each.listing)
    model = catalog.plugins.models(ref.provider).get(ref.id) or next(listed, None)
    if model is None:
        return []
    abilities = {"tools": model.tools, "reasoning": model.reasoning, "structured output": model.structured_output}
    inputs = [f"{each} input" for each in model.input_modalities if each != "text"]
    facts = {
        "context": f"{model.context:,} tokens" if model.context else "",
        "longest answer": f"{model.output:,} tokens" if model.output else "",
        "released": model.release_date,
        "can": ", ".join([*(name for name, known in abilities.items() if known), *inputs]),
        "status": model.status,
    }
    known = "; ".join(f"{name}: {fact}" for name, fact in facts.items() if fact)
    return [f"{known[0].upper()}{known[1:]}."] if known else []


def _unused(status: ProviderStatus) -> list[str]:
    """Return a line on logins and settings that are there and are not used."""
    return [f"{status.unused[0].upper()}{status.unused[1:]}."] if status.unused else []


def _unread(provider: str, catalog: "Catalog") -> list[str]:
    """Return lines on variables that may hold the provider's key under a name that nobody reads."""
    return [f"{each.message} {each.remedy}" for each in catalog.unread_variables if each.provider == provider]


def _ages(vias: list[str], catalog: "Catalog") -> list[str]:
    """Return lines with the age of the lists in which gateways look up this model."""
    vias_of: dict[str, str] = {}
    for via in vias:
        if found := catalog.plugins.list_of(via):
            vias_of.setdefault(found.name, via)
    lists = {via: found for via in vias_of.values() if (found := catalog.plugins.list_of(via))}
    return [f"List of {via}: {age(found)}.{_to_refresh(via, catalog)}" for via, found in lists.items()]


def _to_refresh(gateway: str, catalog: "Catalog") -> str:
    return " To fetch the newest: `polyroute refresh`." if catalog.plugins.can_be_fresher(gateway) else ""


def _title(provider: Provider) -> str:
    known = f", also known as {', '.join(provider.aliases)}" if provider.aliases else ""
    selectable = "" if provider.selectable else "; not selectable: it runs other providers' models"
    return f"{provider.name} ({provider.id}), kind {provider.kind}{known}{selectable}"


def _routes(
    routes: tuple[Route, ...],
    elsewhere: tuple[ModelRef, ...] = (),
    costs: Mapping[str, str] = MappingProxyType({}),
    *,
    is_by_price: bool = False,
) -> list[str]:
    usable = next((route for route in routes if route.usable), None)
    first = f"It runs {_via(usable)}." if usable else "It can't be run now."
    if elsewhere:
        first = f"{first} {runs_as(elsewhere)}"
    order = "the cheapest for this model first, those of unknown price last" if is_by_price else _IN_ORDER
    shown, rest, forbidden = named(routes)
    lines = [
        first,
        f"Routes, {order}:",
        *(_line(at, each, costs.get(each.via, "")) for at, each in enumerate(shown, 1)),
    ]
    lines += [f"  Without a key: {', '.join(rest)}."] if rest else []
    return [*lines, f"  Not allowed by the organisation's policy: {', '.join(forbidden)}."] if forbidden else lines


def _line(number: int, route: Route, cost: str) -> str:
    model_id = f" as {route.model_id}" if route.model_id else ""
    evidence = f" ({_EVIDENCE[route.mapping]})" if route.mapping else ""
    costs = f"{' at ' if cost.startswith('$') else ', '}{cost}" if cost else ""
    verdict = "usable" if route.usable else "not usable"
    remedy = f" {route.remedy}" if route.remedy else ""
    return f"  {number}. {_via(route)}{model_id}{evidence}{costs}: {verdict}, {route.reason}.{remedy}"


def price(listing: Model | None, ref: ModelRef, route: Route, plugins: Plugins) -> str:
    """Return what a model costs by a route, for users, from the entry in the list of its endpoint; empty if unknown."""
    at = plugins.providers[plugins.names[ref.provider] if route.via == DIRECT else route.via]
    found = prices.price(listing, at, route.credential)
    if found.kind in _WITHOUT_PRICE:
        return _WITHOUT_PRICE[found.kind]
    if found.input is None or found.output is None:
        return ""
    return f"${found.input:g} in, ${found.output:g} out per million tokens"


def _via(route: Route) -> str:
    return DIRECT if route.via == DIRECT else f"via {route.via}"


def _not_carried(status: ProviderStatus) -> list[str]:
    provider = status.provider
    gateways = [name for name in status.gateways if name != provider.id]
    others = [name for name in gateways if not status.can_route_via(name)]
    which = "any gateway" if len(others) == len(gateways) > _FEW else ", ".join(others)
    return [f"Not routeable via {which}: {_NOT_CARRIED[provider.kind]}."] if others else []


def _needs(provider: Provider) -> list[str]:
    groups = wanted(provider)
    if len(groups) < 2:
        return [f"For the direct route it needs {group}." for group in groups]
    return ["For the direct route it needs one of these:", *(f"  - {group}" for group in groups)]
