"""Acme Cloud, where the models are deployments: each user has others."""

from __future__ import annotations

import json
from collections.abc import Iterable

from polyroute import Alternative, Environment, Group, Model, Provider, Slot, hookimpl

DEPLOYMENTS = "~/.acme-cloud/deployments.json"
"""What `acme-cloud deploy` keeps: `[{"name": "support-chat", "model": "acme-large", "context": 128000}]`."""


@hookimpl
def polyroute_providers() -> Iterable[Provider]:
    """Acme Cloud, called at the user's own resource."""
    key = Slot("key", (Alternative("ACME_CLOUD_KEY"),), secret=True)
    resource = Slot("resource", (Alternative("ACME_CLOUD_RESOURCE"),), check="slug")
    base_url = "https://${resource}.acme-cloud.example/v1"
    yield Provider("acme-cloud", "Acme Cloud", "own-cloud", (Group((key, resource)),), base_url)


@hookimpl
def polyroute_models(provider_ids: frozenset[str], environment: Environment) -> Iterable[Model]:
    """The deployments of whoever asks: an implementation that takes `environment` is asked for each user."""
    if "acme-cloud" not in provider_ids:
        return
    text = environment.read(environment.path(DEPLOYMENTS))
    for each in json.loads(text or "[]"):
        yield Model("acme-cloud", each["name"], f"{each['name']} ({each['model']})", context=each.get("context"))
