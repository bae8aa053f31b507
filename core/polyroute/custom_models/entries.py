"""The entries of both files of custom models in memory. This module does no I/O.

One file is shared with another tool, which would lose entries and fields that it does not know. Those are in the
second file, which is ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polyroute._internal import lossless_json
from polyroute.custom_models.file import FileContent, entry_text
from polyroute.custom_models.models import identity
from polyroute.dexto_compat.custom_models import is_read, keeps_all, may_replace
from polyroute.errors import UnknownCustomModel
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.loaded import Plugins
from polyroute.types import ModelRef

Members = Mapping[str, bytes]


def values_of(members: Members) -> dict[str, Any]:
    """Return the fields of an entry, parsed."""
    return {field: lossless_json.value(text) for field, text in members.items()}


class FilePart:
    """The entries of one file at the time it was read. They can be changed."""

    def __init__(self, document: FileContent) -> None:
        self.names: list[tuple[Any, Any]] = document.names()
        """The provider and the name of each, of whatever type."""
        self.is_changed = False
        self._document = document
        self._texts: list[bytes] | None = None
        self._appended: list[bytes] = []

    @property
    def texts(self) -> list[bytes]:
        """The text of each entry. It is parsed on first use: an addition does not need it, and parsing is expensive."""
        if self._texts is None:
            self._texts = [*self._document.entries(), *self._appended]
        return self._texts

    def text(self) -> bytes:
        """Return the text of the file with these entries."""
        document = self._document
        models = document.array_with(self._appended) if self._texts is None else document.array(self._texts)
        return document.text(models)

    def append(self, ref: ModelRef, text: bytes) -> None:
        """Add an entry at the end."""
        (self._appended if self._texts is None else self._texts).append(text)
        self.names.append(ref)
        self.is_changed = True

    def insert(self, names: tuple[Any, Any], text: bytes) -> None:
        """Add an entry of whatever form at the beginning."""
        self.texts.insert(0, text)
        self.names.insert(0, names)
        self.is_changed = True

    def replace(self, index: int, ref: ModelRef, text: bytes) -> None:
        """Replace an entry."""
        self.texts[index], self.names[index] = text, ref
        self.is_changed = True

    def delete(self, index: int) -> None:
        """Remove an entry."""
        del self.texts[index], self.names[index]
        self.is_changed = True


class Position(NamedTuple):
    """Where an entry is."""

    part: FilePart
    at: int

    @property
    def text(self) -> bytes:
        """The text of the entry."""
        return self.part.texts[self.at]


class Entries:
    """The entries of both files: those of the shared file come first."""

    def __init__(self, shared: FileContent, own: FileContent, plugins: Plugins) -> None:
        self.plugins = plugins
        self.shared, self.own = FilePart(shared), FilePart(own)

    def find(self, ref: ModelRef) -> Position | None:
        """Return the position of the first entry with this provider and name, or None."""
        return next(self._all(ref), None)

    def position(self, ref: ModelRef) -> Position:
        """Return the position of the first entry with this provider and name. Raises UnknownCustomModel."""
        position = self.find(ref)
        if position is None:
            others = [identity(provider, ref.id, self.plugins)[0] for provider in self.providers_of(ref.id)]
            remedy = f"There is one of {', '.join(others)}." if others else "See `polyroute custom list`."
            raise UnknownCustomModel(
                f"There is no custom model {ref}.", remedy, [f"{provider}/{ref.id}" for provider in others]
            )
        return position

    def providers_of(self, name: str) -> Iterator[str | None]:
        """Yield the providers, as written, of all entries with this name; None for an entry that names none."""
        for part in (self.shared, self.own):
            yield from (provider for provider, each in part.names if each == name and isinstance(provider, str | None))

    def members(self, position: Position) -> dict[str, bytes]:
        """Return the fields of an entry, each as JSON text."""
        return lossless_json.members(position.text)

    def put(self, ref: ModelRef, members: Members, position: Position | None) -> None:
        """Replace the entry at `position`, or append an entry if that is None.

        What the other tool would lose is put into our own file, and stays there.
        """
        text = entry_text(members)
        if position is None:
            self._place(ref, members).append(ref, text)
        elif position.part is self.own or self._may_stay(ref, members, position):
            position.part.replace(position.at, ref, text)
        else:
            self._move(ref, text, position)

    def separate(self) -> int:
        """Move the entries that make the other tool read none into our own file; return how many."""
        unread = [at for at, text in enumerate(self.shared.texts) if not is_read(lossless_json.value(text))]
        for index in reversed(unread):
            self.own.insert(self.shared.names[index], self.shared.texts[index])
            self.shared.delete(index)
        return len(unread)

    def drop(self, ref: ModelRef) -> None:
        """Remove every entry with this provider and name."""
        for part in (self.shared, self.own):
            self._drop_in(part, ref)

    def _place(self, ref: ModelRef, members: Members) -> FilePart:
        is_free = all(name != ref.id for _, name in self.shared.names)
        return self.shared if is_free and keeps_all(values_of(members)) else self.own

    def _may_stay(self, ref: ModelRef, members: Members, position: Position) -> bool:
        """Return whether an entry of the shared file may be there after a change."""
        others = (name for index, (_, name) in enumerate(self.shared.names) if index != position.at)
        is_free = self.shared.names[position.at][1] == ref.id or ref.id not in others
        return is_free and may_replace(values_of(members), values_of(self.members(position)))

    def _move(self, ref: ModelRef, text: bytes, position: Position) -> None:
        self._drop_in(self.own, ref)
        self.own.append(ref, text)
        position.part.delete(position.at)

    def _drop_in(self, part: FilePart, ref: ModelRef) -> None:
        for index in reversed(list(self._within(part, ref))):
            part.delete(index)

    def _all(self, ref: ModelRef) -> Iterator[Position]:
        for part in (self.shared, self.own):
            yield from (Position(part, index) for index in self._within(part, ref))

    def _within(self, part: FilePart, ref: ModelRef) -> Iterator[int]:
        own = identity(*ref, self.plugins)
        for index, (provider, name) in enumerate(part.names):
            if name == ref.id and identity(provider, name, self.plugins) == own:
                yield index
