"""Read the file of a policy, strictly: whatever is unknown, misspelled or missing is a fault with its line.

A pattern that matches no listed model is none, since lists change by themselves: it is a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from polyroute._internal import files, toml
from polyroute._internal.spelling import alike, did_you_mean
from polyroute.errors import Unavailable, UsageError
from polyroute.named_tuples import NamedTuple
from polyroute.organisation.member import key_in
from polyroute.organisation.patterns import any_matches, matches, with_id
from polyroute.plugins.loaded import Plugins
from polyroute.plugins.manifests import positions, validators
from polyroute.requirements.places import all_variables, secret_variables
from polyroute.types import CHEAPEST, DIRECT
from polyroute.types.policies import KeyPlace, LockedPreferences, OrganisationPolicy

Fault = tuple[tuple[str | int, ...], str]
"""The place of a fault, and what is wrong there."""
_MOST_BYTES = 1_000_000
_HOST = r"[a-z0-9*._-]+(:[0-9*]+)?|\[[0-9a-f:*]+\](:[0-9*]+)?"
_TO_FIX = "Fix these lines:"
_UNLISTED = "matches no model in any list now."


class PolicyFile(NamedTuple):
    """A policy that is read from a TOML file, and again whenever the file has changed."""

    path: str


class ReadPolicy(NamedTuple):
    """A policy as it was read."""

    policy: OrganisationPolicy
    warnings: tuple[str, ...]
    """The patterns that match no listed model, each with its line and with what may be meant."""


def read(path: str, plugins: Plugins, variables: Mapping[str, str] | None) -> ReadPolicy:
    """Return the policy in a file. `variables` are those of the process, which may hold keys.

    With None, keys are not looked for. Raises UsageError with every fault, its line, and how to fix it. No message
    quotes what may be a key.
    """
    try:
        text = files.read_text(path, _MOST_BYTES)
    except (OSError, Unavailable, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"The policy {path} can't be read: {why}.", "Name a readable file of TOML.") from None
    policy = _parsed(path, text)
    if faults := positions.located(text, check(policy, plugins, variables)):
        raise _wrong(path, faults)
    unlisted = _patterns("allowed_models", policy.allowed_models, lambda each: _unlisted(each, plugins))
    return ReadPolicy(policy, tuple(positions.located(text, [*unlisted])))


def _parsed(path: str, text: str) -> OrganisationPolicy:
    try:
        data = toml.parsed(text)
    except (ValueError, RecursionError) as error:
        raise _wrong(path, [f"it is not valid TOML ({error})"]) from None
    try:
        found: OrganisationPolicy = validators.validated(validators.validator(OrganisationPolicy, strict=True), data)
    except validators.InvalidDocument as error:
        raise _wrong(path, positions.located(text, error.faults)) from None
    return found


def _wrong(path: str, faults: Iterable[str]) -> UsageError:
    return UsageError("\n".join([f"The policy {path} can't be used. {_TO_FIX}", *(f"  {each}" for each in faults)]))


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file, for editors."""
    from pydantic.json_schema import GenerateJsonSchema

    found = GenerateJsonSchema().generate(validators.record(OrganisationPolicy, strict=True), mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "Polyroute policy"}


def check(policy: OrganisationPolicy, plugins: Plugins, variables: Mapping[str, str] | None) -> list[Fault]:
    """Return what in a policy can't be meant, or is not there."""
    places = policy.keys.items() if variables is not None else ()
    return [
        *_patterns("allowed_providers", policy.allowed_providers, lambda each: _provider(each, plugins)),
        *_patterns("allowed_models", policy.allowed_models, lambda each: _model(each, plugins)),
        *_patterns("allowed_hosts", policy.allowed_hosts or (), _host),
        *_preferences(policy.preferences, plugins),
        *_variables(policy, plugins),
        *((("keys", name), why) for name, place in places if (why := _missing(place, variables or {}))),
    ]


