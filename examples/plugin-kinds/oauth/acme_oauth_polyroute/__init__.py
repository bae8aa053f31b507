"""Acme for users who have logged in: the access token is refreshed when it is about to expire."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from polyroute import Credential, Detection, Environment, Model, Provider, Secret, Source, hookimpl

LOGIN = "~/.acme/login.json"
"""What `acme login` writes: `token_url`, `client_id`, `access_token`, `refresh_token` and `expires_at`."""
REMEDY = "Run: acme login."
EARLY_SECONDS = 300.0
"""How long before its end a token is refreshed. Polyroute asks anew a minute before the end."""

Login = dict[str, Any]


@hookimpl
def polyroute_providers() -> Iterable[Provider]:
    """Acme, called with the token of a login."""
    yield Provider("acme-oauth", "Acme", base_url="https://api.acme.example/v1")


@hookimpl
def polyroute_models(provider_ids: frozenset[str]) -> Iterable[Model]:
    """Acme's models."""
    if "acme-oauth" in provider_ids:
        yield Model("acme-oauth", "acme-large", "Acme Large", context=128_000)


@hookimpl
def polyroute_credentials(environment: Environment) -> Iterable[Detection]:
    """The login of whoever asks; it ends by itself only where it can't be refreshed."""
    login = _login(environment.read(environment.path(LOGIN)))
    if login is None:
        yield Detection("acme-oauth", reason="nobody has logged in", remedy=REMEDY)
        return
    ends = None if login.get("refresh_token") else login["expires_at"]
    yield Detection("acme-oauth", "oauth-token", Source("plugin", LOGIN), remedy=REMEDY, expires_at=ends)


@hookimpl
def polyroute_secrets(credential: Credential, environment: Environment) -> Secret:
    """The access token of whoever asks, as the file has it now: `environment.read` remembers what it was before."""
    path = Path(environment.path(LOGIN))
    login = _read(path)
    if login is not None and _has_to_be_refreshed(login):
        return _refreshed(path)
    return _secret(login)


def _refreshed(path: Path) -> Secret:
    """The token after a refresh, by one thread of one process at a time: a refresh token is often good for one use."""
    from filelock import FileLock

    with FileLock(f"{path}.lock", mode=0o600):
        login = _read(path)
        if login is None or not _has_to_be_refreshed(login):  # somebody else was first
            return _secret(login)
        status, answer = _answer(login)
        if status >= 500:  # the old token is used to its end
            return _secret(login)._replace(remedy="Acme can't be reached. Try again later.")
        if status != 200:
            return Secret(reason="Acme refuses to refresh the login", remedy=REMEDY)
        login |= {**answer, "expires_at": time.time() + answer["expires_in"]}
        _write(path, login)
        return _secret(login)


def _answer(login: Login) -> tuple[int, Login]:
    """What Acme answers to the refresh token: a status, 503 where there is no answer, and perhaps a new token."""
    import httpx

    form = {"grant_type": "refresh_token", "refresh_token": login["refresh_token"], "client_id": login["client_id"]}
    try:
        response = httpx.post(login["token_url"], data=form)
    except httpx.HTTPError:
        return 503, {}
    return response.status_code, response.json() if response.is_success else {}


def _has_to_be_refreshed(login: Login) -> bool:
    return bool(login.get("refresh_token")) and login["expires_at"] < time.time() + EARLY_SECONDS


def _secret(login: Login | None) -> Secret:
    if login is None:
        return Secret(reason="the login is gone", remedy=REMEDY)
    return Secret(login["access_token"], login["expires_at"])


def _read(path: Path) -> Login | None:
    try:
        return _login(path.read_text(encoding="utf-8"))
    except OSError:
        return None


def _login(text: str | None) -> Login | None:
    """The login that a text holds; None where it holds none."""
    try:
        found = json.loads(text or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) and {"access_token", "expires_at"} <= found.keys() else None


def _write(path: Path, login: Login) -> None:
    """Write all of it or nothing, for its owner alone. Only under the lock."""
    new = path.with_suffix(".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(login, file)
    os.replace(new, path)
