"""Changes to the entries of the files of custom models. This module does no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polyroute._internal import lossless_json
from polyroute._internal.redact import is_masked
from polyroute.base_url import meant_for, same_endpoint
from polyroute.custom_models.entries import Entries, Members, values_of
from polyroute.custom_models.entry_check import field_fault
from polyroute.custom_models.models import (
    KEY_FIELD,
    CustomModel,
    as_model,
    identity,
    literal,
    may_be_secret,
    read_entry,
)
from polyroute.dexto_compat import DEFAULT_CUSTOM_PROVIDER
from polyroute.errors import CustomModelExists, KeyBoundElsewhere, UsageError
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.loaded import Plugins
from polyroute.types import ModelRef


class EditResult(NamedTuple):
    """The result of a change."""

    model: CustomModel
    """The model as it is in the file now, or as it was before it was removed."""
    created: bool = False
    note: str = ""
    """A message for the user; empty if everything went as requested."""


def add(entries: Entries, entry: Mapping[str, Any], *, upsert: bool, keep_key: bool, references: bool) -> EditResult:
    """Add a model; with `upsert`, update the fields of `entry` in an existing one, else raise CustomModelExists."""
    ref = _reference(entry)
    entry, note = as_meant(entry, ref.provider, entries.plugins)
    position = entries.find(ref)
    if position is not None and not upsert:
        raise CustomModelExists(f"There is a custom model {ref} already.", "Change it with `polyroute custom edit`.")
    old = {} if position is None else entries.members(position)
    members = merged(old, _without_provider(entry) if position else entry, keep_key=keep_key, references=references)
    model = checked(members, entries.plugins)
    entries.put(ref, members, position)
    if is_mask(KEY_FIELD, entry.get(KEY_FIELD)) and KEY_FIELD not in old:
        note = f"{note} A mask was given for its key, and no key is stored.".lstrip()
    return EditResult(model, position is None, note)


def edit(
    entries: Entries, ref: ModelRef, changes: Mapping[str, Any], *, keep_key: bool, references: bool
) -> EditResult:
    """Change fields of a model, possibly its name. None removes a field; fields not in `changes` are kept."""
    position = entries.position(ref)
    if identity(changes.get("provider", ref.provider), ref.id, entries.plugins) != identity(*ref, entries.plugins):
        raise UsageError(
            f"The provider of {ref} can't be changed, because its key is sent there. Nothing was changed.",
            "Add the model under the other provider, and remove this one.",
        )
    changes, note = as_meant(_without_provider(changes), ref.provider, entries.plugins)
    members = merged(entries.members(position), changes, keep_key=keep_key, references=references)
    model = checked(members, entries.plugins, known=False)
    if entries.find(model.ref) not in (None, position):
        raise CustomModelExists(f"There is a custom model {model.ref} already. Nothing was changed.")
    entries.put(model.ref, members, position)
    return EditResult(model, note=note)


def as_meant(fields: Mapping[str, Any], provider: str, plugins: Plugins) -> tuple[Mapping[str, Any], str]:
    """Return fields with the base URL that the user means, and a note if it is another than the one that was given."""
    given, name = fields.get("baseURL"), plugins.names.get(provider)
    if name is None or not isinstance(given, str) or not given:
        return fields, ""
    url = meant_for(plugins.providers[name], given)
    return ({**fields, "baseURL": url}, f"The base URL is stored as {url}.") if url != given else (fields, "")


def _without_provider(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields for a model that exists: its provider stays as it is written."""
    return {field: value for field, value in fields.items() if field != "provider"}


def remove(entries: Entries, ref: ModelRef) -> EditResult:
    """Remove a model with all its fields."""
    model = described(entries.members(entries.position(ref)), ref)
    entries.drop(ref)
    return EditResult(model)


def merged(old: Members, changes: Mapping[str, Any], *, keep_key: bool, references: bool = True) -> dict[str, bytes]:
    """Return an entry's fields after `changes`. A mask keeps the stored value; None or an empty text removes the field.

    Raises KeyBoundElsewhere if a key that was stored for one base URL would be sent to another.
    """
    new = dict(old)
    for field, given in changes.items():
        if is_mask(field, given):
            continue
        if given is None or given == "":
            new.pop(field, None)
        else:
            value = _storable(field, given, references=references)
            new[field] = lossless_json.indented(lossless_json.text_of(value), 3)
    kept = KEY_FIELD in old and (KEY_FIELD not in changes or is_mask(KEY_FIELD, changes[KEY_FIELD]))
    if kept and not keep_key and not same_endpoint(endpoint(old), endpoint(new)):
        raise KeyBoundElsewhere(
            f"The stored key was saved for {endpoint(old) or 'the base URL of the provider'}, and is not sent to"
            f" {endpoint(new) or 'that of the provider'} without your consent. Nothing was changed.",
            "Enter the key again, remove it, or keep it with --keep-key.",
        )
    return new


def is_mask(field: str, value: Any) -> bool:
    """Return whether the value is a mask in place of a secret."""
    return isinstance(value, str) and may_be_secret(field) and is_masked(value)


def endpoint(members: Members) -> str:
    """Return the base URL that an entry's key is bound to; empty for the base URL of its provider."""
    url = lossless_json.value(members.get("baseURL", b'""'))
    return url if isinstance(url, str) else ""


def checked(members: Members, plugins: Plugins, *, known: bool = True) -> CustomModel:
    """Return the model of an entry that is to be written.

    Raises UsageError if the entry is invalid and, with `known`, UnknownProvider if no plugin provides its provider.
    """
    model, fault = read_entry(values_of(members), plugins)
    if model is None:
        raise _invalid(fault)
    if known:
        plugins.find(model.provider)
    return model


def described(members: Members, ref: ModelRef) -> CustomModel:
    """Return the model of an entry that may be invalid, with its valid fields only."""
    valid = {field: value for field, value in values_of(members).items() if not field_fault(field, value)}
    return as_model({**valid, "provider": valid.get("provider", ref.provider), "name": ref.id})


def _invalid(fault: str) -> UsageError:
    return UsageError(f"The custom model is invalid: {fault}. Nothing was changed.")


def _reference(entry: Mapping[str, Any]) -> ModelRef:
    """Return the reference of an entry's model, without checking it: `checked` checks all fields."""
    return ModelRef(entry.get("provider") or DEFAULT_CUSTOM_PROVIDER, entry.get("name") or "")


def _storable(field: str, value: Any, *, references: bool) -> Any:
    """Return the value of a field in the form in which it is stored. Raises UsageError if it is invalid.

    Without `references`, a key may not name a variable: a client that may not read variables must not be able to have
    them sent to a base URL of its choice.
    """
    if fault := field_fault(field, value):
        raise _invalid(fault)
    if field != KEY_FIELD:
        return value
    return value.strip() if references else literal(value.strip())
