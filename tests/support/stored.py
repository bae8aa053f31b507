"""Documents of users in a database, as replicas in this process see them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import psycopg

from polyroute import Environment
from polyroute.postgres.database import Store
from polyroute.postgres.sealing import Sealing
from polyroute.postgres.stored_user import HOME

KEY, OTHER_KEY = "A" * 43 + "=", "Q" * 43 + "="


class Replicas:
    """Replicas on one database."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        self.url, self._stack = url, stack

    def start(self, keys: str = KEY) -> Replica:
        """Start a replica with these keys, and wait until it hears of changes."""
        store = Store(self.url, Sealing(keys))
        store.connect()
        store.listen()
        self._stack.callback(store.close)
        assert store.wait(60)
        return Replica(store)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement, and return its rows."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            found = connection.execute(statement.encode(), values)
            return found.fetchall() if found.description else []


class Replica:
    """One replica."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._users: list[object] = []

    def environment(self, user: str) -> Environment:
        """Return a user's environment as it is now."""
        found = self.store.user(user)
        self._users.append(found)  # as the states of a server do
        return Environment({}, home=HOME, documents=found.documents())

    def path(self, user: str, name: str) -> str:
        """Return the path of a document."""
        return f"{HOME}/{name}"


def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
