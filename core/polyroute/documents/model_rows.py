"""Create the JSON documents about models as clients show them: rows, and the ways to run one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from polyroute.documents.model_types import Ability
from polyroute.documents.parts import source
from polyroute.lazy import cached_property
from polyroute.lists.stored import day
from polyroute.model_ids.search import parts, squeezed
from polyroute.model_list.order import is_new
from polyroute.model_list.selection import can, is_unknown
from polyroute.requirements.evaluation import remedy
from polyroute.types import Provider

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    from polyroute.catalog import Catalog
    from polyroute.documents.model_types import (
        EndpointPrice,
        MissingSetting,
        ModelDetails,
        ModelRowDocument,
        ModelRowsDocument,
        Runs,
        Way,
    )
    from polyroute.model_list.order import ModelOrder
    from polyroute.model_list.rows import ModelRow
    from polyroute.results import Offer, Price

ABILITIES: dict[Ability, str] = {
    "tools": "tools",
    "reasoning": "reasoning",
    "structuredOutput": "structured_output",
    "temperature": "temperature",
    "image": "image",
    "pdf": "pdf",
    "audio": "audio",
    "video": "video",
}
"""From abilities in documents to their names in a selection."""

_EMPTY: tuple[object, ...] = (None, "", [])


class RowDocuments:
    """Creates the documents of one catalog."""

    def __init__(self, catalog: Catalog, order: ModelOrder) -> None:
        self._catalog, self._order = catalog, order

    @cached_property
    def date(self) -> str:
        """The date of the newest list; empty if it is not known."""
        return max(map(day, self._catalog.plugins.lists), default="")

    def rows(self, found: Iterable[ModelRow], total: int) -> ModelRowsDocument:
        """Return the document of the models that a query selects."""
        names = {name: each.name for name, each in self._catalog.plugins.providers.items()}
        return {"models": list(map(self._row, found)), "total": total, "date": self.date, "names": names}

    def details(self, row: ModelRow) -> ModelDetails:
        """Return everything that is known about a model, with every way to run it."""
        facts = row.facts
        return {
            **self._row(row),
            "inputLimit": facts.input_limit,
            "knowledge": facts.knowledge,
            "family": facts.family,
            "inputModalities": list(facts.input_modalities),
            "outputModalities": list(facts.output_modalities),
            "ways": list(map(self._way, self._catalog.offers(row.ref))),
        }

    def _row(self, row: ModelRow) -> ModelRowDocument:
        facts = row.facts
        document: ModelRowDocument = {
            "id": row.id,
            "name": row.name,
            "providers": len(row.providers),
            "runs": self._runs(row),
            "price": _price(row.price),
            "band": self._order.band(row),
        }
        optional = {
            "context": facts.context,
            "output": facts.output,
            "can": [name for name, field in ABILITIES.items() if can(row, field)],
            "unknown": [name for name, field in ABILITIES.items() if is_unknown(row, field)],
            "released": facts.release_date,
            "isNew": is_new(row, self.date) or None,
            "status": facts.status,
            "openWeights": facts.open_weights,
            "aliases": _aliases(row),
            "free": row.free and str(row.free),
            "custom": row.custom or None,
        }
        document.update(cast("ModelRowDocument", {name: each for name, each in optional.items() if each not in _EMPTY}))
        return document

    def _runs(self, row: ModelRow) -> Runs:
        offer, ref = row.offer, str(row.ref)
        runs: Runs = {"usable": offer is not None}
        if ref != row.id:
            runs["model"] = ref
        if row.server:
            runs["server"] = row.server
        if offer is None:
            if not self._is_allowed(row):
                runs["allowed"] = False
            elif needed := self._needed(row):
                runs["missing"] = needed
            return runs
        if row.server == "unchecked":
            runs["checked"] = False
        runs["via"], runs["provider"] = offer.route.via, offer.provider
        return runs

    def _needed(self, row: ModelRow) -> Literal["key", "settings"] | None:
        carriers = self._catalog.plugins.carriers
        ways = {name for each in row.providers for name in (each, *carriers(each))} - self._forbidden
        if row.server == "not_running" and ways <= self._catalog.plugins.servers.keys():
            return None
        return "settings" if self._more_than_a_key.issuperset(ways) else "key"

    def _is_allowed(self, row: ModelRow) -> bool:
        limits = self._catalog.allowance
        if limits is None:
            return True
        carriers, references = self._catalog.plugins.carriers, [each.ref for each in row.listings] or [row.ref]
        allowed = [each for each in references if limits.allows(each)]
        return any({each.provider, *carriers(each.provider)} - self._forbidden for each in allowed)

    @property
    def _forbidden(self) -> frozenset[str]:
        return self._catalog.allowance.forbidden if self._catalog.allowance else frozenset()

    @cached_property
    def _more_than_a_key(self) -> frozenset[str]:
        """The providers that need more than a single secret."""
        providers = self._catalog.plugins.providers
        return frozenset(name for name, each in providers.items() if not self._needs_one_secret(each))

    def _needs_one_secret(self, provider: Provider) -> bool:
        needed = [each.slot.secret for each in self._catalog.unfilled(provider.id)]
        return needed == [True] or bool(not needed and not provider.requirement and provider.key_variable)

    def _way(self, offer: Offer) -> Way:
        route, listing = offer.route, offer.listing
        pins = self._catalog.preferences.pins
        document: Way = {
            "provider": offer.provider,
            "via": route.via,
            "model": str(offer.model),
            "modelId": route.model_id,
            "otherIds": list(offer.other_ids),
            "price": _price(offer.price),
            "context": listing.context if listing else None,
            "output": listing.output if listing else None,
            "usable": route.usable,
            "reason": route.reason,
            "remedy": route.remedy or None,
            "credential": str(route.credential) if route.credential else None,
            "source": source(route.credential.source if route.credential else None),
            "missing": [] if route.usable else self._missing(offer),
            "pinned": route.via in (pins.get(str(offer.model)), pins.get(offer.model.provider)),
        }
        return document if route.allowed else {**document, "missing": [], "allowed": False}

    def _missing(self, offer: Offer) -> list[MissingSetting]:
        """Return the values that the provider of a way needs; none if something else is wrong with it."""
        provider = self._catalog.plugins.providers[offer.provider]
        if not provider.requirement and provider.key_variable and not offer.route.credential:
            return [{"name": provider.key_variable, "secret": True, "hint": offer.route.remedy}]
        return [
            {
                "name": next((found.variable for found in each.slot.alternatives if found.variable), each.slot.name),
                "secret": each.slot.secret,
                "hint": remedy([each]),
            }
            for each in self._catalog.unfilled(provider.id)
        ]


def _aliases(row: ModelRow) -> list[str]:
    """Return the names and IDs in lists that a search finds neither in the model's own name nor in its own ID."""
    own = squeezed(row.name), squeezed(row.id.rpartition("/")[2])
    names = {squeezed(name): name for each in row.listings for name in (each.name, each.id.rpartition("/")[2])}
    others = [name for form, name in names.items() if form and not any(each in form for each in own)]
    known = {*parts(row.name), *parts(row.id)} if others else set()
    return [name for name in others if not known.issuperset(parts(name))]


def _price(price: Price) -> EndpointPrice:
    document: EndpointPrice = {"kind": price.kind}
    if price.input is not None:
        document["input"] = price.input
    if price.output is not None:
        document["output"] = price.output
    if price.cache_read is not None:
        document["cacheRead"] = price.cache_read
    if price.cache_write is not None:
        document["cacheWrite"] = price.cache_write
    return document
