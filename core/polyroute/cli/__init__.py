"""The command `polyroute`."""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Sequence

from polyroute.cli.exits import BAD_INPUT, COULD_NOT, INTERRUPTED, NO, YES
from polyroute.errors import NoEffectiveRoute, PolyrouteError, Unavailable, UsageError


def script() -> int:
    """What the installed command calls: `main`, without looking for garbage, of which one command makes none.

    Freezing spares the interpreter a last look at every object when it ends.
    """
    gc.disable()
    status = main()
    gc.freeze()
    return status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; whatever goes wrong is told in words on stderr."""
    _print_what_can_be_printed()
    try:
        if sys.stdout is None:  # nothing could be told, and a file that is opened would take its descriptor
            raise OSError("it is closed")
        _stand_in_for_what_is_closed()
        status = _run(arguments)
        sys.stdout.flush()
        return status
    except NoEffectiveRoute as error:
        return _tell(error, NO)
    except UsageError as error:
        return _tell(error, BAD_INPUT)
    except PolyrouteError as error:
        return _tell(error, COULD_NOT)
    except BrokenPipeError:
        return _give_up_on_stdout()
    except OSError as error:
        _give_up_on_stdout()
        return _tell(Unavailable(f"{error.filename or 'the output'}: {error.strerror or error}."), COULD_NOT)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return _own_fault(error)


def _run(arguments: Sequence[str] | None) -> int:
    from polyroute.cli.parser import parse

    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
    except SystemExit as end:  # argparse has printed help, or what is wrong
        return end.code if isinstance(end.code, int) else YES
    status: int = options.run(options)
    return status


def _print_what_can_be_printed() -> None:
    """Where a terminal knows few characters, show the others escaped instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _stand_in_for_what_is_closed() -> None:
    """Let no file that is opened take the descriptor of a closed stdin or stderr, and no message go to stdout."""
    import os

    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  as long as the process


def _tell(error: Exception, status: int) -> int:
    from polyroute.system.plain import clean

    lines = [clean(line) for line in str(error).splitlines()]
    print("polyroute: " + "\n".join(lines), file=sys.stderr)
    return status


def _own_fault(error: Exception) -> int:
    import os

    if os.environ.get("POLYROUTE_DEBUG"):
        raise error
    print(f"polyroute: a fault of its own: {type(error).__name__}", file=sys.stderr)
    print("Please report it. With POLYROUTE_DEBUG=1 it tells where.", file=sys.stderr)
    return COULD_NOT


def _give_up_on_stdout() -> int:
    """Let nothing more be written: the reader of a pipe (`| head`) has left, or the disk is full."""
    import os

    if sys.stdout is None:
        return COULD_NOT
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return COULD_NOT
