"""Keys in the operating system's keyring, with an index of names: what is there is known without opening it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from polyroute.errors import PolyrouteError, SecretUnavailable, Unavailable
from polyroute.logins import Credential
from polyroute.system import files
from polyroute.system.paths import keyring_index

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

_DESKTOP = ("DISPLAY", "WAYLAND_DISPLAY")
_CHOSEN = "PYTHON_KEYRING_BACKEND"


class Keyring:
    """One person's entries. Those of another state directory are others, so two environments never see each other."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Take the entries of the person whose process has these variables."""
        self._index = keyring_index(variables)
        self._service = f"polyroute:{self._index}"
        self._is_chosen = bool(variables.get(_CHOSEN))
        # Elsewhere a locked keyring asks on the desktop to be opened, and waits for ever where there is none.
        self._answers = sys.platform in ("darwin", "win32") or any(variables.get(name) for name in _DESKTOP)

    def why_not(self) -> str:
        """Why it can't be used; empty where it can. Nothing is opened, and nobody asked."""
        try:
            self._backend()
        except Unavailable as error:
            return str(error)
        return ""

    def get(self, name: str) -> str | None:
        """The secret of this name. Where it is gone the index is corrected; raises Unavailable as `put` does."""
        secret = self._ask(lambda backend: backend.get_password(self._service, name))
        if not secret:
            with contextlib.suppress(PolyrouteError):
                self.forget(name)
        return secret

    def secret(self, credential: Credential, name: str) -> str | None:
        """The secret of a credential; raises SecretUnavailable where the keyring can't be opened."""
        try:
            return self.get(name)
        except Unavailable as error:
            raise SecretUnavailable(credential, str(error)) from None

    def put(self, name: str, secret: str) -> None:
        """Keep a secret. Raises Unavailable where the keyring can't be used, or did not take it."""
        self._ask(lambda backend: backend.set_password(self._service, name, secret))
        if self._ask(lambda backend: backend.get_password(self._service, name)) != secret:
            raise Unavailable("The keyring did not keep what it was given.")
        self._note(name, is_there=True)

    def drop(self, name: str) -> bool:
        """Remove the secret of this name, if the index has it, and say whether it was there. Raises as `put` does."""
        if name not in self.names():
            return False
        was_there = self.get(name) is not None
        if was_there:
            self._ask(lambda backend: backend.delete_password(self._service, name))
        self.forget(name)
        return was_there

    def forget(self, name: str) -> None:
        """Take a name out of the index, as its entry does not count any more."""
        if name in self.names():
            self._note(name, is_there=False)

    def names(self) -> frozenset[str]:
        """The names in the index as it is now."""
        with files.told(self._index):
            try:
                with open(self._index, encoding="utf-8") as file:
                    return frozenset(file.read().splitlines())
            except FileNotFoundError:
                return frozenset()
            except UnicodeDecodeError:
                raise Unavailable(f"{self._index} was left as it is: it is not UTF-8 text. Remove it.") from None

    def _note(self, name: str, *, is_there: bool) -> None:
        with files.told(self._index), files.locked(self._index):
            names = (self.names() | {name}) if is_there else (self.names() - {name})
            files.replace(self._index, "".join(f"{each}\n" for each in sorted(names)).encode(), mode=0o600)

    def _ask(self, question: Callable[[KeyringBackend], T]) -> T:
        backend = self._backend()
        try:
            return question(backend)
        except Exception as error:
            raise Unavailable(f"The keyring refused ({type(error).__name__}).") from None

    def _backend(self) -> KeyringBackend:
        if not (self._answers or self._is_chosen):
            raise Unavailable(f"There is no desktop to open the keyring on, and {_CHOSEN} names none.")
        try:
            import keyring
            from keyring.core import recommended

            backend = keyring.get_keyring()
            is_good = recommended(backend) or (self._is_chosen and backend.priority > 0)
        except ImportError as error:
            if error.name == "keyring":
                raise Unavailable("The extra is not installed: pip install 'polyroute[keyring]'.") from None
            raise Unavailable(f"The keyring's backend can't be loaded ({type(error).__name__}).") from None
        except Exception as error:
            raise Unavailable(f"The keyring's backend can't be loaded ({type(error).__name__}).") from None
        if not is_good:
            raise Unavailable("There is no keyring on this machine.")
        return backend
