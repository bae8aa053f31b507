"""Operations about this installation: plugins, logins, local files."""

from __future__ import annotations

from polyroute.dexto_compat import GATEWAY
from polyroute.dexto_compat.http import AUTH_STATUS_PATH
from polyroute.documents import plugins
from polyroute.documents.http_types import GatewayStatus, LocalModels
from polyroute.documents.plugin_types import Plugins
from polyroute.server.operations import Call, Operation


def _plugins(call: Call) -> Plugins:
    """The plugins, what they provide, and what is amiss."""
    return plugins.plugins(call.catalog)


def _gateway_status(call: Call) -> GatewayStatus:
    """Whether the gateway can be used."""
    gateway = call.listing.status.providers.get(GATEWAY)
    usable = gateway is not None and gateway.has_direct_key
    return {"enabled": gateway is not None, "authenticated": usable, "canUse": usable}


def _local_models(call: Call) -> LocalModels:
    """Models installed on this machine; none are managed here."""
    return {"models": []}


OPERATIONS = (
    Operation("GET", "/plugins", _plugins, prepared=True),
    Operation("GET", AUTH_STATUS_PATH, _gateway_status, prepared=True),
    Operation("GET", "/models/local", _local_models, prepared=True),
)
