"""What the command does before anything else is imported; `polyroute/__init__.py` imports this first.

It takes the working directory off Python's path, as Python's option `-P` does, so that nothing is imported from there.
And it does without garbage collection, which a single command does not need. In a host, both are the host's. Only
modules that every Python has loaded already, or contains, are imported here.
"""

import gc
import os
import sys

_COMMAND = "polyroute"
_AS_MODULE = "-m"
"""What `sys.argv[0]` is while Python looks for the module that it is to run."""


def _module() -> str:
    """Return the module that `python -m` was asked for."""
    words = sys.orig_argv[1:]
    for word, following in zip(words, [*words[1:], ""], strict=True):
        flags, m, attached = word.partition("m")
        if m and flags[:1] == "-" and flags[1:2] not in ("-", "X", "W"):
            return attached or following
    return ""


def _runs_command() -> bool:
    program = sys.argv[0] if sys.argv else ""
    return _module() == _COMMAND if program == _AS_MODULE else os.path.basename(program).startswith(_COMMAND)


def _remove_working_directory() -> None:
    """Remove it, its relative forms, and what `PYTHONPATH` leaves empty or relative, which Python makes absolute."""
    if sys.argv[0] == _AS_MODULE and not sys.flags.safe_path:
        del sys.path[0]
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = {os.path.normpath(each) for each in given if os.path.isabs(each)}
    dropped = {os.path.abspath(each) for each in given if not os.path.isabs(each)} - kept
    # A relative entry that does not exist belongs to an import hook, as that of an editable installation.
    sys.path[:] = [
        each
        for each in sys.path
        if (os.path.normpath(each) not in dropped if os.path.isabs(each) else each and not os.path.exists(each))
    ]


if _runs_command():
    _remove_working_directory()
    if os.path.basename(sys.argv[0]) == _COMMAND:  # a host may have a longer name
        gc.disable()
