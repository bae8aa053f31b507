"""The command `polyroute`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from polyroute.errors import NoEffectiveRoute, PolyrouteError, UsageError

YES, NO, BAD_INPUT, COULD_NOT, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit statuses; scripts rely on them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; whatever goes wrong is told in words on stderr."""
    from polyroute.cli.parser import parse

    try:
        options = parse(arguments)
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except NoEffectiveRoute as error:
        return _tell(error, NO)
    except UsageError as error:
        return _tell(error, BAD_INPUT)
    except PolyrouteError as error:
        return _tell(error, COULD_NOT)
    except BrokenPipeError:
        return _reader_left()
    except KeyboardInterrupt:
        return INTERRUPTED


def _tell(error: Exception, status: int) -> int:
    print(f"polyroute: {error}", file=sys.stderr)
    return status


def _reader_left() -> int:
    """End quietly when the reader of a pipe (`| head`) has what it wanted."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return COULD_NOT
