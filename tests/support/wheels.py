"""Our distributions, built, and environments in which some of them are installed with what they require.

Nothing is downloaded: what they require comes from the environment that runs the tests.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = next(each for each in Path(__file__).parents if (each / "core" / "pyproject.toml").is_file())


class Source(NamedTuple):
    """The source of one distribution."""

    folder: Path
    settings: dict[str, Any]
    """The content of its `pyproject.toml`."""

    @property
    def project(self) -> Any:
        """Return the table `project`."""
        return self.settings["project"]

    @property
    def name(self) -> str:
        """Return the distribution's name."""
        return str(self.project["name"])

    @property
    def packages(self) -> tuple[str, ...]:
        """Return the packages in the distribution."""
        return tuple(self.settings["tool"]["hatch"]["build"]["targets"]["wheel"].get("packages", ()))


def _source(folder: Path) -> Source:
    return Source(folder, tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8")))


WORKSPACE = _source(ROOT)
PUBLISHED = tuple(
    _source(each.parent) for each in [*ROOT.glob("core/pyproject.toml"), *ROOT.glob("plugins/*/pyproject.toml")]
)


class Built(NamedTuple):
    """The results of `python -m build` for a source."""

    source: Source
    sdist: Path
    wheel: Path


def build(sources: Iterable[Source], folder: Path) -> None:
    """Build all sources at the same time, each into a folder of its name: the sdist, and the wheel from that sdist."""
    command = [sys.executable, "-W", "error", "-m", "build", "--no-isolation", "--outdir"]
    started = [
        subprocess.Popen(
            [*command, folder / each.name, each.folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for each in sources
    ]
    ended = [(process.communicate()[0], process.returncode) for process in started]
    assert [status for _, status in ended] == [0] * len(ended), "\n".join(output for output, _ in ended)


def built(source: Source, folder: Path) -> Built:
    """Return the files that `build` has put into the folder, exactly one of each."""
    (sdist,), (wheel,) = (folder / source.name).glob("*.tar.gz"), (folder / source.name).glob("*.whl")
    return Built(source, sdist, wheel)


def environment(folder: Path, wheels: Iterable[Path], requirement: str) -> Path:
    """Create an environment in which `requirement` is installed, ours from `wheels`; return its interpreter."""
    venv.EnvBuilder(symlinks=True).create(folder)
    (site,) = folder.glob("lib/python*/site-packages")
    ours = {normalized(each.name.partition("-")[0]): each for each in wheels}
    for name in required(Requirement(requirement), ours):
        if name not in ours:
            _link(distribution(name), site)
            continue
        with zipfile.ZipFile(ours[name]) as archive:
            archive.extractall(site)
    return folder / "bin" / "python"


def required(requirement: Requirement, ours: dict[str, Path]) -> Iterator[str]:
    """Yield the names of all distributions that a requirement needs, with the requested extras."""
    waiting = [requirement]
    seen: set[tuple[str, ...]] = set()
    named: set[str] = set()
    while waiting:
        each = waiting.pop()
        name = normalized(each.name)
        if (name, *sorted(each.extras)) in seen:
            continue
        seen.add((name, *sorted(each.extras)))
        found = _in_wheel(ours[name]) if name in ours else distribution(name)
        assert each.specifier.contains(found.version, prereleases=True), f"{each} is not met by {found.version}"
        waiting += _of(found, each.extras)
        if name not in named:
            named.add(name)
            yield name


def normalized(name: str) -> str:
    """Return a distribution's name in its normalized form."""
    return str(canonicalize_name(name))


def _of(found: Distribution, extras: Iterable[str]) -> Iterator[Requirement]:
    for text in found.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": each}) for each in ("", *extras)):
            yield requirement


def _in_wheel(wheel: Path) -> Distribution:
    (metadata,) = (each for each in zipfile.Path(wheel).iterdir() if each.name.endswith(".dist-info"))
    return _Wheel(metadata)


class _Wheel(Distribution):
    """A distribution that is still in its wheel."""

    def __init__(self, metadata: zipfile.Path) -> None:
        self._metadata = metadata

    def read_text(self, filename: str) -> str | None:
        file = self._metadata / filename
        return file.read_text(encoding="utf-8") if file.exists() else None

    def locate_file(self, path: Any) -> Any:
        return self._metadata.parent / path


def _link(found: Distribution, site: Path) -> None:
    """Link the files of an installed distribution into another environment."""
    for each in found.files or ():
        original, target = Path(str(found.locate_file(each))), site / each
        if ".." not in each.parts and each.suffix != ".pth" and original.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(original.resolve())
