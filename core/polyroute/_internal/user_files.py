"""The documents of one user in which credentials are looked for. They are read on first use and then kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping

from polyroute._internal import files, platform
from polyroute._internal.config_values import Sections, ini_sections
from polyroute._internal.problems import Problems
from polyroute._internal.terminal import quoted
from polyroute._internal.user_documents import Documents
from polyroute.types import Problem

_KEY_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD")
"""How the names of variables end whose values are secret. A name such as `ACME_KEY_FILE` is that of a path."""


class UserFiles:
    """The contents of files as of their first read. A file that can't be read counts as missing and is a problem."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._texts: dict[str, str | None] = {}
        self._sections: dict[str, Sections] = {}
        self._seen: dict[str, Hashable | None] = {}
        self._watch: tuple[int, Callable[[], bool]] = (0, lambda: True)
        self._existing: dict[str, bool] = {}
        self._problems = Problems()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was reported, each once."""
        return tuple(self._problems)

    def exists(self, path: str) -> bool:
        """Return whether `path` was an existing file when this was asked first."""
        if path not in self._existing:
            self._look_at(path)
            self._existing[path] = self._seen[path] is not None and self._documents.is_file(path)
        return self._existing[path]

    def text(self, path: str) -> str | None:
        """Return the text of a file as of its first read, or None if there is none."""
        if path not in self._texts:
            self._texts[path] = self.text_now(path)
        return self._texts[path]

    def sections(self, path: str) -> Sections:
        """Return the settings in each section of an INI file; empty if there is no such file."""
        if path not in self._sections:
            self._sections[path] = self.sections_now(path)
        return self._sections[path]

    def is_current(self) -> bool:
        """Return whether all files that were looked up so far are unchanged."""
        count, is_unchanged = self._watch
        if count != len(self._seen):
            count, is_unchanged = self._watch = len(self._seen), self._documents.watch(dict(self._seen))
        return is_unchanged()

    def variables(self, path: str) -> dict[str, str]:
        """Return the variables in a `.env` file."""
        text = self.text(path)
        if not text:
            return {}
        from polyroute._internal import dotenv

        variables = dotenv.parse(text)
        self._check_mode(path, variables)
        if odd := dotenv.lines_passed_over(text):
            where = f"line{'s' if len(odd) > 1 else ''} {', '.join(map(str, odd))}"
            message = f"{where}: not NAME=value; skipped"
            self._problems.report(Problem(message, "Fix it.", path=path, code="dotenv-line"))
        return variables

    def text_now(self, path: str) -> str | None:
        """Return the current text of a file, or None if there is none."""
        self._look_at(path)
        try:
            data = self._documents.read(path)
            return None if data is None else files.text_of(data)
        except UnicodeDecodeError:
            why = "is not UTF-8 text"
        except (OSError, ValueError) as error:  # the latter for a path with a NUL
            why = f"can't be read ({getattr(error, 'strerror', None) or error})"
        remedy = "Fix the file or its permissions."
        self._problems.report(Problem(f"{why}; its content was ignored.", remedy, path=path, code="file-unreadable"))
        return None

    def sections_now(self, path: str) -> Sections:
        """Return the current sections of an INI file."""
        text = self.text_now(path)
        if not text:
            return {}
        if (sections := ini_sections(text)) is None:
            message = "is not a valid INI file; its content was ignored."
            self._problems.report(Problem(message, "Fix it.", path=path, code="file-unreadable"))
        return sections or {}

    def _check_mode(self, path: str, variables: Mapping[str, str]) -> None:
        """Report a file with keys that other users may read or write, whatever its folder allows them, as ssh does."""
        holds_keys = any(value and name.upper().endswith(_KEY_WORDS) for name, value in variables.items())
        if holds_keys and platform.others_may_access(path) and not platform.without_modes(path):
            message = "holds keys, but other users of this machine may read or change it."
            self._problems.report(Problem(message, f"Run: chmod 600 {quoted(path)}", path=path, code="file-mode"))

    def _look_at(self, path: str) -> None:
        if path not in self._seen:
            self._seen[path] = self._documents.identity(path)
