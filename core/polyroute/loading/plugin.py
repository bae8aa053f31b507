"""One plugin, and its functions for the hooks."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from polyroute.dexto_compat import BUNDLED_DISTRIBUTIONS
from polyroute.manifests import manifests
from polyroute.types import Problem

# A plugin that calls sys.exit() must not end its host; KeyboardInterrupt is the person's and passes.
CONTAINED = (Exception, SystemExit)

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
    folder: str = ""
    """Where its manifest is; empty for one in Python."""
    in_project: bool = False
    """Whether it lies in a project, and not on the person's side."""

    @property
    def origin(self) -> Origin:
        """Who brought it: the host, an installed distribution, the person's plugin folder, or a project."""
        if self.distribution:
            return "bundled" if self.distribution in BUNDLED_DISTRIBUTIONS else "installed"
        return ("project" if self.in_project else "folder") if self.folder else "host"

    @property
    def label(self) -> str:
        """Name, and distribution and version or the folder, for messages."""
        where = f"{self.distribution} {self.version}" if self.distribution else self.folder
        return f"{self.name} ({where})" if where else self.name

    def problem(self, message: str, remedy: str, hook: str = "") -> Problem:
        """A problem that names this plugin as its author."""
        path = f"{self.folder}/{manifests.MANIFEST}" if self.folder else ""
        return Problem(message, remedy, self.name, self.distribution, self.version, hook, path)


class Implementation(NamedTuple):
    """One plugin's function for one hook."""

    plugin: Plugin
    function: Callable[..., Any]
    arguments: tuple[str, ...]


def describe(error: BaseException) -> str:
    """An exception in one line for people."""
    try:
        text = " ".join(str(error).split())
    except CONTAINED:
        text = "an error that can't be told in words"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
