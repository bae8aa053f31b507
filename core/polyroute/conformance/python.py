"""Checks of a Python plugin: of its files, or of what it does when it is loaded in a separate process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from polyroute._internal import files, platform
from polyroute.conformance import manifest, manifest_folder, python_source
from polyroute.errors import UsageError
from polyroute.plugins.manifests.discovery import MANIFEST
from polyroute.results import Finding

_SECONDS = 30
_MARK = "\x00findings:"
"""Marks the beginning of the findings, after anything that the plugin prints."""


def check(path: str, *, run: bool) -> list[Finding]:
    """Return the findings about a module, or about the project whose `pyproject.toml` names one.

    The module is imported only with `run`.
    """
    if path.endswith(".py"):
        folder, name = os.path.split(os.path.abspath(path))
        findings, targets = list[Finding](), [name.removesuffix(".py")]
    else:
        project = _project(path)
        findings, targets = [*_about_project(project)], list(dict.fromkeys(map(str, _entry_points(project).values())))
        folder = _source_folder(path)
    for target in targets:
        package = os.path.join(folder, *target.partition(":")[0].split("."))
        if target.endswith(f":{MANIFEST}"):
            findings += _carried(package, run=run)
        elif paths := manifest.in_package(package):
            findings += manifest_folder.check_all(paths, run=run)
        else:
            findings += _loaded(folder, target) if run else python_source.check(folder, target)
    return findings


def _carried(place: str, *, run: bool) -> list[Finding]:
    """Return the findings about a distribution that carries a manifest, which has the distribution's version."""
    if not os.path.isfile(os.path.join(place, MANIFEST)):
        remedy = "Name the package that contains it: PACKAGE:plugin.toml."
        return [Finding("manifest-missing", "error", f"there is no {MANIFEST} in {place}", remedy)]
    return [each for each in manifest_folder.check(place, run=run) if each.code != "version-missing"]


def _project(path: str) -> Mapping[str, Any]:
    """Return the table `project` of a folder's `pyproject.toml`. Raises UsageError if the file can't be read."""
    import tomllib

    try:
        text = files.read_text(os.path.join(path, "pyproject.toml"))
        table: Mapping[str, Any] = tomllib.loads(text).get("project", {})
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}/pyproject.toml can't be read: {error}") from None
    return table


def _entry_points(project: Mapping[str, Any]) -> Mapping[str, Any]:
    points: Mapping[str, Any] = project.get("entry-points", {}).get("polyroute", {})
    return points


def _source_folder(path: str) -> str:
    """Return the folder to import from."""
    source = os.path.join(path, "src")
    return os.path.abspath(source if os.path.isdir(source) else path)


def _about_project(project: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the findings about a distribution's metadata."""
    if not _entry_points(project):
        remedy = 'Add [project.entry-points.polyroute] with NAME = "MODULE".'
        yield Finding("entry-point-missing", "error", "it has no entry point, so it is not found", remedy)
    if not project.get("version") and "version" not in project.get("dynamic", ()):
        yield Finding("version-missing", "error", "the distribution has no version")
    if not any(str(each).startswith("polyroute") for each in project.get("dependencies", ())):
        yield Finding("dependency-missing", "warning", "it does not depend on `polyroute`")


def _loaded(folder: str, target: str) -> Iterator[Finding]:
    """Yield the findings about a plugin after loading it."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-P", "-m", "polyroute.conformance.python", folder, target, home]
        own = {"POLYROUTE_HOME": home, "PYTHONDONTWRITEBYTECODE": "1"}
        environment = platform.variables_for_python(home) | own
        try:
            done = subprocess.run(  # noqa: S603 - the author's own plugin
                command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            yield Finding("hangs", "error", f"it did not finish within {_SECONDS} seconds", "Open no connection.")
            return
    _, mark, told = done.stdout.rpartition(_MARK)
    if not mark:
        last = done.stderr.strip().rpartition("\n")[2]
        yield Finding("ends-its-host", "error", f"the process ended while the plugin was loaded: {last}")
        return
    yield from (Finding(*each) for each in json.loads(told))
    if done.stdout.partition(_MARK)[0] or done.stderr:
        yield Finding("prints", "warning", "it prints while its hooks are called", "Use the module `logging`.")


def _main(folder: str, target: str, home: str) -> None:
    from polyroute._internal.containment import describe, pass_on
    from polyroute.conformance.contract import findings
    from polyroute.plugins.entry_points import import_target

    sys.path.insert(0, folder)
    try:
        found = list(findings(import_target(target), home))
    except BaseException as error:
        pass_on(error)
        found = [Finding("not-imported", "error", f"{target} can't be imported: {describe(error)}")]
    print(_MARK + json.dumps(found))


if __name__ == "__main__":
    _main(*sys.argv[1:])
