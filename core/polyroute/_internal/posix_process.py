"""Starting other people's programs in a group of their own, limiting them, and ending all that is left of them.

Limits are set with `prlimit` on the child right after it was started. A function to run between fork and exec is
unsafe where the host has threads, and a shell in between would cost as much as the child. In the microseconds
before, a program has not got past its loader; were it faster, its process group is ended all the same.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence

from polyroute._internal.platform import NEEDS_POSIX, RUNS_PROGRAMS

_SWEEPS = 5


def start(argv: Sequence[str], variables: Mapping[str, str], folder: str) -> subprocess.Popen[bytes]:
    """Start a program with three pipes, none of which blocks, in a session of its own. Raises OSError, also where
    programs are not supported.
    """
    if not RUNS_PROGRAMS:
        raise OSError(errno.ENOSYS, f"a plugin that is a program {NEEDS_POSIX}")
    pipe = subprocess.PIPE
    process = subprocess.Popen(  # noqa: S603 - no shell; what to run was approved by the user
        argv, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder, env=variables, start_new_session=True
    )
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            os.set_blocking(stream.fileno(), False)
    return process


def limit(pid: int, limits: Mapping[str, int]) -> None:
    """Set resource limits of a process, by their names without `RLIMIT_`; only Linux can."""
    import resource

    if not hasattr(resource, "prlimit"):
        return
    for name, most in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        with contextlib.suppress(ProcessLookupError, PermissionError):
            hard = resource.prlimit(pid, kind)[1]
            bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.prlimit(pid, kind, (bound, bound))


def end_descriptor(pid: int) -> int | None:
    """A descriptor that can be read once the process has ended, to be closed; None where it has to be polled."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def has_exited(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has ended. It is not reaped: until then the number of its group can't be someone else's."""
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    try:
        found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # reaped by the system: the host ignores SIGCHLD
        return True
    return found is not None


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End the process group of a program, whatever is left of it."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def end_marked(variable: str, values: Collection[str]) -> None:
    """End all processes that have `variable` with one of these values. Only Linux shows other processes' variables."""
    if sys.platform != "linux" or not values:
        return
    for _ in range(_SWEEPS):
        found = [number for number in filter(str.isdigit, os.listdir("/proc")) if _value_in(number, variable) in values]
        for number in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(number), signal.SIGKILL)
        if not found:
            return


def _value_in(number: str, variable: str) -> str:
    try:
        with open(f"/proc/{number}/environ", "rb", buffering=0) as file:
            _, _, rest = file.read().partition(f"{variable}=".encode())
    except OSError:
        return ""
    return rest.partition(b"\0")[0].decode(errors="replace")
