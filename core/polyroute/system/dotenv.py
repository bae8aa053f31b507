"""Reading `.env` files: `NAME=value`, `export NAME=value`, quotes, comments. Nothing is expanded.

Our own because python-dotenv costs as much to import as a third of `polyroute status`, and core has three
dependencies; a property test holds the two equal on what either of them writes.
"""

from __future__ import annotations

import re

ASSIGNMENT = re.compile(
    r"""^(?P<start>[ \t]*(?:export[ \t]+)?)(?P<name>[A-Za-z0-9_][A-Za-z0-9_.]*)[ \t]*=
        (?:[ \t]*(?:'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)")[ \t]*(?P<comment>\#[^\r\n]*)?$
        |(?P<plain>(?![ \t]*['"])[^\r\n]*))""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
"""One assignment, which fills whole lines."""
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def parse(text: str) -> dict[str, str]:
    """Return the variables that `text` sets; the last of several assignments to one name wins.

    Lines that are no assignment are passed over.
    """
    return {match["name"]: _value(match) for match in ASSIGNMENT.finditer(text)}


def lines_passed_over(text: str) -> list[int]:
    """The numbers of lines that are neither assignments nor comments nor blank."""
    rest = ASSIGNMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
    lines = enumerate(rest.split("\n"), 1)
    return [number for number, line in lines if line.strip() and not line.lstrip().startswith("#")]


def _value(match: re.Match[str]) -> str:
    if match["single"] is not None:
        return re.sub(r"\\(['\\])", r"\1", match["single"])
    if match["double"] is not None:
        return re.sub(r"\\([\\'\"abfnrtv])", lambda escape: _ESCAPES.get(escape[1], escape[1]), match["double"])
    return re.sub(r"\s+#.*", "", match["plain"]).strip()
