"""Store, list and remove a user's keys. They are kept in the keyring if there is one, else in the global `.env`.

`store` takes a secret; nothing in this module returns one, except for the last characters that a mask shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from polyroute import preferences
from polyroute._internal import dotenv
from polyroute._internal.redact import is_masked, masked
from polyroute._internal.terminal import some_of
from polyroute.custom_models.models import literal
from polyroute.environment import GLOBAL, KEYRING, Environment
from polyroute.errors import SecretUnavailable, Unavailable, UsageError
from polyroute.named_tuples import NamedTuple
from polyroute.types import DIRECT, Credential, Group, Provider, Source

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.results import Route


class Key(NamedTuple):
    """The source of a provider's own key, without the key itself."""

    provider: str
    variable: str
    """The variable in which `store` keeps the key; empty for a provider without a single key."""
    credential: Credential | None
    """The credential of the direct route, or None."""
    mask: str = ""
    """A mask with the last characters of a long key; empty if there is no key."""
    also_read_by: tuple[str, ...] = ()
    """Other providers that read the key from the same place, perhaps for another endpoint."""


class Stored(NamedTuple):
    """The result of storing a key."""

    provider: str
    variable: str
    source: Source | None
    """Where the key is stored; if `kept`, where the existing key is."""
    kept: bool = False
    """Whether the value was a mask, so that nothing was changed."""
    pinned: str = ""
    """The configuration file in which the provider was pinned to direct; empty if it was not."""
    notes: tuple[str, ...] = ()
    """Messages for the user."""
    settings: Mapping[str, Source] = MappingProxyType({})
    """Where everything else is stored that was given with the key, by variable."""


class Removed(NamedTuple):
    """The result of removing a key."""

    provider: str
    variable: str
    removed: tuple[Source, ...]
    left: Credential | None
    """The credential that the direct route still uses, from a place where Polyroute keeps no keys."""
    notes: tuple[str, ...] = ()


def store(
    catalog: Catalog, name: str, value: str, *, pin: bool = True, variable: str = "", shared: bool = False
) -> Stored:
    """Store `value` as the key of the provider `name`. Create a new catalog afterwards: this one does not change.

    It is kept in `variable`, one of those that the provider reads it from; by default in the first.

    If `value` is a mask, the existing key is kept. Storing the key of a gateway that runs via the preferred gateway
    means that the user wants to use it directly, so the gateway is pinned to direct unless `pin` is false. With
    `shared`, the key is stored in the global `.env`, where other tools look too, and not in the keyring. Raises
    UnknownProvider, UsageError if `value` is not a key or the provider has no single key, and Unavailable if the key
    can't be stored.
    """
    provider = catalog.plugins.find(name)
    variable = variable or variable_of(provider)
    if is_masked(value):
        return Stored(provider.id, variable, catalog.environment.source(variable), kept=True, notes=(KEPT,))
    secret = checked(value)
    _record_owner(provider, catalog)
    source, notes = (_put_in_file if shared else _put)(catalog.environment, variable, secret)
    pinned = ""
    if pin and _is_wish_for_direct(provider, catalog):
        pinned, pin_notes = _pin(provider, catalog)
        notes = (*notes, *pin_notes)
    return Stored(provider.id, variable, source, pinned=pinned, notes=(*notes, *_what_else(provider, source, catalog)))


def _record_owner(provider: Provider, catalog: Catalog) -> None:
    """Record the plugin that owns the provider, so that a plugin that claims it later does not receive the key.

    An existing record is not changed: only `plugins trust` approves another host.
    """
    from polyroute.plugins.trust.approvals import Approvals

    plugins = catalog.plugins
    owner = plugins.owners[provider.id]
    is_new = not plugins.is_recorded(provider.id, owner)
    if owner.is_third_party and is_new and provider.id not in plugins.withheld:
        hosts = plugins.hosts_of(owner)[provider.id]
        Approvals.load(catalog.environment).own(owner.identity, {provider.id: hosts})


def find(catalog: Catalog, name: str) -> Key:
    """Return the key of the provider `name`, with a mask. Raises UnknownProvider."""
    provider = catalog.plugins.find(name)
    credential = _direct(catalog, provider.id).credential
    also = tuple(_other_readers(catalog, provider.id, credential))
    return Key(provider.id, _variable(provider), credential, _masked(catalog.environment, credential), also)


def _other_readers(catalog: Catalog, provider_id: str, credential: Credential | None) -> Iterable[str]:
    """Return the other providers that read a key, with the user's own servers if they are called with it."""
    if credential is None or credential.source is None:
        return ()
    names = catalog.plugins.index[0].get(credential.source.name, ())
    direct = {name: _direct(catalog, name).credential for name in names if name != provider_id}
    own = [name for name, found in direct.items() if found and found.source == credential.source]
    return dict.fromkeys((*credential.shared_with, *own))


def listed(catalog: Catalog) -> tuple[Key, ...]:
    """Return the keys of all providers that have one."""
    names = [name for name in catalog.plugins.providers if _has_secret(_direct(catalog, name).credential)]
    return tuple(find(catalog, name) for name in names)


def remove(catalog: Catalog, name: str) -> Removed:
    """Remove the provider's key from where `store` keeps keys; a key elsewhere stays and is reported as `left`.

    Raises UnknownProvider, UsageError if the provider has no single key, and Unavailable if it can't be removed.
    """
    provider = catalog.plugins.find(name)
    variable = variable_of(provider)
    environment = catalog.environment
    removed = [Source(KEYRING, variable)] if environment.keyring.drop(variable) else []
    if dotenv.update(environment.documents, environment.dotenv_path, variable, None):
        removed.append(Source(GLOBAL, variable))
    left = _direct(catalog.reload(), provider.id).credential
    left = left if _has_secret(left) else None
    return Removed(provider.id, variable, tuple(removed), left, tuple(_what_goes_too(provider, variable, catalog)))


