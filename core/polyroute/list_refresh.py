"""Fetching fresh lists into the cache. A list that is there is only ever replaced by a better one."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from polyroute._internal import files
from polyroute._internal.version import __version__
from polyroute.environment import PROCESS, Environment
from polyroute.errors import PolyrouteError, Unavailable, UsageError
from polyroute.lists import fetch, stored
from polyroute.lists.fetch import Bounds, Validators
from polyroute.lists.stored import FetchedList
from polyroute.results import CONTAINED, describe

if TYPE_CHECKING:
    import httpx2

State = Literal["updated", "unchanged", "fresh", "offline", "failed"]
Progress = Callable[[str, int], object]
"""Told a list's name and how many bytes of it have come."""

_ADDRESS = r"https?://[^\s/?#@]+(?:[/?][^\s#]*)?"
_NO = ("", "0", "false", "no", "off")
_USUAL = Bounds()
_NOWHERE: Mapping[str, str] = MappingProxyType({})


class RefreshReport(NamedTuple):
    """What became of one list."""

    name: str
    url: str
    state: State
    """`updated`; `unchanged`, as the server said; `fresh`, so that nobody was asked; `offline` or `failed`."""
    fetched: float | None
    """Of when the fetched list is that is there now, in seconds since the epoch."""
    models: int | None
    """How many models that one has."""
    error: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the list is as fresh as it can be."""
        return self.state in ("updated", "unchanged", "fresh")


class _Kept(NamedTuple):
    """What is noted beside a fetched list."""

    url: str = ""
    models: int = 0
    digest: str = ""
    etag: str = ""
    modified: str = ""


def refresh(
    wanted: Iterable[FetchedList],
    environment: Environment,
    *,
    force: bool = False,
    urls: Mapping[str, str] = _NOWHERE,
    bounds: Bounds = _USUAL,
    progress: Progress | None = None,
) -> tuple[RefreshReport, ...]:
    """Fetch those lists in `wanted` (such as `Plugins.lists`) that are not fresh, or all by `force`.

    `urls` has other addresses by name, before those in `POLYROUTE_LIST_URLS`. It blocks for at most the time in
    `bounds` (an asynchronous host calls it by `asyncio.to_thread`); threads and processes may call it at once. What it
    fetched is used by plugins that are loaded afterwards. What goes wrong with one list stands in its report. Raises
    MissingExtra; UsageError for an address that is none; Unavailable for a proxy that can't be used.
    """
    import asyncio

    wanted = tuple(wanted)
    addresses = _addresses(wanted, environment, urls)
    is_offline = (environment.setting("POLYROUTE_OFFLINE", layer=PROCESS) or "").lower() not in _NO
    due = [each for each in wanted if force or not _is_fresh(each.name, addresses[each.name])]
    done: dict[str, RefreshReport] = {}
    if due and not is_offline:
        done = asyncio.run(_fetch_all(due, addresses, bounds, progress or (lambda name, size: None)))
    left: State = "offline" if is_offline else "fresh"
    states = {each.name: left if each in due else "fresh" for each in wanted}
    return tuple(done.get(each.name) or _report(each.name, addresses[each.name], states[each.name]) for each in wanted)


def _addresses(wanted: Iterable[FetchedList], environment: Environment, urls: Mapping[str, str]) -> dict[str, str]:
    text = environment.setting("POLYROUTE_LIST_URLS", layer=PROCESS) or ""
    moved = dict(each.partition("=")[::2] for each in text.split()) | dict(urls)
    known = {each.name: each.url for each in wanted}
    for name, url in moved.items():
        if name not in known:
            raise UsageError(f"There is no list {name!r} (in POLYROUTE_LIST_URLS). Lists are: {', '.join(known)}.")
        if not re.fullmatch(_ADDRESS, url):
            fault = f"The address of the list {name} (in POLYROUTE_LIST_URLS) is none"
            raise UsageError(f"{fault}: it must begin with http:// or https:// and hold no user name.")
    return known | moved


async def _fetch_all(
    due: Iterable[FetchedList], addresses: Mapping[str, str], bounds: Bounds, progress: Progress
) -> dict[str, RefreshReport]:
    import asyncio

    async with fetch.client(bounds, f"polyroute/{__version__}") as client:
        fetched = [_fetch(client, each, addresses[each.name], bounds, progress) for each in due]
        return {report.name: report for report in await asyncio.gather(*fetched)}


async def _fetch(
    client: httpx2.AsyncClient, each: FetchedList, url: str, bounds: Bounds, progress: Progress
) -> RefreshReport:
    kept = _kept(each.name)
    known = Validators(kept.etag, kept.modified) if kept.url == url and _is_whole(each.name, kept) else Validators()
    try:
        answer = await fetch.fetch(client, url, known, bounds, partial(progress, each.name))
        if answer.body is None:
            with files.readable_errors(stored.path(each.name)):
                os.utime(stored.path(each.name))
            return _report(each.name, url, "unchanged")
        models = _checked(each, answer.body, kept if kept.url == url else _Kept())
        _file(each.name, answer.body, _Kept(url, models, _digest(answer.body), *answer.validators))
    except PolyrouteError as error:
        return _report(each.name, url, "failed", str(error))
    return _report(each.name, url, "updated")


def _checked(each: FetchedList, body: bytes, kept: _Kept) -> int:
    """How many models a new list has. Raises Unavailable where it is no list, or hardly anything is left of it."""
    if not body.strip():
        raise Unavailable("the answer is empty")
    try:
        document = json.loads(body, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise Unavailable("the answer is not JSON") from None
    try:
        models = each.check(document)
    except CONTAINED as error:
        why = str(error) if isinstance(error, ValueError) else describe(error)
        raise Unavailable(f"the answer is not the list: {why}") from None
    most = max(each.models, kept.models)
    if models * 2 < most:
        raise Unavailable(f"the answer has {models} models where there were {most}: it is taken for incomplete")
    return models


def _refused(constant: str) -> Any:
    raise ValueError(constant)


def _file(name: str, body: bytes, kept: _Kept) -> None:
    path = stored.path(name)
    with files.readable_errors(path), files.locked(path):
        files.replace(path, body)
        files.replace(_notes(name), json.dumps(kept._asdict()).encode())


def _report(name: str, url: str, state: State, error: str = "") -> RefreshReport:
    return RefreshReport(name, url, state, stored.fetched_at(name), _kept(name).models or None, error)


def _is_fresh(name: str, url: str) -> bool:
    kept, fetched = _kept(name), stored.fetched_at(name)
    return fetched is not None and stored.is_fresh(fetched) and kept.url == url and _is_whole(name, kept)


def _is_whole(name: str, kept: _Kept) -> bool:
    """Whether the list is the one that was noted: one that was damaged since must not be said to be unchanged."""
    try:
        with open(stored.path(name), "rb") as file:
            return _digest(file.read()) == kept.digest
    except OSError:
        return False


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _notes(name: str) -> str:
    return stored.path(name).removesuffix(".json") + ".notes"


def _kept(name: str) -> _Kept:
    try:
        with open(_notes(name), encoding="utf-8") as file:
            kept = _Kept(**json.load(file))
    except (OSError, ValueError, TypeError, RecursionError):
        return _Kept()
    return kept if all(type(value) is type(usual) for value, usual in zip(kept, _Kept(), strict=True)) else _Kept()
