"""The text of the file of custom models: its entries, each kept as it was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from polyroute._internal import lossless_json

VERSION = 1
_NO_OBJECT = "it is not valid JSON, or not an object"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class NotReadable(ValueError):
    """The text is no file of custom models, or one of another version. Says so in words for people."""


class FileContent(NamedTuple):
    """What the file holds, as text."""

    members: Mapping[str, bytes]

    def entries(self) -> list[bytes]:
        """Each entry as it was written."""
        return lossless_json.elements(self.members["models"])

    def names(self) -> list[tuple[Any, Any]]:
        """Provider and name of each entry, whatever they are; None for what is not there."""
        return lossless_json.fields(self.members["models"], "provider", "name")

    def array(self, entries: list[bytes]) -> bytes:
        """A list of these entries as it stands in the file."""
        return lossless_json.array_text(entries, 1)

    def longer(self, entries: list[bytes]) -> bytes:
        """Its own list with these entries after its own."""
        before = self.members["models"][:-1].rstrip()
        if before == b"[" or not entries:
            return self.array([*self.entries(), *entries])
        return b"".join([before, *(b",\n    " + entry for entry in entries), b"\n  ]"])

    def text(self, models: bytes) -> bytes:
        """The file with this list in place of its own."""
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
    """What each entry of the file says. Raises NotReadable."""
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
    """The JSON in a file, without a byte order mark. Raises ValueError where it is not UTF-8."""
    if not data.isascii():
        data.decode()
    return data.removeprefix(_BYTE_ORDER_MARK)


def _check(version: Any, has_models: bool) -> None:
    if version != VERSION or isinstance(version, bool):
        raise NotReadable(f"its version is not {VERSION}, the only one that is known here")
    if not has_models:
        raise NotReadable("it holds no list of models")


def entry_text(members: Mapping[str, bytes]) -> bytes:
    """An entry as it stands in the file."""
    return lossless_json.object_text(members, 2)


def salvage(data: bytes) -> Iterator[bytes]:
    """Each whole entry in a text that is broken somewhere."""
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
