"""Operations on plugins."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from polyroute.documents import plugins as documents
from polyroute.documents.http_user_types import PluginSwitched
from polyroute.documents.plugin_types import PluginsDocument
from polyroute.errors import UsageError
from polyroute.plugins import switching
from polyroute.server.errors import ApiError
from polyroute.server.operations import Operation, OperationCall
from polyroute.server.schemas import Body


class PluginSwitchBody(Body):
    """A plugin, and whether it may be used."""

    plugin: Annotated[str, Field(min_length=1, max_length=500)]
    enabled: bool


def _plugins(call: OperationCall) -> PluginsDocument:
    """List the plugins, what they provide, and their problems."""
    return documents.plugins(call.catalog)


def _switched(call: OperationCall) -> PluginSwitched:
    """Switch a plugin off, or on again. This approves nothing: one that needs approval still needs it."""
    call.require_this_machine("The users of the server share its plugins.", "Ask whoever runs the server.")
    body = call.body(PluginSwitchBody)
    try:
        plugin = switching.switch(body.plugin, call.catalog.plugins, call.catalog.environment, on=body.enabled)
    except UsageError as error:
        raise ApiError("plugin_unknown", error.fault, "not_found", recovery=error.remedy) from None
    return {"ok": True, "plugin": plugin.name, "enabled": body.enabled}


OPERATIONS = (
    Operation("GET", "/plugins", _plugins, cached_for="user"),
    Operation("POST", "/plugins/switch", _switched, body=PluginSwitchBody, lane="writing"),
)
