"""Dexto: a gateway with `DEXTO_API_KEY` or a login. It proxies OpenRouter and uses the same model IDs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polyroute_openrouter
from polyroute import (
    CustomModelRules,
    Detection,
    Environment,
    FailureRule,
    FetchedList,
    Mapper,
    Provider,
    Routeability,
    hookimpl,
)
from polyroute_dexto._login import ENDPOINT, detect

PROVIDER_ID = "dexto"


@hookimpl
def polyroute_providers() -> Iterable[Provider]:
    """Return Dexto, which is not selectable: users select a model, not who pays for it."""
    yield Provider(
        PROVIDER_ID,
        "Dexto",
        "gateway",
        base_url=ENDPOINT,
        aliases=("dexto-nova",),
        selectable=False,
        custom_models=CustomModelRules(),  # Dexto's own files contain them: they are preserved and run through it
        documentation="https://docs.dexto.ai",
        key_variable="DEXTO_API_KEY",
    )


@hookimpl
def polyroute_credentials(environment: Environment) -> Iterable[Detection]:
    """Return the gateway's key, and the OpenRouter key that a Dexto login may contain."""
    return detect(environment)


@hookimpl
def polyroute_routeability() -> Iterable[Routeability]:
    """Dexto carries what OpenRouter carries, and OpenRouter itself. It is the preferred gateway by default."""
    yield polyroute_openrouter.routeability(PROVIDER_ID, also=(polyroute_openrouter.PROVIDER_ID,), preferred=True)


@hookimpl
def polyroute_model_ids() -> Mapping[str, Mapper]:
    """Return OpenRouter's mapper."""
    return {PROVIDER_ID: polyroute_openrouter.mapper()}


@hookimpl
def polyroute_lists() -> Iterable[FetchedList]:
    """Return OpenRouter's list, which Dexto's mapping uses."""
    yield polyroute_openrouter.fetched_list(PROVIDER_ID)


@hookimpl
def polyroute_failures() -> Mapping[str, Iterable[FailureRule]]:
    """Return OpenRouter's rules, since Dexto passes on its errors."""
    return {PROVIDER_ID: polyroute_openrouter.FAILURES}
