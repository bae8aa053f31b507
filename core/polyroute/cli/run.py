"""The command `run`."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output, pick
from polyroute.cli.activity import Activity
from polyroute.clients import choice, launch, setup, table
from polyroute.environment import Environment
from polyroute.errors import Unavailable, UsageError

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.cli.grammar import Subparsers
    from polyroute.clients.choice import Choice
    from polyroute.clients.table import ClientEntry


def _run(options: argparse.Namespace) -> int:
    """`polyroute run`: start a client whose models run along the user's routes."""
    client = table.client(options.client, Environment.load())
    program = launch.find(client.program, os.environ.get("PATH", ""))
    if program is None:
        raise Unavailable(f"{client.name} ({client.program}) is not on PATH.", f"To install it: {client.install}")
    folder = tempfile.mkdtemp(prefix="polyroute-")
    try:
        return _start(options, client, program, folder)
    finally:  # not reached if the client takes the place of this process: then the server removes the folder
        shutil.rmtree(folder, ignore_errors=True)


def prepared(options: argparse.Namespace, client: ClientEntry) -> tuple[Choice, set[str], str]:
    """Return the chosen models, the variables with keys, and the user's home."""
    with output.catalog() as catalog:
        model = options.model or _current(catalog) or _asked(catalog)
        chosen = choice.choose(client, catalog, model, options.small)
        return chosen, set(catalog.plugins.readers), catalog.environment.home


def _current(catalog: Catalog) -> str:
    """Return the current model; empty if none was chosen."""
    from polyroute.choices.current_model import RememberedModels

    found = RememberedModels().get(catalog.environment, "")
    return f"{found.provider}/{found.model}" if found else ""


def _asked(catalog: Catalog) -> str:
    """Return the model that the user picks. Raises UsageError if they can't be asked, or pick none."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("No model is chosen.", "Give one with --model provider/model. `polyroute models` lists them.")
    if (chosen := pick.choose(catalog)) is None:
        raise UsageError("No model was chosen.")
    return str(chosen)


def _start(options: argparse.Namespace, client: ClientEntry, program: str, folder: str) -> int:
    """Start the server while the catalog is loaded, and then the client."""
    token = secrets.token_urlsafe()
    given = ["--policy", options.policy] if options.policy else []
    server = launch.PrivateServer(given, token, folder, os.environ)
    try:
        chosen, keys, home = prepared(options, client)
        with Activity("starting the server" if chosen.is_native else "starting the translation"):
            url = server.url(translates=not chosen.is_native)
        values = setup.Values(url, token, chosen.model, chosen.small, chosen.models, folder)
        setup.write_files(client, values, home)
        variables = setup.variables(client, values, os.environ, keys)
        print(f"polyroute: {client.name} with {chosen.model}", file=sys.stderr, flush=True)
        return launch.become(program, setup.arguments(client, values, options.arguments), variables)
    finally:
        server.end()


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "run", _run, "start an agent whose models run along your routes")
    add_choice(command)
    command.add_argument(
        "--policy", choices=("never", "auto"), help="whether the next route is tried when one fails; by default never"
    )
    command.epilog = "Arguments after -- are passed to the client."


def add_choice(command: argparse.ArgumentParser) -> None:
    """Add the arguments that choose a client and its models."""
    command.add_argument("client", metavar="CLIENT", help="its name in docs/clients.md, or in your own clients.toml")
    command.add_argument(
        "--model",
        default="",
        help="provider/model, a shortcut, or an ID that one provider lists; by default the current model",
    )
    command.add_argument("--small", default="", metavar="MODEL", help="the model for small tasks; by default the same")
