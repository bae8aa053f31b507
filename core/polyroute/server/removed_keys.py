"""Keys of recently removed models. Clients rename a model by removing it and adding it under another name."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable

from polyroute._internal.redact import REDACTED, masked
from polyroute.named_tuples import NamedTuple

KEPT_SECONDS = 60.0
"""How long a client may take between the two requests."""
_FORM_SECONDS = 10.0
"""How long a client's form takes between sending a model's key as the provider's key and renaming the model."""
_MAX_KEYS = 100
"""How many keys of one user are remembered."""


class Bound(NamedTuple):
    """What a key may be used for: by whom, for a provider's ID and a base URL."""

    owner: Hashable
    """`Environment.owner`."""
    provider: str
    base_url: str


class _Expected(NamedTuple):
    """A mask that a client sent, and for which provider."""

    at: float
    provider: str
    mask: str


class RemovedKeys:
    """Remembers keys for a minute, in memory only."""

    def __init__(self) -> None:
        self._keys: dict[Hashable, dict[Bound, tuple[float, str]]] = {}
        self._masks: dict[Hashable, _Expected] = {}
        self._lock = threading.Lock()

    def remember(self, bound: Bound, key: str) -> None:
        """Store the key of a model that is being removed."""
        with self._lock:
            self._forget_old()
            keys = self._keys.setdefault(bound.owner, {})
            keys[bound] = (time.monotonic(), key)
            if len(keys) > _MAX_KEYS:
                del keys[next(iter(keys))]

    def expect(self, owner: Hashable, provider: str, mask: str) -> None:
        """Record a mask that a client sent as the provider's key: it may stand for the key of a model to be renamed."""
        with self._lock:
            self._forget_old()
            self._masks[owner] = _Expected(time.monotonic(), provider, mask)

    def recall(self, bound: Bound, mask: str) -> str:
        """Return the key that `mask` masks, once, and forget it; an empty string if there is none.

        Without a mask, the one from the last `expect` is used.
        """
        with self._lock:
            self._forget_old()
            mask = mask or self._expected(bound)
            _, key = self._keys.get(bound.owner, {}).get(bound, (0.0, ""))
            if not key or mask not in (REDACTED, masked(key)):
                return ""
            del self._keys[bound.owner][bound]
            return key

    def __repr__(self) -> str:
        return f"<RemovedKeys: {sum(map(len, self._keys.values()))}>"

    def _expected(self, bound: Bound) -> str:
        expected = self._masks.get(bound.owner)
        if expected is None or expected.provider != bound.provider:
            return ""
        return self._masks.pop(bound.owner).mask

    def _forget_old(self) -> None:
        now = time.monotonic()
        self._masks = {owner: each for owner, each in self._masks.items() if each.at > now - _FORM_SECONDS}
        recent = {
            owner: {bound: kept for bound, kept in keys.items() if kept[0] > now - KEPT_SECONDS}
            for owner, keys in self._keys.items()
        }
        self._keys = {owner: keys for owner, keys in recent.items() if keys}
