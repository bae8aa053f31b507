"""The conformance kit: checks that find what is wrong with a plugin before it is used.

`check(path)` takes a manifest or a folder with a `plugin.toml`, the project of a Python plugin (with a
`pyproject.toml`) or a single module, or a package without code that contains several manifests.
`polyroute plugins check` prints its findings. A plugin passes if no finding is an error.
"""

from __future__ import annotations

import os

from polyroute.errors import UsageError
from polyroute.plugins.manifests.discovery import MANIFEST
from polyroute.results import Finding

_PROJECT = "pyproject.toml"


def check(path: str) -> list[Finding]:
    """Return all findings about the plugin at `path`. Raises UsageError if there is no plugin."""
    from polyroute.conformance import manifest, manifest_folder, python

    if os.path.basename(path) in (MANIFEST, _PROJECT):
        path = os.path.dirname(path) or "."
    if os.path.isfile(manifest.path_of(path)):
        return manifest_folder.check(path)
    if path.endswith(".py") or os.path.isfile(os.path.join(path, _PROJECT)):
        return python.check(path)
    if paths := manifest.in_package(path):
        return manifest_folder.check_all(paths)
    raise UsageError(f"{path} is not a plugin: it has no {MANIFEST} and no {_PROJECT}, and is not a Python module.")
