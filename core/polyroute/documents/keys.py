"""Create the JSON documents about keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyroute._internal.secret_memory import merged
from polyroute.documents.catalog import auth, verification
from polyroute.documents.parts import SCHEMA, moment, problems, source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyroute.credentials import keys as found
    from polyroute.documents.custom_model_types import (
        CredentialFound,
        KeyDocument,
        Keys,
        RemovedKey,
        Revealed,
        StoredKey,
    )
    from polyroute.results import Route
    from polyroute.types import ModelRef, Problem, Secret, Verification


def keys(each_key: Iterable[found.Key], problems_found: Iterable[Problem]) -> Keys:
    """Return the document of `polyroute keys list --json`."""
    return {"schema": SCHEMA, "keys": [key(each) for each in each_key], "problems": problems(problems_found)}


def key(key: found.Key) -> KeyDocument:
    """Return the source and the mask of one provider's key."""
    return {
        "provider": key.provider or None,
        "variable": key.variable or None,
        "credential": str(key.credential) if key.credential else None,
        "source": source(key.credential.source if key.credential else None),
        "mask": key.mask or None,
        "baseUrl": key.credential.endpoint if key.credential else None,
        "alsoReadBy": list(key.also_read_by),
    }


def stored(stored: found.Stored, verified: Verification | None = None) -> StoredKey:
    """Return the document of `polyroute keys set --json`."""
    document: StoredKey = {
        "schema": SCHEMA,
        "provider": stored.provider or None,
        "variable": stored.variable,
        "source": source(stored.source),
        "kept": stored.kept,
        "pinned": stored.pinned or None,
        "notes": list(stored.notes),
        "settings": {name: place for name, each in stored.settings.items() if (place := source(each))},
    }
    if verified:
        document["verification"] = verification(verified)
    return document


def removed(removed: found.Removed) -> RemovedKey:
    """Return the document of `polyroute keys remove --json`."""
    return {
        "schema": SCHEMA,
        "provider": removed.provider or None,
        "variable": removed.variable,
        "removed": [place for each in removed.removed if (place := source(each))],
        "left": source(removed.left.source if removed.left else None),
        "notes": list(removed.notes),
    }


def credential(model: ModelRef, route: Route) -> CredentialFound:
    """Return the document of `polyroute credential --json`: everything except the secret."""
    return {
        "schema": SCHEMA,
        "model": str(model),
        "via": route.via,
        "modelId": route.model_id,
        "baseUrl": route.base_url or None,
        "auth": auth(route.auth),
        "credential": str(route.credential) if route.credential else None,
        "source": source(route.credential.source if route.credential else None),
    }


def revealed(route: Route, secret: Secret) -> Revealed:
    """Return the document of `polyroute credential --reveal`, the only one that contains a secret."""
    return {
        "type": route.credential.kind if route.credential else "none",
        "value": secret.value,
        "header": route.auth.name,
        "prefix": route.auth.prefix,
        "headers": dict(merged(route.headers, secret.headers)),
        "baseUrl": secret.endpoint or route.base_url,
        "expiresAt": moment(secret.expires_at),
    }
