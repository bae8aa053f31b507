"""OpenRouter as a provider, and as a gateway to every vendor in its model list.

`routeability`, `mapper`, `fetched_list` and `FAILURES` are public: a gateway that proxies OpenRouter uses them instead
of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from polyroute import (
    Address,
    Alternative,
    CustomModelRules,
    FailureRule,
    FetchedList,
    Group,
    Mapper,
    Model,
    Probe,
    Provider,
    Routeability,
    Slot,
    hookimpl,
)
from polyroute_openrouter._lists import LIST, facts, lists_identity, models, scheme, sources

PROVIDER_ID = "openrouter"
BASE_URL = "https://openrouter.ai/api/v1"

FAILURES = (
    # The model is there, but the user's own setting or content keeps it back:
    # https://openrouter.ai/docs/features/privacy-and-logging, https://openrouter.ai/docs/api-reference/errors
    FailureRule("caller", (400, 403, 404), ("data policy", "moderation", "flagged")),
    # No endpoint of the model does what the request asks for: https://openrouter.ai/docs/features/provider-routing
    FailureRule("caller", (404,), ("no endpoints found that", "no endpoints found matching")),
    # A key's own limit: https://openrouter.ai/docs/api-reference/limits
    FailureRule("no_credit", (400, 403, 429), ("key limit exceeded",)),
    FailureRule("not_offered", (400, 404), ("is not a valid model ID", "no endpoints found for")),
    # A day's quota of free models: https://openrouter.ai/docs/api-reference/limits
    FailureRule("no_credit", (429,), ("free-models-per-day",)),
)
"""How it words errors beyond what most endpoints say."""
_BILLING_PAGE = "https://openrouter.ai/settings/credits"
_KEYS_PAGE = "https://openrouter.ai/settings/keys"

__all__ = ["FAILURES", "PROVIDER_ID", "fetched_list", "mapper", "routeability", "scheme"]


def routeability(gateway: str, *, also: tuple[str, ...] = (), preferred: bool = False) -> Routeability:
    """Return the rule of a gateway that carries what OpenRouter carries, and the providers in `also`."""
    known = facts()
    by_name = (*known.by_name, *also)
    rule = Routeability(gateway, frozenset(known.offered), known.namespaces, by_name, preferred=preferred)
    return rule._replace(makers=known.makers, rank=0)


def mapper() -> Mapper:
    """Return the mapper of model IDs to OpenRouter's. It is the same object as long as the lists are unchanged."""
    return _mapper(lists_identity())


@lru_cache(maxsize=1)
def _mapper(identity: object) -> Mapper:
    from polyroute.model_ids import SchemeMapper  # imported here because `status` does not need it

    return SchemeMapper(scheme, sources())


def fetched_list(gateway: str) -> FetchedList:
    """Return OpenRouter's public list, for a gateway whose mapping uses it."""
    known = facts()
    return FetchedList(LIST, f"{BASE_URL}/models", _check, known.day, known.listed, (gateway,))


def _check(document: Any) -> int:
    from polyroute_openrouter import _fetched

    return _fetched.check(document)


@hookimpl
def polyroute_providers() -> Iterable[Provider]:
    """Return OpenRouter as a provider: users can select any of its model IDs, listed or not."""
    key = Slot("key", (Alternative("OPENROUTER_API_KEY"),), secret=True)
    yield Provider(
        PROVIDER_ID,
        "OpenRouter",
        "gateway",
        (Group((key,)),),
        BASE_URL,
        custom_models=CustomModelRules(),
        documentation="https://openrouter.ai/docs",
        also_speaks=("openai-responses", "anthropic-messages"),  # POST /responses and /messages in its API reference
        billing_page=_BILLING_PAGE,
        keys_page=_KEYS_PAGE,
        key_prefixes=("sk-or-",),
        # LiteLLM's name, and that of most scripts with OpenAI's SDK
        address=Address(("OPENROUTER_BASE_URL", "OPENROUTER_API_BASE"), path="/api/v1"),
    )


@hookimpl
def polyroute_routeability() -> Iterable[Routeability]:
    """OpenRouter carries the vendors in its list, and groq, which is declared by name."""
    yield routeability(PROVIDER_ID)


@hookimpl
def polyroute_model_ids() -> Mapping[str, Mapper]:
    """Return the mapper: OpenRouter's own IDs are kept unchanged, others are looked up in its list."""
    return {PROVIDER_ID: mapper()}


@hookimpl
def polyroute_models(provider_ids: frozenset[str]) -> Iterable[Model]:
    """Return the models in OpenRouter's list."""
    return models() if PROVIDER_ID in provider_ids else ()


@hookimpl
def polyroute_lists() -> Iterable[FetchedList]:
    """Return OpenRouter's own list, in which model IDs are looked up."""
    yield fetched_list(PROVIDER_ID)


@hookimpl
def polyroute_failures() -> Mapping[str, Iterable[FailureRule]]:
    """Return how OpenRouter words errors beyond the general rules."""
    return {PROVIDER_ID: FAILURES}


@hookimpl
def polyroute_verifications() -> Iterable[Probe]:
    """Return a probe that reports what is left of a key's limit: https://openrouter.ai/docs/api-reference/limits."""
    yield Probe(PROVIDER_ID, "/key", remaining="data.limit_remaining")
