"""Three replicas as processes: whatever ends or is away, no change that was acknowledged is lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.database import Database
from tests.support.http_server import Client
from tests.support.stored import eventually
from tests.support.team_processes import MODELS, Cluster, clients, names, write

pytestmark = pytest.mark.team


@pytest.fixture(scope="module")
def cluster(server: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return what starts replicas on one new database."""
    with ExitStack() as stack:
        yield Cluster(server.create(), tmp_path_factory.mktemp("cluster"), stack)


def test_a_replica_needs_a_user(cluster: Cluster) -> None:
    """A request without the header is refused, and a replica's health needs none."""
    nobody = Client(cluster.servers(1)[0].ready["url"])
    assert (nobody.get(MODELS).status, nobody.post(MODELS, {}).status, nobody.get("/health").status) == (401, 401, 200)


def test_a_replica_is_killed(cluster: Cluster) -> None:
    """If a replica is killed while it writes, no acknowledged change is lost, and none is blocked."""
    servers = cluster.servers()

    def kill(count: int) -> None:
        if count == 100:
            servers[0].process.send_signal(signal.SIGKILL)

    written = write(clients(servers, "bob"), 8, 50, kill)
    assert written.statuses == {200}
    assert written.broken > 0
    assert len(written.acknowledged) == 400
    for each in clients(servers[1:], "bob"):
        eventually(lambda each=each: names(each) == written.acknowledged)  # type: ignore[misc]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_the_database_restarts(cluster: Cluster, server: Database, how: signal.Signals) -> None:
    """If the database restarts or crashes while users write, changes are refused or kept, and known users can read."""
    known = clients(cluster.servers(), f"carl-{how.name}")
    restarting: list[threading.Thread] = []
    read: set[int] = set()

    def restart() -> None:
        server.stop(how)
        read.update(each.get("/api/llm/model-picker-state").status for each in known)
        server.start()

    def then(count: int) -> None:
        if count == 20:
            restarting.append(threading.Thread(target=restart))
            restarting[0].start()

    for each in known:
        assert names(each) == set()
    written = write(known, 4, 15, then)
    restarting[0].join()
    assert written.statuses <= {200, 503}
    assert (written.broken, read) == (0, {200})
    for each in known:
        eventually(lambda each=each: names(each) == written.acknowledged)  # type: ignore[misc]
