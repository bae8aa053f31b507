"""The terminal: the processor time of completing a word, and of the picker until its first screen.

Processor time is counted instead of time, because a busy machine distorts it least. Linux and macOS only.

Usage: python -m benchmarks.terminal [--rounds N] [--check]
"""

from __future__ import annotations

import contextlib
import os
import pty
import resource
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from benchmarks.cold import script
from benchmarks.measuring import (
    PASS,
    PASS_SECONDS,
    Figure,
    User,
    fastest,
    interleaved,
    judged,
    new_user,
    options_of,
    show,
    throw_away,
)

_COMPLETION_LIMIT_MS = 100
_PICKER_LIMIT = 3
_DRAWN, _ESCAPE = b"Esc leave", b"\x1b"
_BASE = "python -I -c pass"
_MODELS, _PICK = "models", "pick, its first screen, left by Esc"
_COMPLETIONS = {
    "a command": ("st",),
    "a provider": ("o", "status"),
    "a model": ("anthropic/", "resolve"),
    "a model of the longest list": ("openrouter/", "resolve"),
}
_ON_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    options = options_of("terminal", "Count processor time.", 15)
    with throw_away() as directory:
        least = fastest(interleaved(_cases(new_user(directory, "user")), options.rounds))
    within = show(f"Processor time, least of {options.rounds} interleaved rounds", _figures(least))
    return 0 if within or not options.check else 1


def _cases(user: User) -> dict[str, Callable[[], float]]:
    completions = {
        f"complete {name}": (script(), "completion", "--complete", word, "--", *before)
        for name, (word, *before) in _COMPLETIONS.items()
    }
    commands = {_BASE: PASS, "status": (script(), "status"), _MODELS: (script(), "models"), **completions}
    counted = {name: partial(_counted, partial(_run, command, user)) for name, command in commands.items()}
    return {**counted, _PICK: partial(_counted, partial(_pick, user))}


def _figures(least: Mapping[str, float]) -> list[Figure]:
    """Return the figures in ms, scaled to the machine of the limit, and the picker beside `models`."""
    scale = PASS_SECONDS / least[_BASE]
    figures = [
        judged(name, seconds * scale * 1000, "ms", _COMPLETION_LIMIT_MS if name.startswith("complete") else None)
        for name, seconds in least.items()
    ]
    beyond = {name: seconds - least[_BASE] for name, seconds in least.items() if name.startswith("complete")}
    figures += [judged(f"{name}, without the interpreter", each * scale * 1000, "ms") for name, each in beyond.items()]
    return [*figures, judged(f"{_PICK}, beside `models`", least[_PICK] / least[_MODELS], "x", _PICKER_LIMIT)]


def _counted(action: Callable[[], None]) -> float:
    """Return the processor seconds that the processes of `action` take."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    action()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _variables(user: User) -> dict[str, str]:
    return {**user.variables, "DEXTO_API_KEY": "made-up", "TERM": "xterm-256color"}


def _run(command: Sequence[str], user: User) -> None:
    quiet = subprocess.DEVNULL
    subprocess.run(command, env=_variables(user), check=True, stdin=quiet, stdout=quiet, stderr=quiet)


def _pick(user: User) -> None:
    """Start the picker on a terminal, and leave it as soon as it is drawn."""
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (24, 100))
    command = (sys.executable, "-I", "-c", _ON_TERMINAL, script(), "pick")
    with subprocess.Popen(
        command, env=_variables(user), stdin=its, stdout=its, stderr=its, start_new_session=True
    ) as process:
        os.close(its)
        _leave(ours)
    os.close(ours)
    if process.returncode != 1:
        raise SystemExit(f"Not worth counting: pick ended with {process.returncode}")


def _leave(terminal: int) -> None:
    shown = b""
    with contextlib.suppress(OSError):  # on Linux this means that the other side is closed
        while part := os.read(terminal, 65536):
            was_drawn, shown = _DRAWN in shown, shown + part
            if _DRAWN in shown and not was_drawn:
                os.write(terminal, _ESCAPE)


if __name__ == "__main__":
    raise SystemExit(main())
