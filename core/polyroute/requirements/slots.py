"""Find the values that fill the slots of a provider's requirement in one environment."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from polyroute._internal.secret_memory import moment, secret_in
from polyroute._internal.terminal import some_of
from polyroute._internal.variable_references import referred, split, with_defaults
from polyroute.base_url import bare, meant, normalized, within
from polyroute.environment import COMMAND, GLOBAL, HOST, PROCESS, PROJECT, Environment
from polyroute.named_tuples import NamedTuple
from polyroute.types import Alternative, Check, Slot, Source

Prefixes = Mapping[str, tuple[str, ...]]
"""For each text with which keys begin, the providers that make such keys."""
_READABLE = (HOST, PROCESS, PROJECT, GLOBAL)
"""The layers of which a secret can be looked at without opening anything."""
WANTED: dict[Check, str] = {
    "slug": "must be a bare name of letters, digits, - and _",
    "segment": "must be a name of letters, digits, -, _, . and :",
    "host": "must be a bare host name",
    "url": "must be an http or https address without query or user name",
}
"""What a value must be to be filled into a base URL or a header, as a part of a sentence."""


class FoundValue(NamedTuple):
    """The result of looking up one alternative."""

    source: Source | None = None
    """None if nothing was found."""
    value: str = ""
    """Empty for a secret: only its presence is checked."""
    expires_at: float | None = None
    expired: str = ""
    """If the value has expired, a message that says when."""


_NOTHING = FoundValue()


class FilledSlot(NamedTuple):
    """The result of looking up one slot."""

    slot: Slot
    found: FoundValue
    fault: str = ""
    """Why the slot is not filled; empty if it is."""
    attempted: str = ""
    """A variable of the slot that is set, whether or not its value is valid."""
    remedy: str = ""
    """What the user does to fill it, if that is known better than from the slot."""
    is_wrong: bool = False
    """Whether something is set for it that can't be used."""
    passed_over: tuple[str, str] = ("", "")
    """Why something that is set before what was found is not used, and the remedy."""

    @property
    def source(self) -> Source | None:
        """Where the value was found; None for a default, or if there is no value."""
        return self.found.source

    @property
    def value(self) -> str:
        """The value of the slot; empty for a secret."""
        return self.found.value


class Judge(NamedTuple):
    """What is known of the keys of the provider whose slots are filled."""

    provider: str = ""
    prefixes: Prefixes = MappingProxyType({})
    """With what keys begin, of which the provider of each is known."""
    takes_any: bool = True
    """Whether it is called at the user's own address, where anything may be a key."""


def fill(slot: Slot, environment: Environment, judge: Judge = Judge()) -> FilledSlot:  # noqa: B008 - it is immutable
    """Return the first alternative that was found, else the default, else the reason why there is none."""
    expired, no_key = "", None
    for alternative in slot.alternatives:
        found = _look(alternative, slot.secret, environment)
        if found.source is None:
            expired = expired or found.expired
            if _leads_nowhere(alternative, environment):  # those who made the variable look no further either
                return FilledSlot(slot, found, _not_set(slot, [alternative.variable]), alternative.variable)
        elif slot.secret and (why := no_key_of(found.source, environment, judge))[0]:
            no_key = no_key or FilledSlot(slot, FoundValue(), why[0], found.source.name, why[1], True)
            if other := further(found.source, environment, judge):
                return FilledSlot(slot, FoundValue(other), passed_over=why)
        else:
            return _with_value(slot, found, found.source, no_key)
    if no_key:
        return no_key
    if slot.default:
        return unset(slot)
    if listed := _sections(slot, environment):
        return FilledSlot(slot, FoundValue(expired=expired), *listed)
    attempted = [name for each in slot.alternatives for name in named(each) if environment.source(name)]
    first = attempted[0] if attempted else ""
    return FilledSlot(slot, FoundValue(expired=expired), expired or _not_set(slot, attempted), first)


def unset(slot: Slot) -> FilledSlot:
    """Return the slot where nothing is that it could be filled with: its default, else the reason why there is none."""
    if slot.default:
        return FilledSlot(slot, FoundValue(value=normalized(slot.default) if slot.check else slot.default))
    return FilledSlot(slot, _NOTHING, _not_set(slot, []))


