"""Exit statuses, output for programs, and the catalog of a command."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from polyroute._internal.terminal import clean
from polyroute.environment import Environment
from polyroute.errors import UsageError
from polyroute.plugins.loaded import Plugins

if TYPE_CHECKING:
    from typing import Unpack

    from polyroute.catalog import Catalog
    from polyroute.documents.plugin_types import PluginChange

YES, NO, BAD_INPUT, COULD_NOT, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit statuses; scripts rely on them."""


def document(document: Mapping[str, object]) -> int:
    """Print one JSON document."""
    print(json.dumps(document, indent=2 if sys.stdout.isatty() else None, check_circular=False))
    return YES


def done(options: argparse.Namespace, sentence: str, status: int = YES, **facts: Unpack[PluginChange]) -> int:
    """Print what was done, as a sentence or, with --json, as a document of `facts`; return the exit status."""
    if options.json:
        from polyroute.documents import plugins as documents

        document(documents.changed(facts))
    else:
        print(clean(sentence))
    return status


def exact(text: str) -> None:
    """Print text unchanged or, on a terminal, without control characters."""
    print("\n".join(map(clean, text.split("\n"))) if sys.stdout.isatty() else text, end="")


@contextlib.contextmanager
def catalog(*, run: bool = True, look: bool = False) -> Iterator[Catalog]:
    """Yield the catalog of the user; without `run`, no executable is run. Plugins' prints are redirected to stderr.

    With `look`, the user's own servers are asked whether they run.

    If a UsageError is raised, the catalog's problems are printed too, because they may be the reason.
    """
    from polyroute.catalog import Catalog  # completion does without

    with stdout_kept_clean():
        environment = Environment.load()
        plugins = loaded(environment, run=run)
        catalog = Catalog.load(plugins=plugins, environment=environment)
        if look:
            from polyroute import local_servers

            catalog = local_servers.look(catalog)
        try:
            yield catalog
        except UsageError:
            from polyroute.cli import text

            text.problems(catalog.problems)
            raise


def here() -> str:
    """Return the working directory, or an empty text if it was removed."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def loaded(environment: Environment, *, run: bool) -> Plugins:
    """Return the plugins of the user and the project; without `run`, no executable is run."""
    with stdout_kept_clean():
        return Plugins.load(environment=environment, project=here(), run=run)


@contextlib.contextmanager
def stdout_kept_clean() -> Iterator[None]:
    """Redirect what plugins print, from Python or from C, to stderr, because scripts parse stdout."""
    with contextlib.redirect_stdout(sys.stderr):
        kept = os.dup(1)
        os.dup2(2, 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)
