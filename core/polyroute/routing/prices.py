"""What a model costs, as far as a list says it."""

from __future__ import annotations

from polyroute.results import Offer, Price
from polyroute.types import Credential, Model, Provider

_FREE_SUFFIX = ":free"
_NOTHING = Price(0, 0)


def price(listing: Model | None, provider: Provider, credential: Credential | None = None) -> Price:
    """Return what a model in the list of `provider` costs there, called with `credential`.

    Many lists have prices of zero for what they don't know, so a zero counts only if the ID says that it is free.
    """
    if is_local(provider, credential):
        return _NOTHING._replace(kind="local")
    if listing is None:
        return Price(kind="plan" if provider.plan else "unknown")
    known = Price(listing.input_price, listing.output_price, listing.cache_read_price, listing.cache_write_price)
    if provider.plan:
        return (known if known.input or known.output else Price())._replace(kind="plan")
    if listing.id.endswith(_FREE_SUFFIX) and not (known.input or known.output):
        return _NOTHING._replace(kind="free")
    return known._replace(kind="metered") if known.input or known.output else Price()


def is_local(provider: Provider, credential: Credential | None) -> bool:
    """Return whether a provider is the user's own server, used without a key: then nobody is paid."""
    if provider.kind != "own-server" or not any(group.kind == "none" for group in provider.requirement):
        return False
    return credential is None or credential.source is None


def is_unasked(offer: Offer) -> bool:
    """Return whether an offer leads to the user's own server, which may not be running."""
    return offer.price.kind == "local"
