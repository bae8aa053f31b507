"""Where Polyroute's own files live: under `POLYROUTE_HOME` where it is set, else where platformdirs says."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Literal

_Kind = Literal["config", "cache", "data", "state"]
_XDG: Mapping[_Kind, tuple[str, str]] = {
    "config": ("XDG_CONFIG_HOME", ".config"),
    "cache": ("XDG_CACHE_HOME", ".cache"),
    "data": ("XDG_DATA_HOME", ".local/share"),
    "state": ("XDG_STATE_HOME", ".local/state"),
}


def config_file(variables: Mapping[str, str]) -> str:
    """The user's `config.toml`."""
    return os.path.join(_own_home(variables) or _platform_directory("config", variables), "config.toml")


def plugins_directory(variables: Mapping[str, str]) -> str:
    """The user's plugin folder: one folder for each plugin."""
    return os.path.join(_own_home(variables) or _platform_directory("data", variables), "plugins")


def state_directory(variables: Mapping[str, str]) -> str:
    """What Polyroute remembers for the user: favourites, approvals, names of stored keys."""
    own = _own_home(variables)
    return os.path.join(own, "state") if own else _platform_directory("state", variables)


def keyring_index(variables: Mapping[str, str]) -> str:
    """The names of the keys that are in the keyring, one a line."""
    return os.path.join(state_directory(variables), "keyring.names")


def cache_directory() -> str:
    """Where derived data is kept; it belongs to the process, whoever's catalog is made from it."""
    own = _own_home(os.environ)
    return os.path.join(own, "cache") if own else _platform_directory("cache", os.environ)


def _own_home(variables: Mapping[str, str]) -> str:
    home = variables.get("POLYROUTE_HOME", "").strip()
    return os.path.abspath(os.path.expanduser(home)) if home else ""


def _platform_directory(kind: _Kind, variables: Mapping[str, str]) -> str:
    # Importing platformdirs would cost a tenth of a whole `polyroute status`; a test holds this equal to it.
    # Another user's home than that of the process has no platform: it is laid out as on Linux.
    foreign = variables.get("HOME", "") not in ("", os.path.expanduser("~"))
    if foreign or (sys.platform == "linux" and "ANDROID_DATA" not in variables):
        variable, fallback = _XDG[kind]
        bases = variables.get(variable, ""), os.path.join(variables.get("HOME", "").rstrip("/"), fallback)
        for base in bases:
            if os.path.isabs(base):
                return os.path.join(base, "polyroute")
    import platformdirs

    directory: str = getattr(platformdirs, f"user_{kind}_dir")("polyroute", appauthor=False)
    return directory
