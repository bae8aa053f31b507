"""The command `serve`."""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import json
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

from polyroute import __version__
from polyroute._internal import platform
from polyroute.base_url import is_loopback
from polyroute.cli import grammar, redirect_file, team
from polyroute.cli.output import YES
from polyroute.environment import PROCESS, Environment
from polyroute.errors import Unavailable, UsageError

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers
    from polyroute.organisation.policy_file import PolicyFile
    from polyroute.server import PassThrough
    from polyroute.server.metrics import Metrics
    from polyroute.server.request_log import RequestLog
    from polyroute.server.team import TeamUsers

_PORT = 3210
_MAX_SECONDS = 3_600
_MIN_TOKEN = 20
"""The shortest token for a server that other machines can reach: random letters and digits have then 100 bits."""
_HOW_TO_MAKE = 'To make one: python3 -c "import secrets; print(secrets.token_urlsafe())"'
_TO_SET_ONE = f"Set a token with --token or POLYROUTE_TOKEN. {_HOW_TO_MAKE}"


def _serve(options: argparse.Namespace) -> int:
    """`polyroute serve`: serve the HTTP API and the model picker until the process is ended."""
    parent = os.getppid() if options.exit_with_parent else 0  # done first: the parent may exit during the start-up
    environment = Environment.load()
    token = options.token or environment.setting("POLYROUTE_TOKEN", layer=PROCESS) or ""
    team.read_variables(options, environment)
    _check(options, token)
    from polyroute.server import create_app, process

    with contextlib.ExitStack() as stack:
        users, log = team.users(options, stack), _log(stack) if options.log_json else None
        app = create_app(
            environment=users,
            token=token,
            hosts=[options.host, *options.allow_host],
            origins=options.allow_origin,
            ui_dir=options.ui_dir,
            keep_fresh=not options.no_refresh,
            pass_through=_pass_through(options),
            log=log,
            metrics=_metrics(users) if options.metrics else None,
            ready=users.have_met_store if users else None,
            policy=_policy(options),
        )
        listening = process.listen(options.host, options.port)
        url = process.url_of(listening, options.host)
        if options.scratch:
            stack.callback(shutil.rmtree, options.scratch, ignore_errors=True)
        process.run(
            app,
            listening,
            lambda: _ready(options, url, token, environment, stack, log),
            parent=parent,
            trusted_proxies=options.trusted_proxy,
            drain=options.drain,
        )
    return YES


def _pass_through(options: argparse.Namespace) -> PassThrough | None:
    if not options.pass_through:
        return None
    from polyroute.server import PassThrough

    return PassThrough(
        options.policy or "never",
        translate=not options.no_translate,
        start_early=_is_told if options.translator_by_stdin else None,
        shortcuts=dict(options.shortcut),
    )


def _policy(options: argparse.Namespace) -> PolicyFile | None:
    if not options.policy_file:
        return None
    from polyroute.organisation.policy_file import PolicyFile

    return PolicyFile(os.path.abspath(options.policy_file))


def _is_told() -> bool:
    """Wait for a line on stdin, by which `polyroute run` starts the translator ahead of the first request."""
    return bool(sys.stdin.readline())


def _log(stack: contextlib.ExitStack) -> RequestLog:
    from polyroute.server.request_log import JsonLines

    log = JsonLines(sys.stderr)
    stack.callback(log.close)
    return log


def _metrics(users: TeamUsers | None) -> Metrics:
    from polyroute.server.metrics import Metrics

    metrics = Metrics()
    if users is not None:
        metrics.add(users.measures)
    return metrics


def _check(options: argparse.Namespace, token: str) -> None:
    if options.exit_with_parent and not platform.WATCHES_PARENT:
        remedy = "Omit it, and end the server by the `pid` that --ready-json prints."
        raise Unavailable(f"--exit-with-parent {platform.NEEDS_POSIX}.", remedy)
    team.check(options)
    _check_token(options, token)
    for option in ("policy", "no_translate", "shortcut"):
        if getattr(options, option) and not options.pass_through:
            raise UsageError(f"--{option.replace('_', '-')} needs --pass-through.")
    if options.ui_dir and not os.path.isfile(os.path.join(options.ui_dir, "index.html")):
        raise UsageError(f"{options.ui_dir} contains no index.html.", "Give the folder of a built application.")


