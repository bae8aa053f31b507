"""Print tables with rich on a terminal, else (or without rich) in plain columns."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from polyroute._internal.terminal import clean

Rows = Sequence[Sequence[str]]


def show(titles: Sequence[str], rows: Rows) -> None:
    """Print a table; without titles, its first column is highlighted instead."""
    cleaned = [[clean(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw(titles, cleaned)
    else:
        _print([titles, *cleaned] if titles else cleaned)


def _print(rows: Rows) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _draw(titles: Sequence[str], rows: Rows) -> None:
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        _print([titles, *rows] if titles else rows)
        return
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=bool(titles))
    for title in titles or [""] * len(rows[0]):
        table.add_column(title, overflow="fold")
    for first, *others in rows:
        # Text prevents rich from interpreting cells as markup.
        table.add_row(Text(first, style="" if titles else "bold"), *map(Text, others))
    Console(highlight=False).print(table)
