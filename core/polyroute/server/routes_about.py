"""Operations about this installation: plugins, logins, local files."""

from __future__ import annotations

from polyroute import plugin_wire
from polyroute.dexto_compat import GATEWAY
from polyroute.dexto_compat.http import AUTH_STATUS_PATH
from polyroute.server import answers
from polyroute.server.operations import Call, Document, Operation


def _plugins(call: Call) -> Document:
    """The plugins, what they provide, and what is amiss."""
    return plugin_wire.plugins(call.catalog)


def _gateway_status(call: Call) -> Document:
    """Whether the gateway can be used."""
    gateway = call.listing.status.providers.get(GATEWAY)
    usable = gateway is not None and gateway.has_direct_key
    return {"enabled": gateway is not None, "authenticated": usable, "canUse": usable}


def _local_models(call: Call) -> Document:
    """Models installed on this machine; none are managed here."""
    return {"models": []}


OPERATIONS = (
    Operation("GET", "/plugins", _plugins, (answers.Plugins,), prepared=True),
    Operation("GET", AUTH_STATUS_PATH, _gateway_status, (answers.GatewayStatus,), prepared=True),
    Operation("GET", "/models/local", _local_models, (answers.LocalModels,), prepared=True),
)
