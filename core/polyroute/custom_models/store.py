"""Read and write the file of custom models, which is shared with another tool, without losing changes.

Polyroute's own processes use a lock. The other tool does not: it reads the file, changes the content and writes all of
it in place. So the file is compared with what was read right before it is replaced, and once more afterwards; if it
differs, the change is made again on the new content. A change is lost only if the other tool reads the file before it
and writes the file after the last comparison.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeVar

from polyroute._internal import files, lossless_json, platform
from polyroute.base_url import same_endpoint
from polyroute.custom_models import editing, file, transfer
from polyroute.custom_models.editing import EditResult, Entries, endpoint
from polyroute.custom_models.file import FileContent, NotReadable
from polyroute.custom_models.models import KEY_FIELD, CustomModel, ReadModels, parse
from polyroute.custom_models.transfer import ImportReport, OnConflict
from polyroute.dexto_compat import DEFAULT_CUSTOM_PROVIDER
from polyroute.errors import NotUnderstood, Unavailable, UnknownCustomModel, UsageError
from polyroute.plugins.loaded import Plugins
from polyroute.types import ModelRef, Problem

T = TypeVar("T")

_ATTEMPTS = 10
"""The maximum number of times that a change is made, because another program wrote the file in between."""
_LOOKS, _PAUSE_SECONDS = 5, 0.02
"""How often, and at which interval, an invalid file is read, because another program may be writing it."""

_UNREADABLE = "custom-models-unreadable"


class Repaired(NamedTuple):
    """The result of repairing a damaged file."""

    original: str
    """The path of the copy of the damaged file."""
    saved: int
    """The number of entries that could be read."""


class CustomStore:
    """The custom models of one user. Every method reads the file again."""

    def __init__(self, path: str, plugins: Plugins) -> None:
        self.path = path
        self.plugins = plugins

    def listing(self) -> ReadModels:
        """Return all models that can be read, and problems of the others or of the whole file."""
        try:
            data = self._data()
            if data is None:
                return ReadModels()
            return parse(file.values(data), self.plugins, self.path)
        except NotReadable as error:
            remedy = "See `polyroute custom repair`."
            problem = Problem(f"{error}; no custom model is used.", remedy, path=self.path, code=_UNREADABLE)
            return ReadModels(problems=(problem,))
        except OSError as error:
            why = f"can't be read ({error.strerror}); no custom model is used."
            return ReadModels(problems=(Problem(why, "Fix its permissions.", path=self.path, code=_UNREADABLE),))

    def get(self, ref: ModelRef) -> CustomModel:
        """Return one model; its provider may be an alias. Raises UnknownCustomModel."""
        names = self.plugins.names
        wanted = names.get(ref.provider, ref.provider)
        for model in self.named(ref.id):
            if names.get(model.provider, model.provider) == wanted:
                return model
        raise UnknownCustomModel(f"There is no custom model {ref}.", "See `polyroute custom list`.")

    def providers_of(self, name: str) -> tuple[str, ...]:
        """Return the providers, as written, of all entries with this name, also of invalid ones. Raises Unavailable."""
        with files.readable_errors(self.path):
            entries = self._settled()[1].names()
        written = (provider or DEFAULT_CUSTOM_PROVIDER for provider, each in entries if each == name)
        return tuple(dict.fromkeys(provider for provider in written if isinstance(provider, str)))

    def fields(self, ref: ModelRef) -> frozenset[str]:
        """Return the names of an entry's fields, also of an invalid one. Raises UnknownCustomModel and Unavailable."""
        with files.readable_errors(self.path):
            entries = Entries(self._settled()[1], self.plugins)
        return frozenset(entries.members(entries.position(ref)))

    def named(self, name: str) -> tuple[CustomModel, ...]:
        """Return all models with this name, of any provider."""
        return tuple(model for model in self.listing().models if model.name == name)

    def secret(self, ref: ModelRef, base_url: str) -> str | None:
        """Return the key in a model's entry, if the entry still has this base URL. For `Environment.reveal`."""
        try:
            entries = Entries(self._document(self._data()), self.plugins)
            members = entries.members(entries.position(ref))
            key = lossless_json.value(members.get(KEY_FIELD, b"null"))
        except (OSError, ValueError, UsageError):
            return None
        return key.strip() if isinstance(key, str) and same_endpoint(endpoint(members), base_url) else None

    def add(
        self, entry: Mapping[str, Any], *, upsert: bool = False, keep_key: bool = False, references: bool = True
    ) -> EditResult:
        """Add a model from the fields of its entry; with `upsert`, update an existing one.

        A mask in place of a key keeps the stored key. Without `references`, a key may not be `$NAME`; use this for
        fields from a client that may not read variables. Raises CustomModelExists, KeyBoundElsewhere, UnknownProvider,
        UsageError, and, like every change, Unavailable if the file can't be read or written. After an error the file
        is unchanged.
        """
        return self._change(partial(editing.add, entry=entry, upsert=upsert, keep_key=keep_key, references=references))

    def edit(
        self, ref: ModelRef, changes: Mapping[str, Any], *, keep_key: bool = False, references: bool = True
    ) -> EditResult:
        """Change fields of a model and keep all others; None removes a field.

        Changing the base URL of a model with a stored key requires the key again, or `keep_key`. The provider can't be
        changed. Raises UnknownCustomModel, CustomModelExists if `name` is among the changes and is taken,
        KeyBoundElsewhere, UsageError.
        """
        return self._change(partial(editing.edit, ref=ref, changes=changes, keep_key=keep_key, references=references))

    def rename(self, ref: ModelRef, name: str) -> EditResult:
        """Rename a model in one write. Raises UnknownCustomModel, CustomModelExists, UsageError."""
        return self.edit(ref, {"name": name})

    def remove(self, ref: ModelRef) -> EditResult:
        """Remove a model. Raises UnknownCustomModel."""
        return self._change(partial(editing.remove, ref=ref))

    def export(self, *, with_secrets: bool = False) -> bytes:
        """Return all entries as a separate file, by default without fields that may be secret. Raises Unavailable."""
        with files.readable_errors(self.path):
            _, document = self._settled()
        return transfer.exported(document, with_secrets=with_secrets)

    def import_entries(
        self, data: bytes, on_conflict: OnConflict = "fail", *, with_secrets: bool = False, dry_run: bool = False
    ) -> list[ImportReport]:
        """Import entries as `export` returns them, in one write; return the result of each entry.

        With `dry_run`, nothing is written. With `fail`, nothing is written if one of the models exists. Keys are
        imported only `with_secrets`. The stored key of a replaced model is kept only if its base URL is the same.
        Raises UsageError if `data` can't be parsed.
        """
        checked = transfer.checked_entries(transfer.read(data), self.plugins, with_secrets=with_secrets)
        import_into = partial(transfer.import_entries, checked=checked, on_conflict=on_conflict)
        with files.readable_errors(self.path):
            reports = import_into(Entries(self._settled()[1], self.plugins))
        if dry_run or not any(report.action in ("added", "replaced") for report in reports):
            return reports
        try:
            return self._change(lambda entries: _unless_conflicting(import_into(entries)))
        except _Conflicting as error:
            return error.reports

    def repair(self) -> Repaired | None:
        """Replace a damaged file by the entries that can be read, and keep the original; None if it is not damaged.

        Raises Unavailable if the file does not look like a file of custom models, or is outside of the shared home.
        """
        with files.readable_errors(self.path), self._locked():
            data = self._data()
            try:
                if data is None or file.values(data) is not None:
                    return None
            except NotReadable:
                entries = self._salvaged(data or b"")
            original = _unused(f"{os.path.realpath(self.path)}.broken")
            files.replace(original, data or b"", mode=0o600)
            files.replace(self.path, file.EMPTY.text(file.EMPTY.array(entries)), mode=0o600)
            return Repaired(original, len(entries))

    def _salvaged(self, data: bytes) -> list[bytes]:
        home = os.path.dirname(os.path.dirname(self.path))
        if not platform.is_within(self.path, home):
            fault = f"{self.path} was left unchanged: it leads to {os.path.realpath(self.path)}, outside of {home}."
            raise Unavailable(f"{fault} Copy that file over the link first.")
        if not file.holds_models(data):
            raise NotUnderstood(f"{self.path} was left unchanged: it contains no list of models. Move it away.")
        return list(file.salvage(data))

    def _locked(self) -> contextlib.AbstractContextManager[None]:
        return files.locked(self.path, links=True)

    def _change(self, change: Callable[[Entries], T]) -> T:
        """Apply a change to the current file durably, and check that it is in the file afterwards."""
        outcome: T | None = None
        with files.readable_errors(self.path), self._locked():
            for _ in range(_ATTEMPTS):
                before, document = self._settled()
                entries = Entries(document, self.plugins)
                try:
                    result = change(entries)
                except UsageError:
                    if outcome is None:
                        raise
                    return outcome  # another program wrote the file after reading it with our change
                after = entries.text()
                if not self._replaced(before, after):
                    continue
                outcome = outcome or result
                if self._data() == after:
                    return outcome
        raise Unavailable(f"{self.path} is being written by another program all the time. Try again later.")

    def _replaced(self, before: bytes | None, after: bytes) -> bool:
        """Write the file unless it has changed since it was read; return whether it was written."""

        def compare() -> None:
            if self._data() != before:
                raise _WrittenMeanwhile

        try:
            files.replace(self.path, after, mode=0o600, before=compare)
        except _WrittenMeanwhile:
            return False
        return True

    def _settled(self) -> tuple[bytes | None, FileContent]:
        """Return the content of the file. Raises Unavailable if it stays invalid while other programs may write it."""
        for looks_left in reversed(range(_LOOKS)):
            data = self._data()
            try:
                return data, self._document(data)
            except NotReadable as error:
                if not looks_left:
                    remedy = "To keep a copy of it and save the entries that can be read: `polyroute custom repair`."
                    raise NotUnderstood(f"{self.path} was left unchanged: {error}. {remedy}") from None
            time.sleep(_PAUSE_SECONDS)
        raise AssertionError("unreachable")

    def _document(self, data: bytes | None) -> FileContent:
        return file.EMPTY if data is None else file.parse(data)

    def _data(self) -> bytes | None:
        try:
            return files.read(self.path, files.MOST_DATA_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return None


class _WrittenMeanwhile(Exception):
    """Another program has changed the file since it was read."""


class _Conflicting(UsageError):
    """At least one of the models to import exists already."""

    def __init__(self, reports: list[ImportReport]) -> None:
        self.reports = reports
        super().__init__("Some of the models exist already.")


def _unless_conflicting(reports: list[ImportReport]) -> list[ImportReport]:
    if any(report.action == "conflict" for report in reports):
        raise _Conflicting(reports)
    return reports


def _unused(path: str) -> str:
    number = 1
    while os.path.lexists(candidate := path if number == 1 else f"{path}-{number}"):
        number += 1
    return candidate
