"""The command `polyroute` in real processes, as a user's shell runs it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
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

    def on_terminal(self, *arguments: str, typed: str | Mapping[str, str] = "", **variables: str) -> tuple[int, str]:
        """Run the command on a terminal, and return its exit status and the terminal's output.

        `typed` is the input, or what is typed when each text has appeared.
        """
        return self._talk(arguments, typed, variables, is_captured=False)[:2]

    def captured(self, *arguments: str, typed: str | Mapping[str, str] = "", **variables: str) -> tuple[int, str, str]:
        """Run the command on a terminal as in `$(…)`; return its exit status, the terminal's output, and its stdout."""
        return self._talk(arguments, typed, variables, is_captured=True)

    def _talk(
        self, arguments: Sequence[str], typed: str | Mapping[str, str], variables: Mapping[str, str], is_captured: bool
    ) -> tuple[int, str, str]:
        ours, its = pty.openpty()
        termios.tcsetwinsize(its, self.terminal_size[::-1])
        reading, writing = os.pipe() if is_captured else (os.open(os.devnull, os.O_RDONLY), os.dup(its))
        wait = self._start_on(arguments, {"TERM": "xterm-256color", **variables}, [its, writing, its])
        os.close(its)
        os.close(writing)
        shown = _talk(ours, {"": typed} if isinstance(typed, str) else typed)
        with open(reading, encoding="utf-8") as file:
            printed = file.read()
        return wait(), shown, printed

    def _start_on(
        self, arguments: Sequence[str], variables: Mapping[str, str], streams: Sequence[int]
    ) -> Callable[[], int]:
        """Start the command on a terminal, and return a function that waits for its end."""
        command, environment = [*self.command, *arguments], {**self.variables, **variables}
        if self.command == (POLYROUTE,) and fork_server.can_start(environment):
            return fork_server.start(command, environment, streams).wait
        stdin, stdout, stderr = streams
        command = [sys.executable, "-I", "-c", ON_TERMINAL, *command]
        return subprocess.Popen(
            command, env=environment, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
        ).wait

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


def _talk(terminal: int, typed: Mapping[str, str]) -> str:
    """Type each answer when its text has appeared after the earlier ones; return all that was shown at the end."""
    shown, seen, left = b"", 0, list(typed.items())
    with open(terminal, "r+b", buffering=0) as file, contextlib.suppress(OSError):  # on Linux: the other side is closed
        while part := file.read(65536):
            shown += part
            while left and (at := shown.find(left[0][0].encode(), seen)) >= 0:
                seen = at + len(left[0][0].encode())
                file.write(left.pop(0)[1].encode())  # a prompt discards earlier input
    return shown.decode()
