"""Copy plugins into the user's plugin folder from a folder, an archive or an https address, within limits.

No code of a plugin is run, and only regular files and folders are copied.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import posixpath
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any
from urllib.parse import urlsplit

from polyroute._internal import file_access, file_names, files, platform
from polyroute.errors import Unavailable, UsageError
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.manifests.description import PLAIN_NAME
from polyroute.plugins.manifests.discovery import MANIFEST
from polyroute.plugins.trust import download
from polyroute.plugins.trust.approvals import Provenance

MOST_FILES = 10_000
MOST_BYTES = 64 << 20
_LEFT_OUT = (".git", "__pycache__", ".venv")
_ARCHIVES = (".tar.gz", ".tgz", ".zip")
_HEADER_BYTES = 2048
"""The maximum size of the data that an archive has for each file besides its content."""
_TOO_MUCH = f"it unpacks to more than {MOST_BYTES >> 20} MiB."


class _Entry(NamedTuple):
    """One file or folder in an archive."""

    name: str
    is_program: bool = False
    open: Callable[[], IO[bytes] | None] | None = None
    """None for a folder."""


class _Bounded:
    """A decompressed stream limited to the maximum size of a plugin."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream
        self._left = MOST_BYTES + MOST_FILES * _HEADER_BYTES

    def read(self, size: int) -> bytes:
        """Return the next bytes. Raises UsageError if the limit is exceeded."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise UsageError(_TOO_MUCH)
        return data


class PluginAtHand(NamedTuple):
    """A plugin in a temporary folder."""

    folder: str
    source: Provenance


@contextlib.contextmanager
def at_hand(source: str, *, insecure: bool = False, sha256: str | None = None) -> Iterator[PluginAtHand]:
    """Yield a temporary folder with the plugin in `source`, which is removed afterwards.

    `source` is a folder, a manifest or an archive, as a path or an https address; `sha256` is the digest in hexadecimal
    that the file must have, if one is given. Raises UsageError if it has another digest, contains no plugin, or one
    that leads out of its folder, and Unavailable if it can't be downloaded.
    """
    digest = "" if sha256 is None else _digits(sha256)
    with tempfile.TemporaryDirectory(prefix="polyroute-") as temporary:
        given = source
        if download.is_address(source):
            source = os.path.join(temporary, "fetched", *_path_of(source))
            file_access.make_folders(os.path.dirname(source))
            download.fetch(given, source, insecure=insecure)
        content = _content(source)
        provenance = _provenance(given, source, content, digest)
        target = os.path.join(temporary, "unpacked", _plain_name(source))
        if content is None:
            copy(source, target)
        elif source.endswith(_ARCHIVES):
            _unpack(source, content, target)
        else:
            file_access.make_folders(target)
            files.replace(os.path.join(target, MANIFEST), content, mode=0o600)
        yield PluginAtHand(_with_manifest(target, source), provenance)


def _content(source: str) -> bytes | None:
    """Return the content of an archive or a manifest, or None for a folder.

    It is read once, so that what is unpacked is what the digest is of, whoever may write the file. Raises UsageError
    for anything else, and if it can't be read or is too large.
    """
    if os.path.isdir(source):
        return None
    if not (source.endswith(_ARCHIVES) or (os.path.basename(source) == MANIFEST and os.path.isfile(source))):
        raise UsageError(
            f"{source} is not a plugin.", f"Give a folder with a {MANIFEST}, or {', '.join(_ARCHIVES)} of one."
        )
    try:
        return files.read(source, download.MOST_BYTES)
    except OSError as error:
        raise UsageError(f"{source} can't be read: {error.strerror or error}.") from None


def _provenance(given: str, path: str, content: bytes | None, sha256: str) -> Provenance:
    """Return where a plugin comes from: as `given`, and now at `path`. Raises UsageError if its digest is another."""
    is_download = given != path
    place = download.without_query(given) if is_download else os.path.abspath(given)
    if content is None:
        if sha256:
            raise UsageError(
                f"{given} is a folder, which has no SHA-256 digest.", "Give --sha256 for a file or an address."
            )
        return Provenance("folder", place)
    found = hashlib.sha256(content).hexdigest()
    if sha256 and found != sha256:
        raise UsageError(
            f"{place} has the SHA-256 digest {found}, and not {sha256}, which you gave. Nothing was changed."
        )
    return Provenance("url" if is_download else "file", place, found, bool(sha256))


def _digits(sha256: str) -> str:
    """Return a digest that the user gave in lower case. Raises UsageError if it is not one."""
    found = sha256.strip().lower().removeprefix("sha256:")
    if not re.fullmatch("[0-9a-f]{64}", found):
        raise UsageError(f"{sha256!r} is not a SHA-256 digest.", "Give its 64 hexadecimal digits.")
    return found


def install(folder: str, directory: str, name: str) -> str:
    """Copy a plugin into the plugin folder, replacing one of the same name; return the path of the copy.

    Raises UsageError if the name is invalid, and Unavailable if the folder can't be written.
    """
    if not re.fullmatch(PLAIN_NAME, name) or file_names.fault(name):
        raise UsageError(f"{name!r} is not a valid name for a plugin.", f'Set one in its {MANIFEST}: name = "acme".')
    target = os.path.join(directory, name)
    try:
        file_access.make_folders(directory)
        with tempfile.TemporaryDirectory(prefix=".adding-", dir=directory) as aside:
            copy(folder, os.path.join(aside, "new"))
            if os.path.lexists(target):
                os.rename(target, os.path.join(aside, "old"))
            os.rename(os.path.join(aside, "new"), target)
    except OSError as error:
        raise Unavailable(f"{target} can't be written: {error.strerror or error}.") from error
    return target


def copy(source: str, target: str) -> None:
    """Copy a plugin's folder so that only its owner may use it. Raises UsageError if it contains links."""
    for path, folders, names in os.walk(source):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in [*folders, *names]:
            each = os.path.join(path, name)
            if platform.is_link(each) or not (os.path.isfile(each) or os.path.isdir(each)):
                raise UsageError(f"{each} is a link or not a regular file: put a copy in its place.")
        inner = os.path.normpath(os.path.join(target, os.path.relpath(path, source)))
        file_access.make_folders(inner)
        for name in names:
            shutil.copyfile(os.path.join(path, name), os.path.join(inner, name))
            _set_rights(os.path.join(inner, name), is_program=os.access(os.path.join(path, name), os.X_OK))


