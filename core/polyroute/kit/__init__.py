"""The conformance kit: what is wrong with a plugin, found before anybody relies on it.

`check(path)` takes a manifest, or a folder with a `plugin.toml`; the project of a Python plugin (with a
`pyproject.toml`), or a single module; or a package without code that holds several manifests. `polyroute plugins check`
prints what it finds. A plugin passes where no finding is an error.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal, NamedTuple

from polyroute.errors import UsageError
from polyroute.manifests.description import Description
from polyroute.manifests.finding import MANIFEST

_PROJECT = "pyproject.toml"

Severity = Literal["error", "warning", "advice"]


class Finding(NamedTuple):
    """One thing that a check has to say."""

    code: str
    """A short name for it, the same in every version: `base-url-missing`."""
    severity: Severity
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.severity}: {self.message} [{self.code}] {self.remedy}".rstrip()


def check(path: str) -> list[Finding]:
    """Everything that is to be said of the plugin at `path`. Raises UsageError where there is none."""
    from polyroute.kit import manifest, python

    if os.path.basename(path) in (MANIFEST, _PROJECT):
        path = os.path.dirname(path) or "."
    if os.path.isfile(manifest.path_of(path)):
        return _one(path)
    if path.endswith(".py") or os.path.isfile(os.path.join(path, _PROJECT)):
        return python.check(path)
    if paths := manifest.in_package(path):
        return several(paths)
    raise UsageError(f"{path} is no plugin: it has neither a {MANIFEST} nor a {_PROJECT}, and is no Python module.")


def several(paths: Sequence[str]) -> list[Finding]:
    """What is to be said of the manifests of one distribution; each finding names the file."""
    from polyroute.kit import manifest

    said = {path: manifest.sound(path) for path in paths}
    found = []
    for path in paths:
        beside = [each for other, each in said.items() if other != path]
        name = os.path.basename(path)
        found += [each._replace(message=f"{name}: {each.message}") for each in _one(path, beside)]
    return found


def _one(path: str, beside: Sequence[Description] = ()) -> list[Finding]:
    """What is to be said of a manifest and of the program that it grants, which is run."""
    from polyroute.kit import manifest

    found = manifest.check(path, beside)
    if passes(found) and manifest.has_program(path):
        from polyroute.kit import executable

        found += executable.check(path)
    return found


def passes(findings: list[Finding]) -> bool:
    """Whether no finding is an error."""
    return all(each.severity != "error" for each in findings)
