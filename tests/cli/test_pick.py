"""`polyroute pick` on a terminal: what it shows, and what it prints for `$(polyroute pick)`."""

from __future__ import annotations

import re

import pytest

from tests.support.shell import POLYROUTE, Shell

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
KEY = {"DEXTO_API_KEY": "k"}


def picked(shell: Shell, *arguments: str, typed: str, width: int = 120) -> tuple[int, str, str]:
    """Run the picker with stdout as a pipe; type keys as soon as it is drawn. Return status, stdout and the screen."""
    shell.terminal_size = (width, 24)
    status, shown, printed = shell.captured(*arguments, typed={"Esc leave": typed}, **KEY)
    return status, printed, CONTROL.sub("", shown)


def test_the_chosen_model_is_printed(shell: Shell) -> None:
    """The picker is drawn on the terminal while stdout is a pipe, which gets the reference alone."""
    status, printed, shown = picked(shell, "pick", "sonnet", typed="\r")
    assert (status, printed) == (0, "anthropic/claude-sonnet-4-6\n")
    assert re.search(r">● anthropic/claude-sonnet-4-6 +via dexto +1M +\$3/15 TRIPS", shown)
    assert "context 1,000,000" in shown
    assert ">● via dexto as anthropic/claude-sonnet-4.6" in shown


@pytest.mark.parametrize(("typed", "status"), [("\x1b", 1), ("\x03", 130)])
def test_nothing_is_chosen(shell: Shell, typed: str, status: int) -> None:
    """Esc chooses nothing, and Ctrl+C interrupts; neither prints anything or leaves a traceback."""
    done = picked(shell, "pick", typed=typed)
    assert done[:2] == (status, "")
    assert "Traceback" not in done[2]


def test_favorites_and_pins(shell: Shell) -> None:
    """Keys make the marked model a favorite, which is listed first, and pin its marked way."""
    assert picked(shell, "pick", "sonnet 4.5", typed="\x06\x10\r")[1] == "anthropic/claude-sonnet-4-5\n"
    assert '"anthropic/claude-sonnet-4-5" = "dexto"' in shell.config.read_text(encoding="utf-8")
    assert "●★anthropic/claude-sonnet-4-5" in picked(shell, "pick", typed="\x1b", width=80)[2]


def test_it_needs_a_terminal(shell: Shell) -> None:
    """Without a terminal, the error names the command for programs."""
    done = shell.start(["setsid", "--wait", POLYROUTE, "pick"])
    assert (done.returncode, "polyroute models --ids" in done.stderr) == (2, True)
