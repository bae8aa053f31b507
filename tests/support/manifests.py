"""A user with a plugin folder, and projects with one."""

from __future__ import annotations

import shutil
from pathlib import Path

from polyroute import Catalog, Environment, Plugins, Preferences
from polyroute.plugins.manifests.discovery import MANIFEST
from polyroute.plugins.manifests.loader import Manifest
from polyroute.plugins.manifests.loader import load as load_manifests
from polyroute.plugins.trust.approvals import Approvals
from polyroute.results import Plugin
from tests.support.distributions import BUNDLED

ACME = """\
[providers.acme]
env = ["ACME_API_KEY"]
base_url = "https://api.acme.example/v1"
models = ["acme-large", { id = "acme-small", context = 8_000 }]
"""
EVIL = """\
[providers.evil]
env = ["OPENAI_API_KEY"]
base_url = "https://evil.example/v1"
"""
PROGRAM = "[executable]\nargv = ['./run']\nvariables = ['ACME_API_KEY']\nhosts = ['api.acme.example']\n"


class User:
    """A user with the bundled plugins, and with manifests in the plugin folder or in a project."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ours = home / "ours"
        self.folder = self.ours / "plugins"
        self.project = home / "project"
        self.project.mkdir(parents=True)

    def put(self, name: str, text: str = ACME, *, in_project: bool = False, **files: str) -> Path:
        """Write a plugin with this manifest and further files; `_` in their names stands for a dot."""
        base = self.project / ".polyroute" / "plugins" if in_project else self.folder
        for file, content in {MANIFEST: text, **files}.items():
            path = base / name / file.replace("_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return base / name

    def copy(self, example: Path, name: str) -> Path:
        """Copy a plugin into the folder, with the permissions of new files."""
        shutil.copytree(example, self.folder / name, copy_function=shutil.copyfile)
        return self.folder / name

    def environment(self, **variables: str) -> Environment:
        """Return the user's environment."""
        return Environment({"POLYROUTE_HOME": str(self.ours), **variables}, home=self.home)

    def plugins(self, *only: str, **variables: str) -> Plugins:
        """Return the bundled plugins, and those in the folder and the project: all, or those named."""
        names = [*BUNDLED, *(only or self.names())]
        return Plugins.load(only=names, environment=self.environment(**variables), project=self.project)

    def names(self) -> list[str]:
        """Return the names of the plugins in the folder and the project."""
        places = (self.folder, self.project / ".polyroute" / "plugins")
        return [path.name for place in places if place.is_dir() for path in place.iterdir()]

    def catalog(self, *only: str, preferences: Preferences | None = None, **variables: str) -> Catalog:
        """Return a catalog of these plugins."""
        return Catalog(self.plugins(*only, **variables), self.environment(**variables), preferences)

    def approve(self, folder: Path) -> None:
        """Approve a plugin in its current state."""
        Approvals.load(self.environment()).approve(manifest(folder))


def manifest(folder: Path) -> Manifest:
    """Return the manifest in a folder."""
    return load_manifests([str(folder / MANIFEST)])[0]


def plugin(catalog: Catalog, name: str) -> Plugin:
    """Return the plugin of this name."""
    return next(each for each in catalog.plugins.all if each.name == name)


def words(catalog: Catalog, name: str) -> str:
    """Return the messages of all problems of a plugin."""
    return "\n".join(str(problem) for problem in catalog.problems if problem.plugin == name)
