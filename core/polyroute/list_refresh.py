"""Fetch model lists into the cache. A stored list is replaced only by a complete, valid one."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from polyroute._internal import files, proxies
from polyroute._internal.containment import describe, pass_on
from polyroute._internal.version import __version__
from polyroute.environment import PROCESS, Environment
from polyroute.errors import PolyrouteError, Unavailable, UsageError
from polyroute.lists import fetch, stored
from polyroute.lists.fetch import Bounds, Validators
from polyroute.lists.stored import FetchedList
from polyroute.named_tuples import NamedTuple

if TYPE_CHECKING:
    import httpx2

State = Literal["updated", "unchanged", "fresh", "offline", "failed"]
Progress = Callable[[str, int], object]
"""Called with a list's name and the number of bytes received so far."""

_ADDRESS = r"https?://[^\s/?#@]+(?:[/?][^\s#]*)?"
_NO = ("", "0", "false", "no", "off")
_USUAL = Bounds()
_NOWHERE: Mapping[str, str] = MappingProxyType({})


class RefreshReport(NamedTuple):
    """The result of refreshing one list."""

    name: str
    url: str
    state: State
    """`updated`; `unchanged` according to the server; `fresh`, so that no request was made; `offline` or `failed`."""
    fetched: float | None
    """When the stored list was fetched or last confirmed unchanged, in seconds since 1970; None if there is none."""
    models: int | None
    """The number of models in the stored list; None if it is unknown."""
    error: str = ""
    """Why it could not be fetched."""

    @property
    def is_good(self) -> bool:
        """Whether the list is up to date."""
        return self.state in ("updated", "unchanged", "fresh")


class _Kept(NamedTuple):
    """The facts stored beside a fetched list."""

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
    """Fetch the lists in `wanted` (such as `Plugins.lists`) that are not fresh, or all with `force`.

    Return one report for each list, in order; errors of one list are in its report. `urls` has other addresses by name
    of the list, which take precedence over `POLYROUTE_LIST_URLS`. Plugins loaded afterwards use the fetched lists.

    The call blocks for at most the time in `bounds`: asynchronous hosts call it with `asyncio.to_thread`. Several
    threads and processes may call it at the same time. `progress` is called as data arrives.

    Raises MissingExtra; UsageError if an address is invalid; Unavailable if the proxy can't be used.
    """
    import asyncio

    wanted = tuple(wanted)
    addresses = _addresses(wanted, environment, urls)
    due = [each for each in wanted if force or not _is_fresh(each.name, addresses[each.name])]
    done: dict[str, RefreshReport] = {}
    if due and not is_offline(environment):
        done = asyncio.run(_fetch_all(due, addresses, bounds, progress or (lambda name, size: None)))
    left: State = "offline" if is_offline(environment) else "fresh"
    states = {each.name: left if each in due else "fresh" for each in wanted}
    return tuple(done.get(each.name) or _report(each.name, addresses[each.name], states[each.name]) for each in wanted)


def is_offline(environment: Environment) -> bool:
    """Return whether the user wants no requests that are not necessary."""
    return (environment.setting("POLYROUTE_OFFLINE", layer=PROCESS) or "").lower() not in _NO


def _addresses(wanted: Iterable[FetchedList], environment: Environment, urls: Mapping[str, str]) -> dict[str, str]:
    text = environment.setting("POLYROUTE_LIST_URLS", layer=PROCESS) or ""
    moved = dict(each.partition("=")[::2] for each in text.split()) | dict(urls)
    known = {each.name: each.url for each in wanted}
    for name, url in moved.items():
        if name not in known:
            raise UsageError(f"There is no list {name!r} (in POLYROUTE_LIST_URLS). Lists are: {', '.join(known)}.")
        if not re.fullmatch(_ADDRESS, url):
            fault = f"The address of the list {name} (in POLYROUTE_LIST_URLS) is invalid"
            raise UsageError(f"{fault}: it must begin with http:// or https:// and contain no user name.")
    return known | moved


async def _fetch_all(
    due: Sequence[FetchedList], addresses: Mapping[str, str], bounds: Bounds, progress: Progress
) -> dict[str, RefreshReport]:
    import asyncio

    for each in due:
        proxies.require(addresses[each.name])
    async with fetch.client(bounds, f"polyroute/{__version__}") as client:
        fetched = [_fetch(client, each, addresses[each.name], bounds, progress) for each in due]
        return {report.name: report for report in await asyncio.gather(*fetched)}


async def _fetch(
    client: httpx2.AsyncClient, each: FetchedList, url: str, bounds: Bounds, progress: Progress
) -> RefreshReport:
    kept = _kept(each.name)
    known = Validators(kept.etag, kept.modified) if kept.url == url and _is_whole(each.name, kept) else Validators()
    try:
        response = await fetch.fetch(client, url, known, bounds, partial(progress, each.name))
        if response.body is None:
            with files.readable_errors(stored.path(each.name)):
                os.utime(stored.path(each.name))
            return _report(each.name, url, "unchanged")
        models = _checked(each, response.body, kept if kept.url == url else _Kept())
        _file(each.name, response.body, _Kept(url, models, _digest(response.body), *response.validators))
    except PolyrouteError as error:
        return _report(each.name, url, "failed", str(error))
    return _report(each.name, url, "updated")


def _checked(each: FetchedList, body: bytes, kept: _Kept) -> int:
    """Return the number of models in a new list. Raises Unavailable if it is not the list or is probably incomplete."""
    if not body.strip():
        raise Unavailable("the response is empty")
    try:
        document = json.loads(body, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise Unavailable("the response is not JSON") from None
    try:
        models = each.check(document)
    except BaseException as error:
        pass_on(error)
        why = str(error) if isinstance(error, ValueError) else describe(error)
        raise Unavailable(f"the response is not the list: {why}") from None
    most = max(each.models, kept.models)
    if models * 2 < most:
        raise Unavailable(f"the response has {models} models, but there were {most}: it is probably incomplete")
    return models


def _refused(constant: str) -> Any:
    raise ValueError(constant)


def _file(name: str, body: bytes, kept: _Kept) -> None:
    path = stored.path(name)
    with files.readable_errors(path), files.locked(path):
        files.replace(path, body, mode=0o600)
        files.replace(_notes(name), json.dumps(kept._asdict()).encode(), mode=0o600)


def _report(name: str, url: str, state: State, error: str = "") -> RefreshReport:
    return RefreshReport(name, url, state, stored.fetched_at(name), _kept(name).models or None, error)


def _is_fresh(name: str, url: str) -> bool:
    kept, fetched = _kept(name), stored.fetched_at(name)
    return fetched is not None and stored.is_fresh(fetched) and kept.url == url and _is_whole(name, kept)


def _is_whole(name: str, kept: _Kept) -> bool:
    """Return whether the stored list has the recorded digest: a damaged one must be fetched again, not confirmed."""
    if stored.fetched_at(name) is None:
        return False
    try:
        return _digest(files.read(stored.path(name), files.MOST_DATA_BYTES)) == kept.digest
    except OSError:
        return False


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _notes(name: str) -> str:
    return stored.path(name).removesuffix(".json") + ".notes"


def _kept(name: str) -> _Kept:
    try:
        kept = _Kept(**json.loads(files.read(_notes(name))))
    except (OSError, ValueError, TypeError, RecursionError):
        return _Kept()
    return kept if all(type(value) is type(usual) for value, usual in zip(kept, _Kept(), strict=True)) else _Kept()
