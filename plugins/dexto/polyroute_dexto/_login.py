"""Detect Dexto's credentials: `DEXTO_API_KEY`, or the login that `dexto login` stored in `auth.json`.

The file is only read, never written.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from typing import Any

from polyroute import Detection, Environment, Problem, Source
from polyroute.base_url import is_base_url, joined, normalized

ENDPOINT = "https://app.dexto.ai/v1"
"""Where the gateway is, unless the process says otherwise."""
_REMEDY = "Run `dexto login`, or set DEXTO_API_KEY."


def detect(environment: Environment) -> Iterable[Detection]:
    """Yield the state of Dexto's own key, and the OpenRouter key in the login file."""
    path = _auth_path(environment)
    login = _read(path, environment)
    if _text(login, "openRouterApiKey"):
        yield Detection("openrouter", source=Source("file", path=path, field="openRouterApiKey"))
    yield from _gateway(environment, path, login)


def _gateway(environment: Environment, path: str, login: dict[str, Any]) -> Iterator[Detection]:
    """Yield each place that may hold the gateway's key (the first may hold a placeholder), or why there is none."""
    endpoint = _endpoint(environment)
    if not endpoint:
        remedy = f"Fix it, for example: DEXTO_API_URL={ENDPOINT}."
        yield Detection("dexto", reason="DEXTO_API_URL is not an http or https address", remedy=remedy)
        return
    if source := environment.source("DEXTO_API_KEY"):
        yield Detection("dexto", source=source, endpoint=endpoint)
    if _text(login, "dextoApiKey"):
        yield Detection("dexto", source=Source("file", path=path, field="dextoApiKey"), endpoint=endpoint)
    elif _text(login, "token"):
        reason = "the login has expired" if _expired(login) else "the login contains no gateway key"
        yield Detection("dexto", reason=reason, remedy=_REMEDY)
    elif source is None:
        yield Detection("dexto", reason="you are not logged in and DEXTO_API_KEY is not set", remedy=_REMEDY)


def _expired(login: dict[str, Any]) -> bool:
    """Return whether the time in `expiresAt`, in milliseconds, has passed."""
    until = login.get("expiresAt")
    return isinstance(until, int | float) and until < time.time() * 1000


def _endpoint(environment: Environment) -> str:
    """Return the gateway's base URL. Only the process may change it: a project's file must not redirect a key."""
    address = environment.setting("DEXTO_API_URL", layer="env")
    if address is None:
        return ENDPOINT
    if not is_base_url(address):
        return ""
    return joined(normalized(address).removesuffix("/v1"), "/v1")


def _auth_path(environment: Environment) -> str:
    return os.path.join(environment.shared_home, "auth.json")


def _read(path: str, environment: Environment) -> dict[str, Any]:
    text = environment.read(path)
    if text is None:
        return {}
    try:
        login = json.loads(text)
    except (ValueError, RecursionError):
        login = None
    if isinstance(login, dict):
        return login
    remedy = "Run `dexto login` to write it again."
    wrong = "is not a JSON object; it was ignored."
    environment.report(Problem(wrong, remedy, path=path, code="file-unreadable"))
    return {}


def _text(login: dict[str, Any], key: str) -> str:
    value = login.get(key)
    return value.strip() if isinstance(value, str) else ""
