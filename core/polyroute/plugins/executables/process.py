"""Start third-party programs in private directories with resource limits, and end them with all their descendants."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Mapping, Sequence

from polyroute._internal import posix_process
from polyroute._internal.watchdog import MARK, WATCHDOG

LIMITS = {"DATA": 2 << 30, "CPU": 20, "NOFILE": 256, "FSIZE": 64 << 20, "CORE": 0}
"""DATA is limited instead of AS, because Node and Go do not run with a limit on AS."""

_REAP_SECONDS = 1.0
_dying: list[subprocess.Popen[bytes]] = []
"""Killed programs that the system takes longer to end, as those with gigabytes of memory; they are reaped later."""


class Child:
    """A program with three pipes, its own session and its own working directory."""

    def __init__(self, argv: Sequence[str], variables: Mapping[str, str], parent: str) -> None:
        """Start the program in a new directory inside `parent`. Raises OSError if it can't be started."""
        self.token = os.urandom(16).hex()
        self.directory = os.path.join(parent, f"polyroute-{os.urandom(8).hex()}")
        os.mkdir(self.directory, 0o700)
        _dying[:] = [each for each in _dying if each.poll() is None]
        own = {**variables, "TMPDIR": self.directory, MARK: self.token}
        WATCHDOG.watch(self.token, self.directory)
        try:
            self._process = posix_process.start(argv, own, self.directory)
        except (OSError, ValueError):  # after Ctrl+C it may run: the watchdog ends it
            os.rmdir(self.directory)
            WATCHDOG.ended(self.token)
            raise
        WATCHDOG.watch(self.token, self.directory, self._process.pid)
        posix_process.limit(self._process.pid, LIMITS)
        self._streams = [each for each in (self._process.stdin, self._process.stdout, self._process.stderr) if each]
        self.stdin, self.stdout, self.stderr = (stream.fileno() for stream in self._streams)
        self.pidfd = posix_process.end_descriptor(self._process.pid)

    @property
    def has_exited(self) -> bool:
        """Whether it has exited. It is not reaped yet, so the ID of its process group can't be reused."""
        return posix_process.has_exited(self._process)

    def close_stdin(self) -> None:
        """Close the program's stdin."""
        self._streams[0].close()

    def kill(self) -> None:
        """Kill its process group."""
        posix_process.end_group(self._process)

    def reap(self) -> int | None:
        """After `kill`, wait for it, release its resources and return its exit status; None if it does not exit."""
        WATCHDOG.watch(self.token, self.directory)  # once it is reaped, the ID of its group can be reused
        try:
            self._process.wait(_REAP_SECONDS)
        except subprocess.TimeoutExpired:
            _dying.append(self._process)
        for stream in self._streams:
            stream.close()
        if self.pidfd is not None:
            os.close(self.pidfd)
            self.pidfd = None
        _remove(self.directory)
        return self._process.returncode


def sweep(tokens: Collection[str]) -> None:
    """Kill descendants that left their process group and have one of `tokens`, if the system shows that."""
    posix_process.end_marked(MARK, tokens)
    for token in tokens:
        WATCHDOG.ended(token)


def _remove(directory: str) -> None:
    try:
        os.rmdir(directory)
    except OSError:
        import shutil

        shutil.rmtree(directory, ignore_errors=True)
