"""Evaluating what providers say they need against one environment."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from polyroute.environment import PROJECT, Environment
from polyroute.system.documents import json_text
from polyroute.types import Alternative, Check, Credential, Group, Provider, Slot, Source

_PLACEHOLDER = r"\$\{(\w+)\}"
_REFERENCE = r"\$\{(\w+)"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# Patterns as text: `re` compiles (and keeps) them when first used, and most runs use none.
_SHAPES: dict[Check, str] = {
    "slug": r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}",
    "host": rf"{_LABEL}(?:\.{_LABEL})*(?::\d{{1,5}})?",
    "url": rf"https?://(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\])(?::\d{{1,5}})?(?:/[\w.~/-]*)?",
}
_WANTED: dict[Check, str] = {
    "slug": "must be a bare name of letters, digits, - and _",
    "host": "must be a bare host name",
    "url": "must be an http or https address without query or user name",
}

Readers = Mapping[str, tuple[str, ...]]
"""For each variable, the providers that read it as a secret."""


class Evaluation(NamedTuple):
    """What looking for one provider's requirement gave: a credential, or what is missing."""

    credential: Credential | None
    reason: str
    remedy: str = ""
    values: Mapping[str, str] = {}
    """The settings found, by slot, to be filled into base URLs."""


class _Filled(NamedTuple):
    slot: Slot
    value: str
    source: Source | None
    fault: str = ""
    """Why the slot is not filled; empty where it is."""
    attempted: str = ""
    """A variable that was set for it, right or wrong."""


def evaluate(provider: Provider, environment: Environment, readers: Readers) -> Evaluation:
    """Look for each group of the provider's requirement, and take the first that is met."""
    attempts = [(group, [_fill(slot, environment) for slot in group.slots]) for group in provider.requirement]
    for group, filled in attempts:
        if not any(each.fault for each in filled):
            return _met(provider, group, filled, readers)
    return _unmet(attempts)


def base_url(provider: Provider, template: str, values: Mapping[str, str]) -> str:
    """Fill `template` (by default the provider's own base URL) with the settings found; empty if one is missing."""
    cases = (case.base_url for case in provider.base_url_cases if values.get(case.slot) == case.value)
    usual = next(cases, provider.base_url)
    template = template.replace(provider.base_url, usual, 1) if template else usual
    if "$" not in template:
        return template
    if any(name not in values for name in re.findall(_PLACEHOLDER, template)):
        return ""
    return re.sub(_PLACEHOLDER, lambda found: values[found[1]], template)


def variables(provider: Provider) -> Iterable[str]:
    """Every variable that can change how the provider's requirement is evaluated."""
    for alternative in alternatives(provider):
        yield from named(alternative)


def secret_variables(provider: Provider) -> set[str]:
    """The variables in which the provider's secrets are looked for."""
    slots = (slot for group in provider.requirement for slot in group.slots if slot.secret)
    return {each.variable for slot in slots for each in slot.alternatives if each.variable}


def wanted(provider: Provider) -> list[str]:
    """Each group of the provider's requirement in words."""
    return [" and ".join(map(_described, group.slots)) or "nothing" for group in provider.requirement]


def depends_on_variables_only(provider: Provider) -> bool:
    """Whether a provider none of whose variables is set is certain to be without credential."""
    if any(alternative.file for alternative in alternatives(provider)):
        return False
    return all(any(not slot.default for slot in group.slots) for group in provider.requirement)


def named(alternative: Alternative) -> Iterable[str]:
    """The variables that an alternative looks at."""
    if alternative.variable:
        yield alternative.variable
    for text in (alternative.file, alternative.section):
        if "$" in text:
            yield from re.findall(_REFERENCE, text)


def alternatives(provider: Provider) -> Iterable[Alternative]:
    """Every alternative of every slot of the provider's requirement."""
    for group in provider.requirement:
        for slot in group.slots:
            yield from slot.alternatives


def _fill(slot: Slot, environment: Environment) -> _Filled:
    for alternative in slot.alternatives:
        source, value = _look(alternative, slot.secret, environment)
        if source is None:
            continue
        if not slot.check:
            return _Filled(slot, value, source)
        bare = _bare(value, slot.check)
        fault = "" if bare else f"{source.name or source.path} {_WANTED[slot.check]}"
        return _Filled(slot, bare, source, fault, source.name)
    if slot.default:
        return _Filled(slot, slot.default, None)
    attempted = [name for each in slot.alternatives for name in named(each) if environment.source(name)]
    return _Filled(slot, "", None, _not_set(slot, attempted), attempted[0] if attempted else "")


def _look(alternative: Alternative, secret: bool, environment: Environment) -> tuple[Source | None, str]:
    """Where the alternative is there, and its value; for a secret that it is there is enough."""
    if alternative.variable:
        return _look_in_variable(alternative, secret, environment)
    path = environment.path(alternative.file)
    source = Source(environment.layer_of(alternative.file), path=path)
    if alternative.section:
        return _look_in_section(alternative, source, secret, environment)
    if alternative.json_field:
        return _look_in_json(alternative, source, environment.read(path) or "", secret)
    return (source, path) if environment.exists(path) else (None, "")


def _look_in_variable(alternative: Alternative, secret: bool, environment: Environment) -> tuple[Source | None, str]:
    source = environment.source(alternative.variable)
    if source is None:
        return None, ""
    value = environment.setting(alternative.variable) or ""
    if not (value or secret):  # it is in the keyring, which holds no settings
        return None, ""
    if alternative.names_file:
        path = environment.path(value)
        return (source._replace(path=path), path) if environment.exists(path) else (None, "")
    if alternative.json_field:
        return _look_in_json(alternative, source, value, secret)
    return source, "" if secret else value


