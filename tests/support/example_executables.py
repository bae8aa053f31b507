"""Building the example executables, where their tools are."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from polyroute.plugins.executables import adapter as executable
from polyroute.plugins.executables import batch
from polyroute.plugins.executables.client import CLIENT
from tests.support.machine import needed
from tests.support.manifests import User

KINDS = Path(__file__).parents[2] / "examples" / "plugin-kinds"
COMPILERS: dict[str, tuple[str, ...]] = {
    "sh": (),
    "node": (),
    "go": ("go", "build", "-o", "acme", "acme.go"),
    "c": ("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", "acme", "acme.c"),
}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Raise the timeouts, so that slow machines pass, and keep no executable running between tests."""
    monkeypatch.setattr(batch, "START_SECONDS", 60.0)
    monkeypatch.setattr(executable, "METHOD_SECONDS", 60.0)
    yield
    CLIENT.stop()


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    """Return a user with their own caches."""
    monkeypatch.setenv("POLYROUTE_HOME", str(tmp_path / "ours"))
    return User(tmp_path)


def built(kind: str, user: User) -> Path:
    """Copy an example into the plugin folder and build it; a missing tool fails the test only in CI."""
    needed(COMPILERS[kind][0] if COMPILERS[kind] else kind)
    folder = user.copy(KINDS / kind, "acme")
    if COMPILERS[kind]:
        cache = {"GOCACHE": str(user.home / "go-build"), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
        subprocess.run(COMPILERS[kind], cwd=folder, check=True, env={**os.environ, **cache})
    for each in folder.glob("acme*"):
        each.chmod(0o755)
    return folder
