"""Read and replace one file of custom models."""

from __future__ import annotations

import contextlib
import os
import time

from polyroute._internal import files, platform
from polyroute._internal.user_documents import Documents, keep_beside
from polyroute.custom_models import file
from polyroute.custom_models.file import FileContent, NotReadable
from polyroute.errors import NotUnderstood, Unavailable
from polyroute.named_tuples import NamedTuple

_LOOKS, _PAUSE_SECONDS = 5, 0.02
"""How often, and at which interval, an invalid file is read, because another program may be writing it."""


class Repaired(NamedTuple):
    """The result of repairing a damaged file."""

    path: str
    """The file."""
    original: str
    """The path of the copy of the damaged file."""
    saved: int
    """The number of entries that could be read."""


class StoredFile(NamedTuple):
    """A file of custom models. Every method reads it again."""

    path: str
    home: str
    """The folder outside of which a damaged file is not replaced."""
    documents: Documents

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Lock the file against writes by other processes of ours."""
        return self.documents.locked(self.path, links=True)

    def data(self) -> bytes | None:
        """Return the bytes of the file; None if there is none. Raises OSError."""
        return self.documents.read(self.path, files.MOST_DATA_BYTES)

    def content(self) -> FileContent:
        """Return the content. Raises OSError and NotReadable."""
        return _parsed(self.data())

    def settled(self) -> tuple[bytes | None, FileContent]:
        """Return the bytes and the content. Raises Unavailable if it stays invalid."""
        with files.readable_errors(self.path):
            for looks_left in reversed(range(_LOOKS)):
                data = self.data()
                try:
                    return data, _parsed(data)
                except NotReadable as error:
                    if not looks_left:
                        remedy = (
                            "To keep a copy of it and save the entries that can be read: `polyroute custom repair`."
                        )
                        raise NotUnderstood(f"{self.path} was left unchanged: {error}.", remedy) from None
                time.sleep(_PAUSE_SECONDS)
        raise AssertionError("unreachable")

    def replaced(self, before: bytes | None, after: bytes) -> bool:
        """Write the file unless it has changed since it was read; return whether it was written."""

        def compare() -> None:
            if self.data() != before:
                raise _WrittenMeanwhile

        try:
            self.documents.replace(self.path, after, mode=0o600, before=compare)
        except _WrittenMeanwhile:
            return False
        return True

    def restore(self, before: bytes | None) -> None:
        """Undo `replaced`, under the same lock."""
        if before is None:
            self.documents.remove(self.path)
        else:
            self.documents.replace(self.path, before, mode=0o600)

    def repair(self) -> Repaired | None:
        """Replace a damaged file by the entries that can be read, and keep the original; None if it is not damaged.

        Raises Unavailable if the file does not look like a file of custom models, or is outside of its home.
        """
        data = self.data()
        try:
            if data is None or file.values(data) is not None:
                return None
        except NotReadable:
            entries = self._salvaged(data or b"")
        original = keep_beside(self.documents, self.path, data or b"")
        self.documents.replace(self.path, file.EMPTY.text(file.EMPTY.array(entries)), mode=0o600)
        return Repaired(self.path, original, len(entries))

    def _salvaged(self, data: bytes) -> list[bytes]:
        if not platform.is_within(self.path, self.home):
            fault = (
                f"{self.path} was left unchanged: it leads to {os.path.realpath(self.path)}, outside of {self.home}."
            )
            raise Unavailable(f"{fault} Copy that file over the link first.")
        if not file.holds_models(data):
            raise NotUnderstood(f"{self.path} was left unchanged: it contains no list of models.", "Move it away.")
        return list(file.salvage(data))


class _WrittenMeanwhile(Exception):
    """Another program has changed the file since it was read."""


def _parsed(data: bytes | None) -> FileContent:
    return file.EMPTY if data is None else file.parse(data)
