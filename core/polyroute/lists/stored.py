"""Fetchable model lists: what plugins declare about them, where they are stored and how old they are."""

import importlib.machinery
import os
import stat
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

from polyroute._internal import file_access, files
from polyroute._internal.paths import cache_directory
from polyroute.named_tuples import NamedTuple
from polyroute.types import Model, Provider
from polyroute.types.constraints import Filled, Least, Line, Never, Slug, Url

_OLD_SECONDS = 61 * 24 * 3600
FRESH_SECONDS = 24 * 3600
"""Seconds for which a fetched list is not fetched again."""


class FetchedList(NamedTuple):
    """A list that `polyroute refresh` can fetch, and the parts of it that need the user's consent.

    What a fetched list says about models is used directly. Whatever decides which key is sent where is declared here
    in `providers` and `moved`, so that the core can hold it back until the user agrees.
    """

    name: Slug
    """A lower-case slug, under which the list is stored."""
    url: Annotated[Url, Never("", "is not an address")]
    check: Callable[[Any], int]
    """Takes the parsed JSON document and returns how many models it lists. Raises ValueError for another document."""
    bundled: Line = ""
    """The date (ISO 8601) of the list bundled with the plugin. A list fetched before that day is not used."""
    models: Annotated[int, Least(0)] = 0
    """The number of models in the bundled list. A response with far fewer is rejected as incomplete."""
    gateways: tuple[Filled, ...] = ()
    """The gateways whose model IDs are looked up in the list."""
    providers: tuple[Provider, ...] = ()
    """Providers that only the fetched list has, or that it calls in another way."""
    moved: tuple[Model, ...] = ()
    """Models to which the fetched list gives a base URL of their own that was unknown before."""


class Age(NamedTuple):
    """When the active list was fetched."""

    fetched: float | None
    """Seconds since 1970; None for the list bundled with the plugin."""
    bundled: str
    is_fresh: bool

    @property
    def is_old(self) -> bool:
        """Whether to tell the user: a fetched list is stale, or the installed one is more than two months old."""
        if self.fetched is not None:
            return not self.is_fresh
        return bool(self.bundled) and self.bundled < _day(time.time() - _OLD_SECONDS)

    def __str__(self) -> str:
        if self.fetched is None:
            return f"the one that was installed{self.bundled and f', of {self.bundled}'}"
        return f"fetched {when(self.fetched)}{'' if self.is_fresh else ', which is stale'}"


def path(name: str) -> str:
    """Return the path where the fetched list of this name is stored."""
    return os.path.join(cache_directory(), "lists", f"{name}.json")


def package_file(package: str, name: str) -> str:
    """Return the path that a file has in an installed package, which is not imported; empty if it is not installed."""
    folder = _folder(package, tuple(sys.path))
    return folder and os.path.join(folder, name)


@lru_cache(maxsize=8)  # it stays where it is as long as the process has the same path
def _folder(package: str, _path: tuple[str, ...]) -> str:
    found = importlib.machinery.PathFinder.find_spec(package)
    return next(iter(found.submodule_search_locations or ()), "") if found else ""


def sources(*names: str) -> list[str]:
    """Return the files of the named lists that were fetched; anything derived from a list depends on its file."""
    return [path(name) for name in names if _found(name)]


def read(name: str, bundled: str) -> Any:
    """Return the fetched list, parsed; None if there is none, or if it was fetched before the day `bundled`."""
    import json

    fetched = fetched_at(name)
    if fetched is None or _day(fetched) < bundled:
        return None
    try:
        return json.loads(files.read(path(name), files.MOST_DATA_BYTES))
    except (OSError, ValueError, RecursionError):
        return None


def fetched_at(name: str) -> float | None:
    """Return when the list was fetched or last confirmed unchanged, in seconds since 1970; None if it never was."""
    found = _found(name)
    return found.st_mtime if found else None


def _found(name: str) -> os.stat_result | None:
    """Return the state of a fetched list's file; None if there is none, or if other users could have changed it."""
    try:
        found = os.stat(path(name))
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) and not file_access.exposure(path(name)) else None


def day(each: FetchedList) -> str:
    """Return the date of the active list in ISO 8601; empty if it is not known."""
    of = age(each)
    return of.bundled if of.fetched is None else _day(of.fetched)


def age(each: FetchedList) -> Age:
    """Return when the active list was fetched."""
    fetched = fetched_at(each.name)
    if fetched is None or _day(fetched) < each.bundled:
        return Age(None, each.bundled, False)
    return Age(fetched, each.bundled, is_fresh(fetched))


def is_fresh(fetched: float) -> bool:
    """Return whether a list fetched at that time is recent enough; a time in the future is not."""
    return 0 <= time.time() - fetched < FRESH_SECONDS


def when(moment: float) -> str:
    """Return a time (seconds since 1970) as text for users, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment))


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(moment))
