"""Checks of manifests together with their executables, and of several manifests in one distribution."""

from __future__ import annotations

import os
from collections.abc import Sequence

from polyroute.conformance import manifest
from polyroute.plugins.manifests.description import Description
from polyroute.results import Finding, passes


def check_all(paths: Sequence[str], *, run: bool) -> list[Finding]:
    """Return the findings about the manifests of one distribution; each finding names the file."""
    said = {path: manifest.sound(path) for path in paths}
    found = []
    for path in paths:
        beside = [each for other, each in said.items() if other != path]
        name = os.path.basename(path)
        found += [each._replace(message=f"{name}: {each.message}") for each in check(path, beside, run=run)]
    return found


def check(path: str, beside: Sequence[Description] = (), *, run: bool) -> list[Finding]:
    """Return the findings about a manifest and, with `run`, about its executable."""
    found = manifest.check(path, beside)
    if not (passes(found) and manifest.has_program(path)):
        return found
    if not run:
        message = "its program was not run, so what it responds is unknown"
        return [*found, Finding("not-run", "advice", message, "To run it: --run.")]
    from polyroute.conformance import executable

    return [*found, *executable.check(path)]