def _check_token(options: argparse.Namespace, token: str) -> None:
    is_public = not is_loopback(options.host) or bool(options.trusted_proxy)
    if not token and is_public and not options.identity_header:
        raise UsageError(f"{_reached(options)}.", _TO_SET_ONE)
    if options.pass_through and not token:
        raise UsageError("--pass-through spends your money.", _TO_SET_ONE)
    if not re.fullmatch("[!-~]*", token):
        raise UsageError("A token must consist of visible ASCII characters.")
    if token and is_public and len(token) < _MIN_TOKEN:
        message = f"{_reached(options)}, where a short token can be guessed."
        raise UsageError(message, f"Use {_MIN_TOKEN} characters or more. {_HOW_TO_MAKE}")


def _reached(options: argparse.Namespace) -> str:
    place = "a server behind a proxy" if is_loopback(options.host) else options.host
    return f"{place[0].upper()}{place[1:]} can be reached from other machines"


def _ready(
    options: argparse.Namespace,
    url: str,
    token: str,
    environment: Environment,
    stack: contextlib.ExitStack,
    log: RequestLog | None,
) -> None:
    if options.ready_json:
        print(json.dumps({"url": url, "pid": os.getpid(), "version": __version__}), flush=True)
    if log is not None:
        from polyroute.server import request_log

        log(request_log.started(url))
    elif not options.ready_json:
        print(f"polyroute: serving at {url}. Press Ctrl+C to stop.", file=sys.stderr)
    if options.open:
        import webbrowser

        folder = environment.state_directory
        webbrowser.open(stack.enter_context(redirect_file.to(f"{url}/#token={token}", folder)) if token else url)


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
        help="an additional origin whose pages may call the server, such as app://obsidian.md or vscode-webview://*",
    )
    command.add_argument(
        "--trusted-proxy",
        action="append",
        type=_network,
        default=[],
        metavar="ADDRESS",
        help="a proxy, or a network of proxies, in front of the server whose X-Forwarded-For names the client",
    )
    team.add_options(command)
    command.add_argument(
        "--ui-dir", default="", metavar="DIR", help="a built single-page application to serve instead of the page"
    )
    command.add_argument("--pass-through", action="store_true", help="run models under /v1 by their routes")
    command.add_argument(
        "--policy", choices=("never", "auto"), help="whether the pass-through tries the next route; by default never"
    )
    command.add_argument(
        "--no-translate", action="store_true", help="let the pass-through take only routes that speak the client's API"
    )
    command.add_argument("--translator-by-stdin", action="store_true", help=argparse.SUPPRESS)
    command.add_argument("--scratch", default="", help=argparse.SUPPRESS)
    command.add_argument(
        "--shortcut",
        action="append",
        type=_shortcut,
        default=[],
        metavar="NAME=PROVIDER/ID",
        help="a further name for a model in the pass-through; see also `polyroute shortcut`",
    )
    command.add_argument("--metrics", action="store_true", help="serve metrics for Prometheus at /metrics")
    command.add_argument(
        "--policy-file", default="", metavar="FILE", help="the policy of an organisation: see docs/policy.md"
    )
    command.add_argument("--log-json", action="store_true", help="log each request as a line of JSON on stderr")
    command.add_argument(
        "--drain",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="how long to go on answering after SIGTERM, while /ready makes balancers send requests elsewhere",
    )
    command.add_argument("--no-refresh", action="store_true", help="fetch no newer lists of models while serving")
    command.add_argument("--ready-json", action="store_true", help="print one line with the URL once it is ready")
    command.add_argument("--exit-with-parent", action="store_true", help="exit when the parent process exits")
    command.add_argument("--open", action="store_true", help="open the page in a browser")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return int(text)


def _seconds(text: str) -> float:
    if not text.isdecimal() or int(text) > _MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds up to {_MAX_SECONDS}")
    return float(text)


def _shortcut(text: str) -> tuple[str, str]:
    name, _, model = text.partition("=")
    if not (name and "/" in model):
        raise argparse.ArgumentTypeError(f"{text} is not NAME=PROVIDER/ID")
    return name, model


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not an address or a network such as 10.0.0.0/8") from None
