"""The formats of other programs' configurations, described by `integrations/config_formats.toml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from polyroute.named_tuples import NamedTuple

_TABLE = Path(__file__).parent.parent / "integrations" / "config_formats.toml"
_TYPES: Mapping[str, type] = {"map": dict, "list": list, "text": str}


class Place(NamedTuple):
    """A value in a file and where it stands: `agents[0].llm`."""

    path: str
    value: Any


class Format(NamedTuple):
    """One format."""

    name: str
    """As part of a sentence."""
    facts: Mapping[str, Any]
    """Its row in the table."""

    @property
    def is_native(self) -> bool:
        """Whether it is Polyroute's own."""
        return bool(self.facts.get("native"))

    def reads(self, syntax: str) -> bool:
        """Return whether files of this format have this syntax."""
        syntaxes = self.facts.get("syntaxes", (syntax,))
        return syntax in syntaxes or (syntax == "value" and "env" not in syntaxes)

    def is_named(self, name: str) -> bool:
        """Return whether a file has one of the usual names."""
        return any(fnmatchcase(name, pattern) for pattern in self.facts.get("files", ()))

    def fits(self, content: Any, name: str) -> bool:
        """Return whether the content has one of the format's forms, or a weak form and a usual name."""
        if not content and content in (None, {}):
            return self.is_named(name)  # all of it is comments
        weak = self.facts.get("weak_forms", ()) if self.is_named(name) else ()
        return any(all(_is_there(content, path) for path in form) for form in (*self.facts["forms"], *weak))


def table() -> Mapping[str, Any]:
    """Return the whole table."""
    return _parsed()


@cache
def _parsed() -> Mapping[str, Any]:
    import tomllib

    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


@cache
def formats() -> tuple[Format, ...]:
    """Return all formats in the order in which they are tried."""
    return tuple(Format(row["name"], row) for row in _parsed()["format"])


def recognised(content: Any, syntax: str, name: str = "") -> Format | None:
    """Return the format of a file's content; None if it has the form of none."""
    fitting = [each for each in formats() if each.reads(syntax) and each.fits(content, name)]
    return next((each for each in fitting if each.is_named(name)), next(iter(fitting), None))


def known_names() -> str:
    """Return the names of all formats as a list in a sentence."""
    return ", ".join(dict.fromkeys(each.name for each in formats()))


def places(content: Any, path: str, at: str = "") -> Iterator[Place]:
    """Yield every value at a path of the table."""
    if not path:
        yield Place(at, content)
        return
    if path.startswith("[]"):
        for index, each in enumerate(content if isinstance(content, list) else ()):
            yield from places(each, path[2:].lstrip("."), f"{at}[{index}]")
        return
    step, rest = _split(path)
    if not isinstance(content, Mapping):
        return
    for name in list(content) if step == "*" else [step]:
        if name in content:
            yield from places(content[name], rest, f"{at}.{name}".lstrip("."))


def assigned(content: Any, form: Format) -> Mapping[str, Place]:
    """Return the variables that a file sets for its program, each with its value and where it stands."""
    path = form.facts.get("assignments")
    found = places(content, path) if path else ()
    return dict(each for place in found for each in _assigned(place))


def _assigned(place: Place) -> Iterator[tuple[str, Place]]:
    """Yield the variables of a mapping, or the one of a text `NAME=value`."""
    if isinstance(place.value, Mapping):
        for name, value in place.value.items():
            yield str(name), Place(f"{place.path}.{name}", value if isinstance(value, str) else "")
    elif isinstance(place.value, str) and "=" in place.value:
        name, _, value = place.value.partition("=")
        yield name.strip(), Place(place.path, value.strip())


def text_at(content: Any, path: str) -> str:
    """Return the text at a path; empty if there is none."""
    found = next(iter(places(content, path)), None) if path else None
    return found.value.strip() if found and isinstance(found.value, str) else ""


def _split(path: str) -> tuple[str, str]:
    step = re.split(r"[.\[]", path, maxsplit=1)[0]
    return step, path[len(step) :].removeprefix(".")


def _is_there(content: Any, condition: str) -> bool:
    path, separator, pattern = condition.partition("~")
    path, _, kind = path.partition(":")
    for found in places(content, path):
        if separator and not (isinstance(found.value, str) and re.search(pattern, found.value)):
            continue
        if not kind or isinstance(found.value, _TYPES[kind]):
            return True
    return False