def _patterns(field: str, patterns: Iterable[str], fault: Callable[[str], str]) -> Iterable[Fault]:
    for index, each in enumerate(patterns):
        if why := fault(each):
            yield (field, index), f"{each!r} {why}"


def _provider(pattern: str, plugins: Plugins) -> str:
    if "/" in pattern:
        return "names a model: put it into allowed_models"
    if any(matches(pattern, each) for each in plugins.names):
        return ""
    return f"matches no provider. {_meant(pattern, plugins.names)}"


def _model(pattern: str, plugins: Plugins) -> str:
    provider, slash, _ = pattern.partition("/")
    if not slash:
        return f"is no pattern of provider/model. For all models of a provider, write {pattern}/*"
    if _named(provider, plugins):
        return ""
    return f"names no provider. {_meant(provider, plugins.names)}"


def _unlisted(pattern: str, plugins: Plugins) -> str:
    """Return that a pattern matches no listed model; empty if it does, or if what its providers offer is not known."""
    found = _named(pattern.partition("/")[0], plugins)
    whole, models = with_id(pattern, plugins.names), [plugins.models(each) for each in found]
    listed = [str(model.ref) for each in models for model in each.values()]
    if not all(models) or any_matches([whole], *listed):
        return ""
    return f"{_UNLISTED} {_meant(whole, listed)}"


def _named(pattern: str, plugins: Plugins) -> set[str]:
    return {found for name, found in plugins.names.items() if matches(pattern, name)}


def _meant(name: str, known: Iterable[str]) -> str:
    return did_you_mean(alike(name, known), "`polyroute status --all` and `polyroute models` list what is known.")


def _host(pattern: str) -> str:
    import re

    if "://" in pattern or "/" in pattern:
        return "is an address: write its host, such as llm.acme.example or llm.acme.example:8443"
    return "" if re.fullmatch(_HOST, pattern.lower()) else "is no host"


def _preferences(given: LockedPreferences, plugins: Plugins) -> Iterable[Fault]:
    routes = {DIRECT, CHEAPEST, *(name for name, each in plugins.names.items() if each in plugins.gateways)}
    named: list[Fault] = [(("prefer",), given.prefer)] if given.prefer else []
    named += [(("order", index), each) for index, each in enumerate(given.order)]
    named += [(("pins", target), each) for target, each in given.pins.items()]
    for where, each in named:
        if each not in routes or (each == CHEAPEST and where[0] == "order"):
            yield ("preferences", *where), f"{each!r} is no route. {_meant(each, routes)}"
    providers: list[Fault] = [(("pins", target), target.partition("/")[0]) for target in given.pins]
    providers += [(("disable_providers", index), each) for index, each in enumerate(given.disable_providers or ())]
    for where, each in providers:
        if each not in plugins.names:
            yield ("preferences", *where), f"{each!r} is no provider. {_meant(each, plugins.names)}"


def _variables(policy: OrganisationPolicy, plugins: Plugins) -> Iterable[Fault]:
    secret = {name for each in plugins.providers.values() for name in secret_variables(each)}
    secret |= {each.key_variable for each in plugins.providers.values() if each.key_variable}
    others = {name for each in plugins.providers.values() for name in all_variables(each)} - secret
    others |= {name for each in plugins.providers.values() if each.address for name in each.address.variables}
    for name in policy.keys.keys() - secret:
        yield ("keys", name), f"is no variable from which a provider reads a key. {_meant(name, secret)}"
    for name in policy.settings.keys() - others:
        why = "holds a key: put it under [keys]" if name in secret else "is no setting that a provider reads."
        yield ("settings", name), why if name in secret else f"{why} {_meant(name, others)}"


def _missing(place: KeyPlace, variables: Mapping[str, str]) -> str:
    """Return why there is no key; its place is not quoted, since a key may have been written there."""
    if place.file and not place.file.startswith("/"):
        return "names a file by a path that is not absolute"
    if key_in(place, variables):
        return ""
    if place.variable:
        return "names a variable that is not set for this process: set it, or name the variable that holds the key"
    return "names a file that is missing, empty or not readable"
