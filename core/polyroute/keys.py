"""A person's keys: kept in the keyring where there is one, else in the global `.env`; listed with a mask; removed.

A secret goes in by `store` and comes out nowhere here, but for the last characters that a mask shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from polyroute import preferences
from polyroute.custom.models import literal
from polyroute.environment import GLOBAL, KEYRING, Environment
from polyroute.errors import SecretUnavailable, Unavailable, UsageError
from polyroute.logins import Credential, Source
from polyroute.system import dotenv, dotenv_writing
from polyroute.system.masking import is_masked, masked
from polyroute.types import DIRECT, Group, Provider

if TYPE_CHECKING:
    from polyroute.answers import Route
    from polyroute.catalog import Catalog


class Key(NamedTuple):
    """Where a provider's own key comes from; the key itself is not in it."""

    provider: str
    variable: str
    """Where `store` would keep one; empty for a provider without a single key."""
    credential: Credential | None
    """What the direct route is called with; None where nothing is there."""
    mask: str = ""
    """The last characters of a long key, and nothing of others; empty where there is no key."""


class Stored(NamedTuple):
    """What storing a key came to."""

    provider: str
    variable: str
    source: Source | None
    """Where the key lies now; where an old one was kept, its place."""
    kept: bool = False
    """A mask came back, so nothing was changed."""
    pinned: str = ""
    """The configuration file in which the provider was pinned to direct, if it was."""
    notes: tuple[str, ...] = ()
    """What a person should know, in words."""


class Removed(NamedTuple):
    """What removing a key came to."""

    provider: str
    variable: str
    removed: tuple[Source, ...]
    left: Credential | None
    """What the direct route is still called with, from a place that is not ours."""
    notes: tuple[str, ...] = ()


def store(catalog: Catalog, name: str, value: str, *, pin: bool = True) -> Stored:
    """Keep `value` as the key of the provider `name`. Make a new catalog afterwards: this one does not change.

    A mask that comes back means "keep". The key of a gateway that would run via the preferred gateway is a wish to
    use it: unless `pin` is false the gateway is pinned to direct. Raises UsageError for what is no key or a
    provider that has no single one, UnknownProvider, and Unavailable where nothing could be stored.
    """
    provider = catalog.plugins.find(name)
    variable = variable_of(provider)
    if is_masked(value):
        return Stored(provider.id, variable, catalog.environment.source(variable), kept=True, notes=(KEPT,))
    secret = checked(value)
    _record_owner(provider, catalog)
    source, notes = _put(catalog.environment, variable, secret)
    pinned = ""
    if pin and _is_wish_for_direct(provider, catalog):
        pinned, told = _pin(provider, catalog)
        notes = (*notes, *told)
    return Stored(provider.id, variable, source, pinned=pinned, notes=(*notes, *_what_else(provider, source, catalog)))


def _record_owner(provider: Provider, catalog: Catalog) -> None:
    """Note to whom the user gives the key: a plugin that claims the provider later does not get it. What was noted
    before stays: only `plugins trust` agrees to another host.
    """
    from polyroute.trust.approvals import Approvals

    plugins = catalog.plugins
    owner = plugins.owners[provider.id]
    is_new = not plugins.is_recorded(provider.id, owner)
    if owner.is_third_party and is_new and provider.id not in plugins.withheld:
        hosts = plugins.hosts_of(owner)[provider.id]
        Approvals.load(catalog.environment).own(owner.identity, {provider.id: hosts})


def find(catalog: Catalog, name: str) -> Key:
    """The key of the provider `name`, with a mask. Raises UnknownProvider."""
    provider = catalog.plugins.find(name)
    credential = _direct(catalog, provider.id).credential
    return Key(provider.id, _variable(provider), credential, _masked(catalog.environment, credential))


def listed(catalog: Catalog) -> tuple[Key, ...]:
    """The keys of all providers that have one."""
    names = [name for name in catalog.plugins.providers if _has_secret(_direct(catalog, name).credential)]
    return tuple(find(catalog, name) for name in names)


def remove(catalog: Catalog, name: str) -> Removed:
    """Remove the provider's key from where `store` keeps keys. What lies elsewhere is left, and told."""
    provider = catalog.plugins.find(name)
    variable = variable_of(provider)
    environment = catalog.environment
    removed = [Source(KEYRING, variable)] if environment.keyring.drop(variable) else []
    if dotenv_writing.update(environment.dotenv_path, variable, None):
        removed.append(Source(GLOBAL, variable))
    left = _direct(catalog.reload(), provider.id).credential
    left = left if _has_secret(left) else None
    return Removed(provider.id, variable, tuple(removed), left, tuple(_what_goes_too(provider, variable, catalog)))


