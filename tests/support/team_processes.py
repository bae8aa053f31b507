"""Replicas of a team's server as processes, and users who write to all of them at once."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

from tests.support.http_server import Client
from tests.support.serving import Server, started
from tests.support.shell import Shell
from tests.support.stored import KEY

HEADER = "X-Forwarded-Email"
MODELS = "/api/llm/custom-models"
_STORED = 200


class Cluster:
    """Replicas on one database. Those that were killed are started again when they are asked for."""

    def __init__(self, url: str, folder: Path, stack: ExitStack) -> None:
        self._shell, self._url, self._stack = Shell(folder), url, stack
        self._keys = folder / "keys"
        self._keys.write_text(KEY, encoding="utf-8")
        self._servers: list[Server] = []

    def servers(self, count: int = 3) -> list[Server]:
        """Return running replicas."""
        self._servers = [each for each in self._servers if each.process.poll() is None]
        with ThreadPoolExecutor(count) as threads:
            missing = range(count - len(self._servers))
            self._servers += threads.map(lambda _: self._start(), missing)
        return list(self._servers)

    def _start(self) -> Server:
        options = ("--store-key-file", str(self._keys), "--identity-header", HEADER, "--trusted-proxy", "127.0.0.1")
        serving = started(self._shell, *options, "--no-refresh", POLYROUTE_STORE=self._url)
        return self._stack.enter_context(serving)


def clients(servers: list[Server], user: str) -> list[Client]:
    """Return a client of each replica whose requests a trusted proxy sends for a user."""
    return [Client(each.ready["url"], **{HEADER.replace("-", "_"): user}) for each in servers]


def names(at: Client) -> set[str]:
    """Return the names of a user's own models."""
    return {each["name"] for each in at.json(MODELS)["models"]}


class Written(NamedTuple):
    """What came of many changes."""

    acknowledged: set[str]
    """The names of the models that were added."""
    statuses: set[int]
    """All statuses of responses."""
    broken: int
    """How many requests got no response."""


def write(clients: list[Client], threads: int, each: int, then: Callable[[int], object] = lambda _: None) -> Written:
    """Add models of one user in several threads, by the user's clients of all replicas, or of the balancer, in turn.

    A model whose addition was not acknowledged is added again by the next client. `then` is called with the number of
    additions that were acknowledged so far.
    """
    acknowledged: set[str] = set()
    statuses: set[int] = set()
    broken = itertools.count()
    lock = threading.Lock()

    def add(thread: int) -> None:
        turn = itertools.count(thread)
        for number in range(each):
            name = f"acme/{thread}-{number}"
            while name not in acknowledged:
                status = _added(clients[next(turn) % len(clients)], name)
                with lock:
                    statuses.add(status) if status else next(broken)
                    if status == _STORED:
                        acknowledged.add(name)
                        then(len(acknowledged))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(add, range(threads)))
    return Written(acknowledged, statuses, next(broken))


def _added(at: Client, name: str) -> int:
    """Return the status of an addition; 0 if there was no response."""
    try:
        return at.post(MODELS, {"provider": "openrouter", "name": name}).status
    except (OSError, HTTPException):
        return 0
