"""Read a user's files within limits; write them atomically, durably, and in one process at a time.

Reading needs no lock: a reader sees a complete version of a file, either the old or the new one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator

from polyroute._internal import file_access
from polyroute.errors import MissingExtra, Unavailable

LOCK_TIMEOUT_SECONDS = 30.0
"""How long to wait for writes of other processes. A write takes milliseconds; the rest is for an overloaded machine."""

_POLL_SECONDS = 0.003
"""How often to check the lock: about as long as a write takes, so that a waiting process gets its turn among many
frequent writers.
"""

_TEMPORARY = ".tmp"

MOST_BYTES = 1 << 20
"""The largest file of settings, keys or logins that is read: a hundred times as large as one that a user writes."""
MOST_DATA_BYTES = 64 << 20
"""The largest file of lists, models or cached data that is read: ten times as large as the longest public list."""


def read(path: str, most: int = MOST_BYTES) -> bytes:
    """Return the content of a regular file of at most `most` bytes.

    Raises OSError, also for anything that is no regular file or is too large. A pipe or a device is not waited for.
    """
    with _opened(path) as descriptor:
        size, data = os.fstat(descriptor).st_size, bytearray()
        while size <= most and len(data) <= most and (part := os.read(descriptor, most + 1 - len(data))):
            data += part
    if max(size, len(data)) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MiB", path)
    return bytes(data)


def digest(path: str) -> bytes:
    """Return the SHA-256 digest of a regular file, which may be of any size. Raises OSError, as `read` does."""
    import hashlib

    with _opened(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
        return hashlib.file_digest(file, "sha256").digest()


def beginning(path: str, size: int) -> bytes:
    """Return the first `size` bytes of a regular file, which may be of any size. Raises OSError, as `read` does."""
    with _opened(path) as descriptor:
        return os.read(descriptor, size)


def read_text(path: str, most: int = MOST_BYTES) -> str:
    """Return the text of a file of at most `most` bytes. Raises what `read` raises, and UnicodeDecodeError."""
    return text_of(read(path, most))


def text_of(data: bytes) -> str:
    """Return the text of a file with its line ends normalized. Raises UnicodeDecodeError."""
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    try:
        found = os.stat(path)
    except UnicodeEncodeError:  # no file has a name that can't be encoded
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
    _require_regular(found, path)  # opening a device may already do something
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        _require_regular(os.fstat(descriptor), path)
        yield descriptor
    finally:
        os.close(descriptor)


def _require_regular(found: os.stat_result, path: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", path)


def replace(path: str, data: bytes, *, mode: int | None = None, before: Callable[[], object] | None = None) -> None:
    """Replace a file atomically and durably. A symbolic link is followed and stays a link.

    The file gets the permissions `mode`; without it, an existing file keeps its own, and a new one gets 0600.
    `before` is called right before the new file replaces the old one; if it raises, the old file stays. Raises
    OSError with the old file intact.
    """
    import tempfile

    from polyroute._internal import platform

    path = os.path.realpath(path)
    with contextlib.suppress(FileNotFoundError):
        _require_regular(os.stat(path), path)
    folder = os.path.dirname(path)
    file_access.make_folders(folder)
    descriptor, temporary = tempfile.mkstemp(_TEMPORARY, prefix=_prefix(path), dir=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            platform.set_mode(temporary, _mode_of(path) if mode is None else mode)
            os.fsync(descriptor)
        if before:
            before()
        platform.put_in_place(temporary, path)
    except BaseException:
        os.remove(temporary)
        raise
    platform.sync_directory(folder)


def require_unexposed(path: str, home: str = "") -> None:
    """Check that no other user could change what is written to `path`. Raises Unavailable, with the remedy.

    `home` is as in `file_access.exposure`.
    """
    if exposed := file_access.exposure(path, home):
        raise Unavailable(f"{path} was not changed: {exposed.why}.", exposed.remedy)


def require_lock(path: str) -> None:
    """Check that `locked(path)` has the library it needs, for callers that change something else before they lock.

    Raises MissingExtra without the extra `store`.
    """
    try:
        import filelock  # noqa: F401
    except ImportError:
        raise MissingExtra(f"Writing {path}", "store") from None


@contextlib.contextmanager
def locked(path: str, *, links: bool = False) -> Iterator[None]:
    """Lock `path` against writes by other processes and threads.

    Writing through a link changes the file that it leads to. So `path` must be a regular file, or not exist; only with
    `links`, for files that users keep elsewhere, may it be a link, to such a file of the same user. A caller with
    `links` also checks that it understands the whole content, with `is_link`.

    The lock is a file next to `path` that is never deleted; the system releases it when its holder dies. Temporary
    files of killed writers are removed. Raises Unavailable if the lock can't be acquired or the file can't be changed
    safely, and MissingExtra if the extra `store` is not installed.
    """
    require_lock(path)
    _check_target(path, links=links)
    from filelock import FileLock, Timeout

    path = os.path.realpath(path)
    try:
        file_access.make_folders(os.path.dirname(path))
        lock = FileLock(_beside(path, ".lock"), LOCK_TIMEOUT_SECONDS, 0o600, poll_interval=_POLL_SECONDS)
        with lock:
            _sweep(path)
            yield
    except Timeout:
        fault = f"{path} has been locked by another process for more than {LOCK_TIMEOUT_SECONDS:g} seconds."
        raise Unavailable(f"{fault} Nothing was changed.", "Try again, or end that process.") from None


def is_link(path: str) -> bool:
    """Return whether `path` is a link to another file."""
    from polyroute._internal import platform

    return platform.is_link(path)


def _check_target(path: str, *, links: bool) -> None:
    """Raise Unavailable if a change of `path` would change a file that is not meant."""
    from polyroute._internal import platform

    is_a_link = platform.is_link(path)
    if is_a_link and not links:
        raise Unavailable(f"{path} is a link, and was not changed.", "Replace the link with the file itself.")
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise Unavailable(f"{path} is not a regular file, and was not changed.", "Move it away.")
    if is_a_link and not platform.is_own(found):
        target = os.path.realpath(path)
        raise Unavailable(
            f"{path} was not changed: it is a link to {target}, a file of another user.", "Remove the link."
        )


@contextlib.contextmanager
def readable_errors(path: str) -> Iterator[None]:
    """Convert an OSError about `path` to Unavailable with a message for users."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{path} was not changed: {error.strerror or error}.", "Fix this first.") from error


def _sweep(path: str) -> None:
    """Remove temporary files of killed writers of `path` and of copies of it (`path.broken`).

    Must be called under the lock, so that no live writer owns them.
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