def _with_value(slot: Slot, found: FoundValue, source: Source, no_key: FilledSlot | None) -> FilledSlot:
    """Return the slot with what was found, or why it can't be filled in; `no_key` is what was passed over."""
    if not slot.check:
        return FilledSlot(slot, found, passed_over=(no_key.fault, no_key.remedy) if no_key else ("", ""))
    value = _formed(found.value, slot)
    fault = "" if value else f"{source.name or source.path} {WANTED[slot.check]}"
    return FilledSlot(slot, found._replace(value=value), fault, source.name)


def further(source: Source, environment: Environment, judge: Judge) -> Source | None:
    """Return the next layer with a value of the same variable that may be a key; None if there is none."""
    others = (each for each in environment.sources(source.name) if each != source)
    return next((each for each in others if not no_key_of(each, environment, judge)[0]), None)


def no_key_of(source: Source, environment: Environment, judge: Judge) -> tuple[str, str]:
    """Return why the whole value of a variable is no key of the provider, and the remedy; empty if it may be one."""
    if source.layer not in _READABLE:
        return "", ""
    value = environment.setting(source.name, layer=source.layer) or ""
    if not value or source.path or source.field:
        return "", ""
    from polyroute.requirements import key_values

    why = key_values.fault(value) or (not judge.takes_any and key_values.placeholder(source.name, value))
    if why:
        return f"{source} {why}", f"Correct or unset {source.name}."
    start, makers = key_values.makers(judge.provider, value, judge.prefixes) if not judge.takes_any else ("", ())
    if not makers:
        return "", ""
    store = " or ".join(f"`polyroute keys set {name}`" for name in makers[:2])
    return f"{source} has a key of {some_of(makers)} ({start}…)", f"Correct {source.name}. To use this key: {store}."


def _formed(text: str, slot: Slot) -> str:
    """Return a setting as it stands in a base URL; empty if it does not have the form that is checked."""
    text = next((found for form in slot.forms if (found := within(text, form))), text)
    return bare(meant(text, slot) if slot.check == "url" else text, slot.check) if slot.check else text


def _leads_nowhere(alternative: Alternative, environment: Environment) -> bool:
    """Return whether a variable is set that names a file which does not exist."""
    if not alternative.names_file or alternative.json_field or environment.source(alternative.variable) is None:
        return False
    return bool(environment.setting(alternative.variable))


def _sections(slot: Slot, environment: Environment) -> tuple[str, str, str, bool] | None:
    """Return what is wrong if another section would do, the variable, the remedy and whether the variable is set."""
    wanted, variable, others = "", "", dict[str, None]()
    for each in slot.alternatives if slot.secret else ():
        before, references = split(each.section)
        if not references:
            continue
        variable = next(filter(environment.source, referred(each.section)), references[0][0])
        wanted = environment.path(each.section).removeprefix(before)
        for name, settings in environment.read_sections(_path(each, environment)).items():
            plain = name.removeprefix(before)
            if name.startswith(before) and " " not in plain and any(settings.get(key) for key in each.keys):
                others[plain] = None
    if not others:
        return None
    there = some_of(sorted(others))
    said = f"{variable} is {wanted!r}" if environment.source(variable) else f"{variable} is not set"
    why = f"{said}, and there is no {slot.name} of the name {wanted!r}; there are {there}"
    remedy = f"Set {variable} to one of them. {slot.remedy}".rstrip()
    return why, variable, remedy, environment.source(variable) is not None


def named(alternative: Alternative) -> Sequence[str]:
    """Return the variables that an alternative reads."""
    own = (alternative.variable, *alternative.variables) if alternative.variable else alternative.variables
    if not alternative.file:
        return own
    texts = (alternative.file, alternative.name_file, alternative.section)
    return *own, *(name for text in texts for name in referred(text))


def variables_of(slot: Slot) -> list[str]:
    """Return the variables that may fill the slot."""
    return list(dict.fromkeys(each.variable for each in slot.alternatives if each.variable))


def paths_of(slot: Slot) -> list[str]:
    """Return the paths of files that may fill the slot, with the defaults of variables in them."""
    return list(dict.fromkeys([with_defaults(each.file) for each in slot.alternatives if each.file]))


