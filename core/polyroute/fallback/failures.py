"""Recognize failures of a route in the exceptions of client libraries."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from polyroute.errors import SecretUnavailable
from polyroute.fallback import error_body, retry_delay
from polyroute.fallback.rules import Rules, Said, first_match, table
from polyroute.named_tuples import NamedTuple

Meaning = Literal["no_credit", "invalid", "no_secret", "not_offered", "unavailable", "rate_limited", "caller"]
_STAYS = ("rate_limited", "caller")
"""Meanings that don't lead to the next route."""
_REPEATING = (400, 404, 413, 422)
"""The statuses of responses that may quote the request, whose content they refuse."""


class Failure(NamedTuple):
    """What an endpoint's error response, or the lack of a response, means."""

    means: Meaning
    status: int | None
    """The HTTP status; None if there was no response."""
    words: str
    """The endpoint's own message."""
    remedy: str = ""
    """What the user can do, if the rule that matched says so."""
    retry_after: float | None = None
    """The seconds after which the endpoint asks to be tried again; None if it does not say."""

    @property
    def leads_on(self) -> bool:
        """Whether another route may be taken: nothing was carried out, and the request itself is not at fault."""
        return self.means not in _STAYS


class ErrorResponse(NamedTuple):
    """An error response, as far as the client library kept it."""

    status: int
    body: Any
    """The parsed JSON, or the text."""
    message: str
    headers: Mapping[str, str] = {}
    """The headers, with names in lower case."""


def classify(error: BaseException, rules: Rules = ()) -> Failure | None:
    """Return what an exception of any client library means for the route.

    None if another route would not help, or if the request may have been carried out already. `rules` are those of the
    providers concerned; they take precedence over the general ones.
    """
    failure = diagnose(error, rules)
    return failure if failure and failure.leads_on else None


def diagnose(error: BaseException, rules: Rules = ()) -> Failure | None:
    """Return what an exception of any client library means, also if it does not lead on; None if that is not known."""
    chain = list(_chain(error))
    for each in chain:
        if isinstance(each, SecretUnavailable) and not any(map(_response, chain)):  # nothing was sent
            return Failure("no_secret", None, str(each))
        for name in (kind.__name__ for kind in type(each).__mro__):  # the most specific class first
            if name in table().perhaps_sent:
                return None
            if name in table().never_sent:
                return Failure("unavailable", None, "no connection could be made")
    response = next(filter(None, map(_response, chain)), None)
    return interpret(response, rules) if response else None


def interpret(response: ErrorResponse, rules: Rules = ()) -> Failure | None:
    """Return what an error response means by `rules`, else by the general rules; None if no rule matches."""
    quotations = response.status not in _REPEATING
    body = error_body.read(response.body or response.message, table().fields, quotations=quotations)
    in_headers = (error_body.folded(response.headers.get(name, "")) for name in table().code_headers)
    delay = retry_delay.retry_after(response.headers, body, time.time())
    said = Said(response.status, body.codes | set(filter(None, in_headers)), body.messages, delay)
    rule = first_match(said, (*rules, *table().rules))
    return Failure(rule.means, response.status, response.message, rule.remedy, delay) if rule else None


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
        metadata = response.get("ResponseMetadata", {})
        status, body, headers = metadata.get("HTTPStatusCode"), response.get("Error", {}), metadata.get("HTTPHeaders")
    else:
        # `code` is ignored: it may belong to an error within a stream, after the response has begun.
        status = _number(response, "status_code", "status") or _number(error, "status_code")
        body = getattr(error, "body", None) or getattr(error, "details", None) or _json(response)
        headers = getattr(response, "headers", None) or getattr(error, "headers", None)
    if not isinstance(status, int) or status < 400:
        return None
    return ErrorResponse(status, body, message_in(body) or str(error), _lower(headers))


def _lower(headers: object) -> dict[str, str]:
    """Return headers with their names in lower case."""
    known = headers if isinstance(headers, Mapping) else {}
    return {str(name).lower(): str(value) for name, value in known.items()}


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
