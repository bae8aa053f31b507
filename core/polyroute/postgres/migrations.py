"""The tables. A migration is applied once, and never changed after a release; it only adds, for replicas of before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection

_LOCK = 7_261_031
"""The advisory lock that one process holds while it migrates."""
MIGRATIONS = (
    """
    CREATE SEQUENCE polyroute.version;
    CREATE TABLE polyroute.document (
      owner   text        NOT NULL,
      name    text        NOT NULL,
      version bigint      NOT NULL DEFAULT nextval('polyroute.version'),
      body    bytea       NOT NULL,
      changed timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (owner, name)
    );
    CREATE TABLE polyroute.audit (
      at      timestamptz NOT NULL DEFAULT now(),
      actor   text        NOT NULL,
      owner   text        NOT NULL,
      action  text        NOT NULL,
      subject text        NOT NULL
    );
    CREATE INDEX audit_of_owner ON polyroute.audit (owner, at);
    """,
)


def migrate(connection: Connection[Any]) -> int:
    """Apply the migrations that the database lacks, in the transaction of `connection`; return their number.

    A database with more migrations than this version knows is left as it is.
    """
    if _applied(connection) >= len(MIGRATIONS):  # then no right to create tables is needed
        return 0
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    connection.execute("CREATE SCHEMA IF NOT EXISTS polyroute")
    connection.execute("CREATE TABLE IF NOT EXISTS polyroute.migration (number int PRIMARY KEY)")
    done = _applied(connection)
    for number, statements in enumerate(MIGRATIONS[done:], done + 1):
        connection.execute(statements.encode())
        connection.execute("INSERT INTO polyroute.migration VALUES (%s)", (number,))
    return max(0, len(MIGRATIONS) - done)


def _applied(connection: Connection[Any]) -> int:
    exists = connection.execute("SELECT to_regclass('polyroute.migration') IS NOT NULL").fetchone()
    if not (exists and exists[0]):
        return 0
    found = connection.execute("SELECT coalesce(max(number), 0) FROM polyroute.migration").fetchone()
    return int(found[0]) if found else 0
