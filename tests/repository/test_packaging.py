"""What is built of our distributions holds what belongs into it, and requires what it imports."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from email.message import Message
from email.parser import Parser
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import polyroute
from tests.support.wheels import PUBLISHED, ROOT, WORKSPACE, Built, Source, normalized

KINDS = {".css", ".html", ".js", ".json", ".py", ".svg", ".toml", ".txt", ".typed"}
"""The kinds of files that our packages may contain."""
LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)", re.MULTILINE)
"""A link's target in Markdown, inline or at the end of the page."""
CHOSEN_BY_UVICORN = {"uvloop"}
"""Libraries that only another library imports, if they are installed."""

each_source = pytest.mark.parametrize("source", PUBLISHED, ids=lambda source: source.name)


@pytest.fixture
def made(source: Source, distributions: dict[str, Built]) -> Built:
    return distributions[source.name]


def in_wheel(wheel: Path) -> dict[str, bytes]:
    """Return the content of a wheel by name; its metadata is under `*.dist-info` without name and version."""
    with zipfile.ZipFile(wheel) as archive:
        return {re.sub(r"^[^/]*\.dist-info", ".dist-info", name): archive.read(name) for name in archive.namelist()}


def in_sdist(sdist: Path) -> dict[str, bytes]:
    """Return the content of an sdist by name, without its top folder."""
    with tarfile.open(sdist) as archive:
        files = {each.name.partition("/")[2]: archive.extractfile(each) for each in archive if each.isfile()}
        return {name: file.read() for name, file in files.items() if file}


def in_packages(source: Source) -> dict[str, bytes]:
    """Return the files of a distribution's packages, except those that are created by running them."""
    paths = [path for package in source.packages for path in (source.folder / package).rglob("*") if path.is_file()]
    made_up = {"__pycache__", ".mypy_cache", ".ruff_cache", ".DS_Store"}
    return {
        path.relative_to(source.folder).as_posix(): path.read_bytes()
        for path in paths
        if not made_up & set(path.relative_to(source.folder).parts)
    }


def metadata(wheel: Path) -> Message:
    return Parser().parsestr(in_wheel(wheel)[".dist-info/METADATA"].decode())


@each_source
def test_a_wheel_holds_the_package_and_nothing_else(source: Source, made: Built) -> None:
    """A wheel contains every file of the package, including templates and tables, its licence, and no other file."""
    files = in_wheel(made.wheel)
    expected = in_packages(source)
    assert {name: content for name, content in files.items() if not name.startswith(".dist-info/")} == expected
    rest = {".dist-info/METADATA", ".dist-info/RECORD", ".dist-info/WHEEL", ".dist-info/licenses/LICENSE"}
    assert rest <= files.keys() <= rest | expected.keys() | {".dist-info/entry_points.txt"}


