"""Secrets as they are read, and in memory until shortly before they expire."""

from __future__ import annotations

import time
from _thread import allocate_lock, get_ident  # threading brings more than these
from collections.abc import Callable
from itertools import chain

from polyroute.constraints import Headers
from polyroute.logins import Credential, Secret
from polyroute.system.documents import json_moment, json_text

MARGIN_SECONDS = 60.0
"""How long before its end a secret is asked for anew: the longest that a request may take to be sent."""


class _Flight:
    """One reading of a secret, which others may wait for."""

    def __init__(self) -> None:
        self.reader = get_ident()
        self.landed = allocate_lock()
        self.landed.acquire()
        self.secret: Secret | None = None
        self.error: Exception | None = None


class SecretMemory:
    """The secrets of one environment. A credential is read by one thread at a time; who asks meanwhile shares it."""

    def __init__(self) -> None:
        self._kept: dict[Credential, Secret] = {}
        self._flights: dict[Credential, _Flight] = {}
        self._lock = allocate_lock()

    def get(self, credential: Credential, find: Callable[[], Secret]) -> Secret:
        """What `find` returns, or what it returned before as long as that is good. Raises as `find` does.

        A secret of which nobody knows when it expires, or that is good for less than a minute, is not kept.
        """
        with self._lock:
            kept = self._kept.get(credential)
            if kept and _is_good(kept):
                return kept
            flight = self._flights.get(credential)
            if flight is None:
                own = self._flights[credential] = _Flight()
        if flight is None:
            return self._fly(credential, own, find)
        if flight.reader == get_ident():  # a plugin that asks for what it is asked for
            return find()
        with flight.landed:
            if flight.error:
                raise flight.error
        shared = flight.secret
        return shared if shared and _is_shared(shared) else self.get(credential, find)

    def drop(self, credential: Credential) -> None:
        """Forget a secret that its endpoint refused."""
        self._kept.pop(credential, None)

    def _fly(self, credential: Credential, flight: _Flight, find: Callable[[], Secret]) -> Secret:
        try:
            flight.secret = find()
        except Exception as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flights[credential]
                self._kept.pop(credential, None)
                if flight.secret and _is_good(flight.secret):
                    self._kept[credential] = flight.secret
            flight.landed.release()
        return flight.secret


def _is_shared(secret: Secret) -> bool:
    """Whether several may use it: one that is about to expire is used once."""
    return secret.expires_at is None or _is_good(secret)


def _is_good(secret: Secret) -> bool:
    return secret.expires_at is not None and time.time() < secret.expires_at - MARGIN_SECONDS


def secret_in(text: str, field: str, expires: str) -> Secret:
    """The secret that a text is or, with `field`, holds as JSON, which may say in `expires` until when it is good."""
    if not field:
        return Secret(text.strip())
    return Secret(json_text(text, field) or "", json_moment(text, expires) if expires else None)


def merged(*headers: Headers) -> Headers:
    """Headers of which each name, in any case, is there once: with the last value, in the last place."""
    last: dict[str, tuple[str, str]] = {}
    for name, value in chain.from_iterable(headers):
        last.pop(name.lower(), None)
        last[name.lower()] = (name, value)
    return tuple(last.values())


def moment(seconds: float) -> str:
    """Seconds since 1970, for users."""
    try:
        return time.strftime("%Y-%m-%d at %H:%M UTC", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return "a day that no calendar has"
