"""`polyroute` in processes that start quickly: they are forked from one that has imported it already.

This file is also the program of that process. It imports what commands import, and then forks for each request, which
comes with stdin, stdout and stderr for the new process. What that runs and sees is the same as if it had been started
on its own, except for `sys.modules`.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

_IMPORTED = ("filelock", "httpcore2", "httpx2", "importlib_metadata", "jaraco.context", "jaraco.functools")
"""What modules import when it is used: most of it is for keyring, which itself reads variables when it is imported."""
_IMPORTED_WHOLE = ("polyroute", "polyroute_dexto", "polyroute_direct", "polyroute_gateways", "polyroute_openrouter")
"""Packages of which each module is imported."""
_LEFT_OUT = ("polyroute.__main__", "polyroute.integrations.")
"""Beginnings of those that are not: they run the command, or import client libraries."""
_READ_AT_THE_START = ("PYTHON", "LC_", "LANG", "LD_")
"""Beginnings of variables that the interpreter reads before it runs anything, so that a fork would miss them."""
_READ_LATER = {"PYTHONPATH", "PYTHONWARNINGS", "PYTHON_KEYRING_BACKEND"}
"""Those that a fork can have: the first two are set here, and the last is keyring's."""

_NUMBER = struct.Struct("q")


class Process:
    """A running process."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._pid = _received(connection)
        self._status: int | None = None

    def terminate(self) -> None:
        """Ask the process to end."""
        if not self.has_ended:
            os.kill(self._pid, signal.SIGTERM)

    @property
    def has_ended(self) -> bool:
        """Return whether the process has ended."""
        return self._status is not None or bool(select.select([self._connection], [], [], 0)[0])

    def wait(self) -> int:
        """Wait until the process has ended; return its exit status, negative if a signal ended it."""
        if self._status is None:
            with self._connection:
                self._status = _received(self._connection)
        return self._status


def _received(connection: socket.socket) -> int:
    (number,) = _NUMBER.unpack(connection.recv(_NUMBER.size, socket.MSG_WAITALL))
    return int(number)


class _Server(NamedTuple):
    """The process that forks."""

    control: socket.socket
    imported: frozenset[str]
    """The top-level modules that it has imported."""


def can_start(variables: Mapping[str, str]) -> bool:
    """Return whether a process with these variables would behave the same if it were forked."""
    if {name for name in variables if name.startswith(_READ_AT_THE_START)} - _READ_LATER:
        return False
    return variables.get("PYTHONWARNINGS") == "error" and not _server().imported & {*_modules(variables)}


def start(
    arguments: Sequence[str], variables: Mapping[str, str], streams: Sequence[int], folder: Path | None = None
) -> Process:
    """Start the command with these arguments, variables, and stdin, stdout and stderr, by default in this folder."""
    sys.audit("os.fork")  # the lanes of the tests count the starts of processes
    ours, its = socket.socketpair()
    with its:
        socket.send_fds(_server().control, [b"."], [its.fileno(), *streams])
    os.umask(mask := os.umask(0o077))
    own = {"folder": str(folder or os.getcwd()), "umask": mask}
    request = {"arguments": [*arguments], "variables": {**variables}, **own}
    ours.sendall(json.dumps(request).encode() + b"\n")
    return Process(ours)


def run(
    arguments: Sequence[str], variables: Mapping[str, str], given: str = "", folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, with `given` on stdin, by default in this folder."""
    streams = [os.pipe() for _ in range(3)]
    (its_stdin, stdin), (stdout, its_stdout), (stderr, its_stderr) = streams
    process = start(arguments, variables, [its_stdin, its_stdout, its_stderr], folder)
    for each in (its_stdin, its_stdout, its_stderr):
        os.close(each)
    with ThreadPoolExecutor(2) as pool:
        outputs = [pool.submit(_read, each) for each in (stdout, stderr)]
        with contextlib.suppress(BrokenPipeError), open(stdin, "wb") as file:
            file.write(given.encode())
        printed, messages = (each.result() for each in outputs)
    return subprocess.CompletedProcess(arguments, process.wait(), printed, messages)


