"""What executables answer, checked and put in the core's own words. `describe` has a model of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from polyroute.executables import grants
from polyroute.executables import jsonrpc as codes
from polyroute.executables.calls import shown
from polyroute.executables.jsonrpc import Answer, Fault
from polyroute.manifests.manifests import Manifest
from polyroute.types import Detection, IdMapping, Model, ModelRef, Source, Verification

LONGEST_SECONDS = 24 * 3600.0

_WORDS = {
    codes.METHOD_NOT_FOUND: "has no such method",
    codes.UNSUPPORTED_PROTOCOL: "speaks none of the protocols offered",
    codes.NOT_CONFIGURED: "is not configured",
    codes.AUTH_INVALID: "says that the credential is refused",
    codes.NETWORK: "can't reach its endpoint",
    codes.RATE_LIMITED: "says that there were too many requests",
    codes.UPSTREAM: "says that its endpoint failed",
    codes.NEEDS_INTERACTION: "needs you to do something",
}


def result(answer: Answer, secrets: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """The result of an answer. Raises Fault where it is an error, or no object."""
    if answer.code:
        words = _WORDS.get(answer.code, f"failed with error {answer.code}")
        raise Fault("schema", f"{words}: {shown(answer.message, secrets)}".removesuffix(": "))
    return _table(answer.result, "the result")


def seconds(found: Mapping[str, Any]) -> float:
    """For how long a result holds; not at all where it does not say."""
    said = found.get("ttl_s", 0)
    if type(said) not in (int, float) or not math.isfinite(said):
        raise Fault("schema", "gives a ttl_s that is no number")
    return min(max(float(said), 0.0), LONGEST_SECONDS)


def detections(found: Mapping[str, Any], manifest: Manifest) -> list[Detection]:
    """The logins that were found, and why there are none. Raises Fault."""
    entries = _entries(found, "providers")
    detected = [_detection(name, _table(each, name)) for name, each in entries]
    grants.check_urls([each.endpoint for each in detected], manifest)
    return [*detected, *(_absence(name, _table(each, name)) for name, each in _entries(found, "errors"))]


def _detection(provider: str, entry: Mapping[str, Any]) -> Detection:
    kind: Any = _text(entry, "kind", "oauth-token")
    source = None if kind == "none" else Source("plugin", shown(_text(entry, "ref", "login")))
    return Detection(provider, kind, source, _text(entry, "endpoint"))


def _absence(provider: str, entry: Mapping[str, Any]) -> Detection:
    reason = shown(_text(entry, "message")) or "its plugin found no login"
    return Detection(provider, "oauth-token", reason=reason, remedy=shown(_text(entry, "remedy")))


def models(found: Mapping[str, Any], manifest: Manifest) -> list[Model]:
    """The models that are listed. Raises Fault."""
    from polyroute.manifests.describe import Wrong
    from polyroute.manifests.describe import models as validated

    listed = [(name, _list(rows, name)) for name, rows in _entries(found, "providers")]
    grants.check_count(sum(len(rows) for _, rows in listed))
    try:
        made = [model for name, rows in listed for model in validated(rows, name)]
    except Wrong as wrong:
        raise Fault("schema", f"lists a model wrongly: {shown(str(wrong))}") from None
    grants.check_urls([each.base_url for each in made], manifest)
    return made


def mappings(found: Mapping[str, Any]) -> dict[ModelRef, IdMapping]:
    """How a gateway spells models. Raises Fault."""
    rows = [_table(each, "a model") for each in _list(found.get("models", []), "models")]
    return {ModelRef(_text(row, "provider"), _text(row, "id")): _mapping(row) for row in rows}


def _mapping(row: Mapping[str, Any]) -> IdMapping:
    evidence: Any = _text(row, "evidence", "listed" if "gateway_id" in row else "not_offered")
    why = shown(_text(row, "why")) or "its plugin says so"
    return IdMapping(_text(row, "gateway_id") or None, evidence, why)


def verifications(found: Mapping[str, Any], secrets: tuple[str, ...]) -> list[Verification]:
    """Which credentials work. Raises Fault."""
    rows = [(name, _table(each, name)) for name, each in _entries(found, "providers")]
    states: list[tuple[str, Any, str]] = [(name, _text(row, "state"), _text(row, "message")) for name, row in rows]
    return [Verification(name, state, shown(message, secrets)) for name, state, message in states]


def secret(found: Mapping[str, Any]) -> str:
    """The secret. Raises Fault."""
    return _text(found, "secret").strip()


def _entries(found: Mapping[str, Any], key: str) -> Iterable[tuple[str, Any]]:
    return _table(found.get(key, {}), key).items()


def _table(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Fault("schema", f"answers with something else than an object for {shown(what)}")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise Fault("schema", f"answers with something else than a list for {shown(what)}")
    return value


def _text(entry: Mapping[str, Any], key: str, default: str = "") -> str:
    value = entry.get(key, default)
    if not isinstance(value, str):
        raise Fault("schema", f"gives a {key} that is no text")
    return value
