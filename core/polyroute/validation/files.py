"""Read a host's configuration from YAML, TOML or JSON, within limits, because the file is not trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from polyroute._internal import files, toml
from polyroute.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    import yaml

LARGEST = 1_048_576
"""The maximum size of a file in bytes. Usual configurations have thousands."""
MOST_NODES = 100_000
"""The maximum number of values in a YAML file with aliases expanded: a few lines of aliases can expand to billions."""
MOST_LEVELS = 100
"""The maximum nesting of a YAML file: each level makes all further levels slower to parse."""

_DEEP = 5
"""The number of levels for whose fields line numbers are determined."""


class ConfigFile(NamedTuple):
    """The content of a file, with line numbers."""

    config: Any
    lines: Mapping[str, int]
    """The line numbers of fields by their paths; empty for TOML and JSON."""


def read(path: str) -> ConfigFile:
    """Read a file in the format that its name ends with. Raises UsageError if it is not readable as a configuration."""
    suffix = path.rpartition(".")[2].lower()
    if suffix not in ("yml", "yaml", "toml", "json"):
        raise _unreadable(path, "its name ends in none of .yml .yaml .toml .json")
    text = _text(path)
    try:
        if suffix == "json":
            import json

            return ConfigFile(json.loads(text), {})
        if suffix == "toml":
            return ConfigFile(toml.parsed(text), {})
        return _yaml(text)
    except (ValueError, RecursionError) as error:
        # Only the position is reported: the content may be secret.
        form = "YAML" if suffix == "yml" else suffix.upper()
        raise _unreadable(path, f"it is not valid {form}{_place(error)}") from None


def _unreadable(path: str, why: str) -> UsageError:
    return UsageError(f"{path} is not readable as a configuration: {why}.")


def _text(path: str) -> str:
    try:
        return files.read(path, LARGEST).decode("utf-8-sig")
    except OSError as error:
        raise _unreadable(path, f"{error.strerror or error}") from None
    except UnicodeDecodeError:
        raise _unreadable(path, "it is not UTF-8 text") from None


def _yaml(text: str) -> ConfigFile:
    try:
        import yaml
    except ImportError:
        raise MissingExtra("Reading YAML", "check") from None
    try:
        _check_size(yaml.parse(text, Loader=yaml.SafeLoader))
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return ConfigFile(None, {})
        return ConfigFile(loader.construct_document(node), dict(_lines(node, "", 0)))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _Misread(f" (line {mark.line + 1})" if mark else "") from None


class _Misread(ValueError):
    """Invalid YAML. The message has only the position, not the content."""


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


def _lines(node: yaml.Node, path: str, depth: int) -> Iterator[tuple[str, int]]:
    """Yield the path and the line number of each field."""
    import yaml

    if path:
        yield path, node.start_mark.line + 1
    if depth >= _DEEP:
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                name = f"{path}.{key.value}" if path else key.value
                yield name, key.start_mark.line + 1
                yield from (each for each in _lines(value, name, depth + 1) if each[0] != name)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, f"{path}[{index}]", depth + 1)
