"""Validate entries of the file of custom models with pydantic-core. Import this module only inside functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Annotated, Any

from pydantic_core import CoreSchema, SchemaValidator, ValidationError
from pydantic_core.core_schema import int_schema, list_schema, str_schema, typed_dict_field, typed_dict_schema

from polyroute.base_url import PATTERN

_WANTED = {
    "name": "a non-empty text",
    "baseURL": "an http or https address without user name, ?, # and $",
    "maxInputTokens": "a whole number above 0",
    "maxOutputTokens": "a whole number above 0",
}


_TEXT = str_schema(strict=True)
_SOME_TEXT = str_schema(strict=True, min_length=1)
_COUNT = int_schema(strict=True, gt=0)
_FIELDS: dict[str, CoreSchema] = {
    "name": _SOME_TEXT,
    "provider": _SOME_TEXT,
    "baseURL": str_schema(strict=True, pattern=f"^({PATTERN})?$"),
    "displayName": _TEXT,
    "maxInputTokens": _COUNT,
    "maxOutputTokens": _COUNT,
    "apiKey": _TEXT,
    "filePath": _TEXT,
}
"""The fields of an entry in version 1. Other fields are kept and ignored."""
_ENTRIES = SchemaValidator(
    list_schema(
        typed_dict_schema(
            {name: typed_dict_field(field, required=name == "name") for name, field in _FIELDS.items()},
            extra_behavior="allow",
            strict=True,
        )
    )
)


def sound(values: Sequence[Any]) -> tuple[dict[int, dict[str, Any]], dict[int, str]]:
    """Return the valid entries by position, and the fault of each invalid one by position."""
    try:
        return dict(enumerate(_ENTRIES.validate_python(values))), {}
    except ValidationError as error:
        faults = dict(_faults(error))
    rest = {index: each for index, each in enumerate(values) if index not in faults}
    return dict(zip(rest, _ENTRIES.validate_python(list(rest.values())), strict=True)), faults


def _faults(error: ValidationError) -> Iterable[tuple[int, str]]:
    """Yield positions and faults. A fault does not quote the value, which may be a key."""
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        index, *field = each["loc"]
        yield int(index), _fault(str(field[0])) if field else "must be an object"


def _fault(field: str) -> str:
    return f"{field} must be {_WANTED.get(field, 'a text')}"


# Possessive quantifiers and plain ASCII ranges avoid backtracking and Unicode look-ups: most of the time is spent here.
_ASCII_URL = r"^(?:https?://[^\x00- /?#@\\$\x7f-\U0010ffff]++(?:/[^\x00- ?#\\$\x7f-\U0010ffff]*+)?)?\Z"


def all_sound(values: Sequence[Any]) -> bool:
    """Return True if all entries are valid, False if that is not certain, such as without msgspec."""
    try:
        import msgspec
    except ImportError:
        return False
    try:
        msgspec.convert(values, _entries())
    except (msgspec.ValidationError, RecursionError):
        return False
    return True


@lru_cache(maxsize=1)
def _entries() -> Any:
    from msgspec import UNSET, Meta, UnsetType, defstruct
    from msgspec.json import Decoder

    text = Annotated[str, Meta(min_length=1)]
    size = Annotated[int, Meta(gt=0, le=2**53)]
    url = Annotated[str, Meta(pattern=_ASCII_URL)]
    rest = {"baseURL": url, "maxInputTokens": size, "maxOutputTokens": size, "provider": text}
    rest |= dict.fromkeys(("apiKey", "displayName", "filePath"), str)
    fields = [(name, kind | UnsetType, UNSET) for name, kind in rest.items()]
    entries: Any = list[defstruct("Entry", [("name", text), *fields], gc=False)]  # type: ignore[misc]
    Decoder(entries)  # msgspec crashes if two threads prepare a class at the same time: prepare it before it is shared
    return entries
