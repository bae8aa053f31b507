"""Options for the server of a team, whose users' documents are in a store."""

from __future__ import annotations

import argparse
import contextlib
import re
from typing import TYPE_CHECKING

from polyroute.environment import PROCESS, Environment
from polyroute.errors import UsageError

if TYPE_CHECKING:
    from polyroute.postgres.database import Store
    from polyroute.server.team import TeamUsers

_HOW_TO_IDENTIFY = "Give --identity-header NAME and --trusted-proxy ADDRESS, of the proxy that signs users in."


def read_variables(options: argparse.Namespace, environment: Environment) -> None:
    """Take options that are not given from the process's variables."""
    options.store = options.store or environment.setting("POLYROUTE_STORE", layer=PROCESS) or ""


def users(options: argparse.Namespace, stack: contextlib.ExitStack) -> TeamUsers | None:
    """Return what finds the user of a request in the store that is given; None if none is. Raises as `opened` does."""
    if not options.store:
        return None
    from polyroute.server.identity import IdentityHeader
    from polyroute.server.team import TeamUsers

    store = opened(options)
    stack.callback(store.close)
    store.listen()
    return TeamUsers(store, IdentityHeader(options.identity_header, options.trusted_proxy))


def opened(options: argparse.Namespace) -> Store:
    """Return the store, which connects when it is used.

    Raises UsageError, MissingExtra, and Unavailable if the key file can't be read.
    """
    if not options.store:
        raise UsageError("No store is given.", "Set --store or POLYROUTE_STORE to postgresql://USER@HOST/DATABASE.")
    if not options.store_key_file:
        raise UsageError("The documents in a store are sealed.", "Give --store-key-file FILE.")
    from polyroute.postgres import sealing
    from polyroute.postgres.database import Store

    store = Store(options.store, sealing.load(options.store_key_file))
    store.connect()
    return store


def check(options: argparse.Namespace) -> None:
    """Raise UsageError if the options for `serve` don't fit together."""
    if not options.store:
        for option in ("identity_header", "store_key_file"):
            if getattr(options, option):
                raise UsageError(f"--{option.replace('_', '-')} needs --store.")
    elif not options.identity_header:
        raise UsageError("A store is for many users.", _HOW_TO_IDENTIFY)
    elif not options.trusted_proxy:
        raise UsageError("Anybody could send the header that names the user.", _HOW_TO_IDENTIFY)


def add_store(command: argparse.ArgumentParser) -> None:
    """Add the options that say where the store is."""
    command.add_argument(
        "--store",
        default="",
        metavar="URL",
        help="postgresql://USER@HOST/DATABASE, for a team; better set POLYROUTE_STORE, hidden in process lists",
    )
    command.add_argument(
        "--store-key-file", default="", metavar="FILE", help="the keys that seal documents in the store, newest first"
    )


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of `serve`."""
    add_store(command)
    command.add_argument(
        "--identity-header",
        type=_header,
        metavar="NAME",
        help="with --store: the header in which a trusted proxy names the user who sends a request",
    )


def _header(text: str) -> str:
    if not re.fullmatch("[A-Za-z][A-Za-z0-9-]{0,99}", text):
        raise argparse.ArgumentTypeError(f"{text} is not the name of a header such as X-Forwarded-Email")
    return text
