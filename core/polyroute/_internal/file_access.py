"""Create folders that only their owner may use, and find out which other users could change a file.

The checks are those of ssh's `StrictModes`: a file and every folder above it, up to the user's home, belongs to the
user or to root, and nobody else may write it. Unlike ssh, they accept a folder such as `/tmp`, in which only its owner
may rename or remove a file, and what a group may write that has no other user (as Debian's ssh does): with such groups
many systems set a umask of 002.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator

from polyroute._internal import platform
from polyroute._internal.terminal import quoted
from polyroute.named_tuples import NamedTuple


class Exposure(NamedTuple):
    """Why users other than its owner could change a file, and what closes that."""

    why: str
    """A sentence part that names the file or folder concerned."""
    remedy: str


def make_folders(path: str, mode: int = 0o700) -> None:
    """Create a folder and all folders above it that are missing, each with this mode under any umask. Raises OSError.

    Folders that exist keep their mode.
    """
    missing, above = list[str](), os.path.abspath(path)
    while not os.path.isdir(above):
        missing.append(above)
        above = os.path.dirname(above)
    for each in reversed(missing):
        try:
            os.mkdir(each, mode)
        except FileExistsError:  # another process may have been faster
            if not os.path.isdir(each):
                raise
        else:
            platform.set_mode(each, mode)


def exposure(path: str, home: str = "", checked: set[str] | None = None) -> Exposure | None:
    """Return how other users could change `path`, or replace it by a link or folder above it; None if they can't.

    `home` is where the check of folders above ends, by default the home of the user who runs the process. Paths in
    `checked` are known to be safe; those that are found to be are added. A missing file is as safe as its folder.
    """
    if not platform.HAS_OWNERS:
        return None
    checked, homes = set() if checked is None else checked, _homes(home)
    waiting = [os.path.abspath(path)]
    while waiting:
        first = waiting.pop()
        for each in _with_folders_above(first, homes):
            if each in checked:
                continue
            try:
                found = os.lstat(each)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                return Exposure(f"{each} can't be examined: {error.strerror}", "Fix its permissions.")
            if fault := exposure_of(each, found, is_above=each != first):
                return fault
            if stat.S_ISLNK(found.st_mode):
                with contextlib.suppress(OSError):
                    waiting.append(os.path.join(os.path.realpath(os.path.dirname(each)), os.readlink(each)))
            checked.add(each)
    return None


def exposure_of(path: str, found: os.stat_result, *, whole: str = "", is_above: bool = False) -> Exposure | None:
    """Return how other users could change the file or folder that `found` describes; None if they can't.

    `whole` is the folder to which the remedy applies, by default `path` alone. With `is_above`, a folder in which only
    owners may rename and remove is safe, although others may add to it.
    """
    if not platform.HAS_OWNERS:
        return None

    def place(change: str) -> str:
        return f"-R {change} {quoted(whole)}" if whole else f"{change} {quoted(path)}"

    if found.st_uid not in (0, platform.user_id()):
        from polyroute._internal.posix_process import user_name

        mine, theirs = user_name(platform.user_id()), user_name(found.st_uid)
        remedy = f"If it is yours: chown {place(mine)} (in a container, mount it for the user who runs there)."
        return Exposure(f"{path} belongs to {theirs}, and Polyroute is run by {mine}", remedy)
    is_sticky = is_above and bool(found.st_mode & stat.S_ISVTX)
    if stat.S_ISLNK(found.st_mode) or is_sticky or not others_may_write(path, found):
        return None
    remedy = f"Run: chmod {place('go-w')}"
    if system := platform.without_modes(path):
        remedy = (
            f"Its file system ({system}) stores no permissions: move it to one that does, for example in your home,"
            " or mount it so that only you may write (umask=022; in WSL with the option `metadata`)."
        )
    return Exposure(f"users other than its owner may write {path}", remedy)


def others_may_write(path: str, found: os.stat_result) -> bool:
    """Return whether users other than its owner may write the file that `found` describes.

    A group whose only user is the user of this process does not count. False on Windows, where the mode does not tell.
    """
    if not platform.group_or_others_may_write(found):
        return False
    from polyroute._internal import private_group

    is_private = not found.st_mode & stat.S_IWOTH and private_group.protects(path, found.st_gid, platform.user_id())
    return not is_private


def _homes(home: str) -> frozenset[str]:
    own = home or os.path.expanduser("~")
    return frozenset((os.path.abspath(own), os.path.realpath(own)))


def _with_folders_above(path: str, homes: frozenset[str]) -> Iterator[str]:
    """Yield a path and each folder above it; the last is a home or the root."""
    yield path
    while path not in homes and (above := os.path.dirname(path)) != path:
        path = above
        yield path
