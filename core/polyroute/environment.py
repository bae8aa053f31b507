"""What may be looked at to find credentials, as a value."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from polyroute.cache import Identity, identity_or_none
from polyroute.dexto_compat import global_dotenv_path
from polyroute.errors import SecretUnavailable, UsageError
from polyroute.system.documents import Sections, ini_sections, json_text
from polyroute.system.paths import config_file, keyring_index, plugins_directory, state_directory
from polyroute.types import Credential, Problem, Source

if TYPE_CHECKING:
    from polyroute.system.os_keyring import Keyring

HOST, PROCESS, PROJECT, KEYRING, GLOBAL = "host", "env", "project .env", "keyring", "global .env"
"""The layers in which variables are looked for, in this order."""
CUSTOM = "custom model"
_REFERENCE = r"\$\{(\w+)(?::-([^}]*))?\}"

# No file can be under it.
_NOBODYS_HOME = os.devnull

SecretReader = Callable[[Credential], str | None]


class Environment:
    """Variables, `.env` files and the files under one person's home, taken once.

    Variables count where they are not blank, and their values are trimmed. They are looked for among the keys
    that the host gives, in the process, in the `.env` of a project that the host trusts, among the names of what is
    in the keyring, and in the person's global `.env`. Files are read when first asked for, and then remembered. Two
    environments never see each other.
    """

    __slots__ = (
        "_again",
        "_files",
        "_in_keyring",
        "_layers",
        "_on_reveal",
        "_problems",
        "_process",
        "_revealed",
        "_secret_reader",
        "_sections",
        "_seen",
        "_values",
        "config_path",
        "dotenv_path",
        "home",
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

        `home` defaults to `HOME` in `variables`; without either there are no files of a person, rather than
        those of whoever runs the process. `keys` are the host's own, by variable, and win over all others.
        `on_reveal` is called with each credential whose secret is read.
        """
        own, given = dict(variables), dict(keys)

        def again() -> Environment:
            return Environment(own, home=home, trusted_project=trusted_project, keys=given, on_reveal=on_reveal)

        self._again: Callable[[], Environment] = again
        self.home = os.fspath(home or own.get("HOME") or _NOBODYS_HOME)
        self._process = {**own, "HOME": self.home}
        self.config_path = config_file(self._process)
        self._problems: dict[str, Problem] = {}
        self._files: dict[str, str | None] = {}
        self._sections: dict[str, Sections] = {}
        self._seen: dict[str, Identity | None] = {}
        self._values: dict[str, str] = {}
        self._layers: dict[str, str] = {}
        self._on_reveal = on_reveal
        self._revealed: set[str] = set()
        self._secret_reader: SecretReader | None = None
        self._add(HOST, given)
        self._add(PROCESS, own)
        if trusted_project is not None:
            self._add(PROJECT, self._dotenv(os.path.join(os.fspath(trusted_project), ".env")))
        self._in_keyring = frozenset((self.read(keyring_index(self._process)) or "").splitlines())
        for name in self._in_keyring:
            self._layers.setdefault(name, KEYRING)
        self.dotenv_path = global_dotenv_path(own, self.home)
        self._add(GLOBAL, self._dotenv(self.dotenv_path))

    @classmethod
    def load(
        cls,
        *,
        trusted_project: str | os.PathLike[str] | None = None,
        keys: Mapping[str, str] = MappingProxyType({}),
        on_reveal: Callable[[Credential], object] | None = None,
    ) -> Environment:
        """The environment of this process and of the person who runs it, as they are now."""
        home, given = os.path.expanduser("~"), dict(keys)
        environment = cls(os.environ, home=home, trusted_project=trusted_project, keys=given, on_reveal=on_reveal)
        environment._again = lambda: cls.load(trusted_project=trusted_project, keys=given, on_reveal=on_reveal)
        return environment

    def again(self) -> Environment:
        """The same places, looked at once more."""
        return self._again()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Files that are there and could not be read, as far as anybody asked for them."""
        return tuple(self._problems.values())

    @property
    def shared_home(self) -> str:
        """The folder that other tools share: the global `.env`, logins and custom models are in it."""
        return os.path.dirname(self.dotenv_path)

    @property
    def state_directory(self) -> str:
        """Where Polyroute keeps what it remembers for the person."""
        return state_directory(self._process)

    @property
    def plugins_directory(self) -> str:
        """The person's plugin folder."""
        return plugins_directory(self._process)

    @property
    def keyring(self) -> Keyring:
        """What the operating system's keyring holds for this person."""
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
        self._look_at(path)
        return os.path.isfile(path)

    def read(self, path: str) -> str | None:
        """The text of a file, or None where there is none or it can't be read (then it is a problem)."""
        if path not in self._files:
            self._files[path] = self._read_now(path)
        return self._files[path]

    def read_section(self, path: str, section: str) -> Mapping[str, str]:
        """The settings in one section of an INI file; none where there is no such section."""
        if path not in self._sections:
            self._sections[path] = self._parse_ini(path)
        return self._sections[path].get(section, {})

    def is_current(self) -> bool:
        """Whether all files that were looked for so far are as they were then."""
        return all(identity_or_none(path) == seen for path, seen in tuple(self._seen.items()))

    def report(self, problem: Problem) -> None:
        """Show `problem` to the person; the same one is shown once."""
        self._problems.setdefault(str(problem), problem)

    def reveal(self, credential: Credential | None) -> str:
        """Read the secret of `credential` at the moment of use: the only way to one.

        Send it to `credential.endpoint` and nowhere else. Empty where none is needed. Raises
        SecretUnavailable where it is gone since it was found or the credential has no single secret (a cloud
        identity); UsageError for the None of a route that is not usable.
        """
        if credential is None:
            raise UsageError("There is no credential to reveal: the route is not usable.")
        if credential.kind == "none":
            return ""
        if self._on_reveal:
            self._on_reveal(credential)
        if not (secret := self._secret(credential)):
            raise SecretUnavailable(credential, "it is not there any more; look again for another, or store it anew.")
        self._revealed.add(secret)
        return secret

    def without_secrets(self, text: str) -> str:
        """A text without the secrets that were revealed: endpoints quote those that they refuse."""
        return reduce(lambda left, secret: left.replace(secret, "****"), tuple(self._revealed), text)

    def with_secret_reader(self, reader: SecretReader) -> Environment:
        """The same environment, which asks `reader` for the secrets that plugins own."""
        bound = object.__new__(type(self))
        for name in self.__slots__:
            setattr(bound, name, getattr(self, name))
        bound._secret_reader = reader
        return bound

    def __repr__(self) -> str:
        return f"<Environment of {self.home}, {len(self._layers)} variables>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("An Environment holds secrets: it can't be pickled or copied.")

    def _add(self, layer: str, variables: Mapping[str, str]) -> None:
        for name, value in variables.items():
            if name not in self._layers and (trimmed := value.strip()):
                self._values[name], self._layers[name] = trimmed, layer

    def _dotenv(self, path: str) -> dict[str, str]:
        text = self.read(path)
        if not text:
            return {}
        from polyroute.system import dotenv

        if odd := dotenv.lines_passed_over(text):
            where = f"line{'s' if len(odd) > 1 else ''} {', '.join(map(str, odd))}"
            self.report(Problem(f"{where}: not NAME=value; passed over", "Correct it.", path=path))
        return dotenv.parse(text)

    def _look_at(self, path: str) -> None:
        if path not in self._seen:
            self._seen[path] = identity_or_none(path)

    def _read_now(self, path: str) -> str | None:
        self._look_at(path)
        try:
            with open(path, encoding="utf-8-sig") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except UnicodeDecodeError:
            why = "is not UTF-8 text"
        except OSError as error:
            why = f"can't be read ({error.strerror})"
        self.report(Problem(f"{why}; what it holds was left out.", "Mend the file or its permissions.", path=path))
        return None

    def _parse_ini(self, path: str) -> Sections:
        text = self._read_now(path)
        if not text:
            return {}
        if (sections := ini_sections(text)) is None:
            self.report(Problem("is not a readable INI file; what it holds was left out.", "Mend it.", path=path))
        return sections or {}

    def _secret(self, credential: Credential) -> str | None:
        source = credential.source
        if source is None or credential.kind == "cloud-identity":
            raise SecretUnavailable(credential, "a cloud identity has no single secret; use the cloud's own SDK.")
        if source.layer == KEYRING:
            return self.keyring.secret(credential, source.name)
        if source.layer in ("plugin", CUSTOM):
            return self._secret_reader(credential) if self._secret_reader else None
        if source.section:
            return self._parse_ini(source.path).get(source.section, {}).get(source.field, "").strip()
        text = self._read_now(source.path) if source.path else self._values.get(source.name)
        if source.field:
            return json_text(text or "", source.field)
        return text.strip() if text else None
