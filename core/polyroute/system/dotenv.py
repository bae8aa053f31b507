"""Read `.env` files: `NAME=value`, `export NAME=value`, quotes, comments. Nothing is expanded.

python-dotenv is not used, because importing it takes a third of the time of `polyroute status`. A property test checks
that both read alike whatever either of them writes.
"""

from __future__ import annotations

import re

ASSIGNMENT = re.compile(
    r"""^(?P<start>[ \t]*(?:export[ \t]+)?)(?P<name>[A-Za-z0-9_][A-Za-z0-9_.]*)[ \t]*=
        (?:[ \t]*(?:'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)")[ \t]*(?P<comment>\#[^\r\n]*)?$
        |(?P<plain>(?![ \t]*['"])[^\r\n]*))""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
"""Matches one assignment, which takes up whole lines."""
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def parse(text: str) -> dict[str, str]:
    """Return the variables that `text` sets; the last of several assignments to one name wins.

    Lines that are not assignments are skipped.
    """
    return {match["name"]: _value(match) for match in ASSIGNMENT.finditer(text)}


def lines_passed_over(text: str) -> list[int]:
    """Return the numbers of lines that are not assignments, comments or blank."""
    rest = ASSIGNMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
    lines = enumerate(rest.split("\n"), 1)
    return [number for number, line in lines if line.strip() and not line.lstrip().startswith("#")]


def _value(match: re.Match[str]) -> str:
    if match["single"] is not None:
        return re.sub(r"\\(['\\])", r"\1", match["single"])
    if match["double"] is not None:
        return re.sub(r"\\([\\'\"abfnrtv])", lambda escape: _ESCAPES.get(escape[1], escape[1]), match["double"])
    return re.sub(r"\s+#.*", "", match["plain"]).strip()
