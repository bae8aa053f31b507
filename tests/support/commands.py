"""A user with a plugin folder who runs the command."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from tests.support import fork_server
from tests.support.manifests import User
from tests.support.shell import POLYROUTE


class Commands(User):
    """A user who runs the command in a project."""

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `polyroute plugins`, without a terminal."""
        own = {"PATH": os.environ["PATH"], "HOME": str(self.home), "POLYROUTE_HOME": str(self.ours)}
        command, environment = [POLYROUTE, *arguments], {**own, "PYTHONWARNINGS": "error", **variables}
        if fork_server.can_start(environment):
            return fork_server.run(command, environment, folder=self.project)
        return subprocess.run(
            command,
            env=environment,
            cwd=self.project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def plugins_json(self, *arguments: str, status: int = 0) -> Any:
        """Return the JSON document that an action prints."""
        done = self.run("plugins", *arguments, "--json")
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout)

    def usable(self) -> set[str]:
        """Return the plugins in use that are not bundled."""
        found = self.plugins_json("list")["plugins"]
        return {each["name"] for each in found if each["enabled"] and each["origin"] not in ("bundled", "installed")}
