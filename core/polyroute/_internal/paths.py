"""The paths of Polyroute's own files: under `POLYROUTE_HOME` if it is set, else where platformdirs puts them."""

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
    """Return the path of the user's `config.toml`."""
    return os.path.join(_own_home(variables) or _platform_directory("config", variables), "config.toml")


def plugins_directory(variables: Mapping[str, str]) -> str:
    """Return the user's plugin folder, which contains one folder for each plugin."""
    return os.path.join(_own_home(variables) or _platform_directory("data", variables), "plugins")


def state_directory(variables: Mapping[str, str]) -> str:
    """Return the folder of the user's state: favourites, approvals, names of stored keys."""
    own = _own_home(variables)
    return os.path.join(own, "state") if own else _platform_directory("state", variables)


def keyring_index(variables: Mapping[str, str]) -> str:
    """Return the path of the file with the names of the keys in the keyring, one per line."""
    return os.path.join(state_directory(variables), "keyring.names")


def cache_directory() -> str:
    """Return the folder of derived data. It depends on the process only, not on a user's environment."""
    own = _own_home(os.environ)
    return os.path.join(own, "cache") if own else _platform_directory("cache", os.environ)


def absolute_only(search_path: str) -> str:
    """Return a search path without its empty and relative entries, which mean the working directory."""
    return os.pathsep.join(filter(os.path.isabs, search_path.split(os.pathsep)))


def _own_home(variables: Mapping[str, str]) -> str:
    """Return `POLYROUTE_HOME`. A relative one is in the user's home: a project must not bring approvals of its own."""
    home = os.path.expanduser(variables.get("POLYROUTE_HOME", "").strip())
    return os.path.abspath(os.path.join(variables.get("HOME") or os.path.expanduser("~"), home)) if home else ""


def _platform_directory(kind: _Kind, variables: Mapping[str, str]) -> str:
    # Importing platformdirs takes a tenth of the time of `polyroute status`; a test checks that the results are equal.
    # A home other than that of the process may be on any platform: it is laid out as on Linux.
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
