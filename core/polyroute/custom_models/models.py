"""A person's own models, as values without any secret, and what their providers ask of them."""

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
"""In the names of fields that may hold a secret, in versions to come too."""
_USER_IN_URL = r"://[^/?#\s]*@"
_DEEPEST = 100
"""Levels of a field that are looked at. None has as many; what lies deeper may be anything."""
_BEGINNINGS = "$k"
"""Of every reference; most keys begin otherwise."""
_REFERENCE = r"\$(?:\{(\w+)\}|(\w+))|keyring:(.+)"


class CustomModel(NamedTuple):
    """One model that a person has added. Its key is not in it: only how it was given."""

    provider: str
    """As it is written in the file: perhaps an alias, or a provider that is not installed."""
    name: str
    """The model ID to the letter."""
    stored: Mapping[str, Any] = MappingProxyType({})
    """The other fields by their names in the file, those that mean nothing here included; but no key."""
    key: str = ""
    """Empty without a key; else a reference as written (`$NAME`, `keyring:NAME`), or a mask."""

    @property
    def ref(self) -> ModelRef:
        """The reference that selects it."""
        return ModelRef(self.provider, self.name)

    @property
    def base_url(self) -> str:
        """Its own base URL; empty where it has none."""
        return str(self.stored.get("baseURL", ""))

    @property
    def file_path(self) -> str:
        """The file that it is, if it is one."""
        return str(self.stored.get("filePath", ""))

    @property
    def display_name(self) -> str:
        """What it is called, where somebody said."""
        return str(self.stored.get("displayName", ""))

    @property
    def document(self) -> dict[str, Any]:
        """Its fields as in the file, the key masked."""
        key = {KEY_FIELD: self.key} if self.key else {}
        return {"provider": self.provider, "name": self.name, **self.stored, **key}


class KeyReference(NamedTuple):
    """Where a key lies that a custom model names and does not hold."""

    variable: str = ""
    keyring: str = ""


class ReadModels(NamedTuple):
    """All custom models that can be read, and what is wrong with the others."""

    models: tuple[CustomModel, ...] = ()
    problems: tuple[Problem, ...] = ()


def key_reference(text: str) -> KeyReference | None:
    """The variable or the keyring's entry that a key refers to; None where the text is the key itself."""
    found = text.startswith(("$", "keyring:")) and re.fullmatch(_REFERENCE, text, re.ASCII)
    return KeyReference(found[1] or found[2] or "", found[3] or "") if found else None


def literal(key: str) -> str:
    """A key that is one. Raises UsageError for a reference to a variable or the keyring, which nobody fills in here."""
    if key_reference(key):
        raise UsageError("A key may not refer to a variable or the keyring here: give the key itself.")
    return key


def may_be_secret(field: str, value: Any = None, depth: int = 0) -> bool:
    """Whether what a field holds must not be shown: its name says so, or that of something in it, or what it is."""
    if depth > _DEEPEST or re.search(_CONFIDENTIAL, field):
        return True
    if isinstance(value, dict):
        return any(may_be_secret(name, inner, depth + 1) for name, inner in value.items())
    if isinstance(value, list):
        return any(may_be_secret("", inner, depth + 1) for inner in value)
    return isinstance(value, str) and re.search(_USER_IN_URL, value) is not None


def identity(provider: object, name: object, plugins: Plugins) -> tuple[str, str]:
    """What tells one custom model from another: its provider, under whatever name, and its own name."""
    written = DEFAULT_CUSTOM_PROVIDER if provider is None else str(provider)
    return plugins.names.get(written, written), str(name)


def parse(values: Sequence[Any], plugins: Plugins, path: str, *, may_hold_halves: bool) -> ReadModels:
    """The sound ones among a file's entries, and a problem with its position for each of the others."""
    entries, faults = _examined(values, may_hold_halves=may_hold_halves)
    models: list[CustomModel] = []
    providers = _Providers(plugins)
    for index, entry in entries:
        model = _model(entry)
        name, (rules, names) = model.name, providers[model.provider]
        if fault := "is there twice; the first counts" if name in names else _breach(model, rules):
            faults[index] = fault
        else:
            names.add(name)
            models.append(model)
    return ReadModels(tuple(models), tuple(_problem(index, faults[index], path) for index in sorted(faults)))


def read_entry(entry: Mapping[str, Any]) -> tuple[CustomModel | None, str]:
    """The model that one entry is, or what is wrong with it."""
    from polyroute.custom_models.entry_check import sound

    entries, faults = sound([entry])
    return (_model(entries[0]), "") if entries else (None, faults[0])


def _examined(
    values: Sequence[Any], *, may_hold_halves: bool
) -> tuple[Iterable[tuple[int, dict[str, Any]]], dict[int, str]]:
    """The entries that are sound, with their positions; and by position what is wrong with each of the others."""
    if not may_hold_halves and entry_check.all_sound(values):
        return enumerate(values), {}
    from polyroute.custom_models.entry_check import sound

    entries, faults = sound(values)
    return entries.items(), faults


def breach(model: CustomModel, plugins: Plugins) -> str:
    """What a model's provider asks for and it lacks, or has and may not have; empty where all is well."""
    return _breach(model, _Providers(plugins)[model.provider][0])


class _Providers(dict[str, tuple[CustomModelRules | None, set[str]]]):
    """By provider as written, what it asks of custom models (None where that is not known) and the names of those that
    it has already, under whatever name.
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
        return f"baseURL may not be given: that of {model.provider} is used"
    if rules.file_suffix and not (path or "").endswith(rules.file_suffix):
        return f"filePath must name a {rules.file_suffix} file"
    return "filePath may not be given" if path and not rules.file_suffix else ""


def _model(entry: dict[str, Any]) -> CustomModel:
    """The model of a sound entry, which it takes apart."""
    name, key = entry.pop("name"), entry.pop(KEY_FIELD, "")
    provider = entry.pop("provider", DEFAULT_CUSTOM_PROVIDER)
    if not entry.keys() <= _PLAIN:
        entry = {field: REDACTED if may_be_secret(field, value) else value for field, value in entry.items()}
    if key and not (key[0] in _BEGINNINGS and key_reference(key)):
        key = masked(key)
    return CustomModel(provider, name, entry, key)


def _problem(index: int, fault: str, path: str) -> Problem:
    message = f"models[{index}]: {fault}; it is kept, and not used."
    return Problem(message, "Correct it in the file.", path=path, code="custom-model")
