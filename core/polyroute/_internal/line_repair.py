"""Put the lines of a text file that can't be read in comments, so that the others can be."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from polyroute.named_tuples import NamedTuple

Check = Callable[[str], bool]
"""Returns whether a text can be read. Blank lines and comments always can."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MOST_LINES, _MOST_CHARACTERS = 300, 20_000
"""The longest text that is looked at line by line: far longer than one that a user writes."""
_LONGEST = 20
"""How many lines a value may have."""


class Commented(NamedTuple):
    """A text that can be read."""

    text: str
    lines: tuple[int, ...]
    """The numbers, from 1, of the lines that are comments now."""


class LineFormat(NamedTuple):
    """A format of text whose comments are lines that begin with `#`."""

    is_valid: Check
    is_head: Check = lambda _: False
    """Returns whether a line begins a part: what is below a head that can't be read belongs to it."""

    def is_damaged(self, data: bytes) -> bool:
        """Return whether the text can't be read as it is."""
        return data.startswith(_UTF16) or not self.is_valid(_decoded(data).replace("\r\n", "\n"))

    def commented(self, data: bytes) -> Commented:
        """Return the text with each line that can't be read in a comment. Raises ValueError if it is too long."""
        text = _decoded(data)
        lines = text.replace("\r\n", "\n").split("\n")
        if len(lines) > _MOST_LINES or len(text) > _MOST_CHARACTERS:
            raise ValueError
        faulty = _faulty(lines, self.is_valid, self.is_head)
        for index in faulty:
            lines[index] = f"# {_printable(lines[index])}"
        end = "\r\n" if "\r\n" in text else "\n"
        return Commented(end.join(lines), tuple(index + 1 for index in faulty))


def _faulty(lines: list[str], is_valid: Check, is_head: Check) -> list[int]:
    """Return the indexes of lines that can't be read together with those above them that can."""
    kept: list[str] = []
    faulty: list[int] = []
    index, is_headless = 0, False
    while index < len(lines):
        is_headless = is_headless and not is_head(lines[index])
        count = 0 if is_headless and not _is_comment(lines[index]) else _readable(kept, lines[index:], is_valid)
        kept += lines[index : index + count]
        if not count:
            faulty.append(index)
            is_headless = is_headless or is_head(lines[index])
        index += count or 1
    return faulty


def _readable(kept: list[str], following: list[str], is_valid: Check) -> int:
    """Return how many of the following lines make one that can be read; 0 if none do."""
    most = min(_LONGEST, len(following))
    return next((count for count in range(1, most + 1) if is_valid("\n".join([*kept, *following[:count]]))), 0)


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _decoded(data: bytes) -> str:
    """Return the text of a file. Bytes that are no UTF-8 become characters that no valid line has."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "surrogateescape")


def _printable(line: str) -> str:
    """Return a line without control characters, and with the bytes that are no UTF-8 as characters of Latin-1."""
    text = line.encode("utf-8", "surrogateescape").decode("latin-1") if not is_utf8(line) else line
    return "".join(each for each in text if each == "\t" or each.isprintable())


def is_utf8(text: str) -> bool:
    """Return whether a text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
