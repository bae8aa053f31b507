"""A PostgreSQL server of the tests' own, which runs as another user since PostgreSQL refuses root."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.support.machine import needed

_SETTINGS = ("listen_addresses=", "max_connections=200", "autovacuum=off", "log_min_messages=panic")


class Database:
    """A running server, reached by a socket in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        _run("initdb", "--auth=trust", "--username=postgres", "--pgdata", str(folder / "data"))

    def url(self, name: str = "postgres") -> str:
        """Return the address of one database."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def create(self) -> str:
        """Create a database, and return its address."""
        name = f"team_{secrets.token_hex(6)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        settings = [part for each in _SETTINGS for part in ("-c", each)]
        arguments = ["-D", str(self.folder / "data"), "-k", str(self.folder), *settings]
        self._process = subprocess.Popen(
            [_program("postgres"), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=_user()
        )
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None:
                    raise
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends connections and stops cleanly, SIGQUIT is as a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None


@contextmanager
def running() -> Iterator[Database]:
    """Start a server in a folder that the other user owns, and remove all of it at the end."""
    if not _program("initdb"):
        needed("initdb")
    folder = Path(tempfile.mkdtemp(prefix="polyroute-pg-"))
    try:
        if (user := _user()) is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        database = Database(folder)
        database.start()
        try:
            yield database
        finally:
            database.stop()
    finally:
        shutil.rmtree(folder)


def _user() -> str | None:
    return "nobody" if os.geteuid() == 0 else None


def _program(name: str) -> str:
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(installed[-1]) if installed else shutil.which(name) or ""


def _run(name: str, *arguments: str, check: bool = True) -> None:
    subprocess.run([_program(name), *arguments], check=check, stdout=subprocess.DEVNULL, user=_user(), cwd="/")
