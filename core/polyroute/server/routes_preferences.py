"""Operations about what the person prefers."""

from __future__ import annotations

from collections.abc import Mapping

from polyroute import preferences
from polyroute.dexto_compat import GATEWAY
from polyroute.documents.http_own_types import Preferences
from polyroute.documents.http_types import Done
from polyroute.routing.order import checked
from polyroute.server.operations import Call, Operation
from polyroute.server.schemas import PreferencesBody
from polyroute.types import DIRECT


def _preferences(call: Call) -> Preferences:
    """Which route comes first, what is pinned, and what is disabled."""
    own = call.catalog.preferences
    return {
        "prefer": own.prefer or None,
        "first": call.catalog.preferred,
        "order": list(own.order),
        "pins": dict(own.pins),
        "disabled": sorted(own.disabled_providers),
        "routes": [DIRECT, *call.catalog.plugins.gateways],
        "auth": call.listing.auth,
    }


def _changed(call: Call) -> Done:
    """Change preferences, all at once; what is left out stays, and null takes it away."""
    body = call.body(PreferencesBody)
    plugins = call.catalog.plugins
    values: dict[str, str | list[str] | None] = {}
    if "preferCredits" in body.model_fields_set:
        values["prefer"] = GATEWAY if body.preferCredits else DIRECT
    if "prefer" in body.model_fields_set:
        values["prefer"] = checked(body.prefer, "", plugins)[0] if body.prefer else None
    if "order" in body.model_fields_set:
        values["order"] = [checked(via, "", plugins)[0] for via in body.order] or None
    if "disabled" in body.model_fields_set:
        values["disable_providers"] = sorted({plugins.find(name).id for name in body.disabled}) or None
    preferences.change(call.catalog.environment, values, _pins(body.pins, call), plugins.names)
    return {"ok": True}


def _pins(pins: Mapping[str, str | None], call: Call) -> dict[str, str | None]:
    """Pins by the IDs of their providers; one that is taken away need not be right."""
    plugins = call.catalog.plugins
    return dict((target, None) if via is None else checked(via, target, plugins)[::-1] for target, via in pins.items())


_PATH = "/llm/preferences"
OPERATIONS = (
    Operation("GET", _PATH, _preferences, prepared=True),
    Operation("PUT", _PATH, _changed, body=PreferencesBody, lane="writing"),
)
