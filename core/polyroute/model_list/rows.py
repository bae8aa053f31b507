"""One row for each model, with the way that would be taken to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from polyroute.catalog import Catalog
from polyroute.lazy import cached_property
from polyroute.model_ids.normalize import is_free
from polyroute.model_list.merging import combined, spelled_id, usual_name, with_limits
from polyroute.named_tuples import NamedTuple
from polyroute.results import LocalState, Offer, Price
from polyroute.routing.offers import by_variant
from polyroute.routing.prices import is_local, price
from polyroute.types import Model, ModelRef

if TYPE_CHECKING:
    from polyroute.model_ids.search import Search


class ModelRow(NamedTuple):
    """One model of its maker, and how it would run."""

    id: str
    """The maker's reference `maker/id`; if the maker is unknown, the reference of the only listing."""
    name: str
    maker: str
    """The maker's provider ID or namespace; if it is unknown, the provider."""
    facts: Model
    """What is known of the model: its maker's entry, completed from others; limits are those at the endpoint."""
    listings: tuple[Model, ...]
    """The entries for this model in all lists."""
    ref: ModelRef
    """The reference that selects it: the usable one, else the maker's, else the first."""
    offer: Offer | None
    """The way that would be taken; None if the model can't be run."""
    price: Price
    """The price of the way that would be taken, else the cheapest one that is listed."""
    custom: bool
    """Whether the user added it."""
    server: LocalState | None = None
    """The state of the user's own server that would be taken, or because of which the model can't be run."""

    @property
    def free(self) -> ModelRef | None:
        """The reference of a free variant, which has limits of its own; None if no list has one."""
        return next((each for each in (self.ref, *[each.ref for each in self.listings]) if is_free(each.id)), None)

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers that list it."""
        return tuple(dict.fromkeys(each.provider for each in self.listings))


class _Grouped(NamedTuple):
    """The entries of one model in all lists."""

    id: str
    name: str
    native: ModelRef
    """The maker's own model; empty if it is not known."""
    made: Model | None
    """The maker's own entry, if it is among the entries."""
    listings: tuple[Model, ...]

    @property
    def texts(self) -> Iterator[str]:
        """The names and IDs by which a user may search for it."""
        yield from (self.name, self.id)
        for each in self.listings:
            yield from (each.name, each.id, each.id.rpartition("/")[2], f"{each.provider}/{each.id}")


