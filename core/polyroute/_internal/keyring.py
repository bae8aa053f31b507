"""Keys in the operating system's keyring, with an index of names so that they are known without opening the keyring."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from polyroute._internal import files
from polyroute._internal.paths import keyring_index
from polyroute.errors import NotUnderstood, PolyrouteError, SecretUnavailable, Unavailable
from polyroute.types import Credential

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

_DESKTOP = ("DISPLAY", "WAYLAND_DISPLAY")
_CHOSEN = "PYTHON_KEYRING_BACKEND"


class Keyring:
    """The entries of one user. Each state directory has its own entries, so that two environments share nothing."""

    def __init__(self, variables: Mapping[str, str], *, is_of_team: bool = False) -> None:
        """Use the entries of the user whose process has these variables. Users of a team's server have none."""
        self._is_of_team = is_of_team
        self._index = keyring_index(variables)
        self._service = f"polyroute:{self._index}"
        self._is_chosen = bool(variables.get(_CHOSEN))
        # On other systems a locked keyring opens a prompt on the desktop, and waits forever if there is none.
        self._answers = sys.platform in ("darwin", "win32") or any(variables.get(name) for name in _DESKTOP)

    def get(self, name: str) -> str | None:
        """Return the secret of this name, or None; then the name is removed from the index. Raises as `put` does."""
        secret = self._ask(lambda backend: backend.get_password(self._service, name))
        if not secret:
            with contextlib.suppress(PolyrouteError):
                self.forget(name)
        return secret

    def secret(self, credential: Credential, name: str) -> str | None:
        """Return the secret of a credential, or None. Raises SecretUnavailable if the keyring can't be opened."""
        try:
            return self.get(name)
        except Unavailable as error:
            raise SecretUnavailable(credential, str(error)) from None

    def put(self, name: str, secret: str) -> None:
        """Store a secret. Raises Unavailable if the keyring can't be used or did not store it."""
        self._ask(lambda backend: backend.set_password(self._service, name, secret))
        if self._ask(lambda backend: backend.get_password(self._service, name)) != secret:
            raise Unavailable("The keyring did not store the key.")
        self._note(name, is_there=True)

    def drop(self, name: str) -> bool:
        """Remove the secret of this name if the index has it; return whether it existed. Raises as `put` does."""
        if name not in self.names():
            return False
        was_there = self.get(name) is not None
        if was_there:
            self._ask(lambda backend: backend.delete_password(self._service, name))
        self.forget(name)
        return was_there

    def forget(self, name: str) -> None:
        """Remove a name from the index, because its entry is no longer valid."""
        if name in self.names():
            self._note(name, is_there=False)

    def names(self) -> frozenset[str]:
        """Return the names in the current index. Raises Unavailable if it can't be read."""
        with files.readable_errors(self._index):
            try:
                return frozenset(files.read_text(self._index).splitlines())
            except (FileNotFoundError, NotADirectoryError):
                return frozenset()
            except UnicodeDecodeError:
                raise NotUnderstood(f"{self._index} was not changed: it is not UTF-8 text.", "Remove it.") from None

    def _note(self, name: str, *, is_there: bool) -> None:
        with files.readable_errors(self._index), files.locked(self._index):
            names = (self.names() | {name}) if is_there else (self.names() - {name})
            files.replace(self._index, "".join(f"{each}\n" for each in sorted(names)).encode(), mode=0o600)

    def _ask(self, question: Callable[[KeyringBackend], T]) -> T:
        backend = self._backend()
        try:
            return question(backend)
        except Exception as error:
            raise Unavailable(f"The keyring failed ({type(error).__name__}).") from None

    def _backend(self) -> KeyringBackend:
        if self._is_of_team:
            raise Unavailable("The keyring of the server is not for the users of a team.")
        if not (self._answers or self._is_chosen):
            raise Unavailable(f"There is no desktop on which the keyring could be opened, and {_CHOSEN} is not set.")
        try:
            import keyring
            from keyring.core import recommended

            backend = keyring.get_keyring()
            is_good = recommended(backend) or (self._is_chosen and backend.priority > 0)
        except ImportError as error:
            if error.name == "keyring":
                raise Unavailable("An extra is not installed:", "pip install 'polyroute[keyring]'.") from None
            raise Unavailable(f"The keyring's backend can't be loaded ({type(error).__name__}).") from None
        except Exception as error:
            raise Unavailable(f"The keyring's backend can't be loaded ({type(error).__name__}).") from None
        if not is_good:
            raise Unavailable("There is no keyring on this machine.")
        return backend
