"""Custom models as values without secrets, and the rules of their providers for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from polyroute._internal.redact import REDACTED, masked
from polyroute.custom_models import entry_check
from polyroute.dexto_compat import DEFAULT_CUSTOM_PROVIDER
from polyroute.errors import UsageError
from polyroute.plugins.loaded import Plugins
from polyroute.types import CustomModelRules, ModelRef, Problem

KEY_FIELD = "apiKey"
_PLAIN = frozenset(("baseURL", "displayName", "maxInputTokens", "maxOutputTokens", "filePath"))
_CONFIDENTIAL = r"(?i)key|secret|password|passphrase|credential|auth|cookie|bearer|headers|token$"
"""Matches the names of fields that may contain a secret, including fields of future versions."""
_USER_IN_URL = r"://[^/?#\s]*@"
_DEEPEST = 100
"""The number of levels of a field that are examined. Deeper values are treated as secret."""
_BEGINNINGS = "$k"
"""The possible first characters of a reference: a quick test, because most keys begin otherwise."""
_REFERENCE = r"\$(?:\{(\w+)\}|(\w+))|keyring:(.+)"


class CustomModel(NamedTuple):
    """A model added by the user. It contains no key, only a reference to it or a mask."""

    provider: str
    """The provider as written in the file: possibly an alias, or a provider that is not installed."""
    name: str
    """The model ID, exactly as entered."""
    stored: Mapping[str, Any] = MappingProxyType({})
    """All other fields except the key by their names in the file, including unknown ones."""
    key: str = ""
    """Empty if there is no key; else a reference as written (`$NAME`, `keyring:NAME`), or a mask."""

    @property
    def ref(self) -> ModelRef:
        """The model reference that selects it."""
        return ModelRef(self.provider, self.name)

    @property
    def base_url(self) -> str:
        """Its own base URL; empty if it has none."""
        return str(self.stored.get("baseURL", ""))

    @property
    def file_path(self) -> str:
        """The path of the model's file; empty if it is not a file."""
        return str(self.stored.get("filePath", ""))

    @property
    def display_name(self) -> str:
        """Its display name; empty if it has none."""
        return str(self.stored.get("displayName", ""))

    @property
    def document(self) -> dict[str, Any]:
        """Its fields as in the file, with the key masked."""
        key = {KEY_FIELD: self.key} if self.key else {}
        return {"provider": self.provider, "name": self.name, **self.stored, **key}


class KeyReference(NamedTuple):
    """The variable or keyring entry that a custom model refers to for its key."""

    variable: str = ""
    keyring: str = ""


class ReadModels(NamedTuple):
    """All custom models that can be read, and the problems of the others."""

    models: tuple[CustomModel, ...] = ()
    problems: tuple[Problem, ...] = ()


def key_reference(text: str) -> KeyReference | None:
    """Return the variable or keyring entry that a key refers to; None if the text is the key itself."""
    found = text.startswith(("$", "keyring:")) and re.fullmatch(_REFERENCE, text, re.ASCII)
    return KeyReference(found[1] or found[2] or "", found[3] or "") if found else None


def literal(key: str) -> str:
    """Return `key`. Raises UsageError if it is a reference to a variable or the keyring instead of the key itself."""
    if key_reference(key):
        raise UsageError("A key may not refer to a variable or the keyring here: enter the key itself.")
    return key


def may_be_secret(field: str, value: Any = None, depth: int = 0) -> bool:
    """Return whether a field may contain a secret, judging by its name, the names within it, and its value."""
    if depth > _DEEPEST or re.search(_CONFIDENTIAL, field):
        return True
    if isinstance(value, dict):
        return any(may_be_secret(name, inner, depth + 1) for name, inner in value.items())
    if isinstance(value, list):
        return any(may_be_secret("", inner, depth + 1) for inner in value)
    return isinstance(value, str) and re.search(_USER_IN_URL, value) is not None


