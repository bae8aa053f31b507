"""Find the line of a key in a TOML text, since tomllib reports no lines."""

from __future__ import annotations

import re
from collections.abc import Iterable

from polyroute.plugins.manifests.validators import place

Where = tuple[str | int, ...]

_KEY = r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'"""
_DOTTED = rf"(?:{_KEY})(?:\s*\.\s*(?:{_KEY}))*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]\]?")
_ASSIGNED = re.compile(rf"\s*({_DOTTED})\s*=")


def located(text: str, faults: Iterable[tuple[Where, str]]) -> list[str]:
    """Return a message for each fault, with the line in `text` where the faulty key or its table begins."""
    lines = dict(_lines(text))
    return [_told(lines, where, words) for where, words in faults]


def _told(lines: dict[tuple[str, ...], int], where: Where, words: str) -> str:
    names = tuple(step for step in where if isinstance(step, str))
    longest = next((names[:end] for end in range(len(names), 0, -1) if names[:end] in lines), None)
    line = f"line {lines[longest]}: " if longest else ""
    return f"{line}{place(where)} {words}" if where else f"{line}{words}"


def _lines(text: str) -> Iterable[tuple[tuple[str, ...], int]]:
    """Yield each table and key that begins a line, with the number of the first such line."""
    header: tuple[str, ...] = ()
    seen = set()
    for number, line in enumerate(text.splitlines(), 1):
        if found := _HEADER.match(line):
            path = header = _split(found[1])
        elif found := _ASSIGNED.match(line):
            path = (*header, *_split(found[1]))
        else:
            continue
        if path not in seen:
            seen.add(path)
            yield path, number


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(key.strip("\"'") for key in re.findall(_KEY, dotted))
