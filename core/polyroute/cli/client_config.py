"""The command `client-config`."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from polyroute.cli import grammar, run
from polyroute.cli.output import YES
from polyroute.clients import setup, table
from polyroute.environment import Environment

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers

_TOKEN = "${POLYROUTE_TOKEN}"  # noqa: S105 - a reference to it
_FOLDER = "${HOME}/.polyroute-client"
_URL = "http://127.0.0.1:3210"


def _config(options: argparse.Namespace) -> int:
    """`polyroute client-config`: print what to set for a client that uses a server which runs already."""
    client = table.client(options.client, Environment.load())
    chosen, _, _ = run.prepared(options, client)
    values = setup.Values(options.url, _TOKEN, chosen.model, chosen.small, chosen.models, _FOLDER)
    print(f"# {client.name}: {client.install}")
    print("# The server: polyroute serve --pass-through, with the same POLYROUTE_TOKEN")
    for name in client.unset:
        print(f"unset {name}")
    for name, text in client.env.items():
        print(f"export {name}={_quoted(values.fill(text))}")
    for name, text in client.files.items():
        print(f"mkdir -p {_quoted(_FOLDER)} && cat > {_quoted(f'{_FOLDER}/{name}')} <<END")
        print(f"{values.fill(text).strip()}\nEND")
    if client.home is not None:
        print(f"# Add to {_FOLDER}/{client.home.of}/{client.home.merge}: {dict(client.home.document)}")
    print(" ".join([client.program, *map(_quoted, setup.arguments(client, values))]))
    return YES


def _quoted(text: str) -> str:
    """Return a word for a shell, which fills in the token and the home."""
    parts = [text]
    for reference in (_TOKEN, "${HOME}"):
        parts = [piece for part in parts for piece in _split(part, reference)]
    words = [f'"{part}"' if part in (_TOKEN, "${HOME}") else shlex.quote(part) for part in parts if part]
    return "".join(words) or "''"


def _split(text: str, reference: str) -> list[str]:
    first, *rest = text.split(reference)
    return [first, *(piece for each in rest for piece in (reference, each))] if text != reference else [text]


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "client-config", _config, "print what to set for an agent by hand")
    run.add_choice(command)
    command.add_argument("--url", default=_URL, help=f"the URL of the server; by default {_URL}")
