"""What may be looked at to find credentials, as a value."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from polyroute._internal.problems import Problems
from polyroute.dexto_compat import global_dotenv_path
from polyroute.errors import SecretUnavailable, UsageError
from polyroute.logins import Call, Credential, Secret, Source
from polyroute.secret_values import SecretMemory, merged, moment, secret_in
from polyroute.system.paths import config_file, keyring_index, plugins_directory, state_directory
from polyroute.types import Problem
from polyroute.user_files import UserFiles

if TYPE_CHECKING:
    from polyroute.answers import Route
    from polyroute.system.os_keyring import Keyring

HOST, PROCESS, PROJECT, KEYRING, GLOBAL = "host", "env", "project .env", "keyring", "global .env"
"""The layers in which variables are looked for, in this order."""
CUSTOM, PLUGIN, COMMAND = "custom model", "plugin", "command"
"""The layers whose secrets only a catalog can read."""
_REFERENCE = r"\$\{(\w+)(?::-([^}]*))?\}"

_SHORTEST = 8
"""Characters of a header's value that is taken for a secret: shorter ones are words."""

# No file can be under it.
_NOBODYS_HOME = os.devnull

SecretReader = Callable[[Credential], Secret]


class Environment:
    """Variables, `.env` files and the files under one user's home, taken once.

    Variables count where they are not blank, and their values are trimmed. They are looked for among the keys
    that the host gives, in the process, in the `.env` of a project that the host trusts, among the names of what is
    in the keyring, and in the user's global `.env`. Files are read when first asked for, and then remembered. Two
    environments never see each other.
    """

    __slots__ = (
        "__weakref__",
        "_again",
        "_files",
        "_in_keyring",
        "_layers",
        "_memory",
        "_on_reveal",
        "_process",
        "_reported",
        "_revealed",
        "_secret_reader",
        "_values",
        "config_path",
        "dotenv_path",
        "home",
        "origin",
    )

    def __init__(
        self,
        variables: Mapping[str, str],
        *,
        home: str | os.PathLike[str] | None = None,
        trusted_project: str | os.PathLike[str] | None = None,
        keys: Mapping[str, str] = MappingProxyType({}),
        on_reveal: Callable[[Credential], object] | None = None,
    ) -> None:
        """Look at `variables`, at the files under `home`, and at the `.env` of `trusted_project` if given.

        `home` defaults to `HOME` in `variables`; without either there are no files of a user, rather than
        those of whoever runs the process. `keys` are the host's own, by variable, and win over all others.
        `on_reveal` is called with each credential whose secret is read.
        """
        own, given = dict(variables), dict(keys)
        self.origin = hash((str(home), str(trusted_project), frozenset(own.items()), frozenset(given.items())))
        """Tells one user's environments from another's: it stays the same when one looks again."""

        def again() -> Environment:
            return Environment(own, home=home, trusted_project=trusted_project, keys=given, on_reveal=on_reveal)

        self._again: Callable[[], Environment] = again
        self.home = os.fspath(home or own.get("HOME") or _NOBODYS_HOME)
        self._process = {**own, "HOME": self.home}
        self.config_path = config_file(self._process)
        self._files = UserFiles()
        self._reported = Problems()
        self._values: dict[str, str] = {}
        self._layers: dict[str, str] = {}
        self._on_reveal = on_reveal
        self._revealed: set[str] = set()
        self._memory = SecretMemory()
        self._secret_reader: SecretReader | None = None
        self._add(HOST, given)
        self._add(PROCESS, own)
        if trusted_project is not None:
            self._add(PROJECT, self._files.variables(os.path.join(os.fspath(trusted_project), ".env")))
        self._in_keyring = frozenset((self.read(keyring_index(self._process)) or "").splitlines())
        for name in self._in_keyring:
            self._layers.setdefault(name, KEYRING)
        self.dotenv_path = global_dotenv_path(own, self.home)
        self._add(GLOBAL, self._files.variables(self.dotenv_path))

    @classmethod
    def load(
        cls,
        *,
        trusted_project: str | os.PathLike[str] | None = None,
        keys: Mapping[str, str] = MappingProxyType({}),
        on_reveal: Callable[[Credential], object] | None = None,
    ) -> Environment:
        """The environment of this process and of the user who runs it, as they are now."""
        home, given = os.path.expanduser("~"), dict(keys)
        environment = cls(os.environ, home=home, trusted_project=trusted_project, keys=given, on_reveal=on_reveal)
        environment.origin = hash((str(trusted_project), frozenset(given.items())))
        environment._again = lambda: cls.load(trusted_project=trusted_project, keys=given, on_reveal=on_reveal)
        return environment

    def again(self) -> Environment:
        """The same places, looked at once more."""
        return self._again()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Files that are there and could not be read, as far as anybody asked for them."""
        return (*self._files.problems, *self._reported)

    @property
    def shared_home(self) -> str:
        """The folder that other tools share: the global `.env`, logins and custom models are in it."""
        return os.path.dirname(self.dotenv_path)

    @property
    def state_directory(self) -> str:
        """Where Polyroute keeps what it remembers for the user."""
        return state_directory(self._process)

    @property
    def plugins_directory(self) -> str:
        """The user's plugin folder."""
        return plugins_directory(self._process)

    @property
    def keyring(self) -> Keyring:
        """What the operating system's keyring holds for this user."""
        from polyroute.system.os_keyring import Keyring

        return Keyring(self._process)

    def in_keyring(self, name: str) -> bool:
        """Whether the index says that the keyring has an entry of this name."""
        return name in self._in_keyring

    @property
    def names(self) -> Iterable[str]:
        """The names of all variables that are set."""
        return self._layers.keys()

    def source(self, variable: str) -> Source | None:
        """Where `variable` is set, or None."""
        layer = self._layers.get(variable)
        return Source(layer, variable) if layer else None

    def setting(self, variable: str, *, layer: str = "") -> str | None:
        """The value of a variable that is no secret (for secrets: `reveal`), perhaps from one layer only.

        What is in the keyring is secret, and has none.
        """
        if layer and self._layers.get(variable) != layer:
            return None
        return self._values.get(variable)

    def path(self, text: str) -> str:
        """Fill `~` and `${NAME}` or `${NAME:-default}` into the path or name `text`."""
        filled = text
        if "$" in text:
            filled = re.sub(_REFERENCE, lambda found: self._values.get(found[1]) or found[2] or "", text)
        return self.home + filled[1:] if filled == "~" or filled.startswith("~/") else filled

    def layer_of(self, text: str) -> str:
        """Whose word the path or name `text` is: the project's where a variable in it is, else the file's."""
        references = re.finditer(_REFERENCE, text) if "$" in text else ()
        return PROJECT if any(self._layers.get(each[1]) == PROJECT for each in references) else "file"

    def exists(self, path: str) -> bool:
        """Whether a file is at `path`."""
        return self._files.exists(path)

    def read(self, path: str) -> str | None:
        """The text of a file as it was when first asked for, or None where there is none or it can't be read (then it
        is a problem).
        """
        return self._files.text(path)

    def read_now(self, path: str) -> str | None:
        """The same of a file as it is now: for reading secrets, which others may have renewed."""
        return self._files.text_now(path)

    def read_section(self, path: str, section: str) -> Mapping[str, str]:
        """The settings in one section of an INI file; none where there is no such section."""
        return self._files.section(path, section)

    def is_current(self) -> bool:
        """Whether all files that were looked for so far are as they were then."""
        return self._files.is_current()

    def report(self, problem: Problem) -> None:
        """Show `problem` to the user; the same one is shown once."""
        self._reported.report(problem)

    def reveal(self, credential: Credential | None) -> str:
        """Read the secret of `credential` at the moment of use.

        Send it to `credential.endpoint` and nowhere else. Empty where none is needed. Raises as `secret` does.
        """
        return self.secret(credential).value

    def secret(self, credential: Credential | None) -> Secret:
        """Read the secret of `credential` with what goes with it: when it expires, further headers, an endpoint.

        One that says when it expires is kept in memory until a minute before, and asked for by one thread at a time.
        Raises SecretUnavailable where it can't be had (gone, expired, a login to renew) or the credential has no single
        secret (a cloud identity); UsageError for the None of a route that is not usable.
        """
        if credential is None:
            raise UsageError("There is no credential to reveal: the route is not usable.")
        if credential.kind == "none":
            return Secret()
        if self._on_reveal:
            self._on_reveal(credential)
        return self._memory.get(credential, lambda: self._found(credential))

    def call(self, route: Route) -> Call:
        """Where and with which headers to call the endpoint of a usable route. Raises as `secret` does."""
        secret = self.secret(route.credential)
        key = ((route.auth.name, route.auth.prefix + secret.value),) if secret.value else ()
        headers = merged(route.headers, secret.headers, key)
        return Call(secret.endpoint or route.base_url, headers, secret.expires_at)

    def forget(self, credential: Credential) -> None:
        """Read the secret of `credential` anew at its next use: its endpoint has refused it."""
        self._memory.drop(credential)

    def without_secrets(self, text: str) -> str:
        """A text without the secrets that were revealed: endpoints quote those that they refuse."""
        return reduce(lambda left, secret: left.replace(secret, "****"), tuple(self._revealed), text)

    def with_secret_reader(self, reader: SecretReader) -> Environment:
        """The same environment, which asks `reader` for the secrets that plugins own."""
        bound = object.__new__(type(self))
        for name in set(self.__slots__) - {"__weakref__"}:
            setattr(bound, name, getattr(self, name))
        bound._secret_reader, bound._memory = reader, SecretMemory()
        bound._reported = Problems(self._reported)
        return bound

    def __repr__(self) -> str:
        return f"<Environment of {self.home}, {len(self._layers)} variables>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("An Environment holds secrets: it can't be pickled or copied.")

    def _add(self, layer: str, variables: Mapping[str, str]) -> None:
        for name, value in variables.items():
            if name not in self._layers and (trimmed := value.strip()):
                self._values[name], self._layers[name] = trimmed, layer

    def _found(self, credential: Credential) -> Secret:
        secret = self._secret(credential)
        if not secret.value:
            why = secret.reason or "it is not there any more"
            remedy = secret.remedy or credential.remedy or "Look again for another, or store it anew."
            raise SecretUnavailable(credential, why, remedy)
        if secret.expires_at is not None and secret.expires_at <= time.time():
            remedy = secret.remedy or credential.remedy or "Log in again."
            raise SecretUnavailable(credential, f"it expired on {moment(secret.expires_at)}", remedy)
        self._revealed.update((secret.value, *(value for _, value in secret.headers if len(value) >= _SHORTEST)))
        return secret

    def _secret(self, credential: Credential) -> Secret:
        source = credential.source
        if source is None or credential.kind == "cloud-identity":
            return Secret(reason="a cloud identity has no single secret", remedy="Use the cloud's own SDK.")
        if source.layer == KEYRING:
            return Secret(self.keyring.secret(credential, source.name) or "")
        if source.layer in (PLUGIN, CUSTOM, COMMAND):
            return self._secret_reader(credential) if self._secret_reader else Secret()
        if source.section:
            return Secret(self._files.sections_now(source.path).get(source.section, {}).get(source.field, "").strip())
        text = (self._files.text_now(source.path) if source.path else self._values.get(source.name)) or ""
        return secret_in(text, source.field, source.expires)
