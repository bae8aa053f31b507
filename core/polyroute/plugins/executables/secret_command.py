"""Run commands that print a secret: without a shell, within the limits of executables, at the moment of use."""

from __future__ import annotations

from polyroute._internal import platform
from polyroute._internal.paths import absolute_only
from polyroute.environment import PROCESS, Environment
from polyroute.plugins.executables.event_loop import Program, Session, run
from polyroute.plugins.executables.permissions import language
from polyroute.requirements.slots import command_name
from polyroute.results import Failed
from polyroute.types import Alternative

SECONDS = 60.0
"""Long enough for a key store to ask its user for a password or a fingerprint."""
_MOST_LINES = 10_000


class _Printed:
    """The output of a command, up to its end."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    @property
    def is_done(self) -> bool:
        """Whether it has printed too many lines: otherwise its output ends when the command exits."""
        return len(self.lines) > _MOST_LINES

    def receive(self, line: bytes, /) -> None:
        """Keep a line."""
        self.lines.append(line)


def output(place: Alternative, environment: Environment) -> str:
    """Return the output of a command that is run in the environment of the caller. Raises Failed.

    Errors do not quote its stderr, which may contain the secret.
    """
    if not platform.RUNS_PROGRAMS:
        what = f"a command that prints a key {platform.NEEDS_POSIX}; put the key in a variable or a file"
        raise Failed(what, "unsupported")
    printed, talk = _Printed(), Session(_program(place, environment))
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
        "PATH": absolute_only(environment.setting("PATH", layer=PROCESS) or "") or platform.SYSTEM_PATH,
        "HOME": environment.home,
        **language(environment),
        **{name: value for name, value in values.items() if value},
    }
    return Program(place.command, variables, environment.setting("TMPDIR") or "/tmp")  # noqa: S108
