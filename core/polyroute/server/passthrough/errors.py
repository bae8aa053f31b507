"""Errors of the pass-through, in the form of the API that a client believes to call."""

from __future__ import annotations

from typing import Any

from polyroute.errors import NoEffectiveRoute, UnknownProvider
from polyroute.server.errors import api_error

PREFIX = "/v1"
"""Where the pass-through answers."""

_STATUS = ((UnknownProvider, 404), (NoEffectiveRoute, 403))
"""Of errors that have another one here: clients of these APIs act on it."""
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    504: "timeout_error",
}


def error_response(error: Exception, path: str) -> tuple[int, dict[str, Any]]:
    """Status and document of an error for whoever called `path`, in words that say what to do."""
    fault = api_error(error)
    status = next((each for kind, each in _STATUS if isinstance(error, kind)), fault.status)
    message = fault.told.message
    if fault.told.recovery and not isinstance(error, NoEffectiveRoute):  # which says it in its message
        message = f"{message} {fault.told.recovery}"
    kind = _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    if path.startswith(f"{PREFIX}/messages"):
        return status, {"type": "error", "error": {"type": kind, "message": message}}
    return status, {"error": {"message": message, "type": kind, "param": None, "code": fault.told.code}}
