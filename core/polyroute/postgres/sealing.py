"""Encrypt documents, so that a copy of the database reveals none, and a row in another's place can't be opened."""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import os

from polyroute._internal import files
from polyroute.errors import MissingExtra, Unavailable, UsageError

_ID_BYTES, _NONCE_BYTES, _TAG_BYTES, _KEY_BYTES = 4, 12, 16, 32
OVERHEAD_BYTES = _ID_BYTES + _NONCE_BYTES + _TAG_BYTES
"""By how much a sealed document is longer."""
_HOW_TO_MAKE = "To make a key: openssl rand -base64 32"


class Sealing:
    """Seals documents with AES-256-GCM, for one owner and one name. Each sealed document names its key.

    The newest key seals; all keys open. A key's ID is derived from it, so that a key file is a list of keys.
    """

    def __init__(self, keys: str) -> None:
        """`keys` are keys of 32 bytes in base64, the newest first. Raises UsageError and MissingExtra."""
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError:
            raise MissingExtra("A store for a team", "team") from None
        parsed = [_parsed(each) for each in keys.split()]
        if not parsed:
            raise UsageError(f"The file with the keys of the store is empty. {_HOW_TO_MAKE}")
        self._ciphers = {_id(key): AESGCM(key) for key in parsed}
        self._newest = _id(parsed[0])

    def seal(self, data: bytes, owner: str, name: str) -> bytes:
        """Return a document sealed with the newest key."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._newest + nonce + self._ciphers[self._newest].encrypt(nonce, data, _bound(owner, name))

    def open(self, sealed: bytes, owner: str, name: str) -> bytes:
        """Return a document. Raises OSError if no key opens it for this owner and name."""
        from cryptography.exceptions import InvalidTag

        identifier, rest = sealed[:_ID_BYTES], sealed[_ID_BYTES:]
        try:
            cipher = self._ciphers[identifier]
            return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _bound(owner, name))
        except KeyError:
            why = f"the server lacks the key {identifier.hex()} that it is sealed with"
        except (InvalidTag, ValueError):
            why = "it was sealed for another user or name, or was changed"
        raise OSError(errno.EIO, why, name)

    def is_newest(self, sealed: bytes) -> bool:
        """Return whether a document is sealed with the newest key."""
        return sealed.startswith(self._newest)


def load(path: str) -> Sealing:
    """Return the sealing with the keys in a file. Raises Unavailable if it can't be read, UsageError, MissingExtra."""
    try:
        return Sealing(files.read_text(path))
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise Unavailable(f"The key file {path} can't be read ({why}). {_HOW_TO_MAKE}") from None


def _parsed(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise UsageError(f"A key of the store is not {_KEY_BYTES} bytes in base64. {_HOW_TO_MAKE}")
    return key


def _id(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=_ID_BYTES, person=b"polyroute").digest()


def _bound(owner: str, name: str) -> bytes:
    return f"{owner}\0{name}".encode()
