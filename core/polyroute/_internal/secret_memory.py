"""Parse secrets, and keep them in memory until shortly before they expire."""

from __future__ import annotations

import re
import time
from _thread import allocate_lock, get_ident  # threading brings more than these
from collections.abc import Callable
from itertools import chain

from polyroute._internal.config_values import json_moment, json_text
from polyroute.errors import SecretUnavailable
from polyroute.types import Credential, Secret
from polyroute.types.constraints import Headers

MARGIN_SECONDS = 60.0
"""How long before its expiry a secret is read again: the longest time that sending a request may take."""


class _Flight:
    """A read of a secret in progress, which other threads can wait for."""

    def __init__(self) -> None:
        self.reader = get_ident()
        self.landed = allocate_lock()
        self.landed.acquire()
        self.secret: Secret | None = None
        self.error: Exception | None = None


class SecretMemory:
    """The secrets of one environment. One thread at a time reads a credential; threads that wait share the result."""

    def __init__(self) -> None:
        self._kept: dict[Credential, Secret] = {}
        self._flights: dict[Credential, _Flight] = {}
        self._lock = allocate_lock()

    def get(self, credential: Credential, find: Callable[[], Secret]) -> Secret:
        """Return the secret kept in memory if it is still valid, else the result of `find`. Raises what `find` raises.

        A secret without a known expiry, or one that expires within a minute, is not kept.
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
        if flight.reader == get_ident():  # a plugin requests the secret that it is being asked for
            return find()
        with flight.landed:
            if flight.error:
                raise flight.error
        shared = flight.secret
        return shared if shared and _is_shared(shared) else self.get(credential, find)

    def drop(self, credential: Credential) -> None:
        """Drop a secret that its endpoint rejected."""
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
    """Return whether several threads may use it: a secret that is about to expire is used once."""
    return secret.expires_at is None or _is_good(secret)


def _is_good(secret: Secret) -> bool:
    return secret.expires_at is not None and time.time() < secret.expires_at - MARGIN_SECONDS


def secret_in(text: str, field: str, expires: str) -> Secret:
    """Return the secret in `text`: the whole text, or the JSON value at `field`, with the expiry at `expires`."""
    if not field:
        return Secret(text.strip())
    return Secret(json_text(text, field) or "", json_moment(text, expires) if expires else None)


def usable(secret: Secret, credential: Credential) -> Secret:
    """Return a secret that was read. Raises SecretUnavailable if it is empty, has expired or can't be sent."""
    if not secret.value:
        why = secret.reason or "it no longer exists"
        remedy = secret.remedy or credential.remedy or "Load the environment again, or store the key again."
        raise SecretUnavailable(credential, why, remedy)
    if secret.expires_at is not None and secret.expires_at <= time.time():
        remedy = secret.remedy or credential.remedy or "Log in again."
        raise SecretUnavailable(credential, f"it expired on {moment(secret.expires_at)}", remedy)
    if fault := _control_character(secret):
        remedy = credential.remedy or "Store the key again, on one line."
        raise SecretUnavailable(credential, f"the value contains {fault}", remedy)
    return secret


def _control_character(secret: Secret) -> str:
    """Return which control character a secret or one of its headers contains, in words; empty if none.

    With a line end in it, a secret could add a header to a request, or a line to a script.
    """
    texts = (secret.value, *chain.from_iterable(secret.headers))
    if any("\r" in text or "\n" in text for text in texts):
        return "a line end"
    return "a control character" if any(re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text) for text in texts) else ""


def merged(*headers: Headers) -> Headers:
    """Merge headers. Of several with one name, in any case, the last one is kept, in its position."""
    last: dict[str, tuple[str, str]] = {}
    for name, value in chain.from_iterable(headers):
        last.pop(name.lower(), None)
        last[name.lower()] = (name, value)
    return tuple(last.values())


def moment(seconds: float) -> str:
    """Format seconds since 1970 for users."""
    try:
        return time.strftime("%Y-%m-%d at %H:%M UTC", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return "a date out of range"
