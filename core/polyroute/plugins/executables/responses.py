"""Validate the results of executables and convert them to the core's types. `describe` has a model of its own."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

from polyroute.base_url import normalized
from polyroute.plugins.executables import jsonrpc as codes
from polyroute.plugins.executables import permissions
from polyroute.plugins.executables.client import rendered
from polyroute.plugins.executables.jsonrpc import PluginCode, RpcError, RpcResponse
from polyroute.plugins.manifests.loader import Manifest
from polyroute.types import Detection, IdMapping, Model, ModelRef, Secret, Source, Verification
from polyroute.types.constraints import MILLISECONDS_FROM
from polyroute.types.result_check import find_fault

LONGEST_SECONDS = 24 * 3600.0

_ERRORS: Mapping[int, tuple[PluginCode, str]] = {
    codes.METHOD_NOT_FOUND: ("method_not_found", "has no such method"),
    codes.UNSUPPORTED_PROTOCOL: ("unsupported_protocol", "supports none of the offered protocols"),
    codes.NOT_CONFIGURED: ("not_configured", "is not configured"),
    codes.AUTH_INVALID: ("auth_invalid", "says that the credential was rejected"),
    codes.NETWORK: ("network", "can't reach its endpoint"),
    codes.RATE_LIMITED: ("rate_limited", "says that there were too many requests"),
    codes.UPSTREAM: ("upstream", "says that its endpoint failed"),
    codes.NEEDS_INTERACTION: ("needs_interaction", "needs you to do something"),
}


def result(answer: RpcResponse, secrets: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """Return the result of an answer. Raises RpcError if it is an error or not an object."""
    if answer.code:
        code, words = _ERRORS.get(answer.code, ("failed", f"failed with error {answer.code}"))
        remedy = answer.data.get("remedy") if isinstance(answer.data, dict) else None
        action = rendered(remedy, secrets) if isinstance(remedy, str) else ""
        raise RpcError(code, f"{words}: {rendered(answer.message, secrets)}".removesuffix(": "), action)
    return _table(answer.result, "the result")


def seconds(found: Mapping[str, Any]) -> float:
    """Return for how many seconds a result is valid; 0 if it does not say."""
    value = found.get("ttl_s", 0)
    if type(value) not in (int, float) or not math.isfinite(value):
        raise RpcError("schema", "returned a ttl_s that is not a number")
    return min(max(float(value), 0.0), LONGEST_SECONDS)


def detections(found: Mapping[str, Any], manifest: Manifest) -> list[Detection]:
    """Return the detected logins, and the reasons for missing ones. Raises RpcError."""
    entries = _entries(found, "providers")
    detected = [_detection(name, _table(each, name)) for name, each in entries]
    permissions.check_urls([each.endpoint for each in detected], manifest)
    return [*detected, *(_absence(name, _table(each, name)) for name, each in _entries(found, "errors"))]


def _detection(provider: str, entry: Mapping[str, Any]) -> Detection:
    kind: Any = _text(entry, "kind", "oauth-token")
    source = None if kind == "none" else Source("plugin", rendered(_text(entry, "ref", "login")))
    remedy, until = rendered(_text(entry, "remedy")), _moment(entry, "expires_at")
    found = Detection(provider, kind, source, _text(entry, "endpoint"), remedy=remedy, expires_at=until)
    if wrong := find_fault(found):
        raise RpcError("schema", f"returned an invalid login: {rendered(wrong)}")
    return found


def _absence(provider: str, entry: Mapping[str, Any]) -> Detection:
    reason = rendered(_text(entry, "message")) or "its plugin found no login"
    return Detection(provider, "oauth-token", reason=reason, remedy=rendered(_text(entry, "remedy")))


def models(found: Mapping[str, Any], manifest: Manifest) -> list[Model]:
    """Return the listed models. Raises RpcError."""
    from polyroute.plugins.manifests.parser import models as validated
    from polyroute.plugins.manifests.validators import InvalidDocument

    listed = [(name, _list(rows, name)) for name, rows in _entries(found, "providers")]
    permissions.check_count(sum(len(rows) for _, rows in listed))
    try:
        made = [model for name, rows in listed for model in validated(rows, name)]
    except InvalidDocument as wrong:
        raise RpcError("schema", f"returned an invalid model: {rendered(str(wrong))}") from None
    permissions.check_urls([each.base_url for each in made], manifest)
    return made


def errors(found: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return the providers without a result, each with a reason, a remedy and a code. Raises RpcError."""
    rows = [(name, _table(each, name)) for name, each in _entries(found, "errors")]
    return [(rendered(name), _why(row), rendered(_text(row, "remedy")), _code(row)) for name, row in rows]


