"""Read and write the files of custom models without losing changes.

One file is shared with another tool, which reads only some providers and fields: models that it would not keep whole
are in a file of our own. For users the two are one list.

Polyroute's own processes use locks. The other tool does not: it reads the file, changes the content and writes all of
it in place. So the file is compared with what was read right before it is replaced, and once more afterwards; if it
differs, the change is made again on the new content. A change is lost only if the other tool reads the file before it
and writes the file after the last comparison.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from polyroute._internal import files, lossless_json
from polyroute._internal.user_documents import FILES, Documents
from polyroute.base_url import same_endpoint
from polyroute.custom_models import editing, file, transfer
from polyroute.custom_models.editing import EditResult, endpoint
from polyroute.custom_models.entries import Entries
from polyroute.custom_models.file import NotReadable
from polyroute.custom_models.models import KEY_FIELD, CustomModel, ReadModels, parse
from polyroute.custom_models.stored_file import Repaired, StoredFile
from polyroute.custom_models.transfer import ImportReport, OnConflict
from polyroute.dexto_compat import DEFAULT_CUSTOM_PROVIDER
from polyroute.dexto_compat.custom_models import is_read
from polyroute.errors import Unavailable, UnknownCustomModel, UsageError
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.loaded import Plugins
from polyroute.types import ModelRef, Problem

T = TypeVar("T")

_ATTEMPTS = 10
"""The maximum number of times that a change is made, because another program wrote the file in between."""
_UNREADABLE = "custom-models-unreadable"


class _Read(NamedTuple):
    """Both files at the time they were read."""

    shared_data: bytes | None
    own_data: bytes | None
    entries: Entries


class CustomStore:
    """The custom models of one user. Every method reads the file again."""

    def __init__(self, path: str, plugins: Plugins, own_path: str = "", documents: Documents = FILES) -> None:
        """Use the shared file at `path` and our own at `own_path`, by default one beside it."""
        self.path = path
        self.own_path = own_path or os.path.join(os.path.dirname(path), "polyroute-models.json")
        self.plugins = plugins
        self._shared = StoredFile(path, os.path.dirname(os.path.dirname(path)), documents)
        self._own = StoredFile(self.own_path, os.path.dirname(self.own_path), documents)

    def listing(self) -> ReadModels:
        """Return all models that can be read, and problems of the others or of a whole file."""
        texts, problems = [], []
        for stored in (self._shared, self._own):
            entries, problem = _values(stored)
            texts.append((stored.path, entries))
            problems += [problem] if problem else []
        found = parse(texts, self.plugins)
        return found._replace(problems=(*problems, *found.problems)) if problems else found

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
        found = self._settled().entries.providers_of(name)
        return tuple(dict.fromkeys(provider or DEFAULT_CUSTOM_PROVIDER for provider in found))

    def fields(self, ref: ModelRef) -> frozenset[str]:
        """Return the names of an entry's fields, also of an invalid one. Raises UnknownCustomModel and Unavailable."""
        entries = self._settled().entries
        return frozenset(entries.members(entries.position(ref)))

    def named(self, name: str) -> tuple[CustomModel, ...]:
        """Return all models with this name, of any provider."""
        return tuple(model for model in self.listing().models if model.name == name)

    def secret(self, ref: ModelRef, base_url: str) -> str | None:
        """Return the key in a model's entry, if the entry still has this base URL. For `Environment.reveal`."""
        try:
            entries = Entries(self._shared.content(), self._own.content(), self.plugins)
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
        entries = self._settled().entries
        return transfer.exported([*entries.shared.texts, *entries.own.texts], with_secrets=with_secrets)

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
        reports = import_into(self._settled().entries)
        if dry_run or not any(report.action in ("added", "replaced") for report in reports):
            return reports
        try:
            return self._change(lambda entries: _unless_conflicting(import_into(entries)))
        except _Conflicting as error:
            return error.reports

    def repair(self) -> Repaired | None:
        """Replace the first damaged file by the entries that can be read, and keep the original; None if none is.

        Raises Unavailable if the file does not look like a file of custom models, or is outside of its home.
        """
        for stored in (self._shared, self._own):
            if os.path.lexists(stored.path):
                with files.readable_errors(stored.path), stored.locked():
                    if repaired := stored.repair():
                        return repaired
        return None

    @property
    def is_damaged(self) -> bool:
        """Whether `repair` or `separate` has anything to do."""
        return bool(self.unread()) or any(_is_damaged(each) for each in (self._shared, self._own))

    def separate(self) -> int:
        """Move the entries of the shared file that make the other tool read none into our own; return how many."""
        return self._change(Entries.separate) if self.unread() else 0

    def unread(self) -> tuple[int, ...]:
        """Return the positions of the entries of the shared file that make the other tool read none of them."""
        return tuple(index for index, entry in enumerate(_values(self._shared)[0]) if not is_read(entry))

    def _change(self, change: Callable[[Entries], T]) -> T:
        """Apply a change to the current files durably, and check that it is in the shared file afterwards."""
        outcome: T | None = None
        with files.readable_errors(self.path), self._shared.locked():
            for _ in range(_ATTEMPTS):
                read = self._settled()
                try:
                    result = change(read.entries)
                except UsageError:
                    if outcome is None:
                        raise
                    return outcome  # another program wrote the file after reading it with our change
                if not self._written(read):
                    continue
                outcome = outcome or result
                if not read.entries.shared.is_changed or self._shared.data() == read.entries.shared.text():
                    return outcome
        raise Unavailable(f"{self.path} is being written by another program all the time.", "Try again later.")

    def _written(self, read: _Read) -> bool:
        """Write the files that have changed, unless one is no longer what was read; return whether they were written.

        What moves to another file is in both for a moment, and not in none.
        """
        shared, own = read.entries.shared, read.entries.own
        if not own.is_changed:
            return not shared.is_changed or self._shared.replaced(read.shared_data, shared.text())
        with files.readable_errors(self.own_path), self._own.locked():
            if not self._own.replaced(read.own_data, own.text()):
                return False
            if not shared.is_changed or self._shared.replaced(read.shared_data, shared.text()):
                return True
            self._own.restore(read.own_data)
        return False

    def _settled(self) -> _Read:
        (shared_data, shared), (own_data, own) = self._shared.settled(), self._own.settled()
        return _Read(shared_data, own_data, Entries(shared, own, self.plugins))


def _values(stored: StoredFile) -> tuple[list[Any], Problem | None]:
    """Return the parsed entries of a file, or the problem why there are none."""
    try:
        data = stored.data()
        return ([] if data is None else file.values(data)), None
    except NotReadable as error:
        remedy = "To save the entries that can be read, and keep the damaged file beside: `polyroute custom repair`."
        return [], Problem(f"{error}; no custom model in it is used.", remedy, path=stored.path, code=_UNREADABLE)
    except OSError as error:
        why = f"can't be read ({error.strerror}); no custom model in it is used."
        return [], Problem(why, "Fix its permissions.", path=stored.path, code=_UNREADABLE)


def _is_damaged(stored: StoredFile) -> bool:
    try:
        stored.content()
    except NotReadable:
        return True
    except OSError:
        pass
    return False


class _Conflicting(UsageError):
    """At least one of the models to import exists already."""

    def __init__(self, reports: list[ImportReport]) -> None:
        self.reports = reports
        super().__init__("Some of the models exist already.")


def _unless_conflicting(reports: list[ImportReport]) -> list[ImportReport]:
    if any(report.action == "conflict" for report in reports):
        raise _Conflicting(reports)
    return reports
