"""Where manifests lie: in folders of their own, or several in the folder of a package. Nothing is read here."""

import os
from collections.abc import Iterable

MANIFEST = "plugin.toml"
PROJECT_PLUGINS = os.path.join(".polyroute", "plugins")
"""Where a project keeps plugins of its own."""


def in_folders(directory: str) -> list[str]:
    """The manifests of the plugins in a plugin folder, each in a folder of its own, by name."""
    try:
        with os.scandir(directory) as entries:
            names = sorted(each.name for each in entries if not each.name.startswith(".") and each.is_dir())
    except OSError:
        return []
    paths = (os.path.join(directory, name, MANIFEST) for name in names)
    return [path for path in paths if os.path.lexists(path)]


def in_package(folders: Iterable[str]) -> list[str]:
    """The manifests in the folders of a package, by name: each is a plugin of its own."""
    return sorted(
        os.path.join(folder, name) for folder in folders for name in os.listdir(folder) if name.endswith(".toml")
    )


def project_directory(start: str) -> str:
    """The plugin folder of the project that `start` is in; empty where there is none."""
    if not start:
        return ""
    folder = os.path.abspath(start)
    while not os.path.isdir(os.path.join(folder, PROJECT_PLUGINS)):
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent
    return os.path.join(folder, PROJECT_PLUGINS)
