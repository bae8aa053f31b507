"""The conformance kit: checks that find what is wrong with a plugin before it is used.

`check(path)` reads files only; with `run=True` it runs the plugin's program, or imports its Python, which is as much
trust as installing it. It takes a manifest or a folder with a `plugin.toml`, the project of a Python plugin (with a
`pyproject.toml`) or a single module, or a package without code that contains several manifests.
`polyroute plugins check` prints its findings. A plugin passes if no finding is an error.
"""

from __future__ import annotations

import os

from polyroute.errors import UsageError
from polyroute.plugins.manifests.discovery import MANIFEST
from polyroute.results import Finding

_PROJECT = "pyproject.toml"


def dangers(path: str) -> list[str]:
    """Return what `check` with `run` would do, as messages to display before the user is asked."""
    from polyroute.conformance import manifest
    from polyroute.plugins.manifests import loader
    from polyroute.plugins.trust import risks

    place = manifest.path_of(path)
    paths = [place] if os.path.isfile(place) else manifest.in_package(path)
    programs = [each for one in loader.load(paths) for each in risks.program(one)]
    return programs or ["is imported as Python code that runs as you: trusting it is trusting it with your account"]


def check(path: str, *, run: bool = False) -> list[Finding]:
    """Return all findings about the plugin at `path`, with `run` including those that appear when it runs.

    Raises UsageError if there is no plugin.
    """
    from polyroute.conformance import manifest, manifest_folder, python

    if os.path.basename(path) in (MANIFEST, _PROJECT):
        path = os.path.dirname(path) or "."
    if os.path.isfile(manifest.path_of(path)):
        return manifest_folder.check(path, run=run)
    if path.endswith(".py") or os.path.isfile(os.path.join(path, _PROJECT)):
        return python.check(path, run=run)
    if paths := manifest.in_package(path):
        return manifest_folder.check_all(paths, run=run)
    raise UsageError(f"{path} is not a plugin: it has no {MANIFEST} and no {_PROJECT}, and is not a Python module.")
