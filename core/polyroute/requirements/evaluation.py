"""Evaluate the requirements of providers against one environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from types import MappingProxyType

from polyroute import base_url
from polyroute._internal.terminal import some_of
from polyroute.environment import Environment
from polyroute.named_tuples import NamedTuple
from polyroute.requirements.slots import (
    WANTED,
    FilledSlot,
    Judge,
    Prefixes,
    commands_of,
    fill,
    paths_of,
    unset,
    variables_of,
)
from polyroute.results import LocalServer
from polyroute.types import AuthHeader, Credential, Group, Provider, Slot, Source

_MOST_SHARED = 20
"""The most providers named as sharing a variable: a thousand that do would each name all others."""


class Knowledge(NamedTuple):
    """What all providers together say about keys."""

    readers: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """For each variable, the providers that read it as a secret."""
    prefixes: Prefixes = MappingProxyType({})
    """For each text with which keys begin, the providers that make such keys."""


_NOTHING = Knowledge()


class Evaluation(NamedTuple):
    """The result of evaluating one provider's requirement: a credential, or what is missing."""

    credential: Credential | None
    reason: str
    remedy: str = ""
    values: Mapping[str, str] = {}
    """The settings found, by slot, for base URLs and headers."""
    headers: tuple[tuple[str, str], ...] = ()
    """The provider's additional headers, filled in."""
    protocol: str = ""
    """The wire protocol, if it is not the provider's because of where the key was found; likewise `auth`."""
    auth: AuthHeader | None = None
    wrong: tuple[str, str] = ("", "")
    """What is set that can't be used, and the remedy."""
    unfilled: tuple[FilledSlot, ...] = ()
    """What the requirement lacks, in the group that lacks least, also if a login makes up for it."""
    allowed: bool = True
    """Whether an organisation's policy allows requests to the provider, and to this address."""
    unused: str = ""
    """Which logins and settings are there that are not used beside the credential, and why."""


def evaluate(provider: Provider, environment: Environment, known: Knowledge = _NOTHING) -> Evaluation:
    """Return the credential of the first group of the provider's requirement that is met, or what is missing."""
    judge = judge_of(provider, environment, known)
    slots = dict.fromkeys(slot for group in provider.requirement for slot in group.slots)  # groups have some in common
    filled_slots = {slot: fill(slot, environment, judge) for slot in slots}
    attempts = [[filled_slots[slot] for slot in group.slots] for group in provider.requirement]
    for group, filled in zip(provider.requirement, attempts, strict=True):
        if not any(each.fault for each in filled):
            found = _met(provider, group, filled, known.readers)
            return at_own_address(provider, found, environment) if provider.address else found
    return _unmet(attempts)


def evaluate_untouched(provider: Provider) -> Evaluation:
    """Return what a provider lacks that depends on variables only, of which none is set."""
    return _unmet([list(map(unset, group.slots)) for group in provider.requirement])


def judge_of(provider: Provider, environment: Environment, known: Knowledge) -> Judge:
    """Return what is known of a provider's keys. At an address of the user's own anything may be a key."""
    moved = provider.address and any(map(environment.setting, provider.address.variables))
    return Judge(provider.id, known.prefixes, bool(moved) or provider.kind == "own-server")


def as_known(found: Evaluation, server: LocalServer) -> Evaluation:
    """Return the evaluation of a server that was asked whether it runs."""
    if server.state == "not_running":
        return Evaluation(None, f"it is not running at {server.address}", "Start it.", found.values, found.headers)
    if server.state == "unchecked":
        return found
    return found._replace(reason=f"it is running at {server.address} with {len(server.models)} models")


def filled_headers(
    headers: tuple[tuple[str, str], ...], values: Mapping[str, str]
) -> tuple[tuple[str, str], ...] | None:
    """Return headers with the settings filled in; None if a setting is missing."""
    if not any("$" in value for _, value in headers):
        return headers
    found = [(name, base_url.filled(value, values)) for name, value in headers]
    whole = tuple([(name, value) for name, value in found if value is not None])
    return whole if len(whole) == len(headers) else None


def prefixes(providers: Iterable[Provider]) -> Prefixes:
    """Return with what the keys of these providers begin."""
    found: dict[str, tuple[str, ...]] = {}
    for provider in providers:
        for prefix in provider.key_prefixes:
            found[prefix] = (*found.get(prefix, ()), provider.id)
    return found


def _met(
    provider: Provider, group: Group, filled: list[FilledSlot], readers: Mapping[str, tuple[str, ...]]
) -> Evaluation:
    source = _source_of_secret(filled) if group.kind != "none" else None
    steering = _steering(filled, source)
    values = {each.slot.name: each.value for each in filled if _may_stand_in_url(each) and each not in steering}
    are_defaults = not any(each.source for each in filled if not each.slot.secret)
    endpoint = base_url.of_provider(provider, "", values, are_defaults=are_defaults)
    headers = filled_headers(provider.headers, values)
    if (not endpoint or headers is None) and steering:
        fault = f"{steering[0].source} must not determine where {source} is sent"
        return Evaluation(None, fault, "Set both in the same place.")
    if not endpoint:
        return Evaluation(None, f"no base URL is known for {provider.id}", "Correct its settings or its plugin.")
    if headers is None:
        return Evaluation(None, f"a header of {provider.id} needs a setting that is missing", "Correct its plugin.")
    others = readers.get(source.name, ()) if source else ()
    shared = tuple(islice((other for other in others if other != provider.id), _MOST_SHARED))
    remedy, until = next(
        ((each.slot.remedy, each.found.expires_at) for each in filled if each.source and each.source == source),
        ("", None),
    )
    credential = Credential(provider.id, endpoint, group.kind, source, shared, remedy=remedy, expires_at=until)
    wrong = next((each.passed_over for each in filled if each.passed_over[0]), ("", ""))
    reason = "; ".join(filter(None, (_reason(credential), wrong[0])))
    return Evaluation(credential, reason, values=values, headers=headers, auth=group.auth, wrong=wrong)


