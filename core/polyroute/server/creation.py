"""Make the ASGI application of one server or host."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Scope

from polyroute import Environment, Plugins, Preferences
from polyroute.choices.current_model import CurrentModels, RememberedModels
from polyroute.errors import UsageError
from polyroute.server import openapi, request_log
from polyroute.server.app import App
from polyroute.server.background_refresh import BackgroundRefresh
from polyroute.server.openapi import Schema, narrowed
from polyroute.server.operations import Operation, OperationCall
from polyroute.server.pages import Application, OwnPage
from polyroute.server.request_log import RequestLog
from polyroute.server.security import Security
from polyroute.server.state import States
from polyroute.server.table import OPERATIONS

if TYPE_CHECKING:
    from polyroute.organisation import OrganisationPolicy
    from polyroute.organisation.policy_file import PolicyFile
    from polyroute.server.metrics import Metrics
    from polyroute.server.passthrough.app import PassThrough


def create_app(
    *,
    plugins: Plugins | None = None,
    environment: Environment | Callable[[Scope], Environment | Callable[[], Environment]] | None = None,
    preferences: Preferences | None = None,
    current: CurrentModels | None = None,
    token: str = "",
    hosts: Iterable[str] = (),
    origins: Iterable[str] = (),
    page: bool = True,
    ui_dir: str = "",
    keep_fresh: bool = False,
    pass_through: PassThrough | None = None,
    log: RequestLog | None = None,
    metrics: Metrics | None = None,
    ready: Callable[[], bool] | None = None,
    policy: OrganisationPolicy | PolicyFile | None = None,
) -> App:
    """Return an ASGI application that a server runs, or that a host mounts in its own application.

    `environment` is one environment, or a function that returns the environment of the user who sent a request, given
    the request's ASGI scope. One catalog is kept for each environment, so return the same object for the same user.
    Instead of an environment, the function may return another one that loads it, and that is called in a thread.
    Without `plugins`, the installed plugins are loaded. Without `preferences`, the user's own are read. `current`
    stores the current model; by default, it is stored in a file.

    If `token` is given, requests to the API must send it. `hosts` are additional host names under which the server may
    be called ("*" if the host application checks the name itself). `origins` are other origins whose pages may call
    the API. `page` serves Polyroute's page at `/`; `ui_dir` is the folder of a built application to serve instead.
    With `keep_fresh`, lists older than a day are fetched in the background, unless `POLYROUTE_OFFLINE` is set.
    `pass_through` sends model requests along routes with the user's keys. `log` is called with an entry for each
    request. `metrics` are served at `/metrics`. `ready` returns whether what the host needs besides is there; until it
    is, `/ready` answers 503. `policy` is that of an organisation, for all users: a value, or a file that is read again
    when it changes.

    Raises UsageError if `pass_through` is given without a `token`, or if the policy is wrong.
    """
    if pass_through is not None and not token:
        raise UsageError("The pass-through spends the user's money.", "Give a token, which clients have to send.")
    holders = States(plugins, environment, preferences, policy, _saying(log))
    pages = GZipMiddleware(Application(ui_dir)) if ui_dir else OwnPage(token=bool(token)) if page else None
    return App(
        holders,
        current or RememberedModels(),
        Security(token, hosts, origins),
        pages,
        [*OPERATIONS, _described(token=bool(token))],
        BackgroundRefresh(Environment.load() if callable(environment) else None, enabled=keep_fresh),
        pass_through,
        log,
        metrics,
        ready,
    )


def _saying(log: RequestLog | None) -> Callable[[str], object]:
    """Return what tells the operator something, in the log if there is one."""
    if log is None:
        return lambda text: print(f"polyroute: {text}", file=sys.stderr, flush=True)
    return lambda text: log(request_log.policy(text))


def _described(*, token: bool) -> Operation:
    def describe(call: OperationCall) -> Schema:
        """Return this OpenAPI document, with the providers that are available now."""
        return narrowed(_document(token=token), call.catalog.plugins)

    return Operation("GET", "/openapi.json", describe, cached_for="content")


@cache  # made when it is first asked for, since it takes longer than the rest of the start
def _document(*, token: bool) -> Schema:
    return openapi.document(OPERATIONS, token=token)
