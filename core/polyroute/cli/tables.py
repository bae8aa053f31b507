"""Print tables: in plain columns, or as a terminal has room for them."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from typing import Self

from polyroute._internal.terminal import clean
from polyroute.cli import screen
from polyroute.named_tuples import NamedTuple

Rows = Sequence[Sequence[str]]

_GAP = 2
_STYLES = {"bold": "1", "good": "32", "bad": "31", "unsure": "33", "faint": "2"}


class Cell(str):
    """A text with a style, which stresses on a terminal what the text says."""

    style: str

    def __new__(cls, text: str, style: str) -> Self:
        """`style` is a key of `_STYLES`."""
        cell = super().__new__(cls, text)
        cell.style = style
        return cell


class _Layout(NamedTuple):
    """Which columns are shown, and how wide."""

    columns: list[int]
    widths: list[int]
    """Empty if the columns don't fit beside each other."""


def show(titles: Sequence[str], rows: Rows, optional: Collection[str] = ()) -> None:
    """Print a table; without titles, its first column is stressed instead.

    If a terminal is too narrow, the columns in `optional` are left out one by one, then cells are broken between words.
    A word, such as an ID, is never broken.
    """
    cleaned = [[_cleaned(cell) for cell in row] for row in rows]
    heads = [Cell(title, "bold") for title in titles]
    if not titles:
        cleaned = [[Cell(first, "bold"), *others] for first, *others in cleaned]
    table: Rows = [heads, *cleaned] if titles else cleaned
    room = screen.width() if sys.stdout.isatty() else sys.maxsize
    layout = _layout(table, titles, room, optional)
    print("\n".join(_beside(table, layout) if layout.widths else _below(heads, cleaned, layout.columns, room)))


def _cleaned(cell: str) -> str:
    text = clean(cell)
    return Cell(text, cell.style) if isinstance(cell, Cell) else text


def _layout(table: Rows, titles: Sequence[str], room: int, optional: Collection[str]) -> _Layout:
    columns = list(range(len(table[0])))
    natural = [max(map(wide, column)) for column in zip(*table, strict=True)]
    for title in ("", *optional):
        columns = [each for each in columns if not title or titles[each] != title]
        widths = [natural[each] for each in columns]
        if _total(widths) <= room:
            return _Layout(columns, widths)
    least = [max(wide(word) for row in table for word in (row[each].split() or [""])) for each in columns]
    return _Layout(columns, _grown(least, widths, room) if _total(least) <= room else [])


def _grown(least: list[int], wanted: list[int], room: int) -> list[int]:
    """Return widths that fill the room; columns that lack least get all that they want first."""
    widths, spare = list(least), room - _total(least)
    for index in sorted(range(len(least)), key=lambda index: wanted[index] - least[index]):
        more = min(spare, wanted[index] - least[index])
        widths[index], spare = widths[index] + more, spare - more
    return widths


def _total(widths: list[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def wide(text: str) -> int:
    """Return the number of columns that a terminal needs for a text."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )


def _beside(table: Rows, layout: _Layout) -> Iterator[str]:
    for row in table:
        cells = [_broken(row[each], width) for each, width in zip(layout.columns, layout.widths, strict=True)]
        for number in range(max(map(len, cells))):
            texts = [cell[number] if number < len(cell) else "" for cell in cells]
            yield _line(texts, [row[each] for each in layout.columns], layout.widths)


def _line(texts: Sequence[str], cells: Sequence[str], widths: Sequence[int]) -> str:
    ends = [" " * (width + _GAP - wide(text)) for text, width in zip(texts, widths, strict=True)]
    styled = [_styled(text, cell) + end for text, cell, end in zip(texts, cells, ends, strict=True)]
    return "".join(styled).rstrip()


def _below(heads: Sequence[str], rows: Rows, columns: Sequence[int], room: int) -> Iterator[str]:
    """Yield each row as several lines: its first cell, which may be longer than the line, then the others."""
    for row in rows:
        yield _styled(row[0], row[0])
        for each in columns[1:]:
            title = f"{heads[each]}: " if heads else ""
            first, *others = _broken(title + row[each], room - _GAP) if row[each] else [""]
            yield from (f"{' ' * _GAP}{_styled(line, row[each])}" for line in filter(None, (first, *others)))


def _broken(text: str, width: int) -> list[str]:
    """Return a text as lines that are broken between words."""
    if wide(text) <= width:
        return [text]
    lines = [""]
    for word in text.split():
        if lines[-1] and wide(lines[-1]) + 1 + wide(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines


def _styled(text: str, cell: str) -> str:
    if not text or not isinstance(cell, Cell) or not screen.has_colors():
        return text
    return f"\x1b[{_STYLES[cell.style]}m{text}\x1b[0m"