def _path_of(address: str) -> tuple[str, str]:
    """Return the last folder and the file name in an address; the folder is the name of a plugin without one."""
    folder, name = posixpath.split(urlsplit(address).path)
    found = posixpath.basename(folder).strip(".") or "plugin", name or MANIFEST
    if why := file_names.fault("/".join(found)):
        raise UsageError(f"{address}: {why}.", "Download it yourself, and give the file.")
    return found


def _set_rights(path: str, *, is_program: bool) -> None:
    platform.set_mode(path, 0o700 if is_program else 0o600)


def _plain_name(source: str) -> str:
    name = os.path.basename(os.path.abspath(source))
    if name == MANIFEST:
        name = os.path.basename(os.path.dirname(os.path.abspath(source)))
    suffix = next(filter(name.endswith, _ARCHIVES), "")
    return name.removesuffix(suffix) or "plugin"


def _with_manifest(folder: str, source: str) -> str:
    """Return `folder`, or the only folder in it: archives often contain one folder named after the version."""
    inner = [os.path.join(folder, name) for name in os.listdir(folder)]
    places = [folder, *inner] if len(inner) == 1 else [folder]
    for each in places:
        if os.path.isfile(os.path.join(each, MANIFEST)):
            return each
    python = os.path.isfile(os.path.join(source, "pyproject.toml"))
    hint = f" To install a Python plugin: pip install {os.path.join(os.curdir, source)}" if python else ""
    raise UsageError(f"{source} contains no {MANIFEST}.{hint}")


def _unpack(archive: str, content: bytes, target: str) -> None:
    import tarfile
    import zipfile
    import zlib

    broken = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)
    try:
        with contextlib.ExitStack() as stack:
            entries = _zipped if archive.endswith(".zip") else _tarred
            _write(entries(archive, io.BytesIO(content), stack), target)
    except broken as error:
        raise UsageError(f"{archive} can't be unpacked: {error}") from None
    except OSError as error:
        raise UsageError(f"{archive} can't be unpacked: {error.strerror or error}.") from None


def _tarred(archive: str, content: io.BytesIO, stack: contextlib.ExitStack) -> Iterator[_Entry]:
    import gzip
    import tarfile

    unpacked: Any = _Bounded(stack.enter_context(gzip.GzipFile(fileobj=content)))
    opened = stack.enter_context(tarfile.open(fileobj=unpacked, mode="r|"))  # noqa: SIM115 - the stack closes it
    for each in opened:
        if not (each.isfile() or each.isdir()):
            raise UsageError(f"{archive}: {each.name} is a link or not a regular file.")
        read = partial(opened.extractfile, each) if each.isfile() else None
        yield _Entry(each.name, bool(each.mode & 0o100), read)


def _zipped(archive: str, content: io.BytesIO, stack: contextlib.ExitStack) -> Iterator[_Entry]:
    import stat
    import zipfile

    opened = stack.enter_context(zipfile.ZipFile(content))
    for each in opened.infolist():
        mode = each.external_attr >> 16
        if not each.is_dir() and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise UsageError(f"{archive}: {each.filename} is a link or not a regular file.")
        read = None if each.is_dir() else partial(opened.open, each)
        is_cut = "\0" in each.orig_filename  # zipfile ends a name at a NUL, so that it would look like another
        yield _Entry(each.orig_filename if is_cut else each.filename, bool(mode & 0o100), read)


def _write(entries: Iterator[_Entry], target: str) -> None:
    """Write the files of an archive. Raises UsageError if they are too many or too large, or lead out of it."""
    left = MOST_BYTES
    file_access.make_folders(target)
    for count, entry in enumerate(entries, 1):
        if count > MOST_FILES:
            raise UsageError(f"it contains more than {MOST_FILES} files.")
        if why := file_names.fault(entry.name):
            raise UsageError(f"{entry.name if entry.name.isprintable() else ascii(entry.name)}: {why}.")
        if entry.open is None:
            continue
        path = os.path.join(target, *file_names.parts(entry.name))
        file_access.make_folders(os.path.dirname(path))
        opened = entry.open()
        with opened or open(os.devnull, "rb") as source, open(path, "xb") as file:
            data = source.read(left + 1)
            file.write(data)
        left -= len(data)
        if left < 0:
            raise UsageError(_TOO_MUCH)
        _set_rights(path, is_program=entry.is_program)
