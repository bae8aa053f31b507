"""The sections of a host's configuration that name a model, and their fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from polyroute.errors import UsageError
from polyroute.named_tuples import NamedTuple

Severity = Literal["error", "warning"]

_TYPES: Mapping[str, tuple[str, type | tuple[type, ...]]] = {
    "provider": ("text", str),
    "model": ("text", str),
    "baseURL": ("text", str),
    "apiKey": ("text", str),
    "routing": ("text or list", (str, list)),
    "maxInputTokens": ("whole number", int),
    "maxOutputTokens": ("whole number", int),
    "maxIterations": ("whole number", int),
    "temperature": ("number", (int, float)),
    "reasoningEffort": ("text", str),
    "reasoning": ("mapping", Mapping),
    "allowedMediaTypes": ("list", list),
}
"""The fields of known hosts, with their types."""


class ConfigFinding(NamedTuple):
    """An error or a warning about a configuration."""

    code: str
    """One of the codes in `docs/validation.md`."""
    severity: Severity
    path: str
    """The field, as in `agents[0].llm.apiKey`."""
    message: str
    remedy: str


class FileFinding(NamedTuple):
    """A finding in a file."""

    file: str
    """The path of the file; `-` for stdin."""
    line: int | None
    column: int | None
    finding: ConfigFinding


class Section(NamedTuple):
    """A section that names a model."""

    path: str
    content: Mapping[str, Any]

    def at(self, field: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{field}" if self.path else field

    def text(self, field: str) -> str:
        """Return the text of a field; empty if the field is missing or not a text."""
        value = self.content.get(field)
        return value if isinstance(value, str) else ""

    def spelled(self, field: str) -> Iterable[str]:
        """Return the fields that are spellings of this one: `api_key` is one of `apiKey`."""
        return (name for name in self.content if isinstance(name, str) and _plain(name) == _plain(field))

    def misfits(self) -> Iterable[ConfigFinding]:
        """Yield findings for fields of a wrong type and for unknown fields."""
        for key, value in self.content.items():
            name = str(key)
            wanted, kind = _TYPES.get(name, ("", object))
            if not wanted:
                yield ConfigFinding("unknown_field", "warning", self.at(name), "there is no such field", _hint(name))
            elif value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
                fault, remedy = f"it is not a {wanted}", f"Write a {wanted}."
                yield ConfigFinding("wrong_type", "error", self.at(name), fault, remedy)


def sections(config: object) -> list[tuple[str, object]]:
    """Return the paths and contents of `llm` at the top and in each agent; else the configuration itself as a section.

    Raises UsageError if there is no section.
    """
    if not isinstance(config, Mapping):
        raise UsageError("A configuration is a mapping with `llm`, or with `agents` that have it.")
    places = [(path, each) for path, each in _places(config) if isinstance(each, Mapping) and "llm" in each]
    found: list[tuple[str, object]] = [(f"{path}.llm".lstrip("."), each["llm"]) for path, each in places]
    if not found and not {"provider", "model"} & config.keys():
        raise UsageError("There is no `llm`, neither at the top nor in `agents`.")
    return found or [("", config)]


def _places(config: Mapping[Any, Any]) -> Iterable[tuple[str, object]]:
    """Yield the paths and contents where `llm` may be: the top, and every agent in a list or a mapping."""
    yield "", config
    agents = config.get("agents")
    if isinstance(agents, Mapping):
        yield from ((f"agents.{name}", agent) for name, agent in agents.items())
    elif isinstance(agents, list):
        yield from ((f"agents[{index}]", agent) for index, agent in enumerate(agents))


def _hint(name: str) -> str:
    """Return a remedy for an unknown field, which may be another host's spelling with other case or underscores."""
    import difflib

    plain = {_plain(known): known for known in _TYPES}
    close = difflib.get_close_matches(_plain(name), plain, 1, 0.8)
    return f"Did you mean `{plain[close[0]]}`?" if close else "Keep it if your host uses it."


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
