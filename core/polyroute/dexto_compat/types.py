"""Declarations: the fields of JSON documents that Dexto's clients know under its name."""

from __future__ import annotations

import sys
from typing import Literal

if sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    from typing_extensions import TypedDict

FileType = Literal["pdf", "image", "audio", "video", "document"]


class GatewayAuth(TypedDict):
    """Whether Dexto's gateway can be used, and comes first."""

    hasDextoKey: bool
    """The gateway can be used: a key or a login is there."""
    preferDextoCredits: bool
    """The gateway is the preferred one, by default or by choice."""


class GatewayRouting(TypedDict):
    """Whether Dexto's gateway carries a provider's models."""

    canRouteViaDexto: bool
    """Dexto's gateway may carry its models, whether or not a key is there."""


class GatewayTaken(TypedDict):
    """Whether a route leads to Dexto's gateway."""

    viaDexto: bool
    """Whether the route leads to Dexto's gateway."""
