"""All operations: what is routed, and what the OpenAPI document describes."""

from __future__ import annotations

from polyroute.server import (
    routes_about,
    routes_current,
    routes_custom,
    routes_gateway,
    routes_keys,
    routes_models,
    routes_picker,
    routes_preferences,
)
from polyroute.server.operations import Operation

OPERATIONS: tuple[Operation, ...] = (
    *routes_models.OPERATIONS,
    *routes_current.OPERATIONS,
    *routes_custom.OPERATIONS,
    *routes_keys.OPERATIONS,
    *routes_gateway.OPERATIONS,
    *routes_preferences.OPERATIONS,
    *routes_picker.OPERATIONS,
    *routes_about.OPERATIONS,
)
