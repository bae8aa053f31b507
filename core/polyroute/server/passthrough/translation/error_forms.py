"""Errors in the form of each API."""

from __future__ import annotations

from typing import Any

from polyroute.integrations.api_methods import GENERATE, MESSAGES, RESPONSES

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_CANONICAL_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def error_document(protocol: str, status: int, message: str) -> dict[str, Any]:
    """Return the document of an error."""
    kind = _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    if protocol == MESSAGES:
        return {"type": "error", "error": {"type": kind, "message": message}}
    if protocol == GENERATE:
        canonical = _CANONICAL_CODES.get(status, "INTERNAL" if status >= 500 else "INVALID_ARGUMENT")
        return {"error": {"code": status, "message": message, "status": canonical}}
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def error_event(protocol: str, message: str) -> tuple[str, dict[str, Any]]:
    """Return the event that reports an error within a stream: its name, which may be empty, and its data."""
    if protocol == RESPONSES:
        return "error", {"type": "error", "code": "server_error", "message": message, "param": None}
    return "error" if protocol == MESSAGES else "", error_document(protocol, 502, message)
