"""The command `polyroute`."""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from polyroute import __version__
from polyroute._internal import containment
from polyroute.cli.grammar import FORMATTER, Parser, suggestions
from polyroute.cli.output import BAD_INPUT, COULD_NOT, INTERRUPTED, NO, YES
from polyroute.errors import InternalError, NoEffectiveRoute, PolyrouteError, Unavailable, UsageError

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers


def script() -> NoReturn:
    """Run `main` without garbage collection, which a single command does not need. The installed command calls this."""
    gc.disable()
    containment.take_over(debug=_is_debugged())
    containment.end(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. Errors are printed to stderr."""
    _print_what_can_be_printed()
    given = sys.argv[1:] if arguments is None else list(arguments)
    report = partial(_report, as_json="--json" in _divided(given)[0])
    try:
        if sys.stdout is None:  # nothing can be printed, and the next file that is opened would get its descriptor
            raise OSError("it is closed")
        _stand_in_for_what_is_closed()
        status = _run(given)
        sys.stdout.flush()
        return status
    except NoEffectiveRoute as error:
        return report(error, NO)
    except UsageError as error:
        return report(error, BAD_INPUT)
    except PolyrouteError as error:
        return report(error, COULD_NOT)
    except BrokenPipeError:
        return _give_up_on_stdout()
    except OSError as error:
        _give_up_on_stdout()
        return report(Unavailable(f"{error.filename or 'the output'}: {error.strerror or error}."), COULD_NOT)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if _is_debugged():
            raise
        return report(_own_fault(error), COULD_NOT)


def _run(arguments: Sequence[str]) -> int:
    try:
        options = parse(arguments)
    except SystemExit as end:  # argparse has printed help
        return end.code if isinstance(end.code, int) else YES
    status: int = options.run(options)
    return status


def _print_what_can_be_printed() -> None:
    """Escape characters that the terminal's encoding lacks instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _stand_in_for_what_is_closed() -> None:
    """Replace a closed stdin or stderr, so that no opened file gets its descriptor."""
    import os

    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  as long as the process


def _report(error: PolyrouteError, status: int, *, as_json: bool) -> int:
    """Print an error to stderr and, for programs, to stdout; return the exit status."""
    from polyroute.cli import screen

    if sys.stderr is not None:
        lines = [screen.fitted(line, sys.stderr) for line in f"polyroute: {error}".splitlines()]
        print("\n".join(lines), file=sys.stderr)
    if as_json and sys.stdout is not None:
        from polyroute.cli import output
        from polyroute.documents import failures as documents

        output.document(documents.failure(error))
    return status


def _is_debugged() -> bool:
    import os

    return bool(os.environ.get("POLYROUTE_DEBUG"))


def _own_fault(error: Exception) -> InternalError:
    remedy = "Please report it. Set POLYROUTE_DEBUG=1 to see where it occurs."
    return InternalError(f"internal error: {type(error).__name__}.", remedy)


def _give_up_on_stdout() -> int:
    """Discard further output: the reader of a pipe (`| head`) has exited, or the disk is full."""
    import os

    if sys.stdout is None:
        return COULD_NOT
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return COULD_NOT


COMMANDS = (
    "status",
    "doctor",
    "explain",
    "resolve",
    "models",
    "pick",
    "map",
    "plugins",
    "prefer",
    "shortcut",
    "refresh",
    "serve",
    "store",
    "policy",
    "run",
    "client-config",
    "custom",
    "keys",
    "credential",
    "check",
    "verify",
    "completion",
)
"""The commands in the order of `--help`. The module of the same name in this package implements each."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; `run` of the result is the function to call. Exits with status 2 on bad usage."""
    if not arguments:
        build().print_help(sys.stderr)
        raise SystemExit(BAD_INPUT)
    command = arguments[0]
    if not (command in COMMANDS or command.startswith("-")):
        raise _unknown(command)
    own, further = _divided(arguments) if command == "run" else (arguments, ())
    options, others = build(command).parse_known_args(own, argparse.Namespace(arguments=further))
    if others:
        options.parser.refuse(others)
    return options


def _divided(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the arguments before `--`, and those after it, which are for another program."""
    at = list(arguments).index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1 :]


def _unknown(command: str) -> UsageError:
    from polyroute._internal.spelling import did_you_mean

    near = suggestions(command, (*COMMANDS, "--help", "--version"))
    return UsageError(f"There is no command {command!r}.", did_you_mean(near, "See `polyroute --help`."), near)


def build(command: str = "") -> Parser:
    """Return the parser of `command`, or of the whole command line if there is no such command.

    To import and build all commands would take half as long as running one.
    """
    parser = Parser(
        "polyroute",
        description="Show which models you can run with your credentials, by which route, and if not, why not.",
        formatter_class=FORMATTER,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"polyroute {__version__}")
    subparsers = parser.add_subparsers(prog="polyroute", metavar="COMMAND", required=True)
    for name in [command] if command in COMMANDS else COMMANDS:
        _add(name, subparsers)
    return parser


def _add(command: str, subparsers: Subparsers) -> None:
    module = importlib.import_module(f"polyroute.cli.{command.replace('-', '_')}")
    module.add_to(subparsers)
