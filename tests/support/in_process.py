"""Run `polyroute` commands within the process of the test, for a user with a home of their own."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from polyroute._internal import platform
from polyroute.cli.main import main
from tests.support.manifests import User


class Done(NamedTuple):
    """The result of a command."""

    status: int
    out: str
    err: str


class Commander(User):
    """A user who runs commands in a project, without a terminal."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        super().__init__(home)
        self._patch, self._capture = patch, capture
        for name, value in {"HOME": home, "POLYROUTE_HOME": self.ours, "DEXTO_HOME": home / ".dexto"}.items():
            patch.setenv(name, str(value))
        patch.chdir(self.project)

    def run(self, *arguments: str, given: str = "", **variables: str) -> Done:
        """Run a command with `given` on stdin, and return its result."""
        self._capture.readouterr()
        with self._patch.context() as patch:
            patch.setattr("sys.stdin", io.StringIO(given))
            for name, value in variables.items():
                patch.setenv(name, value)
            status = main(arguments)
        return Done(status, *self._capture.readouterr())

    def json(self, *arguments: str) -> Any:
        """Run a command with `--json`, check that it succeeds, and return its document."""
        done = self.run(*arguments, "--json")
        assert done.status == 0, done.err
        return json.loads(done.out)

    def download(self, name: str, text: str, **files: str) -> Path:
        """Write a plugin outside all plugin folders; `_` in the names of further files stands for a dot."""
        folder = self.home / "downloads" / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in {"plugin.toml": text, **files}.items():
            (folder / file.replace("_", ".")).write_text(content, encoding="utf-8")
        return folder


def give_away(path: Path, patch: pytest.MonkeyPatch) -> None:
    """Let a file or folder belong to another user than the one who runs the process."""
    if os.geteuid() == 0:
        os.chown(path, 54321, -1, follow_symlinks=False)
    else:  # only root can change the owner, so the process takes itself for another user
        patch.setattr(platform, "_USER_ID", lambda: 54321)
