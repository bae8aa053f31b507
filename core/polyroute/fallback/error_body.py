"""Read what the body of an error says: its codes and messages, and never what it repeats of the request.

Only the fields that `failures.toml` names are read, at whatever depth. Where a message contains another error as JSON,
as gateways send it, that one is read too.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from polyroute.named_tuples import NamedTuple

_DEEPEST = 8
_MOST_ITEMS = 20
_MOST_CHARACTERS = 4000
"""The most characters of one message: what follows explains nothing."""
_LONGEST_CODE = 120
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "\u2018": "\u2019", "「": "」", "『": "』"}
_MARKS = re.escape("".join({*_QUOTES, *_QUOTES.values()}))
_OPENING = re.compile(rf"(?<!\w)[{re.escape(''.join(_QUOTES))}]")
_LEFT_OUT = "\N{HORIZONTAL ELLIPSIS}"
_EMBEDDED = re.compile(r"\[?\{\s*[\"']")


class Fields(NamedTuple):
    """The names of the fields in the body of an error, as `folded` spells them."""

    code: frozenset[str]
    message: frozenset[str]
    inside: frozenset[str]
    """Fields with an object or a list in which to go on reading."""


class ErrorBody(NamedTuple):
    """What the body of an error says."""

    codes: frozenset[str]
    """Its codes and types, each as `folded` spells it."""
    messages: tuple[str, ...]
    """Its messages and codes, each as `plain_text` spells it."""
    objects: tuple[Mapping[str, Any], ...]
    """The objects that were read."""


def read(body: Any, fields: Fields, *, quotations: bool) -> ErrorBody:
    """Return the codes and messages in a parsed body or a text.

    Without `quotations`, those of several words are left out of the messages: they may be the user's text.
    """
    found = list(_found(body, fields, 0) if isinstance(body, Mapping | list) else _in_text(str(body or ""), fields, 0))
    codes = frozenset(folded(text) for is_code, text in found if is_code) - {""}
    texts = (text if quotations else _without_quotations(_unquoted(text)) for _, text in found)
    return ErrorBody(codes, tuple(dict.fromkeys(map(plain_text, texts))), tuple(_objects(body, fields)))


def folded(code: str) -> str:
    """Return a code without case, separators and namespace: `a.b#Not_Found:x` and `notFound` are the same."""
    return re.sub(r"[^a-z0-9*]", "", re.split(r"[#/]", code.partition(":")[0])[-1].lower())


def plain_text(text: str) -> str:
    """Return a text in lower case, without quotation marks and with single spaces."""
    return " ".join(re.sub(f"[{_MARKS}]", "", text.lower()).split())


def _found(body: Any, fields: Fields, depth: int) -> Iterator[tuple[bool, str]]:
    """Yield whether each text is a code, and the text."""
    if isinstance(body, list):
        for each in body[:_MOST_ITEMS]:
            yield from _in_text(each, fields, depth) if isinstance(each, str) else _found(each, fields, depth + 1)
    if not isinstance(body, Mapping) or depth > _DEEPEST:
        return
    for key, value in body.items():
        yield from _in_field(folded(str(key)), value, fields, depth)


def _objects(body: Any, fields: Fields, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    if isinstance(body, str):
        body = _parsed(body)[0]
    if isinstance(body, list):
        for each in body[:_MOST_ITEMS]:
            yield from _objects(each, fields, depth + 1)
    if isinstance(body, Mapping) and depth < _DEEPEST:
        yield body
        for key, each in body.items():
            if folded(str(key)) in fields.inside | fields.message:
                yield from _objects(each, fields, depth + 1)


def _in_field(name: str, value: Any, fields: Fields, depth: int) -> Iterator[tuple[bool, str]]:
    if isinstance(value, Mapping | list):
        if name in fields.inside or name in fields.message:
            yield from _found(value, fields, depth + 1)
    elif name in fields.code and isinstance(value, str | int) and not isinstance(value, bool):
        yield True, str(value)[:_LONGEST_CODE]
    elif name in fields.message and isinstance(value, str):
        yield from _in_text(value, fields, depth)


def _in_text(text: str, fields: Fields, depth: int) -> Iterator[tuple[bool, str]]:
    """Yield a message, and what another error inside of it says; a message of one word is a code as well."""
    inner, rest = _parsed(text[: 8 * _MOST_CHARACTERS])
    if inner is not None:
        yield from _found(inner, fields, depth + 1)
    rest = rest.strip()[:_MOST_CHARACTERS]
    if rest:
        yield len(rest) <= _LONGEST_CODE and " " not in rest, rest


def _parsed(text: str) -> tuple[Any, str]:
    """Return the object within a text, written in JSON or as Python prints it, and the rest of the text."""
    found = _EMBEDDED.search(text)
    if found is None:
        return None, text
    start, end = found.start(), text.rfind("}") + 1
    try:
        inner, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        try:
            inner = ast.literal_eval(text[start:end])
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None, text
    return inner, f"{text[:start]} {text[end:]}"


def _unquoted(text: str) -> str:
    """Return a text that is quoted as a whole without its quotation marks."""
    return text[1:-1] if len(text) > 1 and _QUOTES.get(text[0]) == text[-1] and text.count(text[0]) <= 2 else text


def _without_quotations(text: str) -> str:
    """Return a text with an ellipsis in place of each quotation that contains a space."""
    parts, at = [], 0
    for opening in _OPENING.finditer(text):
        if opening.start() < at:
            continue
        closing = _QUOTES[opening[0]]
        end = text.find(closing, opening.end())
        while end >= 0 and text[end + 1 : end + 2].isalnum():  # an apostrophe
            end = text.find(closing, end + 1)
        if end >= 0 and " " in text[opening.end() : end]:
            parts.append(text[at : opening.start()] + _LEFT_OUT)
            at = end + 1
    return "".join([*parts, text[at:]])
