"""The pictures of the README, made from the real programs: the page, and the picker on a terminal.

Usage: python -m tests.page.pictures
"""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
import tempfile
import termios
from html import escape
from itertools import groupby
from pathlib import Path

from playwright.sync_api import expect

from tests.support.browser import DEXTO, Kept, chromium, visitor
from tests.support.page_states import SONNET, settled
from tests.support.shell import ON_TERMINAL, POLYROUTE

IMAGES = Path(__file__).parents[2] / "docs" / "images"
KEYS = {**DEXTO, "ANTHROPIC_API_KEY": "sk-ant-canary-1234"}
COLUMNS, LINES = 100, 20
CELL, LINE = 8.4, 18
"""The width of a character and the height of a line, in pixels."""
PIECE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n])")


def page() -> None:
    """Take a picture of the page, with one model open."""
    with (
        tempfile.TemporaryDirectory() as home,
        chromium() as browser,
        contextlib.closing(Kept(browser)) as kept,
        visitor(Path(home), kept) as visit,
    ):
        shown = visit(KEYS).open()
        shown.page.set_viewport_size({"width": 1280, "height": 760})
        shown.show(SONNET)
        expect(shown.detail.locator("pre")).to_contain_text("import")
        settled(shown.page)
        shown.page.screenshot(path=IMAGES / "page.png")


def picker() -> None:
    """Draw what `polyroute pick` shows, as SVG."""
    (IMAGES / "picker.svg").write_text(drawing(cells(frame("claude sonnet"))), encoding="utf-8")


def frame(query: str) -> str:
    """Run the picker until it has drawn itself, and return what it wrote."""
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (LINES, COLUMNS))
    command = [sys.executable, "-I", "-c", ON_TERMINAL, POLYROUTE, "pick", query]
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home, "TERM": "xterm-256color", **KEYS}
        with subprocess.Popen(
            command, env=environment, stdin=its, stderr=its, stdout=subprocess.PIPE, start_new_session=True
        ) as process:
            os.close(its)
            written = b""
            while b"Esc leave" not in written:
                written += os.read(ours, 65536)
            process.kill()
    os.close(ours)
    return written.decode()


def cells(written: str) -> list[list[tuple[str, bool]]]:
    """Return each line of the screen as its characters, with whether they are reversed."""
    screen = [[(" ", False)] * COLUMNS for _ in range(LINES)]
    row = column = 0
    is_reversed = False
    for number, letter, start, down, character in PIECE.findall(written):
        if letter == "m":
            is_reversed = "7" in number.split(";")
        elif letter == "C":
            column += int(number or 1)
        elif start or letter == "H":
            row, column = (0 if letter else row), 0
        elif down:
            row += 1
        elif character and row < LINES and column < COLUMNS:
            screen[row][column] = (character, is_reversed)
            column += 1
    return screen


def drawing(screen: list[list[tuple[str, bool]]]) -> str:
    """Return the screen as SVG, in colors that can be read on a light and on a dark page."""
    width, height = round(COLUMNS * CELL) + 24, LINES * LINE + 24
    font = 'font-family="monospace" font-size="14"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {font}>'
    body = "".join(_line(index, line) for index, line in enumerate(screen))
    return f'{head}\n<rect width="{width}" height="{height}" rx="8" fill="#16181d"/>\n{body}</svg>\n'


def _line(index: int, line: list[tuple[str, bool]]) -> str:
    y, column, drawn = 12 + index * LINE, 0, ""
    for is_reversed, run in groupby(line, key=lambda cell: cell[1]):
        text = "".join(character for character, _ in run)
        x, length = 12 + column * CELL, len(text) * CELL
        column += len(text)
        if is_reversed:
            drawn += f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="{LINE}" fill="#d7dae0"/>\n'
        if text.strip():
            color = "#16181d" if is_reversed else "#d7dae0"
            drawn += f'<text x="{x:.1f}" y="{y + 13}" textLength="{length:.1f}" fill="{color}" xml:space="preserve">'
            drawn += f"{escape(text)}</text>\n"
    return drawn


if __name__ == "__main__":
    expect.set_options(timeout=60_000)
    os.environ.setdefault("POLYROUTE_HOME", tempfile.mkdtemp())
    IMAGES.mkdir(exist_ok=True)
    picker()
    page()
