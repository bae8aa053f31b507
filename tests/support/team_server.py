"""Servers of a team in this process, on one database, and the proxy that names users to them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from polyroute import Plugins
from polyroute.server import create_app
from polyroute.server.identity import IdentityHeader
from polyroute.server.team import TeamUsers
from tests.support.http_server import Client, running
from tests.support.stored import Replica, Replicas

HEADER = "X-Forwarded-Email"


class Team:
    """Starts replicas of a server."""

    def __init__(self, replicas: Replicas, plugins: Plugins, stack: ExitStack) -> None:
        self._replicas, self._plugins, self._stack = replicas, plugins, stack

    def start(self, **options: Any) -> Serving:
        """Start one replica, with further options for its application."""
        replica = self._replicas.start()
        users = TeamUsers(replica.store, IdentityHeader(HEADER, ["127.0.0.1"]))
        app = create_app(**{"plugins": self._plugins, "environment": users, **options})
        token: dict[str, Any] = {"authorization": f"Bearer {options['token']}"} if options.get("token") else {}
        client = self._stack.enter_context(running(app, trusted_proxies=["127.0.0.1"], **token))
        return Serving(replica, client, token)


class Serving:
    """A running replica."""

    def __init__(self, replica: Replica, nobody: Client, headers: dict[str, str]) -> None:
        self.replica, self.nobody, self._headers = replica, nobody, headers

    def client(self, user: str) -> Client:
        """Return a client whose requests the proxy sends for a user."""
        return Client(self.nobody.url, **{HEADER.replace("-", "_"): user}, **self._headers)
