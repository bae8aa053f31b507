"""Where the documents of a user are kept: in files of this machine, unless a server keeps them elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from polyroute._internal import files
from polyroute._internal.cache import identity_or_none


class Documents(Protocol):
    """The documents of one user, by the paths that they have as files.

    A document is changed under its lock only: read it again there, and replace it as a whole.
    """

    is_local: bool
    """Whether the user works on this machine: else its other files, servers and keyring are not theirs."""

    @property
    def owner(self) -> Hashable:
        """Whose documents these are; empty if the paths say so."""

    def again(self) -> Documents:
        """Return the same user's documents as they are now."""

    def read(self, path: str, most: int = files.MOST_BYTES) -> bytes | None:
        """Return a document of at most `most` bytes, or None if there is none. Raises OSError and Unavailable."""

    def is_file(self, path: str) -> bool:
        """Return whether a document is there."""

    def is_missing(self, path: str) -> bool:
        """Return whether it is certain that there is none."""

    def identity(self, path: str) -> Hashable | None:
        """Return what distinguishes this state of a document from others, or None if it can't be read."""

    def watch(self, seen: Mapping[str, Hashable | None]) -> Callable[[], bool]:
        """Return a function that returns whether all documents still have the identities `seen`. It never waits."""

    def locked(self, path: str, *, links: bool = False) -> AbstractContextManager[None]:
        """Lock a document against other changes; `links` is as in `files.locked`. Afterwards all changes are durable.

        Raises Unavailable if the document can't be changed.
        """

    def replace(
        self, path: str, data: bytes, *, mode: int | None = None, before: Callable[[], object] | None = None
    ) -> None:
        """Replace a document atomically, under its lock. The arguments and errors are those of `files.replace`."""

    def remove(self, path: str) -> None:
        """Remove a document, under its lock."""


class FileDocuments:
    """Documents that are files. All methods are as in `Documents`."""

    is_local = True
    owner = ""
    locked = staticmethod(files.locked)
    replace = staticmethod(files.replace)
    remove = staticmethod(os.unlink)
    is_file = staticmethod(os.path.isfile)
    identity = staticmethod(identity_or_none)

    def again(self) -> FileDocuments:
        """See `Documents.again`."""
        return self

    def read(self, path: str, most: int = files.MOST_BYTES) -> bytes | None:
        """See `Documents.read`."""
        try:
            return files.read(path, most)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def is_missing(self, path: str) -> bool:
        """See `Documents.is_missing`."""
        try:
            os.stat(path)
        except OSError as error:
            return isinstance(error, FileNotFoundError | NotADirectoryError)
        return False

    def watch(self, seen: Mapping[str, Hashable | None]) -> Callable[[], bool]:
        """See `Documents.watch`."""
        from polyroute._internal.watching import Watch

        return Watch(seen).is_unchanged


def keep_beside(documents: Documents, path: str, data: bytes) -> str:
    """Write a copy of a damaged document beside it, under its lock; return the path of the copy."""
    original = f"{os.path.realpath(path)}.broken"
    number, copy = 1, original
    while documents.is_file(copy) or (documents.is_local and os.path.lexists(copy)):
        number += 1
        copy = f"{original}-{number}"
    documents.replace(copy, data, mode=0o600)
    return copy


FILES = FileDocuments()
"""The files of this machine."""
