"""OpenRouter: the provider, and the gateway to every vendor that its model list offers.

`routeability` and `mapper` are public: a gateway that proxies OpenRouter uses them instead of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from polyroute import (
    Alternative,
    CustomModelRules,
    Group,
    Mapper,
    Model,
    Provider,
    Routeability,
    Slot,
    hookimpl,
)
from polyroute_openrouter._lists import lists_identity, models, offered_namespaces, scheme, table

PROVIDER_ID = "openrouter"

__all__ = ["PROVIDER_ID", "mapper", "routeability", "scheme"]


def routeability(gateway: str, *, also: tuple[str, ...] = (), preferred: bool = False) -> Routeability:
    """The rule of a gateway that carries what OpenRouter does, and the providers in `also`."""
    names = table()
    return Routeability(
        gateway, offered_namespaces(), names["namespaces"], (*names["by_name"], *also), preferred=preferred
    )


def mapper() -> Mapper:
    """The one mapping of model IDs to OpenRouter's: the same object for all who ask while the lists are the same."""
    return _mapper(lists_identity())


@lru_cache(maxsize=1)
def _mapper(identity: object) -> Mapper:
    from polyroute.mapping import SchemeMapper  # here, since status needs no mapping

    return SchemeMapper(scheme)


@hookimpl
def polyroute_providers() -> Iterable[Provider]:
    """OpenRouter as a provider of its own: any of its model IDs can be selected, listed or not."""
    key = Slot("key", (Alternative("OPENROUTER_API_KEY"),), secret=True)
    yield Provider(
        PROVIDER_ID,
        "OpenRouter",
        "gateway",
        (Group((key,)),),
        "https://openrouter.ai/api/v1",
        custom_models=CustomModelRules(),
        documentation="https://openrouter.ai/docs",
        also_speaks=("openai-responses", "anthropic-messages"),  # POST /responses and /messages in its API reference
    )


@hookimpl
def polyroute_routeability() -> Iterable[Routeability]:
    """OpenRouter carries the vendors in its list, and groq by name."""
    yield routeability(PROVIDER_ID)


@hookimpl
def polyroute_model_ids() -> Mapping[str, Mapper]:
    """OpenRouter's own IDs are kept to the letter, others looked up in its list."""
    return {PROVIDER_ID: mapper()}


@hookimpl
def polyroute_models(provider_ids: frozenset[str]) -> Iterable[Model]:
    """OpenRouter's list."""
    return models() if PROVIDER_ID in provider_ids else ()