def at_own_address(provider: Provider, found: Evaluation, environment: Environment) -> Evaluation:
    """Return the evaluation with the address that the user calls the provider at, if a variable names another one."""
    address, credential = provider.address, found.credential
    variable = next(filter(environment.setting, address.variables if address else ()), "")
    if not (address and credential and variable):
        return found
    setting, source = environment.source(variable), credential.source
    whole = address._replace(ending=base_url.filled(address.ending, found.values) or "")
    url = base_url.bare(base_url.meant(environment.setting(variable) or "", whole), "url")
    if url and base_url.same_endpoint(url, credential.endpoint):
        return found
    if setting and not base_url.may_receive(setting, source):
        fault = f"{setting} must not determine where {source} is sent"
        return _wrong(fault, f"Set both in the same place, or unset {variable}.")
    if not url:
        return _wrong(f"{variable} {WANTED['url']}", f"Correct or unset {variable}.")
    moved = credential._replace(endpoint=url, address=variable)
    reason = f"{found.reason}, for the address in {variable}"
    protocol, auth = address.protocol or found.protocol, address.auth or found.auth
    return found._replace(credential=moved, reason=reason, protocol=protocol, auth=auth)


def _wrong(fault: str, remedy: str) -> Evaluation:
    return Evaluation(None, fault, remedy, wrong=(fault, remedy))


def _source_of_secret(filled: list[FilledSlot]) -> Source | None:
    ranked = sorted(filled, key=lambda each: not each.slot.secret)
    return next((each.source for each in ranked if each.source), None)


def _may_stand_in_url(each: FilledSlot) -> bool:
    """Return whether a value may be part of a base URL: it is a setting that was checked, or a bare name."""
    return not each.slot.secret and bool(each.slot.check or base_url.bare(each.value, "slug"))


def _steering(filled: list[FilledSlot], secret: Source | None) -> list[FilledSlot]:
    """Return the settings that must not determine where the secret is sent."""
    settings = [each for each in filled if not each.slot.secret and each.source]
    return [each for each in settings if each.source and not base_url.may_decide(each.source, secret)]


def _reason(credential: Credential) -> str:
    if credential.source is None:
        return "no key is needed; whether the server runs is not checked"
    if not credential.shared_with:
        return f"found {credential}"
    others = some_of(credential.shared_with)
    return f"found {credential}, a variable shared with {others}: it may be meant for one of them"


def wanted(provider: Provider) -> list[str]:
    """Return each group of the provider's requirement as text."""
    return [" and ".join(map(_described, group.slots)) or "nothing" for group in provider.requirement]


def _unmet(attempts: list[list[FilledSlot]]) -> Evaluation:
    if not attempts:
        return Evaluation(None, "no login was found")
    closest = min(attempts, key=_distance) if len(attempts) > 1 else attempts[0]
    unfilled = tuple([each for each in closest if each.fault])
    wrong = next(((each.fault, each.remedy) for each in unfilled if each.is_wrong), ("", ""))
    faults = "; ".join([each.fault for each in unfilled])
    return Evaluation(None, faults, remedy(unfilled), wrong=wrong, unfilled=unfilled)


def nearest(provider: Provider, environment: Environment) -> list[FilledSlot]:
    """Return the slots of the group that is met, or else of the one that lacks least."""
    attempts = [[fill(slot, environment) for slot in group.slots] for group in provider.requirement]
    return min(attempts, key=lambda each: (any(slot.fault for slot in each), _distance(each)), default=[])


def _distance(filled: list[FilledSlot]) -> tuple[bool, int]:
    has_secret = any(each.slot.secret and (each.source or each.attempted or each.found.expired) for each in filled)
    return not has_secret, sum(1 for each in filled if each.fault)


def _described(slot: Slot) -> str:
    # All alternatives may have been removed; then the slot's name remains.
    text = _either([*variables_of(slot), *paths_of(slot), *commands_of(slot)]) or slot.name
    return f"{text} (default {slot.default})" if slot.default else text


def remedy(unfilled: Sequence[FilledSlot]) -> str:
    """Return what to do about slots that are not filled."""
    wrong, absent, files, logins = [], [], [], []
    for each in unfilled:
        advice = each.remedy or each.slot.remedy
        if each.found.expired or each.remedy or (advice and not each.source):
            logins.append(advice or "Log in again.")
        elif (names := variables_of(each.slot)) and each.attempted in names:
            wrong.append(each.attempted)
        elif names:
            absent.append(_either(names[:3]))
        elif paths := paths_of(each.slot):
            files.append(f"Put it into {_either(paths)}.")
    sentences = [f"Correct {' and '.join(dict.fromkeys(wrong))}."] if wrong else []
    sentences += [f"Set {' and '.join(absent)}."] if absent else []
    return " ".join(dict.fromkeys([*sentences, *files, *logins]))


def _either(names: list[str]) -> str:
    return f"{names[0]} (or {' or '.join(names[1:])})" if len(names) > 1 else "".join(names)
