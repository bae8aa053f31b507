"""Recognising, in the exceptions of client libraries, that a route can't be taken now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from polyroute.errors import SecretUnavailable
from polyroute.types import FailureRule

Meaning = Literal["no_credit", "invalid", "no_secret", "not_offered", "unavailable"]
Rules = Sequence[FailureRule]


class Failure(NamedTuple):
    """What an endpoint's answer, or its silence, means for the route."""

    means: Meaning
    status: int | None
    """None where there was no answer."""
    words: str
    """The endpoint's own."""


class ErrorResponse(NamedTuple):
    """An endpoint's error as far as a library kept it."""

    status: int
    text: str
    message: str


def classify(error: BaseException, rules: Rules = ()) -> Failure | None:
    """What `error`, of whatever client library, means; None where another route would not help, or might do again
    what was done already. `rules` are those of the providers concerned, and come before the general ones.
    """
    chain = list(_chain(error))
    for each in chain:
        if isinstance(each, SecretUnavailable) and not any(map(_answer, chain)):  # nothing was sent
            return Failure("no_secret", None, str(each))
        for name in (kind.__name__ for kind in type(each).__mro__):  # the most exact first
            if name in _table().perhaps_sent:
                return None
            if name in _table().never_sent:
                return Failure("unavailable", None, "no connection could be made")
    answer = next(filter(None, map(_answer, chain)), None)
    return judged(answer, rules) if answer else None


def judged(answer: ErrorResponse, rules: Rules = ()) -> Failure | None:
    """What an answer with this status and text means, by `rules` or else by the general ones."""
    text = answer.text.lower()
    for rule in (*rules, *_table().rules):
        if answer.status in rule.status and (not rule.says or any(_contains(text, each.lower()) for each in rule.says)):
            return None if rule.means == "caller" else Failure(rule.means, answer.status, answer.message)
    return None


def _contains(text: str, phrase: str) -> bool:
    """Whether the parts of `phrase` between `*` occur in `text` in this order."""
    at = 0
    for part in phrase.split("*"):
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def message_in(body: Any) -> str:
    """The words for people in the JSON of an error, wherever providers put them."""
    if isinstance(body, str):
        return body
    if isinstance(body, list) and body:
        return message_in(body[0])
    if not isinstance(body, Mapping):
        return ""
    texts = (message_in(body.get(key)) for key in ("error", "message", "Message", "detail"))
    return next(filter(None, texts), "")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and those that it came from, outermost first."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _answer(error: BaseException) -> ErrorResponse | None:
    """The answer that an exception carries: in its response, or in what it kept of one."""
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):  # botocore
        status, body = response.get("ResponseMetadata", {}).get("HTTPStatusCode"), response.get("Error", {})
    else:
        # A `code` is not looked at: it may be the word of an error within a stream, after an answer has begun.
        status = _number(response, "status_code", "status") or _number(error, "status_code")
        body = getattr(error, "body", None) or getattr(error, "details", None) or _json(response)
    if not isinstance(status, int) or status < 400:
        return None
    message = message_in(body) or str(error)
    return ErrorResponse(status, f"{body or ''} {error}", message)


def _number(value: object, *names: str) -> int | None:
    values = (getattr(value, name, None) for name in names)
    return next((value for value in values if isinstance(value, int)), None)


def _json(response: Any) -> Any:
    """The body of a response of httpx, if it was read."""
    try:
        text = response.text
    except Exception:  # a stream that was not read, or no response of httpx at all
        return None
    try:
        import json

        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return text if isinstance(text, str) else None


class _Table(NamedTuple):
    rules: tuple[FailureRule, ...]
    never_sent: frozenset[str]
    perhaps_sent: frozenset[str]


@lru_cache(maxsize=1)
def _table() -> _Table:
    import tomllib

    table = tomllib.loads(files("polyroute.fallback").joinpath("failures.toml").read_text(encoding="utf-8"))
    rules = tuple(
        FailureRule(row["means"], tuple(row["status"]), tuple(row.get("says", ()))) for row in table["failure"]
    )
    return _Table(rules, *(frozenset(table["libraries"][name]) for name in ("never_sent", "perhaps_sent")))
