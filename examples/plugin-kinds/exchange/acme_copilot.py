"""Acme Copilot for users who have logged in: the login is exchanged for a token that is good for some minutes.

One JSON-RPC request a line comes in, one answer a line goes out; at the end of input it ends.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

LOGIN = "~/.acme-copilot/login.json"
"""What `acme login` writes: `server`, `token` and perhaps `expires_at`."""
REMEDY = "Run: acme login."
SECONDS = 8.0
"""For the exchange; the host waits ten."""

PROVIDER = {"name": "Acme Copilot", "base_url": "https://api.acme.example/v1", "models": ["acme-large", "acme-small"]}


class Failed(Exception):
    """Why there is no answer, as JSON-RPC has it."""


def describe(params: dict[str, Any]) -> dict[str, Any]:
    """Who Acme Copilot is: the same every time, whoever asks."""
    if 1 not in params.get("protocols", ()):
        raise Failed({"code": -32001, "message": "only protocol 1", "data": {"supported": [1]}})
    return {"protocol": 1, "providers": {"acme-copilot": PROVIDER}}


def detect(params: dict[str, Any]) -> dict[str, Any]:
    """Whether there is a login. It is asked before everything else: be quick, and open no connection."""
    login = read_login()
    if login is None:
        error = {"code": -32002, "message": "nobody has logged in", "remedy": REMEDY}
        return {"errors": {"acme-copilot": error}}
    found = {"ref": "login", "kind": "oauth-token", "remedy": REMEDY, "expires_at": login.get("expires_at")}
    return {"providers": {"acme-copilot": found}}


def secret(params: dict[str, Any]) -> dict[str, Any]:
    """The token, with what belongs to it. Polyroute keeps it in memory until a minute before `expires_at`."""
    login = read_login()
    if login is None:
        return {"reason": "nobody has logged in", "remedy": REMEDY}
    status, answer = exchange(login["server"], login["token"])
    if status in (401, 403):
        return {"reason": "Acme refuses the login", "remedy": REMEDY}
    if status != 200:
        raise Failed({"code": -32006, "message": f"status {status}", "data": {"remedy": "Try again later."}})
    token = {"secret": answer["token"], "expires_at": answer["expires_at"], "endpoint": answer["endpoint"]}
    return {**token, "headers": {"Acme-Account": answer["account"]}}


def exchange(server: str, token: str) -> tuple[int, Any]:
    """The status and the answer of the exchange. `http.client` follows no redirect: a login goes nowhere else."""
    from http.client import HTTPConnection, HTTPException, HTTPSConnection
    from urllib.parse import urlsplit

    scheme, host, *_ = urlsplit(server)
    connection = (HTTPSConnection if scheme == "https" else HTTPConnection)(host, timeout=SECONDS)
    try:
        connection.request("GET", "/token", headers={"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        text = response.read()
    except (OSError, HTTPException):
        raise Failed({"code": -32004, "message": "no answer", "data": {"remedy": "Try again later."}}) from None
    return response.status, json.loads(text) if response.status == 200 else None


def read_login() -> dict[str, Any] | None:
    """The login; None where there is none."""
    try:
        with open(os.path.expanduser(LOGIN), encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
    except (OSError, ValueError):
        return None
    return found


METHODS = {"describe": describe, "detect": detect, "secret": secret}


def answered(line: bytes) -> dict[str, Any]:
    """The answer to one line."""
    try:
        request = json.loads(line)
    except ValueError:
        return {"id": None, "error": {"code": -32700, "message": "no JSON"}}
    method = METHODS.get(request["method"])
    if method is None:
        return {"id": request["id"], "error": {"code": -32601, "message": "no such method"}}
    try:
        return {"id": request["id"], "result": method(request["params"])}
    except Failed as failed:
        return {"id": request["id"], "error": failed.args[0]}


for line in sys.stdin.buffer:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **answered(line)}) + "\n")
    sys.stdout.flush()
