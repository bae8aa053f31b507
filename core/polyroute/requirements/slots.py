"""Find the values that fill the slots of a provider's requirement in one environment."""

import re
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from polyroute._internal.secret_memory import moment, secret_in
from polyroute.base_url import bare, is_bare
from polyroute.environment import COMMAND, Environment
from polyroute.types import Alternative, Check, Slot, Source

_REFERENCE = r"\$\{(\w+)"
WANTED: dict[Check, str] = {
    "slug": "must be a bare name of letters, digits, - and _",
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


class FilledSlot(NamedTuple):
    """The result of looking up one slot."""

    slot: Slot
    found: FoundValue
    fault: str = ""
    """Why the slot is not filled; empty if it is."""
    attempted: str = ""
    """A variable of the slot that is set, whether or not its value is valid."""

    @property
    def source(self) -> Source | None:
        """Where the value was found; None for a default, or if there is no value."""
        return self.found.source

    @property
    def value(self) -> str:
        """The value of the slot; empty for a secret."""
        return self.found.value


def fill(slot: Slot, environment: Environment) -> FilledSlot:
    """Return the first alternative that was found, else the default, else the reason why there is none."""
    expired = ""
    for alternative in slot.alternatives:
        found = _look(alternative, slot.secret, environment)
        if found.source is None:
            expired = expired or found.expired
        elif not slot.check:
            return FilledSlot(slot, found)
        else:
            value, name = bare(found.value, slot.check), found.source.name
            fault = "" if value else f"{name or found.source.path} {WANTED[slot.check]}"
            return FilledSlot(slot, found._replace(value=value), fault, name)
    if slot.default:
        if slot.check and not is_bare(slot.default, slot.check):
            return FilledSlot(
                slot, FoundValue(), f"the default of {slot.name} {WANTED[slot.check]}: correct its plugin"
            )
        return FilledSlot(slot, FoundValue(value=bare(slot.default, slot.check) if slot.check else slot.default))
    attempted = [name for each in slot.alternatives for name in named(each) if environment.source(name)]
    first = attempted[0] if attempted else ""
    return FilledSlot(slot, FoundValue(expired=expired), expired or _not_set(slot, attempted), first)


def named(alternative: Alternative) -> Iterable[str]:
    """Yield the variables that an alternative reads."""
    if alternative.variable:
        yield alternative.variable
    yield from alternative.variables
    for text in (alternative.file, alternative.section):
        if "$" in text:
            yield from re.findall(_REFERENCE, text)


def variables_of(slot: Slot) -> list[str]:
    """Return the variables that may fill the slot."""
    return list(dict.fromkeys(each.variable for each in slot.alternatives if each.variable))


def paths_of(slot: Slot) -> list[str]:
    """Return the paths of files that may fill the slot, with the defaults of variables in them."""
    files = (re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", each.file) for each in slot.alternatives if each.file)
    return list(dict.fromkeys(files))


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
    path = environment.path(alternative.file)
    source = Source(environment.layer_of(alternative.file), path=path)
    if alternative.section:
        return _look_in_section(alternative, source, secret, environment)
    if alternative.json_field:
        return _look_in_json(alternative, source, environment.read(path) or "", secret)
    return FoundValue(source, path) if environment.exists(path) else FoundValue()


def _look_in_variable(alternative: Alternative, secret: bool, environment: Environment) -> FoundValue:
    source = environment.source(alternative.variable)
    if source is None:
        return FoundValue()
    value = environment.setting(alternative.variable) or ""
    if not (value or secret):  # it is in the keyring, which has no settings
        return FoundValue()
    if alternative.names_file:
        path = environment.path(value)
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
    settings = environment.read_section(source.path, section)
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
    return f"{names[0]} is not set" if len(names) == 1 else f"{', '.join(names)}: none is set"
