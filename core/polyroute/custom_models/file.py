"""Parse and write the text of the file of custom models, keeping each entry as it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from polyroute._internal import lossless_json
from polyroute.named_tuples import NamedTuple

VERSION = 1
_NO_OBJECT = "it is not valid JSON, or not an object"
_BEGINNING = r'(?:\{\s*(?:"version"\s*:?\s*\d*\s*,?\s*)?(?:"\w*"?\s*:?\s*)?)?'
"""Matches a text that ends before the list of models, also an empty one."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class NotReadable(ValueError):
    """The text is not a file of custom models, or has another version. The message is written for users."""


class FileContent(NamedTuple):
    """The members of the file, as JSON text."""

    members: Mapping[str, bytes]

    def entries(self) -> list[bytes]:
        """Return the text of each entry."""
        return lossless_json.elements(self.members["models"])

    def names(self) -> list[tuple[Any, Any]]:
        """Return provider and name of each entry, of whatever type; None for a missing one."""
        return lossless_json.fields(self.members["models"], "provider", "name")

    def array(self, entries: list[bytes]) -> bytes:
        """Return these entries as a list in the format of the file."""
        return lossless_json.array_text(entries, 1)

    def array_with(self, entries: list[bytes]) -> bytes:
        """Return the file's list with these entries appended."""
        before = self.members["models"][:-1].rstrip()
        if before == b"[" or not entries:
            return self.array([*self.entries(), *entries])
        return b"".join([before, *(b",\n    " + entry for entry in entries), b"\n  ]"])

    def text(self, models: bytes) -> bytes:
        """Return the text of the file with this list of models."""
        return lossless_json.object_text({**self.members, "models": models}, 0)


EMPTY = FileContent({"version": str(VERSION).encode(), "models": b"[]"})


def parse(data: bytes) -> FileContent:
    """Read the file. Raises NotReadable."""
    try:
        members = lossless_json.members(content(data))
        version = lossless_json.value(members.get("version", b"null"))
    except ValueError:
        raise NotReadable(_NO_OBJECT) from None
    _check(version, members.get("models", b"").startswith(b"["))
    return FileContent(members)


def values(data: bytes) -> list[Any]:
    """Return the parsed entries of the file. Raises NotReadable."""
    try:
        document = lossless_json.value(content(data))
    except ValueError:
        raise NotReadable(_NO_OBJECT) from None
    if not isinstance(document, dict):
        raise NotReadable(_NO_OBJECT)
    _check(document.get("version"), isinstance(document.get("models"), list))
    entries: list[Any] = document["models"]
    return entries


def content(data: bytes) -> bytes:
    """Return the JSON text of a file, without a byte order mark. Raises ValueError if it is not UTF-8."""
    if not data.isascii():
        data.decode()
    return data.removeprefix(_BYTE_ORDER_MARK)


def _check(version: Any, has_models: bool) -> None:
    if version != VERSION or isinstance(version, bool):
        raise NotReadable(f"its version is not {VERSION}, the only supported one")
    if not has_models:
        raise NotReadable("it contains no list of models")


def entry_text(members: Mapping[str, bytes]) -> bytes:
    """Return an entry in the format of the file."""
    return lossless_json.object_text(members, 2)


def holds_models(data: bytes) -> bool:
    """Return whether a damaged text looks like a file of custom models: it has a list of models, or ends before it."""
    text = data.decode(errors="surrogateescape").lstrip("\ufeff").strip("\0 \t\r\n")
    try:
        document = lossless_json.value(content(data).strip(b"\0 \t\r\n"))
    except ValueError:
        has_list = re.match(r"[\[{]", text) and re.search(r'"models"\s*:\s*\[|^\[\s*\{', text)
        return bool(has_list) or re.fullmatch(_BEGINNING, text) is not None
    return isinstance(document, list) or (isinstance(document, dict) and isinstance(document.get("models"), list))


def salvage(data: bytes) -> Iterator[bytes]:
    """Yield each complete entry in a damaged text."""
    import json

    text = data.decode(errors="surrogateescape")
    decoder = json.JSONDecoder()
    position = max(text.find('"models"'), 0)
    while (position := text.find("{", position)) >= 0:
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            position += 1
            continue
        entry = text[position:end].encode(errors="surrogateescape")
        if isinstance(value, dict) and isinstance(value.get("name"), str) and _is_json(entry):
            yield entry
        position = end


def _is_json(text: bytes) -> bool:
    try:
        text.decode()
        lossless_json.value(text)
    except ValueError:
        return False
    return True
