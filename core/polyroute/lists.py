"""Lists of models that can be fetched: what plugins say of them, where they are kept, and of when they are."""

import os
import time
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from polyroute.constraints import Filled, Least, Line, Never, Slug, Url
from polyroute.system.paths import cache_directory
from polyroute.types import Model, Provider

FRESH_SECONDS = 24 * 3600
"""A list that was fetched within this time is as good as a new one."""


class FetchedList(NamedTuple):
    """A list that `polyroute refresh` can fetch, and what of it is used only after the user was asked.

    What a fetched list says of models is used as it is. What says where a key is sent, or which one, is given here
    beside it, so that the core can keep it back.
    """

    name: Slug
    """A lower-case slug; the list is kept under it."""
    url: Annotated[Url, Never("", "is no address")]
    check: Callable[[Any], int]
    """Given the parsed JSON document, how many models it lists. Raises ValueError where it is no such list."""
    bundled: Line = ""
    """The day of the list that comes with the plugin, ISO 8601; one fetched before that day is not used."""
    models: Annotated[int, Least(0)] = 0
    """How many models that one has: an answer with far fewer is taken for an incomplete one."""
    gateways: tuple[Filled, ...] = ()
    """The gateways whose model IDs are looked up in it."""
    providers: tuple[Provider, ...] = ()
    """Providers that only the fetched list has, or that it says are called otherwise."""
    moved: tuple[Model, ...] = ()
    """Models that the fetched list says have a base URL of their own, unknown before."""


class Age(NamedTuple):
    """Of when the list is that is in use."""

    fetched: float | None
    """Seconds since the epoch; None for the one that comes with the plugin."""
    bundled: str
    is_fresh: bool

    def __str__(self) -> str:
        if self.fetched is None:
            return f"the one that was installed{self.bundled and f', of {self.bundled}'}"
        return f"fetched {when(self.fetched)}{'' if self.is_fresh else ', which is stale'}"


def path(name: str) -> str:
    """Where the fetched list of this name is kept."""
    return os.path.join(cache_directory(), "lists", f"{name}.json")


def sources(*names: str) -> list[str]:
    """The files of those of these lists that were fetched: what is derived from a list is derived from them too."""
    return [each for each in map(path, names) if os.path.isfile(each)]


def read(name: str, bundled: str) -> Any:
    """The fetched list, parsed; None where there is none, or none that is as new as the bundled one."""
    import json

    fetched = fetched_at(name)
    if fetched is None or _day(fetched) < bundled:
        return None
    try:
        with open(path(name), "rb") as file:
            return json.load(file)
    except (OSError, ValueError, RecursionError):
        return None


def fetched_at(name: str) -> float | None:
    """When the list was fetched, or was last said not to have changed."""
    try:
        return os.stat(path(name)).st_mtime
    except OSError:
        return None


def age(each: FetchedList) -> Age:
    """Of when the list is that is in use."""
    fetched = fetched_at(each.name)
    if fetched is None or _day(fetched) < each.bundled:
        return Age(None, each.bundled, False)
    return Age(fetched, each.bundled, is_fresh(fetched))


def is_fresh(fetched: float) -> bool:
    """Whether a list fetched then need not be fetched again. One from the future says nothing."""
    return 0 <= time.time() - fetched < FRESH_SECONDS


def when(moment: float) -> str:
    """A moment, for people."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment))


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(moment))
