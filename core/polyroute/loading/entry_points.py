"""Finding installed plugins without importlib.metadata, whose import alone costs more than all of this.

Every `*-info/entry_points.txt` on the path is read, which is 10 µs a distribution and can never be stale.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

GROUP = "polyroute"


class EntryPoint(NamedTuple):
    """One plugin that an installed distribution offers."""

    name: str
    target: str
    """`module` or `module:attribute`."""
    distribution: str
    version: str


def find(path: Iterable[str] | None = None) -> list[EntryPoint]:
    """The plugins of all distributions on `path` (`sys.path` by default), in no particular order.

    Of two distributions with one name the first on the path counts, as it does for imports.
    """
    seen: set[str] = set()
    return [point for entry in (sys.path if path is None else path) for point in _in_entry(entry, seen)]


def normalized(distribution: str) -> str:
    """A distribution's name as all tools compare it."""
    plain = distribution.lower().replace("_", "-").replace(".", "-")
    return re.sub("-+", "-", plain) if "--" in plain else plain


def _in_entry(entry: str, seen: set[str]) -> Iterator[EntryPoint]:
    try:
        folders = sorted((each.name for each in os.scandir(entry or ".") if each.name.endswith("-info")), reverse=True)
    except NotADirectoryError:
        yield from _in_archive(entry, seen)
        return
    except OSError:
        return
    for folder in folders:
        yield from _in_folder(os.path.join(entry, folder), folder, seen)


def _in_folder(path: str, folder: str, seen: set[str]) -> Iterator[EntryPoint]:
    name, _, rest = folder.rpartition(".")[0].partition("-")
    distribution = normalized(name)
    if distribution in seen:
        return
    seen.add(distribution)
    try:
        content = _content(f"{path}/entry_points.txt")
        text = content.decode() if GROUP.encode() in content else ""
    except (OSError, UnicodeDecodeError):
        return
    yield from _parse(text, distribution, rest.partition("-py")[0])


def _content(path: str) -> bytes:
    # Twice as fast as a file object, and there are as many of these as there are distributions.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)


def _in_archive(entry: str, seen: set[str]) -> Iterator[EntryPoint]:
    if not os.path.exists(entry):
        return
    from importlib.metadata import distributions

    # An archive can be damaged in more ways than zipfile has words for.
    try:
        found = list(distributions(path=[entry]))
    except Exception:
        return
    for each in found:
        try:
            distribution = normalized(each.metadata["Name"])
            points = list(_parse(each.read_text("entry_points.txt") or "", distribution, each.version))
        except Exception:  # noqa: S112 - it is as if it were not there
            continue
        if distribution not in seen:
            seen.add(distribution)
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
