"""Notice changes of files that were looked up before, also of those that were missing."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Hashable, Mapping

from polyroute._internal.cache import Identity, identity_or_none

_SETTLED_NS = 2_000_000_000
"""How old a folder's latest change must be, so that the next one gets another time: the two seconds of FAT."""
_TRUSTED_SECONDS = 1.0
"""How long the time of a folder is trusted. Some file systems don't set it, and a mount does not change it."""


class Watch:
    """Compares files with their identities at an earlier time. It is cheap while nothing changes."""

    def __init__(self, seen: Mapping[str, Hashable | None]) -> None:
        self._existing = {path: found for path, found in seen.items() if found is not None}
        self._missing: dict[str, set[str]] = {}
        for path in {_topmost_missing(path) for path, found in seen.items() if found is None}:
            self._missing.setdefault(_folder_of(path), set()).add(path)
        self._trusted: dict[str, tuple[Identity, float]] = {}

    def is_unchanged(self) -> bool:
        """Return whether all files have the identities that they had."""
        for path, found in self._existing.items():
            if identity_or_none(path) != found:
                return False
        return all(self._lacks(folder, paths) for folder, paths in self._missing.items())

    def _lacks(self, folder: str, paths: set[str]) -> bool:
        """Return whether the files are still missing: nothing is new in a folder that has not changed."""
        found, now = identity_or_none(folder), time.time()
        known, until = self._trusted.get(folder, (None, 0.0))
        if found is not None and found == known and now < until <= now + _TRUSTED_SECONDS:
            return True
        if any(map(_exists, paths)):
            return False
        if found is not None and found[2] < now * 1e9 - _SETTLED_NS:
            self._trusted[folder] = found, now + _TRUSTED_SECONDS
        return True


def _folder_of(path: str) -> str:
    """Return the folder whose time tells whether the file is there; empty if none does."""
    return "" if os.path.islink(path) else os.path.dirname(path)  # where a link leads may be anywhere


def _topmost_missing(path: str) -> str:
    """Return the topmost folder of a missing file that is missing too: as long as it is, so is the file."""
    # It begins at the path itself, so that one that exists by now stays, and counts as a change.
    while not _exists(path) and (folder := os.path.dirname(path)) not in ("", path) and not _exists(folder):
        path = folder
    return path


def _exists(path: str) -> bool:
    with contextlib.suppress(ValueError):  # a path with a NUL
        return os.access(path, os.F_OK)  # a third of the time of a `stat`
    return False
