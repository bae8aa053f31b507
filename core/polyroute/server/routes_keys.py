"""Operations about providers' own keys."""

from __future__ import annotations

from polyroute import keys, verify, wire
from polyroute.server import answers_person
from polyroute.server.operations import Call, Document, Operation
from polyroute.server.schemas import KeyBody, VerifyBody


def _key(call: Call) -> Document:
    """Whether the provider's own key is there, or none is needed; masked."""
    name = call.path["provider"]
    key = keys.find(call.catalog, name)
    status = call.catalog.provider(name)
    document: Document = {"provider": name, "envVar": key.variable, "hasKey": status.has_direct_key}
    if key.mask:
        document |= {"keyValue": key.mask, "source": str(key.credential)}
    return document | {"hasEffectiveCredentials": status.has_effective_credentials}


def _stored(call: Call) -> Document:
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


def _verified(call: Call) -> Document:
    """Ask endpoints whether these providers' keys, or all that are there, work right now."""
    body = call.body(VerifyBody)
    found = verify(call.catalog, body.providers, paid=body.paid)
    return wire.verifications(found, call.catalog.problems)


OPERATIONS = (
    Operation("GET", "/llm/key/{provider}", _key, (answers_person.KeyStatus,), prepared=True),
    Operation("POST", "/llm/key", _stored, (answers_person.KeySaved,), body=KeyBody, lane="writing"),
    Operation("POST", "/llm/verify", _verified, (answers_person.Verified,), body=VerifyBody, lane="network"),
)
