"""Other people's programs: each in a directory of its own, limited, and ended with all that it started."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Collection, Mapping, Sequence

from polyroute._internal import posix_process

LIMITS = {"DATA": 2 << 30, "CPU": 20, "NOFILE": 256, "FSIZE": 64 << 20, "CORE": 0}
"""DATA and not AS, which Node and Go do not survive."""

_TOKEN = "POLYROUTE_CALL"  # noqa: S105 - the variable by which children that left their group are found
_REAP_SECONDS = 1.0


class Child:
    """A program with three pipes, in a session and a working directory of its own."""

    def __init__(self, argv: Sequence[str], variables: Mapping[str, str], parent: str) -> None:
        """Start it; its directory is made in `parent`. Raises OSError where it can't be started."""
        self.token = os.urandom(16).hex()
        self.directory = os.path.join(parent, f"polyroute-{os.urandom(8).hex()}")
        os.mkdir(self.directory, 0o700)
        own = {**variables, "TMPDIR": self.directory, _TOKEN: self.token}
        try:
            self._process = posix_process.start(argv, own, self.directory)
        except BaseException:
            os.rmdir(self.directory)
            raise
        posix_process.limit(self._process.pid, LIMITS)
        self._streams = [each for each in (self._process.stdin, self._process.stdout, self._process.stderr) if each]
        self.stdin, self.stdout, self.stderr = (stream.fileno() for stream in self._streams)
        self.pidfd = posix_process.end_descriptor(self._process.pid)

    @property
    def has_exited(self) -> bool:
        """Whether it has ended. It is not reaped: until then the number of its group can't be someone else's."""
        return posix_process.has_exited(self._process)

    def close_stdin(self) -> None:
        """Say that nothing more will come."""
        self._streams[0].close()

    def kill(self) -> None:
        """End its process group, whatever is left of it."""
        posix_process.end_group(self._process)

    def reap(self) -> int | None:
        """After `kill`: wait for its end, and give back all that it took. None where it can't be ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_REAP_SECONDS)
        for stream in self._streams:
            stream.close()
        if self.pidfd is not None:
            os.close(self.pidfd)
            self.pidfd = None
        _remove(self.directory)
        return self._process.returncode


def sweep(tokens: Collection[str]) -> None:
    """End what has left its group and still carries one of these, where the system shows that."""
    posix_process.end_marked(_TOKEN, tokens)


def _remove(directory: str) -> None:
    try:
        os.rmdir(directory)
    except OSError:
        import shutil

        shutil.rmtree(directory, ignore_errors=True)
