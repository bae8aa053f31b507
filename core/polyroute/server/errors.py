"""Whatever goes wrong, in the one shape that clients are told it in."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError
from starlette.exceptions import HTTPException

from polyroute.dexto_compat.http import MISSING_KEY
from polyroute.documents.http_types import ErrorAnswer, Issue
from polyroute.errors import (
    CustomModelExists,
    InvalidModelReference,
    KeyBoundElsewhere,
    MissingSecret,
    NoEffectiveRoute,
    PolyrouteError,
    SecretUnavailable,
    Unavailable,
    UnknownCustomModel,
    UnknownProvider,
    UsageError,
)

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


class ErrorText(NamedTuple):
    """An error as it is told."""

    code: str
    message: str
    type: str = "user"
    scope: str = "llm"
    context: Mapping[str, Any] = {}
    recovery: str = ""
    issues: Sequence[Issue] = ()
    status: int = 0
    """Where it is another than that of the type."""
    ok: bool | None = None
    """False where clients of the operation look for it."""

    def document(self, endpoint: str, method: str, trace_id: str) -> ErrorAnswer:
        """The error as a client reads it; fields without meaning here are left out."""
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
    """An error that a request ends with."""

    def __init__(self, code: str, message: str, type: str = "user", **more: Any) -> None:  # noqa: A002 - the field's name
        self.told = ErrorText(code, message, type, **more)
        super().__init__(message)

    @property
    def status(self) -> int:
        """The HTTP status that it is told with."""
        return self.told.status or STATUS[self.told.type]


_DOMAIN: tuple[tuple[type[PolyrouteError], str, str], ...] = (
    (InvalidModelReference, "llm_model_invalid", "user"),
    (UnknownCustomModel, "custom_model_not_found", "not_found"),
    (CustomModelExists, "custom_model_exists", "conflict"),
    (KeyBoundElsewhere, "custom_model_key_bound", "user"),
    (SecretUnavailable, "llm_secret_unavailable", "forbidden"),
    (MissingSecret, "llm_secret_unavailable", "forbidden"),
    (UsageError, "bad_request", "user"),
    (Unavailable, "unavailable", "system"),
    (PolyrouteError, "failed", "system"),
)
"""Code and type of errors whose text says all; the first that fits counts."""


def api_error(error: BaseException) -> ApiError:
    """What a client is told of any error. Of one that nobody foresaw it is only the kind: its text may be secret."""
    match error:
        case ApiError():
            return error
        case UnknownProvider():
            context = {"provider": error.name, "suggestions": list(error.suggestions)}
            return ApiError("llm_provider_unknown", str(error), context=context)
        case NoEffectiveRoute():
            return missing_key(error)
        case HTTPException():
            return _of_framework(error)
        case PolyrouteError():
            return next(ApiError(code, str(error), kind) for each, code, kind in _DOMAIN if isinstance(error, each))
        case _:
            _log(error)
            return ApiError(
                "internal_error", f"A fault of its own: {type(error).__name__}. Please report it.", "system"
            )


def missing_key(error: NoEffectiveRoute) -> ApiError:
    """No route to a model is usable: what to do, of each route."""
    remedies = [route.remedy for route in error.routes if route.remedy]
    routes = [{"via": each.via, "reason": each.reason, "remedy": each.remedy} for each in error.routes]
    context = {"provider": error.model.provider, "model": error.model.id, "routes": routes}
    recovery = " Or: ".join(dict.fromkeys(remedies))
    issues = [issue(MISSING_KEY, str(error), ("apiKey",), context)]
    return ApiError(MISSING_KEY, str(error), context=context, recovery=recovery, issues=issues)


def invalid(error: ValidationError, where: str) -> ApiError:
    """What is wrong in a body or a query, never with the values: a key may be among them."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    issues = [
        issue("invalid_" + each["type"], each["msg"].removeprefix("Value error, "), _path(each["loc"]))
        for each in found
    ]
    first = "; ".join(f"{'.'.join(map(str, each['path'])) or where}: {each['message']}" for each in issues[:3])
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    return ApiError("validation_failed", f"The {where} is not as it must be: {first}{more}.", issues=issues)


def _path(steps: Sequence[str | int]) -> list[str | int]:
    """Where something is wrong. A name that nobody knows is shown where it may be a misspelt one, and no key."""
    return [step if isinstance(step, int) or re.fullmatch(r"[A-Za-z_]\w{0,29}", step) else "…" for step in steps]


def issue(code: str, message: str, path: Sequence[str | int], context: Mapping[str, Any] | None = None) -> Issue:
    """One thing that is wrong in what was sent."""
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


def _of_framework(error: HTTPException) -> ApiError:
    if error.status_code == 405:
        return ApiError("method_not_allowed", "This path does not answer that method.", scope="http", status=405)
    kind = next((name for name, status in STATUS.items() if status == error.status_code), "user")
    code = "not_found" if error.status_code == 404 else "bad_request"
    return ApiError(code, f"{error.detail}.", kind, scope="http", status=error.status_code)


def _log(error: BaseException) -> None:
    """Say where it happened, and not the error's text."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" in {last[0].name} ({last[0].filename}:{last[0].lineno})" if last else ""
    print(f"polyroute: a fault of its own: {type(error).__name__}{where}", file=sys.stderr)
