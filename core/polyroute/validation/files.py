"""Read a configuration from YAML, TOML, JSON with comments or a `.env` file, within limits: the file is not trusted."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from polyroute._internal import dotenv, files, toml
from polyroute.errors import MissingExtra, UsageError
from polyroute.named_tuples import NamedTuple
from polyroute.validation import positions
from polyroute.validation.positions import Position

if TYPE_CHECKING:
    import yaml

LARGEST = 1_048_576
"""The maximum size of a file in bytes. Usual configurations have thousands."""
MOST_NODES = 100_000
"""The maximum number of values in a YAML file with aliases expanded: a few lines of aliases can expand to billions."""
MOST_LEVELS = 100
"""The maximum nesting of a YAML file: each level makes all further levels slower to parse."""

_SUFFIXES = {
    "yml": "yaml",
    "yaml": "yaml",
    "toml": "toml",
    "json": "json",
    "jsonc": "json",
    "json5": "json",
    "env": "env",
}
_IN_ORDER = ("json", "toml", "env", "yaml")
"""The order in which the syntax of a file without a telling name is tried: YAML takes almost any text."""


class ConfigFile(NamedTuple):
    """The content of a file."""

    content: Any
    syntax: str
    """`yaml`, `toml`, `json` or `env`."""
    positions: Callable[[], Mapping[str, Position]] = dict
    """Returns line and column of its fields by their paths."""


def read(path: str) -> ConfigFile:
    """Read a file in the syntax that its name says or, without such a name, that it has; `-` is stdin.

    Raises UsageError if it is not readable as a configuration; MissingExtra for YAML without PyYAML.
    """
    return _parsed(_stdin() if path == "-" else _text(path), path)


def parsed(data: bytes, path: str) -> ConfigFile:
    """Return the content of a file that was read already. Raises as `read` does."""
    return _parsed(_decoded(path, data), path)


def _parsed(text: str, path: str) -> ConfigFile:
    known = syntax_of(path)
    if known:
        return _read_as(known, text, path)
    for syntax in _IN_ORDER:
        with contextlib.suppress(UsageError):
            file = _read_as(syntax, text, path)
            if file.content and not (syntax == "env" and dotenv.lines_passed_over(text)):
                return file
    raise _unreadable(path, "it is neither JSON, TOML, YAML nor a .env file")


def syntax_of(path: str) -> str:
    """Return the syntax that a file's name says; empty if it says none."""
    name = os.path.basename(path).lower()
    if name == ".env" or name.startswith(".env.") or name.endswith(".env"):
        return "env"
    return _SUFFIXES.get(name.rpartition(".")[2], "") if "." in name else ""


def _read_as(syntax: str, text: str, path: str) -> ConfigFile:
    try:
        return _READERS[syntax](text)
    except (ValueError, RecursionError) as error:
        # Only the position is reported: the content may be secret.
        fault = "it has no assignments" if syntax == "env" else f"it is not valid {syntax.upper()}"
        raise _unreadable(path, f"{fault}{_place(error)}") from None


def _json(text: str) -> ConfigFile:
    import json

    return ConfigFile(json.loads(positions.without_comments(text)), "json", lambda: positions.of_json(text))


def _toml(text: str) -> ConfigFile:
    return ConfigFile(toml.parsed(text), "toml", lambda: positions.of_toml(text))


def _env(text: str) -> ConfigFile:
    found = dotenv.parse(text)
    if not found and (odd := dotenv.lines_passed_over(text)):
        raise _Misread(f" (line {odd[0]})")
    return ConfigFile(found, "env", lambda: positions.of_env(text))


def _unreadable(path: str, why: str) -> UsageError:
    return UsageError(f"{_named(path)} is not readable as a configuration: {why}.")


def _named(path: str) -> str:
    return "stdin" if path == "-" else path


def _stdin() -> str:
    if sys.stdin is None:
        raise UsageError("stdin is closed: there is nothing to check.")
    return _decoded("-", sys.stdin.buffer.read(LARGEST + 1))


def _text(path: str) -> str:
    try:
        return _decoded(path, files.read(path, LARGEST))
    except OSError as error:
        raise _unreadable(path, f"{error.strerror or error}") from None


def _decoded(path: str, data: bytes) -> str:
    if len(data) > LARGEST:
        raise _unreadable(path, "it is too large")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable(path, "it is not UTF-8 text") from None


def _yaml(text: str) -> ConfigFile:
    try:
        import yaml
    except ImportError:
        raise MissingExtra("Reading YAML", "check") from None
    kind: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # with libyaml, which is much faster
    try:
        _check_size(yaml.parse(text, Loader=kind))
        loader = kind(text)
        node = loader.get_single_node()
        if node is None:
            return ConfigFile(None, "yaml")
        return ConfigFile(loader.construct_document(node), "yaml", lambda: positions.of_yaml(node))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _Misread(f" (line {mark.line + 1})" if mark else "") from None


_READERS: Mapping[str, Callable[[str], ConfigFile]] = {"json": _json, "toml": _toml, "env": _env, "yaml": _yaml}


class _Misread(ValueError):
    """Invalid YAML or a line that is no assignment. The message has only the position, not the content."""


def _place(error: Exception) -> str:
    if isinstance(error, _Misread):
        return str(error)
    if isinstance(error, toml.LongKey):
        return f": {error}"
    line = getattr(error, "lineno", None)
    return f" (line {line})" if line else ""


def _check_size(events: Iterator[yaml.Event]) -> None:
    """Count all values, with aliases expanded. Raises _Misread if there are too many."""
    import yaml

    total, sizes = 0, dict[str, int]()
    began: list[tuple[str | None, int]] = []
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = began.pop()
            _note(sizes, anchor, total - before)
            continue
        if isinstance(event, yaml.NodeEvent):
            anchor, before = event.anchor, total
            total += sizes.get(anchor or "", MOST_NODES) if isinstance(event, yaml.AliasEvent) else 1
            if isinstance(event, yaml.CollectionStartEvent):
                began.append((anchor, before))
                if len(began) > MOST_LEVELS:
                    raise _Misread(f" with at most {MOST_LEVELS} levels")
            elif isinstance(event, yaml.ScalarEvent):
                _note(sizes, anchor, 1)
        if total > MOST_NODES:
            raise _Misread(f" with at most {MOST_NODES} values, counting expanded aliases")


def _note(sizes: dict[str, int], anchor: str | None, size: int) -> None:
    if anchor:
        sizes[anchor] = size
