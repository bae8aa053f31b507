"""Looking for what fills a slot of a provider's requirement, in one environment."""

import re
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from polyroute.base_url import bare
from polyroute.environment import COMMAND, Environment
from polyroute.logins import Source
from polyroute.secret_values import moment, secret_in
from polyroute.types import Alternative, Check, Slot

_REFERENCE = r"\$\{(\w+)"
_WANTED: dict[Check, str] = {
    "slug": "must be a bare name of letters, digits, - and _",
    "host": "must be a bare host name",
    "url": "must be an http or https address without query or user name",
}


class Found(NamedTuple):
    """What one alternative holds."""

    source: Source | None = None
    """None where it is not there."""
    value: str = ""
    """Empty for a secret, of which it is enough that it is there."""
    expires_at: float | None = None
    expired: str = ""
    """Where it is not there any more, since when, in words."""


class Filled(NamedTuple):
    """What looking for one slot gave."""

    slot: Slot
    found: Found
    fault: str = ""
    """Why the slot is not filled; empty where it is."""
    attempted: str = ""
    """A variable that was set for it, right or wrong."""

    @property
    def source(self) -> Source | None:
        """Where the value is; None for a default, and where there is none."""
        return self.found.source

    @property
    def value(self) -> str:
        """What fills the slot; empty for a secret."""
        return self.found.value


def fill(slot: Slot, environment: Environment) -> Filled:
    """The first alternative that is there, else the default, else why there is none."""
    expired = ""
    for alternative in slot.alternatives:
        found = _look(alternative, slot.secret, environment)
        if found.source is None:
            expired = expired or found.expired
        elif not slot.check:
            return Filled(slot, found)
        else:
            value, name = bare(found.value, slot.check), found.source.name
            fault = "" if value else f"{name or found.source.path} {_WANTED[slot.check]}"
            return Filled(slot, found._replace(value=value), fault, name)
    if slot.default:
        return Filled(slot, Found(value=slot.default))
    attempted = [name for each in slot.alternatives for name in named(each) if environment.source(name)]
    first = attempted[0] if attempted else ""
    return Filled(slot, Found(expired=expired), expired or _not_set(slot, attempted), first)


def named(alternative: Alternative) -> Iterable[str]:
    """The variables that an alternative looks at."""
    if alternative.variable:
        yield alternative.variable
    yield from alternative.variables
    for text in (alternative.file, alternative.section):
        if "$" in text:
            yield from re.findall(_REFERENCE, text)


def variables_of(slot: Slot) -> list[str]:
    """The variables that it is looked for in."""
    return list(dict.fromkeys(each.variable for each in slot.alternatives if each.variable))


def paths_of(slot: Slot) -> list[str]:
    """The paths that it is looked for at, with what variables in them usually are."""
    files = (re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", each.file) for each in slot.alternatives if each.file)
    return list(dict.fromkeys(files))


def commands_of(slot: Slot) -> list[str]:
    """The commands that are run for it, as a shell has them."""
    return [f"`{command_name(each.command)}`" for each in slot.alternatives if each.command]


def command_name(command: Sequence[str]) -> str:
    """A command as a shell has it: what its source is called."""
    import shlex

    return shlex.join(command)


def _look(alternative: Alternative, secret: bool, environment: Environment) -> Found:
    """What an alternative holds, of a secret only that it is there."""
    if alternative.variable:
        return _look_in_variable(alternative, secret, environment)
    if alternative.command:  # whether it gives a secret is known when it is run
        return Found(Source(COMMAND, command_name(alternative.command), field=alternative.json_field))
    path = environment.path(alternative.file)
    source = Source(environment.layer_of(alternative.file), path=path)
    if alternative.section:
        return _look_in_section(alternative, source, secret, environment)
    if alternative.json_field:
        return _look_in_json(alternative, source, environment.read(path) or "", secret)
    return Found(source, path) if environment.exists(path) else Found()


def _look_in_variable(alternative: Alternative, secret: bool, environment: Environment) -> Found:
    source = environment.source(alternative.variable)
    if source is None:
        return Found()
    value = environment.setting(alternative.variable) or ""
    if not (value or secret):  # it is in the keyring, which holds no settings
        return Found()
    if alternative.names_file:
        path = environment.path(value)
        return Found(source._replace(path=path), path) if environment.exists(path) else Found()
    if alternative.json_field:
        return _look_in_json(alternative, source, value, secret)
    return Found(source, "" if secret else value)


def _look_in_json(alternative: Alternative, source: Source, text: str, secret: bool) -> Found:
    found = secret_in(text, alternative.json_field, alternative.expires_field)
    if not found.value:
        return Found()
    if found.expires_at is not None and found.expires_at <= time.time():
        return Found(expired=f"what {source.name or source.path} holds expired on {moment(found.expires_at)}")
    source = source._replace(field=alternative.json_field, expires=alternative.expires_field)
    return Found(source, "" if secret else found.value, found.expires_at)


def _look_in_section(alternative: Alternative, source: Source, secret: bool, environment: Environment) -> Found:
    section = environment.path(alternative.section)
    settings = environment.read_section(source.path, section)
    for key in alternative.keys:
        if value := settings.get(key, "").strip():
            return Found(source._replace(section=section, field=key), "" if secret else value)
    return Found()


def _not_set(slot: Slot, attempted: list[str]) -> str:
    """Why no alternative is there: nothing is set, or what is set leads nowhere."""
    for each in slot.alternatives:
        if each.variable in attempted and each.names_file:
            return f"the file that {each.variable} names does not exist"
        if each.variable in attempted and each.json_field:
            return f"{each.variable} holds no {each.json_field}"
    names = variables_of(slot)
    if attempted or not names:
        return f"no {slot.name} was found" + (f" where {attempted[0]} leads" if attempted else "")
    return f"{names[0]} is not set" if len(names) == 1 else f"{', '.join(names)}: none is set"
