"""The differences between operating systems.

Other modules call these functions and never check the platform themselves. `posix_process` starts and ends programs;
`paths` has the paths of Polyroute's own files.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

_IS_POSIX = os.name == "posix"

RUNS_PROGRAMS = _IS_POSIX
"""Whether executables and commands can be run: to end them requires process groups, which Windows does not have."""
WATCHES_PARENT = _IS_POSIX
"""Whether the end of the parent process can be detected. On Windows `getppid` does not change."""
HAS_OWNERS = _IS_POSIX
"""Whether files have an owner and a mode that say who may change them. On Windows their folder determines that."""
KNOWS_CHANGE_TIME = _IS_POSIX
"""Whether `st_ctime_ns` is the time of the last change, which programs can't set. On Windows: the creation time."""
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The search path for executables. It contains no folder of a user and no shims of version managers."""
NEEDS_POSIX = "needs Linux or macOS"
WORKS_HERE = "Manifests without commands and plugins in Python work on this system."

_USER_ID: Callable[[], int] = getattr(os, "geteuid", lambda: 0)
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_MOUNTS = "/proc/self/mountinfo"
_WITHOUT_MODES = ("9p", "cifs", "drvfs", "exfat", "fuseblk", "msdos", "ntfs", "ntfs3", "smb3", "vboxsf", "vfat")
"""File systems that show the same owner and mode for all files, unless they are mounted otherwise."""
_IS_JUNCTION: Callable[[str], bool] | None = getattr(os.path, "isjunction", None)
_IN_USE_TRIES = 20
_IN_USE_SECONDS = 0.05


def replace_process(command: Sequence[str], variables: Mapping[str, str]) -> None:
    """Run a program in place of this process, and don't return. Does nothing on Windows, which can't do that.

    Signals that Python ignores have their usual effect in the program. Raises OSError.
    """
    if not _IS_POSIX:
        return
    import signal

    for name in ("SIGPIPE", "SIGXFSZ"):
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_DFL)
    os.execve(command[0], list(command), variables)  # noqa: S606 - the user named it


def set_mode(path: str, mode: int) -> None:
    """Set the permissions of a file. Does nothing on Windows, where its folder determines them. Raises OSError."""
    if _IS_POSIX:
        os.chmod(path, mode)


def group_or_others_may_write(found: os.stat_result) -> bool:
    """Return whether the group of a file, or everybody, may write it. False on Windows, which has no such modes."""
    return _IS_POSIX and bool(found.st_mode & _OTHERS_MAY_WRITE)


def is_private(found: os.stat_result) -> bool:
    """Return whether only the owner of a file may read it. True on Windows, where the mode does not tell."""
    return not (_IS_POSIX and found.st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def user_id() -> int:
    """Return the number of the user who runs the process; 0 on Windows, where files have no such owner."""
    return _USER_ID()


def without_modes(path: str) -> str:
    """Return the type of the file system of a path if `chmod` has no effect there; empty if it has or is not known."""
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            rows = [line.split() for line in file]
    except OSError:
        return ""
    found = {row[4]: row[row.index("-") + 1] for row in rows if "-" in row}
    above = max((each for each in found if is_within(path, each)), key=len, default="")
    return found[above] if found.get(above) in _WITHOUT_MODES else ""


def others_may_access(path: str) -> bool:
    """Return whether users other than its owner may read or write a file. False on Windows, and if there is none."""
    try:
        return not is_private(os.stat(path))
    except OSError:
        return False


def is_own(found: os.stat_result) -> bool:
    """Return whether a file belongs to the user of this process. True on Windows, where the owner is not known."""
    return not HAS_OWNERS or found.st_uid == user_id()


def sync_directory(folder: str) -> None:
    """Make a rename in `folder` durable. Does nothing if a directory can't be opened, as on Windows."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def put_in_place(temporary: str, path: str) -> None:
    """Rename a file over `path`. Raises OSError.

    On Windows this fails while another process has `path` open, for example for reading, so it is retried for one
    second.
    """
    for left in range(0 if _IS_POSIX else _IN_USE_TRIES, -1, -1):
        try:
            os.replace(temporary, path)
            return
        except PermissionError:
            if not left:
                raise
            time.sleep(_IN_USE_SECONDS)


def is_link(path: str | os.DirEntry[str]) -> bool:
    """Return whether `path` is a symbolic link, or on Windows a junction (which Python 3.11 can't detect)."""
    is_symbolic = os.path.islink(path) if isinstance(path, str) else path.is_symlink()
    return is_symbolic or (_IS_JUNCTION is not None and _IS_JUNCTION(os.fspath(path)))


def is_within(path: str, folder: str) -> bool:
    """Return whether `path` is inside `folder` after all links are resolved."""
    root = os.path.realpath(folder)
    try:
        common = os.path.commonpath([os.path.realpath(path), root])
    except ValueError:  # they are on different drives
        return False
    return os.path.normcase(common) == os.path.normcase(root)


def reuse_address(listening: socket.socket) -> None:
    """Let a server listen again on a port that it has just released.

    Windows always allows that; there, the option would let two processes listen on the port at once.
    """
    import socket

    if _IS_POSIX:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def variables_for_python(home: str) -> dict[str, str]:
    """Return the variables that a Python process needs to start, with `home` as the user's home."""
    own = {"PATH": os.defpath, "HOME": home}
    if _IS_POSIX:
        return own
    return {**own, "USERPROFILE": home, **{name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}}
