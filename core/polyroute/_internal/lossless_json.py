"""Change a part of a JSON document without touching the rest.

Values are kept as the text that they were read from. This preserves everything that another program wrote: the order
of keys, numbers that a float can't represent, lone surrogates, unknown fields.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial
from typing import Any, NoReturn

from polyroute.errors import UsageError

Decode = Callable[[bytes], Any]

_INDENT = b"  "
_EXACT = 2**53
"""JavaScript reads larger integers inexactly."""
_LONGEST_INTEGER = 400
"""Integers with more digits exceed the range of floats."""


def members(text: bytes) -> dict[str, bytes]:
    """Return the members of an object, each value as text. Raises ValueError if `text` is not an object."""
    found = _quickly(text, _members)
    if found is not None:
        return {name: bytes(raw) for name, raw in found.items()}
    decoded = text.decode()
    return {_name(decoded[name]): decoded[value].encode() for name, value in _pairs(decoded)}


def elements(text: bytes) -> list[bytes]:
    """Return the elements of an array, each as text. Raises ValueError if `text` is not an array."""
    found = _quickly(text, _elements)
    if found is not None:
        return [bytes(raw) for raw in found]
    decoded = text.decode()
    return [decoded[element].encode() for element in _spans(decoded, "[]", ",")]


def around(text: bytes, name: str) -> tuple[bytes, bytes, bytes]:
    """Return the text before the value of an object's member, the value, and the text after it.

    Raises ValueError if `text` is not an object or does not have the member exactly once: readers disagree on which of
    two counts.
    """
    decoded = text.decode()
    found = [value for key, value in _pairs(decoded) if _name(decoded[key]) == name]
    if len(found) != 1:
        raise ValueError(f"{name} occurs {len(found)} times")
    (value,) = found
    return decoded[: value.start].encode(), decoded[value].encode(), decoded[value.stop :].encode()


def value(text: bytes) -> Any:
    """Parse a JSON text. A number beyond the range of floats becomes None, as JavaScript writes it.

    Raises ValueError if `text` is not valid JSON.
    """
    found = _quickly(text, _any)
    return _guarded(lambda: _decoder().decode(text.decode())) if found is None else found


def fields(array: bytes, *names: str) -> list[tuple[Any, ...]]:
    """Return these members of each element of an array, None for missing ones. Raises ValueError as `value` does."""
    found = _quickly(array, partial(_of_fields, names))
    if found is not None:
        from msgspec.structs import astuple

        return list(map(astuple, found))
    elements = value(array)
    return [tuple(each.get(name) if isinstance(each, dict) else None for name in names) for each in elements]


def text_of(value: Any) -> bytes:
    """Return the JSON text of a value. Raises UsageError if JSON, or JavaScript, can't represent it exactly."""
    if fault := _fault(value):
        raise UsageError(f"It can't be stored: {fault}. Nothing was changed.")
    return json.dumps(value, ensure_ascii=False, indent=2).encode()


def object_text(members: Mapping[str, bytes], depth: int) -> bytes:
    """Return an object with one member per line, indented for `depth` in a document."""
    lines = [[json.dumps(name).encode() + b": ", text] for name, text in members.items()]
    return _bracketed(b"{", lines, b"}", depth)


def array_text(elements: Iterable[bytes], depth: int) -> bytes:
    """Return an array with each element on a new line, indented for `depth` in a document."""
    return _bracketed(b"[", ([element] for element in elements), b"]", depth)


def indented(text: bytes, depth: int) -> bytes:
    """Indent a JSON text for `depth` in a document; this is safe, since strings contain no line breaks."""
    return text.replace(b"\n", b"\n" + _INDENT * depth)


def _bracketed(opening: bytes, lines: Iterable[list[bytes]], closing: bytes, depth: int) -> bytes:
    """Join all lines at once: they may be megabytes, and each copy takes a millisecond."""
    margin = b"\n" + _INDENT * depth
    between = b"," + margin + _INDENT
    parts = [part for line in lines for part in (between, *line)]
    return b"".join([opening, parts[0][1:], *parts[1:], margin, closing]) if parts else opening + closing


def _decoding(kind: Any) -> Decode:
    """Create a decoder before other threads can see it: msgspec crashes if two threads first use a class at once."""
    import msgspec

    return msgspec.json.Decoder(kind).decode


@cache
def _any() -> Decode:
    return _decoding(Any)


@cache
def _members() -> Decode:
    import msgspec

    return _decoding(dict[str, msgspec.Raw])


@cache
def _elements() -> Decode:
    import msgspec

    return _decoding(list[msgspec.Raw])


@lru_cache(maxsize=4)
def _of_fields(names: Sequence[str]) -> Decode:
    import msgspec

    return _decoding(list[msgspec.defstruct("Fields", [(name, Any, None) for name in names])])  # type: ignore[misc]


def _quickly(text: bytes, decoding: Callable[[], Decode]) -> Any:
    """Decode with msgspec; None if it is not installed or rejects what the standard library may accept."""
    try:
        import msgspec
    except ImportError:
        return None
    try:
        return decoding()(text)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def _pairs(text: str) -> Iterator[tuple[slice, slice]]:
    """Yield the positions of the name and the value of each member of an object."""
    spans = list(_spans(text, "{}", ":,"))
    return zip(spans[::2], spans[1::2], strict=True)


def _spans(text: str, brackets: str, separators: str) -> Iterator[slice]:
    """Yield the position of each key and value between the brackets."""
    position = _past(text, 0, brackets[0])
    if text.startswith(brackets[1], position):
        return _nothing_after(text, position)
    decoder = _decoder()
    for separator in itertools.cycle(separators):
        start = position
        _, end = _guarded(lambda: decoder.raw_decode(text, start))  # noqa: B023  called at once
        yield slice(start, end)
        position = _past(text, end)
        if separator == "," and text.startswith(brackets[1], position):
            return _nothing_after(text, position)
        position = _past(text, position, separator)
    return None


def _name(text: str) -> str:
    if not text.startswith('"'):
        raise ValueError("a name is not a string")
    return str(json.loads(text))


def _past(text: str, position: int, mark: str = "") -> int:
    """Return the position after white space and `mark`. Raises ValueError if `mark` is missing."""
    space = re.compile(r"[ \t\n\r]*")
    position = _end(space, text, position)
    if not mark:
        return position
    if not text.startswith(mark, position):
        raise ValueError(f"{mark} is missing")
    return _end(space, text, position + len(mark))


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _nothing_after(text: str, position: int) -> None:
    if _past(text, position + 1) != len(text):
        raise ValueError("there is text after its end")


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_float=_float, parse_int=_integer, parse_constant=_refuse)


def _guarded(decode: Any) -> Any:
    try:
        return decode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) < _LONGEST_INTEGER else None


def _float(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not valid JSON")


def _fault(value: Any, depth: int = 0) -> str:
    """Return why a value can't be stored exactly, or an empty string."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return "" if value.isascii() or _is_whole(value) else "a string contains a lone surrogate"
    if isinstance(value, int):
        return "" if abs(value) <= _EXACT else "an integer beyond 2^53 would not be stored exactly"
    if isinstance(value, float):
        return "" if math.isfinite(value) else f"{value} is not a number in JSON"
    if isinstance(value, Mapping | list | tuple) and depth < 100:
        inner = [*value.keys(), *value.values()] if isinstance(value, Mapping) else value
        return next(filter(None, (_fault(each, depth + 1) for each in inner)), "")
    return f"{type(value).__name__} is not a JSON type" if depth < 100 else "it is nested too deeply"


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
