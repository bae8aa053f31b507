"""Find installed plugins without importlib.metadata, whose import alone takes longer than all of this module.

It reads every `*-info/entry_points.txt` on the path: 10 µs for each distribution, and nothing that can be stale.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from types import ModuleType

from polyroute.named_tuples import NamedTuple

GROUP = "polyroute"
_OWN = "polyroute"
"""Our own distribution, whose extra `all` lists the bundled plugins."""
_REQUIRED = "Requires-Dist:"
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)
_FIRST_BYTES = 4096
"""As many bytes as almost all entry points have: to ask first for the size would take as long as to read them."""
_MOST_BYTES = 4 << 20
"""The most bytes of metadata that are read: longer than any README that a distribution carries in it."""
_AFTER_NAMES = str.maketrans(dict.fromkeys("[;(<>=!~@", " "))
"""Characters that may directly follow a distribution's name."""


class EntryPoint(NamedTuple):
    """One plugin that an installed distribution declares."""

    name: str
    target: str
    """`module` or `module:attribute`."""
    distribution: str
    version: str


class Installed(NamedTuple):
    """The installed plugins."""

    points: list[EntryPoint]
    """In no particular order."""
    bundled: tuple[str, ...] = ()
    """The distributions with plugins that the extra `all` of Polyroute's own distribution names.

    A distribution comes after those that it depends on; otherwise they are sorted by name.
    """


def installed(path: Iterable[str] | None = None) -> Installed:
    """Return the plugins of all distributions on `path` (`sys.path` by default).

    Of two distributions with the same name, the first on the path counts, as for imports. Relative entries are passed
    over: nothing is installed in a working directory.
    """
    seen: dict[str, str] = {}
    entries = filter(os.path.isabs, sys.path if path is None else path)
    points = [point for entry in entries for point in _in_entry(entry, seen)]
    return Installed(points, _bundled(seen, {point.distribution for point in points}))


def _bundled(folders: Mapping[str, str], having: Collection[str]) -> tuple[str, ...]:
    required = _requirements(folders.get(_OWN, ""))
    names = {name for name, condition in required if "extra=='all'" in condition and name in having} - {_OWN}
    below = {name: names & {each for each, _ in _requirements(folders.get(name, ""))} for name in names}
    return tuple(sorted(names, key=lambda name: (_depth(name, below), name)))


def _depth(name: str, below: Mapping[str, Collection[str]], seen: tuple[str, ...] = ()) -> int:
    """Return the length of the longest chain of dependencies below a distribution."""
    depths = [_depth(each, below, (*seen, name)) for each in below[name] if each not in seen]
    return 1 + max(depths, default=-1)


def _requirements(folder: str) -> list[tuple[str, str]]:
    """Return the names that the distribution in `folder` requires, each with its whole line of metadata."""
    try:
        text = _content(f"{folder}/METADATA").decode(errors="replace") if folder else ""
    except OSError:
        return []
    required = (line[len(_REQUIRED) :] for line in text.partition("\n\n")[0].splitlines() if line.startswith(_REQUIRED))
    split = ((line.translate(_AFTER_NAMES).split(), line) for line in required)
    return [(normalized(words[0]), line.replace('"', "'").replace(" ", "")) for words, line in split if words]


def normalized(distribution: str) -> str:
    """Return a distribution's name in the normalized form in which names are compared."""
    plain = distribution.lower().replace("_", "-").replace(".", "-")
    return re.sub("-+", "-", plain) if "--" in plain else plain


def _in_entry(entry: str, seen: dict[str, str]) -> Iterator[EntryPoint]:
    try:
        folders = sorted([name for name in os.listdir(entry) if name.endswith("-info")], reverse=True)
    except NotADirectoryError:
        yield from _in_archive(entry, seen)
        return
    except OSError:
        return
    for folder in folders:
        yield from _in_folder(os.path.join(entry, folder), folder, seen)


def _in_folder(path: str, folder: str, seen: dict[str, str]) -> Iterator[EntryPoint]:
    name, _, rest = folder.rpartition(".")[0].partition("-")
    distribution = normalized(name)
    if distribution in seen:
        return
    seen[distribution] = path
    try:
        content = _content(f"{path}/entry_points.txt")
        text = content.decode() if GROUP.encode() in content else ""
    except (OSError, UnicodeDecodeError):
        return
    yield from _parse(text, distribution, rest.partition("-py")[0])


def _content(path: str) -> bytes:
    # Twice as fast as a file object, and called once for each distribution. A named pipe is not waited for.
    descriptor = os.open(path, _FLAGS)
    try:
        start = os.read(descriptor, _FIRST_BYTES)
        return start if len(start) < _FIRST_BYTES else start + os.read(descriptor, _MOST_BYTES)
    finally:
        os.close(descriptor)


def _in_archive(entry: str, seen: dict[str, str]) -> Iterator[EntryPoint]:
    if not os.path.exists(entry):
        return
    from importlib.metadata import distributions

    # A damaged archive can raise more than zipfile's own errors.
    try:
        found = list(distributions(path=[entry]))
    except Exception:
        return
    for each in found:
        try:
            distribution = normalized(each.metadata["Name"])
            points = list(_parse(each.read_text("entry_points.txt") or "", distribution, each.version))
        except Exception:  # noqa: S112 - treated as not installed
            continue
        if distribution not in seen:
            seen[distribution] = ""
            yield from points


def _parse(text: str, distribution: str, version: str) -> Iterator[EntryPoint]:
    section = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped.strip("[]").strip()
        elif section == GROUP and not stripped.startswith(("#", ";")):
            name, equals, target = stripped.partition("=")
            if equals:  # an extra in brackets may follow the target
                yield EntryPoint(name.strip(), target.partition("[")[0].replace(" ", ""), distribution, version)


def import_target(target: str) -> object:
    """Import `module` or `module:attribute`. Importing a package without `__init__.py` runs no code."""
    module, _, attribute = target.partition(":")
    imported: object = importlib.import_module(module)
    return reduce(getattr, attribute.split("."), imported) if attribute else imported


def folder_of(target: str) -> str:
    """Return the folder of the package in `package:plugin.toml`, or an empty string. Imports nothing."""
    package, _, document = target.partition(":")
    path: Sequence[str] | None = None
    for name in package.split("."):
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        path = list(spec.submodule_search_locations or ()) if spec else []
    return next((each for each in path or () if os.path.exists(os.path.join(each, document))), "")


def data_folders(item: object) -> list[str]:
    """Return the folders of a package without code, which carries manifests; empty for other modules and objects."""
    is_data = isinstance(item, ModuleType) and getattr(item, "__file__", None) is None and hasattr(item, "__path__")
    # A folder is there twice if it is twice on the path, as in an environment that sees another's packages.
    return [*dict.fromkeys(map(os.path.realpath, getattr(item, "__path__", ())))] if is_data else []


def same(item: object) -> object:
    """Return `item` unchanged, in place of an import."""
    return item


def object_name(item: object) -> str:
    """Return the name of a module or of an object's type."""
    name: str = getattr(item, "__name__", "") or type(item).__name__
    return name