def _why(row: Mapping[str, Any]) -> str:
    return rendered(_text(row, "message")) or _error(row)[1]


def _code(row: Mapping[str, Any]) -> str:
    return _error(row)[0]


def _error(row: Mapping[str, Any]) -> tuple[PluginCode, str]:
    code = row.get("code")
    return _ERRORS.get(code if type(code) is int else 0, ("failed", "no reason is given"))


def mappings(found: Mapping[str, Any]) -> dict[ModelRef, IdMapping]:
    """Return the gateway's IDs of models. Raises RpcError."""
    rows = [_table(each, "a model") for each in _list(found.get("models", []), "models")]
    return {ModelRef(_text(row, "provider"), _text(row, "id")): _mapping(row) for row in rows}


def _mapping(row: Mapping[str, Any]) -> IdMapping:
    evidence: Any = _text(row, "evidence", "listed" if "gateway_id" in row else "not_offered")
    why = rendered(_text(row, "why")) or "its plugin says so"
    return IdMapping(_text(row, "gateway_id") or None, evidence, why)


def verifications(found: Mapping[str, Any], secrets: tuple[str, ...]) -> list[Verification]:
    """Return which credentials work. Raises RpcError."""
    rows = [(name, _table(each, name)) for name, each in _entries(found, "providers")]
    states: list[tuple[str, Any, str]] = [(name, _text(row, "state"), _text(row, "message")) for name, row in rows]
    return [Verification(name, state, rendered(message, secrets)) for name, state, message in states]


def secret(found: Mapping[str, Any], manifest: Manifest) -> Secret:
    """Return the secret with its expiry, headers and endpoint, or the reason why there is none. Raises RpcError."""
    headers = _table(found.get("headers", {}), "headers")
    endpoint = normalized(_text(found, "endpoint"))
    permissions.check_urls([endpoint], manifest)
    secret = Secret(
        _text(found, "secret").strip(),
        _expiry(found),
        tuple((name, _text(headers, name)) for name in headers),
        endpoint,
        rendered(_text(found, "reason")),
        rendered(_text(found, "remedy")),
    )
    if find_fault(secret):  # its message is not shown: it may quote the secret
        raise RpcError("schema", "returned a secret with an invalid header or endpoint")
    return secret


def _expiry(found: Mapping[str, Any]) -> float | None:
    """Return when the secret expires, in seconds since 1970."""
    until = _moment(found, "expires_at")
    return time.time() + seconds(found) if until is None and "ttl_s" in found else until


def _moment(entry: Mapping[str, Any], key: str) -> float | None:
    until = entry.get(key)
    if until is None:
        return None
    if type(until) not in (int, float) or not math.isfinite(until):
        raise RpcError("schema", f"returned an {key} that is not a number of seconds")
    if until >= MILLISECONDS_FROM:
        raise RpcError("schema", f"returned an {key} in milliseconds; it must be in seconds since 1970")
    return float(until)


def _entries(found: Mapping[str, Any], key: str) -> Iterable[tuple[str, Any]]:
    return _table(found.get(key, {}), key).items()


def _table(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise RpcError("schema", f"returned something other than an object for {rendered(what)}")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise RpcError("schema", f"returned something other than a list for {rendered(what)}")
    return value


def _text(entry: Mapping[str, Any], key: str, default: str = "") -> str:
    value = entry.get(key, default)
    if not isinstance(value, str):
        raise RpcError("schema", f"returned a {key} that is not a string")
    return value
