"""Where Polyroute's own files live: under `POLYROUTE_HOME` where it is set, else where platformdirs says."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

_XDG = {"config": ("XDG_CONFIG_HOME", ".config"), "cache": ("XDG_CACHE_HOME", ".cache")}


def config_file(variables: Mapping[str, str]) -> str:
    """The person's `config.toml`."""
    home = variables.get("POLYROUTE_HOME", "").strip()
    return os.path.join(
        os.path.abspath(os.path.expanduser(home)) if home else _platform_directory("config", variables), "config.toml"
    )


def cache_directory() -> str:
    """Where derived data is kept; it belongs to the process, whoever's catalog is made from it."""
    home = os.environ.get("POLYROUTE_HOME", "").strip()
    return (
        os.path.join(os.path.abspath(os.path.expanduser(home)), "cache")
        if home
        else _platform_directory("cache", os.environ)
    )


def _platform_directory(kind: str, variables: Mapping[str, str]) -> str:
    # Importing platformdirs would cost a tenth of a whole `polyroute status`; a test holds this equal to it.
    # Another person's home than that of the process has no platform: it is laid out as on Linux.
    foreign = variables.get("HOME", "") not in ("", os.path.expanduser("~"))
    if foreign or (sys.platform == "linux" and "ANDROID_DATA" not in variables):
        variable, fallback = _XDG[kind]
        bases = variables.get(variable, ""), os.path.join(variables.get("HOME", "").rstrip("/"), fallback)
        for base in bases:
            if os.path.isabs(base):
                return os.path.join(base, "polyroute")
    import platformdirs

    directory = platformdirs.user_config_dir if kind == "config" else platformdirs.user_cache_dir
    return directory("polyroute", appauthor=False)
