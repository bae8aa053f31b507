"""What an entry of the file of custom models must be, checked by pydantic: import this inside functions only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, PositiveInt, TypeAdapter, ValidationError
from typing_extensions import TypedDict

# Without user name or query (a key may be in either), fragment or variable.
_BASE_URL = r"^(https?://[^\s\x00-\x1f/?#@\\$]+(/[^\s\x00-\x1f?#\\$]*)?)?$"

_WANTED = {
    "name": "a text of one character or more",
    "baseURL": "an http or https address without user name, ?, # and $",
    "maxInputTokens": "a whole number above 0",
    "maxOutputTokens": "a whole number above 0",
}


class Entry(TypedDict):
    """An entry, version 1. Whatever else it holds is kept and means nothing here."""

    __pydantic_config__ = ConfigDict(extra="allow", strict=True)  # type: ignore[misc]  # how pydantic wants it

    name: Annotated[str, Field(min_length=1)]
    provider: NotRequired[Annotated[str, Field(min_length=1)]]
    baseURL: NotRequired[Annotated[str, Field(pattern=_BASE_URL)]]
    displayName: NotRequired[str]
    maxInputTokens: NotRequired[PositiveInt]
    maxOutputTokens: NotRequired[PositiveInt]
    apiKey: NotRequired[str]
    filePath: NotRequired[str]


_ENTRIES = TypeAdapter(list[Entry])


def sound(values: Sequence[Any]) -> tuple[dict[int, dict[str, Any]], dict[int, str]]:
    """By position, the entries that are what they must be, and what is wrong with each of the others."""
    try:
        return dict(enumerate(_ENTRIES.validate_python(values))), {}  # type: ignore[arg-type]
    except ValidationError as error:
        faults = dict(_faults(error))
    rest = {index: each for index, each in enumerate(values) if index not in faults}
    return dict(zip(rest, _ENTRIES.validate_python(list(rest.values())), strict=True)), faults  # type: ignore[arg-type]


def _faults(error: ValidationError) -> Iterable[tuple[int, str]]:
    """What is wrong, without what stands there: it may be a key."""
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        index, *field = each["loc"]
        yield int(index), _fault(str(field[0])) if field else "must be an object"


def _fault(field: str) -> str:
    return f"{field} must be {_WANTED.get(field, 'a text')}"
