"""Keys of models that were removed just now: clients rename by removing a model and adding it under another name."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

from polyroute._internal.redact import REDACTED, masked

KEPT_SECONDS = 60.0
"""How long a client takes between the two at most."""
_FORM_SECONDS = 10.0
"""How long a form takes that shows a model's key, and sends it as its provider's before it renames the model."""
_MOST = 100


class Bound(NamedTuple):
    """Whose key it was: the file that it stood in, the provider's ID and the base URL. It serves nothing else."""

    path: str
    provider: str
    base_url: str


class RemovedKeys:
    """Remembers keys for a minute, in memory alone."""

    def __init__(self) -> None:
        self._keys: dict[Bound, tuple[float, str]] = {}
        self._masks: dict[tuple[str, str], tuple[float, str]] = {}
        self._lock = threading.Lock()

    def remember(self, bound: Bound, key: str) -> None:
        """Keep the key of a model that is removed."""
        with self._lock:
            self._forget_old()
            self._keys[bound] = (time.monotonic(), key)

    def expect(self, path: str, provider: str, mask: str) -> None:
        """A mask has come back as the provider's key: it may stand for that of a model which is about to be renamed."""
        with self._lock:
            self._masks = {(path, provider): (time.monotonic(), mask)}

    def recall(self, bound: Bound, mask: str) -> str:
        """The key for which the mask stands; empty where there is none. It can be had once.

        Without a mask the one counts that has just come back in another place.
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
        self._keys = dict(fresh[-_MOST:])
