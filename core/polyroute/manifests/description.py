"""What a manifest or an executable says of itself, in the core's own types.

`describe` makes one of outside data. `plain` and `restored` lead to JSON and back, so that a description can be kept
between runs and read again without pydantic.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from polyroute.types import (
    Alternative,
    AuthHeader,
    BaseUrlCase,
    CustomModelRules,
    Group,
    Model,
    Provider,
    Routeability,
    Slot,
)

MAX_MODELS = 10_000
"""In one list."""
PLAIN_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
"""What a plugin may be called: its folder in the plugin folder is named so."""

_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Executable(NamedTuple):
    """What a plugin's executable is granted. Its own description can't widen this."""

    argv: tuple[str, ...]
    """The program, with `./` relative to the plugin's folder, and its arguments."""
    variables: tuple[str, ...] = ()
    """The variables that it gets, besides a fixed PATH and the language."""
    hosts: tuple[str, ...] = ()
    """The hosts that its providers may name; `host:port` where the port is not the usual one."""


class Description(NamedTuple):
    """A plugin as data."""

    name: str = ""
    """Empty where it leaves that to its folder's name."""
    version: str = ""
    protocol: int = 1
    providers: tuple[Provider, ...] = ()
    routeability: tuple[Routeability, ...] = ()
    mappings: Mapping[str, Mapping[str, Any]] = _EMPTY
    """By gateway, how it spells models: the table of `docs/mapping.md`."""
    models: tuple[Model, ...] = ()
    executable: Executable | None = None
    methods: tuple[str, ...] = ()
    """What the executable answers besides `describe`."""
    features: tuple[str, ...] = ()
    """What is optional in the protocol, and it has."""
    files: tuple[str, ...] = ()
    """Names of the files beside the manifest that it was read from."""


def plain(description: Description) -> dict[str, Any]:
    """The description as JSON can hold it."""
    rules = [
        [rule.gateway, sorted(rule.offered), dict(rule.namespaces), *rule[3:]] for rule in description.routeability
    ]
    return {**description._asdict(), "mappings": dict(description.mappings), "routeability": rules}


def restored(data: Mapping[str, Any]) -> Description:
    """The description of which `data` is the plain form."""
    return Description(
        data["name"],
        data["version"],
        data["protocol"],
        tuple([_provider(*row) for row in data["providers"]]),
        tuple([_rule(*row) for row in data["routeability"]]),
        data["mappings"],
        tuple([model(row) for row in data["models"]]),
        _executable(*data["executable"]) if data["executable"] else None,
        *(tuple(data[key]) for key in ("methods", "features", "files")),
    )


def model(row: Sequence[Any]) -> Model:
    """The model of which `row` is the plain form."""
    inputs, outputs, released, url, protocol, auth, headers = row[7:]
    ways = [released, url, protocol, AuthHeader(*auth) if auth else None, _pairs(headers)]
    return Model(*[*row[:7], tuple(inputs), tuple(outputs), *ways])


def _provider(
    name: str,
    title: str,
    kind: Any,
    groups: Iterable[Any],
    base_url: str,
    cases: Iterable[Any],
    protocol: str,
    auth: Iterable[str],
    headers: Iterable[Any],
    aliases: Iterable[str],
    selectable: bool,
    rules: Iterable[Any] | None,
    documentation: str,
    key_variable: str,
    also_speaks: Iterable[str],
) -> Provider:
    return Provider(
        name,
        title,
        kind,
        tuple([Group(tuple([_slot(*slot) for slot in slots]), kind) for slots, kind in groups]),
        base_url,
        tuple([BaseUrlCase(*case) for case in cases]),
        protocol,
        AuthHeader(*auth),
        _pairs(headers),
        tuple(aliases),
        selectable,
        CustomModelRules(*rules) if rules else None,
        documentation,
        key_variable,
        tuple(also_speaks),
    )


def _slot(name: str, alternatives: Iterable[Any], *rest: Any) -> Slot:
    return Slot(name, tuple([_alternative(*each) for each in alternatives]), *rest)


def _alternative(
    variable: str, file: str, names_file: bool, section: str, keys: Iterable[str], field: str
) -> Alternative:
    return Alternative(variable, file, names_file, section, tuple(keys), field)


def _rule(
    gateway: str, offered: Iterable[str], namespaces: Mapping[str, str], providers: Iterable[str], *rest: Any
) -> Routeability:
    return Routeability(gateway, frozenset(offered), namespaces, tuple(providers), *rest)


def _executable(*fields: Iterable[str]) -> Executable:
    return Executable(*map(tuple, fields))


def _pairs(rows: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    return tuple([(name, value) for name, value in rows])
