"""One user's documents in the database."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from polyroute._internal import files
from polyroute.errors import StoreUnavailable, Unavailable
from polyroute.named_tuples import NamedTuple
from polyroute.postgres.sealing import OVERHEAD_BYTES

if TYPE_CHECKING:
    from psycopg import Connection

    from polyroute.postgres.sealing import Sealing

HOME = os.devnull
"""The home of all users: no file can be below it."""
CHANNEL = "polyroute"
"""The channel on which replicas tell whose documents have changed."""
_RETRY_SECONDS = 1.0
"""How long the last known documents are used before the database is asked again, if it did not answer."""


class _Database(Protocol):
    """What a user needs of the database."""

    replica: str
    """Which replica of the server this is."""
    epoch: int
    sealing: Sealing

    def transaction(self) -> contextlib.AbstractContextManager[Connection[Any]]:
        """Yield a connection in a transaction. Raises StoreUnavailable."""


class _Row(NamedTuple):
    version: int
    body: bytes


class StoredUser:
    """A user whose documents are kept in memory, sealed, until a replica tells that one has changed."""

    def __init__(self, name: str, store: _Database) -> None:
        self.name, self._store = name, store
        self._rows: dict[str, _Row] | None = None
        self._doubts, self._read_at, self._epoch = 0, -1, -1
        self._no_answer = 0.0, -1
        """Until when the last known documents do, after the database did not answer in this epoch."""
        self._reading = threading.Lock()
        self._own = threading.local()

    def doubt(self) -> None:
        """Note that what is in memory may be outdated, and that the database answers."""
        self._doubts += 1
        self._no_answer = 0.0, -1

    def documents(self) -> FrozenDocuments:
        """Return the documents as they are now. Raises StoreUnavailable if they are not known."""
        with self._reading:
            rows = self._rows
            if rows is None or not self.is_fresh:
                rows = self._rows = self._read()
            return FrozenDocuments(self, rows)

    @property
    def is_fresh(self) -> bool:
        """Whether nothing is known to have changed, or it can't be read now."""
        until, epoch = self._no_answer
        unchanged = self._read_at == self._doubts and self._epoch == self._store.epoch
        return unchanged or (epoch == self._store.epoch and time.monotonic() < until)

    def is_current(self, rows: Mapping[str, _Row]) -> bool:
        """Return whether these are the documents as they are now."""
        return rows is self._rows and self.is_fresh

    def opened(self, name: str, row: _Row | None, most: int) -> bytes | None:
        """Return the content of a row. Raises OSError if it is too large or can't be opened."""
        if row is None:
            return None
        if len(row.body) - OVERHEAD_BYTES > most:
            raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MiB", name)
        return self._store.sealing.open(row.body, self.name, name)

    @contextlib.contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Lock a document until its transaction ends. A thread that has locked another uses the same transaction."""
        if (outer := self._connection) is not None:
            _lock(outer, self.name, name)
            yield
            return
        try:
            with self._store.transaction() as connection:
                _lock(connection, self.name, name)
                self._own.connection = connection
                yield
        except BaseException:  # it may have been changed all the same
            self._doubts += 1
            raise
        else:
            self.doubt()
        finally:
            self._own.connection = None

    def row_under_lock(self, name: str) -> tuple[_Row | None] | None:
        """Return the row as it is in this thread's transaction; None if the thread has locked nothing."""
        if (connection := self._connection) is None:
            return None
        query = "SELECT version, body FROM polyroute.document WHERE owner = %s AND name = %s"
        found = connection.execute(query, (self.name, name)).fetchone()
        return (_Row(found[0], bytes(found[1])) if found else None,)

    def write(self, name: str, data: bytes | None) -> None:
        """Replace a document, or remove it for None, note who did it, and tell all replicas."""
        if (connection := self._connection) is None:
            raise Unavailable(f"{name} was not changed: it is not locked.")
        if data is None:
            connection.execute("DELETE FROM polyroute.document WHERE owner = %s AND name = %s", (self.name, name))
        else:
            connection.execute(_UPSERT, (self.name, name, self._store.sealing.seal(data, self.name, name)))
        action = "removed" if data is None else "changed"
        connection.execute(_AUDIT, (self.name, self.name, action, name))
        connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, f"{self._store.replica} {self.name}"))

    @property
    def _connection(self) -> Connection[Any] | None:
        found: Connection[Any] | None = getattr(self._own, "connection", None)
        return found

    def _read(self) -> dict[str, _Row]:
        doubts, epoch = self._doubts, self._store.epoch
        try:
            with self._store.transaction() as connection:
                query = "SELECT name, version, body FROM polyroute.document WHERE owner = %s"
                found = connection.execute(query, (self.name,)).fetchall()
        except StoreUnavailable:
            if self._rows is None:
                raise
            self._no_answer = time.monotonic() + _RETRY_SECONDS, epoch
            return self._rows
        self._read_at, self._epoch = doubts, epoch
        return {name: _Row(version, bytes(body)) for name, version, body in found}


