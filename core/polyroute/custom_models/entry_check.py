"""What an entry of the file of custom models must be.

The file, imports, commands and the request models of the server all check with this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from polyroute import base_url
from polyroute.named_tuples import NamedTuple

_SPACE = r"\s\u001c-\u001f\u0085\ufeff"
"""White space as defined by Python or by JavaScript: the patterns are used in both."""
_NAME = rf"[^{_SPACE}\u0000](?:[^\u0000]*[^{_SPACE}\u0000])?"
_REFERENCE = r"\$(?:\{[A-Za-z0-9_]+\}|[A-Za-z0-9_]+)|keyring:[!-~](?:[ -~]*[!-~])?"
_KEY = rf"[ \t\r\n]*(?:{_REFERENCE}|(?! |\$|keyring:)[ -~]*)[ \t\r\n]*"
_LONGEST_URL = 2_000


class Text(NamedTuple):
    """A field that contains a text."""

    description: str
    max_length: int
    min_length: Literal[0, 1] = 0
    pattern: str = ""
    """What the whole text must match, if not empty. It means the same to Python and to JavaScript, and excludes NUL."""

    @property
    def wanted(self) -> str:
        """What the field must be, for messages."""
        return f"{self.description} (at most {self.max_length:,} characters)"

    @property
    def schema(self) -> dict[str, Any]:
        """Its keywords in JSON Schema."""
        matching = {"pattern": f"^(?:{self.pattern})$"} if self.pattern else {}
        return {"minLength": self.min_length, "maxLength": self.max_length, **matching}

    def accepts(self, values: Sequence[Any]) -> bool:
        """Return whether all values are valid. To check many at once is much faster than one after the other."""
        try:
            joined = "\0".join([*values, ""])
        except TypeError:  # one is not a text
            return False
        if max(map(len, values), default=0) > self.max_length or (self.min_length and not all(values)):
            return False
        return _is_unicode(joined) and (not self.pattern or self._matches(joined, len(values)))

    def _matches(self, joined: str, number: int) -> bool:
        # One match of all values takes half as long as one match of each.
        return joined.count("\0") == number and re.fullmatch(rf"(?:(?:{self.pattern})\0)*+", joined) is not None


class Count(NamedTuple):
    """A field that contains a positive number. 1.0 is a whole number too: JSON has only one kind of number."""

    wanted: str
    maximum: int

    @property
    def schema(self) -> dict[str, Any]:
        """Its keywords in JSON Schema."""
        return {"minimum": 1, "maximum": self.maximum}

    def accepts(self, values: Sequence[Any]) -> bool:
        """Return whether all values are valid."""
        types = set(map(type, values))
        if not types <= {int, float} or (values and not (min(values) >= 1 and max(values) <= self.maximum)):
            return False
        return float not in types or all(each == int(each) for each in values)


_TOKENS = Count("a whole number from 1 to 2^53", 2**53)
FIELDS: Mapping[str, Text | Count] = {
    "name": Text("a non-empty text without white space at its ends", 1_000, 1, _NAME),
    "provider": Text("a non-empty text", 1_000, 1),
    "baseURL": Text(f"empty or {base_url.DESCRIPTION}", _LONGEST_URL, pattern=f"(?:{base_url.PATTERN})?"),
    "displayName": Text("a text", 1_000),
    "maxInputTokens": _TOKENS,
    "maxOutputTokens": _TOKENS,
    "apiKey": Text("a key in visible ASCII, $NAME or keyring:NAME", 10_000, pattern=_KEY),
    "filePath": Text("a text", 4_000),
}
"""The fields of an entry in version 1. Other fields are kept and ignored."""


def field_fault(name: str, value: Any) -> str:
    """Return what is wrong with the value of a field, without quoting it, as it may be a key; empty if it is valid."""
    field = FIELDS.get(name)
    return f"{name} must be {field.wanted}" if field and not field.accepts([value]) else ""


def typed_base_url(text: str) -> str:
    """Return an address as a user types it. Raises ValueError if it can't be understood as a base URL."""
    if text and (len(text) > _LONGEST_URL or not base_url.is_understood(text)):
        raise ValueError(f"must be {FIELDS['baseURL'].wanted}")
    return text


def valid_entries(values: Sequence[Any]) -> tuple[Iterable[tuple[int, dict[str, Any]]], dict[int, str]]:
    """Return the valid entries with their positions, and the fault of each invalid one by position.

    Whole numbers in the entries are converted to integers.
    """
    faults = dict(_faults(values, 0))
    entries = enumerate(values)
    return (each for each in entries if each[0] not in faults) if faults else entries, faults


def _faults(values: Sequence[Any], first: int) -> Iterable[tuple[int, str]]:
    """Yield the position and the fault of each invalid entry. Halves with an invalid entry are searched."""
    if _are_valid(values):
        return
    if len(values) == 1:
        yield first, _fault(values[0])
        return
    middle = len(values) // 2
    yield from _faults(values[:middle], first)
    yield from _faults(values[middle:], first + middle)


def _are_valid(entries: Sequence[Any]) -> bool:
    """Return whether all entries are valid. The numbers in a valid field are converted to integers."""
    if not set(map(type, entries)) <= {dict}:
        return False
    for name, field in FIELDS.items():
        values = [each[name] for each in entries if name in each]
        if not field.accepts(values) or (name == "name" and len(values) < len(entries)):
            return False
        if isinstance(field, Count) and float in set(map(type, values)):
            for entry in entries:
                entry.update({name: int(entry[name])} if name in entry else {})
    return True


def _fault(entry: Any) -> str:
    if not isinstance(entry, dict):
        return "it must be an object"
    present = {"name": None, **entry}
    return next(filter(None, (field_fault(name, present[name]) for name in FIELDS if name in present)))


def _is_unicode(text: str) -> bool:
    """Return whether a text has no lone surrogates, which can't be encoded."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
