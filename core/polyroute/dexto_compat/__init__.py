"""What compatibility with Dexto asks for: the only module of the core that names a provider.

Paths of the files that both share on one machine, and the wire names that Dexto's clients know.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from polyroute.dexto_compat.types import GatewayAuth

GATEWAY = "dexto"
CAN_ROUTE_FIELD: Final = "canRouteViaDexto"

DEFAULT_CUSTOM_PROVIDER = "openai-compatible"
"""Whose a custom model is that names no provider."""


def shared_home(variables: Mapping[str, str], home: str) -> str:
    """The folder shared with Dexto: `DEXTO_HOME`, or `.dexto` in the person's home."""
    moved = variables.get("DEXTO_HOME", "").strip()
    if moved.startswith("~/"):
        moved = home + moved[1:]
    return os.path.abspath(moved) if moved else os.path.join(home, ".dexto")


def global_dotenv_path(variables: Mapping[str, str], home: str) -> str:
    """The person's global `.env`."""
    return os.path.join(shared_home(variables, home), ".env")


def custom_models_path(shared_home: str) -> str:
    """The file of the person's own models."""
    return os.path.join(shared_home, "models", "custom-models.json")


def auth_fields(has_gateway_key: bool, preferred: str) -> GatewayAuth:
    """The `auth` object of status and catalog."""
    return {"hasDextoKey": has_gateway_key, "preferDextoCredits": preferred == GATEWAY}
