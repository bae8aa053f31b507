"""Rules that say what an error response means, and whether one of them matches a response."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from polyroute.fallback.error_body import Fields, folded, plain_text
from polyroute.named_tuples import NamedTuple
from polyroute.types import FailureRule

Rules = Sequence[FailureRule]

_SOON_SECONDS = 3600
"""A limit that is reset within this time is a rate limit; one that is reset later is a quota."""
_MODEL = "<model>"


class Said(NamedTuple):
    """What an error response says."""

    status: int
    codes: frozenset[str]
    messages: tuple[str, ...]
    retry_after: float | None


class Table(NamedTuple):
    """The content of `failures.toml`."""

    rules: tuple[FailureRule, ...]
    fields: Fields
    code_headers: tuple[str, ...]
    """Headers that contain a code, with names in lower case."""
    never_sent: frozenset[str]
    perhaps_sent: frozenset[str]


@lru_cache(maxsize=1)
def table() -> Table:
    """Return the content of `failures.toml`, which is read at the first failure."""
    import tomllib

    content = tomllib.loads(files("polyroute.fallback").joinpath("failures.toml").read_text(encoding="utf-8"))
    rules = tuple([_rule(row) for row in content["rule"]])
    fields = Fields(*(frozenset(map(folded, content["fields"][name])) for name in Fields._fields))
    libraries = (frozenset(content["libraries"][name]) for name in ("never_sent", "perhaps_sent"))
    return Table(rules, fields, tuple(content["fields"]["headers"]), *libraries)


def _rule(row: dict[str, Any]) -> FailureRule:
    values: dict[str, Any] = {key: tuple(each) if isinstance(each, list) else each for key, each in row.items()}
    return FailureRule(**values)


def first_match(said: Said, rules: Iterable[FailureRule]) -> FailureRule | None:
    """Return the first rule that matches a response."""
    return next((rule for rule in rules if _matches(rule, said)), None)


def _matches(rule: FailureRule, said: Said) -> bool:
    if said.status not in rule.status:
        return False
    if rule.temporary and (said.retry_after is None or said.retry_after > _SOON_SECONDS):
        return False
    if rule.codes and not any(_is_code(pattern, said.codes) for pattern in rule.codes):
        return False
    return not rule.says or any(_contains(message, phrase) for phrase in rule.says for message in said.messages)


def _is_code(pattern: str, codes: frozenset[str]) -> bool:
    wanted = folded(pattern)
    if "*" not in wanted:
        return wanted in codes
    whole = re.compile(re.escape(wanted).replace(r"\*", ".*"))
    return any(map(whole.fullmatch, codes))


def _contains(message: str, phrase: str) -> bool:
    """Return whether the parts of `phrase` between `*` occur in `message` in this order."""
    at = 0
    for part in _parts(phrase):
        found = part.search(message, at)
        if found is None:
            return False
        at = found.end()
    return True


@cache
def _parts(phrase: str) -> tuple[re.Pattern[str], ...]:
    """Return a pattern for each part of a phrase. None has a repetition without bound, so that none can take long."""
    texts = (re.escape(plain_text(part)) for part in phrase.split("*") if part.strip())
    return tuple(re.compile(text.replace(re.escape(_MODEL), r"\S{1,200}?")) for text in texts)