def variable_of(provider: Provider) -> str:
    """Return the variable in which a provider's key is kept. Raises UsageError if it has no single key."""
    if variable := _variable(provider):
        return variable
    raise UsageError(
        f"{provider.id} has no single key to store.", f"`polyroute explain {provider.id}` says what it needs."
    )


KEPT = "The value is a mask, not a key: nothing was changed."


def _variable(provider: Provider) -> str:
    names = (_single_variable(group) for group in provider.requirement)
    return next(filter(None, names), provider.key_variable)


def _single_variable(group: Group) -> str:
    """Return the first variable of a group's only secret if its whole value is a key, else an empty string."""
    secrets = [slot for slot in group.slots if slot.secret]
    if len(secrets) != 1 or group.kind != "api-key":
        return ""
    plain = (each for each in secrets[0].alternatives if each.variable and not (each.names_file or each.json_field))
    return next((each.variable for each in plain), "")


def checked(value: str) -> str:
    """Return a key without the line end that a pipe adds. Raises UsageError unless it is visible ASCII."""
    secret = value.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise UsageError("The key is empty: nothing was stored.")
    if not re.fullmatch(r"[!-~]+", secret):
        raise UsageError("A key has no white space, line breaks, control or non-ASCII characters: nothing was stored.")
    return literal(secret)


def _put_in_file(environment: Environment, variable: str, secret: str) -> tuple[Source, tuple[str, ...]]:
    dotenv.update(environment.documents, environment.dotenv_path, variable, secret)
    if variable in environment.keyring.names():  # it would take precedence
        environment.keyring.drop(variable)
    return Source(GLOBAL, variable), ()


def _put(environment: Environment, variable: str, secret: str) -> tuple[Source, tuple[str, ...]]:
    keyring = environment.keyring
    keyring.names()  # fail before the key is stored: an index that can't be read can't be updated either
    try:
        keyring.put(variable, secret)
    except Unavailable as error:
        path = environment.dotenv_path
        dotenv.update(environment.documents, path, variable, secret)
        keyring.forget(variable)  # an older entry there would take precedence
        return Source(GLOBAL, variable), (f"It was stored in {path}, because no keyring can be used. {error}",)
    older = dotenv.parse(environment.read(environment.dotenv_path) or "").get(variable)
    note = f"An older key is still in {environment.dotenv_path}; `keys remove` removes both."
    return Source(KEYRING, variable), (note,) if older else ()


def _is_wish_for_direct(provider: Provider, catalog: Catalog) -> bool:
    """Return whether the provider is a gateway that would run via another one, and the user has chosen no route."""
    pins = {catalog.plugins.names.get(target) for target in catalog.preferences.pins}
    is_carried = catalog.preferred in catalog.plugins.carriers(provider.id)
    if catalog.environment.policy and "pins" in catalog.environment.policy.preferences.names:
        return False
    return provider.kind == "gateway" and is_carried and not catalog.preferences.order and provider.id not in pins


def _pin(provider: Provider, catalog: Catalog) -> tuple[str, tuple[str, ...]]:
    try:
        path = preferences.save(catalog.environment, DIRECT, provider.id)
    except Unavailable as error:
        return "", (f"{provider.id} could not be pinned to direct and still runs via {catalog.preferred}: {error}",)
    undo = f"polyroute prefer --unset --for {provider.id}"
    return path, (f"{provider.id} now runs direct, not via {catalog.preferred} (in {path}). To undo this: {undo}",)


def _what_else(provider: Provider, source: Source, catalog: Catalog) -> Iterable[str]:
    """Yield notes on what keeps the stored key from being used, or on who else uses it."""
    route = _direct(catalog.reload(), provider.id)
    used = route.credential.source if route.credential else None
    if used and used != source:
        yield f"{provider.id} is still called with {used}, which takes precedence."
    if not route.usable:
        yield f"The key alone is not enough for {provider.id}: {route.reason}. {route.remedy}".rstrip()
    if route.credential and route.credential.shared_with:
        yield f"{source.name} is also read by {some_of(route.credential.shared_with)}."


def _what_goes_too(provider: Provider, variable: str, catalog: Catalog) -> Iterable[str]:
    """Yield notes on who else has lost the key, and on what was not removed."""
    if others := [name for name in catalog.plugins.readers.get(variable, ()) if name != provider.id]:
        yield f"{variable} was also the key of {some_of(others)}."
    if provider.kind == "gateway" and provider.id in catalog.preferences.pins:
        yield f"{provider.id} is still pinned. To undo this: polyroute prefer --unset --for {provider.id}"


def _direct(catalog: Catalog, provider_id: str) -> Route:
    return next(route for route in catalog.provider(provider_id).routes if route.via == DIRECT)


def _has_secret(credential: Credential | None) -> bool:
    return credential is not None and credential.source is not None and credential.kind != "cloud-identity"


def _masked(environment: Environment, credential: Credential | None) -> str:
    """Return a mask. It shows nothing of a token that a plugin owns: to read that may require a request.

    There is none of an organisation's key, which is shown to nobody.
    """
    if credential is None or not _has_secret(credential) or credential.is_organisations:
        return ""
    if credential.source and credential.source.layer == "plugin":
        return masked("")
    try:
        return masked(environment.reveal(credential))
    except SecretUnavailable:
        return masked("")
