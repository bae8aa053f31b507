"""The database, as one replica uses it: connections, and the changes that other replicas tell."""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from polyroute.errors import MissingExtra, StoreUnavailable, UsageError
from polyroute.postgres.migrations import migrate
from polyroute.postgres.sealing import Sealing
from polyroute.postgres.stored_user import CHANNEL, StoredUser

if TYPE_CHECKING:
    from psycopg import Connection

_CONNECTIONS = 12
"""At most this many connections of one replica: more than its threads that write, so that others can read."""
_WAIT_SECONDS, _AWAY_SECONDS = 3.0, 0.2
"""How long to wait for a connection; and while the database is known to be away."""
_CONNECTING: dict[str, Any] = {"connect_timeout": 3, "client_encoding": "utf8"}
"""The encoding is stated, since text arrives as bytes from a database without one (SQL_ASCII)."""
_LISTENING: dict[str, Any] = {
    **_CONNECTING,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}
"""So that a connection that died unnoticed is found within ten seconds."""
_LISTEN_SECONDS, _RETRY_SECONDS = 5.0, 0.25
_OPTIONS = "-c statement_timeout=5000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=15000"
_NOTHING = "nothing was changed.", "Try again in a moment."
_UNSURE = "it is not known whether the change was made.", "Look in a moment, and try again if it was not."


class Store:
    """The documents of all users."""

    def __init__(self, url: str, sealing: Sealing) -> None:
        """Use the database at `url`. Raises MissingExtra, and UsageError if it is no address of a database."""
        self.sealing, self.replica = sealing, secrets.token_hex(8)
        self._url, self._pool = url, _pool(url)
        self._users: weakref.WeakValueDictionary[str, StoredUser] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._heard = threading.Event()
        self.epoch = 0
        """How often changes may have been missed, so that everything has to be read again."""
        self.is_listening = False
        """Whether changes of other replicas are heard now."""
        self._is_away = False

    def connect(self) -> None:
        """Connect in the background: the database may come later."""
        self._pool.open()

    def listen(self) -> None:
        """Create missing tables and listen to changes, in the background."""
        threading.Thread(target=self._listen, daemon=True, name="polyroute-store").start()

    def wait(self, seconds: float) -> bool:
        """Wait until changes are heard for the first time; return whether they are."""
        return self._heard.wait(seconds)

    def close(self) -> None:
        """Close all connections."""
        self._ending.set()
        self._pool.close(1)

    def connections(self) -> dict[str, int]:
        """Return how many connections are `open`, how many of them `free`, and how many users of them are `waiting`."""
        found = self._pool.get_stats()
        names = {"open": "pool_size", "free": "pool_available", "waiting": "requests_waiting"}
        return {name: found.get(key, 0) for name, key in names.items()}

    def user(self, name: str) -> StoredUser:
        """Return a user: the same object for as long as somebody has it."""
        with self._lock:
            return self._users.get(name) or self._users.setdefault(name, StoredUser(name, self))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection[Any]]:
        """Yield a connection in a transaction, which is committed at the end. Raises StoreUnavailable."""
        import psycopg

        is_committing = False
        try:
            seconds = _AWAY_SECONDS if self._is_away else _WAIT_SECONDS
            with self._pool.connection(seconds) as connection, connection.transaction():
                yield connection
                is_committing = True
        except psycopg.Error:
            outcome, remedy = _UNSURE if is_committing else _NOTHING
            raise StoreUnavailable(f"The database of the team does not answer: {outcome}", remedy) from None

    def _listen(self) -> None:
        import psycopg

        while not self._ending.is_set():
            with contextlib.suppress(psycopg.Error, StoreUnavailable):
                self._listen_once()
            self.is_listening, self._is_away = False, True
            self._ending.wait(_RETRY_SECONDS)

    def _listen_once(self) -> None:
        import psycopg

        with psycopg.connect(self._url, autocommit=True, **_LISTENING) as connection:
            with connection.transaction():
                migrate(connection)
            connection.execute(f"LISTEN {CHANNEL}")
            self.epoch += 1  # only now: what was read before may have changed unheard
            self.is_listening, self._is_away = True, False
            self._heard.set()
            while not self._ending.is_set():
                for told in connection.notifies(timeout=_LISTEN_SECONDS):
                    self._hear(told.payload)
                connection.execute("SELECT 1")  # fails on a dead connection

    def _hear(self, told: str) -> None:
        """Take notice of a change; this replica's own are known."""
        replica, _, name = told.partition(" ")
        if replica != self.replica and (user := self._users.get(name)):
            user.doubt()


def _pool(url: str) -> Any:
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
        from psycopg_pool import ConnectionPool
    except ImportError:
        raise MissingExtra("A store for a team", "team") from None
    # Else Python prints on stderr each attempt to connect, with the address, where programs read lines of JSON.
    logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # which may quote a password
        raise UsageError("The store is not an address such as postgresql://user@host/database.") from None
    options = {"autocommit": True, "prepare_threshold": None, "options": _OPTIONS, **_CONNECTING}
    return ConnectionPool(
        url,
        kwargs=options,
        min_size=1,
        max_size=_CONNECTIONS,
        max_waiting=200,
        reconnect_timeout=5,
        check=ConnectionPool.check_connection,
        open=False,
    )
