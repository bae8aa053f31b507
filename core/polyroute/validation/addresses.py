"""Whether a base URL in a configuration can be the one that is meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from polyroute import base_url
from polyroute.base_url import is_base_url, is_loopback, normalized, placeholders
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.loaded import Plugins
from polyroute.types import Address, Provider
from polyroute.validation.sections import Severity

if TYPE_CHECKING:
    from polyroute.catalog import Catalog

_VERSION = r"/v\d\w*"
_WRITTEN = "Write an http or https address without user name, query, # and $, or a variable that holds one."


class AddressFault(NamedTuple):
    """What is wrong with a base URL."""

    code: str
    severity: Severity
    message: str
    remedy: str


def faults(
    catalog: Catalog, provider: Provider | None, model_id: str, url: str, *, appends: Collection[str] = ()
) -> Iterator[AddressFault]:
    """Yield what is wrong with the base URL of a model; `appends` are the protocols to whose addresses `/v1` is added.

    `provider` is None for an endpoint that only the file knows.
    """
    meant = base_url.meant(url, Address(()))
    if not is_base_url(url):
        if provider and not _is_appended(provider, appends):
            meant = base_url.meant_for(provider, url)
        remedy = f"Write {meant}." if is_base_url(meant) else _WRITTEN
        yield AddressFault("base_url_invalid", "error", "it is not a base URL", remedy)
        return
    owner = owner_of(catalog, url)
    if meant != normalized(url):
        is_twice = re.fullmatch(_VERSION, normalized(url).removeprefix(meant))
        extra = "a version twice" if is_twice else "the path of a request"
        if provider and provider.kind == "own-server" and not _is_appended(provider, appends):
            meant = base_url.meant_for(provider, url)
        yield AddressFault("base_url_wrong", "error", f"it has {extra}", f"Write {meant}.")
    elif _is_added(provider, appends) and (version := re.search(f"{_VERSION}$", _path(url))):
        shorter = normalized(url).removesuffix(version[0])
        fault = f"the program adds {version[0]} itself"
        yield AddressFault("base_url_wrong", "error", fault, f"Write {shorter}.")
    elif owner and (whole := _whole(owner, url)) and not _is_appended(owner, appends):
        yield AddressFault("base_url_wrong", "error", f"a part of {owner.id}'s base URL is missing", f"Write {whole}.")
    elif owner and provider and owner.id != provider.id and _is_anothers(catalog, owner, provider, model_id):
        its = provider.base_url if not placeholders(provider.base_url) else ""
        fault = f"it is {owner.id}'s, where {provider.id}'s models are not"
        remedy = f"Write {its}, or remove it." if its else "Remove it."
        yield AddressFault("base_url_wrong", "error", fault, remedy)
    elif _may_lack_a_version(provider, owner, url, appends):
        fault = "it has no path, and most servers have their API below /v1"
        yield AddressFault(
            "base_url_wrong", "warning", fault, f"Write {normalized(url)}/v1 if the server answers there."
        )


def is_local(url: str) -> bool:
    """Return whether a base URL is of this machine or of a private network, where keys are optional."""
    return base_url.is_local(urlsplit(url).hostname or "")


def owner_of(catalog: Catalog, url: str) -> Provider | None:
    """Return the provider whose address a base URL is; None if it is nobody's."""
    return _owners(catalog.plugins).get((urlsplit(url).hostname or "").lower())


@lru_cache(maxsize=4)
def _owners(plugins: Plugins) -> Mapping[str, Provider]:
    """Return the provider of each host, the one whose base URL is the shortest."""
    fixed = [each for each in plugins.providers.values() if each.base_url and not placeholders(each.base_url)]
    fixed.sort(key=lambda each: (each.kind != "vendor", each.plan, len(each.base_url)), reverse=True)
    found = {(urlsplit(each.base_url).hostname or "").lower(): each for each in fixed}
    return {host: each for host, each in found.items() if not is_loopback(host)}


def _whole(owner: Provider, url: str) -> str:
    """Return the owner's base URL if `url` has only the beginning or the end of its path; empty if it has not."""
    whole, given = _path(owner.base_url), _path(url)
    is_part = f"{whole}/".startswith(f"{given}/") or whole.endswith(given)
    return owner.base_url if given != whole and is_part else ""


def _is_added(provider: Provider | None, appends: Collection[str]) -> bool:
    """Return whether the program certainly adds what follows the host."""
    return "*" in appends or (provider is not None and provider.id in appends)


def _may_lack_a_version(provider: Provider | None, owner: Provider | None, url: str, appends: Collection[str]) -> bool:
    """Return whether a base URL has no path, though servers of this kind have their API below one."""
    if _path(url) or owner:
        return False
    if provider is None:  # which API a server has that only the file knows is certain only where nothing is added
        return not appends and is_local(url)
    return (provider.kind == "own-server" or is_local(url)) and not _is_appended(provider, appends)


def _path(url: str) -> str:
    return urlsplit(normalized(url)).path


def _is_appended(owner: Provider, appends: Collection[str]) -> bool:
    return "*" in appends or owner.protocol in appends or owner.id in appends


def _is_anothers(catalog: Catalog, owner: Provider, provider: Provider, model_id: str) -> bool:
    """Return whether a model of `provider` can't be at the address of `owner`."""
    plugins = catalog.plugins
    if provider.kind == "own-server" or owner.kind == "gateway" or model_id in plugins.models(owner.id):
        return False
    speaks = {owner.protocol, *owner.also_speaks}
    return model_id in plugins.models(provider.id) or not speaks & {provider.protocol, *provider.also_speaks}
