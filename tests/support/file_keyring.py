"""A keyring backend that keeps its entries in a file: what the operating system's keyring is in these tests."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class FileKeyring(KeyringBackend):
    """A keyring in the file that `FILE_KEYRING` names; with `FILE_KEYRING_LOCKED` it refuses, and repeats its input."""

    priority = 5.0

    def get_password(self, service: str, username: str) -> str | None:
        """Return the entry, or None."""
        return self._entries().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store an entry."""
        self._write(self._entries(password) | {f"{service} {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        """Remove an entry."""
        entries = self._entries()
        if f"{service} {username}" not in entries:
            raise PasswordDeleteError(username)
        del entries[f"{service} {username}"]
        self._write(entries)

    def _entries(self, quoted: str = "") -> dict[str, str]:
        if os.environ.get("FILE_KEYRING_LOCKED"):
            raise KeyringLocked(f"locked {quoted}")
        path = Path(os.environ["FILE_KEYRING"])
        loaded: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return loaded

    def _write(self, entries: dict[str, str]) -> None:
        Path(os.environ["FILE_KEYRING"]).write_text(json.dumps(entries), encoding="utf-8")
