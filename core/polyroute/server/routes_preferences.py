"""Operations about what the person prefers."""

from __future__ import annotations

from polyroute.server import answers_person
from polyroute.server.operations import Call, Document, Operation


def _preferences(call: Call) -> Document:
    """Which route comes first, what is pinned, and what is disabled."""
    preferences = call.catalog.preferences
    return {
        "prefer": preferences.prefer or None,
        "first": call.listing.status.preferred,
        "order": list(preferences.order),
        "pins": dict(preferences.pins),
        "disabled": sorted(preferences.disabled_providers),
        "routes": ["direct", *call.catalog.plugins.gateways],
        "auth": call.listing.auth,
    }


OPERATIONS = (Operation("GET", "/llm/preferences", _preferences, (answers_person.Preferences,), prepared=True),)
