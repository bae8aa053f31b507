"""Convert every exception to the one error format of the API."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from starlette.exceptions import HTTPException

from polyroute.dexto_compat.http import MISSING_KEY, NOT_OFFERED
from polyroute.documents.http_types import ErrorAnswer, Issue
from polyroute.errors import (
    CustomModelExists,
    InvalidModelReference,
    KeyBoundElsewhere,
    LockedPreference,
    MissingSecret,
    NoEffectiveRoute,
    NotUnderstood,
    PolyrouteError,
    SecretUnavailable,
    StoreUnavailable,
    Unavailable,
    UnknownCustomModel,
    UnknownProvider,
    UsageError,
)
from polyroute.named_tuples import NamedTuple

STATUS = {
    "user": 400,
    "payment_required": 402,
    "forbidden": 403,
    "not_found": 404,
    "timeout": 408,
    "conflict": 409,
    "rate_limit": 429,
    "third_party": 502,
    "system": 500,
}
"""The HTTP status of each type of error."""


class ErrorDetails(NamedTuple):
    """An error as clients receive it."""

    code: str
    message: str
    type: str = "user"
    scope: str = "llm"
    context: Mapping[str, Any] = {}
    recovery: str = ""
    issues: Sequence[Issue] = ()
    status: int = 0
    """The HTTP status, if it differs from that of the type."""
    ok: bool | None = None
    """False in operations whose clients check this field."""

    def document(self, endpoint: str, method: str, trace_id: str) -> ErrorAnswer:
        """Return the JSON document of the error, without the fields that are empty."""
        found: ErrorAnswer = {
            "code": self.code,
            "message": self.message,
            "scope": self.scope,
            "type": self.type,
            "severity": "error",
            "traceId": trace_id,
            "endpoint": endpoint,
            "method": method,
        }
        if self.context:
            found["context"] = dict(self.context)
        if self.recovery:
            found["recovery"] = self.recovery
        if self.issues:
            found["issues"], found["errorCount"], found["warningCount"] = list(self.issues), len(self.issues), 0
        if self.ok is not None:
            found["ok"] = self.ok
        return found


class ApiError(Exception):
    """An error that ends a request."""

    cause = ""
    """For the log: which exception was raised where, if it was unexpected."""

    def __init__(self, code: str, message: str, type: str = "user", **more: Any) -> None:  # noqa: A002 - the name of the field
        self.details = ErrorDetails(code, message, type, **more)
        super().__init__(message)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.details.status or STATUS[self.details.type]


_UNAVAILABLE = 503
_DOMAIN: tuple[tuple[type[PolyrouteError], str, str, int], ...] = (
    (InvalidModelReference, "llm_model_invalid", "user", 0),
    (UnknownCustomModel, "custom_model_not_found", "not_found", 0),
    (CustomModelExists, "custom_model_exists", "conflict", 0),
    (KeyBoundElsewhere, "custom_model_key_bound", "user", 0),
    (SecretUnavailable, "llm_secret_unavailable", "forbidden", 0),
    (MissingSecret, "llm_secret_unavailable", "forbidden", 0),
    (LockedPreference, "preference_locked", "conflict", 0),
    (UsageError, "bad_request", "user", 0),
    (NotUnderstood, "file_not_understood", "conflict", 0),
    (Unavailable, "unavailable", "system", _UNAVAILABLE),
    (PolyrouteError, "failed", "system", 0),
)
"""The code, type and status (0: that of the type) of each exception class. The first match counts."""


def api_error(error: BaseException) -> ApiError:
    """Return the error to send for an exception.

    An unexpected exception is reported by its class only, since its text may contain a secret.
    """
    match error:
        case ApiError():
            return error
        case UnknownProvider():
            context = {"provider": error.name, "suggestions": list(error.suggestions)}
            return ApiError("llm_provider_unknown", str(error), context=context)
        case NoEffectiveRoute():
            return no_route(error)
        case HTTPException():
            return _from_framework(error)
        case StoreUnavailable():
            fault, remedy = f"{error.fault}.", error.remedy
            return ApiError("store_unavailable", fault, "system", status=_UNAVAILABLE, recovery=remedy)
        case OSError() if error.errno:  # of the system: a full disk, too many open files
            message = f"The system reported: {error.strerror}. Fix this, and try again."
            return ApiError("unavailable", message, "system", status=_UNAVAILABLE)
        case PolyrouteError():
            _, code, kind, status = next(each for each in _DOMAIN if isinstance(error, each[0]))
            return ApiError(code, str(error), kind, status=status)
        case _:
            name = type(error).__name__
            found = ApiError("internal_error", f"Internal error: {name}. Please report it.", "system")
            found.cause = _cause(error)
            return found


NOT_ALLOWED = "llm_not_allowed"
"""The code of an error about what an organisation's policy does not allow."""
_NOT_THERE = ("not_offered", "unknown", "unlisted")


