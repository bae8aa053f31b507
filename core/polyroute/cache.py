"""Static data that was dear to make, kept between runs.

An entry is keyed by the identity (path, size, time, inode) of the files it was made from, so an upgrade, a
removal or an edit is seen at once; it is filed under those paths, so virtual environments that share a home
do not disturb each other. A cache that can't be read or written costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Sequence
from typing import Any

from polyroute.paths import cache_directory

Identity = tuple[str, int, int, int]

_STALE_AFTER_SECONDS = 90 * 24 * 3600


def derived(name: str, version: int, sources: Sequence[str], build: Callable[[], Any]) -> Any:
    """Return `build()`, or what it returned when the same `sources` were there before.

    `build` returns what JSON can hold (a tuple comes back as a list). `version` is raised whenever `build`
    changes; `name` tells entries of the same sources apart.
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
    """Return what `build(source)` gives for each of `sources`, all kept in one entry; made again is what has changed.

    `build` returns a value that JSON can hold, and the further files that it was made from.
    """
    path = os.path.join(cache_directory(), f"{name}.json")
    kept: dict[str, list[Any]] = (_read(path) or {}).get("value", {})
    found = {source: kept[source] for source in sources if source in kept and _is_current(kept[source], version)}
    if missing := [source for source in sources if source not in found]:
        found |= {source: _made(source, version, build) for source in missing}
        _write(path, {"value": {**{source: each for source, each in kept.items() if os.path.exists(source)}, **found}})
    return {source: found[source][-1] for source in sources}


def forget(names: tuple[str, ...]) -> None:
    """Remove every entry whose name begins with one of these."""
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
    """What was last remembered under `name` about `source`, or None. Whoever asks knows how long it holds."""
    entry = _read(_entry_path(name, [source]))
    return entry["value"] if entry else None


def remember(name: str, source: str, value: Any) -> None:
    """Keep `value`, which JSON can hold, for `recall`."""
    _write(_entry_path(name, [source]), {"value": value})


def identity(source: str) -> Identity:
    """What tells one state of a file from another: its path, size, time and inode."""
    found = os.stat(source)
    return source, found.st_size, found.st_mtime_ns, found.st_ino


def identity_or_none(source: str) -> Identity | None:
    """The identity of a file; None where there is none to be seen."""
    try:
        return identity(source)
    except (OSError, ValueError):  # the latter for a path with a NUL
        return None


def _entry_path(name: str, sources: Sequence[str]) -> str:
    # A remainder by a prime tells paths apart well enough, and hashlib or zlib would have to be imported.
    digest = int.from_bytes(os.fsencode("\n".join(sources))) % (2**61 - 1)
    return os.path.join(cache_directory(), f"{name}-{digest:016x}.json")


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8") as file:
            entry = json.load(file)
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
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(".tmp", dir=os.path.dirname(path))
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        os.replace(temporary, path)
        _sweep(os.path.dirname(path))
    except OSError:
        _remove(temporary)


def _sweep(directory: str) -> None:
    """Remove what environments that no longer exist have left."""
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
