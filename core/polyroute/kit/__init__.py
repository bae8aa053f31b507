"""The conformance kit: what is wrong with a plugin, found before anybody relies on it.

`check(path)` takes a folder with a `plugin.toml`, the project of a Python plugin (with a `pyproject.toml`), or a single
module; `polyroute plugins check` prints what it finds. A plugin passes where no finding is an error.
"""

from __future__ import annotations

import os
from typing import Literal, NamedTuple

from polyroute.errors import UsageError
from polyroute.manifests.manifests import MANIFEST

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

    if os.path.basename(path) == MANIFEST:
        path = os.path.dirname(path) or "."
    if os.path.isfile(os.path.join(path, MANIFEST)):
        found = manifest.check(path)
        if passes(found) and manifest.has_program(path):
            from polyroute.kit import executable

            found += executable.check(path)
        return found
    if path.endswith(".py") or os.path.isfile(os.path.join(path, "pyproject.toml")):
        return python.check(path)
    raise UsageError(f"{path} is no plugin: it has neither a {MANIFEST} nor a pyproject.toml, and is no Python module.")


def passes(findings: list[Finding]) -> bool:
    """Whether no finding is an error."""
    return all(each.severity != "error" for each in findings)
