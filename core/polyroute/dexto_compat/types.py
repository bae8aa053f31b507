"""Types of the JSON fields that contain Dexto's name, as its clients expect them."""

from __future__ import annotations

import sys
from typing import Literal

if sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    from typing_extensions import TypedDict

FileType = Literal["pdf", "image", "audio", "video", "document"]
FileSource = Literal["huggingface", "manual"]
"""Where a model file was downloaded from."""
Paradigm = Literal["effort", "adaptive-effort", "thinking-level", "budget", "none"]
"""How a request says how much to reason."""


class GatewayAuth(TypedDict):
    """Whether Dexto's gateway can be used, and whether it is preferred."""

    hasDextoKey: bool
    """Whether the gateway can be used, that is, a key or a login was found."""
    preferDextoCredits: bool
    """Whether the gateway is preferred, by default or by the user's choice."""


class GatewayRouting(TypedDict):
    """Whether Dexto's gateway carries a provider's models."""

    canRouteViaDexto: bool
    """Whether Dexto's gateway may carry its models. It does not depend on a key."""


class GatewayTaken(TypedDict):
    """Whether a route leads to Dexto's gateway."""

    viaDexto: bool
    """Whether the route leads to Dexto's gateway."""
