"""Operations about providers' own keys."""

from __future__ import annotations

from polyroute import keys, verify
from polyroute.documents import catalog as documents
from polyroute.documents.http_own_types import KeySaved, KeyStatus
from polyroute.documents.list_types import Verifications
from polyroute.server.operations import Call, Operation
from polyroute.server.schemas import KeyBody, VerifyBody


def _key(call: Call) -> KeyStatus:
    """Whether the provider's own key is there, or none is needed; masked."""
    name = call.path["provider"]
    key = keys.find(call.catalog, name)
    status = call.catalog.provider(name)
    document: KeyStatus = {
        "provider": name,
        "envVar": key.variable,
        "hasKey": status.has_direct_key,
        "hasEffectiveCredentials": status.has_effective_credentials,
    }
    if key.mask:
        document["keyValue"], document["source"] = key.mask, str(key.credential)
    return document


def _stored(call: Call) -> KeySaved:
    """Keep a provider's key; a mask that comes back keeps the one that is there."""
    body = call.body(KeyBody)
    stored = keys.store(call.catalog, body.provider, body.apiKey.strip())
    if stored.kept:
        call.removed.expect(call.catalog.custom_models.path, stored.provider, body.apiKey.strip())
    return {
        "ok": True,
        "provider": body.provider,
        "envVar": stored.variable,
        "source": str(stored.source) if stored.source else None,
        "pinned": bool(stored.pinned),
        "notes": list(stored.notes),
    }


def _verified(call: Call) -> Verifications:
    """Ask endpoints whether these providers' keys, or all that are there, work right now."""
    body = call.body(VerifyBody)
    found = verify(call.catalog, body.providers, paid=body.paid)
    return documents.verifications(found, call.catalog.problems)


OPERATIONS = (
    Operation("GET", "/llm/key/{provider}", _key, prepared=True),
    Operation("POST", "/llm/key", _stored, body=KeyBody, lane="writing"),
    Operation("POST", "/llm/verify", _verified, body=VerifyBody, lane="network"),
)
