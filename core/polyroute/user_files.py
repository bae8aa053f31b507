"""The files of one user that are looked at to find credentials: read when first asked for, and then remembered."""

from __future__ import annotations

import os
from collections.abc import Mapping

from polyroute._internal.problems import Problems
from polyroute.cache import Identity, identity_or_none
from polyroute.system.documents import Sections, ini_sections
from polyroute.types import Problem


class UserFiles:
    """What files held when they were first asked for. One that can't be read counts as missing, and is a problem."""

    def __init__(self) -> None:
        self._texts: dict[str, str | None] = {}
        self._sections: dict[str, Sections] = {}
        self._seen: dict[str, Identity | None] = {}
        self._problems = Problems()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was reported, each once."""
        return tuple(self._problems)

    def exists(self, path: str) -> bool:
        """Whether a file is at `path`."""
        self._look_at(path)
        return os.path.isfile(path)

    def text(self, path: str) -> str | None:
        """The text of a file, or None where there is none."""
        if path not in self._texts:
            self._texts[path] = self.text_now(path)
        return self._texts[path]

    def section(self, path: str, section: str) -> Mapping[str, str]:
        """The settings in one section of an INI file; none where there is no such section."""
        if path not in self._sections:
            self._sections[path] = self.sections_now(path)
        return self._sections[path].get(section, {})

    def is_current(self) -> bool:
        """Whether all files that were looked for so far are as they were then."""
        return all(identity_or_none(path) == seen for path, seen in tuple(self._seen.items()))

    def variables(self, path: str) -> dict[str, str]:
        """The variables in a `.env` file."""
        text = self.text(path)
        if not text:
            return {}
        from polyroute.system import dotenv

        if odd := dotenv.lines_passed_over(text):
            where = f"line{'s' if len(odd) > 1 else ''} {', '.join(map(str, odd))}"
            message = f"{where}: not NAME=value; passed over"
            self._problems.report(Problem(message, "Correct it.", path=path, code="dotenv-line"))
        return dotenv.parse(text)

    def text_now(self, path: str) -> str | None:
        """The text of a file as it is now."""
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
        remedy = "Fix the file or its permissions."
        self._problems.report(Problem(f"{why}; what it holds was left out.", remedy, path=path, code="file-unreadable"))
        return None

    def sections_now(self, path: str) -> Sections:
        """The sections of an INI file as it is now."""
        text = self.text_now(path)
        if not text:
            return {}
        if (sections := ini_sections(text)) is None:
            message = "is not a readable INI file; what it holds was left out."
            self._problems.report(Problem(message, "Fix it.", path=path, code="file-unreadable"))
        return sections or {}

    def _look_at(self, path: str) -> None:
        if path not in self._seen:
            self._seen[path] = identity_or_none(path)
