"""One plugin: where it comes from, and what is wrong with it."""

import os
from collections.abc import Mapping
from typing import Literal, NamedTuple

from polyroute.types import Problem

# A plugin that calls sys.exit() must not end its host; KeyboardInterrupt is the user's and passes.
CONTAINED = (Exception, SystemExit)

Commands = Mapping[str, str]
"""By the name of each command, the program that it is: a whole path, found when the user approved it."""
Origin = Literal["host", "bundled", "installed", "folder", "project"]
Kind = Literal["python", "manifest", "executable"]


class Plugin(NamedTuple):
    """One plugin: where it comes from, and whether it is in use."""

    name: str
    distribution: str = ""
    """Empty where it was not installed."""
    version: str = ""
    enabled: bool = True
    reason: str = ""
    """Why it is not in use."""
    kind: Kind = "python"
    manifest: str = ""
    """The path of its manifest; empty for one in Python."""
    in_project: bool = False
    """Whether it lies in a project, and not on the user's side."""
    is_bundled: bool = False
    """Whether its distribution is one of those that come first and are trusted as Polyroute itself is."""
    rank: int = 0
    """Its place in the order of ownership."""

    @property
    def origin(self) -> Origin:
        """Who brought it: the host, an installed distribution, the user's plugin folder, or a project."""
        if self.distribution:
            return "bundled" if self.is_bundled else "installed"
        return ("project" if self.in_project else "folder") if self.manifest else "host"

    @property
    def is_third_party(self) -> bool:
        """Whether nobody vouches for it: neither the host nor Polyroute itself."""
        return self.origin not in ("host", "bundled")

    @property
    def folder(self) -> str:
        """Where its manifest is; empty for one in Python."""
        return os.path.dirname(self.manifest)

    @property
    def identity(self) -> str:
        """What it is recorded under as the owner of a provider: its distribution, else where it lies."""
        return self.distribution or (os.path.realpath(self.folder) if self.manifest else "")

    @property
    def label(self) -> str:
        """Name, and distribution and version or the folder, for messages."""
        where = f"{self.distribution} {self.version}" if self.distribution else self.folder
        return f"{self.name} ({where})" if where else self.name

    def problem(self, message: str, remedy: str, hook: str = "", *, code: str, provider: str = "") -> Problem:
        """A problem that names this plugin as its author."""
        facts = (self.name, self.distribution, self.version, hook, self.manifest)
        return Problem(message, remedy, *facts, code, provider)


class Refused(Exception):
    """A plugin that is not taken into use."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Failed(Exception):
    """What stands behind a plugin gave no usable answer; says so in words fit to be shown."""

    def __init__(self, message: str, code: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
        """What the plugin says a user does about it."""


def describe(error: BaseException) -> str:
    """An exception in one line for users."""
    try:
        text = " ".join(str(error).split())
    except CONTAINED:
        text = "an error that can't be told in words"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
