"""Commands that print a secret: run within the bounds of executables, without a shell, at the moment of use."""

from __future__ import annotations

from polyroute._internal import platform
from polyroute.environment import PROCESS, Environment
from polyroute.executables.grants import FIXED_PATH, language
from polyroute.executables.processes import Program, Talk, run
from polyroute.plugin import Failed
from polyroute.slots import command_name
from polyroute.types import Alternative

SECONDS = 60.0
"""A key store may ask its user for a password or a finger."""
_MOST_LINES = 10_000


class _Printed:
    """All that a command prints, until it ends."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    @property
    def is_done(self) -> bool:
        """Only its end says that it is done, or far too many lines."""
        return len(self.lines) > _MOST_LINES

    def receive(self, line: bytes, /) -> None:
        """Keep a line."""
        self.lines.append(line)


def output(place: Alternative, environment: Environment) -> str:
    """What a command prints when it is run for whoever asks. Raises Failed.

    What it prints on stderr is not repeated: it may hold the secret.
    """
    if not platform.RUNS_PROGRAMS:
        what = f"a command that prints a key {platform.NEEDS_POSIX}; put the key in a variable or a file"
        raise Failed(what, "unsupported")
    printed, talk = _Printed(), Talk(_program(place, environment))
    talk.start([], printed, SECONDS)
    run([talk])
    if talk.fault and talk.fault.code not in ("exited", "closed_stdout"):
        raise Failed(f"{command_name(place.command[:1])} {talk.fault}", talk.fault.code)
    if talk.returncode != 0:
        raise Failed(f"{command_name(place.command[:1])} ended with status {talk.returncode}", "exited")
    return b"\n".join([*printed.lines, talk.rest]).decode(errors="replace")


def _program(place: Alternative, environment: Environment) -> Program:
    values = {name: environment.setting(name) for name in place.variables}
    variables = {
        "PATH": environment.setting("PATH", layer=PROCESS) or FIXED_PATH,
        "HOME": environment.home,
        **language(environment),
        **{name: value for name, value in values.items() if value},
    }
    return Program(place.command, variables, environment.setting("TMPDIR") or "/tmp")  # noqa: S108
