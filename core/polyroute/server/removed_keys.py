"""Keys of recently removed models. Clients rename a model by removing it and adding it under another name."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

from polyroute._internal.redact import REDACTED, masked

KEPT_SECONDS = 60.0
"""How long a client may take between the two requests."""
_FORM_SECONDS = 10.0
"""How long a client's form takes between sending a model's key as the provider's key and renaming the model."""
_MAX_KEYS = 100


class Bound(NamedTuple):
    """What a key may be used for: a file of custom models, a provider's ID and a base URL."""

    path: str
    provider: str
    base_url: str


class RemovedKeys:
    """Remembers keys for a minute, in memory only."""

    def __init__(self) -> None:
        self._keys: dict[Bound, tuple[float, str]] = {}
        self._masks: dict[tuple[str, str], tuple[float, str]] = {}
        self._lock = threading.Lock()

    def remember(self, bound: Bound, key: str) -> None:
        """Store the key of a model that is being removed."""
        with self._lock:
            self._forget_old()
            self._keys[bound] = (time.monotonic(), key)

    def expect(self, path: str, provider: str, mask: str) -> None:
        """Record a mask that a client sent as the provider's key: it may stand for the key of a model to be renamed."""
        with self._lock:
            self._masks = {(path, provider): (time.monotonic(), mask)}

    def recall(self, bound: Bound, mask: str) -> str:
        """Return the key that `mask` masks, once, and forget it; an empty string if there is none.

        Without a mask, the one from the last `expect` is used.
        """
        with self._lock:
            self._forget_old()
            at, expected = self._masks.pop((bound.path, bound.provider), (0.0, ""))
            mask = mask or (expected if time.monotonic() - at < _FORM_SECONDS else "")
            _, key = self._keys.get(bound, (0.0, ""))
            if not key or mask not in (REDACTED, masked(key)):
                return ""
            del self._keys[bound]
            return key

    def __repr__(self) -> str:
        return f"<RemovedKeys: {len(self._keys)}>"

    def _forget_old(self) -> None:
        oldest = time.monotonic() - KEPT_SECONDS
        fresh = [(bound, kept) for bound, kept in self._keys.items() if kept[0] > oldest]
        self._keys = dict(fresh[-_MAX_KEYS:])
