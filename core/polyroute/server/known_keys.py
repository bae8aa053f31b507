"""What endpoints said about users' keys, in memory until the process ends."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable, Mapping

from polyroute import Catalog, Credential, Environment, Verification
from polyroute.named_tuples import NamedTuple
from polyroute.server.known_servers import Known, KnownServers
from polyroute.types import DIRECT


class CheckedKey(NamedTuple):
    """What an endpoint said, when (seconds since 1970), and about which key."""

    verification: Verification
    at: float
    credential: Credential | None
    digest: bytes
    """A salted digest of the value, which does not reveal it. Of entries in the keyring only the name is known."""


class KnownKeys(Known[CheckedKey]):
    """By user, what endpoints said about keys that the user still has."""

    def __init__(self) -> None:
        super().__init__()
        self._salt = secrets.token_bytes(16)

    def remember(self, catalog: Catalog, found: Iterable[Verification]) -> None:
        """Keep what endpoints have just said."""
        now = time.time()
        checked = {each.provider: CheckedKey(each, now, *self._key(catalog, each.provider)) for each in found}
        self.put(catalog.environment, {**self.of(catalog.environment), **checked})

    def forget(self, environment: Environment, provider: str) -> None:
        """Forget what was said about a key that is replaced or removed."""
        kept = {name: each for name, each in self.of(environment).items() if name != provider}
        self.put(environment, kept)

    def current(self, catalog: Catalog) -> Mapping[str, CheckedKey]:
        """Return by provider what is known of the keys that are still the same."""
        known = self.of(catalog.environment).items()
        return {name: each for name, each in known if self._key(catalog, name) == (each.credential, each.digest)}

    def _key(self, catalog: Catalog, provider: str) -> tuple[Credential | None, bytes]:
        if provider not in catalog.plugins.providers:
            return None, b""
        route = next(each for each in catalog.provider(provider).routes if each.via == DIRECT)
        source = route.credential.source if route.credential else None
        value = catalog.environment.setting(source.name, layer=source.layer) if source else None
        digest = hashlib.blake2b((value or "").encode(errors="replace"), key=self._salt, digest_size=16)
        return route.credential, digest.digest()


class UserFacts(NamedTuple):
    """What is known of all users, besides what their files say."""

    servers: KnownServers
    keys: KnownKeys