_UPSERT = """
    INSERT INTO polyroute.document (owner, name, body) VALUES (%s, %s, %s)
    ON CONFLICT (owner, name) DO UPDATE
    SET version = nextval('polyroute.version'), body = excluded.body, changed = now()
"""
_AUDIT = "INSERT INTO polyroute.audit (actor, owner, action, subject) VALUES (%s, %s, %s, %s)"


def _lock(connection: Connection[Any], owner: str, name: str) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{owner}\1{name}",))


class FrozenDocuments:
    """One state of a user's documents, so that all that is read fits together. Methods are as in `Documents`.

    Documents are those below `HOME`. No other path leads anywhere: users see no file of the server.
    """

    is_local = False

    def __init__(self, user: StoredUser, rows: Mapping[str, _Row]) -> None:
        self._user, self._rows = user, rows
        self.owner = user.name

    def again(self) -> FrozenDocuments:
        """See `Documents.again`."""
        return self._user.documents()

    def read(self, path: str, most: int = files.MOST_BYTES) -> bytes | None:
        """See `Documents.read`. A thread that has locked a document reads what is there now."""
        name = _name(path)
        now = self._user.row_under_lock(name)
        return self._user.opened(name, self._rows.get(name) if now is None else now[0], most)

    def is_file(self, path: str) -> bool:
        """See `Documents.is_file`."""
        return _name(path) in self._rows

    def is_missing(self, path: str) -> bool:
        """See `Documents.is_missing`."""
        return not self.is_file(path)

    def identity(self, path: str) -> Hashable | None:
        """See `Documents.identity`."""
        row = self._rows.get(_name(path))
        return (path, row.version) if row else None

    def watch(self, seen: Mapping[str, Hashable | None]) -> Callable[[], bool]:
        """See `Documents.watch`. A change of any document counts."""
        return lambda: self._user.is_current(self._rows)

    def locked(self, path: str, *, links: bool = False) -> contextlib.AbstractContextManager[None]:
        """See `Documents.locked`."""
        return self._user.locked(_required(path))

    def replace(
        self, path: str, data: bytes, *, mode: int | None = None, before: Callable[[], object] | None = None
    ) -> None:
        """See `Documents.replace`. There are no links and no permissions."""
        if before:
            before()
        self._user.write(_required(path), data)

    def remove(self, path: str) -> None:
        """See `Documents.remove`."""
        self._user.write(_required(path), None)


def _name(path: str) -> str:
    """Return the name of the document at a path; empty if there can be none."""
    return path.removeprefix(f"{HOME}/") if path.startswith(f"{HOME}/") and "\0" not in path else ""


def _required(path: str) -> str:
    if name := _name(path):
        return name
    raise Unavailable(f"{path} was not changed: it is no document of a user.")
