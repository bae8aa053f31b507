"""Run `polyroute`, or import a module for each name on stdin, without what Windows does not have.

A real Windows differs in more: paths, locks, drives. This shows that nothing which is missing there is needed.
Libraries choose their ways by the system when they are imported. So those that are imported first keep the real
one; what comes afterwards, all of Polyroute above all, sees the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import pathlib
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import types

import filelock
import platformdirs

KEEP_THE_REAL_ONE = (asyncio, filelock, pathlib, platformdirs, selectors, shutil, subprocess, tempfile)
OF_THE_SERVER = ("aiohttp", "httpx", "httpx2", "starlette.applications", "uvicorn", "uvicorn.loops.auto")
"""Modules of the server, as far as they are installed; they are imported only on demand, since that takes long."""
MODULES = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty")
NAMES = {
    os: """O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK P_PID WEXITED WNOHANG WNOWAIT chown fchmod fchown fork forkpty
        getegid geteuid getgid getpgid getpgrp getpriority getsid getuid initgroups killpg lchown mkfifo nice openpty
        pidfd_open posix_spawn pread pwrite set_blocking setgid setpgid setsid setuid statvfs sync uname wait wait3
        wait4 waitid""",
    signal: "SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGUSR1 SIGUSR2 alarm pthread_kill setitimer sigwait",
}


def become() -> None:
    """Make this process look like one on Windows to all modules that are imported from now on."""
    real = {module: types.ModuleType(module.__name__) for module in NAMES}
    for module, copy in real.items():
        vars(copy).update(vars(module))
    for module in tuple(sys.modules.values()):
        for name, value in tuple(vars(module).items()):
            if isinstance(value, types.ModuleType) and value in real and module.__name__ != __name__:
                setattr(module, name, real[value])
    for module, names in NAMES.items():
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)
    sys.modules.update(dict.fromkeys(MODULES))  # type: ignore[arg-type]  # None means that it can't be imported
    os.name, sys.platform = "nt", "win32"


def main() -> int:
    """Run the command with this process's arguments; without arguments, import the modules named on stdin."""
    del sys.path[0]  # the folder of this file
    if sys.argv[1:2] in ([], ["serve"]):
        for name in OF_THE_SERVER:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    become()
    if len(sys.argv) > 1:
        from polyroute.cli.main import script

        return script()
    for line in sys.stdin:
        importlib.import_module(line.strip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
