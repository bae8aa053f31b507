"""Whether what a plugin returned is what its types say, before anybody relies on it.

Written out instead of read from the annotations: resolving those costs more than all of `polyroute status` may.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

from polyroute.lists import FetchedList
from polyroute.types import (
    Alternative,
    AuthHeader,
    BaseUrlCase,
    BaseUrlRule,
    Check,
    Credential,
    CredentialKind,
    CustomModelRules,
    Detection,
    Evidence,
    Group,
    IdMapping,
    Model,
    ModelRef,
    Probe,
    Provider,
    ProviderKind,
    Routeability,
    Slot,
    Source,
    Verification,
    VerificationState,
)

Test = Callable[[Any], bool]

_SHOWN = 60
"""Characters of a wrong value that are shown."""
_SLUG = r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?"


def fault(item: Any) -> str:
    """What is wrong with a value of the vocabulary, in words; empty where nothing is."""
    tests = _TESTS.get(type(item))
    if tests is None:
        return f"is a {type(item).__name__}"
    found = zip(item._fields, item, tests, strict=True)
    wrong = {name: value for name, value, test in found if not test(value)}
    if not wrong:
        return ""
    if "id" in wrong and type(item) is Provider:
        return f"provider ID {item.id!r} is no lower-case slug"
    name = next((repr(value) for value in item[:2] if _is_id(value)), "")
    told = [f"a wrong {field} ({_shown(value)})" for field, value in wrong.items()]
    return f"{type(item).__name__} {name}".rstrip() + f" has {' and '.join(told)}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _text(value: Any) -> bool:
    return type(value) is str


def _is_id(value: Any) -> bool:
    return type(value) is str and value != ""


def _slug(value: Any) -> bool:
    return type(value) is str and re.fullmatch(_SLUG, value) is not None and value != "direct"


def _url(value: Any) -> bool:
    return type(value) is str and (value == "" or value.startswith(("https://", "http://", "${")))


def _flag(value: Any) -> bool:
    return type(value) is bool


def _number(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and abs(value) != math.inf and value == value)


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _texts(value: Any) -> bool:
    return type(value) is tuple and all(map(_text, value))


def _pairs(value: Any) -> bool:
    return type(value) is tuple and all(_texts(each) and len(each) == 2 for each in value)


def _text_set(value: Any) -> bool:
    return type(value) is frozenset and all(map(_text, value))


def _text_mapping(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_text, value)) and all(map(_text, value.values()))


def _path(value: Any) -> bool:
    return type(value) is str and re.fullmatch(r"/[^\s?#@\\]*", value) is not None and not value.startswith("//")


def _states(value: Any) -> bool:
    return _text_mapping(value) and all(each in get_args(VerificationState) for each in value.values())


def _one_of(literal: Any) -> Test:
    options = get_args(literal)
    return lambda value: type(value) is str and value in options


def _sound(kind: type) -> Test:
    return lambda value: type(value) is kind and not fault(value)


def _maybe(kind: type) -> Test:
    return lambda value: value is None or (type(value) is kind and not fault(value))


def _all(kind: type) -> Test:
    return lambda value: type(value) is tuple and all(type(each) is kind and not fault(each) for each in value)


_TESTS: dict[type, tuple[Test, ...]] = {
    Alternative: (_text, _text, _flag, _text, _texts, _text),
    Slot: (_text, _all(Alternative), _flag, _text, _one_of(Check), _text),
    Group: (_all(Slot), _one_of(CredentialKind)),
    AuthHeader: (_text, _text),
    BaseUrlCase: (_text, _text, _url),
    CustomModelRules: (_one_of(BaseUrlRule), _text),
    Provider: (
        *(_slug, _is_id, _one_of(ProviderKind), _all(Group), _url, _all(BaseUrlCase), _text),
        *(_sound(AuthHeader), _pairs, _texts, _flag, _maybe(CustomModelRules), _text, _text, _texts),
    ),
    Source: (_is_id, _text, _text, _text, _text),
    Credential: (_text, _text, _one_of(CredentialKind), _maybe(Source), _texts, _text),
    Detection: (_text, _one_of(CredentialKind), _maybe(Source), _text, _text, _text),
    Routeability: (_is_id, _text_set, _text_mapping, _texts, _text, _flag),
    IdMapping: (lambda value: value is None or _is_id(value), _one_of(Evidence), _text),
    ModelRef: (_is_id, _is_id),
    Model: (
        *(_is_id, _is_id, _text, _number, _number, _number, _number, _texts, _texts),
        *(_text, _text, _text, _maybe(AuthHeader), _pairs),
    ),
    FetchedList: (
        *(_slug, lambda value: _url(value) and value != "", callable, _text, _count),
        *(_texts, _all(Provider), _all(Model)),
    ),
    Verification: (_is_id, _one_of(VerificationState), _text, _text),
    Probe: (_is_id, _path, _flag, _text, _text, _text, _states),
}
