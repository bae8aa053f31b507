"""Recognize failures of a route in the exceptions of client libraries."""

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
    """The failure of a route: what an endpoint's response, or the lack of one, means."""

    means: Meaning
    status: int | None
    """The HTTP status; None if there was no response."""
    words: str
    """The endpoint's own message."""


class ErrorResponse(NamedTuple):
    """An error response, as far as the client library kept it."""

    status: int
    text: str
    message: str


def classify(error: BaseException, rules: Rules = ()) -> Failure | None:
    """Return what an exception of any client library means for the route.

    None if another route would not help, or if the request may have been carried out already. `rules` are those of the
    providers concerned; they take precedence over the general ones.
    """
    chain = list(_chain(error))
    for each in chain:
        if isinstance(each, SecretUnavailable) and not any(map(_response, chain)):  # nothing was sent
            return Failure("no_secret", None, str(each))
        for name in (kind.__name__ for kind in type(each).__mro__):  # the most specific class first
            if name in _table().perhaps_sent:
                return None
            if name in _table().never_sent:
                return Failure("unavailable", None, "no connection could be made")
    response = next(filter(None, map(_response, chain)), None)
    return interpret(response, rules) if response else None


def interpret(response: ErrorResponse, rules: Rules = ()) -> Failure | None:
    """Return what an error response means by `rules`, else by the general rules; None if the caller is at fault."""
    text = response.text.lower()
    for rule in (*rules, *_table().rules):
        if response.status not in rule.status:
            continue
        if not rule.says or any(_contains(text, each.lower()) for each in rule.says):
            return None if rule.means == "caller" else Failure(rule.means, response.status, response.message)
    return None


def _contains(text: str, phrase: str) -> bool:
    """Return whether the parts of `phrase` between `*` occur in `text` in this order."""
    at = 0
    for part in phrase.split("*"):
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def message_in(body: Any) -> str:
    """Return the message in the JSON of an error, from any of the fields in which providers put it; else empty."""
    if isinstance(body, str):
        return body
    if isinstance(body, list) and body:
        return message_in(body[0])
    if not isinstance(body, Mapping):
        return ""
    texts = (message_in(body.get(key)) for key in ("error", "message", "Message", "detail"))
    return next(filter(None, texts), "")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes, outermost first."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _response(error: BaseException) -> ErrorResponse | None:
    """Return the error response that an exception contains, as an object or in parts, or None."""
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):  # botocore
        status, body = response.get("ResponseMetadata", {}).get("HTTPStatusCode"), response.get("Error", {})
    else:
        # `code` is ignored: it may belong to an error within a stream, after the response has begun.
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
    """Return the body of an httpx response, parsed if it is JSON; None if it was not read."""
    try:
        text = response.text
    except Exception:  # a stream that was not read, or a response of another library
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
