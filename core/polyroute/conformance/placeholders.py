"""Checks of `${slot}`, which is filled in only in base URLs and headers, and only if the slot exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from polyroute.base_url import placeholders
from polyroute.conformance.terms import Terms, near
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.manifests.description import Description
from polyroute.results import Finding
from polyroute.types import Group, Model, Provider, Slot
from polyroute.types.declarations import ID_SENT

_APART = ("base_url", "headers", "requirement")
_OF_OTHERS = ("file", "section", "command")
"""Fields in which `${NAME}` is a variable of the environment or of a shell."""


class Template(NamedTuple):
    """A base URL or a header's value, and the groups whose slots are filled into it."""

    place: str
    text: str
    groups: tuple[Group, ...]

    @property
    def names(self) -> list[str]:
        """The distinct slots that it names."""
        return placeholders(self.text)


def findings(found: Description, terms: Terms) -> Iterator[Finding]:
    """Yield the findings about the placeholders in a description."""
    models: dict[str, list[Model]] = {}
    for model in found.models:
        models.setdefault(model.provider, []).append(model)
    for provider in found.providers:
        slots = {slot.name: slot for group in provider.requirement for slot in group.slots}
        own = models.get(provider.id, [])
        yield from _loose([provider, *slots.values(), *own], provider.id, slots, terms)
        for template in _templates(provider, own, terms):
            yield from _filled(template, slots, provider, terms)
        yield from _cases(provider, slots, terms)
        yield from _unchecked(provider, own, slots, terms)
    for each in found.routeability:
        yield from _loose([each], each.gateway, {}, terms)
    for probe in found.probes:
        yield from _loose([probe], probe.provider, {}, terms)
    for fetched in found.lists:
        yield from _loose([fetched], fetched.provider, {}, terms)


def _loose(items: Iterable[Any], provider: str, slots: Mapping[str, Slot], terms: Terms) -> Iterator[Finding]:
    """Yield placeholders in texts that are not filled in."""
    for item in items:
        for field, text in _texts(item):
            names = set(placeholders(text))
            if field.endswith("remedy"):  # which may quote a command of a shell
                names &= slots.keys()
            elif field == "unlisted.models":  # in which they stand for parts of an ID
                names -= {*slots, ID_SENT}
            if names and field != "address.ending":
                message = f"{terms.place(item, field, provider)} has ${{{min(names)}}}, which is not filled in there"
                remedy = "Write the value: placeholders are filled in only in base URLs and headers."
                yield Finding("placeholder-unfilled", "error", message, remedy)


def _texts(item: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts in a record with their paths, except those with placeholders to fill in."""
    for name, value in zip(item._fields, item, strict=True):
        if name not in _APART and name not in _OF_OTHERS:
            yield from _in_value(name, value)


def _in_value(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif hasattr(value, "_fields"):
        yield from ((f"{path}.{inner}", text) for inner, text in _texts(value))
    elif isinstance(value, tuple | frozenset | Mapping):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _in_value(path, each)


def _templates(provider: Provider, models: Iterable[Model], terms: Terms) -> Iterator[Template]:
    """Yield all texts that are filled in for a provider; a text that several models share is yielded once."""
    yield Template(terms.place(provider, "base_url", provider.id), provider.base_url, provider.requirement)
    for index, case in enumerate(provider.base_url_cases):
        place = terms.place(provider, f"base_url_cases[{index}].base_url", provider.id)
        groups = (each for each in provider.requirement if case.slot in _names(each))
        yield Template(place, case.base_url, tuple(groups))
    if provider.address:
        place = terms.place(provider, "address.ending", provider.id)
        yield Template(place, provider.address.ending, provider.requirement)
    seen = set()
    items: list[Provider | Model] = [provider, *models]
    for item in items:
        texts = [(f"headers.{name}", value) for name, value in item.headers]
        for field, text in [*texts, *([("base_url", item.base_url)] if isinstance(item, Model) else [])]:
            if "$" in text and (field, text) not in seen:
                seen.add((field, text))
                yield Template(terms.place(item, field, provider.id), text, provider.requirement)


def _filled(template: Template, slots: Mapping[str, Slot], provider: Provider, terms: Terms) -> Iterator[Finding]:
    """Yield the slots that a base URL or a header names, but that can't be filled in."""
    for name in template.names:
        if name not in slots:
            yield _unknown(f"{template.place} names the slot {name!r}", name, slots, provider)
        elif slots[name].secret:
            message = f"{template.place} names the slot {name!r}, which is secret: it is never filled in"
            remedy = f"Remove it: {terms.words('`auth`', 'AuthHeader(...)')} declares where the key goes."
            yield Finding("slot-secret", "error", message, remedy)
        else:
            yield from _lacking(template, name, provider, terms)


def _lacking(template: Template, name: str, provider: Provider, terms: Terms) -> Iterator[Finding]:
    for group in template.groups:
        if name not in _names(group):
            known = ", ".join(_names(group)) or "without any slot"
            where = terms.place(provider, terms.words("groups", "requirement"), provider.id)
            message = f"{template.place} names the slot {name!r}, which the group ({known}) in {where} lacks"
            remedy = f"Add {name!r} to that group: {provider.id} can't be called if only that group is met."
            yield Finding("slot-missing", "error", message, remedy)


def _cases(provider: Provider, slots: Mapping[str, Slot], terms: Terms) -> Iterator[Finding]:
    for index, case in enumerate(provider.base_url_cases):
        if case.slot not in slots:
            place = terms.place(provider, f"base_url_cases[{index}].slot", provider.id)
            yield _unknown(f"{place} is {case.slot!r}", case.slot, slots, provider)


def _unknown(fault: str, name: str, slots: Mapping[str, Slot], provider: Provider) -> Finding:
    remedy = near(name, slots, f"{provider.id} has {', '.join(slots) or 'no slots'}.")
    return Finding("slot-unknown", "error", f"{fault}, which {provider.id} does not have", remedy)


def _unchecked(
    provider: Provider, models: Iterable[Model], slots: Mapping[str, Slot], terms: Terms
) -> Iterator[Finding]:
    """Yield the slots whose value is filled in unchecked."""
    pairs = [*provider.headers, *(pair for model in models for pair in model.headers)]
    headers = [value for _, value in pairs]
    for where, texts in (("base URL", [provider.base_url]), ("headers", headers)):
        for name in dict.fromkeys(name for text in texts for name in placeholders(text)):
            if name in slots and not (slots[name].check or slots[name].secret):
                remedy = f'Set {terms.said("check", "slug")}, "host" or "url".'
                yield Finding("slot-unchecked", "warning", f"{name} is filled into the {where} unchecked", remedy)


def _names(group: Group) -> list[str]:
    return [slot.name for slot in group.slots]
