"""The command `serve`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from polyroute import __version__
from polyroute._internal import platform
from polyroute.base_url import is_loopback
from polyroute.cli import grammar
from polyroute.cli.output import YES
from polyroute.environment import PROCESS, Environment
from polyroute.errors import Unavailable, UsageError

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers

_PORT = 3210


def _serve(options: argparse.Namespace) -> int:
    """`polyroute serve`: serve the HTTP API and the model picker until the process is ended."""
    parent = os.getppid() if options.exit_with_parent else 0  # done first: the parent may exit during the start-up
    environment = Environment.load()
    token = options.token or environment.setting("POLYROUTE_TOKEN", layer=PROCESS) or ""
    _check(options, token)
    from polyroute.server import create_app, process

    pass_through = None
    if options.pass_through:
        from polyroute.server import PassThrough

        pass_through = PassThrough(options.policy or "never")
    app = create_app(
        token=token,
        hosts=[options.host, *options.allow_host],
        origins=options.allow_origin,
        ui_dir=options.ui_dir,
        keep_fresh=True,
        pass_through=pass_through,
    )
    listening = process.listen(options.host, options.port)
    url = process.url_of(listening, options.host)
    process.run(app, listening, lambda: _ready(options, url, token), parent=parent)
    return YES


def _check(options: argparse.Namespace, token: str) -> None:
    if options.exit_with_parent and not platform.WATCHES_PARENT:
        remedy = "Omit it, and end the server by the `pid` that --ready-json prints."
        raise Unavailable(f"--exit-with-parent {platform.NEEDS_POSIX}. {remedy}")
    if not token and not is_loopback(options.host):
        raise UsageError(
            f"{options.host} can be reached from other machines: set a token with --token or POLYROUTE_TOKEN."
        )
    if options.pass_through and not token:
        raise UsageError("--pass-through spends your money: set a token with --token or POLYROUTE_TOKEN.")
    if options.policy and not options.pass_through:
        raise UsageError("--policy needs --pass-through.")
    if not token.isascii() or token != token.strip():
        raise UsageError("A token must consist of visible ASCII characters.")
    if options.ui_dir and not os.path.isfile(os.path.join(options.ui_dir, "index.html")):
        raise UsageError(f"{options.ui_dir} contains no index.html: give the folder of a built application.")


def _ready(options: argparse.Namespace, url: str, token: str) -> None:
    if options.ready_json:
        print(json.dumps({"url": url, "pid": os.getpid(), "version": __version__}), flush=True)
    else:
        print(f"polyroute: serving at {url}. Press Ctrl+C to stop.", file=sys.stderr)
    if options.open:
        import webbrowser

        webbrowser.open(f"{url}/#token={token}" if token else url)


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "serve", _serve, "serve the HTTP API and the model picker")
    command.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on; addresses that are not loopback need a token"
    )
    command.add_argument("--port", type=_port, default=_PORT, help=f"by default {_PORT}; 0 lets the system choose")
    command.add_argument(
        "--token", default="", help="the token clients must send; better set POLYROUTE_TOKEN, hidden in process lists"
    )
    command.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="an additional host name of this server"
    )
    command.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="URL",
        help="an additional origin whose pages may call the server, through their own proxy",
    )
    command.add_argument(
        "--ui-dir", default="", metavar="DIR", help="a built single-page application to serve instead of the page"
    )
    command.add_argument("--pass-through", action="store_true", help="run models under /v1 by their routes")
    command.add_argument(
        "--policy", choices=("never", "auto"), help="whether the pass-through tries the next route; by default never"
    )
    command.add_argument("--ready-json", action="store_true", help="print one line with the URL once it is ready")
    command.add_argument("--exit-with-parent", action="store_true", help="exit when the parent process exits")
    command.add_argument("--open", action="store_true", help="open the page in a browser")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return int(text)