def identity(provider: object, name: object, plugins: Plugins) -> tuple[str, str]:
    """Return the identity of a custom model: its provider's ID (also if written as an alias) and its name."""
    written = DEFAULT_CUSTOM_PROVIDER if provider is None else str(provider)
    return plugins.names.get(written, written), str(name)


def parse(values: Sequence[Any], plugins: Plugins, path: str, *, may_hold_halves: bool) -> ReadModels:
    """Return the valid entries of a file as models, and a problem with the position for each of the others."""
    entries, faults = _examined(values, may_hold_halves=may_hold_halves)
    models: list[CustomModel] = []
    providers = _Providers(plugins)
    for index, entry in entries:
        model = _model(entry)
        name, (rules, names) = model.name, providers[model.provider]
        if fault := "is a duplicate; the first entry is used" if name in names else _breach(model, rules):
            faults[index] = fault
        else:
            names.add(name)
            models.append(model)
    return ReadModels(tuple(models), tuple(_problem(index, faults[index], path) for index in sorted(faults)))


def read_entry(entry: Mapping[str, Any]) -> tuple[CustomModel | None, str]:
    """Return the model of one entry, or None and the entry's fault."""
    from polyroute.custom_models.entry_check import sound

    entries, faults = sound([entry])
    return (_model(entries[0]), "") if entries else (None, faults[0])


def _examined(
    values: Sequence[Any], *, may_hold_halves: bool
) -> tuple[Iterable[tuple[int, dict[str, Any]]], dict[int, str]]:
    """Return the valid entries with their positions, and the faults of the others by position."""
    if not may_hold_halves and entry_check.all_sound(values):
        return enumerate(values), {}
    from polyroute.custom_models.entry_check import sound

    entries, faults = sound(values)
    return entries.items(), faults


def breach(model: CustomModel, plugins: Plugins) -> str:
    """Return how a model breaks the rules of its provider for custom models; empty if it does not."""
    return _breach(model, _Providers(plugins)[model.provider][0])


class _Providers(dict[str, tuple[CustomModelRules | None, set[str]]]):
    """By provider as written, its rules for custom models (None if unknown) and the names of its models so far.

    All names of one provider share one set of model names.
    """

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._names: dict[str, set[str]] = {}

    def __missing__(self, written: str) -> tuple[CustomModelRules | None, set[str]]:
        own = self._plugins.names.get(written, written)
        provider = self._plugins.providers.get(own)
        self[written] = provider.custom_models if provider else None, self._names.setdefault(own, set())
        return self[written]


def _breach(model: CustomModel, rules: CustomModelRules | None) -> str:
    if rules is None:
        return ""
    base_url, path = model.stored.get("baseURL"), model.stored.get("filePath")
    if rules.base_url == "required" and not base_url:
        return "baseURL is missing"
    if base_url and rules.base_url == "no":
        return f"baseURL is not allowed: the base URL of {model.provider} is used"
    if rules.file_suffix and not (path or "").endswith(rules.file_suffix):
        return f"filePath must name a {rules.file_suffix} file"
    return "filePath is not allowed" if path and not rules.file_suffix else ""


def _model(entry: dict[str, Any]) -> CustomModel:
    """Return the model of a valid entry. This modifies the entry."""
    name, key = entry.pop("name"), entry.pop(KEY_FIELD, "")
    provider = entry.pop("provider", DEFAULT_CUSTOM_PROVIDER)
    if not entry.keys() <= _PLAIN:
        entry = {field: REDACTED if may_be_secret(field, value) else value for field, value in entry.items()}
    if key and not (key[0] in _BEGINNINGS and key_reference(key)):
        key = masked(key)
    return CustomModel(provider, name, entry, key)


def _problem(index: int, fault: str, path: str) -> Problem:
    message = f"models[{index}]: {fault}; the entry is kept, but not used."
    return Problem(message, "Correct it in the file.", path=path, code="custom-model")
