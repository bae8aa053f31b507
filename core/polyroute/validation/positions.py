"""Where each field of a file stands: line and column, both from 1. Determined only if there is something to report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from polyroute._internal import dotenv

if TYPE_CHECKING:
    import yaml

Position = tuple[int, int]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/|[{}\[\]:,]|[^\s{}\[\]:,"/]+|/', re.DOTALL)
_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r'"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])')
_TABLE = re.compile(r"^\s*(\[{1,2})\s*(.+?)\s*\]{1,2}\s*(?:#.*)?$")
_ASSIGNED = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def without_comments(text: str) -> str:
    """Return JSON with comments and trailing commas as plain JSON, of the same length and lines."""
    for pattern in (_COMMENT, _COMMA):
        text = pattern.sub(lambda found: found[0] if found[0][0] == '"' else re.sub(r"\S", " ", found[0]), text)
    return text


def of_json(text: str) -> Mapping[str, Position]:
    """Return the positions of the fields of JSON, by their paths."""
    found: dict[str, Position] = {}
    stack: list[list[object]] = []
    key: tuple[str, int] | None = None
    for match in _TOKEN.finditer(text):
        word = match[0]
        if word.startswith(("//", "/*")):
            continue
        if word in "}]":
            if stack:
                stack.pop()
        elif word == ",":
            if stack and isinstance(stack[-1][1], int):
                stack[-1][1] += 1
        elif word != ":":
            in_mapping = bool(stack) and stack[-1][1] == "" and key is None
            if in_mapping and word[0] == '"':
                key = word[1:-1], match.start()
                continue
            path = _path(stack, key[0] if key else "")
            found[path] = _position(text, key[1] if key else match.start())
            key = None
            if word in "{[":
                stack.append([path, "" if word == "{" else 0])
    return found


def _path(stack: list[list[object]], key: str) -> str:
    if not stack:
        return ""
    base, index = stack[-1]
    return f"{base}[{index}]" if isinstance(index, int) else f"{base}.{key}".lstrip(".")


def _position(text: str, offset: int) -> Position:
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def of_toml(text: str) -> Mapping[str, Position]:
    """Return the positions of the tables and keys of TOML, by their paths. Inline tables have that of their key."""
    found: dict[str, Position] = {}
    table, counts = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = _joined(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}[{counts[table]}]"
            found.setdefault(table, (number, header.start(1) + 1))
        elif assigned := _ASSIGNED.match(line):
            found.setdefault(f"{table}.{_joined(assigned[1])}".lstrip("."), (number, assigned.start(1) + 1))
    return found


def _joined(key: str) -> str:
    return ".".join(part.strip("\"'") for part in _PART.findall(key))


def of_env(text: str) -> Mapping[str, Position]:
    """Return the positions of the variables of a `.env` file."""
    matches = dotenv.ASSIGNMENT.finditer(text)
    return {match["name"]: _position(text, match.start("name")) for match in matches}


def of_yaml(node: yaml.Node) -> Mapping[str, Position]:
    """Return the positions of the fields of YAML, by their paths."""
    return dict(_in_yaml(node, "", 0))


_DEEPEST = 12
"""The number of levels whose fields are found."""


def _in_yaml(node: yaml.Node, path: str, depth: int) -> Iterator[tuple[str, Position]]:
    import yaml

    if path:
        yield path, (node.start_mark.line + 1, node.start_mark.column + 1)
    if depth >= _DEEPEST:
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                name = f"{path}.{key.value}" if path else key.value
                yield from _in_yaml(value, name, depth + 1)
                yield name, (key.start_mark.line + 1, key.start_mark.column + 1)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _in_yaml(value, f"{path}[{index}]", depth + 1)
