"""A cache for static data that is expensive to build.

An entry stores the identity (path, size, times, inode) of the files it was made from, so an upgrade, a removal or an
edit invalidates it at once, also an edit that keeps the size and sets the modification time back. It is stored under
those paths, so virtual environments that share a home do not overwrite each other's entries. An entry that other users
could have written is ignored. If the cache can't be read or written, everything still works, only slower.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from polyroute._internal import file_access, files, platform
from polyroute._internal.paths import cache_directory

Identity = tuple[str, int, int, int, int]

_STALE_AFTER_SECONDS = 90 * 24 * 3600

_KEY_BYTES = 32
_KEY_OF_THIS_PROCESS = os.urandom(_KEY_BYTES)

_READ: dict[str, tuple[Identity, Mapping[str, Any]]] = {}
"""For each path of a file with many sources, its identity and content when it was last read."""


def derived(name: str, version: int, sources: Sequence[str], build: Callable[[], Any]) -> Any:
    """Return `build()`, or its cached result if `sources` are unchanged.

    `build` returns a value that JSON can represent (a tuple comes back as a list). Increase `version` whenever `build`
    changes. `name` distinguishes entries that have the same sources.
    """
    made_from = [version, *(list(identity(source)) for source in sources)]
    path = _entry_path(name, sources)
    cached = _read(path)
    if cached is not None and cached.get("identity") == made_from:
        return cached["value"]
    value = build()
    _write(path, {"identity": made_from, "value": value})
    return value


def collected(
    name: str, version: int, sources: Sequence[str], build: Callable[[str], tuple[Any, Sequence[str]]]
) -> dict[str, Any]:
    """Return the value of `build(source)` for each of `sources`; only sources that have changed are built again.

    `build` returns a value that JSON can represent, and the other files that the value was made from. All values are
    stored in one entry.
    """
    kept = _kept(name)
    found = {source: kept[source] for source in sources if source in kept and _is_current(kept[source], version)}
    if missing := [source for source in sources if source not in found]:
        made = {source: _made(source, version, build) for source in missing}
        remember(name, made)
        found |= made
    return {source: found[source][-1] for source in sources}


def forget(names: tuple[str, ...]) -> None:
    """Remove every entry whose name starts with one of `names`."""
    with contextlib.suppress(OSError), os.scandir(cache_directory()) as entries:
        for entry in entries:
            if entry.name.startswith(names):
                _remove(entry.path)


def _made(source: str, version: int, build: Callable[[str], tuple[Any, Sequence[str]]]) -> list[Any]:
    before = _identity_if_there(source)
    value, others = build(source)
    return [version, [before, *map(_identity_if_there, others)], value]


def _is_current(entry: list[Any], version: int) -> bool:
    return entry[0] == version and all(_identity_if_there(each[0]) == each for each in entry[1])


def _identity_if_there(source: str) -> list[Any]:
    try:
        return list(identity(source))
    except OSError:
        return [source]


def recall(name: str, source: str) -> Any:
    """Return what was last stored under `name` for `source`, or None.

    The value must not be modified. The caller decides how long it is valid.
    """
    return _kept(name).get(source)


def remember(name: str, values: Mapping[str, Any]) -> None:
    """Store `values`, which JSON can represent, by source, for `recall`. All values of one name share a file.

    Values of sources that no longer exist are dropped. If two processes write at once, one of the writes may be lost.
    """
    there = {source: each for source, each in _kept(name).items() if os.path.exists(source)}
    _write(_path(name), {"value": {**there, **values}})


def digest_key() -> bytes:
    """Return a random key for digests of a user's values, so that a digest does not reveal the values.

    The key is the same in every run, unless it can't be stored.
    """
    path = os.path.join(cache_directory(), "digest.key")
    try:
        return _whole(path) or _new_key(path)
    except OSError:
        return _KEY_OF_THIS_PROCESS


def _whole(path: str) -> bytes:
    if file_access.exposure(path):
        return b""
    with contextlib.suppress(FileNotFoundError):
        key = files.read(path)
        return key if platform.is_private(os.stat(path)) and len(key) == _KEY_BYTES else b""
    return b""


def _new_key(path: str) -> bytes:
    """Write a key atomically and return the key in the file: another process may have written one first."""
    import tempfile

    file_access.make_folders(os.path.dirname(path))
    descriptor, temporary = tempfile.mkstemp(".tmp", dir=os.path.dirname(path))
    with open(descriptor, "wb") as file:
        file.write(_KEY_OF_THIS_PROCESS)
    os.replace(temporary, path)
    return _whole(path) or _KEY_OF_THIS_PROCESS


def own(name: str, source: str) -> str:
    """Return the name of an entry for `source` alone: for values that are too large for a shared file."""
    return f"{name}-{digest([source])}"


def exposure() -> file_access.Exposure | None:
    """Return how other users could change the cache, which is then not used; None if they can't."""
    return file_access.exposure(cache_directory())


def _kept(name: str) -> Mapping[str, Any]:
    """Return all values stored under `name`. The file is read again only if it has changed."""
    path = _path(name)
    found = identity_or_none(path)
    if found is None:
        return {}
    if path not in _READ or _READ[path][0] != found:
        entry = _read(path)
        kept = entry["value"] if entry else {}
        _READ[path] = found, kept if isinstance(kept, dict) else {}
    return _READ[path][1]


def identity(source: str) -> Identity:
    """Return the identity of a file's current state: path, size, times and inode. Raises OSError."""
    return identified(source, os.stat(source))


def identified(source: str, found: os.stat_result) -> Identity:
    """Return the identity of a file from an existing `stat` result."""
    changed = found.st_ctime_ns if platform.KNOWS_CHANGE_TIME else 0  # which users can't set
    return source, found.st_size, found.st_mtime_ns, found.st_ino, changed


def identity_or_none(source: str) -> Identity | None:
    """Return the identity of a file, or None if it can't be accessed."""
    try:
        return identity(source)
    except (OSError, ValueError):  # the latter for a path with a NUL
        return None


def _entry_path(name: str, sources: Sequence[str]) -> str:
    return _path(f"{name}-{digest(sources)}")


def _path(name: str) -> str:
    return os.path.join(cache_directory(), f"{name}.json")


def digest(sources: Sequence[str]) -> str:
    """Return a short name for texts such as paths, for entries that depend on all of them."""
    # A remainder modulo a prime distinguishes paths well enough, and saves importing hashlib or zlib.
    return format(int.from_bytes(os.fsencode("\n".join(sources))) % (2**61 - 1), "016x")


def _read(path: str) -> dict[str, Any] | None:
    if file_access.exposure(path):
        return None
    try:
        entry = json.loads(files.read(path, files.MOST_DATA_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) and "value" in entry else None


def _write(path: str, entry: dict[str, Any]) -> None:
    import tempfile

    try:
        text = json.dumps(entry, separators=(",", ":"))
    except RecursionError:
        return
    temporary = ""
    if exposure():
        return  # it would not be believed
    try:
        file_access.make_folders(os.path.dirname(path))
        descriptor, temporary = tempfile.mkstemp(".tmp", dir=os.path.dirname(path))
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        os.replace(temporary, path)
        _sweep(os.path.dirname(path))
    except OSError:
        _remove(temporary)


def _sweep(directory: str) -> None:
    """Remove the entries of environments that no longer exist."""
    import time

    oldest = time.time() - _STALE_AFTER_SECONDS
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.endswith((".json", ".tmp")) and entry.stat(follow_symlinks=False).st_mtime < oldest:
                _remove(entry.path)


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except OSError:
        return