class ModelRows:
    """The rows of one catalog."""

    def __init__(self, catalog: Catalog, provider: str = "", listed: ModelRows | None = None) -> None:
        """With `provider`, an ID or alias, only models that it lists, and only as it lists them.

        `listed` are the rows of a catalog that differs only in lacking the user's models that no list has: its rows
        are used. Raises UnknownProvider.
        """
        self._catalog, self._plugins = catalog, catalog.plugins
        self._groups = catalog.plugins.groups
        self._custom = frozenset(catalog.custom_refs)
        self._rows: dict[int, ModelRow] = {}
        self._only = catalog.plugins.find(provider).id if provider else ""
        self._listed = listed
        self._shared = listed.count if listed else 0
        """How many rows, which come first, are those of `listed`."""

    @property
    def count(self) -> int:
        """The number of models."""
        return len(self._found)

    @cached_property
    def search(self) -> Search:
        """Finds models by the names and IDs by which lists have them."""
        from polyroute.model_ids.search import Search

        return Search([each.texts for each in self._found])

    def row(self, index: int) -> ModelRow:
        """Return one row, by its index in the order of the lists. It is made once."""
        if self._listed and index < self._shared:
            return self._listed.row(index)
        known = self._rows.get(index)
        if known is None:
            known = self._rows[index] = self._row(self._found[index])
        return known

    @cached_property
    def all(self) -> list[ModelRow]:
        """All rows, in the order of the lists."""
        if self._listed:
            _ = self._listed.all
        self._catalog.prepare(each.ref for group in self._found[self._shared :] for each in group.listings)
        return [self.row(index) for index in range(len(self._found))]

    def find(self, model_id: str) -> ModelRow | None:
        """Return the row with this ID, or that of the model with this reference; None if there is none."""
        index = self._by_id.get(model_id)
        return None if index is None else self.row(index)

    def unlisted(self, ref: ModelRef) -> ModelRow:
        """Return the row of a model that is in no list, so that only its ID is known."""
        listing = Model(*ref)
        return self._row(_Grouped(str(ref), ref.id, _NOBODY, None, (listing,)))._replace(listings=())

    @cached_property
    def _by_id(self) -> Mapping[str, int]:
        found = enumerate(self._found)
        by_reference = {f"{each.provider}/{each.id}": index for index, group in found for each in group.listings}
        return by_reference | {group.id: index for index, group in enumerate(self._found)}

    def free(self, row: ModelRow) -> ModelRow:
        """Return the row of a model as its free variant runs; the row itself if there is none, or it is free anyway."""
        variants = [each for each in row.listings if is_free(each.id)]
        if not variants or row.price.kind in ("free", "local"):
            return row
        offer = self._catalog.ways.first([each.ref for each in variants])
        listing = next((each for each in variants if offer and each.ref == offer.model), variants[0])
        found = row._replace(ref=listing.ref, offer=offer, server=self._server(offer, [listing]))
        return found._replace(price=offer.price if offer else self._cheapest([listing]))

    def entries(self, row: ModelRow) -> list[ModelRow]:
        """Return a row for each entry of a model in a list, with the way that its own reference would take."""
        return [self._entry(row, each) for each in row.listings]

    def _entry(self, row: ModelRow, listing: Model) -> ModelRow:
        offer = self._catalog.ways.first([listing.ref])
        return row._replace(
            name=listing.name or row.name,
            facts=with_limits(listing, offer.listing) if offer and offer.listing else listing,
            listings=(listing,),
            ref=listing.ref,
            offer=offer,
            price=offer.price if offer else self._cheapest([listing]),
            custom=listing.ref in self._custom,
            server=self._server(offer, [listing]),
        )

    @cached_property
    def _found(self) -> list[_Grouped]:
        own = [self._group(word, tuple(listings)) for word, listings in self._grouped().items()]
        return [*self._listed._found, *own] if self._listed else own

    def _grouped(self) -> dict[str, list[Model]]:
        """Return the entries of all lists by the word of their model; those that are alone by their reference."""
        providers, groups = self._plugins.providers, self._groups
        word_of = groups.shared_word if groups else _no_word
        grouped: dict[str, list[Model]] = {}
        for model in self._catalog.models(provider=self._only):
            if providers[model.provider].selectable and not (self._listed and self._is_listed(model)):
                ref = model.ref
                grouped.setdefault(word_of(ref) or str(ref), []).append(model)
        return grouped

    def _is_listed(self, model: Model) -> bool:
        return (model.provider, model.id) not in self._custom or model.id in self._plugins.models(model.provider)

    def _group(self, word: str, listings: tuple[Model, ...]) -> _Grouped:
        native = self._native(word, listings)
        made = next((each for each in listings if each.id == native.id and each.provider == native.provider), None)
        own_id = str(native) if native.provider else spelled_id(word, listings)
        name = self._given_name(listings) or usual_name(made, listings)
        return _Grouped(own_id, name, native, made, listings)

    def _given_name(self, listings: Iterable[Model]) -> str:
        """Return the name that the user has given to a model; empty if there is none."""
        own = (each for each in listings if each.ref in self._custom) if self._custom else ()
        return next((each.name for each in own if each.name != each.id), "")

    def _row(self, group: _Grouped) -> ModelRow:
        made, listings = group.made, group.listings
        references = self._references(made and made.ref, listings)
        first = next(references)
        offer = self._catalog.ways.first(chain((first,), references)) if self._may_run(listings) else None
        facts = combined(made, listings)
        if offer and offer.listing:
            facts = with_limits(facts, offer.listing)
        return ModelRow(
            group.id,
            group.name,
            group.id.partition("/")[0],
            facts,
            listings,
            offer.model if offer else first,
            offer,
            offer.price if offer else self._cheapest(listings),
            self._is_custom(listings),
            self._server(offer, listings),
        )

    def _server(self, offer: Offer | None, listings: Iterable[Model]) -> LocalState | None:
        servers = self._catalog.plugins.servers
        if offer is None:
            known = (servers.get(each.provider) for each in listings) if servers else ()
            return "not_running" if any(each and each.state == "not_running" for each in known) else None
        if offer.price.kind != "local":
            return None
        asked = servers.get(offer.provider)
        return asked.state if asked and asked.address == offer.route.base_url else "unchecked"

    def _native(self, word: str, listings: Sequence[Model]) -> ModelRef:
        """Return the maker's own model, if exactly one vendor lists it; else an empty reference."""
        if self._only and self._groups:
            vendors = {name for name in self._vendors if self._groups.at(name, word)}
        else:
            vendors = {each.provider for each in listings if each.provider in self._vendors}
        if len(vendors) != 1:
            return _NOBODY
        vendor = vendors.pop()
        known = self._groups.at(vendor, word) if self._groups else ()
        return ModelRef(vendor, known[0] if known else listings[0].id)

    def _may_run(self, listings: Sequence[Model]) -> bool:
        return any(each.provider in self._runnable for each in listings) or self._is_custom(listings)

    def _is_custom(self, listings: Sequence[Model]) -> bool:
        return bool(self._custom) and any(each.ref in self._custom for each in listings)

    def _references(self, native: ModelRef | None, listings: Sequence[Model]) -> Iterator[ModelRef]:
        """Yield by which references the model may run: the user's own, its maker's, gateways', others by price.

        Free variants are last: they have limits of their own, so they are never taken instead of the model.
        """
        if self._custom:
            yield from (each.ref for each in listings if each.ref in self._custom)
        if native:
            yield native
        if len(listings) == 1:  # as most are
            if listings[0].ref != native:
                yield listings[0].ref
            return
        ordered = sorted(listings, key=self._preference)
        for (name, _), ids in by_variant(each.ref for each in ordered).items():
            if not native or name != native.provider or native.id not in ids:
                yield ModelRef(name, self._catalog.ways.nearest(name, ids))

    def _preference(self, listing: Model) -> tuple[bool, bool, bool, float]:
        kind = self._plugins.providers[listing.provider].kind
        return is_free(listing.id), kind == "own-server", kind != "gateway", listing.input_price or _ENDLESS

    def _cheapest(self, listings: Sequence[Model]) -> Price:
        """Return the lowest price by tokens or, if none is known, what else is known of the price."""
        priced = [each for each in listings if each.input_price or each.output_price]
        metered = [each for each in priced if each.provider in self._metered]
        if metered:
            best = min(metered, key=lambda each: (each.input_price or 0, each.output_price or 0))
            return price(best, self._plugins.providers[best.provider])
        prices = [price(each, self._plugins.providers[each.provider]) for each in listings]
        return min(prices, key=lambda each: _KINDS.index(each.kind))

    @cached_property
    def _runnable(self) -> frozenset[str]:
        """The providers some of whose models may have a usable route."""
        return frozenset(filter(self._catalog.ways.may_run, self._plugins.providers))

    @cached_property
    def _vendors(self) -> frozenset[str]:
        return frozenset(name for name, each in self._plugins.providers.items() if each.kind == "vendor")

    @cached_property
    def _metered(self) -> frozenset[str]:
        """The providers whose prices are for tokens."""
        providers = self._plugins.providers.items()
        return frozenset(name for name, each in providers if not each.plan and not is_local(each, None))


_ENDLESS = float("inf")
_KINDS = ("free", "plan", "local", "unknown")
_NOBODY = ModelRef("", "")


def _no_word(_: ModelRef) -> None:
    return None
