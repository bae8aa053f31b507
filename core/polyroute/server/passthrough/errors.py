"""Errors of the pass-through, in the form of the API that the client uses."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import Scope

from polyroute.errors import NoEffectiveRoute
from polyroute.integrations.api_methods import GENERATE, MESSAGES, RESPONSES, api_of, base_url_for
from polyroute.named_tuples import NamedTuple
from polyroute.server.errors import ApiError, api_error
from polyroute.server.pages import path_within

_BAD_REQUEST, _NOT_FOUND, _FORBIDDEN, _SERVER_ERROR, _BAD_GATEWAY = 400, 404, 403, 500, 502
_MAY_RETRY = (408, 429)
"""Statuses below 500 after which the same request may succeed."""
_NEVER_RETRY = ("upstream_redirects", "upstream_invalid")
_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_CANONICAL_CODES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    429: "RESOURCE_EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class ErrorReply(NamedTuple):
    """An error as it is sent to a client."""

    status: int
    document: dict[str, Any]
    headers: dict[str, str]


def error_reply(error: Exception, scope: Scope) -> ErrorReply:
    """Return how an error of this server is sent to the client of a request.

    Clients show the message of a 400, but hide that of a 403 or 404 of a POST, or repeat the request.
    """
    failure = api_error(error)
    protocol, status = api_of(path_within(scope), scope["headers"]), failure.status
    if scope["method"] == "POST" and status in (_FORBIDDEN, _NOT_FOUND):
        status = _BAD_REQUEST
    message = _unknown_path(scope, protocol) if _is_no_path(error) else _message(failure, error)
    repeated = status >= _SERVER_ERROR or status in _MAY_RETRY
    headers = {} if repeated and failure.details.code not in _NEVER_RETRY else {"x-should-retry": "false"}
    return ErrorReply(status, error_document(protocol, status, message, failure.details.code), headers)


def error_document(protocol: str, status: int, message: str, code: str | None = None) -> dict[str, Any]:
    """Return the document of an error in the form of the API `protocol`."""
    if protocol == GENERATE:
        canonical = _CANONICAL_CODES.get(status, "INTERNAL" if status >= _SERVER_ERROR else "INVALID_ARGUMENT")
        return {"error": {"code": status, "message": message, "status": canonical}}
    kind = _TYPES.get(status, "api_error" if status >= _SERVER_ERROR else "invalid_request_error")
    if protocol == MESSAGES:
        return {"type": "error", "error": {"type": kind, "message": message}}
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def error_event(protocol: str, message: str) -> tuple[str, dict[str, Any]]:
    """Return the event that reports an error within a stream: its name, which may be empty, and its data."""
    if protocol == RESPONSES:
        return "error", {"type": "error", "code": "server_error", "message": message, "param": None}
    return "error" if protocol == MESSAGES else "", error_document(protocol, _BAD_GATEWAY, message)


def _message(failure: ApiError, error: Exception) -> str:
    message, recovery = failure.details.message, failure.details.recovery
    return f"{message} {recovery}" if recovery and not isinstance(error, NoEffectiveRoute) else message


def _is_no_path(error: Exception) -> bool:
    return isinstance(error, HTTPException) and error.status_code == _NOT_FOUND


def _unknown_path(scope: Scope, protocol: str) -> str:
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    root = f"{scope.get('scheme', 'http')}://{host}{scope.get('root_path', '')}"
    return f"This server has no {path_within(scope)}. The client's base URL should be {base_url_for(protocol, root)}."
