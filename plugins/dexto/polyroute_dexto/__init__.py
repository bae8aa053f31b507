"""Dexto: the gateway behind `DEXTO_API_KEY` or a login. It proxies OpenRouter, and maps IDs as that does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polyroute_openrouter
from polyroute import CustomModelRules, Detection, Environment, FetchedList, Mapper, Provider, Routeability, hookimpl
from polyroute_dexto._login import ENDPOINT, detect

PROVIDER_ID = "dexto"


@hookimpl
def polyroute_providers() -> Iterable[Provider]:
    """Dexto is never selected: one selects a model, not who pays."""
    yield Provider(
        PROVIDER_ID,
        "Dexto",
        "gateway",
        base_url=ENDPOINT,
        aliases=("dexto-nova",),
        selectable=False,
        custom_models=CustomModelRules(),  # Dexto's own files hold such: they are kept, and run through it
        documentation="https://docs.dexto.ai",
        key_variable="DEXTO_API_KEY",
        failures=polyroute_openrouter.FAILURES,
    )


@hookimpl
def polyroute_credentials(environment: Environment) -> Iterable[Detection]:
    """The gateway's key, and the OpenRouter key that Dexto's login may have brought."""
    return detect(environment)


@hookimpl
def polyroute_routeability() -> Iterable[Routeability]:
    """Dexto carries what OpenRouter does, and OpenRouter itself. Its credits come first unless told otherwise."""
    yield polyroute_openrouter.routeability(PROVIDER_ID, also=(polyroute_openrouter.PROVIDER_ID,), preferred=True)


@hookimpl
def polyroute_model_ids() -> Mapping[str, Mapper]:
    """OpenRouter's mapping function; there is no second one."""
    return {PROVIDER_ID: polyroute_openrouter.mapper()}


@hookimpl
def polyroute_lists() -> Iterable[FetchedList]:
    """OpenRouter's list, since Dexto maps by it."""
    yield polyroute_openrouter.fetched_list(PROVIDER_ID)
