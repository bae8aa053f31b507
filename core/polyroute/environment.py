"""The variables and files of one user in which credentials are looked for, as a value."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from polyroute._internal.paths import config_file, keyring_index, plugins_directory, state_directory
from polyroute._internal.problems import Problems
from polyroute._internal.secret_memory import SecretMemory, merged, secret_in, usable
from polyroute._internal.user_documents import FILES, Documents
from polyroute._internal.user_files import UserFiles
from polyroute._internal.variable_references import referred, split
from polyroute.dexto_compat import global_dotenv_path
from polyroute.errors import UsageError
from polyroute.types import Call, Credential, Problem, Secret, Source

if TYPE_CHECKING:
    from polyroute._internal.keyring import Keyring
    from polyroute.results import Route
    from polyroute.types.policies import OrganisationPolicy

HOST, PROCESS, PROJECT, KEYRING, GLOBAL = "host", "env", "project .env", "keyring", "global .env"
ORGANISATION = "organisation"
"""The layers in which variables are looked up, in this order; what an organisation gives to all users is the last."""
CUSTOM, PLUGIN, COMMAND = "custom model", "plugin", "command"
"""The layers whose secrets only a catalog can read."""
_NOBODYS_HOME = os.devnull  # no file can exist under this path

SecretReader = Callable[[Credential], Secret]


class Environment:
    """A snapshot of variables, `.env` files and the files under one user's home.

    Blank variables are ignored, and values are trimmed. A variable is looked up in this order: the keys passed by the
    host, the process, the `.env` of a project that the host trusts, the names of the entries in the keyring, and the
    user's global `.env`. Files are read on first use and then kept. Two environments share nothing.
    """

    __slots__ = (
        "__weakref__",
        "_again",
        "_files",
        "_in_keyring",
        "_memory",
        "_on_reveal",
        "_process",
        "_reported",
        "_revealed",
        "_secret_reader",
        "_values",
        "config_path",
        "documents",
        "dotenv_path",
        "home",
        "owner",
    )

    def __init__(
        self,
        variables: Mapping[str, str],
        *,
        home: str | os.PathLike[str] | None = None,
        trusted_project: str | os.PathLike[str] | None = None,
        keys: Mapping[str, str] = MappingProxyType({}),
        on_reveal: Callable[[Credential], object] | None = None,
        documents: Documents = FILES,
    ) -> None:
        """Create an environment from `variables`, the files under `home` and the `.env` of `trusted_project`.

        `home` defaults to `HOME` in `variables`. If both are missing, the environment has no user files; it never falls
        back to the files of the user who runs the process. `keys` maps variable names to keys that the host supplies;
        they take precedence over every other source. `on_reveal` is called with each credential whose secret is read.
        `documents` are the user's documents if they are not files.
        """
        own, given = dict(variables), dict(keys)
        self.documents = documents
        self.owner: Hashable = documents.owner or hash(
            (str(home), str(trusted_project), frozenset(own.items()), frozenset(given.items()))
        )
        """Identifies whose environment it is: it differs between users and is the same after `again()`."""

        def again() -> Environment:
            later = documents.again()
            return Environment(
                own, home=home, trusted_project=trusted_project, keys=given, on_reveal=on_reveal, documents=later
            )

        self._again: Callable[[], Environment] = again
        self.home = os.fspath(home or own.get("HOME") or _NOBODYS_HOME)
        self._process = {**own, "HOME": self.home}
        self.config_path = config_file(self._process)
        self._files = UserFiles(documents)
        self._reported = Problems()
        self._values: dict[str, dict[str, str]] = {}  # by name, then by layer in their order
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
            self._values.setdefault(name, {})[KEYRING] = ""
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
        """Return the environment of this process and its user; the arguments are those of the constructor."""
        home, given = os.path.expanduser("~"), dict(keys)
        environment = cls(os.environ, home=home, trusted_project=trusted_project, keys=given, on_reveal=on_reveal)
        environment.owner = hash((str(trusted_project), frozenset(given.items())))
        environment._again = lambda: cls.load(trusted_project=trusted_project, keys=given, on_reveal=on_reveal)
        return environment

    def again(self) -> Environment:
        """Return a new environment that reads the same sources again."""
        return self._again()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Problems found so far, such as files that exist but can't be read."""
        return (*self._files.problems, *self._reported)

    @property
    def policy(self) -> OrganisationPolicy | None:
        """The policy of the organisation whose server this user uses; None if there is none."""
        return None

    @property
    def shared_home(self) -> str:
        """The folder shared with other tools, which holds the global `.env`, logins and custom models."""
        return os.path.dirname(self.dotenv_path)

    @property
    def state_directory(self) -> str:
        """The folder in which Polyroute keeps the user's state."""
        return state_directory(self._process)

    @property
    def plugins_directory(self) -> str:
        """The user's plugin folder."""
        return plugins_directory(self._process)

    @property
    def keyring(self) -> Keyring:
        """The user's entries in the operating system's keyring."""
        from polyroute._internal.keyring import Keyring

        return Keyring(self._process, is_of_team=not self.documents.is_local)

    def in_keyring(self, name: str) -> bool:
        """Return whether the index lists a keyring entry of this name."""
        return name in self._in_keyring

    @property
    def names(self) -> Iterable[str]:
        """The names of all variables that are set."""
        return self._values.keys()

    def source(self, variable: str) -> Source | None:
        """Return where `variable` is set, or None if it is not set."""
        return Source(next(iter(found)), variable) if (found := self._values.get(variable)) else None

    def sources(self, variable: str) -> tuple[Source, ...]:
        """Return all places where `variable` is set. The first is that of `source`."""
        return tuple([Source(layer, variable) for layer in self._values.get(variable, ())])

    def setting(self, variable: str, *, layer: str = "") -> str | None:
        """Return the value of a variable that is not a secret (for secrets, use `reveal`), or None if it is not set.

        With `layer`, return the value in that layer. Entries of the keyring are secrets: the result is None.
        """
        found = self._values.get(variable, {})
        return found.get(layer or next(iter(found), "")) or None

    def is_exact(self, variable: str) -> bool:
        """Return whether the process's value is the one looked up, with no blanks around it that are trimmed here."""
        return self._process.get(variable) == self.setting(variable)

    def path(self, text: str) -> str:
        """Return the path or name `text` with `~`, `${NAME}` and `${NAME:-default}` expanded."""
        first, references = split(text)
        filled = first + "".join([(self.setting(each[0]) or self.path(each[1])) + each[2] for each in references])
        return self.home + filled[1:] if filled == "~" or filled.startswith("~/") else filled

    def layer_of(self, text: str) -> str:
        """Return the layer that determines `text`: the project's if a variable in it is set there, else `file`."""
        is_projects = any(found and found.layer == PROJECT for found in map(self.source, referred(text)))
        return PROJECT if is_projects else "file"

    def exists(self, path: str) -> bool:
        """Return whether `path` was an existing file when this was asked first."""
        return self._files.exists(path)

    def read(self, path: str) -> str | None:
        """Return the text of a file as of its first read; None if it is missing or (a problem) can't be read."""
        return self._files.text(path)

    def read_now(self, path: str) -> str | None:
        """Return the current text of a file, as `read` does: for secrets, which other programs may have renewed."""
        return self._files.text_now(path)

    def read_sections(self, path: str) -> Mapping[str, Mapping[str, str]]:
        """Return the settings in each section of an INI file; empty if there is no such file."""
        return self._files.sections(path)

    def is_current(self) -> bool:
        """Return whether all files that were looked up so far are unchanged."""
        return self._files.is_current()

    def report(self, problem: Problem) -> None:
        """Add `problem` to `problems`, unless it was reported before."""
        self._reported.report(problem)

    def reveal(self, credential: Credential | None) -> str:
        """Read and return the secret of `credential`, for its endpoint only; empty without one. Raises as `secret`."""
        return self.secret(credential).value

    def secret(self, credential: Credential | None) -> Secret:
        """Read and return the secret of `credential` with its expiry, additional headers and endpoint.

        A secret with an expiry is kept in memory until one minute before it expires, and is read by one thread at a
        time. Raises SecretUnavailable if the secret can't be obtained (removed, expired, a login to renew) or if the
        credential has no single secret (a cloud identity), and UsageError if `credential` is None: no usable route.
        """
        if credential is None:
            raise UsageError("There is no credential to reveal: the route is not usable.")
        if credential.kind == "none":
            return Secret()
        if self._on_reveal:
            self._on_reveal(credential)
        return self._memory.get(credential, lambda: self._found(credential))

    def call(self, route: Route) -> Call:
        """Return the URL and the headers with which to call a usable route. Raises the same errors as `secret`."""
        secret = self.secret(route.credential)
        key = ((route.auth.name, route.auth.prefix + secret.value),) if secret.value else ()
        headers = merged(route.headers, secret.headers, key)
        return Call(secret.endpoint or route.base_url, headers, secret.expires_at)

    def forget(self, credential: Credential) -> None:
        """Drop the secret of `credential` from memory, so that it is read again: for one that its endpoint rejected."""
        self._memory.drop(credential)

    def without_secrets(self, text: str) -> str:
        """Return `text` with all revealed secrets of eight or more characters masked: endpoints quote rejected keys."""
        from polyroute._internal.redact import without_secrets

        return without_secrets(text, tuple(self._revealed))

    def with_secret_reader(self, reader: SecretReader) -> Environment:
        """Return this environment bound to `reader`, which reads the secrets that plugins own."""
        bound = object.__new__(type(self))
        for name in set(Environment.__slots__) - {"__weakref__"}:
            setattr(bound, name, getattr(self, name))
        bound._secret_reader, bound._memory = reader, SecretMemory()
        bound._reported = Problems(self._reported)
        return bound

    def __repr__(self) -> str:
        return f"<Environment of {self.home}, {len(self._values)} variables>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("An Environment holds secrets: it can't be pickled or copied.")

    def _add(self, layer: str, variables: Mapping[str, str]) -> None:
        for name, value in variables.items():
            if trimmed := value.strip():
                self._values.setdefault(name, {})[layer] = trimmed

    def _found(self, credential: Credential) -> Secret:
        secret = usable(self._secret(credential), credential)
        self._revealed.update((secret.value, *(value for _, value in secret.headers)))
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
        text = self._files.text_now(source.path) if source.path else self.setting(source.name, layer=source.layer)
        return secret_in(text or "", source.field, source.expires)
