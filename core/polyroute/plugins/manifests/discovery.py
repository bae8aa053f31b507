"""Find manifests: one in each plugin folder, or several in the folder of a package. Their content is not read."""

from __future__ import annotations

import os
from collections.abc import Iterable

MANIFEST = "plugin.toml"
PROJECT_PLUGINS = os.path.join(".polyroute", "plugins")
"""The folder of a project's own plugins, relative to the project."""


def in_folders(directory: str) -> list[str]:
    """Return the paths of the manifests in the subfolders of a plugin folder, sorted by name."""
    try:
        names = sorted(name for name in os.listdir(directory) if not name.startswith("."))
    except OSError:
        return []
    paths = (os.path.join(directory, name, MANIFEST) for name in names)
    return [path for path in paths if os.path.lexists(path)]  # never so below a file


def in_package(folders: Iterable[str]) -> list[str]:
    """Return the paths of the manifests in the folders of a package, sorted. Each is a separate plugin."""
    return sorted(
        os.path.join(folder, name) for folder in folders for name in os.listdir(folder) if name.endswith(".toml")
    )


def project_directory(start: str) -> str:
    """Return the plugin folder of the project that contains `start`; empty if there is none."""
    if not start:
        return ""
    folder = os.path.abspath(start)
    while not os.path.isdir(os.path.join(folder, PROJECT_PLUGINS)):
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent
    return os.path.join(folder, PROJECT_PLUGINS)
