"""Building the example executables, where their tools are."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.machine import needed
from tests.manifesting import Person

KINDS = Path(__file__).parent.parent / "examples" / "plugin-kinds"
COMPILERS: dict[str, tuple[str, ...]] = {
    "sh": (),
    "node": (),
    "go": ("go", "build", "-o", "acme", "acme.go"),
    "c": ("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", "acme", "acme.c"),
}


def built(kind: str, person: Person) -> Path:
    """A copy of an example in the plugin folder, ready to run. Where a tool is missing, only CI minds."""
    needed(COMPILERS[kind][0] if COMPILERS[kind] else kind)
    folder = person.copy(KINDS / kind, "acme")
    if COMPILERS[kind]:
        cache = {"GOCACHE": str(person.home / "go-build"), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
        subprocess.run(COMPILERS[kind], cwd=folder, check=True, env={**os.environ, **cache})
    for each in folder.glob("acme*"):
        each.chmod(0o755)
    return folder
