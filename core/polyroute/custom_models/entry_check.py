"""What an entry of the file of custom models must be, checked by pydantic-core: import this inside functions only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Annotated, Any

from pydantic_core import CoreSchema, SchemaValidator, ValidationError
from pydantic_core.core_schema import int_schema, list_schema, str_schema, typed_dict_field, typed_dict_schema

from polyroute.base_url import PATTERN

_WANTED = {
    "name": "a text of one character or more",
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
"""The fields of an entry, version 1. Whatever else it holds is kept and means nothing here."""
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
    """By position, the entries that are what they must be, and what is wrong with each of the others."""
    try:
        return dict(enumerate(_ENTRIES.validate_python(values))), {}
    except ValidationError as error:
        faults = dict(_faults(error))
    rest = {index: each for index, each in enumerate(values) if index not in faults}
    return dict(zip(rest, _ENTRIES.validate_python(list(rest.values())), strict=True)), faults


def _faults(error: ValidationError) -> Iterable[tuple[int, str]]:
    """What is wrong, without what stands there: it may be a key."""
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        index, *field = each["loc"]
        yield int(index), _fault(str(field[0])) if field else "must be an object"


def _fault(field: str) -> str:
    return f"{field} must be {_WANTED.get(field, 'a text')}"


# Of these nothing has to be tried twice, and no character's kind looked up: most of the time goes here.
_ASCII_URL = r"^(?:https?://[^\x00- /?#@\\$\x7f-\U0010ffff]++(?:/[^\x00- ?#\\$\x7f-\U0010ffff]*+)?)?\Z"


def all_sound(values: Sequence[Any]) -> bool:
    """Whether it is certain that nothing is wrong; without msgspec it is not."""
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
    Decoder(entries)  # msgspec crashes where two threads get to know a class at once: it is known before it is shared
    return entries
