"""Errors of the pass-through, in the form of the API that the client uses."""

from __future__ import annotations

from typing import Any

from polyroute.errors import NoEffectiveRoute, UnknownProvider
from polyroute.server.errors import api_error

PREFIX = "/v1"
"""The path under which the pass-through is served."""

_STATUS = ((UnknownProvider, 404), (NoEffectiveRoute, 403))
"""The statuses that differ from those of the HTTP API, since clients of these APIs act on them."""
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
}


def error_response(error: Exception, path: str) -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON document of an error for a request to `path`."""
    failure = api_error(error)
    status = next((each for kind, each in _STATUS if isinstance(error, kind)), failure.status)
    message = failure.details.message
    if failure.details.recovery and not isinstance(error, NoEffectiveRoute):  # its message contains the remedies
        message = f"{message} {failure.details.recovery}"
    kind = _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    if path.startswith(f"{PREFIX}/messages"):
        return status, {"type": "error", "error": {"type": kind, "message": message}}
    return status, {"error": {"message": message, "type": kind, "param": None, "code": failure.details.code}}