def variable_of(provider: Provider) -> str:
    """The variable in which a provider's key is kept. Raises UsageError where it has no single key."""
    if variable := _variable(provider):
        return variable
    raise UsageError(f"{provider.id} has no single key to keep. See `polyroute explain {provider.id}` for its needs.")


KEPT = "What came back was a mask, not a key: nothing was changed."


def _variable(provider: Provider) -> str:
    names = (_single_variable(group) for group in provider.requirement)
    return next(filter(None, names), provider.key_variable)


def _single_variable(group: Group) -> str:
    """The first variable of a group's only secret, where that is a key and nothing around it."""
    secrets = [slot for slot in group.slots if slot.secret]
    if len(secrets) != 1 or group.kind != "api-key":
        return ""
    plain = (each for each in secrets[0].alternatives if each.variable and not (each.names_file or each.json_field))
    return next((each.variable for each in plain), "")


def checked(value: str) -> str:
    """A key as it may be stored: without the line's end that a pipe brings, and nothing but visible ASCII."""
    secret = value.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise UsageError("The key is empty: nothing was stored.")
    if not re.fullmatch(r"[!-~]+", secret):
        raise UsageError("A key has no white space, line breaks, control or non-ASCII characters: nothing was stored.")
    return literal(secret)


def _put(environment: Environment, variable: str, secret: str) -> tuple[Source, tuple[str, ...]]:
    keyring = environment.keyring
    keyring.names()  # one that can't be read could not be corrected either, after the key is stored
    try:
        keyring.put(variable, secret)
    except Unavailable as error:
        path = environment.dotenv_path
        dotenv_writing.update(path, variable, secret)
        keyring.forget(variable)  # an older one there would win
        return Source(GLOBAL, variable), (f"It was stored in {path}, as no keyring can be used. {error}",)
    older = dotenv.parse(environment.read(environment.dotenv_path) or "").get(variable)
    note = f"An older key is still in {environment.dotenv_path}, for whoever reads that; `keys remove` takes both."
    return Source(KEYRING, variable), (note,) if older else ()


def _is_wish_for_direct(provider: Provider, catalog: Catalog) -> bool:
    """Whether it is a gateway that would still run via another, and nobody said by which route it should."""
    pins = {catalog.plugins.names.get(target) for target in catalog.preferences.pins}
    is_carried = catalog.preferred in catalog.plugins.carriers(provider.id)
    return provider.kind == "gateway" and is_carried and not catalog.preferences.order and provider.id not in pins


def _pin(provider: Provider, catalog: Catalog) -> tuple[str, tuple[str, ...]]:
    try:
        path = preferences.save(catalog.environment, DIRECT, provider.id)
    except Unavailable as error:
        return "", (f"{provider.id} could not be pinned to direct, and still runs via {catalog.preferred}: {error}",)
    undo = f"polyroute prefer --unset --for {provider.id}"
    return path, (f"{provider.id} now runs direct, not via {catalog.preferred} (in {path}). To undo that: {undo}",)


def _what_else(provider: Provider, source: Source, catalog: Catalog) -> Iterable[str]:
    """What keeps the key just stored from being used, or makes it more widely used than meant."""
    route = _direct(catalog.reload(), provider.id)
    used = route.credential.source if route.credential else None
    if used and used != source:
        yield f"{provider.id} is still called with {used}, which comes first."
    if not route.usable:
        yield f"It is not enough for {provider.id}: {route.reason}. {route.remedy}".rstrip()
    if route.credential and route.credential.shared_with:
        yield f"{source.name} is read by {', '.join(route.credential.shared_with)} too."


def _what_goes_too(provider: Provider, variable: str, catalog: Catalog) -> Iterable[str]:
    """Who else is without the key now, and what stays behind."""
    if others := [name for name in catalog.plugins.readers.get(variable, ()) if name != provider.id]:
        yield f"{variable} was the key of {', '.join(others)} too."
    if provider.kind == "gateway" and provider.id in catalog.preferences.pins:
        yield f"It stays pinned; to undo that: polyroute prefer --unset --for {provider.id}"


def _direct(catalog: Catalog, provider_id: str) -> Route:
    return next(route for route in catalog.provider(provider_id).routes if route.via == DIRECT)


def _has_secret(credential: Credential | None) -> bool:
    return credential is not None and credential.source is not None and credential.kind != "cloud-identity"


def _masked(environment: Environment, credential: Credential | None) -> str:
    """A mask; of a token that a plugin owns nothing is shown, since reading it may mean to fetch it."""
    if credential is None or not _has_secret(credential):
        return ""
    if credential.source and credential.source.layer == "plugin":
        return masked("")
    try:
        return masked(environment.reveal(credential))
    except SecretUnavailable:
        return masked("")
