"""Building the example executables, where their tools are."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.manifesting import Person

_IN_CI = "CI" in os.environ  # asked before the tests' own environment is made
KINDS = Path(__file__).parent.parent / "examples" / "plugin-kinds"
COMPILERS: dict[str, tuple[str, ...]] = {
    "sh": (),
    "node": (),
    "go": ("go", "build", "-o", "acme", "acme.go"),
    "c": ("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", "acme", "acme.c"),
}


def built(kind: str, person: Person) -> Path:
    """A copy of an example in the plugin folder, ready to run. Where a tool is missing, only CI minds."""
    tool = COMPILERS[kind][0] if COMPILERS[kind] else kind
    if shutil.which(tool) is None and not _IN_CI:
        pytest.skip(f"there is no {tool} here")
    folder = person.copy(KINDS / kind, "acme")
    if COMPILERS[kind]:
        cache = {"GOCACHE": str(person.home / "go-build"), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
        subprocess.run(COMPILERS[kind], cwd=folder, check=True, env={**os.environ, **cache})
    for each in folder.glob("acme*"):
        each.chmod(0o755)
    return folder
