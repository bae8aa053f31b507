"""Start third-party programs in their own process groups, limit their resources, and end all their descendants.

Limits are set with `prlimit` on the child right after it has started. A function that runs between fork and exec is
unsafe if the host has threads, and a shell in between would cost as much as the child. In the microseconds before the
limits apply, a program has not got past its loader; if it has, its process group is still ended.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence

from polyroute._internal.platform import NEEDS_POSIX, RUNS_PROGRAMS

_SWEEPS = 5
_DAEMON_SECONDS = 1.0
"""How long a shell may take to become a daemon: it takes a millisecond."""


def start(argv: Sequence[str], variables: Mapping[str, str], folder: str) -> subprocess.Popen[bytes]:
    """Start a program with three non-blocking pipes in its own session.

    Raises OSError, also on systems where programs are not supported.
    """
    if not RUNS_PROGRAMS:
        raise OSError(errno.ENOSYS, f"an executable plugin {NEEDS_POSIX}")
    pipe = subprocess.PIPE
    process = subprocess.Popen(  # noqa: S603 - no shell; what to run was approved by the user
        argv, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder, env=variables, start_new_session=True
    )
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            os.set_blocking(stream.fileno(), False)
    return process


def start_daemon(script: str, *arguments: str) -> int | None:
    """Run a shell script that becomes a daemon; return the end of its stdin to write to, which never blocks.

    The daemon has its own session and none of this process's files. Returns None if there is no `/bin/sh`.
    """
    reading, writing = os.pipe()
    null = subprocess.DEVNULL
    command = ("/bin/sh", "-c", script, "polyroute", *arguments)
    variables = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    try:
        shell = subprocess.Popen(  # noqa: S603 - the script is Polyroute's own
            command, stdin=reading, stdout=null, stderr=null, cwd="/", env=variables, start_new_session=True
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            shell.wait(_DAEMON_SECONDS)
    except OSError:
        os.close(writing)
        return None
    finally:
        os.close(reading)
    os.set_blocking(writing, False)
    return writing


def after_fork(action: Callable[[], object]) -> None:
    """Call `action` in every process that this one forks."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=action)


def limit(pid: int, limits: Mapping[str, int]) -> None:
    """Set resource limits of a process, by name without `RLIMIT_`. Does nothing except on Linux."""
    import resource

    if not hasattr(resource, "prlimit"):
        return
    for name, most in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        with contextlib.suppress(ProcessLookupError, PermissionError):
            hard = resource.prlimit(pid, kind)[1]
            bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.prlimit(pid, kind, (bound, bound))


def max_open_files() -> int | None:
    """Return how many files and connections this process may have open; None without such a limit, as on Windows."""
    if not RUNS_PROGRAMS:
        return None
    import resource

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def end_descriptor(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process exits; None if the process must be polled.

    The caller closes the descriptor.
    """
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def has_exited(process: subprocess.Popen[bytes]) -> bool:
    """Return whether a program has exited. It is not reaped, so the ID of its process group can't be reused."""
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    try:
        found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # reaped by the system: the host ignores SIGCHLD
        return True
    return found is not None


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process group of a program."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def end_marked(variable: str, values: Collection[str]) -> None:
    """Kill all processes whose `variable` has one of `values`. Works on Linux only, which shows their variables."""
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


def only_user(group: int) -> int | None:
    """Return the number of the user whose own group this is: with the user's name, and without any other user.

    None for any other group, and if the user database does not list the user.
    """
    import grp
    import pwd

    try:
        found = grp.getgrgid(group)
        own = pwd.getpwnam(found.gr_name)
    except KeyError:
        return None
    users = {each.pw_uid for each in pwd.getpwall() if each.pw_gid == group}
    return own.pw_uid if users == {own.pw_uid} and {*found.gr_mem} <= {own.pw_name} else None


def user_name(number: int) -> str:
    """Return the name of a user, or the number of one without a name, as in a container."""
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
