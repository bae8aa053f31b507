"""What users read on a terminal: screens of 40, 80 and 120 columns, which are kept as text, and long output."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from polyroute.cli.tables import wide
from tests.support.shell import Shell

SCREENS = Path(__file__).parents[1] / "data" / "screens"
WIDTHS = (40, 80, 120)
DEXTO = {"DEXTO_API_KEY": "k", "POLYROUTE_OFFLINE": "1"}
LINES = {
    "begin": "status",
    "status": "status",
    "models": "models sonnet --limit 4",
    "explain": "explain anthropic/claude-sonnet-4-5",
    "help": "--help",
    "models-help": "models --help",
    "error": "custom rm openrouter/x",
    "offers": "models llama-3.3-70b --offers --sort price --limit 4",
    "resolve": "resolve anthropic/claude-sonnet-4-5",
    "keys-set": "keys set azure",
}
"""The command line of each screen."""
STYLE = re.compile(r"\x1b\[[0-9]*m")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", LINES)
def test_a_screen(shell: Shell, name: str, width: int) -> None:
    """A screen is as it was reviewed, and no line but that of one long word is wider than the terminal."""
    shell.terminal_size = (width, 50)
    if name == "keys-set":
        shell.use_keyring()
    typed = {"not shown": "key-123456\n", "NAME: ": "mine\n"}
    _, shown = shell.on_terminal(*LINES[name].split(), typed=typed, **({} if name == "begin" else DEXTO))
    plain = STYLE.sub("", shown).replace("\r\n", "\n").replace(str(shell.home), "~")
    kept = SCREENS / f"{name}-{width}.txt"
    if not kept.exists():
        kept.write_text(plain, encoding="utf-8")
        pytest.fail(f"{kept.name} is new: review it")
    assert plain == kept.read_text(encoding="utf-8")
    assert [line for line in plain.splitlines() if wide(line) > width and " " in line.strip()] == []


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_without_colors(shell: Shell, variables: dict[str, str]) -> None:
    """With NO_COLOR, or on a dumb terminal, nothing has a color, and the words are the same."""
    shell.terminal_size = (80, 24)
    lines = [shell.on_terminal("models", "gpt-5", "--limit", "2", **each)[1] for each in ({}, variables)]
    assert "\x1b" in lines[0]
    assert STYLE.sub("", lines[0]) == lines[1]


def test_a_long_list_is_paged(shell: Shell) -> None:
    """On a terminal, output that is longer than it goes through the user's pager; in a pipe it does not."""
    pager = shell.home / "pager"
    pager.write_text("#!/bin/sh\necho PAGED\nwc -l\n", encoding="utf-8")
    pager.chmod(0o700)
    status, shown = shell.on_terminal("models", PAGER=str(pager), **DEXTO)
    paged = re.search(r"PAGED\s+([0-9]+)", shown)
    assert paged
    assert (status, int(paged[1]) > 1_000) == (0, True)
    assert "PAGED" not in shell.on_terminal("models", "gpt-5", "--limit", "3", PAGER=str(pager))[1]
    assert "PAGED" not in shell.run("models", PAGER=str(pager)).stdout


def test_a_pager_that_is_left_early(shell: Shell) -> None:
    """A pager that ends before it has read everything is no error."""
    assert shell.on_terminal("models", PAGER="true", **DEXTO)[0] == 0


def test_long_work_shows_that_it_lives(shell: Shell) -> None:
    """`refresh` from a silent server shows what it does; Ctrl+C ends it with status 130, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        status, shown = shell.on_terminal(
            "refresh", "--force", typed={"1 s": "\x03"}, POLYROUTE_LIST_URLS=f"models-dev={url}"
        )
    assert "fetching" in shown
    assert (status, "Traceback" in shown) == (130, False)


def test_a_download_that_is_interrupted(shell: Shell) -> None:
    """`plugins add` from a silent server shows what it does; Ctrl+C ends it, and nothing was written."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/acme.tar.gz"
        status, shown = shell.on_terminal("plugins", "add", url, "--insecure", typed={"1 s": "\x03"})
    assert "downloading http://127.0.0.1" in shown
    assert (status, "Traceback" in shown, [*shell.ours.glob("plugins/*")]) == (130, False, [])