def commands_of(slot: Slot) -> list[str]:
    """Return the commands that may fill the slot, quoted as for a shell."""
    return [f"`{command_name(each.command)}`" for each in slot.alternatives if each.command]


def command_name(command: Sequence[str]) -> str:
    """Return a command quoted as for a shell; this is also the name of its source."""
    import shlex

    return shlex.join(command)


def _look(alternative: Alternative, secret: bool, environment: Environment) -> FoundValue:
    """Look up one alternative; of a secret, only its presence is reported."""
    if alternative.variable:
        return _look_in_variable(alternative, secret, environment)
    if alternative.command:  # whether it prints a secret is known only when it is run
        return FoundValue(Source(COMMAND, command_name(alternative.command), field=alternative.json_field))
    path = _path(alternative, environment)
    look = _looking(alternative, environment)
    if not look(path):
        return FoundValue()
    source = Source(environment.layer_of(alternative.file), path=path)
    if alternative.section:
        return _look_in_section(alternative, source, secret, environment)
    if alternative.json_field:
        return _look_in_json(alternative, source, environment.read(path) or "", secret)
    return FoundValue(source, path)


def _looking(alternative: Alternative, environment: Environment) -> Callable[[str], object]:
    """Return the function that says what there is at the path of an alternative, as far as it is needed."""
    if alternative.section:
        return environment.read_sections
    return environment.read if alternative.json_field else environment.exists


def _path(alternative: Alternative, environment: Environment) -> str:
    """Return the path of the file of an alternative; empty if a name in it is not one of a file."""
    path = environment.path(alternative.file)
    if not alternative.name_file:
        return path
    name = (environment.read(environment.path(alternative.name_file)) or "default").strip()
    return path.replace("*", name) if re.fullmatch(r"[\w-][\w.-]*", name) else ""


def _look_in_variable(alternative: Alternative, secret: bool, environment: Environment) -> FoundValue:
    source = environment.source(alternative.variable)
    if source is None:
        return FoundValue()
    value = environment.setting(alternative.variable) or ""
    if not (value or secret):  # it is in the keyring, which has no settings
        return FoundValue()
    if alternative.names_file:
        path = environment.path(value)
        if alternative.json_field:
            text = environment.read(path) or ""
            return _look_in_json(alternative, source._replace(path=path), text, secret)
        return FoundValue(source._replace(path=path), path) if environment.exists(path) else FoundValue()
    if alternative.json_field:
        return _look_in_json(alternative, source, value, secret)
    return FoundValue(source, "" if secret else value)


def _look_in_json(alternative: Alternative, source: Source, text: str, secret: bool) -> FoundValue:
    found = secret_in(text, alternative.json_field, alternative.expires_field)
    if not found.value:
        return FoundValue()
    if found.expires_at is not None and found.expires_at <= time.time():
        return FoundValue(expired=f"the secret in {source.name or source.path} expired on {moment(found.expires_at)}")
    source = source._replace(field=alternative.json_field, expires=alternative.expires_field)
    return FoundValue(source, "" if secret else found.value, found.expires_at)


def _look_in_section(alternative: Alternative, source: Source, secret: bool, environment: Environment) -> FoundValue:
    section = environment.path(alternative.section)
    settings = environment.read_sections(source.path).get(section, {})
    for key in alternative.keys:
        if value := settings.get(key, "").strip():
            return FoundValue(source._replace(section=section, field=key), "" if secret else value)
    return FoundValue()


def _not_set(slot: Slot, attempted: list[str]) -> str:
    """Return why no alternative was found: nothing is set, or what is set leads nowhere."""
    for each in slot.alternatives:
        if each.variable in attempted and each.names_file:
            return f"the file that {each.variable} names does not exist"
        if each.variable in attempted and each.json_field:
            return f"{each.variable} has no field {each.json_field}"
    names = variables_of(slot)
    if attempted or not names:
        return f"no {slot.name} was found" + (f" where {attempted[0]} leads" if attempted else "")
    return f"{names[0]} is not set" if len(names) == 1 else f"{some_of(names, 3)}: none is set"