def no_route(error: NoEffectiveRoute) -> ApiError:
    """Return the error for a model without a usable route, with the remedy of each route.

    If there is a key, and no endpoint is known to offer the model, it is not a key that is missing.
    """
    if not any(route.allowed for route in error.routes):
        refused = {"provider": error.model.provider, "model": error.model.id}
        return ApiError(NOT_ALLOWED, str(error), "forbidden", context=refused)
    has_key = any(route.credential for route in error.routes)
    is_offered = any(route.mapping not in _NOT_THERE for route in error.routes)
    code, field = (NOT_OFFERED, "model") if has_key and not is_offered else (MISSING_KEY, "apiKey")
    remedies = [route.remedy for route in error.routes if route.remedy]
    routes = [{"via": each.via, "reason": each.reason, "remedy": each.remedy} for each in error.routes]
    elsewhere = list(map(str, error.elsewhere))
    context = {"provider": error.model.provider, "model": error.model.id, "routes": routes, "elsewhere": elsewhere}
    recovery = " Or: ".join(dict.fromkeys(remedies))
    issues = [issue(code, str(error), (field,), context)]
    return ApiError(code, str(error), context=context, recovery=recovery, issues=issues)


def invalid(error: ValidationError, where: str) -> ApiError:
    """Return the error for an invalid body or query. It never quotes a value, which might be a key."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    issues = [
        issue("invalid_" + each["type"], each["msg"].removeprefix("Value error, "), _path(each["loc"]))
        for each in found
    ]
    first = "; ".join(f"{'.'.join(map(str, each['path'])) or where}: {each['message']}" for each in issues[:3])
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    return ApiError("validation_failed", f"The {where} is invalid: {first}{more}.", issues=issues)


def _path(steps: Sequence[str | int]) -> list[str | int]:
    return [step if isinstance(step, int) else name_of(step) for step in steps]


def name_of(field: str) -> str:
    """Return the name of a field in a request, or a mark if it does not look like one: it might be a key."""
    return field if re.fullmatch(r"[A-Za-z_]\w{0,29}", field) else "…"


def issue(code: str, message: str, path: Sequence[str | int], context: Mapping[str, Any] | None = None) -> Issue:
    """Return one entry of `issues`: something wrong in the request."""
    found: Issue = {
        "code": code,
        "message": message,
        "scope": "llm",
        "type": "user",
        "severity": "error",
        "path": list(path),
    }
    if context:
        found["context"] = dict(context)
    return found


def _from_framework(error: HTTPException) -> ApiError:
    if error.status_code == 405:
        return ApiError("method_not_allowed", "This path does not support that method.", scope="http", status=405)
    kind = next((name for name, status in STATUS.items() if status == error.status_code), "user")
    code = "not_found" if error.status_code == 404 else "bad_request"
    return ApiError(code, f"{error.detail}.", kind, scope="http", status=error.status_code)


def _cause(error: BaseException) -> str:
    """Return where an exception was raised, without its text."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" in {last[0].name} ({last[0].filename}:{last[0].lineno})" if last else ""
    return f"{type(error).__name__}{where}"