def _read(descriptor: int) -> str:
    with open(descriptor, encoding="utf-8", errors="replace") as file:
        return file.read()


def _modules(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of the top-level modules in the folders of PYTHONPATH."""
    for folder in filter(None, variables.get("PYTHONPATH", "").split(os.pathsep)):
        with contextlib.suppress(OSError):
            yield from (Path(name).stem for name in os.listdir(folder))


@cache
def _server() -> _Server:
    ours, its = socket.socketpair()
    own = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"PYTHONWARNINGS": "error"}
    with its:
        process = subprocess.Popen([sys.executable, __file__, str(its.fileno())], env=own, pass_fds=[its.fileno()])
    atexit.register(process.wait)
    atexit.register(ours.close)  # runs first, and ends the process
    with ours.makefile("r") as answers:
        return _Server(ours, frozenset(json.loads(answers.readline())))


def _serve(control: socket.socket) -> tuple[socket.socket, list[int]] | None:
    """Fork for each request. Return the request and the streams in the forked process, nothing at the end."""
    running: dict[int, socket.socket] = {}
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([control.fileno(), reading], [], [])
        if reading in ready:
            os.read(reading, 1000)
            _report(running)
        if control.fileno() in ready:
            data, descriptors, _, _ = socket.recv_fds(control, 1, 4)
            if not data:
                return None
            connection = socket.socket(fileno=descriptors[0])
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for each in (reading, writing, *(other.detach() for other in running.values()), control.detach()):
                    os.close(each)
                return connection, descriptors[1:]
            connection.sendall(_NUMBER.pack(pid))
            running[pid] = connection
            for each in descriptors[1:]:
                os.close(each)


def _report(running: dict[int, socket.socket]) -> None:
    """Send the exit statuses of the processes that have ended."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with running.pop(pid) as connection, contextlib.suppress(BrokenPipeError):
            connection.sendall(_NUMBER.pack(os.waitstatus_to_exitcode(status)))


def _become(connection: socket.socket, streams: Iterable[int]) -> None:
    """Become the requested process."""
    with connection, connection.makefile("r") as sent:
        request: dict[str, Any] = json.loads(sent.readline())
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["folder"])
    os.umask(request["umask"])
    coerced = {name: os.environ[name] for name in ("LC_CTYPE",) if name in os.environ}
    os.environ.clear()
    os.environ.update(coerced | request["variables"])
    if os.isatty(0):  # a session of its own has the terminal, for Ctrl+C and /dev/tty
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored if the tests run in the background
    sys.argv = request["arguments"]
    sys.path[:1] = [os.path.dirname(sys.argv[0]), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    importlib.invalidate_caches()
    sys.stdin = sys.__stdin__ = open(0, errors=sys.stdin.errors, closefd=False)  # type: ignore[misc] # noqa: SIM115
    sys.stdout = sys.__stdout__ = _text(1, sys.stdout.errors, os.isatty(1))  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _text(2, "backslashreplace", True)  # type: ignore[misc]


def _text(descriptor: int, errors: str | None, by_line: bool) -> TextIOWrapper:
    return open(descriptor, "w", 1 if by_line else -1, errors=errors, closefd=False)


def _modules_of_packages() -> Iterator[str]:
    for name in _IMPORTED_WHOLE:
        yield name
        walked = pkgutil.walk_packages(importlib.import_module(name).__path__, f"{name}.")
        yield from (each.name for each in walked if not each.name.startswith(_LEFT_OUT))


def _main() -> None:
    sys.path[:1] = []  # this folder
    for name in (*_IMPORTED, *_modules_of_packages()):
        importlib.import_module(name)
    gc.freeze()  # so that collections write to no page that forks share
    with socket.socket(fileno=int(sys.argv[1])) as control:
        control.sendall(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})).encode() + b"\n")
        requested = _serve(control)
    if requested is not None:
        _become(*requested)
        from polyroute.cli.main import script

        script()


if __name__ == "__main__":
    _main()
