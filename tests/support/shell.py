"""The command `polyroute` in real processes, as a user's shell runs it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support import file_keyring, fork_server
from tests.support.distributions import Site

ON_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""A program that makes stdin its terminal, which Ctrl+C and /dev/tty need, and starts another."""
POLYROUTE = str(Path(sys.executable).with_name("polyroute"))


class Shell:
    """A shell of a user with an empty home and nothing set; caches are shared, as they hold nothing personal."""

    def __init__(self, home: Path, command: Sequence[str] = (POLYROUTE,)) -> None:
        """Set the command that starts polyroute, by default that of the environment that runs the tests."""
        self.home = home
        self.command = command
        self.terminal_size = (0, 0)
        """The columns and lines of the terminal; by default it does not know them."""
        self.ours = home / "ours"
        self.ours.mkdir()
        cache = Path(os.environ["POLYROUTE_HOME"]) / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        (self.ours / "cache").symlink_to(cache)
        self.config = self.ours / "config.toml"
        self.site = Site(home / "site")
        self.variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "POLYROUTE_HOME": str(self.ours),
            "PYTHONPATH": str(self.site.folder),
            "PYTHONWARNINGS": "error",
            "PAGER": "cat",
        }

    def use_keyring(self) -> None:
        """Give the user a keyring, whose entries are in the file `entries.json` in the home."""
        backend = Path(file_keyring.__file__)
        (self.site.folder / backend.name).write_text(backend.read_text(encoding="utf-8"), encoding="utf-8")
        self.variables |= {
            "PYTHON_KEYRING_BACKEND": "file_keyring.FileKeyring",
            "FILE_KEYRING": str(self.home / "entries.json"),
        }

    def run(self, *arguments: str, given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end, with `given` on stdin."""
        command, environment = [*self.command, *arguments], self.variables | variables
        if self.command == (POLYROUTE,) and fork_server.can_start(environment):
            return fork_server.run(command, environment, given)
        return self.start(command, given, **variables)

    def start(self, command: Sequence[str], given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run any program to its end."""
        environment = self.variables | variables
        return subprocess.run(
            command, env=environment, input=given, capture_output=True, text=True, errors="replace", check=False
        )

    def json(self, *arguments: str, given: str = "", **variables: str) -> Any:
        """Return the only document that the command prints with --json."""
        done = self.run(*arguments, "--json", given=given, **variables)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def on_terminal(self, *arguments: str, typed: str = "", **variables: str) -> tuple[int, str]:
        """Run the command on a terminal with `typed` as input, and return its exit status and the terminal's output."""
        ours, its = pty.openpty()
        termios.tcsetwinsize(its, self.terminal_size[::-1])
        environment = {**self.variables, "TERM": "xterm-256color", **variables}
        with subprocess.Popen(
            [*self.command, *arguments], env=environment, stdout=its, stderr=its, stdin=its, start_new_session=True
        ) as process:
            os.close(its)
            shown = b""
            with contextlib.suppress(OSError):  # on Linux this means that the other side is closed
                while part := os.read(ours, 65536):
                    shown += part
                    os.write(ours, typed.encode())  # a prompt discards earlier input
                    typed = ""
        os.close(ours)
        return process.returncode, shown.decode()

    def to_nobody(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command with stdout as a pipe whose reader has closed it."""
        reading, writing = os.pipe()
        os.close(reading)
        environment = self.variables | variables
        try:
            return subprocess.run(
                [*self.command, *arguments],
                env=environment,
                stdout=writing,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        finally:
            os.close(writing)
