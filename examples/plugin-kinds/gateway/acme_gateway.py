"""Acme's gateway: it carries models of other vendors, under IDs that begin with the user's region.

One JSON-RPC request a line comes in, one answer a line goes out; at the end of input it ends.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

CARRIED = {
    "anthropic": ("claude-opus-4-5", "claude-sonnet-4-5"),
    "openai": ("gpt-5", "gpt-5-mini"),
}
PROVIDER = {
    "name": "Acme Gateway",
    "kind": "gateway",
    "env": ["ACME_GATEWAY_KEY"],
    "base_url": "https://gateway.acme.example/v1",
    "routeability": {"offered": [*CARRIED]},
}


class Failed(Exception):
    """Why there is no answer, as JSON-RPC has it."""


def describe(params: dict[str, Any]) -> dict[str, Any]:
    """Who the gateway is, and whose models it carries: the same every time, whoever asks."""
    if 1 not in params.get("protocols", ()):
        raise Failed({"code": -32001, "message": "only protocol 1", "data": {"supported": [1]}})
    return {"protocol": 1, "providers": {"acme-gateway": PROVIDER}}


def map_models(params: dict[str, Any]) -> dict[str, Any]:
    """How the gateway spells all these models: one request has up to 10,000 of them."""
    return {"models": [mapped(each["provider"], each["id"]) for each in params["models"]]}


def mapped(vendor: str, model_id: str) -> dict[str, str]:
    """One model with the gateway's ID, or why it has none."""
    model = {"provider": vendor, "id": model_id}
    if model_id in CARRIED.get(vendor, ()):
        return {**model, "gateway_id": spelled(vendor, model_id), "evidence": "listed", "why": "it is in Acme's list"}
    return {**model, "evidence": "not_offered", "why": f"Acme carries no {model_id} of {vendor}"}


def list_models(params: dict[str, Any]) -> dict[str, Any]:
    """All that the user's region has; it may be kept for an hour."""
    models = [spelled(vendor, each) for vendor, ids in CARRIED.items() for each in ids]
    return {"providers": {"acme-gateway": models}, "ttl_s": 3600}


def spelled(vendor: str, model_id: str) -> str:
    """The gateway's ID in the user's region."""
    return f"{os.environ.get('ACME_REGION') or 'eu'}.{vendor}.{model_id}"


METHODS = {"describe": describe, "map": map_models, "models": list_models}


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