@each_source
def test_an_sdist_holds_the_source_and_nothing_else(source: Source, made: Built) -> None:
    """An sdist contains the package, README, licence and settings; the wheel is built from it."""
    expected = {*in_packages(source), "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}
    assert in_sdist(made.sdist).keys() - {".gitignore"} == expected  # hatchling always adds it


@each_source
def test_a_package_holds_only_known_kinds_of_files(source: Source) -> None:
    """No editor leftover and no compiled file is in a package, and each package is marked as typed."""
    files = in_packages(source)
    assert {name for name in files if PurePosixPath(f"x{name}").suffix not in KINDS and "py.typed" not in name} == set()
    assert {f"{package}/py.typed" for package in source.packages} <= files.keys()


@each_source
def test_a_wheel_says_what_it_is(source: Source, made: Built) -> None:
    """The metadata has licence, authors, URLs and Python versions, the same for all distributions."""
    told = metadata(made.wheel)
    assert told["Version"] == polyroute.__version__
    assert (told["License-Expression"], told["License-File"]) == ("MIT", "LICENSE")
    assert told["Author"] == "Polyroute contributors"
    assert told["Requires-Python"] == ">=3.11"
    assert source.project["urls"] == PUBLISHED[0].project["urls"]
    assert {line.partition(", ")[0] for line in told.get_all("Project-URL", [])} >= {"Homepage", "Changelog", "Issues"}
    supported = {f"Programming Language :: Python :: 3.{minor}" for minor in range(11, 15)}
    assert {*supported, "Typing :: Typed"} <= set(told.get_all("Classifier", []))


@each_source
def test_a_readme_is_whole_on_an_index(source: Source, made: Built) -> None:
    """The README in the metadata is Markdown with absolute links only (`test_links` follows them)."""
    told = metadata(made.wheel)
    assert told["Description-Content-Type"] == "text/markdown"
    text = str(told.get_payload())
    assert text.strip() == (source.folder / "README.md").read_text(encoding="utf-8").strip()
    assert [link for link in map("".join, LINK.findall(text)) if not link.startswith("https://")] == []


@pytest.mark.parametrize("source", [*PUBLISHED, WORKSPACE], ids=lambda source: source.name)
def test_each_has_the_licence(source: Source, made: Built) -> None:
    """Every sdist and wheel contains the repository's licence."""
    licence = (ROOT / "LICENSE").read_bytes()
    assert in_wheel(made.wheel)[".dist-info/licenses/LICENSE"] == licence
    assert in_sdist(made.sdist)["LICENSE"] == licence


def test_the_workspace_holds_the_others(distributions: dict[str, Built]) -> None:
    """The workspace's sdist installs the distributions from itself, and its wheel contains no package."""
    made = distributions[WORKSPACE.name]
    files = in_sdist(made.sdist)
    for source in PUBLISHED:
        folder = source.folder.relative_to(ROOT).as_posix()
        assert {f"{folder}/{name}" for name in [*in_packages(source), "pyproject.toml", "LICENSE"]} <= files.keys()
    assert not [name for name in files if name.startswith(("tests/", ".venv/", "dist/"))]
    assert not [name for name in in_wheel(made.wheel) if not name.startswith(".dist-info/")]


@each_source
def test_siblings_are_of_the_same_minor_version(source: Source) -> None:
    """A distribution requires our other distributions in its own minor version and in no later one."""
    own = Version(polyroute.__version__)
    bounds = {f">={own.major}.{own.minor}", f"<{own.major}.{own.minor + 1}"}
    names = {each.name for each in PUBLISHED} - {source.name}
    found = [each for each in required(source) if each.name in names]
    assert found
    assert all({str(bound) for bound in each.specifier} == bounds for each in found)


@each_source
def test_what_is_imported_is_required(source: Source) -> None:
    """Each library that a package imports is among its distribution's dependencies or extras."""
    declared = {normalized(each.name) for each in required(source)} | {normalized(source.name)}
    declared |= {name for each in declared for name in parts(each)}
    assert {module for module in imported(source) if not declared & {*providers(module)}} == set()


@each_source
def test_what_is_required_is_used(source: Source) -> None:
    """Each dependency, optional or not, is named in the package that it is required for."""
    ours = {each.name for each in PUBLISHED}
    words = {word for path in modules(source) for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    others = {normalized(each.name) for each in required(source)} - ours - CHOSEN_BY_UVICORN
    by_name: dict[str, set[str]] = {name: set() for name in others}
    for module in words & installed().keys():
        for name in by_name.keys() & {*providers(module)}:
            by_name[name].add(module)
    assert {name for name, found in by_name.items() if not found} == set()


def required(source: Source) -> list[Requirement]:
    """Return what a distribution requires, with all extras."""
    extras: dict[str, list[str]] = source.project.get("optional-dependencies", {})
    return [Requirement(text) for texts in (source.project["dependencies"], *extras.values()) for text in texts]


def parts(name: str) -> Iterator[str]:
    """Yield the distributions that another one pins to an exact version: they are parts of it."""
    try:
        found = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:  # for another system
        return
    for each in map(Requirement, found):
        if each.marker is None and [bound.operator for bound in each.specifier] == ["=="]:
            yield normalized(each.name)


def imported(source: Source) -> set[str]:
    """Return the libraries that a distribution imports anywhere in its code, even only for types."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in modules(source))
    names = {name.partition(".")[0] for tree in trees for node in ast.walk(tree) for name in imported_by(node)}
    return names - sys.stdlib_module_names


def imported_by(node: Any) -> Iterable[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []


def modules(source: Source) -> Iterator[Path]:
    for package in source.packages:
        yield from (source.folder / package).rglob("*.py")


def providers(module: str) -> Iterator[str]:
    """Yield the distributions that contain a module: ours by source, others by installation."""
    yield from (each.name for each in PUBLISHED if module in each.packages)
    yield from map(normalized, installed().get(module, ()))


@functools.cache
def installed() -> Mapping[str, list[str]]:
    """Return the installed distributions of each module."""
    return importlib.metadata.packages_distributions()
