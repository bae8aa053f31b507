"""Starting other people's programs, and ending all that is left of them.

Limits are set with `prlimit` on the child right after it was started. A function to run between fork and exec is
unsafe where the host has threads, and a shell in between would cost as much as the child. In the microseconds
before, a program has not got past its loader; were it faster, its process group is ended all the same.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence

LIMITS = {"DATA": 2 << 30, "CPU": 20, "NOFILE": 256, "FSIZE": 64 << 20, "CORE": 0}
"""DATA and not AS, which Node and Go do not survive."""

_TOKEN = "POLYROUTE_CALL"  # noqa: S105 - the variable by which children that left their group are found
_REAP_SECONDS = 1.0
_SWEEPS = 5

IS_SUPPORTED = os.name == "posix"


class Child:
    """A program with three pipes, in a session and a working directory of its own."""

    def __init__(self, argv: Sequence[str], variables: Mapping[str, str], parent: str) -> None:
        """Start it; its directory is made in `parent`. Raises OSError where it can't be started."""
        self.token = os.urandom(16).hex()
        self.directory = os.path.join(parent, f"polyroute-{os.urandom(8).hex()}")
        os.mkdir(self.directory, 0o700)
        own = {**variables, "TMPDIR": self.directory, _TOKEN: self.token}
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(  # noqa: S603 - no shell; what to run was approved by the user
                argv,
                bufsize=0,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                cwd=self.directory,
                env=own,
                start_new_session=True,
            )
        except BaseException:
            os.rmdir(self.directory)
            raise
        _limit(self._process.pid)
        self._streams = [each for each in (self._process.stdin, self._process.stdout, self._process.stderr) if each]
        self.stdin, self.stdout, self.stderr = (stream.fileno() for stream in self._streams)
        for stream in self._streams:
            os.set_blocking(stream.fileno(), False)
        self.pidfd = _pidfd(self._process.pid)

    @property
    def has_exited(self) -> bool:
        """Whether it has ended. It is not reaped: until then the number of its group can't be someone else's."""
        if not hasattr(os, "waitid"):
            return self._process.poll() is not None
        try:
            found = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:  # reaped by the system: the host ignores SIGCHLD
            return True
        return found is not None

    def close_stdin(self) -> None:
        """Say that nothing more will come."""
        self._streams[0].close()

    def kill(self) -> None:
        """End its process group, whatever is left of it."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

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
    """End what has left its group and still carries one of these. Only Linux shows other processes' variables."""
    if sys.platform != "linux" or not tokens:
        return
    for _ in range(_SWEEPS):
        found = [number for number in filter(str.isdigit, os.listdir("/proc")) if _token_of(number) in tokens]
        for number in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(number), signal.SIGKILL)
        if not found:
            return


def _token_of(number: str) -> str:
    try:
        with open(f"/proc/{number}/environ", "rb", buffering=0) as file:
            _, _, rest = file.read().partition(f"{_TOKEN}=".encode())
    except OSError:
        return ""
    return rest.partition(b"\0")[0].decode(errors="replace")


def _limit(pid: int) -> None:
    import resource

    if not hasattr(resource, "prlimit"):
        return
    for name, most in LIMITS.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        with contextlib.suppress(ProcessLookupError, PermissionError):
            hard = resource.prlimit(pid, kind)[1]
            bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.prlimit(pid, kind, (bound, bound))


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _remove(directory: str) -> None:
    try:
        os.rmdir(directory)
    except OSError:
        import shutil

        shutil.rmtree(directory, ignore_errors=True)
