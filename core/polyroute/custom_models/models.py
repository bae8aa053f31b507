"""Custom models as values without secrets, and the rules of their providers for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from polyroute._internal.redact import REDACTED, masked
from polyroute.custom_models.entry_check import valid_entries
from polyroute.dexto_compat import DEFAULT_CUSTOM_PROVIDER
from polyroute.errors import UsageError
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.loaded import Plugins
from polyroute.types import CustomModelRules, ModelRef, Problem

KEY_FIELD = "apiKey"
_PLAIN = frozenset(("baseURL", "displayName", "maxInputTokens", "maxOutputTokens", "filePath"))
_CONFIDENTIAL = r"(?i)key|secret|password|passphrase|credential|auth|cookie|bearer|headers|token$"
"""Matches the names of fields that may contain a secret, including fields of future versions."""
_USER_IN_URL = r"://[^/?#\s]*@"
_DEEPEST = 100
"""The number of levels of a field that are examined. Deeper values are treated as secret."""
_BEGINNINGS = "$k \t\r\n"
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
    path: str = ""
    """The file that contains it; empty if it was not read from one."""

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


def parse(files: Iterable[tuple[str, Sequence[Any]]], plugins: Plugins) -> ReadModels:
    """Return the valid entries of files as models, and a problem with the position for each of the others.

    Each file is its path and its entries. A model that an earlier file has too is a duplicate.
    """
    models: list[CustomModel] = []
    problems: list[Problem] = []
    providers = _Providers(plugins)
    for path, values in files:
        found, faults = _examined(values, providers, path)
        models += found
        problems += (_problem(index, faults[index], path) for index in sorted(faults))
    return ReadModels(tuple(models), tuple(problems))


def read_entry(entry: Mapping[str, Any], plugins: Plugins) -> tuple[CustomModel | None, str]:
    """Return the model of one entry, or None and the entry's fault."""
    models, faults = _examined([dict(entry)], _Providers(plugins), "")
    return (models[0], "") if models else (None, faults[0])


def _examined(values: Sequence[Any], providers: _Providers, path: str) -> tuple[list[CustomModel], dict[int, str]]:
    """Return the models of the valid entries, and the faults of the others by position. This modifies the entries."""
    entries, faults = valid_entries(values)
    models: list[CustomModel] = []
    for index, entry in entries:
        model = as_model(entry, path)
        name, (fault_of, names) = model.name, providers[model.provider]
        if fault := "it is a duplicate; the first entry is used" if name in names else fault_of(model):
            faults[index] = fault
        else:
            names.add(name)
            models.append(model)
    return models, faults


class _ProviderRules(NamedTuple):
    """A provider as written, and its rules for custom models."""

    provider: str
    rules: CustomModelRules | None
    is_known: bool

    def fault(self, model: CustomModel) -> str:
        """Return how a model breaks the rules; empty if it does not, or if the provider is unknown."""
        rules = self.rules
        if rules is None:
            hint = f"see `polyroute models --provider {self.provider}`"
            return f"provider {self.provider} accepts no custom models ({hint})" if self.is_known else ""
        base_url, path = model.stored.get("baseURL"), model.stored.get("filePath")
        if rules.base_url == "required" and not base_url:
            return f"baseURL is missing: {self.provider} requires it"
        if base_url and rules.base_url == "no":
            return f"baseURL is not allowed: the base URL of {self.provider} is used"
        if rules.file_suffix and not (path or "").endswith(rules.file_suffix):
            return f"filePath must name a {rules.file_suffix} file"
        return f"filePath is not allowed for {self.provider}" if path and not rules.file_suffix else ""


class _Providers(dict[str, tuple[Callable[[CustomModel], str], set[str]]]):
    """By provider as written, the function that checks its models, and the names of its models so far.

    All names of one provider share one set of model names.
    """

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._names: dict[str, set[str]] = {}

    def __missing__(self, written: str) -> tuple[Callable[[CustomModel], str], set[str]]:
        own = self._plugins.names.get(written, written)
        provider = self._plugins.providers.get(own)
        rules = _ProviderRules(written, provider.custom_models if provider else None, provider is not None)
        self[written] = rules.fault, self._names.setdefault(own, set())
        return self[written]


def as_model(entry: dict[str, Any], path: str = "") -> CustomModel:
    """Return the model of a valid entry in the file at `path`. This modifies the entry."""
    name, key = entry.pop("name"), entry.pop(KEY_FIELD, "")
    provider = entry.pop("provider", DEFAULT_CUSTOM_PROVIDER)
    if not entry.keys() <= _PLAIN:
        entry = {field: REDACTED if may_be_secret(field, value) else value for field, value in entry.items()}
    if key:
        is_plain = key[0] not in _BEGINNINGS and key[-1] > " "
        key = masked(key) if is_plain else _shown(key.strip())
    return CustomModel(provider, name, entry, key, path)


def _shown(key: str) -> str:
    return key if not key or key_reference(key) else masked(key)


def _problem(index: int, fault: str, path: str) -> Problem:
    message = f"models[{index}]: {fault}; the entry is kept, but not used."
    return Problem(message, "Correct it in the file, or with `polyroute custom edit`.", path=path, code="custom-model")
