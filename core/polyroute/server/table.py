"""The table of all operations, from which routes and the OpenAPI document are generated."""

from __future__ import annotations

from polyroute.server.operations import Operation
from polyroute.server.routes import (
    catalog,
    current_model,
    custom_models,
    local_models,
    models,
    plugins,
    providers,
    user,
)

OPERATIONS: tuple[Operation, ...] = (
    *catalog.OPERATIONS,
    *plugins.OPERATIONS,
    *models.OPERATIONS,
    *providers.OPERATIONS,
    *current_model.OPERATIONS,
    *custom_models.OPERATIONS,
    *local_models.OPERATIONS,
    *user.OPERATIONS,
)

FIRST = next(each for each in OPERATIONS if each.path == "/llm/models")
"""The operation that a page needs first and that takes longest."""
