"""Export and import custom models as JSON in the format of the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from polyroute._internal import lossless_json
from polyroute.base_url import same_endpoint
from polyroute.custom_models import file
from polyroute.custom_models.editing import checked, endpoint, is_mask
from polyroute.custom_models.entries import Entries, Members
from polyroute.custom_models.entry_check import valid_entries
from polyroute.custom_models.file import entry_text
from polyroute.custom_models.models import KEY_FIELD, may_be_secret
from polyroute.errors import UsageError
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.loaded import Plugins
from polyroute.types import ModelRef

OnConflict = Literal["skip", "replace", "fail"]
Action = Literal["added", "replaced", "skipped", "conflict", "refused"]


class ImportReport(NamedTuple):
    """The result of importing one entry."""

    model: str
    """The model reference; empty if the entry has none."""
    action: Action
    note: str = ""


class CheckedEntry(NamedTuple):
    """An entry to import, after it was checked."""

    ref: ModelRef | None
    """The model reference; None if the entry is refused."""
    members: Members
    """The fields to import, each as JSON text."""
    note: str
    """A message for the user; for a refused entry, what is wrong with it."""


def read(data: bytes) -> list[bytes]:
    """Return the entries to import from a file of custom models or a list of entries. Raises UsageError."""
    try:
        text = file.content(data)
        if text.lstrip()[:1] == b"[":
            lossless_json.value(text)
            return lossless_json.elements(text)
        file.values(data)
        return file.parse(data).entries()
    except ValueError as error:
        why = error if isinstance(error, file.NotReadable) else "it is not valid JSON"
        raise UsageError(f"This can't be imported: {why}. Nothing was changed.") from None


def exported(texts: list[bytes], *, with_secrets: bool) -> bytes:
    """Return the entries as a separate file: all of them, or the valid ones without fields that may be secret."""
    if not with_secrets:
        entries, _ = valid_entries([lossless_json.value(text) for text in texts])
        texts = [entry_text(_shareable(lossless_json.members(texts[index]))) for index, _ in entries]
    return file.EMPTY.text(file.EMPTY.array(texts)) + b"\n"


def checked_entries(texts: Iterable[bytes], plugins: Plugins, *, with_secrets: bool) -> list[CheckedEntry]:
    """Check entries as `custom add` does, except that their providers need not be installed."""
    return [_checked_entry(text, plugins, with_secrets=with_secrets) for text in texts]


def _checked_entry(text: bytes, plugins: Plugins, *, with_secrets: bool) -> CheckedEntry:
    try:
        given = lossless_json.members(text)
        members: Members = {field: raw for field, raw in given.items() if not is_mask(field, lossless_json.value(raw))}
        members = members if with_secrets else _shareable(members)
        model = checked(members, plugins, known=False)
    except ValueError:
        return CheckedEntry(None, {}, "it must be an object")
    except UsageError as error:
        return CheckedEntry(None, {}, str(error).removesuffix(" Nothing was changed."))
    notes = [] if len(members) == len(given) else ["secrets were left out"]
    if model.provider not in plugins.names:
        notes.append("its provider is not available here")
    return CheckedEntry(model.ref, members, "; ".join(notes))


def import_entries(entries: Entries, checked: Iterable[CheckedEntry], on_conflict: OnConflict) -> list[ImportReport]:
    """Import checked entries, and return the result of each."""
    return [_import_entry(entries, each, on_conflict) for each in checked]


def _import_entry(entries: Entries, checked: CheckedEntry, on_conflict: OnConflict) -> ImportReport:
    ref, members, note = checked
    if ref is None:
        return ImportReport("", "refused", note)
    position = entries.find(ref)
    if position is None:
        entries.put(ref, members, None)
        return ImportReport(str(ref), "added", note)
    if on_conflict != "replace":
        return ImportReport(str(ref), "skipped" if on_conflict == "skip" else "conflict")
    members, key_note = _with_stored_key(members, entries.members(position))
    entries.put(ref, members, position)
    return ImportReport(str(ref), "replaced", "; ".join(filter(None, [note, key_note])))


def _with_stored_key(members: Members, old: Members) -> tuple[Members, str]:
    """Return an entry with the stored key of the one that it replaces, if both have the same base URL, and a note."""
    if KEY_FIELD in members or KEY_FIELD not in old:
        return members, ""
    if same_endpoint(endpoint(members), endpoint(old)):
        return {**members, KEY_FIELD: old[KEY_FIELD]}, ""
    return members, "the stored key was for another base URL, and was removed"


def _shareable(members: Members) -> Members:
    return {field: raw for field, raw in members.items() if not may_be_secret(field, lossless_json.value(raw))}
