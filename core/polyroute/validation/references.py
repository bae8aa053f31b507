"""References to variables, keyrings, files and secret managers in configurations, and keys that are written out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from polyroute._internal.redact import is_masked
from polyroute.named_tuples import NamedTuple
from polyroute.validation.formats import Place, table

_SHORTEST = 8
_SCHEME = r"(?i)^(?:bearer|basic|token)\s+"
_LIKE_A_REFERENCE = r"^[$!@`%]|\$[{(]|\{\{|^\{\w+[:.]|^<[%#]|^\w[\w+.-]*://|^[a-z][\w-]*:(?!//)\S"
_NAME_OF_VARIABLE = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
_PATH = r"[~./]{0,2}/.*|\.\.?/.*|.*\.(?:json|pem|ya?ml|toml|txt|key|crt|sh|py)"
_USER_IN_URL = r"^\w+://[^/@:\s]*:([^/@\s]+)@"


class Reference(NamedTuple):
    """What a value refers to instead of being a key."""

    form: str
    """The name of the form in the table; empty if it looks like a reference of a form that is not known."""
    variable: str = ""
    has_default: bool = False
    everywhere: bool = False
    """Whether another tool replaces it before the program reads it."""


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str], bool], ...]:
    rows = table()["reference"]
    return tuple((row["name"], re.compile(row["pattern"]), row.get("everywhere", False)) for row in rows)


@cache
def _keys(name: str) -> re.Pattern[str]:
    return re.compile(table()["keys"][name])


def reference(text: str) -> Reference | None:
    """Return what a value refers to; None if it is a value itself."""
    text = re.sub(_SCHEME, "", text.strip())
    for name, pattern, everywhere in _forms():
        if found := pattern.fullmatch(text):
            groups = found.groupdict()
            return Reference(name, groups.get("variable") or "", groups.get("default") is not None, everywhere)
    return Reference("") if re.search(_LIKE_A_REFERENCE, text) and not re.match(r"https?://", text) else None


def is_placeholder(text: str) -> bool:
    """Return whether a value stands for a key that is not there: `your-api-key`, `sk-...`, `none`."""
    return not text.strip() or bool(_keys("placeholder").fullmatch(text.strip())) or is_masked(text)


def is_key(text: str) -> bool:
    """Return whether a value that a key's field has is a key itself."""
    value = re.sub(_SCHEME, "", text.strip())
    if len(value) < _SHORTEST or re.search(r"\s", value) or reference(value) or is_placeholder(value):
        return False
    return not re.fullmatch(f"{_NAME_OF_VARIABLE}|{_PATH}|https?://.*", value)


def written_keys(content: Any) -> Iterator[str]:
    """Yield the paths of all keys that are written out anywhere in a file, under whatever name."""
    for name, found in _texts(content, "", ""):
        if _is_written(name, found.value):
            yield found.path


def _texts(content: Any, path: str, name: str) -> Iterator[tuple[str, Place]]:
    """Yield all texts with the name of their field; elements of a list have that of the list."""
    if isinstance(content, str):
        yield name, Place(path, content)
    elif isinstance(content, Mapping):
        for key, value in content.items():
            yield from _texts(value, f"{path}.{key}".lstrip("."), str(key))
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from _texts(value, f"{path}[{index}]", name)


def _is_written(name: str, text: str) -> bool:
    if _keys("shapes").fullmatch(re.sub(_SCHEME, "", text.strip())) and not is_placeholder(text):
        return True
    if (in_url := re.match(_USER_IN_URL, text)) and not (reference(in_url[1]) or is_placeholder(in_url[1])):
        return len(in_url[1]) >= _SHORTEST
    inner, separator, value = text.partition("=")
    if separator and re.fullmatch(r"[\w-]+", inner) and (is_field_of_key(inner) or is_field_of_key(name)):
        return is_key(value)
    return is_field_of_key(name) and is_key(text)


def is_field_of_key(name: str) -> bool:
    """Return whether a field of this name holds a key."""
    return bool(_keys("names").search(name)) and not _keys("not_names").search(name)
