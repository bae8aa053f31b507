"""Seal documents again with the newest key."""

from __future__ import annotations

from polyroute.named_tuples import NamedTuple
from polyroute.postgres.database import Store

_BATCH = 100


class Rotated(NamedTuple):
    """The result of a rotation."""

    sealed: int
    """How many documents were sealed again."""
    unopened: int
    """How many are left as they were, because no key opens them."""


def rotate(store: Store) -> Rotated:
    """Seal all documents with the newest key, a hundred in one transaction. Raises StoreUnavailable.

    It may be interrupted and repeated, while replicas that have all keys serve.
    """
    total, after = Rotated(0, 0), ("", "")
    while True:
        after, found = _rotate_batch(store, after)
        total = Rotated(total.sealed + found.sealed, total.unopened + found.unopened)
        if not any(after):
            return total


def _rotate_batch(store: Store, after: tuple[str, str]) -> tuple[tuple[str, str], Rotated]:
    sealed = unopened = 0
    with store.transaction() as connection:
        rows = connection.execute(_NEXT, (*after, _BATCH)).fetchall()
        for owner, name, body in rows:
            if store.sealing.is_newest(bytes(body)):
                continue
            try:
                data = store.sealing.open(bytes(body), owner, name)
            except OSError:
                unopened += 1
                continue
            connection.execute(_UPDATE, (store.sealing.seal(data, owner, name), owner, name))
            sealed += 1
        if sealed:
            connection.execute(_AUDIT, (f"{sealed} documents",))
    return (rows[-1][:2] if rows else ("", "")), Rotated(sealed, unopened)


_NEXT = """
    SELECT owner, name, body FROM polyroute.document WHERE (owner, name) > (%s, %s)
    ORDER BY owner, name LIMIT %s FOR UPDATE
"""
_UPDATE = "UPDATE polyroute.document SET body = %s WHERE owner = %s AND name = %s"
_AUDIT = "INSERT INTO polyroute.audit (actor, owner, action, subject) VALUES ('polyroute store', '', 'rotated', %s)"
