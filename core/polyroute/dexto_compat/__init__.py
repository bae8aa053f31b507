"""Names that compatibility with Dexto requires. Only this package of the core names providers.

It holds the paths of files that both share on a machine, and the wire names that Dexto's clients use.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from polyroute.dexto_compat.types import GatewayAuth

GATEWAY = "dexto"
GATEWAY_SELECTION = "dexto-nova"
"""The name by which users of Dexto select a model at the gateway: an alias of the gateway."""
LIST_GATEWAY = "openrouter"
"""The gateway whose list has the IDs of such models, and of custom models."""
SHARING_TOOL = "Dexto"
"""The tool that reads and writes the same files, as messages call it."""
CAN_ROUTE_FIELD: Final = "canRouteViaDexto"

DEFAULT_CUSTOM_PROVIDER = "openai-compatible"
"""The provider of a custom model that names none."""


def shared_home(variables: Mapping[str, str], home: str) -> str:
    """Return the folder shared with Dexto: `DEXTO_HOME`, or `.dexto` in the user's home."""
    moved = variables.get("DEXTO_HOME", "").strip()
    if moved.startswith("~/"):
        moved = home + moved[1:]
    return os.path.abspath(moved) if moved else os.path.join(home, ".dexto")


def global_dotenv_path(variables: Mapping[str, str], home: str) -> str:
    """Return the path of the user's global `.env` file."""
    return os.path.join(shared_home(variables, home), ".env")


def custom_models_path(shared_home: str) -> str:
    """Return the path of the file of the user's custom models."""
    return os.path.join(shared_home, "models", "custom-models.json")


def picker_state_path(shared_home: str) -> str:
    """Return the path of the favourites and recents of Dexto's picker."""
    return os.path.join(shared_home, "models", "model-picker-state.json")


def installed_models_path(shared_home: str) -> str:
    """Return the path of the list of the model files that Dexto has installed."""
    return os.path.join(shared_home, "models", "state.json")


def preferences_path(shared_home: str) -> str:
    """Return the path of the user's preferences for Dexto, with the default model."""
    return os.path.join(shared_home, "preferences.yml")


def auth_fields(has_gateway_key: bool, preferred: str) -> GatewayAuth:
    """Return the `auth` object of the status and the catalog."""
    return {"hasDextoKey": has_gateway_key, "preferDextoCredits": preferred == GATEWAY}
