"""What a model costs, as far as a list says it."""

from __future__ import annotations

from polyroute.results import Price
from polyroute.types import Credential, Model, Provider

_FREE_SUFFIX = ":free"
_LOCAL, _FREE, _PLAN, _UNKNOWN = Price(0, 0, kind="local"), Price(0, 0, kind="free"), Price(kind="plan"), Price()


def price(listing: Model | None, provider: Provider, credential: Credential | None = None) -> Price:
    """Return what a model in the list of `provider` costs there, called with `credential`.

    Many lists have prices of zero for what they don't know, so a zero counts only if the ID says that it is free.
    """
    if is_local(provider, credential):
        return _LOCAL
    if listing is not None and (listing.input_price or listing.output_price):
        cached = listing.cache_read_price, listing.cache_write_price
        return Price(listing.input_price, listing.output_price, *cached, "plan" if provider.plan else "metered")
    if provider.plan:
        return _PLAN
    return _FREE if listing is not None and listing.id.endswith(_FREE_SUFFIX) else _UNKNOWN


def is_local(provider: Provider, credential: Credential | None) -> bool:
    """Return whether a provider is the user's own server, used without a key: then nobody is paid."""
    if provider.kind != "own-server" or not any(group.kind == "none" for group in provider.requirement):
        return False
    return credential is None or credential.source is None