def _look_in_json(alternative: Alternative, source: Source, text: str, secret: bool) -> tuple[Source | None, str]:
    value = json_text(text, alternative.json_field)
    return (source._replace(field=alternative.json_field), "" if secret else value) if value else (None, "")


def _look_in_section(
    alternative: Alternative, source: Source, secret: bool, environment: Environment
) -> tuple[Source | None, str]:
    section = environment.path(alternative.section)
    settings = environment.read_section(source.path, section)
    for key in alternative.keys:
        if value := settings.get(key, "").strip():
            return source._replace(section=section, field=key), "" if secret else value
    return None, ""


def _bare(value: str, check: Check) -> str:
    """The value without what people write around a host (`https://…/`), or nothing if it has another shape."""
    value = value.rstrip("/")
    if check == "host":
        value = value.removeprefix("https://")
    return value if re.fullmatch(_SHAPES[check], value, re.ASCII) else ""


def _met(provider: Provider, group: Group, filled: list[_Filled], readers: Readers) -> Evaluation:
    source = _source_of_secret(filled) if group.kind != "none" else None
    steering = _steering(filled, source)
    values = {each.slot.name: each.value for each in filled if _may_stand_in_url(each) and each not in steering}
    endpoint = base_url(provider, "", values)
    if not endpoint and steering:
        fault = f"{steering[0].source} may not decide where {source} is sent"
        return Evaluation(None, fault, "Set both in the same place.")
    if not endpoint:
        return Evaluation(None, f"no base URL is known for {provider.id}", "Correct its settings or its plugin.")
    others = readers.get(source.name, ()) if source else ()
    shared = tuple(other for other in others if other != provider.id)
    credential = Credential(provider.id, endpoint, group.kind, source, shared)
    return Evaluation(credential, _reason(credential), values=values)


def _source_of_secret(filled: list[_Filled]) -> Source | None:
    ranked = sorted(filled, key=lambda each: not each.slot.secret)
    return next((each.source for each in ranked if each.source), None)


def _may_stand_in_url(each: _Filled) -> bool:
    """Settings that were checked, or that are bare names in any case."""
    return not each.slot.secret and bool(each.slot.check or _bare(each.value, "slug"))


def _steering(filled: list[_Filled], secret: Source | None) -> list[_Filled]:
    """Settings from a project's file, which must not decide where a key goes that is not the project's own.

    A key in a file is never the project's own, even where the project names the file.
    """
    if secret is None or (secret.layer == PROJECT and not secret.path):
        return []
    return [each for each in filled if not each.slot.secret and each.source and each.source.layer == PROJECT]


def _reason(credential: Credential) -> str:
    if credential.source is None:
        return "no key is needed; whether the server runs is not checked"
    if not credential.shared_with:
        return f"found {credential}"
    others = ", ".join(credential.shared_with)
    return f"found {credential}, a variable shared with {others}: it may be meant for one of them"


def _unmet(attempts: list[tuple[Group, list[_Filled]]]) -> Evaluation:
    if not attempts:
        return Evaluation(None, "no login was found")
    nearest = min((filled for _, filled in attempts), key=_distance)
    missing = [each for each in nearest if each.fault]
    return Evaluation(None, "; ".join(each.fault for each in missing), _remedy(missing))


def _distance(filled: list[_Filled]) -> tuple[bool, int]:
    has_secret = any(each.slot.secret and (each.source or each.attempted) for each in filled)
    return not has_secret, sum(1 for each in filled if each.fault)


def _described(slot: Slot) -> str:
    files = [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", each.file) for each in slot.alternatives if each.file]
    text = _either([*_names(slot), *dict.fromkeys(files)]) or slot.name  # where all is withheld
    return f"{text} (default {slot.default})" if slot.default else text


def _names(slot: Slot) -> list[str]:
    return list(dict.fromkeys(each.variable for each in slot.alternatives if each.variable))


def _not_set(slot: Slot, attempted: list[str]) -> str:
    """Why no alternative is there: nothing is set, or what is set leads nowhere."""
    for each in slot.alternatives:
        if each.variable in attempted and each.names_file:
            return f"the file that {each.variable} names does not exist"
        if each.variable in attempted and each.json_field:
            return f"{each.variable} holds no {each.json_field}"
    names = _names(slot)
    if attempted or not names:
        return f"no {slot.name} was found" + (f" where {attempted[0]} leads" if attempted else "")
    return f"{names[0]} is not set" if len(names) == 1 else f"{', '.join(names)}: none is set"


def _remedy(missing: list[_Filled]) -> str:
    """What to do about slots that are not filled, exactly these and nothing else."""
    plain = [each for each in missing if each.source or not each.slot.remedy]
    wrong = [each.attempted for each in plain if each.attempted in _names(each.slot)]
    absent = [_either(_names(each.slot)) for each in plain if each.attempted not in _names(each.slot)]
    sentences = [f"Correct {' and '.join(wrong)}."] if wrong else []
    sentences += [f"Set {' and '.join(absent)}."] if absent else []
    return " ".join([*sentences, *(each.slot.remedy for each in missing if each not in plain)])


def _either(names: list[str]) -> str:
    return f"{names[0]} (or {' or '.join(names[1:])})" if len(names) > 1 else "".join(names)
