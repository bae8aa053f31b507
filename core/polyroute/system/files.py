"""Writing a person's files: whole or not at all, durably, one process at a time.

Reading needs none of this: whoever reads sees one whole state of a file or another.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator

from polyroute.errors import MissingExtra, Unavailable

LOCK_TIMEOUT_SECONDS = 30.0
"""How long to wait for other processes' writes. One takes milliseconds; this is for a machine that stands still."""

_POLL_SECONDS = 0.003
"""How often to look whether the lock is free: about as long as a write takes, so that who waits gets a turn among many
who write one time after another.
"""

_TEMPORARY = ".tmp"


def replace(path: str, data: bytes, *, mode: int | None = None, last_look: Callable[[], object] | None = None) -> None:
    """Write the whole file or nothing, so that it outlasts a power cut; a symbolic link stays one.

    `mode` is the file's afterwards; without it an existing file keeps its own, and a new one is for its owner alone.
    `last_look` is called when all is written, right before the new file takes the place of the old one; what it
    raises keeps the old one. Raises OSError with the old file intact.
    """
    import tempfile

    from polyroute._internal import platform

    path = os.path.realpath(path)
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(_TEMPORARY, prefix=_prefix(path), dir=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            platform.set_mode(temporary, _mode_of(path) if mode is None else mode)
            os.fsync(descriptor)
        if last_look:
            last_look()
        platform.put_in_place(temporary, path)
    except BaseException:
        os.remove(temporary)
        raise
    platform.sync_directory(folder)


def require_lock(path: str) -> None:
    """Check that `locked(path)` has the library it needs, for callers that change something else before they lock.

    Raises MissingExtra without the extra `store`.
    """
    try:
        import filelock  # noqa: F401
    except ImportError:
        raise MissingExtra(f"Writing {path}", "store") from None


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Keep other processes and threads from writing `path` for as long as this lasts.

    The lock is a file beside it that stays, and that the system lets go when its holder dies. What a killed writer
    has left is swept. Raises Unavailable where the lock can't be had, MissingExtra without the extra `store`.
    """
    require_lock(path)
    from filelock import FileLock, Timeout

    path = os.path.realpath(path)
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        lock = FileLock(_beside(path, ".lock"), LOCK_TIMEOUT_SECONDS, 0o600, poll_interval=_POLL_SECONDS)
        with lock:
            _sweep(path)
            yield
    except Timeout:
        fault = f"{path} is being written by another process for more than {LOCK_TIMEOUT_SECONDS:g} seconds."
        raise Unavailable(f"{fault} Nothing was changed; try again, or end that process.") from None


@contextlib.contextmanager
def told(path: str) -> Iterator[None]:
    """Turn an OSError on the way to `path` into Unavailable, in words for people."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{path} was left as it is: {error.strerror or error}. Mend that first.") from error


def _sweep(path: str) -> None:
    """Remove temporaries of writers of `path`, and of copies of it (`path.broken`), that were killed.

    Only under the lock: then they are nobody's.
    """
    prefixes = _prefix(path), _prefix(path, ".")
    with os.scandir(os.path.dirname(path)) as entries:
        strays = [each.path for each in entries if each.name.startswith(prefixes) and each.name.endswith(_TEMPORARY)]
    for stray in strays:
        with contextlib.suppress(FileNotFoundError):
            os.remove(stray)


def _prefix(path: str, end: str = "-") -> str:
    return f".{os.path.basename(path)}{end}"


def _beside(path: str, suffix: str) -> str:
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}{suffix}")


def _mode_of(path: str) -> int:
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return 0o600
