"""The file of a person's own models, shared with another tool: read, and written so that nothing is lost.

Between our own processes a lock keeps every change. The other tool knows no lock: it reads the file, changes what it
read and writes all of it in place. So we look whether the file is still what we read right before ours takes its place,
and once more afterwards; where it is not, the change is made again on what is there now. Only a write of theirs whose
reading came before our change and whose writing comes after our last look can cost ours.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeVar

from polyroute._internal import files, lossless_json
from polyroute.base_url import same_endpoint
from polyroute.custom_models import editing, file, transfer
from polyroute.custom_models.editing import EditResult, Entries, endpoint
from polyroute.custom_models.file import FileContent, NotReadable
from polyroute.custom_models.models import KEY_FIELD, CustomModel, ReadModels, parse
from polyroute.custom_models.transfer import ImportReport, OnConflict
from polyroute.errors import Unavailable, UnknownCustomModel, UsageError
from polyroute.plugins.loaded import Plugins
from polyroute.types import ModelRef, Problem

T = TypeVar("T")

_ATTEMPTS = 10
"""How often a change is made again because another program has written in between."""
_LOOKS, _PAUSE_SECONDS = 5, 0.02
"""How often, and after how long, to look again at a file that may just be being written by another program."""

_UNREADABLE = "custom-models-unreadable"


class Repaired(NamedTuple):
    """What became of a file that could not be read."""

    original: str
    """Where it is kept as it was."""
    saved: int
    """How many entries could be read."""


class CustomStore:
    """The custom models of one person. Every method looks at the file as it is now."""

    def __init__(self, path: str, plugins: Plugins) -> None:
        self.path = path
        self.plugins = plugins

    def listing(self) -> ReadModels:
        """All models that can be read; what is wrong with the others, or with the whole file, are problems."""
        try:
            data = self._data()
            if data is None:
                return ReadModels()
            halves = b"\\" in data and b"\\u" in data  # one byte is found many times faster than two
            return parse(file.values(data), self.plugins, self.path, may_hold_halves=halves)
        except NotReadable as error:
            remedy = "See `polyroute custom repair`."
            return ReadModels(
                problems=(
                    Problem(
                        f"{error}; no custom model is known.", remedy, path=self.path, code="custom-models-unreadable"
                    ),
                )
            )
        except OSError as error:
            why = f"can't be read ({error.strerror}); no custom model is known."
            return ReadModels(
                problems=(Problem(why, "Fix its permissions.", path=self.path, code="custom-models-unreadable"),)
            )

    def get(self, ref: ModelRef) -> CustomModel:
        """One model; its provider may be an alias. Raises UnknownCustomModel."""
        names = self.plugins.names
        wanted = names.get(ref.provider, ref.provider)
        for model in self.named(ref.id):
            if names.get(model.provider, model.provider) == wanted:
                return model
        raise UnknownCustomModel(f"There is no custom model {ref}. See `polyroute custom list`.")

    def named(self, name: str) -> tuple[CustomModel, ...]:
        """All models of this name, whoever's."""
        return tuple(model for model in self.listing().models if model.name == name)

    def secret(self, ref: ModelRef, base_url: str) -> str | None:
        """The key in a model's entry as it is now, if it is still for `base_url`: for `Environment.reveal`."""
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
        """Add a model from the fields of its entry; with `upsert`, change the one that is there.

        A mask in place of a key stands for the stored one. Without `references` a key may not be `$NAME`: the fields
        are from somebody who may not read variables. Raises CustomModelExists, KeyBoundElsewhere, UnknownProvider,
        UsageError, and Unavailable as every change does: then the file is as it was.
        """
        return self._change(partial(editing.add, entry=entry, upsert=upsert, keep_key=keep_key, references=references))

    def edit(
        self, ref: ModelRef, changes: Mapping[str, Any], *, keep_key: bool = False, references: bool = True
    ) -> EditResult:
        """Change fields of a model and keep all others; None takes a field away.

        A stored key stays with its base URL: another one needs the key again, or `keep_key`. The provider stays. Raises
        UnknownCustomModel, CustomModelExists where `name` is among the changes, KeyBoundElsewhere, UsageError.
        """
        return self._change(partial(editing.edit, ref=ref, changes=changes, keep_key=keep_key, references=references))

    def rename(self, ref: ModelRef, name: str) -> EditResult:
        """Give a model another name, in one write. Raises UnknownCustomModel, CustomModelExists, UsageError."""
        return self.edit(ref, {"name": name})

    def remove(self, ref: ModelRef) -> EditResult:
        """Take a model away. Raises UnknownCustomModel."""
        return self._change(partial(editing.remove, ref=ref))

    def export(self, *, with_secrets: bool = False) -> bytes:
        """All entries as a file of their own, by default without whatever may be secret. Raises Unavailable."""
        with files.readable_errors(self.path):
            _, document = self._settled()
        return transfer.written(document, with_secrets=with_secrets)

    def take_in(
        self, data: bytes, on_conflict: OnConflict = "fail", *, with_secrets: bool = False, dry_run: bool = False
    ) -> list[ImportReport]:
        """Import what `export` gives, in one write; what became, or with `dry_run` would become, of each entry.

        With `fail`, one model that is there already keeps all from being written. Keys come along only
        `with_secrets`, and a stored key stays only with its base URL. Raises UsageError where it can't be read.
        """
        texts = transfer.read(data)
        take_in = partial(transfer.take_in, texts=texts, on_conflict=on_conflict, with_secrets=with_secrets)
        with files.readable_errors(self.path):
            reports = take_in(Entries(self._settled()[1], self.plugins))
        if dry_run or not any(report.action in ("added", "replaced") for report in reports):
            return reports
        try:
            return self._change(lambda entries: _unless_conflicting(take_in(entries)))
        except _Conflicting as error:
            return error.reports

    def repair(self) -> Repaired | None:
        """Write what can be read of a broken file, and keep the original beside it; None where nothing is broken."""
        with files.readable_errors(self.path), files.locked(self.path):
            data = self._data()
            try:
                if data is None or file.values(data) is not None:
                    return None
            except NotReadable:
                entries = list(file.salvage(data or b""))
            original = _unused(f"{os.path.realpath(self.path)}.broken")
            files.replace(original, data or b"", mode=0o600)
            files.replace(self.path, file.EMPTY.text(file.EMPTY.array(entries)), mode=0o600)
            return Repaired(original, len(entries))

    def _change(self, change: Callable[[Entries], T]) -> T:
        """Make a change on what is in the file now, durably, and see that it is there afterwards."""
        outcome: T | None = None
        with files.readable_errors(self.path), files.locked(self.path):
            for _ in range(_ATTEMPTS):
                before, document = self._settled()
                entries = Entries(document, self.plugins)
                try:
                    result = change(entries)
                except UsageError:
                    if outcome is None:
                        raise
                    return outcome  # another program has written, and our change is in what it wrote
                after = entries.text()
                if not self._replaced(before, after):
                    continue
                outcome = outcome or result
                if self._data() == after:
                    return outcome
        raise Unavailable(f"{self.path} is being written by another program all the time. Try again when it is not.")

    def _replaced(self, before: bytes | None, after: bytes) -> bool:
        """Write the file, unless it is no longer what was read."""

        def last_look() -> None:
            if self._data() != before:
                raise _WrittenMeanwhile

        try:
            files.replace(self.path, after, mode=0o600, last_look=last_look)
        except _WrittenMeanwhile:
            return False
        return True

    def _settled(self) -> tuple[bytes | None, FileContent]:
        """What is in the file. Another program's write is given some time to end; then Unavailable is raised."""
        for looks_left in reversed(range(_LOOKS)):
            data = self._data()
            try:
                return data, self._document(data)
            except NotReadable as error:
                if not looks_left:
                    remedy = "`polyroute custom repair` keeps it beside, and saves what can be read."
                    raise Unavailable(f"{self.path} was left as it is: {error}. {remedy}") from None
            time.sleep(_PAUSE_SECONDS)
        raise AssertionError("unreachable")

    def _document(self, data: bytes | None) -> FileContent:
        return file.EMPTY if data is None else file.parse(data)

    def _data(self) -> bytes | None:
        try:
            with open(self.path, "rb") as opened:
                return opened.read()
        except (FileNotFoundError, NotADirectoryError):
            return None


class _WrittenMeanwhile(Exception):
    """Another program has written the file while we were about to."""


class _Conflicting(UsageError):
    """What is to be imported is there already, at least in part."""

    def __init__(self, reports: list[ImportReport]) -> None:
        self.reports = reports
        super().__init__("Some models are there already.")


def _unless_conflicting(reports: list[ImportReport]) -> list[ImportReport]:
    if any(report.action == "conflict" for report in reports):
        raise _Conflicting(reports)
    return reports


def _unused(path: str) -> str:
    number = 1
    while os.path.lexists(candidate := path if number == 1 else f"{path}-{number}"):
        number += 1
    return candidate
