"""A PostgreSQL server for the tests of a team."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from polyroute import Plugins
from tests.support import database
from tests.support.database import Database
from tests.support.stored import Replicas
from tests.support.team_server import Team


@pytest.fixture(scope="session")
def server() -> Iterator[Database]:
    """Return a running PostgreSQL server."""
    with database.running() as found:
        yield found


@pytest.fixture
def replicas(server: Database) -> Iterator[Replicas]:
    """Return what starts replicas of a server in this process, all on one new database."""
    with ExitStack() as stack:
        yield Replicas(server.create(), stack)


@pytest.fixture
def team(replicas: Replicas, plugins: Plugins) -> Iterator[Team]:
    """Return what starts servers in this process, all on one new database."""
    with ExitStack() as stack:
        yield Team(replicas, plugins, stack)
