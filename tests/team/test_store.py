"""The documents of users in PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from polyroute import Environment, Plugins
from polyroute.errors import StoreUnavailable, Unavailable, UsageError
from polyroute.postgres.database import Store
from polyroute.postgres.migrations import MIGRATIONS, migrate
from polyroute.postgres.rotation import rotate
from polyroute.postgres.sealing import Sealing
from polyroute.preferences import save
from tests.support.database import Database
from tests.support.documents_contract import DocumentsContract, catalog, put
from tests.support.stored import KEY, OTHER_KEY, Replica, Replicas, eventually

pytestmark = pytest.mark.team


@pytest.fixture
def keeping(replicas: Replicas) -> Replica:
    """Return one replica."""
    return replicas.start()


class TestPostgres(DocumentsContract):
    """The suite, on PostgreSQL."""

    def test_a_change_that_fails_is_undone(self, keeping: Replica) -> None:
        """What was written under a lock is undone if the change fails later, in all documents that it touched."""
        documents = keeping.environment("ann").documents
        one, two = keeping.path("ann", "one"), keeping.path("ann", "two")

        def fail() -> None:
            with documents.locked(one):
                documents.replace(one, b"1")
                with documents.locked(two):
                    documents.replace(two, b"2")
                raise LookupError

        with pytest.raises(LookupError):
            fail()
        later = documents.again()
        assert (later.read(one), later.read(two)) == (None, None)

    def test_a_state_stays_whole(self, keeping: Replica) -> None:
        """An environment reads the state that it was made for, also what it reads only later."""
        before = keeping.environment("ann")
        put(before.documents, path := keeping.path("ann", "later"), b"x")
        assert before.read(path) is None
        assert before.again().read(path) == "x"

    def test_users_see_no_file_of_the_server(self, keeping: Replica) -> None:
        """No path of the server is a document, for reading or for writing."""
        documents = keeping.environment("ann").documents
        assert documents.read("/etc/passwd") is None
        assert not documents.is_file("/etc/passwd")
        with pytest.raises(Unavailable, match="no document of a user"):
            put(documents, "/tmp/stray", b"x")  # noqa: S108


def test_other_replicas_hear_of_a_change(replicas: Replicas) -> None:
    """A change is noticed by other replicas, also by one that knew the user before."""
    one, two = replicas.start(), replicas.start()
    known = two.environment("ann")
    assert known.read(known.config_path) is None
    save(one.environment("ann"), "direct")
    eventually(lambda: not known.is_current())
    assert "direct" in (known.again().read(known.config_path) or "")


def test_what_was_missed_is_read_again(replicas: Replicas, server: Database) -> None:
    """A replica whose connection for notifications was cut reads everything again once it listens again."""
    one, two = replicas.start(), replicas.start()
    known, epoch = two.environment("ann"), two.store.epoch
    assert known.read(known.config_path) is None
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE %s"
    with one.store.user("ann").locked(".config/polyroute/config.toml"):  # it commits after all are cut
        replicas.query(cut, "%LISTEN%")
        replicas.query(cut, "SELECT 1")
        one.store.user("ann").write(".config/polyroute/config.toml", b'prefer = "direct"')
    eventually(lambda: two.store.epoch > epoch)
    eventually(lambda: not known.is_current())
    assert "direct" in (known.again().read(known.config_path) or "")


def test_known_users_are_served_while_the_database_is_away(replicas: Replicas, server: Database) -> None:
    """While the database is away, users that are known keep their documents, others and changes are refused."""
    replica = replicas.start()
    known = replica.environment("ann")
    save(known, "direct")
    known = known.again()
    server.stop()
    try:
        eventually(lambda: not replica.store.is_listening)
        assert "direct" in (known.again().read(known.config_path) or "")
        with pytest.raises(StoreUnavailable, match="nothing was changed"):
            save(known, "gateway")
        with pytest.raises(StoreUnavailable):
            replica.environment("bob")
    finally:
        server.start()
    eventually(lambda: replica.store.is_listening)
    assert "direct" in (known.again().read(known.config_path) or "")
    save(known.again(), "gateway")


def test_bodies_are_sealed(replicas: Replicas) -> None:
    """No row holds what a user wrote, and an entry of the audit says who changed what, and no value."""
    documents = (replica := replicas.start()).environment("ann").documents
    put(documents, replica.path("ann", "a.json"), b"canary-of-ann")
    rows = replicas.query("SELECT owner, name, body FROM polyroute.document")
    assert [(owner, name) for owner, name, _ in rows] == [("ann", "a.json")]
    assert b"canary" not in bytes(rows[0][2])
    audit = replicas.query("SELECT actor, owner, action, subject FROM polyroute.audit")
    assert audit == [("ann", "ann", "changed", "a.json")]


@pytest.mark.parametrize("change", ["owner = 'bob'", "name = '.config/polyroute/other'", "body = body || '\\x00'"])
def test_a_row_in_another_place_is_not_opened(replicas: Replicas, change: str) -> None:
    """A row that was moved to another user or name, or changed, is a problem, gives nothing and is not overwritten."""
    save((replica := replicas.start()).environment("ann"), "direct")
    replicas.query(f"UPDATE polyroute.document SET {change}")  # noqa: S608
    user, name = replicas.query("SELECT owner, name FROM polyroute.document")[0]
    environment = replica.environment(user) if user == "bob" else replicas.start().environment(user)
    path = replica.path(user, name)
    assert environment.read(path) is None
    assert [each.code for each in environment.problems] == ["file-unreadable"]
    if path == environment.config_path:
        with pytest.raises(Unavailable, match="sealed for another"):
            save(environment, "gateway")


def test_keys_are_rotated(replicas: Replicas) -> None:
    """A new key opens nothing of before, both open all, and after a rotation the new one alone does."""
    save(replicas.start(KEY).environment("ann"), "direct")
    save(replicas.start(KEY).environment("bob"), "direct")
    new = replicas.start(OTHER_KEY).environment("ann")
    assert new.read(new.config_path) is None
    assert "lacks the key" in new.problems[0].message
    assert rotate(replicas.start(f"{OTHER_KEY}\n{KEY}").store) == (2, 0)
    assert rotate(replicas.start(f"{OTHER_KEY}\n{KEY}").store) == (0, 0)
    for user in ("ann", "bob"):
        found = replicas.start(OTHER_KEY).environment(user)
        assert "direct" in (found.read(found.config_path) or "")
    assert rotate(replicas.start(KEY).store) == (0, 2)


@pytest.mark.parametrize("keys", ["", "short", "A" * 44, f"{KEY} x"])
def test_keys_that_are_none_are_refused(keys: str) -> None:
    """A key file with anything but keys of 32 bytes is refused, without quoting it."""
    with pytest.raises(UsageError, match="openssl rand"):
        Sealing(keys)


def test_replicas_that_start_at_once_migrate_once(server: Database) -> None:
    """Several processes that migrate a new database at once leave one schema, and none fails."""
    url = server.create()

    def run(_: int) -> int:
        with psycopg.connect(url) as connection:
            return migrate(connection)

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(run, range(6))) == [0] * 5 + [len(MIGRATIONS)]


def test_an_old_replica_works_beside_a_new_schema(replicas: Replicas, plugins: Plugins) -> None:
    """A replica of before serves a database with a further migration and a further column."""
    replicas.start()
    replicas.query("ALTER TABLE polyroute.document ADD COLUMN more text NOT NULL DEFAULT ''")
    replicas.query("INSERT INTO polyroute.migration VALUES (%s)", len(MIGRATIONS) + 1)
    environment = replicas.start().environment("ann")
    catalog(environment, plugins).custom_models.add({"provider": "openrouter", "name": "a/b"})
    assert len(catalog(environment.again(), plugins).custom_refs) == 1


@pytest.mark.parametrize("url", ["not a database", "postgresql://[", "postgresql://u:canary@h/d?nothing=1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """An address that is not one of a database is refused, and not quoted: it may hold a password."""
    with pytest.raises(UsageError) as refused:
        Store(url, Sealing(KEY))
    assert "canary" not in str(refused.value)


def test_an_environment_of_a_user_has_no_keyring(keeping: Replica) -> None:
    """Users of a store never use the keyring of the server's machine."""
    environment: Environment = keeping.environment("ann")
    with pytest.raises(Unavailable, match="team"):
        environment.keyring.put("NAME", "value")
    assert environment.keyring.names() == frozenset()
