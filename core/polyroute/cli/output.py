"""Exit statuses; scripts rely on them."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from polyroute._internal.terminal import clean
from polyroute.catalog import Catalog
from polyroute.environment import Environment
from polyroute.errors import UsageError
from polyroute.plugins.loaded import Plugins

if TYPE_CHECKING:
    from typing import Unpack

    from polyroute.documents.plugin_types import PluginChange

YES, NO, BAD_INPUT, COULD_NOT, INTERRUPTED = 0, 1, 2, 3, 130


def document(document: Mapping[str, object]) -> int:
    """Print one JSON document."""
    print(json.dumps(document, indent=2 if sys.stdout.isatty() else None))
    return YES


def done(options: argparse.Namespace, sentence: str, status: int = YES, **facts: Unpack[PluginChange]) -> int:
    """Say what was done, in a sentence or, with --json, in facts; return the exit status."""
    if options.json:
        from polyroute.documents import plugins as documents

        document(documents.changed(facts))
    else:
        print(clean(sentence))
    return status


def exact(text: str) -> None:
    """Print lines as they are for whatever reads them, and without what would disturb it to a terminal."""
    print("\n".join(map(clean, text.split("\n"))) if sys.stdout.isatty() else text, end="")


@contextlib.contextmanager
def catalog(*, run: bool = True) -> Iterator[Catalog]:
    """The catalog to ask, whose executables may `run`. Where it refuses the input, its problems are told too: they may
    be why.
    """
    with _stdout_kept_clean():
        environment = Environment.load()
        plugins = Plugins.load(environment=environment, project=here(), run=run)
        catalog = Catalog.load(plugins=plugins, environment=environment)
        try:
            yield catalog
        except UsageError:
            from polyroute.cli import text

            text.problems(catalog.problems)
            raise


def here() -> str:
    """The working directory, if it is still there."""
    try:
        return os.getcwd()
    except OSError:
        return ""


@contextlib.contextmanager
def _stdout_kept_clean() -> Iterator[None]:
    """Whatever plugins print, in Python or below it, goes to stderr: scripts parse stdout."""
    with contextlib.redirect_stdout(sys.stderr):
        kept = os.dup(1)
        os.dup2(2, 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)
