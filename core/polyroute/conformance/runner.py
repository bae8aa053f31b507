"""The conformance kit: checks that find what is wrong with a plugin before it is used.

`check(path)` takes a manifest or a folder with a `plugin.toml`, the project of a Python plugin (with a
`pyproject.toml`) or a single module, or a package without code that contains several manifests.
`polyroute plugins check` prints its findings. A plugin passes if no finding is an error.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from polyroute.conformance.findings import Finding
from polyroute.errors import UsageError
from polyroute.plugins.manifests.description import Description
from polyroute.plugins.manifests.loader import MANIFEST

_PROJECT = "pyproject.toml"


def check(path: str) -> list[Finding]:
    """Return all findings about the plugin at `path`. Raises UsageError if there is no plugin."""
    from polyroute.conformance import manifest, python

    if os.path.basename(path) in (MANIFEST, _PROJECT):
        path = os.path.dirname(path) or "."
    if os.path.isfile(manifest.path_of(path)):
        return _one(path)
    if path.endswith(".py") or os.path.isfile(os.path.join(path, _PROJECT)):
        return python.check(path)
    if paths := manifest.in_package(path):
        return several(paths)
    raise UsageError(f"{path} is not a plugin: it has no {MANIFEST} and no {_PROJECT}, and is not a Python module.")


def several(paths: Sequence[str]) -> list[Finding]:
    """Return the findings about the manifests of one distribution; each finding names the file."""
    from polyroute.conformance import manifest

    said = {path: manifest.sound(path) for path in paths}
    found = []
    for path in paths:
        beside = [each for other, each in said.items() if other != path]
        name = os.path.basename(path)
        found += [each._replace(message=f"{name}: {each.message}") for each in _one(path, beside)]
    return found


def _one(path: str, beside: Sequence[Description] = ()) -> list[Finding]:
    """Return the findings about a manifest and its executable, which is run."""
    from polyroute.conformance import manifest

    found = manifest.check(path, beside)
    if passes(found) and manifest.has_program(path):
        from polyroute.conformance import executable

        found += executable.check(path)
    return found


def passes(findings: list[Finding]) -> bool:
    """Return whether no finding is an error."""
    return all(each.severity != "error" for each in findings)
